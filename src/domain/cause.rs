//! What let a key out, in the words of AWS's playbook.

use serde::{Deserialize, Serialize};

/// A root cause; people say it, and nothing derives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    Phishing,
    Environment,
    Code,
    Malware,
    Ssrf,
    ThirdParty,
    Insider,
}

impl Cause {
    pub const ALL: [Self; 7] = [
        Self::Phishing,
        Self::Environment,
        Self::Code,
        Self::Malware,
        Self::Ssrf,
        Self::ThirdParty,
        Self::Insider,
    ];

    /// As people type it.
    pub fn word(self) -> &'static str {
        self.told().0
    }

    /// What it means, as the end of a sentence about the key.
    pub fn means(self) -> &'static str {
        self.told().1
    }

    /// Reads what people type.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word().eq_ignore_ascii_case(word))
    }

    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::Phishing => ("phishing", "somebody was led to give it away"),
            Self::Environment => (
                "environment",
                "it lay open in an environment: variables, an image, a log, a misconfigured host",
            ),
            Self::Code => ("code", "it was written into code or a repository"),
            Self::Malware => ("malware", "a program on somebody's machine took it"),
            Self::Ssrf => ("ssrf", "a server was made to tell its credentials"),
            Self::ThirdParty => ("third-party", "somebody who had it for their service lost it"),
            Self::Insider => ("insider", "somebody who was allowed to have it gave it away"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_has_one_word_in_journal_and_command() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.word());
            assert_eq!(Cause::from_word(&cause.word().to_uppercase()), Some(cause));
        }
        assert_eq!(Cause::from_word("fate"), None);
    }
}
