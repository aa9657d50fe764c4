//! The message that calls people to a plan that waits: those who may still approve, then the next.

use crate::domain::approvers::still_to_approve;
use crate::domain::report::plan_words;
use crate::domain::rung::{Call, Rung};
use crate::ports::chat::Scene;
use crate::slack::blocks::{bold, context, newline, paragraph, person, rich, text, time};
use crate::slack::sketch::Sketch;
use serde_json::Value;

/// People whom one message rings.
const RUNG_MAX: usize = 50;

/// Calls people; only those who are configured are ever mentioned.
pub(super) fn sketch(scene: &Scene<'_>, call: Call) -> Sketch {
    let case = scene.case;
    let number = call.plan.0;
    let first = format!("Plan {number} still waits for approval");
    let mut parts = vec![bold(&first)];
    if let Some(state) = case.plan(call.plan) {
        parts.extend([text(&format!(": {}. Asked for at ", plan_words(state)))]);
        parts.push(time(state.proposed.at));
        parts.push(text(", expires at "));
        parts.push(time(state.plan.expires_at));
        parts.extend([text("."), newline(), text("May still approve: ")]);
        parts.extend(people(still_to_approve(scene.policy, case, state).into_iter()));
    }
    if call.rung == Rung::Next {
        parts.extend([newline(), text("Called in: ")]);
        parts.extend(people(scene.policy.conduct.ladder.next.iter().map(String::as_str)));
        parts.push(text(". Reach an approver: being called gives no right to approve."));
    }
    Sketch {
        text: format!("Key {}: {first}", case.opening().key),
        blocks: vec![
            rich("rung", vec![paragraph(parts)]),
            context("The plan's card above has its steps and its buttons."),
        ],
        tail: Vec::new(),
    }
}

fn people<'a>(users: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let mut parts = Vec::new();
    for user in users.take(RUNG_MAX) {
        if !parts.is_empty() {
            parts.push(text(", "));
        }
        parts.push(person(user));
    }
    if parts.is_empty() { vec![text("nobody who is listed")] } else { parts }
}
