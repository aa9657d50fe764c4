//! What AWS's errors mean for what happens next, in words that are safe to show.

use crate::ports::cloud::{CallClass, CallError};
use crate::ports::trail::TrailError;
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::RequestId;
use std::error::Error;

/// A card has no room for more, and a service's message is not ours to trust.
const MESSAGE_CHARS_MAX: usize = 400;
/// Causes behind causes; the SDK's chains are shorter.
const CAUSES_MAX: usize = 8;
/// Length of an access key id, which is masked wherever a message carries one.
const KEY_ID_CHARS: usize = 20;

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "SubscriptionRequiredException",
    "UnauthorizedOperation",
];
/// The bot's own credentials were refused, which no permission mends.
const BAD_CREDENTIALS: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
/// What the SDK says when it finds no credentials to sign with.
const NO_CREDENTIALS: &str = "no providers in chain provided credentials";
/// What it says when nobody named a region.
const NO_REGION: [&str; 2] = ["Missing Region", "A region must be set"];
const NOT_FOUND: &[&str] = &[
    "AccountNotFoundException",
    "NoSuchBucket",
    "NoSuchEntity",
    "NoSuchEntityException",
    "NoSuchKey",
    "NotFound",
    "ResourceNotFoundException",
];
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
];
const CONFLICT: &[&str] = &[
    "ConcurrentModification",
    "ConcurrentModificationException",
    "ConcurrentOperationException",
    "ConditionalRequestConflict",
    "EntityTemporarilyUnmodifiable",
    "EntityTemporarilyUnmodifiableException",
    "OperationAborted",
    "ResourceConflictException",
    "TransactionConflictException",
];
const LIMIT_EXCEEDED: &[&str] = &["LimitExceeded", "LimitExceededException"];
const UNAVAILABLE: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "RequestTimeout",
    "ServiceFailure",
    "ServiceFailureException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// Says what a failed call means; `call` is its IAM action, such as `iam:GetUser`.
pub fn call_error<E>(call: &str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let mut said = match error.as_service_error() {
        Some(service) => refusal(call, service, status(error)),
        None => no_answer(call, error),
    };
    said.request_id = request_id(error);
    said
}

/// What a failed call means for whoever asked the trail at this place.
pub(super) fn trail_error(error: &CallError, place: String) -> TrailError {
    match error.class {
        CallClass::Denied => {
            TrailError::Denied { action: format!("{}: {}", error.call, error.message) }
        }
        CallClass::Throttled | CallClass::Conflict | CallClass::Unavailable => {
            TrailError::Unavailable { reason: error.to_string() }
        }
        CallClass::NotFound | CallClass::LimitExceeded | CallClass::Other => {
            TrailError::Unreadable { place, reason: error.to_string() }
        }
    }
}

/// The service's own code for a refusal; none when there was no answer.
pub(super) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(|service| service.code())
}

/// Whether a code says that the call came too soon and was not carried out.
pub(super) fn is_throttled(code: &str) -> bool {
    THROTTLED.contains(&code)
}

/// Masks every access key id in a text that somebody else wrote, and bounds its length.
pub(super) fn safe_text(text: &str) -> String {
    let mut safe = String::new();
    let mut word = String::new();
    for character in text.chars().take(MESSAGE_CHARS_MAX) {
        if character.is_ascii_alphanumeric() {
            word.push(character);
            continue;
        }
        push_masked(&mut safe, &mut word);
        safe.push(if character.is_control() { ' ' } else { character });
    }
    push_masked(&mut safe, &mut word);
    safe
}

fn push_masked(safe: &mut String, word: &mut String) {
    let key_like = word.len() == KEY_ID_CHARS && (word.starts_with('A') && &word[2..4] == "IA");
    if key_like {
        safe.push_str(&word[..4]);
        safe.push('…');
        safe.push_str(&word[KEY_ID_CHARS - 4..]);
    } else {
        safe.push_str(word);
    }
    word.clear();
}

fn refusal<E: ProvideErrorMetadata>(call: &str, service: &E, status: Option<u16>) -> CallError {
    let code = service.code().unwrap_or("no error code");
    let said = safe_text(service.message().unwrap_or("AWS gave no reason"));
    let has = |list: &[&str]| list.contains(&code);
    let (class, message) = if has(BAD_CREDENTIALS) {
        let hint = "AWS refused keyleak's own credentials; renew them or correct the clock";
        (CallClass::Denied, format!("{hint} ({code}: {said})"))
    } else if code == "SubscriptionRequiredException" {
        let hint = "AWS Health answers only accounts with Business support or better";
        (CallClass::Denied, format!("{hint} ({code})"))
    } else if has(DENIED) {
        let hint =
            format!("not permitted; allow {call} for the role, or lift the policy that denies it");
        (CallClass::Denied, format!("{hint} ({code}: {said})"))
    } else {
        (class_of(code, status), format!("{code}: {said}"))
    };
    CallError::new(class, call, message)
}

fn class_of(code: &str, status: Option<u16>) -> CallClass {
    let has = |list: &[&str]| list.contains(&code);
    if has(NOT_FOUND) {
        CallClass::NotFound
    } else if has(THROTTLED) || status == Some(429) {
        CallClass::Throttled
    } else if has(CONFLICT) {
        CallClass::Conflict
    } else if has(LIMIT_EXCEEDED) {
        CallClass::LimitExceeded
    } else if has(UNAVAILABLE) || status.is_some_and(|status| status >= 500) {
        CallClass::Unavailable
    } else if matches!(status, Some(401 | 403)) {
        CallClass::Denied
    } else {
        CallClass::Other
    }
}

/// No service answered: the network, a timeout, or the role that signs could not be assumed.
fn no_answer(call: &str, error: &(dyn Error + 'static)) -> CallError {
    let causes = causes(error);
    let refused = DENIED.iter().chain(BAD_CREDENTIALS).any(|code| causes.contains(code));
    if refused {
        let hint = "keyleak could not assume the role that makes this call; check its trust \
                    policy, and allow sts:AssumeRole to the bot";
        return CallError::new(CallClass::Denied, call, format!("{hint} ({causes})"));
    }
    let hint = if causes.contains(NO_CREDENTIALS) {
        "no AWS credentials were found; set AWS_PROFILE or give the machine a role"
    } else if NO_REGION.iter().any(|words| causes.contains(words)) {
        "no AWS region was found; set AWS_REGION"
    } else {
        "AWS did not answer; check region and network"
    };
    CallError::new(CallClass::Unavailable, call, format!("{hint} ({causes})"))
}

/// The displayed causes, never a debug print: that one would hold the raw response.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next.filter(|_| texts.len() < CAUSES_MAX) {
        let text = error.to_string();
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        next = error.source();
    }
    safe_text(&texts.join(": "))
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|raw| raw.status().as_u16())
}

fn request_id<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let from_body = error.as_service_error().and_then(|service| service.meta().request_id());
    error.request_id().or(from_body).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_in_somebody_elses_message_is_masked() {
        assert_eq!(
            safe_text("The Access Key with id AKIAQNZGKIQY56JQ7WML cannot be found."),
            "The Access Key with id AKIA…7WML cannot be found."
        );
        assert_eq!(safe_text("user/ASIAQNZGKIQY56JQ7WML"), "user/ASIA…7WML");
        assert_eq!(safe_text("line\nbreak é"), "line break é");
    }

    #[test]
    fn a_message_is_bounded() {
        assert_eq!(safe_text(&"é".repeat(5_000)).chars().count(), MESSAGE_CHARS_MAX);
    }

    #[test]
    fn every_code_has_the_class_that_decides_what_to_do() {
        let class = |code| class_of(code, Some(400));
        assert_eq!(class("NoSuchEntity"), CallClass::NotFound);
        assert_eq!(class("Throttling"), CallClass::Throttled);
        assert_eq!(class("ConcurrentModification"), CallClass::Conflict);
        assert_eq!(class("LimitExceeded"), CallClass::LimitExceeded);
        assert_eq!(class("ServiceFailure"), CallClass::Unavailable);
        assert_eq!(class("MalformedPolicyDocument"), CallClass::Other);
        assert_eq!(class_of("Whatever", Some(503)), CallClass::Unavailable);
        assert_eq!(class_of("Whatever", Some(403)), CallClass::Denied);
    }
}
