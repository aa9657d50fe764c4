//! Opens a connection of Socket Mode: asks Slack where, connects, and hears its hello.

use crate::domain::proof::{Line, NotGreeted};
use crate::slack::envelope::{Frame, Goodbye, read};
use crate::slack::failure::Failure;
use crate::slack::web::{SlackSetUpError, connecting, within};
use futures_util::StreamExt;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use slack_morphism::hyper_tokio::SlackClientHyperHttpsConnector;
use slack_morphism::{SlackApiToken, SlackApiTokenValue, SlackClient};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use url::Url;

/// The method that says where to connect.
const METHOD: &str = "apps.connections.open";
/// How long Slack may take to say where, and again to be connected to and to greet.
const OPEN_TIME_MAX: Duration = Duration::from_secs(10);
/// Slack bounds a view at 250 KB, and an interaction brings one or a message along.
const FRAME_BYTES_MAX: usize = 2 << 20;

/// What a connection runs over.
pub trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// An open connection.
pub type Socket = WebSocketStream<Box<dyn Wire>>;

/// How to reach Socket Mode.
#[derive(Debug, Clone)]
pub struct LineSettings {
    /// The base of the Web API; another one than Slack's only in tests and drills.
    pub api_url: String,
    /// The app-level token (`xapp-…`).
    pub app_token: SecretString,
    pub app_id: Option<String>,
}

/// The way to connections.
pub struct Lines {
    client: SlackClient<SlackClientHyperHttpsConnector>,
    tls: Arc<ClientConfig>,
    token: SlackApiToken,
    api: Url,
    app_id: Option<String>,
}

/// A connection on which Slack has said hello.
pub struct Opened {
    pub line: Line,
    pub socket: Socket,
    /// How many connections Slack counts for this app.
    pub connections: Option<u64>,
}

/// Why there is no connection; never with the address, which holds a ticket.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    #[error("Slack does not say where to connect: {0}")]
    Refused(String),
    #[error("Slack named an address that is not its own, so nothing was connected to")]
    Foreign,
    #[error("it took too long")]
    Late,
    #[error("Socket Mode is off for this app; switch it on in the app's settings")]
    Disabled,
    #[error("Slack counts too many connections of this app (it allows ten)")]
    TooMany,
    #[error("Slack sends us away at once")]
    SentAway,
    #[error("the connection failed: {0}")]
    Broken(String),
    #[error(transparent)]
    NotGreeted(#[from] NotGreeted),
}

impl Lines {
    pub fn new(settings: &LineSettings) -> Result<Self, SlackSetUpError> {
        let (api, tls, client) = connecting(&settings.api_url)?;
        let token = settings.app_token.expose_secret().to_owned();
        Ok(Self {
            client,
            tls: Arc::new(tls),
            token: SlackApiToken::new(SlackApiTokenValue(token)),
            api,
            app_id: settings.app_id.clone(),
        })
    }

    /// Opens one more connection.
    pub async fn open(&self) -> Result<Opened, NotOpened> {
        let address = self.address().await?;
        let connecting = self.connect(&address);
        tokio::time::timeout(OPEN_TIME_MAX, connecting).await.unwrap_or(Err(NotOpened::Late))
    }

    async fn address(&self) -> Result<Url, NotOpened> {
        let session = self.client.open_session(&self.token);
        let nothing = json!({});
        let call = session.http_session_api.http_post(METHOD, &nothing, None);
        let answer: Result<Value, Failure> = within(OPEN_TIME_MAX, METHOD, call).await;
        let answer = answer.map_err(|failure| NotOpened::Refused(failure.error.to_string()))?;
        let url = answer["url"].as_str().and_then(|url| Url::parse(url).ok());
        url.filter(|url| self.is_slacks(url)).ok_or(NotOpened::Foreign)
    }

    /// A host of the domain whose Web API was asked, and over TLS if that was.
    fn is_slacks(&self, url: &Url) -> bool {
        let (host, api) = (url.host_str().unwrap_or_default(), self.api.host_str());
        let scheme = if self.api.scheme() == "https" { "wss" } else { "ws" };
        let below = |api: &str| host.strip_suffix(api).is_some_and(|rest| rest.ends_with('.'));
        url.scheme() == scheme && api.is_some_and(|api| host == api || below(api))
    }

    async fn connect(&self, address: &Url) -> Result<Opened, NotOpened> {
        let broken = |error: std::io::Error| NotOpened::Broken(error.kind().to_string());
        let host = address.host_str().ok_or(NotOpened::Foreign)?;
        let port = address.port_or_known_default().ok_or(NotOpened::Foreign)?;
        let tcp = TcpStream::connect((host, port)).await.map_err(broken)?;
        tcp.set_nodelay(true).map_err(broken)?;
        let wire: Box<dyn Wire> = if address.scheme() == "wss" {
            let name = ServerName::try_from(host.to_owned()).map_err(|_| NotOpened::Foreign)?;
            let connector = TlsConnector::from(Arc::clone(&self.tls));
            Box::new(connector.connect(name, tcp).await.map_err(broken)?)
        } else {
            Box::new(tcp)
        };
        let limits = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let connected = client_async_with_config(address.as_str(), wire, Some(limits)).await;
        let (mut socket, _) = connected.map_err(|error| NotOpened::Broken(why(&error)))?;
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    let connections = match read(&text) {
                        Frame::Hello { connections } => connections,
                        Frame::Goodbye(Goodbye::Disabled) => return Err(NotOpened::Disabled),
                        Frame::Goodbye(Goodbye::TooMany) => return Err(NotOpened::TooMany),
                        Frame::Goodbye(Goodbye::Soon) => return Err(NotOpened::SentAway),
                        Frame::Envelope(_) | Frame::Other { .. } | Frame::Unreadable => None,
                    };
                    let line = Line::greeted(&text, self.app_id.as_deref())?;
                    return Ok(Opened { line, socket, connections });
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Binary(_) | Message::Frame(_) | Message::Close(_))) | None => {
                    return Err(NotGreeted::NoHello.into());
                }
                Some(Err(error)) => return Err(NotOpened::Broken(why(&error))),
            }
        }
    }
}

/// What went wrong, in words that hold nothing of the address.
pub fn why(error: &Error) -> String {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => "it was closed".to_owned(),
        Error::Io(error) => error.kind().to_string(),
        Error::Http(answer) => format!("Slack answers {}", answer.status()),
        Error::Capacity(_) => "a frame is too large".to_owned(),
        Error::Protocol(error) => error.to_string(),
        Error::Utf8(_) => "a frame is no text".to_owned(),
        Error::Tls(_)
        | Error::Url(_)
        | Error::HttpFormat(_)
        | Error::WriteBufferFull(_)
        | Error::AttackAttempt => "the handshake failed".to_owned(),
    }
}

impl std::fmt::Debug for Lines {
    /// The token must not be printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("app_id", &self.app_id).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("connections", &self.connections).finish_non_exhaustive()
    }
}
