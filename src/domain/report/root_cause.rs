//! What let the key out: people say it, in the playbook's words, and nothing derives it.

use crate::domain::case::Case;
use crate::domain::report::shape::RootCause;

/// The causes that the playbook names.
pub(super) const CHOICES: [(&str, &str); 7] = [
    ("phishing", "somebody was led to give it away"),
    (
        "environment",
        "it lay open in an environment: variables, an image, a log, a misconfigured host",
    ),
    ("code", "it was written into code or a repository"),
    ("malware", "a program on somebody's machine took it"),
    ("ssrf", "a server was made to tell its credentials"),
    ("third-party", "somebody who had it for their service lost it"),
    ("insider", "somebody who was allowed to have it gave it away"),
];

/// The root cause of a case, as far as it is determined.
pub(super) fn of(case: &Case) -> RootCause {
    let choices = CHOICES.iter().map(|(word, means)| format!("{word}: {means}"));
    let hint = match &case.opening().found_where {
        Some(_) => "where it was found says how it was seen, and not how it got there",
        None => "nobody said where it was found",
    };
    RootCause {
        word: None,
        said: format!("not determined; {hint}. To be filled in by whoever leads the review"),
        choices: choices.collect(),
    }
}
