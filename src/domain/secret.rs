//! Finds secret keys and session tokens in what people paste, so that none is stored or echoed.

/// An AWS secret access key is forty characters of base64 without padding.
const SECRET_KEY_LENGTH: usize = 40;
/// An access key id and its secret, pasted without a blank between them.
const GLUED_PAIR_LENGTH: usize = 60;
/// Session tokens have several hundred characters; no word or path segment has so many.
const TOKEN_LENGTH_MIN: usize = 100;
/// Where only ids belong, anything this long and this mixed is a secret or a part of one.
const FRAGMENT_LENGTH_MIN: usize = 30;
/// What stands where a secret was.
const REDACTED: &str = "[secret removed]";

/// Whether a free text holds what looks like a secret key or a session token.
pub fn holds_secret(text: &str) -> bool {
    runs(text).any(|run| is_secret(&text[run]))
}

/// Whether a text that should hold nothing but ids and words holds a secret or a part of one.
pub fn holds_fragment(text: &str) -> bool {
    runs(text).any(|run| {
        let run = &text[run];
        is_secret(run) || (run.len() >= FRAGMENT_LENGTH_MIN && is_mixed(run))
    })
}

/// The text with every secret replaced.
pub fn redact(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    for run in runs(text).filter(|run| is_secret(&text[run.clone()])) {
        kept.push_str(&text[end..run.start]);
        kept.push_str(REDACTED);
        end = run.end;
    }
    kept.push_str(&text[end..]);
    kept
}

/// The unbroken runs of characters that a secret is made of; all of them are one byte long.
fn runs(text: &str) -> impl Iterator<Item = std::ops::Range<usize>> {
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
    fn redaction_keeps_what_stands_around() {
        let text = format!("é {SECRET} ü");
        assert_eq!(redact(&text), "é [secret removed] ü");
    }
}
