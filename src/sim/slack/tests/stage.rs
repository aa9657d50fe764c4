//! A workspace, a client that can call it wrongly, and a bot that answers as told.

use crate::ports::clock::Clock;
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::deliver::client;
use crate::sim::slack::server::SimSlack;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

pub(super) const ANA: &str = "U0ANA00001";
pub(super) const BOB: &str = "U0BOB00002";
pub(super) const TOKEN: &str = "xoxb-simulated";
pub(super) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

pub(super) struct Stage {
    pub(super) slack: SimSlack,
    pub(super) bot: Bot,
}

/// What came back from the Web API.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

#[derive(Clone, Default)]
pub(super) struct Bot {
    answers: Arc<Mutex<VecDeque<Told>>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

#[derive(Clone)]
pub(super) struct Told {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: String,
    pub(super) after: Duration,
    pub(super) no_retry: bool,
}

#[derive(Clone)]
pub(super) struct Heard {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Told {
    pub(super) fn json(body: &Value) -> Self {
        let body = body.to_string();
        Self { kind: "application/json", body, ..Self::status(200) }
    }

    pub(super) fn status(status: u16) -> Self {
        let (kind, body, after) = ("text/plain", String::new(), Duration::ZERO);
        Self { status, kind, body, after, no_retry: false }
    }
}

impl Heard {
    /// The fields of a form body.
    pub(super) fn field(&self, name: &str) -> String {
        let mut pairs = form_urlencoded::parse(self.body.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
    }

    pub(super) fn payload(&self) -> Value {
        serde_json::from_str(&self.field("payload")).unwrap()
    }
}

impl Bot {
    pub(super) fn tell(&self, told: Told) {
        self.answers.lock().unwrap().push_back(told);
    }

    pub(super) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    pub(super) fn last(&self) -> Heard {
        self.heard().pop().expect("the bot heard nothing")
    }
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(config(Clock::real())).await
    }

    pub(super) async fn with(config: SimSlackConfig) -> Self {
        let tracker = TaskTracker::new();
        let slack = SimSlack::start(config, &tracker).await.unwrap();
        let bot = Bot::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        slack.set_bot_url(&format!("http://{}", listener.local_addr().unwrap()));
        let router = Router::new().fallback(answer).with_state(bot.clone());
        tracker.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { slack, bot }
    }

    /// Calls a method with a JSON body and the right token.
    pub(super) async fn call(&self, method: &str, args: Value) -> Value {
        self.send(method, "application/json; charset=utf-8", &args.to_string(), TOKEN).await.body
    }

    /// Calls a method with a form body.
    pub(super) async fn form(&self, method: &str, args: &[(&str, &str)]) -> Value {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(args);
        let body = form.finish();
        self.send(method, "application/x-www-form-urlencoded", &body, TOKEN).await.body
    }

    pub(super) async fn send(&self, method: &str, kind: &str, body: &str, token: &str) -> Answer {
        let url = format!("{}/{method}", self.slack.api_url());
        self.post(&url, kind, body, token).await.expect("no answer")
    }

    pub(super) async fn post(
        &self,
        url: &str,
        kind: &str,
        body: &str,
        token: &str,
    ) -> Option<Answer> {
        let mut request = axum::http::Request::post(url).header("content-type", kind);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        exchange(request.body(Full::new(Bytes::from(body.to_owned()))).unwrap()).await
    }

    pub(super) async fn get(&self, url: &str) -> Answer {
        let request =
            axum::http::Request::get(url).header("authorization", format!("Bearer {TOKEN}"));
        exchange(request.body(Full::default()).unwrap()).await.expect("no answer")
    }

    /// A private channel of the bot with Ana in it.
    pub(super) async fn room(&self) -> String {
        let made = self.call("conversations.create", json!({"name": "room", "is_private": true}));
        let id = made.await["channel"]["id"].as_str().unwrap().to_owned();
        let invited = self.call("conversations.invite", json!({"channel": id, "users": ANA})).await;
        assert_eq!(invited["ok"], true, "{invited}");
        id
    }

    /// Posts these blocks; the answer of the API.
    pub(super) async fn post_blocks(&self, channel: &str, blocks: Value) -> Value {
        let args = json!({"channel": channel, "text": "summary", "blocks": blocks});
        self.call("chat.postMessage", args).await
    }
}

pub(super) fn config(clock: Clock) -> SimSlackConfig {
    SimSlackConfig::new(clock, SECRET, TOKEN)
}

pub(super) async fn exchange(request: axum::http::Request<Full<Bytes>>) -> Option<Answer> {
    let response = client().request(request).await.ok()?;
    let (head, body) = response.into_parts();
    let bytes = body.collect().await.ok()?.to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Some(Answer { status: head.status.as_u16(), headers: head.headers, body })
}

async fn answer(State(bot): State<Bot>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(bytes.to_vec()).unwrap();
    let heard = Heard { path: head.uri.path().to_owned(), headers: head.headers, body };
    bot.heard.lock().unwrap().push(heard);
    let told = bot.answers.lock().unwrap().pop_front().unwrap_or(Told::status(200));
    tokio::time::sleep(told.after).await;
    let retry = if told.no_retry { "1" } else { "0" };
    let headers = [("content-type", told.kind), ("x-slack-no-retry", retry)];
    (StatusCode::from_u16(told.status).unwrap(), headers, told.body).into_response()
}
