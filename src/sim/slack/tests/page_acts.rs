//! What the page lets people do beside typing commands and pressing: only what Slack would.

use super::page::{act, page};
use super::stage::{ANA, BOB, Heard, Stage, config};
use crate::ports::clock::Clock;
use crate::sim::slack::channels::Reach;
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::people::Person;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const EVE: &str = "U0EVE00005";
const PATIENCE: Duration = Duration::from_secs(10);

/// A workspace whose app asks for what ours does, and a stranger.
async fn stage() -> (Stage, String) {
    let shortcut = |kind: &str| json!({"type": kind, "callback_id": kind, "name": kind});
    let manifest = json!({
        "features": {
            "app_home": {"home_tab_enabled": true, "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": true},
            "shortcuts": [shortcut("global"), shortcut("message")],
            "slash_commands": [{"command": "/keyleak", "should_escape": true}],
        },
        "settings": {"event_subscriptions": {
            "bot_events": ["app_home_opened", "message.groups", "reaction_added"]}},
    });
    let mut start = config(Clock::real());
    start.people.push(Person::stranger(EVE, "eve", "T0OTHER001"));
    let stage = Stage::with(SimSlackConfig { manifest: Some(manifest), ..start }).await;
    let host = page(&stage).await;
    (stage, host)
}

/// The event of this type that the bot heard last, once there are `many` of them.
async fn events(stage: &Stage, kind: &str, many: usize) -> Vec<Value> {
    let since = Instant::now();
    loop {
        let body = |heard: Heard| serde_json::from_str::<Value>(&heard.body).unwrap_or_default();
        let all = stage.bot.heard().into_iter().map(body).map(|body| body["event"].clone());
        let found: Vec<Value> = all.filter(|event| event["type"] == kind).collect();
        if found.len() >= many || since.elapsed() > PATIENCE {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn names_that_are_typed_are_live_and_nothing_else() {
    let (stage, host) = stage().await;
    let room = stage.room().await;
    let general = stage.slack.channel("general").unwrap().id;
    let hush = stage.slack.make_channel("hush", Reach::Private, &[BOB]);
    for (typed, sent) in [
        ("@bob look.", format!("<@{BOB}> look.")),
        ("(@bob)", format!("(<@{BOB}>)")),
        ("ask @bob.", format!("ask <@{BOB}>.")),
        ("@keyleak see #general", format!("<@U0BOT00000> see <#{general}>")),
        ("@responders", "<!subteam^S0RESPOND1|@responders>".to_owned()),
        ("@here", "<!here>".to_owned()),
        ("a@bob.com @nobody #nowhere", "a@bob.com @nobody #nowhere".to_owned()),
        ("`@bob` @bob", format!("`@bob` <@{BOB}>")),
        ("#hush", "#hush".to_owned()),
        ("<!channel> <@U1> & @", "&lt;!channel&gt; &lt;@U1&gt; &amp; @".to_owned()),
    ] {
        let said = json!({"user": ANA, "channel": room, "text": typed});
        assert_eq!(act(&host, "/ui/say", said).await["ok"], true, "{typed}");
        let last = stage.slack.messages(&room).last().cloned().unwrap();
        assert_eq!(last["text"], sent, "{typed}");
    }
    let said = json!({"user": BOB, "channel": hush, "text": "#hush"});
    act(&host, "/ui/say", said).await;
    let last = stage.slack.messages(&hush).last().cloned().unwrap();
    assert_eq!(last["text"], format!("<#{hush}>"), "he is in there");

    let typed =
        json!({"user": ANA, "channel": room, "command": "/keyleak", "text": "ask @bob & <b>"});
    act(&host, "/ui/slash", typed).await;
    assert_eq!(stage.bot.last().field("text"), format!("ask <@{BOB}|bob> &amp; &lt;b&gt;"));
}

#[tokio::test]
async fn talk_is_told_to_an_app_that_is_in_there_and_edits_and_deletions_with_it() {
    let (stage, host) = stage().await;
    let room = stage.room().await;
    let alone = stage.slack.make_channel("alone", Reach::Private, &[ANA]);
    for channel in [&alone, &room] {
        act(&host, "/ui/say", json!({"user": ANA, "channel": channel, "text": "one"})).await;
    }
    let told = events(&stage, "message", 1).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["channel"], &told[0]["text"]), (&json!(room), &json!("one")));
    let ts = told[0]["ts"].clone();
    let mut edit = json!({"user": BOB, "channel": room, "ts": ts, "text": "two @bob"});
    assert_eq!(act(&host, "/ui/edit", edit.clone()).await["ok"], false, "it is not his");
    edit["user"] = json!(ANA);
    assert_eq!(act(&host, "/ui/edit", edit.clone()).await["ok"], true);
    let told = events(&stage, "message", 2).await;
    assert_eq!(told[1]["message"]["text"], format!("two <@{BOB}>"));
    edit["text"] = json!("  ");
    assert_eq!(act(&host, "/ui/edit", edit).await["ok"], false, "nothing is no message");
    let delete = json!({"user": ANA, "channel": room, "ts": ts});
    assert_eq!(act(&host, "/ui/delete", delete.clone()).await["ok"], true);
    assert_eq!(events(&stage, "message", 3).await[2]["subtype"], "message_deleted");
    let again = act(&host, "/ui/delete", delete).await;
    assert!(again["error"].as_str().unwrap().contains("no message"), "{again}");
}

#[tokio::test]
async fn an_emoji_is_there_once_with_everybody_and_goes_with_the_last() {
    let (stage, host) = stage().await;
    let room = stage.room().await;
    stage.slack.change_channel(&room, |channel| channel.members.push(BOB.to_owned()));
    let ts = stage.slack.say(ANA, &room, "look");
    let react = async |user: &str, emoji: &str, remove: bool| {
        let body = json!({"user": user, "channel": room, "ts": ts, "emoji": emoji,
            "remove": remove});
        act(&host, "/ui/react", body).await["ok"] == true
    };
    let reactions = || stage.slack.message(&room, &ts).unwrap()["reactions"].clone();
    assert!(react(ANA, "eyes", false).await && react(BOB, "eyes", false).await);
    assert!(react(ANA, "eyes", false).await);
    assert_eq!(reactions(), json!([{"name": "eyes", "users": [BOB, ANA], "count": 2}]));
    assert!(react(BOB, "eyes", true).await && react(ANA, "eyes", true).await);
    assert_eq!(reactions(), Value::Null);
    assert!(!react(ANA, "no emoji", false).await && !react(EVE, "eyes", false).await);
    assert_eq!(events(&stage, "reaction_added", 3).await.len(), 3);
    assert!(events(&stage, "reaction_removed", 0).await.is_empty(), "the app asks for no such");
}

#[tokio::test]
async fn shortcuts_go_to_the_app_and_only_those_of_its_manifest() {
    let (stage, host) = stage().await;
    let room = stage.room().await;
    let ts = stage.slack.say(ANA, &room, "look");
    let mut point = json!({"user": ANA, "channel": room, "ts": ts, "callback_id": "message"});
    assert_eq!(act(&host, "/ui/point", point.clone()).await["ok"], true);
    assert_eq!(stage.bot.last().payload()["type"], "message_action");
    point["callback_id"] = json!("global");
    assert_eq!(act(&host, "/ui/point", point).await["ok"], false);
    let mut choose = json!({"user": ANA, "callback_id": "global"});
    assert_eq!(act(&host, "/ui/choose", choose.clone()).await["ok"], true);
    assert_eq!(stage.bot.last().payload()["type"], "shortcut");
    choose["callback_id"] = json!("message");
    assert_eq!(act(&host, "/ui/choose", choose).await["ok"], false);
}

#[tokio::test]
async fn the_app_hears_of_each_entrance_and_a_stranger_has_no_app() {
    let (stage, host) = stage().await;
    let enter = async |user: &str, tab: &str| {
        act(&host, "/ui/home", json!({"user": user, "tab": tab})).await["ok"] == true
    };
    assert!(enter(ANA, "home").await);
    assert_eq!(events(&stage, "app_home_opened", 1).await[0]["view"], Value::Null);
    let view = json!({"type": "home", "blocks": [{"type": "divider"}]});
    let published = stage.call("views.publish", json!({"user_id": ANA, "view": view})).await;
    assert_eq!(published["ok"], true);
    assert!(enter(ANA, "home").await);
    assert_eq!(events(&stage, "app_home_opened", 2).await[1]["view"]["type"], "home");
    assert!(enter(ANA, "messages").await);
    let told = events(&stage, "app_home_opened", 3).await;
    assert_eq!((&told[2]["tab"], &told[2]["view"]), (&json!("messages"), &Value::Null));
    assert!(!enter(EVE, "home").await, "her workspace has no such app");

    let state = |user: &str| format!("http://{host}/ui/state?user={user}");
    for (user, sees) in [(ANA, true), (BOB, false)] {
        let seen = stage.get(&state(user)).await.body;
        assert_eq!(seen["views"].to_string().contains("home"), sees, "{user}");
        assert_eq!(seen["app"]["commands"][0]["command"], "/keyleak");
    }
    let channel = told[2]["channel"].clone();
    let said = json!({"user": ANA, "channel": channel, "text": "hello"});
    let refused = act(&host, "/ui/say", said).await;
    assert!(refused["error"].as_str().unwrap().contains("turned off"), "{refused}");
}

#[tokio::test]
async fn two_people_have_one_conversation_and_nobody_else_sees_it() {
    let (stage, host) = stage().await;
    let meet = async |user: &str, with: &str| {
        act(&host, "/ui/direct", json!({"user": user, "with": with})).await
    };
    let channel = meet(ANA, BOB).await["channel"].clone();
    assert_eq!(meet(BOB, ANA).await["channel"], channel);
    act(&host, "/ui/say", json!({"user": ANA, "channel": channel, "text": "psst"})).await;
    for (user, sees) in [(BOB, true), ("U0CYN00003", false)] {
        let seen = stage.get(&format!("http://{host}/ui/state?user={user}")).await.body;
        assert_eq!(seen.to_string().contains("psst"), sees, "{user}");
    }
    assert_eq!(meet(ANA, ANA).await["ok"], false);
    assert_eq!(meet(ANA, "U0NOBODY99").await["ok"], false);
    assert!(events(&stage, "message", 0).await.is_empty(), "the app is not in there");
}
