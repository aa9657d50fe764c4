//! The wall: bounded body, signature over the raw bytes, five minutes, no replay; all else stops.

use crate::domain::proof::{SignedHeaders, Unsigned, Verified};
use crate::slack::inbound::{Route, is_ssl_check};
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A command is a line of text with a few ids around it.
const COMMAND_BYTES_MAX: usize = 64 << 10;
/// An interaction brings the whole message or view along, which Slack bounds at 250 KB.
const INTERACTION_BYTES_MAX: usize = 1 << 20;
/// Slack's certificate check is a form of two fields.
const SSL_CHECK_BYTES_MAX: usize = 4 << 10;
/// Slack sends a body at once; a slow one is somebody holding the connection open.
const BODY_TIME_MAX: Duration = Duration::from_secs(5);
/// Signatures are good for five minutes either way, so older ones cannot come again.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// At Slack's own ceiling of 30,000 deliveries an hour this is more than ten minutes' worth.
const REMEMBERED_MAX: usize = 10_000;

/// Checks every request before anything else sees it.
#[derive(Debug)]
pub struct Wall {
    /// One secret, or two while it is rotated.
    secrets: Vec<SecretString>,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    signatures: BTreeSet<String>,
    order: VecDeque<(Timestamp, String)>,
}

impl Wall {
    pub fn new(secrets: Vec<SecretString>) -> Self {
        Self { secrets, seen: Mutex::default() }
    }

    /// The verified body, or the answer to a request that is not Slack's.
    pub async fn verify(
        &self,
        route: Route,
        request: Request,
        now: Timestamp,
    ) -> Result<Verified, Response> {
        let (parts, body) = request.into_parts();
        let headers = match signed_headers(&parts.headers, now) {
            Ok(headers) => headers,
            Err(Unsigned) => return Err(unsigned(route, &parts.headers, body).await),
        };
        if !has_known_type(&parts.headers) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response());
        }
        let body = bounded(body, bytes_max(route)).await?;
        let secrets: Vec<_> =
            self.secrets.iter().map(|secret| secret.expose_secret().as_bytes()).collect();
        headers
            .verify(&secrets, body.into())
            .map_err(|Unsigned| StatusCode::UNAUTHORIZED.into_response())
    }

    /// Whether this very request was answered before, with a durable outcome.
    pub fn is_replay(&self, signature: &str, now: Timestamp) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.order.front().is_some_and(|(at, _)| *at + REMEMBERED_FOR < now) {
            seen.forget_oldest();
        }
        seen.signatures.contains(signature)
    }

    /// Remembers a request whose outcome is durable.
    pub fn remember(&self, signature: &str, now: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.signatures.insert(signature.to_owned()) {
            seen.order.push_back((now, signature.to_owned()));
        }
        if seen.order.len() > REMEMBERED_MAX {
            seen.forget_oldest();
        }
    }
}

impl Seen {
    fn forget_oldest(&mut self) {
        if let Some((_, signature)) = self.order.pop_front() {
            self.signatures.remove(&signature);
        }
    }
}

fn signed_headers(headers: &HeaderMap, now: Timestamp) -> Result<SignedHeaders, Unsigned> {
    // Of a header that comes twice nobody knows which one was meant, or was checked before us.
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        values.next().filter(|_| values.next().is_none()).map(|value| value.as_bytes())
    };
    SignedHeaders::read(header("x-slack-request-timestamp"), header("x-slack-signature"), now)
}

/// The one thing that Slack sends unsigned is its certificate check, which gets its 200.
async fn unsigned(route: Route, headers: &HeaderMap, body: Body) -> Response {
    let refused = || StatusCode::UNAUTHORIZED.into_response();
    if route != Route::Commands || headers.contains_key("x-slack-signature") {
        return refused();
    }
    match bounded(body, SSL_CHECK_BYTES_MAX).await {
        Ok(body) if is_ssl_check(&body) => StatusCode::OK.into_response(),
        Ok(_) | Err(_) => refused(),
    }
}

fn has_known_type(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    kind.starts_with("application/x-www-form-urlencoded") || kind.starts_with("application/json")
}

/// How large a body may be, by whichever way it comes.
pub fn bytes_max(route: Route) -> usize {
    match route {
        Route::Commands => COMMAND_BYTES_MAX,
        Route::Interactions | Route::Events => INTERACTION_BYTES_MAX,
    }
}

async fn bounded(body: Body, bytes_max: usize) -> Result<Bytes, Response> {
    match tokio::time::timeout(BODY_TIME_MAX, to_bytes(body, bytes_max)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT.into_response()),
    }
}
