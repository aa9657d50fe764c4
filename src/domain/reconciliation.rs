//! What came of holding a case's journal against AWS's own log, `CloudTrail`.

pub mod comparison;

mod attempts;

use crate::domain::ids::CaseId;
use crate::domain::plan::PlanNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the journal keeps of the differences; `keyleak reconcile` finds all of them again.
const DIFFERENCES_KEPT_MAX: usize = 20;
/// AWS's limit for a role's session name.
const SESSION_NAME_MAX: usize = 64;

/// The name of the sessions that act for a case; AWS takes letters, digits and `+=,.@_-` in it.
pub fn session_name(case: &CaseId) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    case.0.chars().map(|c| if allowed(c) { c } else { '-' }).take(SESSION_NAME_MAX).collect()
}

/// A call as the trail tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub at: String,
    pub call: String,
    /// What the call is about; key ids are masked.
    pub about: String,
    /// The name of the role's session.
    pub session: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// AWS's error code, where it refused the call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A step of a plan, in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSaid {
    pub plan: PlanNumber,
    pub step: u32,
    pub what: String,
    /// When the journal says that it came to its end.
    pub at: Timestamp,
}

/// Something that one of the two says and the other does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// A call in the name of the case that none of its approved steps covers.
    CallWithoutDecision { seen: Seen },
    /// A call that an approved step names, about something else than the step says.
    OtherTarget { seen: Seen, plan: PlanNumber, step: u32, decided: String },
    /// A call with another plan as its source identity than the one that covers it.
    OtherPlan { seen: Seen, source_identity: String, plan_hash: String },
    /// A call by the contain role in a session that is named after no case.
    NoSuchCase { seen: Seen },
    /// A change that the journal says was made, and that the trail, complete past it, lacks.
    ChangeWithoutCall { said: StepSaid },
    /// A step that the journal says was refused, and that the trail says was done.
    OtherResult { said: StepSaid },
}

/// What was looked at; an agreement without it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// The role whose calls were read.
    pub role: String,
    pub from: Timestamp,
    /// The newest record that the trail holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watermark: Option<Timestamp>,
    /// Up to when the trail tells everything; what is newer may still be on its way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_until: Option<Timestamp>,
    pub records: u64,
    pub regions: Vec<String>,
    /// Objects and records that could not be used and may tell of calls.
    pub unread: u64,
    /// The role made more calls than are read at once.
    pub truncated: bool,
}

/// What came of it, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub looked: Looked,
    /// Changing calls in the name of the case that the trail shows, refused ones included, and how
    /// many of them an approved step covers.
    pub calls: u32,
    pub covered: u32,
    /// How many of these were found by AWS's request id, and not by what they are about and when.
    pub by_request_id: u32,
    /// Covered calls whose record names no source identity, so that their plan was not checked.
    pub without_plan: u32,
    /// Changes that the journal says were made, and how many of them the trail shows.
    pub changes: u32,
    pub shown: u32,
    /// Changes that the trail does not show and may still be to deliver.
    pub awaited: u32,
    pub differences: Vec<Difference>,
    /// Differences that were found and are not kept here.
    pub left_out: u32,
}

/// How the two stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every call has its decision, and every change its call.
    Agrees,
    Differs,
    /// Nothing differs as far as the trail was delivered and read, and something is missing.
    NotYetDelivered,
}

impl Reconciliation {
    pub fn verdict(&self) -> Verdict {
        if !self.differences.is_empty() || self.left_out > 0 {
            Verdict::Differs
        } else if self.awaited > 0 || self.looked.truncated || self.looked.unread > 0 {
            Verdict::NotYetDelivered
        } else {
            Verdict::Agrees
        }
    }

    /// The same with no more differences than a record has room for.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let more = self.differences.len().saturating_sub(DIFFERENCES_KEPT_MAX);
        self.differences.truncate(DIFFERENCES_KEPT_MAX);
        self.left_out += more as u32;
        self
    }
}

#[cfg(test)]
mod tests;
