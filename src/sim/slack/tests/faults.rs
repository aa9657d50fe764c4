//! Scripted failures and rate limits.

use super::stage::{Stage, TOKEN};
use crate::sim::slack::faults::{EVERY_METHOD, Fault};
use crate::sim::slack::pace::RateLimits;
use serde_json::json;
use std::time::{Duration, Instant};

const KIND: &str = "application/json; charset=utf-8";

#[tokio::test]
async fn a_scripted_error_comes_as_often_as_scripted_and_changes_nothing() {
    let stage = Stage::new().await;
    stage.slack.script("conversations.create", &Fault::Error("fatal_error".to_owned()), 2);
    for _ in 0..2 {
        let answer = stage.call("conversations.create", json!({"name": "x"})).await;
        assert_eq!(answer["error"], "fatal_error");
    }
    assert!(stage.slack.channel("x").is_none());
    assert_eq!(stage.call("conversations.create", json!({"name": "x"})).await["ok"], true);
}

#[tokio::test]
async fn a_429_names_the_seconds_to_wait() {
    let stage = Stage::new().await;
    stage.slack.script(EVERY_METHOD, &Fault::RateLimited(7), 1);
    let answer = stage.send("auth.test", KIND, "{}", TOKEN).await;
    assert_eq!((answer.status, &answer.body["error"]), (429, &json!("ratelimited")));
    assert_eq!(answer.headers["retry-after"], "7");
}

#[tokio::test]
async fn a_5xx_is_a_page_of_html() {
    let stage = Stage::new().await;
    stage.slack.script("auth.test", &Fault::Page(502), 1);
    let answer = stage.send("auth.test", KIND, "{}", TOKEN).await;
    assert_eq!(answer.status, 502);
    assert!(answer.headers["content-type"].to_str().unwrap().contains("html"));
}

#[tokio::test]
async fn a_reset_after_the_effect_leaves_the_message_and_no_answer() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let before = stage.slack.messages(&room).len();
    let body = json!({"channel": room, "text": "x"}).to_string();
    let url = format!("{}/chat.postMessage", stage.slack.api_url());
    stage.slack.script("chat.postMessage", &Fault::ResetAfter, 1);
    assert!(stage.post(&url, KIND, &body, TOKEN).await.is_none());
    assert_eq!(stage.slack.messages(&room).len(), before + 1);
    stage.slack.script("chat.postMessage", &Fault::ResetBefore, 1);
    assert!(stage.post(&url, KIND, &body, TOKEN).await.is_none());
    assert_eq!(stage.slack.messages(&room).len(), before + 1);
    stage.slack.script("chat.postMessage", &Fault::Truncated, 1);
    assert!(stage.post(&url, KIND, &body, TOKEN).await.is_none());
    assert_eq!(stage.slack.messages(&room).len(), before + 2);
}

#[tokio::test]
async fn slack_can_be_down_and_come_back() {
    let stage = Stage::new().await;
    let url = format!("{}/auth.test", stage.slack.api_url());
    stage.slack.set_down(true);
    assert!(stage.post(&url, KIND, "{}", TOKEN).await.is_none());
    stage.slack.set_down(false);
    assert_eq!(stage.post(&url, KIND, "{}", TOKEN).await.unwrap().body["ok"], true);
}

#[tokio::test]
async fn latency_is_real_time() {
    let stage = Stage::new().await;
    stage.slack.delay("auth.test", Duration::from_millis(200));
    let started = Instant::now();
    stage.call("auth.test", json!({})).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_channel_takes_one_message_a_second_when_limits_are_strict() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    stage.slack.set_rate_limits(RateLimits::Strict);
    let body = json!({"channel": room, "text": "x"}).to_string();
    assert_eq!(stage.send("chat.postMessage", KIND, &body, TOKEN).await.status, 200);
    let answer = stage.send("chat.postMessage", KIND, &body, TOKEN).await;
    assert_eq!((answer.status, answer.headers["retry-after"].to_str().unwrap()), (429, "1"));
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(stage.send("chat.postMessage", KIND, &body, TOKEN).await.status, 200);
}

#[tokio::test]
async fn a_method_of_the_second_tier_takes_twenty_calls_a_minute() {
    let stage = Stage::new().await;
    stage.slack.set_rate_limits(RateLimits::On);
    let mut statuses = Vec::new();
    for n in 0..21 {
        let body = json!({"name": format!("c{n}")}).to_string();
        statuses.push(stage.send("conversations.create", KIND, &body, TOKEN).await.status);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20);
    assert_eq!(statuses[20], 429);
    assert_eq!(stage.call("auth.test", json!({})).await["ok"], true, "each method has its own");
}
