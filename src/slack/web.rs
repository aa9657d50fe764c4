//! One call to Slack's Web API: paced, bounded in time, and classified when it fails.

use crate::domain::ids::ChannelId;
use crate::ports::chat::{ChatError, Fetched};
use crate::ports::clock::Clock;
use crate::slack::download::{self, Files};
use crate::slack::failure::Failure;
use crate::slack::pacing::{Pace, Turn};
use hyper_rustls::{ConfigBuilderExt, HttpsConnectorBuilder};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use slack_morphism::hyper_tokio::{SlackClientHyperConnector, SlackClientHyperHttpsConnector};
use slack_morphism::{
    ClientResult, SlackApiToken, SlackApiTokenValue, SlackClient, SlackClientApiCallContext,
    SlackClientHttpConnector,
};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Slack's own Web API.
pub const SLACK_API_URL: &str = "https://slack.com/api";
/// The crate has no time limit of its own; Slack answers within a second or two.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
/// An upload may be as large as a report with all its answers.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Where Slack's one-time addresses lie.
const SLACK_HOSTS: [&str; 2] = ["hooks.slack.com", FILES_HOST];
/// The only one of Slack's hosts, beside the Web API's, that is shown our token.
const FILES_HOST: &str = "files.slack.com";

/// How to reach Slack.
#[derive(Debug, Clone)]
pub struct SlackSettings {
    /// The base of the Web API; another one than Slack's only in tests and drills.
    pub api_url: String,
    pub bot_token: SecretString,
    pub team_id: String,
    pub app_id: Option<String>,
}

/// Why the client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SlackSetUpError {
    #[error("slack.api_url is no address ({0}); it looks like {SLACK_API_URL}")]
    ApiUrl(String),
    #[error(
        "no root certificates to check Slack's with ({0}); install the ca-certificates package"
    )]
    NoRoots(String),
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The way to Slack.
pub(super) struct Web {
    client: SlackClient<SlackClientHyperHttpsConnector>,
    files: Files,
    bot_token: SecretString,
    token: SlackApiToken,
    /// The scheme, host and port that one-time addresses may have besides Slack's own.
    own: (String, String, Option<u16>),
    clock: Clock,
    pace: Pace,
}

impl std::fmt::Debug for Web {
    /// The token must not be printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Web").field("own", &self.own).finish_non_exhaustive()
    }
}

impl Web {
    pub(super) fn new(settings: &SlackSettings, clock: Clock) -> Result<Self, SlackSetUpError> {
        let (url, tls, client) = connecting(&settings.api_url)?;
        let host = url.host_str().unwrap_or_default();
        let token = settings.bot_token.expose_secret().to_owned();
        Ok(Self {
            client,
            files: download::files(tls),
            bot_token: settings.bot_token.clone(),
            token: SlackApiToken::new(SlackApiTokenValue(token)),
            own: (url.scheme().to_owned(), host.to_owned(), url.port()),
            clock,
            pace: Pace::default(),
        })
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Calls a method with JSON.
    pub(super) async fn post(
        &self,
        method: &str,
        channel: Option<&ChannelId>,
        body: &Value,
    ) -> Result<Value, Failure> {
        self.turn(method, channel).await?;
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_post(method, body, None);
        let answer = within(CALL_TIMEOUT, method, call).await;
        self.judge((method, channel), answer)
    }

    /// Calls a reading method; what has no value is left out.
    pub(super) async fn get(
        &self,
        method: &str,
        params: &Vec<(&str, Option<String>)>,
    ) -> Result<Value, Failure> {
        self.turn(method, None).await?;
        let session = self.client.open_session(&self.token);
        let call = session.http_session_api.http_get(method, params, None);
        let answer = within(CALL_TIMEOUT, method, call).await;
        self.judge((method, None), answer)
    }

    /// Posts to a one-time address of Slack's; to any other nothing is sent.
    pub(super) async fn respond(&self, address: &str, body: &Value) -> Result<(), Failure> {
        let url = self.one_time(address)?;
        let span = tracing::Span::none();
        let call = self.client.http_api.connector.http_post_uri(url, body, anonymous(&span));
        let answer: Value = within(CALL_TIMEOUT, "response_url", call).await?;
        accepted("response_url", answer).map(drop)
    }

    /// Sends a file's content to the address that Slack gave for it.
    pub(super) async fn send_bytes(&self, address: &str, bytes: &[u8]) -> Result<(), Failure> {
        let url = self.one_time(address)?;
        let span = tracing::Span::none();
        let kind = "application/octet-stream".to_owned();
        let connector = &self.client.http_api.connector;
        let call = connector.http_post_uri_binary(url, kind, bytes, anonymous(&span));
        let _: Value = within(UPLOAD_TIMEOUT, "upload_url", call).await?;
        Ok(())
    }

    /// Reads a file of the workspace; its address must be Slack's own, for it is sent our token.
    pub(super) async fn read_bytes(
        &self,
        address: &str,
        bytes_max: usize,
    ) -> Result<Fetched, Failure> {
        let url = self.one_time(address)?;
        let (_, own_host, _) = &self.own;
        if ![FILES_HOST, own_host].contains(&url.host_str().unwrap_or_default()) {
            return Err(Failure::not_ok("the file's address"));
        }
        self.turn("file", None).await?;
        download::read(&self.files, (&url, &self.bot_token), bytes_max).await
    }

    async fn turn(&self, method: &str, channel: Option<&ChannelId>) -> Result<(), Failure> {
        match self.pace.take(method, channel, self.clock.now()) {
            Turn::Now => Ok(()),
            Turn::After(wait) => {
                self.clock.sleep(Duration::try_from(wait).unwrap_or_default()).await;
                Ok(())
            }
            Turn::Later { seconds } => Err(Failure::plain(ChatError::Limited { seconds })),
        }
    }

    fn judge(
        &self,
        (method, channel): (&str, Option<&ChannelId>),
        answer: Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let answer = answer.and_then(|answer| accepted(method, answer));
        if let Err(failure) = &answer {
            if let ChatError::Limited { seconds } = failure.error {
                self.pace.close(method, channel, seconds, self.clock.now());
            }
            tracing::debug!(method, code = failure.code, "a call to Slack failed");
        }
        answer
    }

    /// A signing secret that leaked must not make us call addresses of somebody's choice.
    fn one_time(&self, address: &str) -> Result<Url, Failure> {
        let foreign = || Failure::not_ok("one-time address");
        let url = Url::parse(address).map_err(|_| foreign())?;
        let host = url.host_str().unwrap_or_default();
        let slacks = url.scheme() == "https" && url.port().is_none() && SLACK_HOSTS.contains(&host);
        let (scheme, own_host, port) = &self.own;
        let own = url.scheme() == scheme && host == own_host && url.port() == *port;
        let bare = url.username().is_empty() && url.password().is_none();
        if (slacks || own) && bare { Ok(url) } else { Err(foreign()) }
    }
}

/// The base of the Web API, the TLS to reach it with, and a client that does.
pub(super) fn connecting(
    api_url: &str,
) -> Result<(Url, ClientConfig, SlackClient<SlackClientHyperHttpsConnector>), SlackSetUpError> {
    let base = api_url.trim_end_matches('/');
    let wrong = |why: &str| SlackSetUpError::ApiUrl(why.to_owned());
    let url = Url::parse(base).map_err(|error| wrong(&error.to_string()))?;
    if url.host_str().is_none() {
        return Err(wrong("it has no host"));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it must begin with https:// or http://"));
    }
    let tls = tls(url.scheme() == "https")?;
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_all_versions()
        .build();
    let connector = SlackClientHyperConnector::from(connector).with_slack_api_url(base);
    Ok((url, tls, SlackClient::new(connector)))
}

/// TLS with the machine's own roots; a plain address needs none.
pub(super) fn tls(needs_roots: bool) -> Result<ClientConfig, SlackSetUpError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = || {
        ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
    };
    let config = match builder()?.with_native_roots() {
        Ok(config) => config,
        Err(error) if needs_roots => return Err(SlackSetUpError::NoRoots(error.to_string())),
        Err(_) => builder()?.with_root_certificates(RootCertStore::empty()),
    };
    Ok(config.with_no_client_auth())
}

/// A call that carries no token, to an address that must not be logged.
fn anonymous(span: &tracing::Span) -> SlackClientApiCallContext<'_> {
    SlackClientApiCallContext {
        rate_control_params: None,
        token: None,
        tracing_span: span,
        is_sensitive_url: true,
    }
}

pub(super) async fn within(
    limit: Duration,
    method: &str,
    call: impl Future<Output = ClientResult<Value>>,
) -> Result<Value, Failure> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => answer.map_err(|error| Failure::of(method, &error)),
        Err(_) => Err(Failure::unavailable("it took too long")),
    }
}

fn accepted(method: &str, answer: Value) -> Result<Value, Failure> {
    if answer["ok"] == Value::Bool(false) {
        return Err(Failure::not_ok(method));
    }
    Ok(answer)
}
