//! Each method of Slack's that the code names is called, and gets only arguments that it knows.

use crate::slack_app::methods_called;
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::home::Home;
use keyleak::domain::ids::{ChannelId, MessageTs, PersonId};
use keyleak::domain::intake::IntakeStart;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{open, until};
use keyleak::drill::world::World;
use keyleak::ports::chat::{Chat, Post, Scene, Spot, Upload, View, Whisper};
use keyleak::ports::clock::Clock;
use keyleak::ports::directory::Directory;
use keyleak::sim::slack::methods::METHODS;
use keyleak::sim::slack::state::CallRecord;
use keyleak::slack::chat::SlackChat;
use keyleak::slack::checkup::Look;
use keyleak::slack::line::{LineSettings, Lines};
use keyleak::slack::web::SlackSettings;
use secrecy::SecretString;
use std::collections::BTreeSet;

/// What a call has that Slack's reference does not know; `tests/outside/slack_reference.rs` holds
/// what the simulated Slack knows to that reference.
fn unknown(calls: &[CallRecord]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for call in calls {
        let Some(method) = METHODS.iter().find(|method| method.name == call.method) else {
            found.insert(format!("{}: no such method", call.method));
            continue;
        };
        let known: BTreeSet<&str> = method.args.split_whitespace().collect();
        let given = call.args.as_object().into_iter().flat_map(|args| args.keys());
        let more = given.filter(|name| !known.contains(name.as_str()));
        found.extend(more.map(|name| format!("{}: {name}", call.method)));
    }
    found.into_iter().collect()
}

/// What a case alone does not come to call.
async fn the_rest(world: &World, case: &Case) {
    let settings = SlackSettings {
        api_url: world.slack.api_url(),
        bot_token: SecretString::from("xoxb-drill"),
        team_id: "T0SIM00001".to_owned(),
        app_id: None,
    };
    let chat = SlackChat::new(&settings, Clock::real()).unwrap();
    let look = Look::new(&settings, Clock::real()).unwrap();
    let told = look.token().await;
    look.people(told.granted.as_ref(), &[REPORTER]).await;
    let channel = case.room().channel.clone().unwrap();
    // Whoever is asked about need not be there.
    let _ = chat.standing(REPORTER).await;
    let _ = chat.members("S0RESPOND1").await;
    let _ = chat.is_shared(&channel).await;
    let policy = &world.desk().unwrap().rules.policy;
    let scene = Scene { case, policy, now: world.clock.now() };
    let key = "a-key".to_owned();
    let view = View::Notice(scene, "a notice".to_owned());
    let post = Post { key, view, repeat_possible: true };
    let at = Spot { channel: &channel, thread: None };
    let message = chat.post(at, &post).await.unwrap();
    let thread = Spot { channel: &channel, thread: Some(&message) };
    chat.post(thread, &post).await.unwrap();
    chat.posted(at).await.unwrap();
    chat.posted(thread).await.unwrap();
    chat.update(&channel, &message, &post.view).await.unwrap();
    chat.pin(&channel, &message).await.unwrap();
    let content = b"a,b\n".to_vec();
    let upload = Upload { name: "rows.csv".to_owned(), title: "Rows".to_owned(), content };
    let file = chat.bring(&upload).await.unwrap();
    chat.share(thread, &file, "Rows").await.unwrap();
    let _ = chat.fetch(&file.0, 1_000).await;
    let person = PersonId { team: settings.team_id.clone(), user: REPORTER.to_owned() };
    let text = "for you alone".to_owned();
    let (channel_of, response_url) = (Some(channel.clone()), None);
    let whisper = Whisper { person: person.clone(), channel: channel_of, response_url, text };
    chat.whisper(&whisper).await.unwrap();
    let line = chat.say_to(&person, None, "for you").await.unwrap();
    chat.say_to(&person, Some(&line), "for you still").await.unwrap();
    // A trigger that is over is refused, which is a call all the same.
    let _ = chat.open_intake("a-trigger", &IntakeStart::default()).await;
    let home = Home { health: vec!["all is well".to_owned()], ..Home::default() };
    chat.publish_home(&person, &home).await.unwrap();
    // Socket Mode is off in this app, which is said, and is a call all the same.
    let line = LineSettings {
        app_token: SecretString::from("xapp-1-A0SIM00001-1-none"),
        api_url: settings.api_url.clone(),
        app_id: None,
    };
    let _ = Lines::new(&line).unwrap().open().await;
    let made = chat.create_channel("keyleak-made-here").await.unwrap();
    chat.own_channel("keyleak-made-here", jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    chat.set_topic(&made, "a topic").await.unwrap();
    chat.set_purpose(&made, "a purpose").await.unwrap();
    chat.invite(&made, &[person]).await.unwrap();
    let spare = chat.post(Spot { channel: &made, thread: None }, &post).await.unwrap();
    chat.take_back(&made, &spare).await.unwrap();
    chat.archive(&made).await.unwrap();
    let gone = ChannelId("C0NOBODY".to_owned());
    assert!(chat.pin(&gone, &MessageTs("1.0".to_owned())).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_has_only_arguments_that_slack_knows() {
    let stage = Stage::set().await;
    let id = open(&stage.world).await.unwrap();
    let planned = |case: &Case| case.pending_plan().is_some() && case.room().channel.is_some();
    let case = until(&stage.world, &id, "a plan", planned).await.unwrap();
    the_rest(&stage.world, &case).await;
    let calls = stage.world.slack.calls();
    assert_eq!(unknown(&calls), [""; 0]);
    let made: BTreeSet<String> = calls.iter().map(|call| call.method.clone()).collect();
    let named = methods_called();
    let unmade: Vec<&String> = named.difference(&made).collect();
    assert!(
        unmade.is_empty(),
        "the code names {unmade:?}; call it in the_rest, so that it is judged"
    );
    let mut wrong = calls[0].clone();
    wrong.args = serde_json::json!({ "colour": "red" });
    assert_eq!(unknown(&[wrong]), [format!("{}: colour", calls[0].method)], "it would be noticed");
    stage.strike().await;
}
