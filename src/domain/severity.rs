//! How severe a case is: the four steps of AWS's playbook, and what each of them asks of people.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A step of the ladder; the first is the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    P1,
    P2,
    P3,
    P4,
}

impl Severity {
    pub const ALL: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];

    /// As people say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
        }
    }

    /// Reads what people type.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.word().eq_ignore_ascii_case(word))
    }

    /// How soon the playbook wants somebody at work on it.
    pub fn respond_within(self) -> SignedDuration {
        match self {
            Self::P1 => SignedDuration::from_mins(15),
            Self::P2 => SignedDuration::from_hours(1),
            Self::P3 => SignedDuration::from_hours(4),
            Self::P4 => SignedDuration::from_hours(24),
        }
    }
}
