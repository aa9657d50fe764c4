//! Shortcuts, emoji, edits and the app's home: only what the manifest and the scopes allow.

use super::stage::{ANA, BOB, Stage, config};
use crate::ports::clock::Clock;
use crate::sim::slack::acts::Impossible;
use crate::sim::slack::config::SimSlackConfig;
use serde_json::{Value, json};

/// A workspace whose app asks for no more than this.
async fn asking_for(shortcuts: Value, home: bool, events: &[&str]) -> Stage {
    let manifest = json!({
        "features": { "shortcuts": shortcuts, "app_home": { "home_tab_enabled": home } },
        "settings": { "event_subscriptions": { "bot_events": events } },
    });
    let start = config(Clock::real());
    Stage::with(SimSlackConfig { manifest: Some(manifest), ..start }).await
}

fn body(stage: &Stage) -> Value {
    serde_json::from_str(&stage.bot.last().body).unwrap()
}

#[tokio::test]
async fn a_shortcut_is_there_only_where_the_manifest_puts_it() {
    let shortcut = json!([{ "type": "message", "callback_id": "m" }]);
    let stage = asking_for(shortcut, false, &[]).await;
    let room = stage.room().await;
    let ts = stage.slack.say(ANA, &room, "look");
    let chosen = stage.slack.point_at(ANA, (&room, &ts), "m").await.unwrap();
    let payload = stage.bot.last().payload();
    assert_eq!(payload["type"], "message_action");
    assert_eq!(payload["message"]["text"], "look");
    assert_eq!((&payload["message_ts"], &payload["channel"]["id"]), (&json!(ts), &json!(room)));
    assert!(payload["response_url"].as_str().unwrap().contains("/hooks/"));
    let view = json!({ "type": "modal", "title": { "type": "plain_text", "text": "x" },
        "blocks": [{ "type": "divider" }] });
    let args = json!({ "trigger_id": chosen.trigger_id, "view": view });
    assert_eq!(stage.call("views.open", args).await["ok"], true);

    let unknown = |name: &str| Impossible::NoSuchShortcut(name.to_owned());
    let elsewhere = stage.slack.choose(ANA, "m").await.unwrap_err();
    assert_eq!(elsewhere, unknown("m"), "it is in the menu of messages only");
    let other = stage.slack.point_at(ANA, (&room, &ts), "x").await.unwrap_err();
    assert_eq!(other, unknown("x"));
    let outside = stage.slack.point_at(BOB, (&room, &ts), "m").await.unwrap_err();
    assert!(matches!(outside, Impossible::NotAMember { .. }));
}

#[tokio::test]
async fn a_home_is_published_only_where_the_app_has_one_and_has_no_title() {
    let view = |more: Value| {
        let mut view = json!({ "type": "home", "blocks": [{ "type": "divider" }] });
        for (key, value) in more.as_object().unwrap() {
            view[key] = value.clone();
        }
        json!({ "user_id": ANA, "view": view })
    };
    let without = asking_for(json!([]), false, &["app_home_opened"]).await;
    assert_eq!(without.slack.open_home(ANA).await.unwrap_err(), Impossible::NoHome);
    assert_eq!(without.call("views.publish", view(json!({}))).await["error"], "not_enabled");

    let stage = asking_for(json!([]), true, &["app_home_opened"]).await;
    assert_eq!(stage.slack.open_home(ANA).await.unwrap().len(), 1);
    assert_eq!(body(&stage)["event"]["tab"], "home");
    assert_eq!(stage.call("views.publish", view(json!({}))).await["ok"], true);
    let title = json!({ "title": { "type": "plain_text", "text": "x" } });
    let refused = stage.call("views.publish", view(title)).await;
    assert_eq!(refused["error"], "invalid_arguments", "{refused}");
    let deaf = asking_for(json!([]), true, &[]).await;
    assert!(deaf.slack.open_home(ANA).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_emoji_or_an_edit_is_told_with_its_scope_in_the_bots_channels_alone() {
    let stage = asking_for(json!([]), false, &["reaction_added", "message.groups"]).await;
    let room = stage.room().await;
    let ts = stage.slack.say(ANA, &room, "first");
    let place = (room.as_str(), ts.as_str());
    assert_eq!(stage.slack.react(ANA, place, "eyes").await.unwrap().len(), 1);
    let told = body(&stage);
    assert_eq!(told["event"]["item"], json!({ "type": "message", "channel": room, "ts": ts }));
    assert_eq!(told["is_ext_shared_channel"], false);
    assert_eq!(stage.slack.edit(ANA, place, "second").await.unwrap().len(), 1);
    let told = body(&stage);
    assert_eq!(told["event"]["message"]["text"], "second");
    assert_eq!(told["event"]["previous_message"]["text"], "first");
    let others = stage.slack.edit(BOB, place, "third").await.unwrap_err();
    assert!(matches!(others, Impossible::NotAMember { .. }));

    stage.slack.change_channel(&room, |channel| channel.shared_externally = true);
    stage.slack.revoke("groups:history");
    assert!(stage.slack.edit(ANA, place, "third").await.unwrap().is_empty());
    stage.slack.react(ANA, place, "eyes").await.unwrap();
    assert_eq!(body(&stage)["is_ext_shared_channel"], true);
    stage.slack.revoke("reactions:read");
    assert!(stage.slack.react(ANA, place, "eyes").await.unwrap().is_empty());
    let lobby = stage.slack.channel("general").unwrap().id;
    stage.slack.grant("reactions:read");
    let elsewhere = stage.slack.say(ANA, &lobby, "hello");
    let told = stage.slack.react(ANA, (&lobby, &elsewhere), "eyes").await.unwrap();
    assert!(told.is_empty(), "the bot is not in there");
    stage.slack.grant("groups:history");
    assert_eq!(stage.slack.unsay(ANA, place).await.unwrap().len(), 1);
    assert_eq!(body(&stage)["event"]["deleted_ts"], json!(ts));
    let gone = stage.slack.edit(ANA, place, "fourth").await.unwrap_err();
    assert_eq!(gone, Impossible::NoSuchMessage(ts.clone()));
}
