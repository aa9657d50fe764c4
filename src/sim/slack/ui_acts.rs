//! The page's addresses by which somebody acts; `ui` describes them.

use crate::sim::slack::acts::{Impossible, Place, Press};
use crate::sim::slack::app::Tab;
use crate::sim::slack::deliver::Delivery;
use crate::sim::slack::hearing::Told;
use crate::sim::slack::server::SimSlack;
use axum::Router;
use axum::extract::{Json, State as FromSlack};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};

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

#[derive(Debug, Deserialize)]
struct Pointed {
    user: String,
    channel: String,
    ts: String,
    callback_id: String,
}

#[derive(Debug, Deserialize)]
struct Chosen {
    user: String,
    callback_id: String,
}

#[derive(Debug, Deserialize)]
struct Emoji {
    user: String,
    channel: String,
    ts: String,
    emoji: String,
    #[serde(default)]
    remove: bool,
}

#[derive(Debug, Deserialize)]
struct Edit {
    user: String,
    channel: String,
    ts: String,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Delete {
    user: String,
    channel: String,
    ts: String,
}

#[derive(Debug, Deserialize)]
struct Enter {
    user: String,
    tab: Tab,
}

#[derive(Debug, Deserialize)]
struct Meet {
    user: String,
    with: String,
}

pub(super) fn acts_router() -> Router<SimSlack> {
    Router::new()
        .route("/ui/say", post(say))
        .route("/ui/edit", post(edit))
        .route("/ui/delete", post(delete))
        .route("/ui/react", post(react))
        .route("/ui/slash", post(slash))
        .route("/ui/click", post(click))
        .route("/ui/point", post(point))
        .route("/ui/choose", post(choose))
        .route("/ui/submit", post(submit))
        .route("/ui/close", post(close))
        .route("/ui/give", post(give))
        .route("/ui/home", post(home))
        .route("/ui/direct", post(direct))
}

async fn say(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Say>) -> Response {
    let said = (it.text.as_str(), it.thread_ts.as_deref());
    later(&slack, slack.writing(&it.user, &it.channel, said))
}

async fn edit(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Edit>) -> Response {
    later(&slack, slack.rewriting(&it.user, (&it.channel, &it.ts), &it.text))
}

async fn delete(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Delete>) -> Response {
    later(&slack, slack.unsaying(&it.user, (&it.channel, &it.ts)))
}

async fn react(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Emoji>) -> Response {
    let place = (it.channel.as_str(), it.ts.as_str());
    later(&slack, slack.reacting(&it.user, place, (&it.emoji, !it.remove)))
}

async fn point(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Pointed>) -> Response {
    let chosen = slack.point_at(&it.user, (&it.channel, &it.ts), &it.callback_id).await;
    told(chosen.map(Some))
}

async fn choose(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Chosen>) -> Response {
    told(slack.choose(&it.user, &it.callback_id).await.map(Some))
}

async fn home(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Enter>) -> Response {
    later(&slack, slack.entering(&it.user, it.tab))
}

async fn direct(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Meet>) -> Response {
    match slack.meet(&it.user, &it.with) {
        Ok(channel) => Json(json!({"ok": true, "channel": channel})).into_response(),
        Err(why) => told(Err(why)),
    }
}

async fn slash(FromSlack(slack): FromSlack<SimSlack>, Json(it): Json<Slash>) -> Response {
    let text = slack.after_command(&it.user, (&it.command, &it.text));
    told(slack.slash(&it.user, &it.channel, &it.command, &text).await.map(Some))
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

/// The person is done; the app hears of it meanwhile.
fn later(slack: &SimSlack, outcome: Result<Option<Told>, Impossible>) -> Response {
    told(outcome.map(|event| {
        slack.tell_later(event);
        None
    }))
}

pub(super) fn told(outcome: Result<Option<Delivery>, Impossible>) -> Response {
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
