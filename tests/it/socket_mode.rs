//! Socket Mode: a whole story over a connection, the same answers as over HTTP, and every way in
//! which a connection goes wrong.

use crate::stage::Stage;
use keyleak::domain::event::Event;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{approve, open, press, until};
use keyleak::drill::world::World;
use keyleak::sim::slack::deliver::{Delivery, Silence, Twist};
use keyleak::sim::slack::faults::Fault;
use keyleak::socket::Pulse;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long somebody waits for a connection.
const PATIENCE: Duration = Duration::from_secs(60);
const PULSE: Pulse = Pulse {
    ping_every: Duration::from_millis(100),
    silence_max: Duration::from_secs(1),
    pause_min: Duration::from_millis(20),
    pause_max: Duration::from_millis(200),
    drain_max: Duration::from_secs(20),
};

async fn connected() -> Stage {
    with(PULSE).await
}

async fn with(pulse: Pulse) -> Stage {
    let stage = Stage::set_by_socket(pulse).await;
    comes(&stage.world, "the first connection", |world| world.slack.open_lines() == 1).await;
    stage
}

async fn comes(world: &World, what: &str, ready: impl Fn(&World) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ready(world) {
        assert!(Instant::now() < deadline, "{what} does not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn says(world: &World, text: &str) -> Delivery {
    world.slack.slash(REPORTER, &world.lobby, "/keyleak", text).await.unwrap()
}

/// What is asked until a connection takes it: the first one may be dead without knowing.
async fn is_answered(world: &World) {
    let deadline = Instant::now() + PATIENCE;
    while !says(world, "help").await.body.contains("opens a private channel") {
        assert!(Instant::now() < deadline, "nothing is answered");
    }
}

async fn get(world: &World, path: &str) -> String {
    let mut stream = TcpStream::connect(world.address().unwrap()).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: bot\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_opened_approved_and_contained_over_a_connection_alone() {
    let stage = connected().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    until(world, &case, "contained", |case| case.plans().any(|plan| plan.held_at.is_some()))
        .await
        .unwrap();
    press(world, &case, (REPORTER, "case.summary")).await.unwrap();
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    assert!(world.slack.toasts().is_empty(), "{:?}", world.slack.toasts());
    let metrics = get(world, "/metrics").await;
    assert!(metrics.contains("\nkeyleak_socket_connections 1\n"), "{metrics}");
    stage.strike().await;
}

/// What somebody gets to see of an answer.
#[derive(Debug, PartialEq)]
struct Heard {
    accepted: bool,
    said: Value,
}

fn heard(delivery: &Delivery) -> Heard {
    let said = serde_json::from_str(&delivery.body).unwrap_or(Value::Null);
    Heard { accepted: delivery.accepted(), said }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_payload_has_the_same_answer_by_either_way() {
    let stage = connected().await;
    let world = &stage.world;
    let mut answers = Vec::new();
    for by_socket in [false, true] {
        world.slack.use_socket_mode(by_socket);
        answers.push(everything(world).await);
    }
    let (http, socket) = (&answers[0], &answers[1]);
    assert_eq!(http.len(), socket.len());
    for ((what, by_http), (_, by_socket)) in http.iter().zip(socket) {
        assert_eq!(by_http, by_socket, "{what}");
    }
    let refused = http.iter().filter(|(_, heard)| !heard.accepted).count();
    let answered = http.iter().filter(|(_, heard)| !heard.said.is_null()).count();
    assert!(refused >= 3 && answered >= 10, "{refused} refused, {answered} with words: {http:?}");
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

/// Commands, presses, forms and events that change nothing, and what each is answered.
async fn everything(world: &World) -> Vec<(String, Heard)> {
    let mut all = Vec::new();
    let secret = "AKIAQNZGKIQY56JQ7WML wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY";
    for text in ["help", "list", "status", "AKIA123", "bananas", "ask", "a&b=c ü \u{1f511}", secret]
    {
        all.push((format!("/keyleak {text}"), heard(&says(world, text).await)));
    }
    let twists = [
        ("another app", Twist { app_id: Some("A0OTHER".to_owned()), ..Twist::default() }),
        ("another team", Twist { foreign_team: Some("T0EVIL".to_owned()), ..Twist::default() }),
        ("an organisation", Twist { org_install: true, ..Twist::default() }),
    ];
    for (what, twist) in twists {
        let slack = world.slack.twisted(twist);
        let command = slack.slash(REPORTER, &world.lobby, "/keyleak", "list").await.unwrap();
        all.push((format!("a command of {what}"), heard(&command)));
        let press = slack.interaction(REPORTER, "block_actions", &press_of("phase.scope")).await;
        all.push((format!("a press of {what}"), heard(&press)));
    }
    for (what, kind, more) in [
        ("an unknown press", "block_actions", press_of("buy")),
        ("a press on no case", "block_actions", press_of("plan.approve")),
        ("a press without a button", "block_actions", json!({ "actions": [] })),
        ("a shortcut that is not ours", "shortcut", json!({ "callback_id": "x" })),
        ("a kind that is not known", "hologram", json!({})),
        ("a form that is not ours", "view_submission", form("survey", json!({}))),
        ("an empty form", "view_submission", form("intake", json!({}))),
        (
            "a form with nonsense",
            "view_submission",
            form(
                "intake",
                json!({
                    "values": { "intake.keys": { "value": { "value": "nonsense" } } }
                }),
            ),
        ),
        ("a form of no plan", "view_submission", form("plan.change", json!({}))),
    ] {
        let delivery = world.slack.interaction(REPORTER, kind, &more).await;
        all.push((what.to_owned(), heard(&delivery)));
    }
    for event in ["group_archive", "team_join"] {
        let attempts = world.slack.event(&json!({ "type": event, "channel": "G1" })).await;
        assert_eq!(attempts.len(), 1, "{event} is taken at once");
        all.push((event.to_owned(), heard(&attempts[0])));
    }
    all
}

fn press_of(action: &str) -> Value {
    json!({
        "container": { "type": "message", "message_ts": "1.2", "channel_id": "C0GENERAL1" },
        "actions": [{ "action_id": action, "value": "kl-none|1|x", "action_ts": "1.3" }],
    })
}

fn form(callback: &str, state: Value) -> Value {
    json!({ "view": { "id": "V1", "hash": "1.x", "callback_id": callback, "state": state } })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_that_comes_again_counts_once_and_has_the_same_answer() {
    let stage = connected().await;
    let world = &stage.world;
    let first = says(world, &world.leaked.access_key_id).await;
    assert!(first.body.contains("Opened case"), "{}", first.body);
    let (again, and_again) = tokio::join!(world.slack.repeat(&first), world.slack.repeat(&first));
    assert_eq!([&again.body, &and_again.body], [&first.body, &first.body]);
    let desk = world.desk().unwrap();
    let cases = desk.work.all_cases().await.unwrap();
    assert_eq!(cases.len(), 1);
    let case = desk.ledger.load(&cases[0]).await.unwrap();
    let opened = case.records().iter().filter(|record| matches!(record.event, Event::Opened(_)));
    assert_eq!(opened.count(), 1);
    let other = says(world, &world.leaked.access_key_id).await;
    assert!(other.body.contains("already has"), "another envelope is another: {}", other.body);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_slack_will_close_is_replaced_before_it_ends() {
    let stage = connected().await;
    let world = &stage.world;
    for (number, reason) in ["warning", "refresh_requested"].into_iter().enumerate() {
        world.slack.say_goodbye(reason);
        // Slack may still use the old one, and must have an answer.
        assert!(says(world, "help").await.accepted(), "{reason}");
        let opened = u64::try_from(number).unwrap() + 2;
        comes(world, reason, |world| world.slack.lines_opened() == opened).await;
        assert_eq!(world.slack.open_lines(), 2, "{reason}: the old one is still there");
        world.slack.close_left_lines();
        comes(world, "the end of the old one", |world| world.slack.open_lines() == 1).await;
        is_answered(world).await;
    }
    assert_eq!(world.slack.lines_opened(), 3, "and no more than that");
    assert!(get(world, "/readyz").await.starts_with("HTTP/1.1 200"));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_died_in_silence_is_noticed_and_replaced() {
    let stage = connected().await;
    let world = &stage.world;
    world.slack.let_lines_die_silently();
    let lost = says(world, "help").await;
    assert_eq!(lost.silence, Some(Silence::Unreachable), "nobody is there to hear it");
    is_answered(world).await;
    assert!(world.slack.lines_opened() >= 2);
    let metrics = get(world, "/metrics").await;
    assert!(!metrics.contains("\nkeyleak_socket_failed_total 0\n"), "{metrics}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_pulse_a_silent_death_would_not_be_noticed() {
    let hour = Duration::from_secs(3_600);
    let stage = with(Pulse { ping_every: hour, silence_max: hour, ..PULSE }).await;
    let world = &stage.world;
    world.slack.let_lines_die_silently();
    tokio::time::sleep(3 * PULSE.silence_max).await;
    assert_eq!((world.slack.open_lines(), world.slack.lines_opened()), (0, 1));
    stage.abandon();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_ends_no_connection() {
    let stage = connected().await;
    let world = &stage.world;
    let huge = json!({ "type": "news", "padding": "x".repeat(1_000_000) }).to_string();
    for text in ["", "{", "[]", "null", "{\"type\":7}", "{\"type\":\"interactive\"}", &huge] {
        world.slack.say_on_lines(text);
    }
    world.slack.say_bytes_on_lines();
    let unknown = json!({ "type": "interactive", "envelope_id": "e", "payload": [1] });
    world.slack.say_on_lines(&unknown.to_string());
    assert!(says(world, "help").await.accepted());
    assert_eq!(world.slack.lines_opened(), 1);
    let metrics = get(world, "/metrics").await;
    assert!(metrics.contains("\nkeyleak_socket_unread_total 8\n"), "{metrics}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_slack_cannot_be_reached_readyz_says_so_and_then_all_is_well() {
    let stage = connected().await;
    let world = &stage.world;
    world.slack.script("apps.connections.open", &Fault::Error("internal_error".to_owned()), 4);
    world.slack.script("apps.connections.open", &Fault::Page(502), 2);
    world.slack.cut_lines();
    let deadline = Instant::now() + PATIENCE;
    let not_ready = loop {
        let said = get(world, "/readyz").await;
        if said.starts_with("HTTP/1.1 503") {
            break said;
        }
        assert!(Instant::now() < deadline, "{said}");
    };
    assert!(not_ready.contains("no connection to Slack"), "{not_ready}");
    is_answered(world).await;
    assert!(get(world, "/readyz").await.starts_with("HTTP/1.1 200"));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switched_off_socket_mode_is_told_and_tried_again() {
    let stage = connected().await;
    let world = &stage.world;
    world.slack.say_goodbye("link_disabled");
    world.slack.close_left_lines();
    comes(world, "another attempt", |world| world.slack.lines_opened() >= 2).await;
    is_answered(world).await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_end_in_no_storm_of_them() {
    let hour = Duration::from_secs(3_600);
    let stage = with(Pulse { pause_min: hour, pause_max: hour, ..PULSE }).await;
    let world = &stage.world;
    world.slack.say_goodbye("too_many_websockets");
    world.slack.close_left_lines();
    comes(world, "the end", |world| world.slack.open_lines() == 0).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(world.slack.lines_opened(), 1, "it waits before it tries again");
    assert!(get(world, "/readyz").await.contains("too many connections"));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_the_connection_is_closed_and_soon() {
    let stage = connected().await;
    let slack = stage.world.slack.clone();
    assert!(says(&stage.world, "help").await.accepted());
    let started = Instant::now();
    stage.strike().await;
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert_eq!(slack.open_lines(), 0);
}
