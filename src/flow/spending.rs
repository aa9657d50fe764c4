//! Telling what was spent on the trail: now and then, and at the end.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::spending_step::SpendingStep;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use jiff::SignedDuration;

/// Sweeps that find nothing leave no record of their own; what they cost is told this often.
const TOLD_EVERY: SignedDuration = SignedDuration::from_mins(10);

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
