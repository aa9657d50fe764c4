//! The classes of requests that keyleak and Bolt for Python judge differently, on purpose.

/// Which of the two takes a request that the other refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taker {
    Keyleak,
    Bolt,
}

/// One class; docs/requests.md has a row with the reason for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Difference {
    CertificateCheck,
    DoubledHeader,
    LooseTimestamp,
    PreviousSecret,
    ContentType,
    FormUnderJson,
    TooLarge,
    TooDeep,
    NotUtf8,
    WrongAddress,
    OtherApp,
    Nobody,
    NoPlan,
    NothingToDo,
    OtherCommand,
    WordPayload,
}

impl Difference {
    pub(crate) const ALL: [Self; 16] = [
        Self::CertificateCheck,
        Self::DoubledHeader,
        Self::LooseTimestamp,
        Self::PreviousSecret,
        Self::ContentType,
        Self::FormUnderJson,
        Self::TooLarge,
        Self::TooDeep,
        Self::NotUtf8,
        Self::WrongAddress,
        Self::OtherApp,
        Self::Nobody,
        Self::NoPlan,
        Self::NothingToDo,
        Self::OtherCommand,
        Self::WordPayload,
    ];

    /// Its name in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CertificateCheck => "certificate check",
            Self::DoubledHeader => "doubled header",
            Self::LooseTimestamp => "loose timestamp",
            Self::PreviousSecret => "previous secret",
            Self::ContentType => "content type",
            Self::FormUnderJson => "form called JSON",
            Self::TooLarge => "too large",
            Self::TooDeep => "too deep",
            Self::NotUtf8 => "not UTF-8",
            Self::WrongAddress => "wrong address",
            Self::OtherApp => "other app",
            Self::Nobody => "nobody",
            Self::NoPlan => "form without its plan",
            Self::NothingToDo => "nothing to do",
            Self::OtherCommand => "other command",
            Self::WordPayload => "the word payload",
        }
    }

    pub(crate) fn taker(self) -> Taker {
        match self {
            Self::CertificateCheck
            | Self::DoubledHeader
            | Self::LooseTimestamp
            | Self::ContentType
            | Self::TooLarge
            | Self::TooDeep
            | Self::WrongAddress
            | Self::OtherApp
            | Self::Nobody
            | Self::NoPlan => Taker::Bolt,
            Self::PreviousSecret
            | Self::FormUnderJson
            | Self::NotUtf8
            | Self::NothingToDo
            | Self::OtherCommand
            | Self::WordPayload => Taker::Keyleak,
        }
    }
}
