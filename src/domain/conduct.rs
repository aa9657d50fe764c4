//! How people are kept at it, from configuration; nothing of it is on unless it is set.

use crate::domain::ids::ChannelId;
use crate::domain::severity::Severity;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};

/// The rules of how a case keeps people informed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conduct {
    /// How often an open case of a severity is summed up; one that is not here is not.
    pub updates: BTreeMap<Severity, SignedDuration>,
    pub ladder: Ladder,
    /// Within which time a task is to be done that somebody takes, by severity; one that is not
    /// here sets no time.
    pub tasks: BTreeMap<Severity, SignedDuration>,
    /// Whom a severity calls in, beside whom every case does.
    pub summons: BTreeMap<Severity, BTreeSet<String>>,
    /// Whether the key's owner is asked directly whether the use was theirs.
    pub ask_owner: bool,
    /// Whom the clocks of reporting duties call.
    pub legal: BTreeSet<String>,
    /// Where people outside the case are told how it stands.
    pub stakeholders: Option<ChannelId>,
}

/// When a plan that waits calls whom, counted from its proposal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ladder {
    /// Those who may still approve are called again.
    pub remind_after: Option<SignedDuration>,
    /// These people are called too.
    pub next_after: Option<SignedDuration>,
    pub next: BTreeSet<String>,
    /// Somebody is paged.
    pub page_after: Option<SignedDuration>,
}
