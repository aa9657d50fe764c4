//! What the next plan takes over of a follow-up that people changed while it waited.

use crate::domain::action::Change;
use crate::domain::adjustment::Adjustment;
use crate::domain::case::Case;
use crate::domain::force::stands;
use crate::domain::plan::Step;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalName;
use crate::domain::snapshot::Photograph;
use jiff::Timestamp;

/// Whether the way that counts was chosen on the follow-up that was changed, or since: then the
/// next plan is about the key's own principal again, whatever else was said in between.
pub fn way_is_new(case: &Case) -> bool {
    let asked = reshaped(case).map(|state| state.proposed.seq);
    case.adjustments().way().is_some_and(|(_, by)| Some(by.seq) > asked)
}

/// The steps that still count: not on whom people left out, or no longer take in, and where they
/// chose another way for the key's own principal, not those of the way before.
pub fn taken_over<'a>(case: &'a Case, own: &PrincipalName) -> Vec<&'a Step> {
    let Some(state) = reshaped(case) else {
        return Vec::new();
    };
    let said = case.adjustments();
    let was_taken_in =
        |on: &PrincipalName| {
            state.plan.adjusted.iter().any(
                |one| matches!(&one.adjustment, Adjustment::TakeIn { on: before } if before == on),
            )
        };
    let is_replaced = way_is_new(case);
    let counts = |step: &&Step| {
        let on = step.action.on.key();
        let is_replaced = is_replaced && on == *own;
        !is_replaced
            && said.left_out(&on).is_none()
            && (!was_taken_in(&on) || said.is_taken_in(&on))
    };
    state.plan.steps.iter().filter(counts).collect()
}

/// Whether a step is still to be taken over, beside these and as its principal is now. A role has
/// one trust policy: where it is closed, nobody is let in again by an edit that asked for less.
pub fn is_needed(step: &Step, (beside, now): (&[Step], &Photograph)) -> bool {
    let sets_trust = |step: &Step| matches!(step.action.change, Change::PutTrust { .. });
    let is_known = beside.iter().any(|known| {
        let same_trust = sets_trust(known) && sets_trust(step);
        known.action == step.action || (same_trust && known.action.on == step.action.on)
    });
    !is_known && now.id == step.action.on.id && !stands(&step.action, now, Timestamp::MIN)
}

fn reshaped(case: &Case) -> Option<&PlanState> {
    case.plan(case.adjustments().reshaped()?)
}

#[cfg(test)]
mod tests;
