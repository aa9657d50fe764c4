//! Summaries and notices: words of ours around words of others, never live.

use crate::domain::case::Case;
use crate::domain::elsewhere;
use crate::domain::report::{status_words, summary as summary_lines};
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    bold, code, context, cut, fallback, header, inert, list, newline, paragraph, person,
    preformatted, rich, text,
};
use crate::slack::sketch::{Drawn, Sketch};
use serde_json::{Value, json};

/// Lines of one notice or private answer; a list of more cases is longer than anybody reads.
const LINES_MAX: usize = 40;
/// People whom one message rings; a longer list of approvers is a user group's business.
const RUNG_MAX: usize = 50;
const WHISPER_LENGTH_MAX: usize = 4_000;

/// The story up to a record.
pub(super) fn summary(scene: &Scene<'_>, upto: u64) -> Sketch {
    let case = scene.case;
    let key = &case.opening().key;
    let lines = summary_lines(case, upto);
    let first = lines.first().cloned().unwrap_or_default();
    let items: Vec<Vec<Value>> = lines.iter().map(|line| vec![text(line)]).collect();
    Sketch {
        text: format!("Key {key} so far. {first}"),
        blocks: vec![
            header(&format!("Key {key}: the story so far")),
            rich("summary", vec![list(items, false)]),
            context(&format!(
                "Made from records 1 to {upto} of case {}; all times UTC; the chain's head is {}",
                case.id(),
                head(case, upto)
            )),
        ],
        tail: Vec::new(),
    }
}

/// The hash of a record: posted where the journal's writer cannot change it, it is one more anchor.
pub(super) fn head(case: &Case, seq: u64) -> &str {
    let index = usize::try_from(seq.saturating_sub(1)).unwrap_or(usize::MAX);
    case.records().get(index).map_or("not known", |record| &record.hash)
}

/// Something that must be noticed by every approver: each of them is rung.
pub(super) fn alarm(scene: &Scene<'_>, said: &str) -> Sketch {
    let mut sketch = notice(scene, said);
    let rung = scene.policy.all_approvers().into_iter().take(RUNG_MAX);
    let people: Vec<Value> = rung.flat_map(|user| [person(user), text(", ")]).collect();
    sketch.blocks.push(rich("alarm.people", vec![paragraph(people)]));
    sketch
}

/// Something that must be noticed.
pub(super) fn notice(scene: &Scene<'_>, said: &str) -> Sketch {
    let key = &scene.case.opening().key;
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let mut parts = vec![bold(first)];
    for line in lines.take(LINES_MAX) {
        parts.extend([newline(), text(line)]);
    }
    Sketch {
        text: format!("Key {key}: {first}"),
        blocks: vec![
            rich("notice", vec![paragraph(parts)]),
            context(&format!("Status: {}", status_words(scene.case))),
        ],
        tail: Vec::new(),
    }
}

/// Words beside a message, in its thread: what stands there is part of that message, so the state
/// of the case is not said again.
pub(super) fn reply(scene: &Scene<'_>, said: &str) -> Sketch {
    let mut sketch = notice(scene, said);
    sketch.blocks.truncate(1);
    sketch
}

/// What to write to AWS about a key that is somebody else's, to be copied as a whole.
pub(super) fn letter(scene: &Scene<'_>) -> Sketch {
    let key = &scene.case.opening().key;
    let title = format!("Key {key} is somebody else's: tell AWS");
    let lines = elsewhere::letter(scene.case).unwrap_or_default();
    let how = "I send nothing. Copy this, add what you know of the place, and send it; if you know \
               the account's owner, tell them too. Never send or try the secret.";
    Sketch {
        text: format!("{title}. What to write to {} is below.", elsewhere::TRUST_AND_SAFETY),
        blocks: vec![
            header(&title),
            rich("letter", vec![paragraph(vec![text(how)]), preformatted(&lines)]),
        ],
        tail: Vec::new(),
    }
}

/// A private answer; its lines stay lines.
pub fn whisper(said: &str) -> Drawn {
    let said = cut_lines(said);
    Drawn { text: fallback(&said), blocks: vec![rich("whisper", vec![paragraph(spoken(&said))])] }
}

/// The answer to a command, which quotes what people typed: in rich text nothing of it is live.
pub fn answer(said: &str) -> Value {
    let said = cut_lines(said);
    json!({
        "response_type": "ephemeral",
        "text": inert(&said),
        "blocks": [rich("answer", vec![paragraph(spoken(&said))])],
    })
}

/// Lines as they are, with what stands between two grave accents as code.
fn spoken(said: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        if !parts.is_empty() {
            parts.push(newline());
        }
        let pieces: Vec<&str> = line.split('`').collect();
        let is_even = pieces.len() % 2 == 1;
        for (index, piece) in pieces.iter().enumerate().filter(|(_, piece)| !piece.is_empty()) {
            let is_code = is_even && index % 2 == 1;
            parts.push(if is_code { code(piece) } else { text(piece) });
        }
    }
    if parts.is_empty() { vec![text(said)] } else { parts }
}

/// The first lines of a text that may be long.
fn cut_lines(said: &str) -> String {
    let lines: Vec<&str> = said.lines().take(LINES_MAX).collect();
    cut(&lines.join("\n"), WHISPER_LENGTH_MAX)
}
