//! What the journal holds of how people work together on a case: how severe it is, who does what.

use crate::domain::cause::Cause;
use crate::domain::ids::PersonId;
use crate::domain::plan::PlanNumber;
use crate::domain::regime::Regime;
use crate::domain::severity::Severity;
use crate::domain::task::Task;
use jiff::Timestamp;
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
    /// Somebody is about to be paged about a plan that waits, so that a crash ends in no storm.
    PageTried { plan: PlanNumber, attempt: u32 },
    /// What came of it.
    Paged { plan: PlanNumber, outcome: PageOutcome },
    /// The key's owner says whether the use was theirs: evidence, and no approval of anything.
    OwnerSaid { answer: OwnerAnswer },
    /// A person starts the clock of a reporting duty.
    ClockStarted { regime: Regime, since: Timestamp, reason: String },
    /// A person stops it.
    ClockStopped { regime: Regime, reason: String },
    /// A person says what let the key out, and how they know.
    CauseNamed { cause: Cause, reason: String },
    /// Somebody takes a task, or is given it, until a time.
    TaskGiven {
        task: Task,
        person: PersonId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
    /// A person says that it is done.
    TaskDone { task: Task },
}

/// What the key's owner answers to "was this you?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnerAnswer {
    Yes,
    No,
    NotSure,
}

impl OwnerAnswer {
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::NotSure];

    pub fn words(self) -> &'static str {
        match self {
            Self::Yes => "it was me",
            Self::No => "it was not me",
            Self::NotSure => "not sure",
        }
    }
}

/// What came of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum PageOutcome {
    Sent {
        status: u16,
    },
    /// It is tried again, unless it was the last time.
    Failed {
        why: String,
        last: bool,
    },
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
