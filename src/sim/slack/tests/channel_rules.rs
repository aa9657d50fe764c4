//! Names, membership, archives.

use super::stage::{ANA, BOB, Stage, config};
use crate::ports::clock::Clock;
use crate::sim::slack::channels::Reach;
use crate::sim::slack::people::{Person, Standing};
use serde_json::{Value, json};

async fn create(stage: &Stage, name: &str) -> Value {
    stage.call("conversations.create", json!({"name": name, "is_private": true})).await
}

#[tokio::test]
async fn names_follow_the_five_rules() {
    let stage = Stage::new().await;
    let long = "a".repeat(81);
    let cases = [
        ("", "invalid_name_required"),
        (&long, "invalid_name_maxlength"),
        ("--_", "invalid_name_punctuation"),
        ("Upper", "invalid_name_specials"),
        ("with space", "invalid_name_specials"),
        ("general", "name_taken"),
    ];
    for (name, error) in cases {
        assert_eq!(create(&stage, name).await["error"], error, "{name}");
    }
    assert_eq!(create(&stage, &"a".repeat(80)).await["ok"], true);
}

#[tokio::test]
async fn a_name_stays_taken_by_archived_and_invisible_channels() {
    let stage = Stage::new().await;
    stage.slack.make_channel("hidden", Reach::Private, &[BOB]);
    assert_eq!(create(&stage, "hidden").await["error"], "name_taken");
    let id = create(&stage, "old").await["channel"]["id"].clone();
    stage.call("conversations.archive", json!({"channel": id})).await;
    assert_eq!(create(&stage, "old").await["error"], "name_taken");
}

#[tokio::test]
async fn a_private_channel_without_the_bot_does_not_exist_for_it() {
    let stage = Stage::new().await;
    let hidden = stage.slack.make_channel("hidden", Reach::Private, &[BOB]);
    let info = stage.form("conversations.info", &[("channel", &hidden)]).await;
    assert_eq!(info["error"], "channel_not_found");
    let post = stage.call("chat.postMessage", json!({"channel": hidden, "text": "x"})).await;
    assert_eq!(post["error"], "channel_not_found");
    let list = stage.form("conversations.list", &[("types", "private_channel")]).await;
    assert_eq!(list["channels"], json!([]));
}

#[tokio::test]
async fn posting_to_a_public_channel_needs_membership() {
    let stage = Stage::new().await;
    let args = json!({"channel": "C0GENERAL1", "text": "x"});
    let answer = stage.call("chat.postMessage", args.clone()).await;
    assert_eq!(answer["error"], "not_in_channel");
    stage.call("conversations.join", json!({"channel": "C0GENERAL1"})).await;
    assert_eq!(stage.call("chat.postMessage", args).await["ok"], true);
}

#[tokio::test]
async fn an_archived_channel_takes_nothing_and_stays_archived() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    assert_eq!(stage.call("conversations.archive", json!({"channel": room})).await["ok"], true);
    for (method, args, error) in [
        ("chat.postMessage", json!({"channel": room, "text": "x"}), "is_archived"),
        ("conversations.setTopic", json!({"channel": room, "topic": "x"}), "is_archived"),
        ("conversations.invite", json!({"channel": room, "users": BOB}), "is_archived"),
        ("conversations.archive", json!({"channel": room}), "already_archived"),
        ("conversations.unarchive", json!({"channel": room}), "not_in_channel"),
    ] {
        assert_eq!(stage.call(method, args).await["error"], error, "{method}");
    }
}

#[tokio::test]
async fn a_topic_has_250_characters_at_most() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    for (method, key) in [("setTopic", "topic"), ("setPurpose", "purpose")] {
        let method = format!("conversations.{method}");
        let fits = stage.call(&method, json!({"channel": room, key: "é".repeat(250)})).await;
        assert_eq!(fits["channel"][key]["value"], "é".repeat(250));
        let long = stage.call(&method, json!({"channel": room, key: "é".repeat(251)})).await;
        assert_eq!(long["error"], "too_long");
    }
}

#[tokio::test]
async fn one_bad_invitee_keeps_everybody_out_unless_forced() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let users = format!("{BOB},U0NOBODY99");
    let answer = stage.call("conversations.invite", json!({"channel": room, "users": users})).await;
    assert_eq!(answer["error"], "user_not_found");
    assert_eq!(answer["errors"][0]["user"], "U0NOBODY99");
    assert!(!stage.slack.channel(&room).unwrap().members.contains(&BOB.to_owned()));
    let args = json!({"channel": room, "users": [BOB, "U0NOBODY99"], "force": true});
    let forced = stage.call("conversations.invite", args).await;
    assert_eq!(
        (&forced["ok"], &forced["errors"][0]["error"]),
        (&json!(true), &json!("user_not_found"))
    );
    assert!(stage.slack.channel(&room).unwrap().members.contains(&BOB.to_owned()));
}

#[tokio::test]
async fn invitations_name_each_obstacle() {
    let mut config = config(Clock::real());
    let person = |id: &str, standing| Person { standing, ..Person::member(id, id, id) };
    config.people.push(Person { deleted: true, ..Person::member("U0GONE0001", "gone", "Gone") });
    config.people.push(person("U0GUEST001", Standing::SingleChannelGuest));
    config.people.push(Person::stranger("U0STRANGE1", "strange", "T0OTHER001"));
    let stage = Stage::with(config).await;
    let room = stage.room().await;
    for (user, error) in [
        (ANA, "already_in_channel"),
        ("U0BOT00000", "cant_invite_self"),
        ("U0GONE0001", "user_disabled"),
        ("U0GUEST001", "ura_max_channels"),
        ("U0STRANGE1", "no_external_invite_permission"),
        ("", "no_user"),
    ] {
        let args = json!({"channel": room, "users": user});
        assert_eq!(stage.call("conversations.invite", args).await["error"], error, "{user}");
    }
}

#[tokio::test]
async fn more_than_a_hundred_cannot_be_invited_at_once() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let users: Vec<String> = (0..101).map(|n| format!("U0MANY{n:04}")).collect();
    let args = json!({"channel": room, "users": users});
    assert_eq!(stage.call("conversations.invite", args).await["error"], "invalid_arguments");
}

#[tokio::test]
async fn a_message_to_a_person_opens_a_direct_conversation() {
    let stage = Stage::new().await;
    let opened = stage.call("conversations.open", json!({"users": ANA})).await;
    let sent = stage.call("chat.postMessage", json!({"channel": ANA, "text": "hello"})).await;
    assert_eq!(sent["channel"], opened["channel"]["id"]);
}

#[tokio::test]
async fn an_app_that_may_post_anywhere_public_needs_no_membership_there() {
    let stage = Stage::new().await;
    stage.slack.set_scopes(&["chat:write", "chat:write.public"]);
    let args = json!({"channel": "C0GENERAL1", "text": "x"});
    assert_eq!(stage.call("chat.postMessage", args).await["ok"], true);
    let hidden = stage.slack.make_channel("hidden", Reach::Private, &[BOB]);
    let args = json!({"channel": hidden, "text": "x"});
    assert_eq!(stage.call("chat.postMessage", args).await["error"], "channel_not_found");
}
