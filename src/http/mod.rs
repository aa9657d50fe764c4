//! The addresses that Slack and operators call: verify, decide, answer; the acting is the worker's.

mod codes;
pub mod commands;
pub mod connection;
pub mod errands;
pub mod happenings;
pub mod health;
mod help;
mod opened;
pub mod plan_forms;
pub mod presses;
mod questions;
pub mod shortcuts;
pub mod wall;

use crate::domain::proof::Verified;
use crate::flow::desk::Desk;
use crate::http::connection::Connection;
use crate::http::errands::Errands;
use crate::http::wall::Wall;
use crate::slack::blocks;
use crate::slack::inbound::{self, Inbound, Route};
use crate::slack::telling;
use crate::worker::Worker;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Slack gives up after 3 seconds; a decision that is not durable by now is answered as such.
pub(crate) const DECISION_TIME_MAX: Duration = Duration::from_millis(2_400);
/// What a person is told when the journal could not take their decision.
pub(crate) const NOT_RECORDED: &str = "Not recorded: the journal did not answer, so nothing was \
    done. Press again in a moment; if it stays so, whoever runs keyleak finds the reason in its log \
    and at /readyz.";

/// What a person is told when nobody knows whether the journal took their decision.
pub(crate) const NOT_SURE: &str = "Not recorded, as far as I can see: the journal did not answer \
    in time. Only what the card shows counts. Press again in a moment if it does not show; pressed \
    twice it counts once.";

/// Everything a request needs.
#[derive(Debug)]
pub struct Service {
    pub desk: Arc<Desk>,
    pub worker: Arc<Worker>,
    pub errands: Errands,
    pub wall: Wall,
    /// The id of our Slack app; requests for another one are refused.
    pub app_id: Option<String>,
    /// The connection of Socket Mode, where that is how Slack reaches us.
    pub connection: Option<Arc<Connection>>,
}

/// The routes; the caller owns the listener.
pub fn app(service: Arc<Service>) -> Router {
    Router::new()
        .route("/slack/commands", post(commands))
        .route("/slack/interactions", post(interactions))
        .route("/slack/events", post(events))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .with_state(service)
}

async fn commands(State(service): State<Arc<Service>>, request: Request) -> Response {
    take_in(&service, Route::Commands, request).await
}

async fn interactions(State(service): State<Arc<Service>>, request: Request) -> Response {
    take_in(&service, Route::Interactions, request).await
}

async fn events(State(service): State<Arc<Service>>, request: Request) -> Response {
    take_in(&service, Route::Events, request).await
}

async fn take_in(service: &Service, route: Route, request: Request) -> Response {
    let now = service.desk.clock.now();
    let verified = match service.wall.verify(route, request, now).await {
        Ok(verified) => verified,
        Err(answer) => return answer,
    };
    if service.wall.is_replay(verified.delivery(), now) {
        return StatusCode::OK.into_response();
    }
    let (answer, durable) = judge(service, &verified, route).await;
    if durable {
        service.wall.remember(verified.delivery(), now);
    }
    answer
}

/// The answer to what Slack sent by either way, and whether what it rests on is durable.
pub async fn judge(service: &Service, verified: &Verified, route: Route) -> (Response, bool) {
    match inbound::read(verified, route, service.app_id.as_deref()) {
        Ok(inbound) => dispatch(service, inbound).await,
        Err(error) => {
            tracing::warn!(%error, "what Slack sent was not taken in");
            (StatusCode::BAD_REQUEST.into_response(), false)
        }
    }
}

/// The answer, and whether what it rests on is durable: only then is a repeat ignored.
async fn dispatch(service: &Service, inbound: Inbound) -> (Response, bool) {
    match inbound {
        Inbound::Slash(slash) => commands::answer(service, slash).await,
        Inbound::Click(click) => presses::click(service, click).await,
        Inbound::Submit(submit) => presses::submit(service, submit).await,
        Inbound::Shortcut(shortcut) => shortcuts::answer(service, shortcut).await,
        Inbound::PlanForm(sent) => plan_forms::sent(service, sent).await,
        Inbound::Code(sent) => codes::sent(service, sent).await,
        Inbound::Event(happening) => happenings::answer(service, happening).await,
        Inbound::UrlVerification { challenge } => {
            let body = serde_json::json!({ "challenge": challenge }).to_string();
            (([(header::CONTENT_TYPE, "application/json")], body).into_response(), false)
        }
        Inbound::SslCheck => (StatusCode::OK.into_response(), false),
        Inbound::Ignored(why) => {
            tracing::debug!(%why, "nothing to do for a request");
            (StatusCode::OK.into_response(), true)
        }
    }
}

/// An answer in lines that only the person who asked can see: each line is rich text, in which
/// nothing is live, and `text` is what a notification shows of it.
pub(crate) fn ephemeral_lines(text: &str, lines: Vec<Vec<Value>>) -> Response {
    let body = serde_json::json!({
        "response_type": "ephemeral",
        "text": blocks::inert(text),
        "blocks": [blocks::rich("answer", vec![blocks::list(lines, false)])],
    });
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// An answer in words that only the person who asked can see.
pub(crate) fn ephemeral(text: &str) -> Response {
    json(&telling::answer(text))
}

/// An answer to a form that was sent.
pub(crate) fn json(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
