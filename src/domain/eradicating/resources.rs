//! Which of the resources that the actor made may be deleted for good: those kept stopped.

use super::is_older;
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::made_resources::MadeResource;
use crate::domain::plan::{PlanRules, Step, protection};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::Principal;
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::resources_left::doubt;
use crate::domain::snapshot::Photograph;

const NOT_STOPPED: &str = "no step of this case keeps it stopped now, so it might act while it is \
    deleted, or be another of the same name";

/// The step that deletes it, as it stands now; or why it is left alone.
pub fn step(
    case: &Case,
    made: &MadeResource,
    now: &Photograph,
    rules: &PlanRules,
) -> Result<Step, String> {
    let on = now.principal();
    let name = ResourceName::about(&on).ok_or("keyleak cannot read it")?;
    if let Some(why) = doubt(case, made) {
        return Err(why.to_owned());
    }
    let account = case.account().unwrap_or(&name.account);
    if *account != name.account {
        return Err(format!("it is in account {}", name.account));
    }
    if let Some(why) = protection(&now.arn, account, rules) {
        return Err(format!("it is not touched: {why}"));
    }
    // Not every service tells since when it has it.
    if now.created.is_some() && is_older(case, now) {
        return Err("it existed before the key was exposed".to_owned());
    }
    if !now.resource().is_some_and(|state| is_kept_stopped(case, &on, state)) {
        return Err(NOT_STOPPED.to_owned());
    }
    Ok(Step {
        action: Action { on: on.clone(), change: Change::DeleteResource },
        blast_radius: vec![format!("whoever uses {}", ResourceName::words(&on.key()))],
        because: format!("the actor made it, by {}, after the key was exposed", made.call),
        provisional: false,
    })
}

/// Why it is not deleted any more: it is not as the containment left it, so that it may act, or be
/// what somebody made again under the name.
pub fn is_loose(case: &Case, action: &Action, now: &OfResource) -> Option<String> {
    let deletes = action.change == Change::DeleteResource && !matches!(now, OfResource::Iam { .. });
    (deletes && !is_kept_stopped(case, &action.on, now)).then(|| NOT_STOPPED.to_owned())
}

fn is_kept_stopped(case: &Case, on: &Principal, now: &OfResource) -> bool {
    let mut steps = case.standing_plans().flat_map(PlanState::all_steps);
    steps.any(|(_, step, state)| {
        let Change::Resource { change } = &step.action.change else { return false };
        step.action.on == *on && state.is_in_force() && change.contains() && change.holds(now)
    })
}

#[cfg(test)]
mod tests;
