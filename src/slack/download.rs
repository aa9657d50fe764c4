//! Reading the bytes of a file from its address: with our token, within a bound and a time.

use crate::ports::chat::{ChatError, Fetched};
use crate::slack::failure::Failure;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use url::Url;

/// What is fetched is small, and Slack sends it at once.
const TIME_MAX: Duration = Duration::from_secs(15);
/// How a file's address is called where its failure is told.
const ADDRESS: &str = "the file's address";

/// The way to files; unlike the Web API's client it follows nothing and reads no more than asked.
pub(super) type Files = Client<HttpsConnector<HttpConnector>, Empty<Bytes>>;

pub(super) fn files(tls: ClientConfig) -> Files {
    let connector =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Reads what is at an address that Slack gave for a file.
pub(super) async fn read(
    files: &Files,
    (url, token): (&Url, &SecretString),
    bytes_max: usize,
) -> Result<Fetched, Failure> {
    match tokio::time::timeout(TIME_MAX, read_all(files, (url, token), bytes_max)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Failure::unavailable("the file took too long")),
    }
}

async fn read_all(
    files: &Files,
    (url, token): (&Url, &SecretString),
    bytes_max: usize,
) -> Result<Fetched, Failure> {
    let wrong = |_| Failure::plain(refused("it is no address"));
    let mut bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret()))
        .map_err(|_| Failure::plain(refused("the token cannot be sent")))?;
    bearer.set_sensitive(true);
    let request = Request::get(url.as_str()).header(AUTHORIZATION, bearer).body(Empty::new());
    let broken = |_| Failure::unavailable("the connection failed");
    let answer = files.request(request.map_err(wrong)?).await.map_err(broken)?;
    let status = answer.status();
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Failure::plain(ChatError::Limited { seconds: 30 }));
    }
    if status.is_server_error() {
        return Err(Failure::unavailable(&format!("HTTP {}", status.as_u16())));
    }
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if status.is_redirection() || kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return Err(Failure::plain(refused("a sign-in page came instead of the file")));
    }
    if status != StatusCode::OK {
        return Err(Failure::plain(refused(&format!("http_{}", status.as_u16()))));
    }
    match Limited::new(answer.into_body(), bytes_max).collect().await {
        Ok(body) => Ok(Fetched::Content(body.to_bytes().to_vec())),
        Err(error) if error.is::<LengthLimitError>() => Ok(Fetched::TooLarge),
        Err(_) => Err(Failure::unavailable("the file broke off")),
    }
}

fn refused(code: &str) -> ChatError {
    ChatError::Refused { method: ADDRESS.to_owned(), code: code.to_owned() }
}
