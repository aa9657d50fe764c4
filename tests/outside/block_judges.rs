//! Two judges of blocks, side by side: what `slack_sdk` refuses the simulated Slack must refuse.

use crate::frame::trial_async;
use crate::parts::Parts;
use crate::slack_judge::SlackJudge;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::server::SimSlack;
use libtest_mimic::Trial;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

const TOKEN: &str = "xoxb-simulated";
/// An answer about blocks is short.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longer than any text field may be, except where a mutation only fits a short one.
const LONG_TEXTS: [usize; 5] = [76, 151, 256, 2_001, 3_001];

/// One block, and what was done to it.
struct Mutant {
    what: String,
    blocks: Value,
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial_async(
        "the_simulated_slack_refuses_every_block_slack_sdk_refuses",
        move || async move {
            compare(&mut SlackJudge::start(parts.python()?)).await;
            Ok(())
        },
    )]
}

async fn compare(judge: &mut SlackJudge) {
    let tracker = TaskTracker::new();
    let config = SimSlackConfig::new(Clock::real(), "secret", TOKEN);
    let slack = SimSlack::start(config, &tracker).await.expect("the workspace starts");
    let mut lenient = Vec::new();
    let mut refused = 0;
    for block in right_blocks() {
        let blocks = json!([block]);
        let verdict = judge.validate_blocks(&blocks);
        assert_eq!(verdict.errors, Vec::<String>::new(), "{block}");
        assert_eq!(simulated(&slack, &blocks).await, Ok(()), "{block}");
        for mutant in mutants(&block) {
            let verdict = judge.validate_blocks(&mutant.blocks);
            if verdict.errors.is_empty() {
                continue;
            }
            refused += 1;
            if simulated(&slack, &mutant.blocks).await.is_ok() {
                lenient.push(format!("{}: {}", mutant.what, verdict.errors.join("; ")));
            }
        }
    }
    slack.stop().await;
    assert!(lenient.is_empty(), "the simulated Slack lets through:\n{}", lenient.join("\n"));
    assert!(refused > 100, "only {refused} mutants were refused: the corpus is too tame");
}

/// One block of each kind that a card may use, all right.
fn right_blocks() -> Vec<Value> {
    let plain = |text: &str| json!({ "type": "plain_text", "text": text });
    let option = |text: &str| json!({ "text": plain(text), "value": text });
    let confirm = json!({ "title": plain("Sure?"), "text": plain("All of it."),
        "confirm": plain("Yes"), "deny": plain("No") });
    vec![
        json!({ "type": "header", "text": plain("Contained"), "block_id": "head" }),
        json!({ "type": "divider" }),
        json!({ "type": "section", "text": { "type": "mrkdwn", "text": "*held*" },
            "block_id": "state" }),
        json!({ "type": "section", "fields": [{ "type": "mrkdwn", "text": "*Owner*" },
            plain("ci-deploy")] }),
        json!({ "type": "section", "text": plain("Pick one"), "accessory": {
            "type": "static_select", "action_id": "pick", "placeholder": plain("one"),
            "options": [option("a"), option("b")] } }),
        json!({ "type": "actions", "block_id": "buttons", "elements": [
            { "type": "button", "text": plain("Approve"), "action_id": "approve",
              "style": "primary", "value": "1", "confirm": confirm },
            { "type": "button", "text": plain("Deny"), "action_id": "deny", "style": "danger" },
            { "type": "button", "text": plain("Console"), "action_id": "console",
              "url": "https://example.com" },
            { "type": "overflow", "action_id": "more", "options": [option("a"), option("b")] }] }),
        json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": "UTC" },
            plain("now")] }),
    ]
}

/// The block with one thing changed, for each thing that can be.
fn mutants(block: &Value) -> Vec<Mutant> {
    let mut found = Vec::new();
    for path in paths(block, "") {
        let value = block.pointer(&path).expect("it is there");
        let mut change = |how: &str, new: Value| {
            let mut changed = block.clone();
            *changed.pointer_mut(&path).expect("it is there") = new;
            let what = format!("{how} at {path:?} of {block}");
            found.push(Mutant { what, blocks: json!([changed]) });
        };
        match value {
            Value::String(text) if path.ends_with("/type") => change("no type", json!(text.len())),
            Value::String(_) => {
                for length in LONG_TEXTS {
                    change(&format!("{length} letters"), json!("x".repeat(length)));
                }
            }
            Value::Object(fields) => mutate_object(fields, &mut change),
            Value::Array(items) => {
                for times in [6, 11, 26, 101] {
                    let many: Vec<Value> = items.iter().cycle().take(times).cloned().collect();
                    change(&format!("{times} items"), distinct(many));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}

fn mutate_object(fields: &Map<String, Value>, change: &mut impl FnMut(&str, Value)) {
    let mut more = fields.clone();
    more.insert("colour".to_owned(), json!("red"));
    change("an unknown field", more.into());
    for name in fields.keys() {
        let mut fewer = fields.clone();
        fewer.remove(name);
        change(&format!("without {name}"), fewer.into());
    }
}

/// Copies keep different action ids, or the ids would be the reason for a refusal.
fn distinct(mut items: Vec<Value>) -> Value {
    for (index, item) in items.iter_mut().enumerate() {
        if item.get("action_id").is_some() {
            item["action_id"] = json!(format!("a{index}"));
        }
    }
    items.into()
}

fn paths(value: &Value, here: &str) -> Vec<String> {
    let mut found = vec![here.to_owned()];
    match value {
        Value::Object(fields) => {
            for (name, below) in fields {
                found.extend(paths(below, &format!("{here}/{name}")));
            }
        }
        Value::Array(items) => {
            for (index, below) in items.iter().enumerate() {
                found.extend(paths(below, &format!("{here}/{index}")));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

/// What the simulated Slack says to `blocks.validate`.
async fn simulated(slack: &SimSlack, blocks: &Value) -> Result<(), String> {
    let request = Request::post(format!("{}/blocks.validate", slack.api_url()))
        .header("content-type", "application/json; charset=utf-8")
        .header("authorization", format!("Bearer {TOKEN}"))
        .body(Body::from(json!({ "blocks": blocks }).to_string()))
        .expect("a request");
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.expect("it answers");
    let answer = to_bytes(Body::new(answer.into_body()), ANSWER_BYTES_MAX).await.expect("a body");
    let answer: Value = serde_json::from_slice(&answer).expect("JSON");
    match answer["error"].as_str() {
        None => Ok(()),
        Some("invalid_blocks") => Err(answer["errors"].to_string()),
        Some(error) => panic!("blocks.validate: {error} {answer}"),
    }
}
