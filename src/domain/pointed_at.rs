//! A message that somebody points at: the key ids in it, and whether a secret stands beside them.

use crate::domain::bedrock_key::{BedrockUser, user_of};
use crate::domain::command::error::CommandError;
use crate::domain::command::{KEYS_MAX, without_marks};
use crate::domain::id_list::looks_like_id;
use crate::domain::ids::{AccessKeyId, KEY_LENGTH};
use crate::domain::intake::IntakeStart;
use crate::domain::secret::{holds_bedrock_key, holds_secret};
use std::collections::BTreeSet;

/// What is kept of such a message: nothing but this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PointedAt {
    /// Each id once, in the order of the message, as many as one form takes.
    keys: Vec<AccessKeyId>,
    /// How many there are.
    named: usize,
    secret: Option<Secret>,
    /// Where the message is.
    link: Option<String>,
}

/// A secret that stands in it; of itself nothing is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Secret {
    OfKey,
    OfBedrock(Option<BedrockUser>),
}

impl PointedAt {
    /// Reads the texts of a message.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>, link: Option<String>) -> Self {
        let mut found = Self { link, ..Self::default() };
        let mut seen = BTreeSet::new();
        for text in texts {
            let text = without_marks(text);
            let has_secret = if holds_bedrock_key(&text) {
                found.secret.get_or_insert_with(|| Secret::OfBedrock(user_of(&text)));
                true
            } else if holds_secret(&text) {
                found.secret = Some(Secret::OfKey);
                true
            } else {
                false
            };
            let words = text.split(|c: char| !c.is_ascii_alphanumeric());
            for key in words.filter_map(|word| id_in(word, has_secret)) {
                if seen.insert(key.clone()) && found.keys.len() < KEYS_MAX {
                    found.keys.push(key);
                }
            }
        }
        found.named = seen.len();
        found
    }

    /// What the person has to know at once: the secret is there for everybody to see.
    pub fn warning(&self) -> Option<String> {
        let what = match self.secret.as_ref()? {
            Secret::OfKey => {
                "This message holds what looks like a secret key or a session token. I kept \
                 nothing of it. Delete the message now, and treat that secret as leaked twice: \
                 Slack has seen it too, so the key must be rotated whatever else comes out."
                    .to_owned()
            }
            Secret::OfBedrock(of) => {
                let what = CommandError::BedrockKey { of: of.clone() };
                format!("Delete this message now: {what}.")
            }
        };
        Some(what)
    }

    /// The form as it opens for this message.
    pub fn start(self) -> IntakeStart {
        let count = match (self.named, self.keys.len()) {
            (0, _) => Some("I found no access key id in the message; give it here.".to_owned()),
            (named, filled) if named > filled => Some(format!(
                "The message names {named} keys; the first {filled} are filled in. Send the others \
                 afterwards."
            )),
            _ => None,
        };
        let told: Vec<String> = self.warning().into_iter().chain(count).collect();
        let told = (!told.is_empty()).then(|| told.join(" "));
        IntakeStart { keys: self.keys, found_where: self.link, told }
    }
}

/// The id that a word is; or begins with, where a secret was pasted right behind it.
fn id_in(word: &str, has_secret: bool) -> Option<AccessKeyId> {
    if !looks_like_id(word) {
        return None;
    }
    let glued = has_secret && word.len() > KEY_LENGTH;
    let id = if glued { word.get(..KEY_LENGTH)? } else { word };
    AccessKeyId::parse(id).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "AKIAQNZGKIQY56JQ7WML";
    const B: &str = "ASIAQNZGKIQY56JQ0189";
    const SECRET: &str = "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";

    fn read(texts: &[&str]) -> PointedAt {
        PointedAt::read(texts.iter().copied(), Some("https://x.slack.com/archives/C1/p1".into()))
    }

    fn ids(start: &IntakeStart) -> Vec<&str> {
        start.keys.iter().map(AccessKeyId::reveal).collect()
    }

    #[test]
    fn the_ids_of_all_texts_are_filled_in_once_with_the_way_back_to_the_message() {
        let found = read(&[&format!("see `{A}` &amp; <https://x/{B}|{B}>"), A, "AKIA123 Asia"]);
        assert_eq!(found.warning(), None);
        let start = found.start();
        assert_eq!(ids(&start), [A, B]);
        assert_eq!(start.found_where.as_deref(), Some("https://x.slack.com/archives/C1/p1"));
        assert_eq!(start.told, None);
    }

    #[test]
    fn a_secret_is_warned_of_and_nothing_of_it_is_kept_whatever_stands_around_it() {
        let token = "IQoJb3JpZ2luX2VjEJr".repeat(12);
        for text in [
            format!("{A} {SECRET}"),
            format!("{A}{SECRET}"),
            format!("{A}\u{200B}{}\u{202E}{}", &SECRET[..20], &SECRET[20..]),
            format!("aws_access_key_id={A}\naws_session_token={token}"),
        ] {
            let found = read(&[&text]);
            let warning = found.warning().unwrap();
            assert!(warning.contains("Delete the message") && warning.contains("rotated"));
            let kept = format!("{found:?}{:?}", found.clone().start());
            assert!(!kept.contains("wJal") && !kept.contains("IQoJ"), "{kept}");
            assert_eq!(ids(&found.start()), [A], "{text}");
        }
        let bedrock = format!("ABSK{}", "QmVkcm9ja0FQSUtleS1hYmNkLWF0LTAyOTYwODI2NDc1Mzp3SmFscl");
        let found = read(&[&bedrock]);
        let warning = found.warning().unwrap();
        assert!(warning.contains("account 029608264753") && !warning.contains("QmVk"), "{warning}");
    }

    #[test]
    fn without_an_id_or_with_too_many_the_form_says_so() {
        let told = |start: IntakeStart| start.told.unwrap();
        assert!(told(read(&[""]).start()).contains("no access key id"));
        assert!(told(read(&["AKIAIOSFODNN7EXAMPLE"]).start()).contains("no access key id"));
        let many: Vec<_> = (0..60).map(|n| format!("AKIAQNZGKIQY56JQ{n:04}")).collect();
        let start = read(&[&many.join(",")]).start();
        assert_eq!(start.keys.len(), KEYS_MAX);
        assert!(told(start).contains("names 60 keys; the first 50"));
    }
}
