//! What a failed call to Slack means, without a word of what was sent or answered.

use crate::ports::chat::ChatError;
use serde_json::Value;
use slack_morphism::errors::{SlackClientApiError, SlackClientError};

/// How long to wait when Slack does not say.
const PATIENCE_SECONDS: u64 = 30;
/// Slack's codes are short words.
const CODE_LENGTH_MAX: usize = 60;

/// A failed call: what it means for the case, and what is wrong in detail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) error: ChatError,
    /// Slack's code, when it answered with one.
    pub(super) code: String,
    /// For an invitation: each person and Slack's code for them.
    pub(super) people: Vec<(String, String)>,
}

impl Failure {
    pub(super) fn of(method: &str, error: &SlackClientError) -> Self {
        match error {
            SlackClientError::ApiError(error) => Self::api(method, error),
            SlackClientError::RateLimitError(error) => {
                let told = error.retry_after.map(|span| span.as_secs().max(1));
                let seconds = told.unwrap_or(PATIENCE_SECONDS);
                Self::plain(ChatError::Limited { seconds })
            }
            SlackClientError::HttpError(error) if error.status_code.is_client_error() => {
                let code = format!("http_{}", error.status_code.as_u16());
                Self::plain(refused(method, &code))
            }
            SlackClientError::HttpError(error) => {
                Self::unavailable(&format!("HTTP {}", error.status_code.as_u16()))
            }
            SlackClientError::HttpProtocolError(_) => Self::unavailable("the connection failed"),
            SlackClientError::EndOfStream(_) => Self::unavailable("the answer broke off"),
            SlackClientError::ProtocolError(_) => Self::unavailable("the answer cannot be read"),
            SlackClientError::SystemError(_) | SlackClientError::SocketModeProtocolError(_) => {
                Self::unavailable("the call could not be made")
            }
        }
    }

    pub(super) fn unavailable(why: &str) -> Self {
        Self::plain(ChatError::Unavailable(why.to_owned()))
    }

    /// An answer that says `ok: false` and nothing else that the crate would notice.
    pub(super) fn not_ok(method: &str) -> Self {
        Self::plain(refused(method, "not_ok"))
    }

    pub(super) fn plain(error: ChatError) -> Self {
        Self { error, code: String::new(), people: Vec::new() }
    }

    fn api(method: &str, error: &SlackClientApiError) -> Self {
        let body = error.http_response_body.as_deref().unwrap_or_default();
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let code = word(&error.code);
        Self { error: meaning(method, &code, &body), people: people(&body), code }
    }
}

/// For an invitation: whom Slack named, and its code for each.
pub(super) fn people(body: &Value) -> Vec<(String, String)> {
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors
        .iter()
        .filter_map(|error| {
            let user = error["user"].as_str()?;
            let code = error["error"].as_str().unwrap_or("refused");
            Some((word(user), word(code)))
        })
        .collect()
}

fn meaning(method: &str, code: &str, body: &Value) -> ChatError {
    match code {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            ChatError::Limited { seconds: PATIENCE_SECONDS }
        }
        "name_taken" => ChatError::NameTaken,
        "is_archived" => ChatError::Archived,
        "message_not_found" | "cant_update_message" | "edit_window_closed" | "block_mismatch" => {
            ChatError::MessageGone
        }
        "missing_scope" => {
            ChatError::MissingScope { needed: scopes(body["needed"].as_str().unwrap_or("a scope")) }
        }
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "team_added_to_org" => ChatError::Unavailable(code.to_owned()),
        _ => refused(method, code),
    }
}

fn refused(method: &str, code: &str) -> ChatError {
    ChatError::Refused { method: method.to_owned(), code: code.to_owned() }
}

fn word(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.chars().filter(plain).take(CODE_LENGTH_MAX).collect()
}

fn scopes(text: &str) -> String {
    let plain =
        |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | ',' | ' ');
    text.chars().filter(plain).take(CODE_LENGTH_MAX * 3).collect()
}

/// An answer of Slack's that does not say what it must.
pub(super) fn unreadable(method: &str) -> ChatError {
    ChatError::Refused {
        method: method.to_owned(),
        code: "the answer lacks what it must have".to_owned(),
    }
}
