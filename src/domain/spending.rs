//! What a case has spent on reading the trail: its window, and each top-up by its reason.

use crate::domain::ids::PersonId;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::record::Press;
use crate::domain::scan::Scan;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A reading that waits for somebody to allow it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub seq: u64,
    pub scan: Scan,
    pub requester: PersonId,
    pub allowed: Option<Press>,
}

/// The sum of what a case's records tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    pub bytes_scanned: u64,
    pub microdollars: u64,
    /// By why it was read; what older records tell only in sum is in none of them.
    pub parts: BTreeMap<ReadFor, Part>,
    pub told_at: Option<Timestamp>,
    /// What the newest window was said to scan before it was read.
    pub expected: Option<Scan>,
    /// At most one reading of the trail, one of its whole cut, and one for each question about
    /// another log.
    pub waiting: Vec<Waiting>,
    /// When it was last told that nobody looked for who took a change back.
    pub not_traced_at: Option<Timestamp>,
}

/// What was read for one reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Part {
    pub queries: u64,
    pub bytes_scanned: u64,
}

impl Spending {
    /// Takes in a reading; one of a trail at hand costs nothing.
    pub(super) fn add(&mut self, at: Timestamp, cost: &QueryCost) {
        if cost.executions.is_empty() {
            return;
        }
        self.told_at = Some(at);
        self.bytes_scanned = self.bytes_scanned.saturating_add(cost.bytes_scanned);
        self.microdollars = self.microdollars.saturating_add(cost.microdollars);
        for run in cost.executions.iter().filter(|run| run.bytes_scanned.is_some()) {
            let part = self.parts.entry(run.reading).or_default();
            part.queries += 1;
            part.bytes_scanned += run.bytes_scanned.unwrap_or_default();
        }
    }

    /// Whether this reading was allowed, and when.
    pub fn allowed(&self, scan: &Scan) -> Option<&Press> {
        let waiting = self.waits_as(scan);
        waiting.filter(|waiting| waiting.scan.sql_sha256 == scan.sql_sha256)?.allowed.as_ref()
    }

    /// What waits in the place of this reading; of a table of the whole cut there is one.
    pub fn waits_as(&self, scan: &Scan) -> Option<&Waiting> {
        self.waiting.iter().find(|waiting| scan.replaces(&waiting.scan))
    }

    /// The reading of the trail that waits, or the one for this question.
    pub fn waits_for(&self, question: Option<&str>) -> Option<&Waiting> {
        self.waiting.iter().find(|waiting| waiting.scan.question.as_deref() == question)
    }

    /// What waits for somebody to allow it, in the order in which it was asked for.
    pub fn not_allowed(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(|waiting| waiting.allowed.is_none())
    }

    pub fn part(&self, reading: ReadFor) -> Part {
        self.parts.get(&reading).copied().unwrap_or_default()
    }
}
