//! The message about a reporting clock: for Legal, by mention, and it decides nothing.

use crate::ports::chat::Scene;
use crate::slack::blocks::{bold, context, newline, paragraph, person, rich, text};
use crate::slack::sketch::Sketch;

/// People whom one message rings.
const RUNG_MAX: usize = 50;
/// Lines of one message; a clock has few.
const LINES_MAX: usize = 20;

pub(super) fn sketch(scene: &Scene<'_>, said: &str) -> Sketch {
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let mut parts = vec![bold(first)];
    for line in lines.take(LINES_MAX) {
        parts.extend([newline(), text(line)]);
    }
    parts.extend([newline(), text("Legal: ")]);
    let legal = &scene.policy.conduct.legal;
    for (index, user) in legal.iter().take(RUNG_MAX).enumerate() {
        parts.extend((index > 0).then(|| text(", ")));
        parts.push(person(user));
    }
    if legal.is_empty() {
        parts.push(text("nobody is listed in people.legal"));
    }
    Sketch {
        text: format!("Key {}: {first}", scene.case.opening().key),
        blocks: vec![
            rich("clock", vec![paragraph(parts)]),
            context(
                "A timer of people's; whether the duty holds, Legal says. /keyleak clock starts \
                 and stops one, and none decides anything.",
            ),
        ],
        tail: Vec::new(),
    }
}
