//! The JSON API of the page, and who may use it.

use super::stage::{ANA, Answer, BOB, Stage, exchange};
use crate::sim::slack::channels::Reach;
use crate::sim::slack::ui::ui_router;
use axum::body::Bytes;
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

pub(super) async fn page(stage: &Stage) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = ui_router(stage.slack.clone());
    TaskTracker::new().spawn(async move { axum::serve(listener, router).await.unwrap() });
    address.to_string()
}

async fn send(host: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut request = axum::http::Request::post(format!("http://{host}{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    exchange(request.body(Full::new(Bytes::from(body.to_string()))).unwrap()).await.unwrap()
}

pub(super) async fn act(host: &str, path: &str, body: Value) -> Value {
    let origin = format!("http://{host}");
    let headers = [("content-type", "application/json"), ("origin", origin.as_str())];
    send(host, path, &headers, &body).await.body
}

#[tokio::test]
async fn the_page_acts_as_a_person_and_sees_everything_as_data() {
    let stage = Stage::new().await;
    let host = page(&stage).await;
    let args = json!({"user": ANA, "channel": "general", "command": "/keyleak", "text": "help"});
    let answer = act(&host, "/ui/slash", args).await;
    assert_eq!((&answer["ok"], &answer["status"]), (&json!(true), &json!(200)));
    assert_eq!(stage.bot.last().field("text"), "help");
    let state = stage.get(&format!("http://{host}/ui/state")).await.body;
    assert_eq!(state["people"][1]["id"], BOB);
    assert_eq!(state["channels"][0]["name"], "general");
    assert!(state["channels"][0]["messages"].is_array());
}

#[tokio::test]
async fn the_page_presses_buttons_and_is_told_what_is_impossible() {
    let stage = Stage::new().await;
    let host = page(&stage).await;
    let room = stage.room().await;
    let button = json!({"type": "button", "action_id": "go",
        "text": {"type": "plain_text", "text": "Go"}});
    let posted = stage.post_blocks(&room, json!([{"type": "actions", "elements": [button]}])).await;
    let mut args = json!({"user": ANA, "channel": room, "ts": posted["ts"], "action_id": "go"});
    assert_eq!(act(&host, "/ui/click", args.clone()).await["ok"], true);
    args["user"] = json!(BOB);
    let answer = act(&host, "/ui/click", args).await;
    assert!(answer["error"].as_str().unwrap().contains("invite them first"), "{answer}");
}

#[tokio::test]
async fn a_change_wakes_the_page() {
    let stage = Stage::new().await;
    let host = page(&stage).await;
    let state = stage.get(&format!("http://{host}/ui/state")).await.body;
    let url = format!("http://{host}/ui/events?after={}", state["version"]);
    let waiting = stage.get(&url);
    let change = async {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        stage.slack.reload(ANA);
    };
    let (answer, ()) = tokio::join!(waiting, change);
    assert!(answer.body["version"].as_u64() > state["version"].as_u64());
}

#[tokio::test]
async fn other_origins_other_hosts_and_forms_are_refused() {
    let stage = Stage::new().await;
    let host = page(&stage).await;
    let body = json!({"user": ANA, "channel": "general", "command": "/keyleak"});
    let json = ("content-type", "application/json");
    for headers in [
        vec![json, ("origin", "https://evil.example")],
        vec![json, ("host", "evil.example")],
        vec![("content-type", "text/plain")],
        vec![json, ("sec-fetch-site", "cross-site")],
    ] {
        let answer = send(&host, "/ui/slash", &headers, &body).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    assert!(stage.bot.heard().is_empty());
}

#[tokio::test]
async fn a_person_is_shown_only_their_private_channels_whispers_and_files() {
    let stage = Stage::new().await;
    let host = page(&stage).await;
    let room = stage.slack.make_channel("hush", Reach::Private, &[ANA]);
    stage.slack.say(ANA, &room, "between us");
    let said = act(&host, "/ui/say", json!({"user": BOB, "channel": room, "text": "hello"})).await;
    assert!(said["error"].as_str().unwrap().contains("is not in"), "{said}");
    for (user, sees) in [(ANA, true), (BOB, false)] {
        let url = format!("http://{host}/ui/state?user={user}");
        let state = stage.get(&url).await.body.to_string();
        assert_eq!(state.contains("between us"), sees, "{user}");
        assert_eq!(state.contains("hush"), sees, "{user}");
    }
    let nobody = stage.get(&format!("http://{host}/ui/state?user=U0NOBODY99")).await;
    assert_eq!(nobody.status, 422);
}

#[tokio::test]
async fn what_a_person_writes_is_text_and_stands_in_the_channel_or_the_thread() {
    let stage = Stage::new().await;
    let host = page(&stage).await;
    let channel = stage.slack.channel("general").unwrap().id;
    let text = "<!channel> & more";
    let said = json!({"user": ANA, "channel": channel, "text": text});
    assert_eq!(act(&host, "/ui/say", said).await["ok"], true);
    let first = stage.slack.messages(&channel).last().cloned().unwrap();
    assert_eq!(first["text"], "&lt;!channel&gt; &amp; more");
    let reply = json!({"user": BOB, "channel": channel, "text": "yes", "thread_ts": first["ts"]});
    assert_eq!(act(&host, "/ui/say", reply).await["ok"], true);
    let last = stage.slack.messages(&channel).last().cloned().unwrap();
    assert_eq!(last["thread_ts"], first["ts"]);
    let empty = act(&host, "/ui/say", json!({"user": ANA, "channel": channel, "text": " "})).await;
    assert_eq!(empty["ok"], false);
}
