//! The question to the key's owner, in their conversation with the app.

use crate::domain::button::ButtonAction;
use crate::domain::owner_asked::lines;
use crate::domain::team_step::OwnerAnswer;
use crate::ports::chat::Scene;
use crate::slack::blocks::{Look, bold, button, newline, paragraph, rich, rows, text};
use crate::slack::sketch::Sketch;
use serde_json::Value;

/// The question with its three answers.
pub(super) fn sketch(scene: &Scene<'_>) -> Sketch {
    let case = scene.case;
    let said = lines(case);
    let first = said.first().cloned().unwrap_or_default();
    let mut parts = vec![bold(&first)];
    for line in said.iter().skip(1) {
        parts.extend([newline(), text(line)]);
    }
    let drawn = |answer: OwnerAnswer| {
        let label = match answer {
            OwnerAnswer::Yes => "Yes, it was me",
            OwnerAnswer::No => "No, it was not me",
            OwnerAnswer::NotSure => "I am not sure",
        };
        let action = ButtonAction::OwnerSays { case: case.id().clone(), answer };
        button(label, &action.id(), &action.value(), Look::Plain, None)
    };
    let buttons: Vec<Value> = OwnerAnswer::ALL.map(drawn).into();
    Sketch {
        text: first,
        blocks: vec![rich("owner", vec![paragraph(parts)])],
        tail: rows("owner.answer", buttons),
    }
}
