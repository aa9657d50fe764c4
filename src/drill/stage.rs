//! The stage: a page on which people play the drill, and the addresses behind it.

use crate::drill::account::AccountView;
use crate::drill::page::page_router;
use crate::drill::people;
use crate::drill::world::World;
use crate::sim::slack::ui::{same_origin, ui_router};
use axum::Router;
use axum::extract::{Json, Query, State};
use axum::middleware::from_fn;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long a page waits for the actor's next call; users change without one, so not for long.
const POLL: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
struct After {
    after: Option<u64>,
}

/// Serves the page until an interrupt.
pub async fn serve(world: &World, listener: TcpListener) -> std::io::Result<()> {
    // Before the page answers: who has seen it may end it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let router = stage_router(world);
    raise_the_alarm(world);
    world.let_the_actor_play();
    tokio::select! {
        served = axum::serve(listener, router) => served,
        // Pages wait for news all the time; an interrupt does not wait for them.
        _ = interrupt.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

/// Somebody in the lobby has heard of the leak, so that there is something to answer.
fn raise_the_alarm(world: &World) {
    let (title, key) = (&world.scenario().title, &world.leaked.access_key_id);
    let said = format!("{title}. The key id is `{key}`. <@{}>, can you take it?", people::REPORTER);
    world.slack.say(people::SECOND_APPROVER, &world.lobby, &said);
}

/// The page, the workspace and the account, each with its addresses.
fn stage_router(world: &World) -> Router {
    let account = Router::new()
        .route("/stage/state", get(state))
        .layer(from_fn(same_origin))
        .with_state(AccountView::of(world));
    page_router().merge(ui_router(world.slack.clone())).merge(account)
}

/// `GET /stage/state?after=VERSION`: the account as it is, once the actor did something after
/// that version, or a second later.
async fn state(
    State(account): State<AccountView>,
    Query(After { after }): Query<After>,
) -> Json<Value> {
    if let Some(after) = after {
        let mut watch = account.watch();
        let news = watch.wait_for(|version| *version != after);
        // Without news the answer is the same as before, or what the bot changed meanwhile.
        let _in_time = tokio::time::timeout(POLL, news).await;
    }
    let mut state = account.state();
    let people = people::everybody();
    let parts = people.iter().map(|person| (person.id.clone(), json!(people::part(&person.id))));
    state["parts"] = Value::Object(parts.collect());
    Json(state)
}
