//! Whether what people asked for was carried out, or waits; else it may be asked for again.

use super::answers;
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::lifting::lifted;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalName;
use crate::domain::target::{Part, Target};
use crate::domain::way::Way;
use crate::domain::ways;

/// Whether a plan that waits has it, or it is in force.
pub fn is_taken_up(case: &Case, target: &Target) -> bool {
    let mut actions = in_force(case).chain(waiting(case));
    actions.any(|action| action.on.key() == target.on && answers(action, &target.part))
}

/// The same of all that the chosen way asks for; a plan that waits with more is another way.
pub fn is_way_taken_up(case: &Case, first: Target) -> bool {
    let way = case.adjustments().way().map(|(way, _)| way);
    let on = first.on.clone();
    let is_deny = |action: &Action| matches!(action.change, Change::Deny { .. });
    let is_harder =
        way != Some(Way::DenyAll) && waiting(case).any(|one| is_deny(one) && one.on.key() == on);
    !is_harder && ways::targets(case, first).iter().all(|target| is_taken_up(case, target))
}

/// Whether people took it back, and it is not in force again.
pub fn is_lifted(case: &Case, target: &Target) -> bool {
    let of_it = |action: &Action| action.on.key() == target.on && answers(action, &target.part);
    lifted(case).iter().any(|step| of_it(&step.action)) || is_woken(case, target)
}

/// Whether these sessions were held by a deny that people lifted, knowing that it wakes them.
fn is_woken(case: &Case, target: &Target) -> bool {
    let Part::Sessions { until, .. } = &target.part else { return false };
    let is_deny = |action: &Action| {
        matches!(action.change, Change::Deny { .. }) && action.on.key() == target.on
    };
    let steps = case.standing_plans().flat_map(PlanState::all_steps);
    let undoes = steps
        .filter(|(_, step, _)| is_deny(&step.action))
        .filter_map(|(_, _, state)| case.plan(state.lifted?));
    undoes.map(|undo| undo.proposed.at).max() >= Some(*until)
        && lifted(case).iter().any(|step| is_deny(&step.action))
}

/// A principal that people took in.
pub fn whole(on: &PrincipalName) -> Target {
    Target::new(on.clone(), Part::Whole, "")
}

fn in_force(case: &Case) -> impl Iterator<Item = &Action> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    steps.map(|(_, step, _)| &step.action)
}

fn waiting(case: &Case) -> impl Iterator<Item = &Action> {
    let waiting = case.pending_plan().filter(|state| state.plan.kind.contains());
    waiting.into_iter().flat_map(|state| &state.plan.steps).map(|step| &step.action)
}
