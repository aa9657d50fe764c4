//! Triggers, the stack of modals, and what submitting one does.

use super::stage::{ANA, Stage, Told, config};
use crate::ports::clock::Clock;
use crate::sim::slack::acts::Impossible;
use crate::sim::slack::config::SimSlackConfig;
use serde_json::{Value, json};
use std::time::Duration;

fn text(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn modal() -> Value {
    let input = |id: &str, optional: bool| {
        let element = json!({"type": "plain_text_input", "action_id": id, "max_length": 20});
        let label = text("Label");
        json!({"type": "input", "block_id": format!("{id}.block"), "label": label,
            "element": element, "optional": optional})
    };
    json!({
        "type": "modal",
        "title": text("New case"),
        "submit": text("Open"),
        "callback_id": "open_case",
        "private_metadata": "KL-1",
        "notify_on_close": true,
        "blocks": [input("key", false), input("note", true)],
    })
}

async fn trigger(stage: &Stage) -> String {
    let delivery = stage.slack.slash(ANA, "general", "/keyleak", "").await.unwrap();
    delivery.trigger_id.unwrap()
}

async fn open(stage: &Stage, view: Value) -> Value {
    let trigger = trigger(stage).await;
    stage.call("views.open", json!({"trigger_id": trigger, "view": view})).await
}

#[tokio::test]
async fn a_trigger_opens_one_modal() {
    let stage = Stage::new().await;
    let trigger = trigger(&stage).await;
    let args = json!({"trigger_id": trigger, "view": modal()});
    let opened = stage.call("views.open", args.clone()).await;
    assert_eq!(opened["ok"], true, "{opened}");
    assert_eq!(stage.slack.views_open(ANA)[0].object, opened["view"]);
    assert_eq!(stage.call("views.open", args).await["error"], "exchanged_trigger_id");
    let args = json!({"trigger_id": "1.2.abc", "view": modal()});
    assert_eq!(stage.call("views.open", args).await["error"], "invalid_trigger_id");
}

#[tokio::test]
async fn a_trigger_expires_after_three_seconds_of_the_clock() {
    let start = config(Clock::accelerated(100));
    let life = Duration::from_secs(3);
    let stage = Stage::with(SimSlackConfig { trigger_life: life, ..start }).await;
    let trigger = trigger(&stage).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let args = json!({"trigger_id": trigger, "view": modal()});
    assert_eq!(stage.call("views.open", args).await["error"], "expired_trigger_id");
}

#[tokio::test]
async fn a_modal_has_a_title_of_24_characters_and_a_submit_button_for_its_inputs() {
    let stage = Stage::new().await;
    let with = |key: &str, value: Value| {
        let mut view = modal();
        view[key] = value;
        view
    };
    let refused = async |view: Value, words: &str| {
        let answer = open(&stage, view).await;
        assert_eq!(answer["error"], "invalid_arguments", "{words}");
        let lines = answer["response_metadata"]["messages"].to_string();
        assert!(lines.contains(words), "{words}: {lines}");
    };
    refused(with("title", text(&"t".repeat(25))), "less than 25 characters").await;
    refused(with("submit", text(&"t".repeat(25))), "less than 25 characters").await;
    refused(with("private_metadata", json!("x".repeat(3001))), "less than 3001").await;
    refused(with("callback_id", json!("x".repeat(256))), "less than 256").await;
    refused(with("colour", json!("red")), "invalid additional property: colour").await;
    refused(with("type", json!("home")), "must be modal").await;
    let mut bare = modal();
    bare.as_object_mut().unwrap().remove("submit");
    refused(bare, "missing required field: submit").await;
    let large = with("private_metadata", json!("x".repeat(260 * 1024)));
    assert_eq!(open(&stage, large).await["error"], "view_too_large");
}

#[tokio::test]
async fn an_external_id_names_one_view_only() {
    let stage = Stage::new().await;
    let mut view = modal();
    view["external_id"] = json!("case-1");
    assert_eq!(open(&stage, view.clone()).await["ok"], true);
    let trigger = trigger(&stage).await;
    let args = json!({"trigger_id": trigger, "view": view});
    assert_eq!(stage.call("views.push", args).await["error"], "duplicate_external_id");
    let args = json!({"external_id": "case-1", "view": view});
    assert_eq!(stage.call("views.update", args).await["ok"], true);
}

#[tokio::test]
async fn an_update_with_an_old_hash_is_refused() {
    let stage = Stage::new().await;
    let opened = open(&stage, modal()).await;
    let (id, hash) = (&opened["view"]["id"], &opened["view"]["hash"]);
    let args = json!({"view_id": id, "hash": hash, "view": modal()});
    assert_eq!(stage.call("views.update", args.clone()).await["ok"], true);
    assert_eq!(stage.call("views.update", args).await["error"], "hash_conflict");
    let args = json!({"view_id": "V0NOWHERE1", "view": modal()});
    assert_eq!(stage.call("views.update", args).await["error"], "not_found");
}

#[tokio::test]
async fn at_most_three_modals_are_stacked() {
    let stage = Stage::new().await;
    let lone = trigger(&stage).await;
    let args = json!({"trigger_id": lone, "view": modal()});
    assert_eq!(stage.call("views.push", args).await["error"], "not_found");
    open(&stage, modal()).await;
    for expected in [Value::Null, Value::Null, json!("push_limit_reached")] {
        let trigger = trigger(&stage).await;
        let args = json!({"trigger_id": trigger, "view": modal()});
        assert_eq!(stage.call("views.push", args).await["error"], expected);
    }
    let views = stage.slack.views_open(ANA);
    assert_eq!(views[2].object["previous_view_id"], views[1].object["id"]);
    assert_eq!(views[2].object["root_view_id"], views[0].object["id"]);
}

#[tokio::test]
async fn a_submission_carries_every_input_and_closes_the_modal() {
    let stage = Stage::new().await;
    open(&stage, modal()).await;
    let delivery = stage.slack.submit_view(ANA, &json!({"key": "AKIA"})).await.unwrap();
    assert!(delivery.accepted());
    let payload = stage.bot.last().payload();
    assert_eq!(payload["type"], "view_submission");
    assert_eq!(payload["view"]["private_metadata"], "KL-1");
    let values = &payload["view"]["state"]["values"];
    assert_eq!(values["key.block"]["key"], json!({"type": "plain_text_input", "value": "AKIA"}));
    assert_eq!(values["note.block"]["note"], json!({"type": "plain_text_input", "value": null}));
    assert!(stage.slack.views_open(ANA).is_empty());
}

#[tokio::test]
async fn slacks_client_keeps_incomplete_forms_back() {
    let stage = Stage::new().await;
    assert_eq!(
        stage.slack.submit_view(ANA, &json!({})).await.unwrap_err(),
        Impossible::NoModal(ANA.to_owned())
    );
    open(&stage, modal()).await;
    let empty = stage.slack.submit_view(ANA, &json!({"note": "x"})).await.unwrap_err();
    assert_eq!(empty, Impossible::Required("key.block".to_owned()));
    let long = stage.slack.submit_view(ANA, &json!({"key": "x".repeat(21)})).await;
    assert!(matches!(long, Err(Impossible::Input(_))));
}

#[tokio::test]
async fn errors_stay_below_their_inputs_and_keep_what_was_typed() {
    let stage = Stage::new().await;
    open(&stage, modal()).await;
    let errors = json!({"key.block": "That is not a key id."});
    stage.bot.tell(Told::json(&json!({"response_action": "errors", "errors": errors})));
    stage.slack.submit_view(ANA, &json!({"key": "nope"})).await.unwrap();
    let view = stage.slack.views_open(ANA).remove(0);
    assert_eq!(view.errors, errors);
    assert_eq!(view.object["state"]["values"]["key.block"]["key"]["value"], "nope");
}

#[tokio::test]
async fn errors_for_a_block_that_is_not_there_show_trouble() {
    let stage = Stage::new().await;
    open(&stage, modal()).await;
    let errors = json!({"key": "named by action instead of block"});
    stage.bot.tell(Told::json(&json!({"response_action": "errors", "errors": errors})));
    let delivery = stage.slack.submit_view(ANA, &json!({"key": "nope"})).await.unwrap();
    assert!(delivery.toast.unwrap().contains("trouble"));
    assert_eq!(stage.slack.violations().len(), 1);
}

#[tokio::test]
async fn a_submission_can_update_push_and_clear() {
    let stage = Stage::new().await;
    open(&stage, modal()).await;
    let values = json!({"key": "AKIA"});
    let mut other = modal();
    other["title"] = text("Second");
    stage.bot.tell(Told::json(&json!({"response_action": "update", "view": other})));
    stage.slack.submit_view(ANA, &values).await.unwrap();
    assert_eq!(stage.slack.views_open(ANA)[0].object["title"]["text"], "Second");
    stage.bot.tell(Told::json(&json!({"response_action": "push", "view": modal()})));
    stage.slack.submit_view(ANA, &values).await.unwrap();
    assert_eq!(stage.slack.views_open(ANA).len(), 2);
    stage.bot.tell(Told::json(&json!({"response_action": "clear"})));
    stage.slack.submit_view(ANA, &values).await.unwrap();
    assert!(stage.slack.views_open(ANA).is_empty());
}

#[tokio::test]
async fn a_failed_submission_leaves_the_modal_open() {
    let stage = Stage::new().await;
    open(&stage, modal()).await;
    stage.bot.tell(Told::status(500));
    let delivery = stage.slack.submit_view(ANA, &json!({"key": "AKIA"})).await.unwrap();
    assert!(delivery.toast.is_some());
    assert_eq!(stage.slack.views_open(ANA).len(), 1);
}

#[tokio::test]
async fn closing_is_told_only_where_the_modal_asks_for_it() {
    let stage = Stage::new().await;
    open(&stage, modal()).await;
    assert!(stage.slack.close_view(ANA).await.unwrap().is_some());
    assert_eq!(stage.bot.last().payload()["type"], "view_closed");
    let mut quiet = modal();
    quiet["notify_on_close"] = json!(false);
    open(&stage, quiet).await;
    assert!(stage.slack.close_view(ANA).await.unwrap().is_none());
    assert!(stage.slack.views_open(ANA).is_empty());
}

#[tokio::test]
async fn a_home_is_published_for_a_person() {
    let stage = Stage::new().await;
    let view = json!({"type": "home", "blocks": [{"type": "divider"}]});
    let answer = stage.call("views.publish", json!({"user_id": ANA, "view": view})).await;
    assert_eq!(answer["ok"], true, "{answer}");
    assert_eq!(stage.slack.home(ANA).unwrap().object, answer["view"]);
    assert!(stage.slack.views_open(ANA).is_empty());
    let args = json!({"user_id": ANA, "view": view, "hash": "old"});
    assert_eq!(stage.call("views.publish", args).await["error"], "hash_conflict");
}
