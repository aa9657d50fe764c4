//! A page as JSON, posted to the one address that is configured: once, within a time, following
//! nothing.

use crate::domain::page::Page;
use crate::ports::pager::{NotPaged, Pager};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// Whoever pages people answers at once.
const TIME_MAX: Duration = Duration::from_secs(10);
/// The same page sent again has the same key.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Why an address is not paged at.
#[derive(Debug, thiserror::Error)]
pub enum PagerSetUpError {
    #[error("must be an https:// address without a user name; http:// only on this machine")]
    Address,
    #[error("cannot be reached: no root certificates ({0}); install the ca-certificates package")]
    NoRoots(String),
    #[error("cannot be reached: {0}")]
    Tls(#[from] rustls::Error),
}

/// A pager behind a webhook.
pub struct Webhook {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Whoever knows it can page people.
    address: SecretString,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Webhook")
    }
}

/// Whether pages may go there: what they say of a case must not be read on the way.
pub fn check(address: &str) -> Result<Url, PagerSetUpError> {
    let url = Url::parse(address).map_err(|_| PagerSetUpError::Address)?;
    let here = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => return Err(PagerSetUpError::Address),
    };
    let is_safe = url.scheme() == "https" || url.scheme() == "http" && here;
    let bare = url.username().is_empty() && url.password().is_none();
    if is_safe && bare { Ok(url) } else { Err(PagerSetUpError::Address) }
}

impl Webhook {
    /// A client; nothing is called yet.
    pub fn new(address: &SecretString) -> Result<Self, PagerSetUpError> {
        let url = check(address.expose_secret())?;
        let tls = tls(url.scheme() == "https")?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, address: address.clone() })
    }

    async fn send(&self, page: &Page) -> Result<u16, NotPaged> {
        let wrong = |why: String| NotPaged { why, retryable: false };
        let body = serde_json::to_vec(page).map_err(|error| wrong(error.to_string()))?;
        let request = Request::post(self.address.expose_secret())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("keyleak/", env!("CARGO_PKG_VERSION")))
            .header(IDEMPOTENCY_KEY, &page.dedup_key)
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| wrong("it is no request".to_owned()))?;
        // The error may quote the address, which is a secret.
        let broken = |_| NotPaged { why: "the connection failed".to_owned(), retryable: true };
        let status = self.client.request(request).await.map_err(broken)?.status();
        judged(status)
    }
}

#[async_trait]
impl Pager for Webhook {
    async fn page(&self, page: &Page) -> Result<u16, NotPaged> {
        match tokio::time::timeout(TIME_MAX, self.send(page)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(NotPaged { why: "it took too long".to_owned(), retryable: true }),
        }
    }
}

/// A redirection is no answer: the page went where it was configured to go, or nowhere.
fn judged(status: StatusCode) -> Result<u16, NotPaged> {
    if status.is_success() {
        return Ok(status.as_u16());
    }
    let retryable = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
    Err(NotPaged { why: format!("HTTP {}", status.as_u16()), retryable })
}

/// TLS with the machine's own roots; a plain address needs none.
fn tls(needs_roots: bool) -> Result<ClientConfig, PagerSetUpError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
    };
    let config = match builder()?.with_native_roots() {
        Ok(config) => config,
        Err(error) if needs_roots => return Err(PagerSetUpError::NoRoots(error.to_string())),
        Err(_) => builder()?.with_root_certificates(RootCertStore::empty()),
    };
    Ok(config.with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_go_over_tls_or_stay_on_this_machine() {
        for good in [
            "https://pager.example.com/v1/keyleak?token=1",
            "http://127.0.0.1:8080/page",
            "http://[::1]:8080/page",
            "http://localhost/page",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "pager.example.com",
            "http://pager.example.com/",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com/",
            "http://10.0.0.1/",
            "https://user:secret@pager.example.com/",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
        ] {
            assert!(matches!(check(bad), Err(PagerSetUpError::Address)), "{bad}");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_and_a_refusal_is_not() {
        let retryable = |status: u16| judged(StatusCode::from_u16(status).unwrap());
        for status in [200, 202, 204] {
            assert_eq!(retryable(status), Ok(status));
        }
        for status in [408, 429, 500, 503] {
            assert!(retryable(status).unwrap_err().retryable, "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410] {
            assert!(!retryable(status).unwrap_err().retryable, "{status}");
        }
    }

    #[test]
    fn the_address_is_not_printed() {
        let webhook = Webhook::new(&SecretString::from("http://127.0.0.1/hidden")).unwrap();
        assert!(!format!("{webhook:?}").contains("hidden"));
    }
}
