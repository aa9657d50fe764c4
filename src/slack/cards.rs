//! From a view of a case to the message that Slack gets: one shape, one set of limits.

use crate::ports::chat::{Scene, View};
use crate::slack::blocks::{BLOCKS_MAX, MESSAGE_LENGTH_MAX, context, fallback, length};
use crate::slack::sketch::{Drawn, Means, Sketch};
use crate::slack::{
    answer, card, checklist, clock_card, details, digest_card, impact_card, owner_card, plan_card,
    plan_ways, progress_card, recovery_card, rung_card, task_card, team_lines, telling,
};
use serde_json::Value;

/// What stands first on every message of a drill.
pub(super) const DRILL: &str = "DRILL – nothing here touches a real account";
/// What replaces blocks that would make Slack refuse the whole message.
const CUT: &str = "The rest does not fit into a message; it is in the journal and in the report.";

/// Draws a view; the result is within every limit of Slack's.
pub fn draw(view: &View<'_>, means: Means) -> Drawn {
    let (scene, sketch) = match view {
        View::Card(scene) => (scene, card::sketch(scene)),
        View::Details(scene) => (scene, details::sketch(scene)),
        View::Ways(scene, number) => (scene, plan_ways::sketch(scene, *number)),
        View::Plan(scene, number) => (scene, plan_card::sketch(scene, *number)),
        View::Summary(scene, upto) => (scene, telling::summary(scene, *upto)),
        View::Legal(scene, text) => (scene, clock_card::sketch(scene, text)),
        View::Digest(scene, digest) => (scene, digest_card::sketch(scene, *digest)),
        View::Owner(scene) => (scene, owner_card::sketch(scene)),
        View::Rung(scene, call) => (scene, rung_card::sketch(scene, *call)),
        View::Update(scene, upto) => (scene, team_lines::told(scene, *upto)),
        View::Checklist(scene, phase) => (scene, checklist::sketch(scene, *phase)),
        View::Task(scene, call) => (scene, task_card::sketch(scene, *call)),
        View::Letter(scene) => (scene, telling::letter(scene)),
        View::Recovery(scene) => (scene, recovery_card::sketch(scene)),
        View::Impact(scene) => (scene, impact_card::sketch(scene)),
        View::Progress(scene, asked, wanted) => {
            (scene, progress_card::sketch(scene, (*asked, wanted)))
        }
        View::Answer(scene, found, margin) => {
            (scene, answer::sketch(scene, (found, margin), means))
        }
        View::Reply(scene, text) => (scene, telling::reply(scene, text)),
        View::Notice(scene, text) => (scene, telling::notice(scene, text)),
        View::Alarm(scene, text) => (scene, telling::alarm(scene, text)),
    };
    finish(scene, sketch)
}

fn finish(scene: &Scene<'_>, sketch: Sketch) -> Drawn {
    let drill = scene.case.opening().drill;
    let mark = drill.then(|| context(DRILL));
    let tail = sketch.tail;
    let mut blocks: Vec<Value> = mark.into_iter().chain(sketch.blocks).collect();
    let fits = |blocks: &[Value]| {
        blocks.len() + tail.len() <= BLOCKS_MAX
            && length(blocks) + length(&tail) <= MESSAGE_LENGTH_MAX
    };
    if !fits(&blocks) {
        while !blocks.is_empty() && !fits(&[blocks.as_slice(), &[context(CUT)]].concat()) {
            blocks.pop();
        }
        blocks.push(context(CUT));
    }
    blocks.extend(tail);
    let text = if drill { format!("DRILL: {}", sketch.text) } else { sketch.text };
    Drawn { text: fallback(&text), blocks }
}
