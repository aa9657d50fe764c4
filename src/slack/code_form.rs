//! The form that asks for a one-time code, with the plan that it approves in it.

use crate::domain::button::PlanAddress;
use crate::domain::plan_state::PlanState;
use crate::domain::report::plan_words;
use crate::ports::chat::Scene;
use crate::slack::blocks::{context, field, list, paragraph, plain, rich, text};
use crate::slack::guarded::Typed;
use serde_json::{Value, json};

/// Names our form among the app's views, and its one field.
pub(super) const CALLBACK_ID: &str = "plan.code";
const CODE: &str = "plan.code.code";
const ELEMENT: &str = "value";
/// An authenticator shows six digits; people type a space in their middle.
const LENGTH_MAX: usize = 16;
/// The plan's card has all of them.
const STEPS_SHOWN_MAX: usize = 10;

pub(super) fn view(scene: &Scene<'_>, state: &PlanState) -> Value {
    let plan = &state.plan;
    let (case, number) = (scene.case.id().clone(), plan.number);
    let at = PlanAddress { case, plan: number, hash: state.hash.clone() };
    let said = format!(
        "Plan {} of case {}, account {}: {}",
        number.0,
        scene.case.id(),
        plan.account,
        plan_words(state)
    );
    let steps = plan.steps.iter().take(STEPS_SHOWN_MAX);
    let mut items: Vec<Vec<Value>> =
        steps.map(|step| vec![text(&field(&step.action.sentence()))]).collect();
    if let Some(more) = plan.steps.len().checked_sub(STEPS_SHOWN_MAX).filter(|more| *more > 0) {
        items.push(vec![text(&format!("{more} more steps; the plan's card has them"))]);
    }
    let hash = format!("Plan hash {}. Approving it is written down under your name.", state.hash);
    json!({
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "private_metadata": at.value(),
        "title": plain("Prove who you are", 24),
        "submit": plain("Approve the plan", 24),
        "close": plain("Cancel", 24),
        "blocks": [
            rich("plan.code.plan", vec![paragraph(vec![text(&field(&said))]), list(items, true)]),
            context(&hash),
            {
                "type": "input",
                "block_id": CODE,
                "label": plain("One-time code", 2_000),
                "hint": plain("The six digits that your authenticator app shows now.", 2_000),
                "element": {
                    "type": "plain_text_input",
                    "action_id": ELEMENT,
                    "max_length": LENGTH_MAX,
                },
            },
        ],
    })
}

/// Reads a form that was sent; none where it names no plan.
pub(super) fn read(mark: &str, state: &Value) -> Option<(PlanAddress, Typed)> {
    let code = state["values"][CODE][ELEMENT]["value"].as_str().unwrap_or_default();
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(LENGTH_MAX).collect();
    Some((PlanAddress::read(mark)?, Typed::new(code)))
}

/// The answer that says under the field why nothing was done.
pub fn refused(why: &str) -> Value {
    json!({ "response_action": "errors", "errors": { CODE: why } })
}
