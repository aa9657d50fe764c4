//! What whoever asked for cases is told of each: opened, or open already.

use crate::flow::intake::Opened;
use crate::http::ephemeral_lines;
use crate::slack::blocks;
use axum::response::Response;
use serde_json::Value;

/// A line for each key, with the way to its channel.
pub(super) fn answer(opened: &[Opened]) -> Response {
    let line = |opened: &Opened| -> Vec<Value> {
        let room = opened.case.room().channel.as_ref().filter(|_| !opened.new);
        let room = room.map(|room| [blocks::text(" Its channel: "), blocks::channel(room)]);
        let said = words(opened);
        [blocks::text(&said)].into_iter().chain(room.into_iter().flatten()).collect()
    };
    let texts: Vec<String> = opened.iter().map(words).collect();
    ephemeral_lines(&texts.join("\n"), opened.iter().map(line).collect())
}

fn words(opened: &Opened) -> String {
    let drill = if opened.case.opening().drill { "DRILL: " } else { "" };
    format!("{drill}{}", what_became(opened))
}

fn what_became(opened: &Opened) -> String {
    let (key, case) = (&opened.key, opened.case.id());
    let room = opened.case.room();
    match (opened.new, &room.channel) {
        (true, _) => format!(
            "Opened case {case} for {key}. A private channel is being made; you are invited to it."
        ),
        (false, Some(_)) => format!("{key} already has the open case {case}. You are invited."),
        (false, None) => match &room.unmade {
            Some(unmade) => {
                format!("{key} already has the open case {case}. I try again: {}.", unmade.why)
            }
            None if room.failed.is_some() => format!(
                "{key} already has the open case {case}; its channel could not be made. `/keyleak \
                 status {case}` says where it stands."
            ),
            None => format!("{key} already has the open case {case}; its channel is being made."),
        },
    }
}
