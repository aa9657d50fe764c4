//! The fields of a view and what Slack refuses in them.

use crate::sim::slack::blocks::{Problem, Surface};
use crate::sim::slack::shapes::Kind;
use crate::sim::slack::state::State;
use serde_json::{Map, Value};

/// The fields of a view, with their limits.
const FIELDS: &[(&str, Kind)] = &[
    ("title", Kind::Plain(24)),
    ("submit", Kind::Plain(24)),
    ("close", Kind::Plain(24)),
    ("private_metadata", Kind::Words(0, 3000)),
    ("callback_id", Kind::Words(0, 255)),
    ("external_id", Kind::Words(0, 255)),
    ("clear_on_close", Kind::Flag),
    ("notify_on_close", Kind::Flag),
    ("submit_disabled", Kind::Flag),
];

/// Every problem with a view of this kind.
pub(super) fn problems(state: &State, view: &Map<String, Value>, kind: &str) -> Vec<Problem> {
    let problem = |pointer: &str, message: &str| Problem {
        pointer: pointer.to_owned(),
        message: message.to_owned(),
    };
    let mut found = Vec::new();
    if view.get("type").is_none_or(|given| given != kind) {
        found.push(problem("/view/type", &format!("must be {kind}")));
    }
    if kind == "modal" && !view.contains_key("title") {
        found.push(problem("/view", "missing required field: title"));
    }
    for key in ["title", "submit", "close"].iter().filter(|_| kind == "home") {
        if view.contains_key(*key) {
            found.push(problem("/view", &format!("a home has no {key}")));
        }
    }
    for key in view.keys() {
        let known = FIELDS.iter().any(|(name, _)| name == key);
        if !known && key != "type" && key != "blocks" {
            found.push(problem("/view", &format!("invalid additional property: {key}")));
        }
    }
    let fields = FIELDS.iter().filter_map(|(key, kind)| Some((key, kind, view.get(*key)?)));
    for (key, kind, value) in fields {
        found.extend(crate::sim::slack::blocks::one(value, kind, &format!("/view/{key}")));
    }
    let Some(blocks) = view.get("blocks") else {
        found.push(problem("/view", "missing required field: blocks"));
        return found;
    };
    let asks = blocks.as_array().into_iter().flatten().any(|block| block["type"] == "input");
    if asks && kind == "modal" && !view.contains_key("submit") {
        found.push(problem("/view", "missing required field: submit"));
    }
    let capabilities = &state.capabilities;
    let below =
        crate::sim::slack::blocks::problems(blocks, Surface::View, capabilities, "/view/blocks");
    found.extend(below);
    found
}
