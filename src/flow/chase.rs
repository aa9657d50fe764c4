//! Running the actor down: what it makes and takes back within seconds is answered within seconds.
//!
//! IAM enforces a deny some seconds after it is made, and the trail tells of a call minutes after
//! it. An actor with a script uses both: it makes users that make users. So right after a
//! containment the inventory is looked at every second, newcomers are stopped on suspicion, and
//! what is taken back meanwhile is put in force again without waiting for the trail to name who
//! did it; only while newcomers keep coming, only what people approved, and not without end.

use crate::domain::agenda::RACED_MAX;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::plan::PlanNumber;
use crate::domain::plan_state::PlanState;
use crate::domain::remains::{Census, Gain, remains};
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, conclude};
use crate::flow::{gains, propose, readback, sweep};
use crate::ports::cloud::CallClass;

/// Who takes a containment back faster than the trail tells.
const UNKNOWN_REVERTER: &str = "somebody faster than the trail, while new users keep coming,";

/// One look at the inventory, and at what the approved steps left.
pub async fn look_around(desk: &Desk, case: &Case, plan: PlanNumber) -> Result<(), StepError> {
    let inhabitants = gains::inhabitants(desk).await?;
    let note = case.survey().map(|(_, note)| note);
    let census = Census {
        nodes: note.map_or(&[], |note| &note.nodes),
        made_by_others: note.map_or(&[], |note| &note.made_by_others),
        told_until: sweep::told_until(desk, note.and_then(|note| note.watermark)),
        inhabitants: &inhabitants,
    };
    let mut left = remains(case, &census, &desk.rules.plans);
    left.gains.retain(|gain| matches!(gain, Gain::Newcomer(_)));
    if !left.gains.is_empty() {
        return gains::take(desk, case, left.gains).await;
    }
    let state = case.plan(plan).ok_or(StepError::MovedOn)?;
    if state.is_racing(desk.clock.now()) && state.raced < RACED_MAX {
        put_back(desk, case, state).await?;
    }
    Ok(())
}

/// Puts the approved steps in force again that somebody took back.
async fn put_back(desk: &Desk, case: &Case, state: &PlanState) -> Result<(), StepError> {
    let approved = state.plan.steps.len();
    let mut reverted = Vec::new();
    for (index, step, _) in state.holding_steps().filter(|(at, _, _)| (*at as usize) < approved) {
        match propose::photograph(desk.lookup.as_ref(), &step.action.user().name).await {
            Ok(user) if readback::no_longer(&step.action, &user).is_some() => reverted.push(index),
            Ok(_) => {}
            Err(error) if error.class == CallClass::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    if reverted.is_empty() {
        return Ok(());
    }
    let reverter = UNKNOWN_REVERTER.to_owned();
    let event = Event::Reapply { plan: state.plan.number, steps: reverted, reverter, racing: true };
    conclude(desk, case, event).await.map(drop)
}
