//! How far questions are, in one message that is updated in place.

use crate::domain::button::ButtonAction;
use crate::domain::progress::progress;
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Look, bold, button, context, field, newline, paragraph, rich, rows, text, time,
};
use crate::slack::sketch::Sketch;

/// What is shown of a record that asks nothing, which no message is owed for.
const NOTHING: &str = "Nothing is asked.";

/// The message as the questions stand now.
pub(super) fn sketch(scene: &Scene<'_>, (asked, wanted): (u64, &[String])) -> Sketch {
    let case = scene.case;
    let key = &case.opening().key;
    let Some(progress) = progress(case, asked) else {
        return Sketch {
            text: format!("Key {key}: {NOTHING}"),
            blocks: vec![context(NOTHING)],
            tail: Vec::new(),
        };
    };
    let lines = progress.lines(wanted);
    let who = field(&progress.who);
    let first = lines.first().cloned().unwrap_or_default();
    let mut parts = vec![bold(&who)];
    for line in &lines {
        parts.extend([newline(), text(line)]);
    }
    // A process that died says nothing: how old the last word is, everybody can see.
    parts.extend([newline(), text("Last heard of it "), time(progress.last)]);
    let mut tail = Vec::new();
    if progress.is_open() {
        let action = ButtonAction::CancelQuestions { case: case.id().clone(), asked };
        let cancel =
            button("Cancel the questions", &action.id(), &action.value(), Look::Plain, None);
        tail.extend(rows("progress.cancel", vec![cancel]));
    }
    Sketch {
        text: format!("Key {key}: {who} {first}"),
        blocks: vec![rich("progress", vec![paragraph(parts)])],
        tail,
    }
}
