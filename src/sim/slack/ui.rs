//! A small JSON API for a browser page that plays the people of the workspace.
//!
//! `GET /ui/state?user=USER` answers what this person's client shows, as data:
//! `{version, now, team: {id, name, domain}, bot_user_id, app, people, groups, channels: [{…,
//! messages}], ephemerals: [{user, channel, message}], views: [{user, object, errors}], files,
//! toasts: [{user, text}]}`. Messages, blocks and views are as Slack describes them; the person's
//! home of the app is the view of the type `home`. `app` is `{name, description, home, messages,
//! read_only, commands, shortcuts}` of the app's manifest. Without a user it answers everything.
//!
//! `GET /ui/events?after=VERSION` answers `{version}` once it differs, or after 25 seconds.
//! `GET /ui/files/ID?user=USER` answers a file's bytes, if it is in a channel they see.
//!
//! These act as a person:
//!
//! - `POST /ui/say {user, channel, text, thread_ts?}` · `POST /ui/edit {user, channel, ts, text}` ·
//!   `POST /ui/delete {user, channel, ts}`. In `text` a known `@name` or `#channel` is live.
//! - `POST /ui/react {user, channel, ts, emoji, remove?}`, the emoji by its name.
//! - `POST /ui/slash {user, channel, command, text}`
//! - `POST /ui/click {user, channel, ts, action_id, value?, chosen?}`, or `view_id` in place of
//!   `channel` and `ts`.
//! - `POST /ui/point {user, channel, ts, callback_id}` chooses a shortcut of a message, `POST
//!   /ui/choose {user, callback_id}` one that is everywhere.
//! - `POST /ui/submit {user, values: {action or block id: given}}` · `POST /ui/close {user}`
//! - `POST /ui/give {user, name, content}` answers `{ok: true, file}`, which is what a field for
//!   files is then submitted with.
//! - `POST /ui/home {user, tab}` enters the app by `home` or `messages`, each time it is entered.
//! - `POST /ui/direct {user, with}` answers `{ok: true, channel}`, the id of the conversation of
//!   the two.
//!
//! The others answer `{ok: true}`, with `{status, body, elapsed_ms, toast}` where the person's
//! client waits for the app; or 422 with `{ok: false, error}` where the person cannot do that. Only
//! same-origin JSON requests to a loopback host are taken.

use crate::sim::slack::acts::Impossible;
use crate::sim::slack::seen::{seen_by, shows_file};
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::ui_acts::{acts_router, told};
use axum::Router;
use axum::extract::{Json, Path, Query, Request, State as FromSlack};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
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

/// The routes of the page's API, to be merged into the server that serves the page.
pub fn ui_router(slack: SimSlack) -> Router {
    Router::new()
        .route("/ui/state", get(state))
        .route("/ui/events", get(events))
        .route("/ui/files/{id}", get(file))
        .merge(acts_router())
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
