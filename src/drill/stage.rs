//! The stage: a page on which people play the drill, and the addresses behind it.

use crate::drill::account::AccountView;
use crate::drill::fault_board::{Board, NotNow};
use crate::drill::faults::Fault;
use crate::drill::keeper::Keeper;
use crate::drill::page::page_router;
use crate::drill::people;
use crate::drill::score::Score;
use crate::drill::scorer::Scorer;
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
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long a page waits for the actor's next call; users change without one, so not for long.
const POLL: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
struct After {
    after: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Turned {
    fault: String,
    on: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Speed {
    speed: u32,
}

/// What the account's address looks at.
#[derive(Debug, Clone)]
struct Seen {
    account: AccountView,
    board: Arc<Board>,
}

/// Starts a bot in a world that has none, and serves the page until an interrupt; then gives the
/// score, unless the bot is dead just then.
pub async fn serve(world: &World, listener: TcpListener) -> std::io::Result<Option<Score>> {
    // Before the page answers: who has seen it may end it.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let keeper = Keeper::start(world).map_err(std::io::Error::other)?;
    let board = Board::of(world, &keeper).map_err(std::io::Error::other)?;
    raise_the_alarm(world);
    let scorer = Scorer::of(world, &keeper);
    let router = stage_router(world, board).merge(score_router(scorer.clone()));
    world.let_the_actor_play();
    let served = tokio::select! {
        served = axum::serve(listener, router) => served,
        // Pages wait for news all the time; an interrupt does not wait for them.
        _ = interrupt.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    };
    let score = scorer.score().await;
    keeper.shut_down().await;
    served.map(|()| score)
}

/// Somebody in the lobby has heard of the leak, so that there is something to answer.
fn raise_the_alarm(world: &World) {
    let (title, key) = (&world.scenario().title, &world.leaked.access_key_id);
    let said = format!("{title}. The key id is `{key}`. <@{}>, can you take it?", people::REPORTER);
    world.slack.say(people::SECOND_APPROVER, &world.lobby, &said);
}

/// The page, the workspace, the account and the switches, each with its addresses.
pub fn stage_router(world: &World, board: Board) -> Router {
    let board = Arc::new(board);
    let account = AccountView::of(world);
    let account = Router::new()
        .route("/stage/state", get(state))
        .with_state(Seen { account, board: Arc::clone(&board) });
    let switches = Router::new()
        .route("/stage/faults", get(faults).post(turn))
        .route("/stage/clock", post(run_at))
        .with_state(board);
    let stage = account.merge(switches).layer(from_fn(same_origin));
    page_router().merge(ui_router(world.slack.clone())).merge(stage)
}

fn score_router(scorer: Scorer) -> Router {
    Router::new().route("/stage/score", get(score)).with_state(scorer).layer(from_fn(same_origin))
}

/// `GET /stage/score`: how the drill goes, as `Score` is serialized; `null` while the bot is dead.
async fn score(State(scorer): State<Scorer>) -> Json<Option<Score>> {
    Json(scorer.score().await)
}

/// `GET /stage/state?after=VERSION`: the account as it is, once the actor did something after
/// that version or somebody turned a switch, or a second later.
async fn state(
    State(Seen { account, board }): State<Seen>,
    Query(After { after }): Query<After>,
) -> Json<Value> {
    if let Some(after) = after {
        let (mut watch, mut turns) = (account.watch(), board.watch());
        // Without news the answer is the same as before, or what the bot changed meanwhile.
        tokio::select! {
            _ = watch.wait_for(|version| *version != after) => {}
            _ = turns.changed() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
    let mut state = account.state();
    let people = people::everybody();
    let parts = people.iter().map(|person| (person.id.clone(), json!(people::part(&person.id))));
    state["parts"] = Value::Object(parts.collect());
    Json(state)
}

/// `GET /stage/faults`: `{faults: [{name, label, does, good, deed, on, state}], log: [{at, text}],
/// delivered: [{at, turn, who, what, answer}], bot, now, speed, speeds}`.
async fn faults(State(board): State<Arc<Board>>) -> Json<Value> {
    Json(board.state())
}

/// `POST /stage/faults {fault, on?}` makes it go wrong, or with `on: false` right again; answers
/// as `GET` does, with `ok`, or 422 with `{ok: false, error}`.
async fn turn(State(board): State<Arc<Board>>, Json(it): Json<Turned>) -> Response {
    let Some(fault) = Fault::named(&it.fault) else {
        let names = Fault::ALL.map(|fault| fault.words().name).join(", ");
        return told(&board, Err(NotNow(format!("there is no such fault; there are {names}"))));
    };
    told(&board, board.turn(fault, it.on.unwrap_or(true)).await)
}

/// `POST /stage/clock {speed}` runs the drill's clock at one of `speeds`; answers the same.
async fn run_at(State(board): State<Arc<Board>>, Json(it): Json<Speed>) -> Response {
    told(&board, board.run_at(it.speed))
}

fn told(board: &Board, outcome: Result<(), NotNow>) -> Response {
    match outcome {
        Ok(()) => {
            let mut state = board.state();
            state["ok"] = json!(true);
            Json(state).into_response()
        }
        Err(NotNow(why)) => {
            let body = Json(json!({"ok": false, "error": why}));
            (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
        }
    }
}
