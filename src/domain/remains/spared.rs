//! What people decided to leave to itself.

use super::{contained, is_under_way};
use crate::domain::case::Case;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::principal::PrincipalName;
use std::collections::BTreeSet;

/// What people were asked to stop and decided to leave, and what no plan has stopped since.
pub fn left_alone(case: &Case) -> BTreeSet<PrincipalName> {
    let denied = |state: &&PlanState| {
        state.plan.kind == PlanKind::FollowUp && state.status() == PlanStatus::Denied
    };
    let held = contained(case);
    case.plans()
        .filter(denied)
        .flat_map(|state| &state.plan.steps)
        .map(|step| &step.action)
        .filter(|action| !held.contains(&action.on.key()) && !is_under_way(case, action))
        .map(|action| action.on.key())
        .collect()
}
