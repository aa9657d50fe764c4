//! What a case has spent on reading the trail: its window, and each top-up by its reason.

use crate::domain::query_cost::{QueryCost, ReadFor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A record about what reading the trail costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum SpendingStep {
    /// What was read since the last record that told it.
    Read { cost: QueryCost },
}

/// The sum of what a case's records tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spending {
    pub bytes_scanned: u64,
    pub microdollars: u64,
    /// By why it was read; what older records tell only in sum is in none of them.
    pub parts: BTreeMap<ReadFor, Part>,
    pub told_at: Option<Timestamp>,
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

    pub fn part(&self, reading: ReadFor) -> Part {
        self.parts.get(&reading).copied().unwrap_or_default()
    }
}
