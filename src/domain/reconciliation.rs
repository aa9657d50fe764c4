//! What came of holding a case's journal and AWS's own log against each other.

use crate::domain::plan::PlanNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A report has no room for more; the trail has all.
const DIFFERENCES_MAX: usize = 100;

/// Something that one witness says and the other does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// A call that no decision of the case covers.
    CallWithoutDecision { at: String, call: String, about: String, caller: String },
    /// A call that a decision names, made with other arguments.
    OtherArguments { at: String, call: String, about: String, decided: String },
    /// A call in the name of another plan than the one that decided it.
    OtherPlan { at: String, call: String, source_identity: String, plan_hash: String },
    /// A session of the bot's role that is named after no case there is.
    NoSuchCase { at: String, call: String, about: String, session: String },
    /// A step that the journal calls done, and that the trail does not show.
    DecisionWithoutCall { plan: PlanNumber, step: u32, what: String, at: Timestamp },
}

/// What came of holding the two against each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// Changing calls that the trail shows for the case, and how many of them a decision covers.
    pub calls: u32,
    pub covered: u32,
    /// Steps that the journal calls done, and how many of them the trail shows.
    pub steps: u32,
    pub confirmed: u32,
    /// Steps that the trail may not have been delivered yet.
    pub pending: u32,
    /// Whether calls named the plan as their source identity; some trails do not tell it.
    pub source_identity_seen: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Timestamp>,
    pub differences: Vec<Difference>,
    /// More differences were found than are kept here.
    pub truncated: bool,
}

impl Reconciliation {
    /// Whether both tell the same, as far as the trail has been delivered.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }

    /// Keeps a difference, as far as there is room.
    pub(super) fn differs(&mut self, difference: Difference) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        } else {
            self.truncated = true;
        }
    }
}
