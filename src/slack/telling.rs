//! Summaries and notices: words of ours around words of others, never live.

use crate::domain::report::{status_words, summary as summary_lines};
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    PARAGRAPH_LENGTH_MAX, bold, context, header, list, paragraph, rich, text,
};
use crate::slack::cards::Sketch;
use serde_json::Value;

/// Paragraphs of one notice.
const PARAGRAPHS_MAX: usize = 6;

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
                "Made from records 1 to {upto} of case {}; all times UTC",
                case.id()
            )),
        ],
        tail: Vec::new(),
    }
}

/// Something that must be noticed.
pub(super) fn notice(scene: &Scene<'_>, said: &str) -> Sketch {
    let key = &scene.case.opening().key;
    let mut paragraphs = said.lines().filter(|line| !line.trim().is_empty());
    let first = paragraphs.next().unwrap_or_default();
    let mut parts = vec![paragraph(vec![bold(first)])];
    parts.extend(paragraphs.take(PARAGRAPHS_MAX).map(|said| {
        paragraph(vec![text(&crate::slack::blocks::cut(
            said,
            PARAGRAPH_LENGTH_MAX,
        ))])
    }));
    Sketch {
        text: format!("Key {key}: {first}"),
        blocks: vec![
            rich("notice", parts),
            context(&format!("Status: {}", status_words(scene.case))),
        ],
        tail: Vec::new(),
    }
}
