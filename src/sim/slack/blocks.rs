//! Judges Block Kit as Slack does: every problem with the JSON pointer to it.

use crate::sim::slack::block_shapes::{COMMON_BLOCKS, MESSAGE_BLOCKS};
use crate::sim::slack::shapes::{Field, Kind, Shape, find};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Slack refuses a message with more.
pub(super) const MESSAGE_BLOCKS_MAX: usize = 50;
/// Slack refuses a modal or an App Home with more.
pub(super) const VIEW_BLOCKS_MAX: usize = 100;
/// Where `msg_blocks_too_long` was measured to begin, in characters of text.
pub(super) const MESSAGE_TEXT_MAX: usize = 13_200;
/// Nesting deeper than any legal message, so that a hostile one cannot exhaust the stack.
const DEPTH_MAX: usize = 24;

/// Where blocks are about to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    Message,
    View,
}

/// One thing Slack refuses, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub pointer: String,
    pub message: String,
}

/// What the workspace can do besides the fixed shapes.
#[derive(Debug, Clone, Default)]
pub(super) struct Capabilities {
    /// Block types this workspace does not know yet.
    pub(super) switched_off: BTreeSet<String>,
    /// Files that are processed and may be shown by `slack_file`.
    pub(super) files_ready: BTreeSet<String>,
}

/// Walks blocks and gathers problems.
#[derive(Debug)]
pub(super) struct Check<'a> {
    capabilities: &'a Capabilities,
    problems: Vec<Problem>,
}

/// Every problem with `blocks`, whose place in the request is `root` (for example `/blocks`).
pub(super) fn problems(
    blocks: &Value,
    surface: Surface,
    capabilities: &Capabilities,
    root: &str,
) -> Vec<Problem> {
    let mut check = Check { capabilities, problems: Vec::new() };
    let Some(blocks) = blocks.as_array() else {
        check.report(root, "must be an array of blocks");
        return check.problems;
    };
    let (allowed_max, legal) = match surface {
        Surface::Message => (MESSAGE_BLOCKS_MAX, [COMMON_BLOCKS, MESSAGE_BLOCKS].concat()),
        Surface::View => (VIEW_BLOCKS_MAX, COMMON_BLOCKS.to_vec()),
    };
    if blocks.len() > allowed_max {
        check.report(root, &format!("no more than {allowed_max} items allowed"));
    }
    for (index, block) in blocks.iter().enumerate() {
        check.typed(block, &legal, &format!("{root}/{index}"), 0);
    }
    crate::sim::slack::rules::whole(&mut check, blocks, root);
    check.problems
}

/// The problems of one value that stands alone, such as the title of a view.
pub(super) fn one(value: &Value, kind: &Kind, at: &str) -> Vec<Problem> {
    let mut check = Check { capabilities: &Capabilities::default(), problems: Vec::new() };
    check.kind(value, kind, at, 0);
    check.problems
}

/// The characters of text in these blocks, as counted against `msg_blocks_too_long`.
pub(super) fn text_size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(text_size).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, inner)| match inner {
                Value::String(text) if key == "text" => text.chars().count(),
                Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => 0,
                Value::Array(_) | Value::Object(_) => text_size(inner),
            })
            .sum(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// Adds what Slack adds: a `block_id` for each block without, and the defaults of text objects.
pub(super) fn complete(blocks: &mut Value, mint: &mut dyn FnMut() -> String) {
    for block in blocks.as_array_mut().into_iter().flatten() {
        if let Some(fields) = block.as_object_mut() {
            fields.entry("block_id").or_insert_with(|| Value::from(mint()));
            if let Some(children) = fields.get_mut("child_blocks") {
                complete(children, mint);
            }
        }
        add_defaults(block);
    }
}

impl Check<'_> {
    pub(super) fn report(&mut self, pointer: &str, message: &str) {
        self.problems.push(Problem { pointer: pointer.to_owned(), message: message.to_owned() });
    }

    /// Judges an object by its `type`, which must be one of `legal`.
    fn typed(&mut self, value: &Value, legal: &[&str], at: &str, depth: usize) {
        let Some(fields) = value.as_object() else {
            return self.report(at, "must be an object");
        };
        let name = fields.get("type").and_then(Value::as_str).unwrap_or_default();
        if name.is_empty() {
            return self.report(at, "missing required field: type");
        }
        let shape = find(name).filter(|_| legal.contains(&name));
        let Some(shape) = shape.filter(|_| !self.capabilities.switched_off.contains(name)) else {
            return self.report(&format!("{at}/type"), &format!("unsupported type: {name}"));
        };
        self.shaped(fields, shape, at, depth);
    }

    /// Judges an object by a known shape.
    fn shaped(&mut self, fields: &Map<String, Value>, shape: &Shape, at: &str, depth: usize) {
        if depth > DEPTH_MAX {
            return self.report(at, "nested too deeply");
        }
        for field in shape.fields {
            match fields.get(field.key) {
                Some(value) => {
                    self.kind(value, &field.kind, &format!("{at}/{}", field.key), depth);
                }
                None if field.required => {
                    self.report(at, &format!("missing required field: {}", field.key));
                }
                None => {}
            }
        }
        for key in fields.keys() {
            let known = |field: &Field| field.key == key;
            if key != "type" && key != "block_id" && !shape.fields.iter().any(known) {
                self.report(at, &format!("invalid additional property: {key}"));
            }
        }
        if let Some(id) = fields.get("block_id") {
            self.kind(id, &Kind::Words(1, 255), &format!("{at}/block_id"), depth);
        }
        let files_ready = &self.capabilities.files_ready;
        for (pointer, message) in crate::sim::slack::rules::object(fields, shape, files_ready) {
            self.report(&format!("{at}{pointer}"), &message);
        }
    }

    fn kind(&mut self, value: &Value, kind: &Kind, at: &str, depth: usize) {
        match kind {
            Kind::Plain(most) => self.text_object(value, *most, &["plain_text"], at),
            Kind::Rich(most) => self.text_object(value, *most, &["plain_text", "mrkdwn"], at),
            Kind::Words(least, most) => self.words(value, *least, *most, at),
            Kind::Flag if !value.is_boolean() => self.report(at, "must be a boolean"),
            Kind::Number(least, most) => {
                if !value.as_i64().is_some_and(|number| (*least..=*most).contains(&number)) {
                    self.report(at, &format!("must be an integer from {least} to {most}"));
                }
            }
            Kind::OneOf(words) => {
                if !value.as_str().is_some_and(|word| words.contains(&word)) {
                    self.report(at, &format!("must be one of: {}", words.join(", ")));
                }
            }
            Kind::Block(legal) => self.typed(value, legal, at, depth + 1),
            Kind::Shaped(name) => match (value.as_object(), find(name)) {
                (Some(fields), Some(shape)) => self.shaped(fields, shape, at, depth + 1),
                (None, _) if value.is_null() && *name == "column_setting" => {}
                (_, _) => self.report(at, "must be an object"),
            },
            Kind::List(inner, least, most) => {
                let Some(items) = value.as_array() else {
                    return self.report(at, "must be an array");
                };
                self.length(items.len(), *least, *most, at);
                for (index, item) in items.iter().enumerate() {
                    self.kind(item, inner, &format!("{at}/{index}"), depth + 1);
                }
            }
            Kind::Flag | Kind::Anything => {}
        }
    }

    fn length(&mut self, count: usize, least: usize, most: usize, at: &str) {
        if count < least {
            self.report(at, &format!("no fewer than {least} items allowed"));
        }
        if count > most {
            self.report(at, &format!("no more than {most} items allowed"));
        }
    }

    fn words(&mut self, value: &Value, least: usize, most: usize, at: &str) {
        let Some(text) = value.as_str() else {
            return self.report(at, "must be a string");
        };
        let count = text.chars().count();
        if count < least {
            self.report(at, &format!("must be more than {} characters", least - 1));
        }
        if count > most {
            self.report(at, &format!("must be less than {} characters", most + 1));
        }
    }

    fn text_object(&mut self, value: &Value, most: usize, legal: &[&str], at: &str) {
        self.typed(value, legal, at, 0);
        let text = value.get("text").and_then(Value::as_str).unwrap_or_default();
        let count = text.chars().count();
        if count > most && count <= 3000 {
            self.report(
                &format!("{at}/text"),
                &format!("must be less than {} characters", most + 1),
            );
        }
    }
}

fn add_defaults(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(add_defaults),
        Value::Object(fields) => {
            match fields.get("type").and_then(Value::as_str) {
                Some("plain_text") => drop(fields.entry("emoji").or_insert(Value::Bool(true))),
                Some("mrkdwn") => drop(fields.entry("verbatim").or_insert(Value::Bool(false))),
                Some(_) | None => {}
            }
            fields.values_mut().for_each(add_defaults);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
