//! What people do in a phase besides what the bot does: its tasks, who has each, and the commands.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::recovering;
use crate::domain::replacing::user_in_command;
use crate::domain::task::Task;
use crate::domain::tasks::{self, Standing, last_word, standing};
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Look, button, clean, context, cut, header, paragraph, plain, preformatted, rich, text,
};
use crate::slack::sketch::Sketch;
use serde_json::{Value, json};

/// A task on the card; its words are ours, and a name may be long.
const LENGTH_MAX: usize = 500;
const BY_PEOPLE: &str = "The bot does none of this by itself. /keyleak task and a number takes a \
    task, with somebody behind it gives it, with done ends it.";
const DELETES: &str = "The bot deletes nothing without its approvals, and does none of the rest. \
    /keyleak task and a number takes a task, with somebody behind it gives it, with done ends it.";

/// The tasks of a phase.
pub(super) fn sketch(scene: &Scene<'_>, phase: Phase) -> Sketch {
    let case = scene.case;
    let key = &case.opening().key;
    let title = format!("{}: what people do", phase.title());
    let mut blocks = vec![header(&title)];
    blocks.extend(Task::of(phase).map(|task| item(scene, task)));
    blocks.extend(more(case, phase));
    blocks.push(context(if phase == Phase::Eradication { DELETES } else { BY_PEOPLE }));
    Sketch { text: format!("{title}, key {key}"), blocks, tail: Vec::new() }
}

/// The losses where they are to be seen, and the commands of the phase.
fn more(case: &Case, phase: Phase) -> Option<Value> {
    let mut parts = Vec::new();
    let lost = recovering::tally(case).words();
    if phase == Phase::Eradication && !lost.is_empty() {
        parts.push(paragraph(vec![text(&format!("Of the losses: {}.", lost.join("; ")))]));
    }
    let user = user_in_command(case);
    let commands = Task::of(phase).filter_map(|task| task.command());
    let commands: Vec<String> = commands.map(|command| command.replace("USER", &user)).collect();
    if !commands.is_empty() {
        parts.push(paragraph(vec![text("Commands:")]));
        parts.push(preformatted(&commands));
    }
    (!parts.is_empty()).then(|| rich("checklist", parts))
}

/// A task with who has it, and the button for what comes next. A name is drawn as text: the card is
/// drawn again and again, and whoever is meant was told.
fn item(scene: &Scene<'_>, task: Task) -> Value {
    let case = scene.case;
    let said = tasks::words(case, task, Some(scene.now));
    let said = said.map_or_else(String::new, |said| format!(" – {said}"));
    let words = clean(&format!("{}. {}{said}", task.number(), task.words()));
    let mut block = json!({
        "type": "section",
        "block_id": format!("task.{}", task.slug()),
        "text": plain(&cut(&words, LENGTH_MAX), LENGTH_MAX),
    });
    if let Some(button) = next(case, task).filter(|_| case.closed_at().is_none()) {
        block["accessory"] = button;
    }
    block
}

fn next(case: &Case, task: Task) -> Option<Value> {
    let (id, seq) = (case.id().clone(), last_word(case, task));
    let number = task.number();
    let (label, action) = match standing(case, task) {
        Standing::Open => {
            (format!("Take {number}"), ButtonAction::TakeTask { case: id, task, seq })
        }
        Standing::Given(_) => {
            (format!("{number} is done"), ButtonAction::FinishTask { case: id, task, seq })
        }
        Standing::Done(_) | Standing::Shown => return None,
    };
    Some(button(&label, &action.id(), &action.value(), Look::Plain, None))
}

/// Every task in a line, as a command is answered with them.
pub fn lines(case: &Case, now: jiff::Timestamp) -> Vec<Vec<Value>> {
    let line = |task: Task| {
        let said = tasks::words(case, task, Some(now)).unwrap_or_else(|| "nobody".to_owned());
        let (number, phase, title) = (task.number(), task.phase().title(), task.title());
        vec![text(&cut(&clean(&format!("{number}. {phase}, {title}: {said}")), LENGTH_MAX))]
    };
    Task::all().map(line).collect()
}
