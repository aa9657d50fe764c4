//! What was spent on the trail and is not in the journal yet.

use crate::domain::ids::CaseId;
use crate::domain::query_cost::QueryCost;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Queries that one record lists; above that they count in its sum alone.
const RUNS_MAX: usize = 500;

/// By case, what no record tells yet; a process that dies takes so much out of the count.
#[derive(Debug, Default)]
pub struct Purse(Mutex<BTreeMap<CaseId, QueryCost>>);

impl Purse {
    /// Adds what a reading cost; one of a trail at hand costs nothing.
    pub fn add(&self, case: &CaseId, cost: &QueryCost) {
        if !cost.executions.is_empty() {
            let mut costs = self.costs();
            let before = costs.remove(case).unwrap_or_default();
            let mut sum = before + cost.clone();
            sum.executions.truncate(RUNS_MAX);
            costs.insert(case.clone(), sum);
        }
    }

    /// What is not told yet.
    pub fn untold(&self, case: &CaseId) -> Option<QueryCost> {
        self.costs().get(case).cloned()
    }

    /// Forgets what is in the journal now.
    pub fn told(&self, case: &CaseId) {
        self.costs().remove(case);
    }

    fn costs(&self) -> MutexGuard<'_, BTreeMap<CaseId, QueryCost>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
