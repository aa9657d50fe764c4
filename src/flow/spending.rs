//! What was spent on the trail and is not in the journal yet, told now and then and at the end.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::query_cost::QueryCost;
use crate::domain::spending::SpendingStep;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Sweeps that find nothing leave no record of their own; what they cost is told this often.
const TOLD_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// By case, what no record tells yet; a process that dies takes so much out of the count.
#[derive(Debug, Default)]
pub struct Purse(Mutex<BTreeMap<CaseId, QueryCost>>);

impl Purse {
    /// Adds what a reading cost; one of a trail at hand costs nothing.
    pub fn add(&self, case: &CaseId, cost: &QueryCost) {
        if !cost.executions.is_empty() {
            let mut costs = self.costs();
            let before = costs.remove(case).unwrap_or_default();
            costs.insert(case.clone(), before + cost.clone());
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

/// Writes down what was spent, once it is due.
pub async fn tell(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let told_at = case.spending().told_at;
    let due = told_at.is_none_or(|at| at + TOLD_EVERY <= desk.clock.now());
    if due || case.closed_at().is_some() { tell_now(desk, case).await } else { Ok(()) }
}

/// Writes down what was spent; nothing where nothing was.
pub async fn tell_now(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let Some(cost) = desk.purse.untold(case.id()) else {
        return Ok(());
    };
    note(desk, case, Event::Spending { step: Box::new(SpendingStep::Read { cost }) }).await?;
    desk.purse.told(case.id());
    Ok(())
}
