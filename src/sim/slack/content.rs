//! What a message may hold, judged and completed the way Slack does it.

use crate::sim::slack::blocks::{
    MESSAGE_TEXT_MAX, Problem, Surface, complete, problems, text_size,
};
use crate::sim::slack::call::{Call, Refusal, refuse, refuse_with};
use crate::sim::slack::state::State;
use serde_json::{Map, Value};

/// Slack cuts longer text off when a message is posted.
const POSTED_TEXT_MAX: usize = 40_000;
/// Slack refuses longer text when a message is updated.
const UPDATED_TEXT_MAX: usize = 4_000;
const MARKDOWN_MAX: usize = 12_000;
const ATTACHMENTS_MAX: usize = 100;
/// Metadata larger than this, as JSON, is refused.
const METADATA_BYTES_MAX: usize = 8_000;

/// The parts of a message that its author writes; an absent part was not mentioned.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: Option<String>,
    pub(super) blocks: Option<Value>,
    pub(super) attachments: Option<Value>,
    pub(super) metadata: Option<Value>,
}

/// The content of a call, or the refusal Slack gives.
pub(super) fn read(state: &mut State, call: &Call, updating: bool) -> Result<Content, Refusal> {
    let mut text = call.text("text").map(str::to_owned);
    let mut blocks = call.structure("blocks", "invalid_blocks_format")?;
    let attachments = call.structure("attachments", "invalid_attachments")?;
    if let Some(markdown) = call.text("markdown_text") {
        if text.is_some() || blocks.is_some() {
            return Err(refuse("markdown_text_conflict"));
        }
        if markdown.chars().count() > MARKDOWN_MAX {
            return Err(refuse("msg_too_long"));
        }
        text = Some(markdown.to_owned());
    }
    let listed = |value: &Option<Value>| {
        value.as_ref().and_then(Value::as_array).is_some_and(|items| !items.is_empty())
    };
    // An update may empty the blocks, as long as it says what stands there instead.
    if text.is_none() && !listed(&blocks) && !listed(&attachments) {
        return Err(refuse("no_text"));
    }
    if let Some(long) = text.as_mut().filter(|text| text.chars().count() > UPDATED_TEXT_MAX) {
        if updating {
            return Err(refuse("msg_too_long"));
        }
        *long = long.chars().take(POSTED_TEXT_MAX).collect();
    }
    let count = attachments.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
    if count > ATTACHMENTS_MAX {
        return Err(refuse("too_many_attachments"));
    }
    if let Some(blocks) = &mut blocks {
        judge(state, blocks, Surface::Message, "/blocks")?;
    }
    let text = text.map(|text| escape_loose(&text));
    Ok(Content { text, blocks, attachments, metadata: metadata(call)? })
}

/// Judges blocks and adds what Slack adds.
pub(super) fn judge(
    state: &mut State,
    blocks: &mut Value,
    surface: Surface,
    root: &str,
) -> Result<(), Refusal> {
    if !blocks.is_array() {
        return Err(refuse("invalid_blocks_format"));
    }
    if state.config.strict {
        let found = problems(blocks, surface, &state.capabilities, root);
        if !found.is_empty() {
            return Err(refuse_with("invalid_blocks", &lines(&found)));
        }
        if surface == Surface::Message && text_size(blocks) > MESSAGE_TEXT_MAX {
            return Err(refuse("msg_blocks_too_long"));
        }
    }
    complete(blocks, &mut || {
        let secret = state.mint_secret();
        secret.chars().take(5).collect()
    });
    Ok(())
}

/// Problems in the words of `response_metadata.messages`.
pub(super) fn lines(found: &[Problem]) -> Vec<String> {
    let line = |it: &Problem| format!("[ERROR] {} [json-pointer:{}]", it.message, it.pointer);
    found.iter().map(line).collect()
}

impl Content {
    /// Writes the mentioned parts into a message and leaves the others.
    pub(super) fn apply(self, message: &mut Map<String, Value>) {
        if let Some(text) = self.text {
            message.insert("text".to_owned(), Value::from(text));
        }
        let parts = [
            ("blocks", self.blocks),
            ("attachments", self.attachments),
            ("metadata", self.metadata),
        ];
        for (key, part) in parts {
            match part {
                None => {}
                Some(Value::Array(items)) if items.is_empty() => drop(message.remove(key)),
                Some(Value::Object(fields)) if fields.is_empty() => drop(message.remove(key)),
                Some(part) => drop(message.insert(key.to_owned(), part)),
            }
        }
    }
}

fn metadata(call: &Call) -> Result<Option<Value>, Refusal> {
    let Some(metadata) = call.structure("metadata", "invalid_metadata_format")? else {
        return Ok(None);
    };
    let Some(fields) = metadata.as_object() else {
        return Err(refuse("invalid_metadata_format"));
    };
    let named = fields.get("event_type").is_some_and(Value::is_string);
    let filled = fields.get("event_payload").is_some_and(Value::is_object);
    if !(fields.is_empty() || named && filled) {
        return Err(refuse("invalid_metadata_format"));
    }
    if metadata.to_string().len() > METADATA_BYTES_MAX {
        return Err(refuse("metadata_too_large"));
    }
    Ok(Some(metadata))
}

/// Slack stores a bare `&` as `&amp;`, and a bare `<` or `>` as an entity too.
fn escape_loose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (taken, written) = match c {
            '&' if ["&amp;", "&lt;", "&gt;"].iter().any(|entity| rest.starts_with(entity)) => {
                (1, "&")
            }
            '&' => (1, "&amp;"),
            '>' => (1, "&gt;"),
            '<' => match control_sequence(rest) {
                Some(length) => (length, &rest[..length]),
                None => (1, "&lt;"),
            },
            other => (other.len_utf8(), &rest[..other.len_utf8()]),
        };
        out.push_str(written);
        rest = &rest[taken..];
    }
    out
}

/// The length of `<@U…>`, `<#C…>`, `<!here>` or `<https://…|label>` at the start of `text`.
fn control_sequence(text: &str) -> Option<usize> {
    let end = text.find('>')?;
    let inner = &text[1..end];
    let live = inner.starts_with(['@', '#', '!'])
        || inner.starts_with("http://")
        || inner.starts_with("https://")
        || inner.starts_with("mailto:");
    (live && !inner.contains('<')).then_some(end + 1)
}
