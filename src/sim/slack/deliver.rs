//! Sends what people do to the bot: signed, with Slack's patience and Slack's retries.

use crate::sim::slack::delivered::{Delivered, Turn, told};
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::signing::sign;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use secrecy::ExposeSecret;
use std::time::{Duration, Instant};

pub(super) type Client = hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>;

/// Slack waits this long in real time, whatever the clock of the simulation says.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// Answers are small; a larger one is cut off as a failure.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// When Slack tries an event again, on the clock.
const RETRY_AFTER: [Duration; 3] =
    [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];
/// How long after the answer a delivery comes again, on the clock.
const HEARD_NOTHING_FOR: Duration = Duration::from_secs(3);
/// Events come as JSON, everything else as a form.
const EVENT: &str = "application/json";
const USER_AGENT: &str = "Slackbot 1.0 (+https://api.slack.com/robots)";

/// What goes to the bot, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub path: &'static str,
    pub content_type: &'static str,
    pub body: String,
    /// Timestamp, signature and retry headers.
    pub headers: Vec<(&'static str, String)>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// Nothing came within three seconds.
    TimedOut,
    /// The connection failed or broke.
    Unreachable,
}

/// What became of one request to the bot.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub sent: Sent,
    /// The HTTP status, or nothing if there was no answer.
    pub status: Option<u16>,
    pub silence: Option<Silence>,
    pub content_type: String,
    pub body: String,
    pub elapsed: Duration,
    /// The bot asked not to be tried again.
    pub no_retry: bool,
    /// The error Slack showed the person.
    pub toast: Option<String>,
    /// The trigger that came with it.
    pub trigger_id: Option<String>,
}

/// Ways in which a request differs from what Slack would send, or is unusual.
#[derive(Debug, Clone, Default)]
pub struct Twist {
    /// Signs with this secret instead of the app's.
    pub signing_secret: Option<String>,
    /// Sends a timestamp this many seconds in the past; below zero, in the future.
    pub age_s: i64,
    /// Replaces the timestamp header; the signature is made over it.
    pub timestamp: Option<String>,
    /// Replaces the signature header.
    pub signature: Option<String>,
    /// Sends neither signature nor timestamp.
    pub unsigned: bool,
    /// Sends as an app installed on a whole organisation: `team` is null.
    pub org_install: bool,
    /// Sends the person as one of this workspace.
    pub foreign_team: Option<String>,
    /// Sends as another app.
    pub app_id: Option<String>,
    /// Sends to this replica of the bot instead of the one that is configured.
    pub bot_url: Option<String>,
}

pub(super) fn client() -> Client {
    hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(HttpConnector::new())
}

impl Delivery {
    /// Whether the bot accepted it.
    pub fn accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    pub(super) fn unanswered(sent: Sent, elapsed: Duration) -> Self {
        Self {
            sent,
            status: None,
            silence: None,
            content_type: String::new(),
            body: String::new(),
            elapsed,
            no_retry: false,
            toast: None,
            trigger_id: None,
        }
    }

    pub(super) fn retry_reason(&self) -> &'static str {
        match self.silence {
            Some(Silence::TimedOut) => "http_timeout",
            Some(Silence::Unreachable) => "connection_failed",
            None => "http_error",
        }
    }
}

impl SimSlack {
    /// The same workspace, sending in an unusual way.
    pub fn twisted(&self, twist: Twist) -> Self {
        Self { shared: self.shared.clone(), twist }
    }

    /// Sends the very same bytes and headers once more.
    pub async fn repeat(&self, delivery: &Delivery) -> Delivery {
        self.send(delivery.sent.clone()).await
    }

    /// Sends the same body with a fresh timestamp and signature, as a duplicate delivery.
    pub async fn duplicate(&self, delivery: &Delivery) -> Delivery {
        let sent = &delivery.sent;
        self.send_signed(sent.path, sent.content_type, sent.body.clone(), &[]).await
    }

    /// Signs a body and sends it; nothing is done with the answer.
    pub async fn send_signed(
        &self,
        path: &'static str,
        content_type: &'static str,
        body: String,
        extra: &[(&'static str, String)],
    ) -> Delivery {
        let mut sent = self.signed((path, content_type), body);
        sent.headers.extend(extra.iter().cloned());
        self.send(sent).await
    }

    /// A body with its signature, as it would be sent now.
    pub fn signed(&self, (path, content_type): (&'static str, &'static str), body: String) -> Sent {
        let headers = self.signed_headers(&body);
        Sent { path, content_type, body, headers }
    }

    /// Sends an event as often as Slack would; the attempts, the first one first.
    pub(super) async fn send_event(&self, path: &'static str, body: String) -> Vec<Delivery> {
        let kind = EVENT;
        let mut attempts = vec![self.send_signed(path, kind, body.clone(), &[]).await];
        for (index, delay) in RETRY_AFTER.iter().enumerate() {
            let Some(last) = attempts.last().filter(|last| !last.accepted() && !last.no_retry)
            else {
                break;
            };
            let extra = [
                ("X-Slack-Retry-Num", (index + 1).to_string()),
                ("X-Slack-Retry-Reason", last.retry_reason().to_owned()),
            ];
            self.shared.clock.sleep(*delay).await;
            attempts.push(self.send_signed(path, kind, body.clone(), &extra).await);
        }
        attempts
    }

    /// Sends exactly this; once more where a script says so.
    pub async fn send(&self, sent: Sent) -> Delivery {
        let delivery = self.send_once(sent).await;
        self.note(&delivery, Turn::First);
        if self.shared.with(|state| std::mem::take(&mut state.faults.repeats_next)) {
            self.again_later(&delivery.sent);
        }
        delivery
    }

    /// The same body once more with a signature of its own, as Slack does that heard no answer.
    fn again_later(&self, sent: &Sent) {
        let (slack, sent) = (self.clone(), sent.clone());
        self.shared.tracker.spawn(async move {
            tokio::select! {
                () = slack.shared.stop.cancelled() => return,
                () = slack.shared.clock.sleep(HEARD_NOTHING_FOR) => {}
            }
            let mut again = slack.signed((sent.path, sent.content_type), sent.body);
            // Of events alone Slack says that it tries again.
            if again.content_type == EVENT {
                let headers =
                    [("X-Slack-Retry-Num", "1"), ("X-Slack-Retry-Reason", "http_timeout")];
                let headers = headers.map(|(name, value)| (name, value.to_owned()));
                again.headers.extend(headers);
            }
            let delivery = slack.send_once(again).await;
            slack.note(&delivery, Turn::Again);
        });
    }

    fn note(&self, delivery: &Delivery, turn: Turn) {
        let at = self.shared.clock.now();
        let (user, what) = told(&delivery.sent.body);
        let answer = match (delivery.status, delivery.silence) {
            (Some(status), _) => status.to_string(),
            (None, Some(Silence::TimedOut)) => "no answer in three seconds".to_owned(),
            (None, Some(Silence::Unreachable) | None) => "nobody there".to_owned(),
        };
        self.shared.with(|state| {
            let who = state.person(&user).map_or(user, |person| person.real_name.clone());
            Delivered { at, turn, who, what, answer }.keep_in(&mut state.delivered);
        });
    }

    async fn send_once(&self, sent: Sent) -> Delivery {
        if self.shared.with(|state| state.config.socket_mode) {
            return self.send_by_socket(sent).await;
        }
        let started = Instant::now();
        let answer = tokio::time::timeout(PATIENCE, self.exchange(&sent)).await;
        let mut delivery = Delivery::unanswered(sent, started.elapsed());
        match answer {
            Err(_) => delivery.silence = Some(Silence::TimedOut),
            Ok(None) => delivery.silence = Some(Silence::Unreachable),
            Ok(Some((head, body))) => {
                let text = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok());
                delivery.status = Some(head.status.as_u16());
                delivery.content_type = text("content-type").unwrap_or_default().to_owned();
                delivery.no_retry = text("x-slack-no-retry") == Some("1");
                delivery.body = String::from_utf8_lossy(&body).into_owned();
            }
        }
        delivery
    }

    async fn exchange(&self, sent: &Sent) -> Option<(axum::http::response::Parts, Bytes)> {
        let configured = || self.shared.with(|state| state.config.bot_url.clone());
        let base = self.twist.bot_url.clone().or_else(configured)?;
        let mut request = axum::http::Request::post(format!("{base}{}", sent.path))
            .header("content-type", sent.content_type)
            .header("user-agent", USER_AGENT)
            .header("accept", "application/json,*/*");
        for (name, value) in &sent.headers {
            request = request.header(*name, value.as_bytes());
        }
        let request = request.body(Full::new(Bytes::from(sent.body.clone()))).ok()?;
        let response = self.shared.client.request(request).await.ok()?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.ok()?;
        Some((head, body.to_bytes()))
    }

    fn signed_headers(&self, body: &str) -> Vec<(&'static str, String)> {
        if self.twist.unsigned {
            return Vec::new();
        }
        let now = self.shared.clock.now().as_second() - self.twist.age_s;
        let timestamp = self.twist.timestamp.clone().unwrap_or_else(|| now.to_string());
        let own = self.shared.with(|state| state.config.signing_secret.clone());
        let secret = self.twist.signing_secret.as_deref().unwrap_or(own.expose_secret());
        let made = || sign(secret, &timestamp, body.as_bytes());
        let signature = self.twist.signature.clone().unwrap_or_else(made);
        vec![("X-Slack-Request-Timestamp", timestamp), ("X-Slack-Signature", signature)]
    }
}
