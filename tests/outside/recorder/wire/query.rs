//! The query protocol's flat form as the tree of a record's `requestParameters`.

use super::lower_first;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Parameters that CloudTrail never shows.
const SECRETS: [&str; 3] = ["password", "oldPassword", "newPassword"];
/// Parameters that are numbers in a record; the form itself cannot tell.
const NUMBERS: [&str; 4] = ["durationSeconds", "maxItems", "maxSessionDuration", "tokenCode"];

#[derive(Debug, Default)]
struct Node {
    text: Option<String>,
    below: BTreeMap<String, Node>,
}

/// The call's name and its parameters, null when it has none.
pub(super) fn read(form: &[u8]) -> Option<(String, Value)> {
    let mut name = None;
    let mut root = Node::default();
    for (field, text) in form_urlencoded::parse(form) {
        match field.as_ref() {
            "Action" => name = Some(text.into_owned()),
            "Version" => {}
            field => root.place(field, text.into_owned()),
        }
    }
    let parameters = root.tree("");
    let is_bare = parameters.as_object().is_none_or(Map::is_empty);
    Some((name?, if is_bare { Value::Null } else { parameters }))
}

impl Node {
    fn place(&mut self, field: &str, text: String) {
        let mut node = self;
        for step in field.split('.').filter(|step| *step != "member") {
            node = node.below.entry(lower_first(step)).or_default();
        }
        node.text = Some(text);
    }

    fn tree(self, name: &str) -> Value {
        if let Some(text) = self.text {
            return scalar(name, text);
        }
        let numbered = |step: &String| step.bytes().all(|byte| byte.is_ascii_digit());
        if !self.below.is_empty() && self.below.keys().all(numbered) {
            let mut items: Vec<(u32, Node)> = self
                .below
                .into_iter()
                .map(|(step, node)| (step.parse().unwrap_or(u32::MAX), node))
                .collect();
            items.sort_by_key(|(position, _)| *position);
            return items.into_iter().map(|(_, node)| node.tree(name)).collect();
        }
        self.below
            .into_iter()
            .filter(|(step, _)| !SECRETS.contains(&step.as_str()))
            .map(|(step, node)| {
                let tree = node.tree(&step);
                (step, tree)
            })
            .collect::<Map<String, Value>>()
            .into()
    }
}

fn scalar(name: &str, text: String) -> Value {
    match text.as_str() {
        "true" => json!(true),
        "false" => json!(false),
        digits if NUMBERS.contains(&name) => digits.parse::<u64>().map_or(json!(text), Value::from),
        _ => json!(text),
    }
}
