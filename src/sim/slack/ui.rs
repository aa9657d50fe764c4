//! A small JSON API for a browser page that plays the people of the workspace.
//!
//! `GET /ui/state?user=USER` answers what this person's client shows, as data:
//! `{version, now, team: {id, name, domain}, bot_user_id, people, groups, channels: [{…,
//! messages}], ephemerals: [{user, channel, message}], views: [{user, object, errors}], files,
//! toasts: [{user, text}]}`. Messages, blocks and views are as Slack describes them. Without a
//! user it answers everything.
//!
//! `GET /ui/events?after=VERSION` answers `{version}` once it differs, or after 25 seconds.
//! `GET /ui/files/ID?user=USER` answers a file's bytes, if it is in a channel they see.
//!
//! `POST /ui/say {user, channel, text, thread_ts?}` ·
//! `POST /ui/slash {user, channel, command, text}` ·
//! `POST /ui/click {user, channel, ts, action_id, value?, chosen?}`, or `view_id` in place of
//! `channel` and `ts` · `POST /ui/submit {user, values: {action or block id: given}}` ·
//! `POST /ui/close {user}` act as a person, and `POST /ui/give {user, name, content}` answers
//! `{ok: true, file}`, which is what a field for files is then submitted with. The others answer
//! `{ok: true, status, body, elapsed_ms, toast}`, or 422 with `{ok: false, error}` where the
//! person cannot do that. Only same-origin JSON requests to a loopback host are taken.

use crate::sim::slack::acts::{Impossible, Place, Press};
use crate::sim::slack::deliver::Delivery;
use crate::sim::slack::seen::{seen_by, shows_file};
use crate::sim::slack::server::SimSlack;
use axum::Router;
use axum::extract::{Json, Path, Query, Request, State as FromSlack};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// How long a page waits for a change before it asks again.
const POLL: Duration = Duration::from_secs(25);

#[derive(Debug, Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

#[derive(Debug, Deserialize)]
struct Viewer {
    user: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Say {
    user: String,
    channel: String,
    text: String,
    thread_ts: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Slash {
    user: String,
    channel: String,
    command: String,
    #[serde(default)]
    text: String,
}

#[derive(Debug, Deserialize)]
struct Click {
    user: String,
    channel: Option<String>,
    ts: Option<String>,
    view_id: Option<String>,
    action_id: String,
    value: Option<String>,
    chosen: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Submit {
    user: String,
    #[serde(default)]
    values: Value,
}

#[derive(Debug, Deserialize)]
struct Close {
    user: String,
}

#[derive(Debug, Deserialize)]
struct Give {
    user: String,
    name: String,
    content: String,
}

/// The routes of the page's API, to be merged into the server that serves the page.
pub fn ui_router(slack: SimSlack) -> Router {
    Router::new()
        .route("/ui/state", get(state))
        .route("/ui/events", get(events))
        .route("/ui/files/{id}", get(file))
        .route("/ui/say", post(say))
        .route("/ui/slash", post(slash))
        .route("/ui/click", post(click))
        .route("/ui/submit", post(submit))
        .route("/ui/close", post(close))
        .route("/ui/give", post(give))
        .layer(from_fn(same_origin))
        .with_state(slack)
}

async fn state(
    FromSlack(slack): FromSlack<SimSlack>,
    Query(Viewer { user }): Query<Viewer>,
) -> Response {
    let now = slack.shared.clock.now();
    let version = *slack.watch().borrow();
    let seen = slack.shared.with(|state| {
        let known = user.as_ref().is_none_or(|user| state.person(user).is_some());
        known.then(|| seen_by(state, user.as_deref()))
    });
    let Some(mut seen) = seen else {
        return told(Err(Impossible::NoSuchPerson(user.unwrap_or_default())));
    };
    seen["version"] = json!(version);
    seen["now"] = json!(now);
    Json(seen).into_response()
}

/// A file as Slack hands it out: pictures to look at, everything else to keep.
async fn file(
    FromSlack(slack): FromSlack<SimSlack>,
    Path(id): Path<String>,
    Query(Viewer { user }): Query<Viewer>,
) -> Response {
    let found = slack.shared.with(|state| {
        let file = state.files.iter().find(|file| file.id == id)?;
        shows_file(state, file, user.as_deref()).then(|| (file.name.clone(), file.content.clone()))
    });
    let Some((name, content)) = found else {
        return (StatusCode::NOT_FOUND, "there is no such file for this person").into_response();
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let name: String = name.chars().map(plain).collect();
    let (kind, shown) = match name.rsplit_once('.') {
        Some((_, "png")) => ("image/png", "inline"),
        Some((_, "csv")) => ("text/csv; charset=utf-8", "attachment"),
        Some((_, "md")) => ("text/markdown; charset=utf-8", "attachment"),
        Some((_, "json")) => ("application/json", "attachment"),
        Some(_) | None => ("application/octet-stream", "attachment"),
    };
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("{shown}; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    (headers, content).into_response()
}

async fn say(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Say>) -> Response {
    told(slack.write(&it.user, &it.channel, (&it.text, it.thread_ts.as_deref())).map(|_| None))
}

async fn events(
    FromSlack(slack): FromSlack<SimSlack>,
    Query(After { after }): Query<After>,
) -> Json<Value> {
    let mut watch = slack.watch();
    // A page that waits must not hold up the end of the program.
    tokio::select! {
        _ = watch.wait_for(|version| *version != after) => {}
        () = tokio::time::sleep(POLL) => {}
        () = slack.shared.stop.cancelled() => {}
    }
    let version = *slack.watch().borrow();
    Json(json!({"version": version}))
}

async fn slash(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Slash>) -> Response {
    told(slack.slash(&it.user, &it.channel, &it.command, &it.text).await.map(Some))
}

async fn click(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Click>) -> Response {
    let place = match (it.view_id, it.channel, it.ts) {
        (Some(view_id), _, _) => Place::View { view_id },
        (None, Some(channel), Some(ts)) => Place::Message { channel, ts },
        (None, _, _) => {
            let words = "give `channel` and `ts`, or `view_id`".to_owned();
            return told(Err(Impossible::Input(words)));
        }
    };
    let press = Press::new(&it.user, place, &it.action_id);
    told(slack.press(Press { value: it.value, chosen: it.chosen, ..press }).await.map(Some))
}

async fn submit(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Submit>) -> Response {
    told(slack.submit_view(&it.user, &it.values).await.map(Some))
}

async fn close(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Close>) -> Response {
    told(slack.close_view(&it.user).await)
}

async fn give(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Give>) -> Response {
    let file = slack.give(&it.user, &it.name, it.content.as_bytes());
    Json(json!({"ok": true, "file": file})).into_response()
}

fn told(outcome: Result<Option<Delivery>, Impossible>) -> Response {
    match outcome {
        Ok(Some(delivery)) => Json(json!({
            "ok": true,
            "status": delivery.status,
            "body": delivery.body,
            "elapsed_ms": u64::try_from(delivery.elapsed.as_millis()).unwrap_or(u64::MAX),
            "toast": delivery.toast,
        }))
        .into_response(),
        Ok(None) => Json(json!({"ok": true})).into_response(),
        Err(why) => {
            let body = Json(json!({"ok": false, "error": why.to_string()}));
            (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
        }
    }
}

/// A page of another site must not act here, nor read what is here.
pub async fn same_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = text(headers, header::HOST.as_str());
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
    });
    let loopback = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    let origin = text(headers, header::ORIGIN.as_str());
    let own = origin.is_empty() || origin.strip_prefix("http://") == Some(host);
    let kind = text(headers, header::CONTENT_TYPE.as_str());
    let json = request.method() == Method::GET || kind.starts_with("application/json");
    let site = text(headers, "sec-fetch-site");
    let here = ["", "none", "same-origin"].contains(&site);
    if loopback && own && json && here {
        return next.run(request).await;
    }
    let words = "only the page served here may act; open it on a loopback address";
    (StatusCode::FORBIDDEN, Json(json!({"ok": false, "error": words}))).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}
