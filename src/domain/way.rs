//! The ways in which the principal of a key is contained, by name: what each does and leaves.

use serde::{Deserialize, Serialize};

/// A way that people can choose, from the mildest to the hardest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// The leaked key inactive, and nothing else.
    KeyAlone,
    /// The leaked key inactive, and every session that the user has open ended.
    KeyAndSessions,
    /// One session of a role, by its id.
    OneSession,
    /// The sessions of a role with one source identity.
    BySource,
    /// Every open session.
    EverySession,
    /// Every open session, and nobody opens another.
    Closed,
    /// A deny of everything, and every long-term credential inactive.
    DenyAll,
}

impl Way {
    pub const ALL: [Self; 7] = [
        Self::KeyAlone,
        Self::KeyAndSessions,
        Self::OneSession,
        Self::BySource,
        Self::EverySession,
        Self::Closed,
        Self::DenyAll,
    ];

    /// The word that people type, and that forms carry.
    pub fn slug(self) -> &'static str {
        match self {
            Self::KeyAlone => "key",
            Self::KeyAndSessions => "key-and-sessions",
            Self::OneSession => "one-session",
            Self::BySource => "source-identity",
            Self::EverySession => "every-session",
            Self::Closed => "closed",
            Self::DenyAll => "deny",
        }
    }

    pub fn from_slug(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.slug() == slug)
    }

    /// What is done, after "to".
    pub fn words(self) -> &'static str {
        match self {
            Self::KeyAlone => "make only the leaked key inactive",
            Self::KeyAndSessions => "make the leaked key inactive and end the user's open sessions",
            Self::OneSession => "end one session by its id",
            Self::BySource => "end the sessions of its source identity",
            Self::EverySession => "end every session that is open now",
            Self::Closed => "end every open session and let nobody open another",
            Self::DenyAll => "deny everything, credentials inactive",
        }
    }

    /// What stays possible under it, for those who approve.
    pub fn leaves(self) -> Option<&'static str> {
        match self {
            Self::KeyAlone => Some(
                "nobody else; sessions minted from the key go on for up to 36 hours, and the \
                 user's other credentials go on",
            ),
            Self::KeyAndSessions => Some("nobody else; the user's other credentials go on"),
            Self::OneSession | Self::BySource | Self::EverySession => {
                Some("whoever may open sessions can open another, the actor too")
            }
            Self::Closed | Self::DenyAll => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_comes_back_from_its_word() {
        for way in Way::ALL {
            assert_eq!(Way::from_slug(way.slug()), Some(way));
        }
        assert_eq!(Way::from_slug("watch"), None);
    }
}
