//! How people work together, on the card: severity and roles, and the buttons that take a role.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::duties;
use crate::domain::milestones::Point;
use crate::domain::owner_asked::standing;
use crate::domain::report::{severity_words, update};
use crate::domain::tasks::tally;
use crate::domain::team_step::Role;
use crate::domain::time_words::utc;
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Confirm, Look, bold, button, context, field, header, list, newline, person, rich, text,
};
use crate::slack::sketch::Sketch;
use crate::slack::telling::head;
use serde_json::Value;

/// The severity with its reason, and who does what.
pub(super) fn lines(scene: &Scene<'_>) -> Vec<Value> {
    let case = scene.case;
    let mut parts = vec![bold("Severity: "), text(&severity_words(case)), newline()];
    let lead = case.team().role(Role::Lead).map(|(person, _)| person);
    parts.extend([bold("Lead: "), person(&lead.unwrap_or(case.opened_by()).user)]);
    if let Some((scribe, _)) = case.team().role(Role::Scribe) {
        parts.extend([bold(" · Scribe: "), person(&scribe.user)]);
    }
    if scene.policy.all_approvers().is_empty() {
        parts.extend([bold(" · Approvers: "), text("nobody")]);
    }
    if let Some(owner) = scene.policy.key_owner(case) {
        parts.extend([bold(" · Key owner: "), person(owner)]);
        parts.extend(standing(case).map(|said| text(&format!(", {said}"))));
    }
    if let Some(said) = tally(case, scene.now) {
        parts.extend([newline(), bold("Tasks: "), text(&field(&said))]);
    }
    for clock in duties::lines(case, Some(scene.now)) {
        parts.extend([newline(), bold("Clock: "), text(&clock)]);
    }
    parts
}

/// The buttons by which somebody takes a role that nobody has; `/keyleak lead` and `scribe` hand
/// one on.
pub(super) fn buttons(case: &Case) -> Vec<Value> {
    let drawn = |role: Role| {
        let (label, title) = match role {
            Role::Lead => ("Take the lead", "Take the lead?"),
            Role::Scribe => ("Keep the record", "Be the scribe?"),
        };
        let action = ButtonAction::TakeRole { case: case.id().clone(), role };
        let confirm = Confirm {
            title: title.to_owned(),
            text: "It is written down, and shown on the card. It gives no right to decide.".into(),
            yes: "Take it".to_owned(),
            danger: false,
        };
        button(label, &action.id(), &action.value(), Look::Plain, Some(confirm))
    };
    let vacant = |role: &Role| case.team().role(*role).is_none();
    Role::ALL.into_iter().filter(vacant).map(drawn).collect()
}

/// What changed since people were last told.
pub(super) fn told(scene: &Scene<'_>, upto: Point) -> Sketch {
    let case = scene.case;
    let key = &case.opening().key;
    let lines = update(case, upto);
    let first = lines.first().cloned().unwrap_or_default();
    let at = utc(upto.at);
    let items: Vec<Vec<Value>> = lines.iter().map(|line| vec![text(line)]).collect();
    Sketch {
        text: format!("Key {key}, update of {at}. {first}"),
        blocks: vec![
            header(&format!("Key {key}: update of {at}")),
            rich("update", vec![list(items, false)]),
            context(&format!(
                "Made from the records up to {} of case {}; the chain's head is {}",
                upto.seq,
                case.id(),
                head(case, upto.seq)
            )),
        ],
        tail: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
