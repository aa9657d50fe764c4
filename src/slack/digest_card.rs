//! The message for people outside a case.

use crate::domain::stakeholders::{Digest, lines};
use crate::ports::chat::Scene;
use crate::slack::blocks::{header, list, rich, text};
use crate::slack::sketch::Sketch;
use serde_json::Value;

/// The digest as of its record.
pub(super) fn sketch(scene: &Scene<'_>, digest: Digest) -> Sketch {
    let lines = lines(scene.case, digest);
    let mut lines = lines.iter();
    let title = lines.next().cloned().unwrap_or_default();
    let items: Vec<Vec<Value>> = lines.map(|line| vec![text(line)]).collect();
    Sketch {
        text: title.clone(),
        blocks: vec![header(&title), rich("digest", vec![list(items, false)])],
        tail: Vec::new(),
    }
}
