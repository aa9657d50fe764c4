//! Asks IAM how far the workload has moved: when the new key was last used, and when the old.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::facts::Fact;
use crate::domain::made_key::made_among;
use crate::domain::recovery_step::{KeyUse, RecoveryStep};
use crate::domain::rotation::wanted;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use crate::flow::photograph::photograph_if_there;
use crate::flow::validate::fact;
use crate::ports::cloud::{CallError, Lookup};

/// Asks about both keys, for the press with this number.
pub async fn look(desk: &Desk, case: &Case, asked: u64) -> Result<(), StepError> {
    let Some((_, action)) = wanted(case) else { return Ok(()) };
    let lookup = desk.lookup(case).await?;
    let new = newly_made(lookup.as_ref(), action).await.unwrap_or_else(|error| fact(Err(error)));
    let old = lookup.key_owner(&case.opening().key).await.map(|owner| owner.last_use);
    let step = Box::new(RecoveryStep::RotationSeen { asked, new, old: fact(old) });
    note(desk, case, Event::Recovery { step }).await
}

/// Which of the user's keys the step made, and when that was last used.
async fn newly_made(lookup: &dyn Lookup, action: &Action) -> Result<Fact<KeyUse>, CallError> {
    let Some(now) = photograph_if_there(lookup, &action.on.key()).await? else {
        return Ok(Fact::Unknown(format!("{} is gone", action.on)));
    };
    let Some(made) = made_among(action, now.keys()) else {
        return Ok(Fact::Unknown(format!("which key of {} it is cannot be told", action.on)));
    };
    let last = lookup.key_owner(&made.id).await?.last_use;
    Ok(Fact::Known(KeyUse { key: made.id.clone(), last }))
}
