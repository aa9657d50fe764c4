//! What of a plan people changed, and what they could: listed on its card, with the buttons for it.

use crate::domain::adjusting::adjustable;
use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::candidates::{Candidate, Extent, candidates};
use crate::domain::case::Case;
use crate::domain::lifting::liftable;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::ports::chat::Scene;
use crate::slack::blocks::{Look, bold, button, field, list, paragraph, rich, text};
use serde_json::Value;

/// So many principals are listed on a card; the form and the command line list all.
const LISTED_MAX: usize = 8;

/// What people changed, and who is listed and not contained whole.
pub(super) fn listed(scene: &Scene<'_>, state: &PlanState) -> Vec<Value> {
    let mut blocks = Vec::new();
    let changes: Vec<Vec<Value>> =
        state.plan.adjusted.iter().map(|one| vec![text(&field(&one.words()))]).collect();
    if !changes.is_empty() {
        let title = paragraph(vec![bold("Changed by people:")]);
        blocks.push(rich("plan.adjusted", vec![title, list(changes, false)]));
    }
    if state.status() != PlanStatus::Proposed || !state.plan.kind.contains() {
        return blocks;
    }
    let all = candidates(scene.case);
    let counts = |one: &&Candidate| !one.is_own && !one.is_resource() && one.now < Extent::Whole;
    let open = || all.iter().filter(counts);
    let mut items: Vec<Vec<Value>> = open().take(LISTED_MAX).map(item).collect();
    if items.is_empty() {
        return blocks;
    }
    let more = open().count().saturating_sub(LISTED_MAX);
    if more > 0 {
        items.push(vec![text(&format!("{more} more, which the form lists"))]);
    }
    let title = paragraph(vec![bold("Listed, and not contained whole:")]);
    blocks.push(rich("plan.listed", vec![title, list(items, false)]));
    blocks
}

fn item(one: &Candidate) -> Vec<Value> {
    let how = match one.now {
        Extent::Nothing => "nothing of it",
        Extent::AsProposed => "only what the actor holds of it",
        Extent::Whole => "whole",
    };
    let others =
        if one.others.is_empty() { String::new() } else { format!("; {}", field(&one.others)) };
    let said = format!(" – {how}: {}{others}", field(&one.why));
    vec![bold(&field(&one.on.to_string())), text(&said)]
}

/// Opens the form that changes the plan, where it can be changed.
pub(super) fn change(case: &Case, state: &PlanState) -> Option<Value> {
    let is_it = adjustable(case).is_some_and(|one| one.plan.number == state.plan.number);
    let label = match state.status() {
        PlanStatus::Proposed => "Change this plan",
        PlanStatus::Approved
        | PlanStatus::Executing
        | PlanStatus::Done
        | PlanStatus::Partly
        | PlanStatus::Denied
        | PlanStatus::Expired
        | PlanStatus::Voided => "Contain more",
    };
    let action = ButtonAction::Change(address(case, state));
    is_it.then(|| button(label, &action.id(), &action.value(), Look::Plain, None))
}

/// Before the other buttons the one that lifts a cap by a one-time code, where somebody has one.
pub(super) fn with_proof(scene: &Scene<'_>, state: &PlanState, others: Vec<Value>) -> Vec<Value> {
    let enrolled = !scene.policy.step_up.enrolled.is_empty();
    let is_held = state.awaits_step_up().is_some() && scene.case.closed_at().is_none();
    let action = ButtonAction::Approve(address(scene.case, state));
    let prove = || button("Go on with a code", &action.id(), &action.value(), Look::Danger, None);
    let prove = (enrolled && is_held).then(prove);
    prove.into_iter().chain(others).collect()
}

/// Opens the form that takes single steps back: of what the actor made it is the only way.
pub(super) fn undo_steps(case: &Case, state: &PlanState) -> Option<Value> {
    let is_newest =
        case.standing_containment().is_some_and(|one| one.plan.number == state.plan.number);
    let action = ButtonAction::UndoSteps(address(case, state));
    let drawn = || button("Undo single steps", &action.id(), &action.value(), Look::Plain, None);
    (is_newest && !liftable(case).is_empty()).then(drawn)
}

fn address(case: &Case, state: &PlanState) -> PlanAddress {
    PlanAddress { case: case.id().clone(), plan: state.plan.number, hash: state.hash.clone() }
}
