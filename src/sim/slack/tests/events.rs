//! Events, their retries, and Slack's probes.

use super::stage::{Stage, Told, config};
use crate::ports::clock::Clock;
use serde_json::{Value, json};

fn archived() -> Value {
    json!({"type": "channel_archive", "channel": "C1", "user": "U0ANA00001"})
}

#[tokio::test]
async fn an_event_is_wrapped_and_sent_once_when_it_is_accepted() {
    let stage = Stage::new().await;
    assert_eq!(stage.slack.event(&archived()).await.len(), 1);
    let heard = stage.bot.last();
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    assert_eq!((heard.path.as_str(), &body["type"]), ("/slack/events", &json!("event_callback")));
    assert_eq!(body["event"], archived());
    assert!(body["event_id"].as_str().unwrap().starts_with("Ev"));
    assert_eq!(body["authorizations"][0]["team_id"], "T0SIM00001");
    assert_eq!(heard.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_failed_event_comes_back_three_times_with_numbers_and_reasons() {
    // 10,000 times as fast: six minutes are 36 milliseconds.
    let stage = Stage::with(config(Clock::accelerated(10_000))).await;
    for _ in 0..4 {
        stage.bot.tell(Told::status(500));
    }
    let attempts = stage.slack.event(&archived()).await;
    assert_eq!(attempts.len(), 4);
    let heard = stage.bot.heard();
    let retries: Vec<_> = heard[1..]
        .iter()
        .map(|heard| {
            let header = |name: &str| heard.headers[name].to_str().unwrap().to_owned();
            (header("x-slack-retry-num"), header("x-slack-retry-reason"))
        })
        .collect();
    let expected = ["1", "2", "3"].map(|number| (number.to_owned(), "http_error".to_owned()));
    assert_eq!(retries, expected);
    assert!(heard.iter().all(|one| one.body == heard[0].body), "the same event each time");
    assert!(heard[0].headers.get("x-slack-retry-num").is_none());
}

#[tokio::test]
async fn an_event_stops_coming_once_it_is_accepted_or_unwanted() {
    let stage = Stage::with(config(Clock::accelerated(10_000))).await;
    stage.bot.tell(Told::status(500));
    assert_eq!(stage.slack.event(&archived()).await.len(), 2);
    stage.bot.tell(Told { no_retry: true, ..Told::status(500) });
    assert_eq!(stage.slack.event(&archived()).await.len(), 1);
}

#[tokio::test]
async fn nobody_listening_counts_as_a_failed_connection() {
    let stage = Stage::with(config(Clock::accelerated(10_000))).await;
    stage.slack.set_bot_url("http://127.0.0.1:9");
    let attempts = stage.slack.event(&archived()).await;
    assert_eq!(attempts.len(), 4);
    let reason = attempts[1].sent.headers.iter().find(|(name, _)| *name == "X-Slack-Retry-Reason");
    assert_eq!(reason.unwrap().1, "connection_failed");
}

#[tokio::test]
async fn probes_are_sent_as_slack_sends_them() {
    let stage = Stage::new().await;
    stage.slack.url_verification("c-1").await;
    let heard = stage.bot.last();
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    assert_eq!((&body["type"], &body["challenge"]), (&json!("url_verification"), &json!("c-1")));
    assert!(heard.headers.get("x-slack-signature").is_some());
    stage.slack.ssl_check().await;
    let heard = stage.bot.last();
    assert_eq!((heard.path.as_str(), heard.field("ssl_check").as_str()), ("/slack/commands", "1"));
    assert!(heard.headers.get("x-slack-signature").is_none());
}
