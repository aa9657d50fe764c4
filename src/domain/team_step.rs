//! What the journal holds of how people work together on a case: how severe it is, who does what.

use crate::domain::ids::PersonId;
use crate::domain::severity::Severity;
use serde::{Deserialize, Serialize};

/// What somebody does for a case; what they may decide does not hang on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees to it that somebody does each thing.
    Lead,
    /// Sees to it that what is said and done is written down.
    Scribe,
}

/// One step of people working together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum TeamStep {
    /// A person says how severe the case is, or leaves it to the facts again, and why.
    Graded {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        severity: Option<Severity>,
        reason: String,
    },
    /// Somebody takes a role, or is given it.
    Took { role: Role, person: PersonId },
}

impl Role {
    pub const ALL: [Self; 2] = [Self::Lead, Self::Scribe];

    /// As people say it, and as commands and buttons spell it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Scribe => "scribe",
        }
    }
}
