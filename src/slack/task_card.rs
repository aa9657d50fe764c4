//! The message that tells somebody of a task: it is theirs now, or it is due.

use crate::domain::event::Event;
use crate::domain::task_call::{Because, TaskCall};
use crate::domain::team_step::TeamStep;
use crate::ports::chat::Scene;
use crate::slack::blocks::{bold, context, field, newline, paragraph, person, rich, text, time};
use crate::slack::sketch::Sketch;

/// Rings whom the record gave the task.
pub(super) fn sketch(scene: &Scene<'_>, call: TaskCall) -> Sketch {
    let case = scene.case;
    let (number, title) = (call.task.number(), call.task.title());
    let first = match call.because {
        Because::Given => format!("Task {number} ({title}) is yours"),
        Because::Due(1) => format!("Task {number} ({title}) is due"),
        Because::Due(_) => format!("Task {number} ({title}) is overdue"),
    };
    let mut parts = vec![bold(&first), newline(), text(call.task.words())];
    let record = case.records().iter().find(|record| record.seq == call.seq);
    if let Some(record) = record
        && let Event::Team { step } = &record.event
        && let TeamStep::TaskGiven { person: owner, due, .. } = step.as_ref()
    {
        parts.extend([newline(), text("For "), person(&owner.user)]);
        parts.push(text(&format!(", by the word of {}", field(&record.actor_shown()))));
        if let Some(due) = due {
            parts.extend([text(", due "), time(*due)]);
        }
    }
    Sketch {
        text: format!("Key {}: {first}", case.opening().key),
        blocks: vec![
            rich("task", vec![paragraph(parts)]),
            context(&format!("/keyleak task {number} done, or /keyleak task {number} and to whom")),
        ],
        tail: Vec::new(),
    }
}
