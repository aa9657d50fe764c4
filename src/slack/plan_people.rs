//! The people of a plan on its card: who approved it, whose word it still needs, and who may.

use crate::domain::approvers::{short_of, still_to_approve};
use crate::domain::known::Known;
use crate::domain::plan::Plan;
use crate::domain::plan_state::PlanState;
use crate::domain::resource_owner::ResourceOwner;
use crate::ports::chat::Scene;
use crate::slack::blocks::{field, person, text, time};
use serde_json::Value;

/// So much is said of the groups that they came from, and of who does not count.
const GROUPS_SHOWN_MAX: usize = 6;
/// So many approvers are named; each of them is rung once, when the plan is posted.
const APPROVERS_SHOWN_MAX: usize = 20;

pub(super) fn needs(plan: &Plan) -> String {
    match plan.approvals_needed {
        1 => "1 approval from another person".to_owned(),
        more => format!("{more} approvals from other people"),
    }
}

/// Who approved it, and which owners agreed to what is done to theirs.
pub(super) fn approvals(state: &PlanState) -> Vec<Value> {
    if state.approvals.is_empty() && state.agreed.is_empty() {
        return vec![text("nobody yet")];
    }
    let mut parts = Vec::new();
    for press in &state.approvals {
        let comma = if parts.is_empty() { "" } else { ", " };
        parts.push(text(&format!("{comma}{} ", field(&press.name))));
        parts.push(time(press.at));
    }
    for press in &state.agreed {
        let comma = if parts.is_empty() { "" } else { ", " };
        parts.push(text(&format!("{comma}{}, as an owner alone, ", field(&press.name))));
        parts.push(time(press.at));
    }
    parts
}

/// The owners who have yet to agree, each of whom is rung when the plan is posted.
pub(super) fn missing(state: &PlanState) -> Option<Vec<Value>> {
    let mut parts = Vec::new();
    let mut owners: Vec<_> = state.owners_missing().filter_map(ResourceOwner::person).collect();
    owners.sort();
    owners.dedup();
    for owner in owners.into_iter().take(APPROVERS_SHOWN_MAX) {
        if !parts.is_empty() {
            parts.push(text(", "));
        }
        parts.push(person(&owner.user));
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(text(": as the owner, by Approve the plan, approver or not"));
    Some(parts)
}

/// Those whose approval would count now.
pub(super) fn approvers(scene: &Scene<'_>, state: &PlanState) -> Vec<Value> {
    let all = still_to_approve(scene.policy, scene.case, state);
    let mut parts = Vec::new();
    for user in all.iter().take(APPROVERS_SHOWN_MAX) {
        if !parts.is_empty() {
            parts.push(text(", "));
        }
        parts.push(person(user));
    }
    if all.len() > APPROVERS_SHOWN_MAX {
        parts.push(text(&format!(" and {} more", all.len() - APPROVERS_SHOWN_MAX)));
    }
    let tier = state.plan.tier();
    if scene.policy.approvers_of.contains_key(&tier) && !parts.is_empty() {
        parts.push(text(&format!(", of those who approve {} ({})", tier.words(), tier.list())));
    }
    for said in scene.policy.known.iter().flat_map(Known::told).take(GROUPS_SHOWN_MAX) {
        let begins = if parts.is_empty() { "" } else { "; " };
        parts.push(text(&format!("{begins}{}", field(&said))));
    }
    if let Some(why) = short_of(scene.policy, scene.case, state) {
        let begins = if parts.is_empty() { "nobody – " } else { " – NOT ENOUGH: " };
        parts.push(text(&format!("{begins}{why}")));
    }
    parts
}
