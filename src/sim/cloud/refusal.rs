//! How a call is refused: AWS's error code and its sentence.

use crate::ports::cloud::CallClass;

/// Codes of calls by somebody who was not recognised; CloudTrail does not record those.
const UNAUTHENTICATED: [&str; 3] =
    ["InvalidClientTokenId", "ExpiredToken", "SignatureDoesNotMatch"];

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: String,
    pub message: String,
    /// AWS's id of the refused call, once there was an answer.
    pub request_id: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), request_id: None }
    }

    pub(super) fn no_such(kind: &str, name: &str) -> Self {
        let message = format!("The {kind} with name {name} cannot be found.");
        Self::new("NoSuchEntity", message)
    }

    pub(super) fn exists(kind: &str, name: &str) -> Self {
        let message = format!("{kind} with name {name} already exists.");
        Self::new("EntityAlreadyExists", message)
    }

    pub(super) fn limit(what: &str, count: usize) -> Self {
        let message = format!("Cannot exceed quota for {what}: {count}");
        Self::new("LimitExceeded", message)
    }

    pub(super) fn invalid_token() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new("InvalidClientTokenId", message)
    }

    /// Whether the caller was not even recognised.
    pub(super) fn is_unauthenticated(&self) -> bool {
        UNAUTHENTICATED.contains(&self.code.as_str())
    }

    /// What the failure means for what happens next.
    pub(super) fn class(&self) -> CallClass {
        match self.code.as_str() {
            "AccessDenied" => CallClass::Denied,
            "NoSuchEntity" => CallClass::NotFound,
            "Throttling" => CallClass::Throttled,
            "ConcurrentModification" | "EntityTemporarilyUnmodifiable" => CallClass::Conflict,
            "LimitExceeded" => CallClass::LimitExceeded,
            "ServiceUnavailable" | "RequestTimeout" => CallClass::Unavailable,
            _ => CallClass::Other,
        }
    }
}
