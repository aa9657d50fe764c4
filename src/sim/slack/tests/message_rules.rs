//! What may be said, and how Slack keeps it.

use super::stage::{ANA, BOB, Stage};
use serde_json::{Value, json};

#[tokio::test]
async fn a_message_needs_text_or_blocks() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let answer = stage.call("chat.postMessage", json!({"channel": room})).await;
    assert_eq!(answer["error"], "no_text");
}

#[tokio::test]
async fn times_are_unique_and_grow() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    for _ in 0..20 {
        stage.call("chat.postMessage", json!({"channel": room, "text": "x"})).await;
    }
    let messages = stage.slack.messages(&room);
    let times: Vec<&str> = messages.iter().map(|message| message["ts"].as_str().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
    assert!(times.iter().all(|ts| ts.split_once('.').unwrap().1.len() == 6));
}

#[tokio::test]
async fn slack_adds_its_own_fields_to_a_message() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let blocks = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]);
    let posted = stage.post_blocks(&room, blocks).await;
    let message = &posted["message"];
    assert_eq!(message["bot_id"], "B0SIM00001");
    assert_eq!(message["blocks"][0]["text"]["verbatim"], false);
    assert!(message["blocks"][0]["block_id"].is_string());
    assert_eq!(stage.slack.message(&room, message["ts"].as_str().unwrap()).as_ref(), Some(message));
}

#[tokio::test]
async fn blocks_may_come_as_a_string_of_json_in_a_form() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let blocks = json!([{"type": "divider"}]).to_string();
    let args = [("channel", room.as_str()), ("text", "x"), ("blocks", &blocks)];
    assert_eq!(
        stage.form("chat.postMessage", &args).await["message"]["blocks"][0]["type"],
        "divider"
    );
    let broken = [("channel", room.as_str()), ("text", "x"), ("blocks", "[")];
    assert_eq!(stage.form("chat.postMessage", &broken).await["error"], "invalid_blocks_format");
}

#[tokio::test]
async fn only_the_bots_own_messages_can_be_updated_or_deleted() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let joined = stage.slack.messages(&room)[0]["ts"].clone();
    let args = json!({"channel": room, "ts": joined, "text": "x"});
    assert_eq!(stage.call("chat.update", args).await["error"], "cant_update_message");
    let args = json!({"channel": room, "ts": joined});
    assert_eq!(stage.call("chat.delete", args).await["error"], "cant_delete_message");
    let args = json!({"channel": room, "ts": "1.000000", "text": "x"});
    assert_eq!(stage.call("chat.update", args).await["error"], "message_not_found");
}

#[tokio::test]
async fn an_update_keeps_the_blocks_it_does_not_mention() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let posted = stage.post_blocks(&room, json!([{"type": "divider"}])).await;
    let ts = posted["ts"].as_str().unwrap();
    let args = json!({"channel": room, "ts": ts, "text": "new"});
    assert_eq!(stage.call("chat.update", args).await["ok"], true);
    let message = stage.slack.message(&room, ts).unwrap();
    assert_eq!((&message["text"], message["blocks"].is_array()), (&json!("new"), true));
    assert!(message["edited"]["ts"].is_string());
    let args = json!({"channel": room, "ts": ts, "text": "bare", "blocks": []});
    stage.call("chat.update", args).await;
    assert_eq!(stage.slack.message(&room, ts).unwrap()["blocks"], Value::Null);
}

#[tokio::test]
async fn an_update_takes_4000_characters_and_no_more() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let long = "x".repeat(4001);
    let posted = stage.call("chat.postMessage", json!({"channel": room, "text": long})).await;
    assert_eq!(posted["ok"], true);
    let args = json!({"channel": room, "ts": posted["ts"], "text": long});
    assert_eq!(stage.call("chat.update", args).await["error"], "msg_too_long");
    let args = json!({"channel": room, "ts": posted["ts"], "text": "x".repeat(4000)});
    assert_eq!(stage.call("chat.update", args).await["ok"], true);
}

#[tokio::test]
async fn metadata_is_kept_and_shown_only_on_request() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let metadata = json!({"event_type": "card", "event_payload": {"id": "7"}});
    let args = json!({"channel": room, "text": "x", "metadata": metadata});
    stage.call("chat.postMessage", args).await;
    let plain = stage.call("conversations.history", json!({"channel": room})).await;
    assert_eq!(plain["messages"][0]["metadata"], Value::Null);
    let args = json!({"channel": room, "include_all_metadata": true});
    let full = stage.call("conversations.history", args).await;
    assert_eq!(full["messages"][0]["metadata"], metadata);
    let args = json!({"channel": room, "text": "x", "metadata": {"event_type": "card"}});
    assert_eq!(stage.call("chat.postMessage", args).await["error"], "invalid_metadata_format");
}

#[tokio::test]
async fn loose_ampersands_and_brackets_become_entities() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let text = "a & b &amp; <@U1> <!here> 1 < 2 > 0 <https://x.y|z>";
    let posted = stage.call("chat.postMessage", json!({"channel": room, "text": text})).await;
    let stored = "a &amp; b &amp; <@U1> <!here> 1 &lt; 2 &gt; 0 <https://x.y|z>";
    assert_eq!(posted["message"]["text"], stored);
}

#[tokio::test]
async fn an_ephemeral_message_is_seen_by_one_member_until_they_reload() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let args = json!({"channel": room, "user": BOB, "text": "x"});
    assert_eq!(stage.call("chat.postEphemeral", args).await["error"], "user_not_in_channel");
    let args = json!({"channel": room, "user": ANA, "text": "only you"});
    let sent = stage.call("chat.postEphemeral", args).await;
    let seen = stage.slack.ephemerals(ANA);
    assert_eq!(seen[0].message["ts"], sent["message_ts"]);
    let args = json!({"channel": room, "ts": sent["message_ts"], "text": "other"});
    assert_eq!(stage.call("chat.update", args).await["error"], "message_not_found");
    stage.slack.reload(ANA);
    assert!(stage.slack.ephemerals(ANA).is_empty());
}

#[tokio::test]
async fn replies_stay_out_of_history_and_belong_to_their_thread() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let root = stage.call("chat.postMessage", json!({"channel": room, "text": "root"})).await;
    let ts = root["ts"].as_str().unwrap();
    let args = json!({"channel": room, "text": "reply", "thread_ts": ts});
    stage.call("chat.postMessage", args).await;
    let history = stage.call("conversations.history", json!({"channel": room})).await;
    assert_eq!(history["messages"][0]["text"], "root");
    let thread = stage.form("conversations.replies", &[("channel", &room), ("ts", ts)]).await;
    assert_eq!(thread["messages"].as_array().unwrap().len(), 2);
    let lost = json!({"channel": room, "text": "x", "thread_ts": "1.000000"});
    assert_eq!(stage.call("chat.postMessage", lost).await["error"], "thread_not_found");
}

#[tokio::test]
async fn a_message_is_pinned_once() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let posted = stage.call("chat.postMessage", json!({"channel": room, "text": "x"})).await;
    let args = json!({"channel": room, "timestamp": posted["ts"]});
    assert_eq!(stage.call("pins.add", args.clone()).await["ok"], true);
    assert_eq!(stage.call("pins.add", args.clone()).await["error"], "already_pinned");
    let pins = stage.form("pins.list", &[("channel", &room)]).await;
    assert_eq!(pins["items"][0]["message"]["ts"], posted["ts"]);
    assert_eq!(stage.call("pins.remove", args.clone()).await["ok"], true);
    assert_eq!(stage.call("pins.remove", args).await["error"], "no_pin");
    let lost = json!({"channel": room, "timestamp": "1.000000"});
    assert_eq!(stage.call("pins.add", lost).await["error"], "message_not_found");
}

#[tokio::test]
async fn a_bookmark_needs_a_link_and_a_reaction_is_given_once() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let args = json!({"channel_id": room, "title": "t", "type": "link", "link": "nowhere"});
    assert_eq!(stage.call("bookmarks.add", args).await["error"], "invalid_link");
    let args = json!({"channel_id": room, "title": "t", "type": "link", "link": "https://x.y"});
    assert_eq!(stage.call("bookmarks.add", args).await["ok"], true);
    let posted = stage.call("chat.postMessage", json!({"channel": room, "text": "x"})).await;
    let args = json!({"channel": room, "timestamp": posted["ts"], "name": "eyes"});
    assert_eq!(stage.call("reactions.add", args.clone()).await["ok"], true);
    assert_eq!(stage.call("reactions.add", args).await["error"], "already_reacted");
}

#[tokio::test]
async fn a_permalink_names_the_message() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let posted = stage.call("chat.postMessage", json!({"channel": room, "text": "x"})).await;
    let ts = posted["ts"].as_str().unwrap();
    let link = stage.form("chat.getPermalink", &[("channel", &room), ("message_ts", ts)]).await;
    let place = format!("/archives/{room}/p{}", ts.replace('.', ""));
    assert!(link["permalink"].as_str().unwrap().ends_with(&place), "{link}");
}
