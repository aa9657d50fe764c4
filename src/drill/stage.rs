//! The stage: a page on which people play the drill, and the addresses behind it.
//!
//! `GET /stage/state?after=VERSION` answers the account as it is, once the actor did something
//! after that version, or a second later. `POST /stage/trouble {name}` makes something go wrong.

use crate::drill::account::AccountView;
use crate::drill::page::page_router;
use crate::drill::people;
use crate::drill::trouble::{Lasting, Trouble};
use crate::drill::world::World;
use crate::sim::slack::ui::{same_origin, ui_router};
use axum::Router;
use axum::extract::{Json, Query, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

/// How long a page waits for the actor's next call; users change without one, so not for long.
const POLL: Duration = Duration::from_secs(1);
/// Troubles that wait for their turn; more would be somebody leaning on the button.
const ORDERS_MAX: usize = 8;

/// A trouble that somebody asked for, and where the outcome goes.
type Order = (Trouble, oneshot::Sender<Result<(), String>>);

#[derive(Debug, Clone)]
struct Stage {
    account: AccountView,
    orders: mpsc::Sender<Order>,
    lasting: Arc<Mutex<Lasting>>,
}

#[derive(Debug, Deserialize)]
struct After {
    after: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Wanted {
    name: String,
}

/// Serves the page until an interrupt.
pub async fn serve(world: &mut World, listener: TcpListener) -> std::io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let (orders, ordered) = mpsc::channel(ORDERS_MAX);
    let lasting = Arc::new(Mutex::new(Lasting::default()));
    let stage = Stage { account: AccountView::of(world), orders, lasting: Arc::clone(&lasting) };
    let workspace = ui_router(world.slack.clone());
    let router = page_router().merge(workspace).merge(stage_router(stage));
    raise_the_alarm(world);
    world.let_the_actor_play();
    tokio::select! {
        served = axum::serve(listener, router) => served,
        // Pages wait for news all the time; an interrupt does not wait for them.
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminated.recv() => Ok(()),
        () = make_trouble(world, ordered, &lasting) => Ok(()),
    }
}

fn stage_router(stage: Stage) -> Router {
    Router::new()
        .route("/stage/state", get(state))
        .route("/stage/trouble", post(trouble))
        .layer(from_fn(same_origin))
        .with_state(stage)
}

/// Somebody in the lobby has heard of the leak, so that there is something to answer.
fn raise_the_alarm(world: &World) {
    let (title, key) = (&world.scenario().title, &world.leaked.access_key_id);
    let said = format!("{title}. The key id is `{key}`. <@{}>, can you take it?", people::REPORTER);
    world.slack.say(people::SECOND_APPROVER, &world.lobby, &said);
}

/// Makes one trouble after the other, as they are asked for.
async fn make_trouble(
    world: &mut World,
    mut ordered: mpsc::Receiver<Order>,
    lasting: &Mutex<Lasting>,
) {
    while let Some((trouble, outcome)) = ordered.recv().await {
        let mut now = *lasting.lock().unwrap_or_else(PoisonError::into_inner);
        let made = trouble.make(world, &mut now).await;
        *lasting.lock().unwrap_or_else(PoisonError::into_inner) = now;
        // A page that went away does not need to hear of it.
        let _heard = outcome.send(made);
    }
}

async fn state(State(stage): State<Stage>, Query(After { after }): Query<After>) -> Json<Value> {
    if let Some(after) = after {
        let mut watch = stage.account.watch();
        let news = watch.wait_for(|version| *version != after);
        // Without news the answer is the same as before, or what the bot changed meanwhile.
        let _in_time = tokio::time::timeout(POLL, news).await;
    }
    let mut state = stage.account.state();
    let people = people::everybody();
    let parts = people.iter().map(|person| (person.id.clone(), json!(people::part(&person.id))));
    state["parts"] = Value::Object(parts.collect());
    let lasting = *stage.lasting.lock().unwrap_or_else(PoisonError::into_inner);
    state["troubles"] = json!(Trouble::ALL.map(|trouble| trouble.shown(lasting)));
    Json(state)
}

async fn trouble(State(stage): State<Stage>, Json(Wanted { name }): Json<Wanted>) -> Response {
    let Some(trouble) = Trouble::ALL.into_iter().find(|known| known.name() == name) else {
        return refused(&format!("there is no trouble called {name}"));
    };
    let (outcome, made) = oneshot::channel();
    if stage.orders.try_send((trouble, outcome)).is_err() {
        return refused("other trouble is still being made; wait a moment");
    }
    match made.await {
        Ok(Ok(())) => Json(json!({"ok": true})).into_response(),
        Ok(Err(why)) => refused(&why),
        Err(_) => refused("the drill is ending"),
    }
}

fn refused(why: &str) -> Response {
    let body = Json(json!({"ok": false, "error": why}));
    (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
}
