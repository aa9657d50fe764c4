//! What people decided to leave to itself.

use super::asked_for::is_lifted;
use super::{Search, contained, is_under_way};
use crate::domain::case::Case;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::principal::PrincipalName;
use crate::domain::target::Target;
use std::collections::BTreeSet;

impl Search<'_> {
    /// Whether somebody left it out. What the actor surely holds is an open end then: a case that
    /// leaves a credential of the actor's working is not contained, whoever decided it.
    pub(super) fn is_left(&mut self, target: &Target) -> bool {
        let left_out = self.case.adjustments().left_out(&target.on);
        let left_out = left_out.map(|by| format!("left out by {}", by.name));
        let lifted = || {
            let lifted = is_lifted(self.case, target);
            lifted.then(|| "people took its containment back".to_owned())
        };
        let Some(why) = left_out.or_else(lifted) else {
            return false;
        };
        if !self.is_likely {
            let end = format!("{}: {}; {why}", target.on, target.because);
            if !self.left.open_ends.contains(&end) {
                self.left.open_ends.push(end);
            }
        }
        true
    }
}

/// What people left out of the plans, and by whom; no plan has stopped it since.
pub fn left_out(case: &Case) -> Vec<(&PrincipalName, &str)> {
    let held = contained(case);
    let left = case.adjustments().all_left_out();
    left.filter(|(on, _)| !held.contains(on)).map(|(on, by)| (on, by.name.as_str())).collect()
}

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
