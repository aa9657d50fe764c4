//! Finds secret keys and session tokens in what people paste, so that none is stored or echoed.

use crate::domain::foreign_secret::{foreign_secrets, merged};
use crate::domain::plain_text::visible;
use std::ops::Range;

/// An AWS secret access key is forty characters of base64 without padding.
const SECRET_KEY_LENGTH: usize = 40;
/// An access key id and its secret, pasted without a blank between them.
const GLUED_PAIR_LENGTH: usize = 60;
/// Session tokens have several hundred characters; no word or path segment has so many.
const TOKEN_LENGTH_MIN: usize = 100;
/// Where only ids belong, anything this long and this mixed is a secret or a part of one.
const FRAGMENT_LENGTH_MIN: usize = 30;
/// How an API key of Amazon Bedrock begins; the rest is base64 of its user's name and a secret.
const BEDROCK_PREFIX: &str = "ABSK";
const BEDROCK_SHORT_PREFIX: &str = "bedrock-api-key-";
/// Half a secret, pasted where an id or a time belongs, has at least so many characters.
const PART_LENGTH_MIN: usize = 16;
/// Words with digits that are as long as this are tokens, of whatever service.
const LONG_WORD_MIN: usize = 24;
/// The same where names and paths belong too.
const LONG_NAME_MIN: usize = 40;
/// A SHA-256 in hex, which people are asked to type.
const HASH_LENGTH: usize = 64;
/// What is repeated of a word that is no secret.
const QUOTED_LENGTH_MAX: usize = 40;
/// What stands where a secret was.
const REDACTED: &str = "[secret removed]";
/// What stands where a word of the command line may have been a secret.
const NOT_SHOWN: &str = "[not shown: it may be a secret]";

/// No random text of this kind has so many digits in a row; times and numbers of messages do.
const DIGITS_MAX: usize = 10;
/// Of forty random characters one or none is a slash; a path has one every few letters.
const SLASHES_MAX: usize = 4;
/// Forty random characters have some sixteen capitals and as many small letters; a path has few.
const LETTERS_MIN: usize = 5;

/// Whether a free text holds what looks like a secret key or a session token.
pub fn holds_secret(text: &str) -> bool {
    secrets(text).next().is_some() || !foreign_secrets(text).is_empty()
}

/// Whether a text holds an API key of Amazon Bedrock, long-term or short-term, or a part of one.
pub fn holds_bedrock_key(text: &str) -> bool {
    runs(text).any(|run| {
        let before = &text[..run.start];
        let run = &text[run];
        let is_key = run.starts_with(BEDROCK_PREFIX) || before.ends_with(BEDROCK_SHORT_PREFIX);
        is_key && run.len() >= FRAGMENT_LENGTH_MIN && is_mixed(run)
    })
}

/// Whether a text that should hold nothing but ids and words holds a secret or a part of one.
pub fn holds_fragment(text: &str) -> bool {
    runs(text).any(|run| {
        let run = &text[run];
        holds_secret(run) || (run.len() >= FRAGMENT_LENGTH_MIN && is_mixed(run))
    })
}

/// The text with every secret replaced.
pub fn redact(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    let mut found: Vec<Range<usize>> = secrets(text).chain(foreign_secrets(text)).collect();
    found.sort_by_key(|range| range.start);
    for run in merged(found) {
        kept.push_str(&text[end..run.start]);
        kept.push_str(REDACTED);
        end = run.end;
    }
    kept.push_str(&text[end..]);
    kept
}

/// Whether a word that should be an id, a name or a time may be a secret or a part of one. It says
/// yes too often rather than once too seldom: whoever typed the word knows it.
pub fn may_be_secret(word: &str) -> bool {
    let is_part = |run: &str| run.len() >= PART_LENGTH_MIN && is_mixed(run);
    is_bedrock_key(word)
        || holds_fragment(word)
        || runs(word).any(|run| is_part(&word[run]))
        || pieces(word).any(|piece| piece.len() >= LONG_WORD_MIN && has_digit(piece))
}

/// A word in quotes, for telling what is wrong with it; not one that may be a secret.
pub fn quoted(word: &str) -> String {
    if may_be_secret(word) {
        return NOT_SHOWN.to_owned();
    }
    let cut = word.chars().count() > QUOTED_LENGTH_MAX;
    let kept: String = word.chars().take(QUOTED_LENGTH_MAX).collect();
    format!("\"{}{}\"", visible(&kept), if cut { "…" } else { "" })
}

/// What a program says, without whatever may be a secret among the words it was called with.
pub fn hushed<'a>(said: &str, words: impl Iterator<Item = &'a str>) -> String {
    let mut said = said.to_owned();
    for piece in words.flat_map(pieces).filter(|piece| must_hide(piece)) {
        said = said.replace(piece, NOT_SHOWN);
    }
    redact(&said)
}

/// Whether a word may not be repeated where names and paths belong as well.
fn must_hide(piece: &str) -> bool {
    let is_path = ["/", "./", "../", "~"].iter().any(|begin| piece.starts_with(begin))
        || piece.matches('/').count() > SLASHES_MAX;
    let is_hash = piece.len() == HASH_LENGTH && piece.bytes().all(|b| b.is_ascii_hexdigit());
    let is_long = piece.len() >= LONG_NAME_MIN && has_digit(piece) && !is_hash;
    holds_secret(piece) || is_bedrock_key(piece) || (!is_path && (holds_fragment(piece) || is_long))
}

/// Whether a word has the mark of an API key of Amazon Bedrock, however much of it there is.
fn is_bedrock_key(word: &str) -> bool {
    [BEDROCK_PREFIX, BEDROCK_SHORT_PREFIX].iter().any(|mark| word.contains(mark))
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
}

/// What stands between the characters that no token has, and without the dashes of an option.
fn pieces(word: &str) -> impl Iterator<Item = &str> {
    let of_token = |c: char| is_of_secret(c) || matches!(c, '-' | '_' | '.' | '~');
    let pieces = word.split(move |c: char| !of_token(c)).map(|piece| piece.trim_matches('-'));
    pieces.filter(|piece| !piece.is_empty())
}

/// Where secrets stand: a whole run, or a piece of one between slashes, as in an address. One
/// secret may itself hold slashes.
fn secrets(text: &str) -> impl Iterator<Item = Range<usize>> {
    runs(text).filter_map(|run| match is_secret(&text[run.clone()]) {
        true => Some(run),
        false => piece(text, &run),
    })
}

fn piece(text: &str, run: &Range<usize>) -> Option<Range<usize>> {
    // A line break that was written as a backslash and a letter is glued to what follows.
    let escaped = text[..run.start].ends_with('\\').then_some(run.start + 1);
    let inner = text[run.clone()].match_indices('/').map(|(at, _)| run.start + at + 1);
    let mut starts = [run.start].into_iter().chain(escaped).chain(inner);
    starts.find_map(|start| {
        let fits = |length: &usize| {
            let end = start + length;
            let ends = end == run.end || text.as_bytes().get(end) == Some(&b'/');
            end <= run.end && ends && is_secret(&text[start..end]) && is_dense(&text[start..end])
        };
        let lengths = [SECRET_KEY_LENGTH, GLUED_PAIR_LENGTH];
        lengths.into_iter().find(fits).map(|length| start..start + length)
    })
}

fn is_dense(piece: &str) -> bool {
    let count = |is: fn(&u8) -> bool| piece.bytes().filter(is).count();
    count(u8::is_ascii_uppercase) >= LETTERS_MIN && count(u8::is_ascii_lowercase) >= LETTERS_MIN
}

/// The unbroken runs of characters that a secret is made of; all of them are one byte long.
fn runs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    ends.filter_map(move |(at, character)| {
        if is_of_secret(character) {
            start.get_or_insert(at);
            None
        } else {
            start.take().map(|start| start..at)
        }
    })
}

fn is_of_secret(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '/' | '+')
}

fn is_secret(run: &str) -> bool {
    let has_digit = run.bytes().any(|b| b.is_ascii_digit() || b == b'+');
    let mut digits = run.split(|c: char| !c.is_ascii_digit());
    let is_path = run.matches('/').count() > SLASHES_MAX;
    let is_number = digits.any(|digits| digits.len() >= DIGITS_MAX);
    if run.len() < TOKEN_LENGTH_MIN && (is_number || is_path) {
        return false;
    }
    match run.len() {
        SECRET_KEY_LENGTH => is_mixed(run) && has_digit,
        GLUED_PAIR_LENGTH => is_mixed(run) && (run.starts_with("AKIA") || run.starts_with("ASIA")),
        length => length >= TOKEN_LENGTH_MIN && is_mixed(run) && has_digit,
    }
}

fn is_mixed(run: &str) -> bool {
    run.bytes().any(|b| b.is_ascii_uppercase()) && run.bytes().any(|b| b.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    #[test]
    fn a_secret_key_is_seen_wherever_it_stands() {
        for text in [
            SECRET.to_owned(),
            format!("AKIAQNZGKIQY56JQ7WML {SECRET}"),
            format!("aws_secret_access_key={SECRET}"),
            format!("\"SecretAccessKey\": \"{SECRET}\","),
            format!("AKIAQNZGKIQY56JQ7WML{SECRET}"),
            format!("found ({SECRET}) in a gist"),
            format!("https://gist.github.com/foo/{SECRET}"),
            format!("https://example.com/{SECRET}/raw"),
            format!("AKIAQNZGKIQY56JQ7WML/{SECRET}"),
            format!("[default]\\n{SECRET}\\n"),
        ] {
            assert!(holds_secret(&text), "{text}");
            assert!(!redact(&text).contains("bPxRfi"), "{text}");
        }
    }

    #[test]
    fn a_session_token_is_seen() {
        let token = "IQoJb3JpZ2luX2VjEJr".repeat(12);
        assert!(holds_secret(&format!("token {token}==")));
    }

    #[test]
    fn addresses_commits_and_ids_are_no_secrets() {
        for text in [
            "https://github.com/acme/site/blob/main/deploy/config.yml#L12",
            "commit 356a192b7913b04c54574d18c28d46e6395428ab",
            "https://acme.slack.com/archives/C0AB12CD3/p1732600000123456",
            "https://github.com/Acme/Infra/blob/main/modules/Vpc2/README.md",
            "AKIAQNZGKIQY56JQ7WML, AKIAQNZGKIQY56JQ0189",
            "",
        ] {
            assert!(!holds_secret(text), "{text}");
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn a_part_of_a_secret_is_seen_where_only_ids_belong() {
        assert!(holds_fragment(&SECRET[..35]));
        assert!(!holds_fragment("AKIAQNZGKIQY56JQ7WML status"));
    }

    #[test]
    fn what_may_be_a_secret_is_not_quoted_and_what_people_mistype_is() {
        let token = "FwoGZXIvYXdzEBYaDNotARealSessionToken/+".repeat(5);
        for text in [
            SECRET,
            &SECRET[..20],
            &SECRET[20..],
            "ABSKQmVkcm9ja0FQSUtleS1",
            "bedrock-api-key-YmVk",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "xoxb-263594206564-2343594206574",
            &token,
        ] {
            assert!(may_be_secret(text), "{text}");
            assert!(!quoted(text).contains(&text[..8]), "{text}");
        }
        for text in ["Q99", "night_calls", "01/08/2026", "2026-08-32T10:00:00Z", "yesterday", ""] {
            assert!(!may_be_secret(text), "{text}");
            assert_eq!(quoted(text), format!("\"{text}\""));
        }
        assert_eq!(quoted("a\u{202e}b"), "\"a\\u{202e}b\"");
        assert_eq!(quoted(&"no ".repeat(20)), format!("\"{}n…\"", "no ".repeat(13)));
    }

    #[test]
    fn what_is_said_of_a_command_line_repeats_no_secret_of_it() {
        let said =
            |word: &str| hushed(&format!("invalid value '{word}' for X"), [word].into_iter());
        let option = format!("--query={SECRET}");
        let list = format!("Q10,{SECRET}");
        let padded = format!("ABSK{}==", "QmVkcm9ja0FQ".repeat(4));
        for word in [SECRET, &option, &list, &padded, &SECRET[..35]] {
            let said = said(word);
            assert!(!said.contains("bPxRfi") && !said.contains("QmVk"), "{said}");
            assert!(said.starts_with("invalid value '") && said.ends_with("' for X"), "{said}");
        }
        for word in [
            "AKIAQNZGKIQY56JQ7WML",
            "arn:aws:iam::029608264753:role/keyleak-contain",
            "/var/log/Acme/AWSLogs/029608264753/CloudTrail",
            "yesterday",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ] {
            assert_eq!(said(word), format!("invalid value '{word}' for X"));
        }
    }

    #[test]
    fn redaction_keeps_what_stands_around() {
        let text = format!("é {SECRET} ü");
        assert_eq!(redact(&text), "é [secret removed] ü");
    }
}
