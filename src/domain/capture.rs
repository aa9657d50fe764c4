//! What people add to a case's timeline: a message of its channel, or a note; told here by hash.
//!
//! Needs: what people wrote can be about people, so it must be possible to erase it, and the chain
//! must hold all the same. So the words are an object of their own in the evidence store, and the
//! journal has its hash. The object has a salt, so that the hash of short words tells nobody which
//! words they were.

use crate::domain::digest::canonical;
use crate::domain::ids::{AccessKeyId, ChannelId, MessageTs};
use crate::domain::plain_text::is_hidden;
use crate::domain::secret::{holds_bedrock_key, redact};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Slack's longest message.
const TEXT_LENGTH_MAX: usize = 40_000;
/// Files of one message; Slack takes ten at a time.
const FILES_MAX: usize = 20;
const NAME_LENGTH_MAX: usize = 200;
/// What stands where a key of Amazon Bedrock was.
const REDACTED: &str = "[secret removed]";

/// Something that a person put into the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The object with its words.
    pub sha256: String,
    /// The message that it is; a note is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<CapturedMessage>,
}

/// A message of the case's channel, without its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturedMessage {
    pub channel: ChannelId,
    pub ts: MessageTs,
    /// Who wrote it, by Slack's id.
    pub author: String,
    pub at: Timestamp,
    /// It had been edited before it was put here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// How many files it has; their names are with its words.
    pub files: u32,
}

/// What became in Slack of a message that is in the timeline; what was captured stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureChange {
    pub channel: ChannelId,
    pub ts: MessageTs,
    pub at: Timestamp,
    /// The object with the new words; none says that the message was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The words, as they are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapturedWords {
    pub text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    salt: String,
}

/// What became of kept words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    Kept(CapturedWords),
    Erased,
    /// The store could not be asked.
    NotRead(String),
}

/// Kept words by their hash.
pub type AllWords = BTreeMap<String, Words>;

impl CapturedWords {
    /// Words without a secret or a whole key id in them.
    pub fn new(text: &str, files: &[String], salt: String) -> Self {
        let name = |name: &String| hushed(name).chars().take(NAME_LENGTH_MAX).collect();
        Self {
            text: hushed(text).chars().take(TEXT_LENGTH_MAX).collect(),
            files: files.iter().take(FILES_MAX).map(name).collect(),
            salt,
        }
    }

    /// As they are stored; the name of the object is the hash of this.
    pub fn object(&self) -> Vec<u8> {
        canonical(self)
    }

    /// Whether both say the same.
    pub fn says_as(&self, other: &Self) -> bool {
        (&self.text, &self.files) == (&other.text, &other.files)
    }
}

/// Lines as they are, but for secrets, whole key ids, and what hides or turns text.
pub fn hushed(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| hushed_line(&seen(line))).collect();
    lines.join("\n")
}

/// A line without what is not seen; a secret in two halves is whole then.
fn seen(line: &str) -> String {
    let kept = |character: char| match character {
        blank if blank.is_whitespace() => Some(' '),
        hidden if is_hidden(hidden) => None,
        other => Some(other),
    };
    line.chars().filter_map(kept).collect()
}

fn hushed_line(line: &str) -> String {
    let line = redact(line);
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '=');
    let mut kept = String::with_capacity(line.len());
    for piece in line.split_inclusive(|c: char| !is_of_word(c)) {
        let word = piece.trim_end_matches(|c: char| !is_of_word(c));
        let rest = &piece[word.len()..];
        if holds_bedrock_key(word) {
            kept.push_str(REDACTED);
        } else {
            kept.push_str(&masked(word));
        }
        kept.push_str(rest);
    }
    kept
}

/// A word with every key id in it masked.
fn masked(word: &str) -> String {
    let parts = word.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    let part = |part: &str| {
        let id = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        match AccessKeyId::from_record(id) {
            Some(key) => format!("{key}{}", &part[id.len()..]),
            None => part.to_owned(),
        }
    };
    parts.map(part).collect()
}

/// When a message was written, by the time that is its id.
pub fn written_at(ts: &MessageTs) -> Option<Timestamp> {
    let (seconds, micros) = ts.0.split_once('.')?;
    let (seconds, micros): (i64, i32) = (seconds.parse().ok()?, micros.get(..6)?.parse().ok()?);
    // The journal counts in milliseconds.
    Timestamp::new(seconds, micros / 1_000 * 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "AKIAQNZGKIQY56JQ7WML";
    const SECRET: &str = "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";

    #[test]
    fn secrets_and_key_ids_are_taken_out_whatever_stands_around_them() {
        let bedrock = format!("ABSK{}", "QmVkcm9ja0FQSUtleS1hYmNkLWF0LTAyOTYwODI2NDc1Mzp3SmFscl");
        for text in [
            SECRET.to_owned(),
            format!("{A}{SECRET}"),
            format!("x\n`{SECRET}`, y"),
            format!("{}\u{200B}{}", &SECRET[..20], &SECRET[20..]),
            bedrock,
            format!("(bedrock-api-key-{})", "QmVkcm9ja0FQSUtleS1hYmNkLWF0LTAyOTYw"),
        ] {
            let kept = hushed(&text);
            assert!(!kept.contains("wJal") && !kept.contains("QmVk"), "{text}: {kept}");
        }
        let kept = hushed(&format!("see <https://x/{A}|{A}>, {A}. Asia is big"));
        assert!(!kept.contains(A) && kept.contains("7WML"), "{kept}");
        assert!(kept.ends_with(". Asia is big"), "{kept}");
    }

    #[test]
    fn other_words_stay_as_they_are_line_by_line_and_within_bounds() {
        let text = "<!channel> *é* & <https://x|y>\n  two\tblanks";
        assert_eq!(hushed(text), "<!channel> *é* & <https://x|y>\n  two blanks");
        assert_eq!(hushed("a\u{202E}b\u{7}c"), "abc");
        let long = "é".repeat(10_000);
        assert_eq!(hushed(&long), long);
        let words = CapturedWords::new(&"x ".repeat(50_000), &[long], String::new());
        assert_eq!(words.text.chars().count(), TEXT_LENGTH_MAX);
        assert_eq!(words.files[0].chars().count(), NAME_LENGTH_MAX);
        assert_eq!(CapturedWords::new("", &[], String::new()).text, "");
    }

    #[test]
    fn the_same_words_have_another_hash_under_another_salt() {
        let words = |salt: &str| CapturedWords::new("yes", &[], salt.to_owned());
        assert!(words("1").says_as(&words("2")));
        assert_ne!(words("1").object(), words("2").object());
    }

    #[test]
    fn the_time_of_a_message_is_its_id() {
        let at = |ts: &str| written_at(&MessageTs(ts.to_owned()));
        assert_eq!(at("1790000000.123456").unwrap().to_string(), "2026-09-21T14:13:20.123Z");
        for odd in ["", "1", "a.b", "1.2", "99999999999999.000000"] {
            assert_eq!(at(odd), None, "{odd}");
        }
    }
}
