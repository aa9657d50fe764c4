//! Finds the secrets of other services that people paste beside a key: tokens with a mark of their
//! own, and private keys.

use std::ops::Range;

/// How the tokens of Slack, `GitHub`, `GitLab`, Stripe, npm and `PyPI` begin.
const MARKS: [&str; 18] = [
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xoxr-",
    "xoxs-",
    "xoxe.",
    "xoxe-",
    "xapp-",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "npm_",
    "pypi-",
];
/// Behind its mark a token has more than this; what is shorter is a word about one.
const REST_LENGTH_MIN: usize = 10;
const BEGIN: &str = "-----BEGIN ";
const PRIVATE: &str = "PRIVATE KEY-----";
const END: &str = "-----END ";

/// Where they stand, in order; none overlaps another.
pub(super) fn foreign_secrets(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = tokens(text).chain(private_keys(text)).collect();
    found.sort_by_key(|range| range.start);
    merged(found)
}

/// The ranges in order, those that touch as one.
pub(super) fn merged(sorted: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut all: Vec<Range<usize>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match all.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            Some(_) | None => all.push(range),
        }
    }
    all
}

fn tokens(text: &str) -> impl Iterator<Item = Range<usize>> {
    let found = MARKS.iter().flat_map(move |mark| text.match_indices(mark));
    found.filter_map(move |(start, mark)| {
        let before = text[..start].chars().next_back();
        let rest = &text[start + mark.len()..];
        let is_of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let length = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
        let begins = !before.is_some_and(|c| c.is_ascii_alphanumeric());
        (begins && length > REST_LENGTH_MIN).then_some(start..start + mark.len() + length)
    })
}

/// A private key in PEM, up to its end, or of all that is there.
fn private_keys(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices(BEGIN).filter_map(move |(start, _)| {
        let head = text[start..].lines().next()?;
        let body = start + head.find(PRIVATE)? + PRIVATE.len();
        let end = text[body..].find(END).map_or(text.len(), |at| {
            let tail = &text[body + at..];
            body + at + tail.find(PRIVATE).map_or(tail.len(), |at| at + PRIVATE.len())
        });
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use crate::domain::secret::{holds_secret, redact};

    #[test]
    fn tokens_of_other_services_and_private_keys_are_taken_out() {
        let bodies = "a1B2c3D4e5F6g7H8";
        for mark in super::MARKS {
            let text = format!("it is {mark}{bodies}, he says");
            assert_eq!(redact(&text), "it is [secret removed], he says", "{mark}");
            assert!(holds_secret(&text), "{mark}");
        }
        let key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----";
        assert_eq!(redact(&format!("see {key} there")), "see [secret removed] there");
        let cut = "-----BEGIN PRIVATE KEY-----\nMIIEow";
        assert_eq!(redact(&format!("see {cut}")), "see [secret removed]");
    }

    #[test]
    fn words_about_them_stay() {
        for text in [
            "rotate the xoxb- token",
            "a ghp_ token was there",
            "foxoxb-1234567890abcdef is no token",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "look for BEGIN PRIVATE KEY",
        ] {
            assert_eq!(redact(text), text);
            assert!(!holds_secret(text), "{text}");
        }
    }
}
