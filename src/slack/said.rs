//! What a message says: the words in it that people write or read, whatever blocks it is made of.

use crate::domain::capture::written_at;
use crate::domain::ids::MessageTs;
use crate::ports::chat::Heard;
use crate::slack::guarded::Typed;
use jiff::Timestamp;
use serde_json::Value;

/// The fields of a message, of its blocks, attachments and files, that people write or read.
const WORDS: [&str; 14] = [
    "alt_text",
    "author_name",
    "fallback",
    "footer",
    "from_url",
    "name",
    "plain_text",
    "pretext",
    "preview",
    "text",
    "title",
    "title_link",
    "url",
    "value",
];
/// The parts of a message that are searched; the rest is Slack's own.
const PARTS: [&str; 4] = ["text", "blocks", "attachments", "files"];
/// What stands for a message without a text.
const INSTEAD: [&str; 2] = ["attachments", "blocks"];
/// A message is not deeper than this; what is, nobody wrote.
const DEPTH_MAX: usize = 16;

/// All words of a message.
pub(super) fn words(message: &Value) -> Vec<&str> {
    let mut words = Vec::new();
    for part in PARTS {
        gather(&message[part], part, (&mut words, DEPTH_MAX));
    }
    words
}

/// What it says to its readers.
pub(super) fn text(message: &Value) -> Typed {
    let text = message["text"].as_str().unwrap_or_default();
    if !text.trim().is_empty() {
        return Typed::new(text.to_owned());
    }
    let mut words = Vec::new();
    for part in INSTEAD {
        gather(&message[part], part, (&mut words, DEPTH_MAX));
    }
    Typed::new(words.join("\n"))
}

/// The names of its files.
pub(super) fn files(message: &Value) -> Vec<String> {
    let files = message["files"].as_array().into_iter().flatten();
    let named = |file: &Value| {
        let name = file["name"].as_str().or(file["title"].as_str());
        name.unwrap_or("a file").to_owned()
    };
    files.map(named).collect()
}

/// The message as the bot `me` finds it.
pub(super) fn heard(me: &str, message: &Value) -> Heard {
    let author = message["user"].as_str().or(message["bot_id"].as_str());
    Heard {
        author: author.unwrap_or("somebody").chars().filter(char::is_ascii_alphanumeric).collect(),
        text: text(message).reveal().to_owned(),
        files: files(message),
        edited_at: edited_at(message),
        is_own: message["user"] == me,
    }
}

/// When somebody edited it last.
pub(super) fn edited_at(message: &Value) -> Option<Timestamp> {
    time(&message["edited"]["ts"])
}

/// A time of Slack's.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    written_at(&MessageTs(value.as_str()?.to_owned()))
}

/// A message's time, which is its id, in the form that it must have.
pub(super) fn ts(value: &Value) -> Option<MessageTs> {
    value.as_str().filter(|text| is_ts(text)).map(|ts| MessageTs(ts.to_owned()))
}

/// Whether a text has the form of a message's time.
fn is_ts(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 32 && text.split_once('.').is_some_and(|(s, m)| digits(s) && digits(m))
}

fn gather<'a>(value: &'a Value, name: &str, (into, depth): (&mut Vec<&'a str>, usize)) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) if WORDS.contains(&name) => into.push(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, name, (into, depth - 1))),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| gather(value, name, (into, depth - 1)));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
