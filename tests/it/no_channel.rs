//! A channel that cannot be made: the requester hears why, once, and it is tried again.

use crate::chat_traps::house::BOT;
use crate::stage::Stage;
use jiff::SignedDuration;
use keyleak::domain::announce::card_key;
use keyleak::domain::case::Case;
use keyleak::domain::digest::sha256_hex;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::drill::people::{REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{approve, open, until};
use keyleak::drill::world::World;
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::faults::Fault;

/// Without it no private channel can be made.
const SCOPE: &str = "groups:write";

fn tries(case: &Case) -> u32 {
    case.room().unmade.as_ref().map_or(0, |unmade| unmade.tries)
}

fn has_card(case: &Case) -> bool {
    case.room().posted.contains_key(&card_key())
}

/// How long after the last try in vain the channel was made.
fn waited(case: &Case) -> SignedDuration {
    let last = |wanted: fn(&Event) -> bool| {
        let found = case.records().iter().rev().find(|record| wanted(&record.event));
        found.map(|record| record.at).unwrap()
    };
    let made = last(|event| matches!(event, Event::ChannelMade { .. }));
    made.duration_since(last(|event| matches!(event, Event::ChannelFailed { .. })))
}

/// What the bot has told somebody directly, each message as its text.
pub(crate) fn told_directly(world: &World, person: &str) -> Vec<String> {
    let with = |members: &[String]| members.iter().any(|member| member == person);
    let channels = world.slack.channels().into_iter();
    let direct =
        channels.filter(|channel| channel.reach == Reach::Direct && with(&channel.members));
    direct.flat_map(|channel| world.slack.messages(&channel.id)).map(|m| m.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_missing_scope_is_granted_the_channel_is_made_and_the_story_goes_on() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.revoke(SCOPE);
    let case = open(world).await.unwrap();
    until(world, &case, "two tries in vain", |case| tries(case) == 2).await.unwrap();
    world.slack.grant(SCOPE);
    until(world, &case, "the card", has_card).await.unwrap();
    approve(world, &case).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let now = until(world, &case, "contained", contained).await.unwrap();

    let told = told_directly(world, REPORTER);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains(&case.0) && told[0].contains(SCOPE), "{told:?}");
    assert!(told[0].contains("install the app again"), "what to do about it: {told:?}");
    assert_eq!(told_directly(world, SECOND_APPROVER), [""; 0], "her alone");
    assert_eq!((&now.room().unmade, &now.room().failed), (&None, &None));
    let name = now.room().name.clone().unwrap();
    assert!(!name.ends_with("-2"), "a name that nobody took is not given up: {name}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pause_outlives_a_restart() {
    let mut stage = Stage::set().await;
    stage.world.slack.revoke(SCOPE);
    let case = open(&stage.world).await.unwrap();
    until(&stage.world, &case, "two tries", |case| tries(case) == 2).await.unwrap();
    stage.world.restart_bot().await.unwrap();
    stage.world.slack.grant(SCOPE);
    let now = until(&stage.world, &case, "the card", has_card).await.unwrap();
    assert!(waited(&now) >= SignedDuration::from_mins(5), "{:?}", waited(&now));
    assert_eq!(told_directly(&stage.world, REPORTER).len(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_again_ends_the_pause() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.revoke(SCOPE);
    let case = open(world).await.unwrap();
    let ask = async || {
        let key = &world.leaked.access_key_id;
        let said = world.slack.slash(REPORTER, &world.lobby, "/keyleak", key).await.unwrap();
        assert!(said.body.contains("I try again"), "{}", said.body);
    };
    for asked in 1..4 {
        until(world, &case, "a try", |case| tries(case) >= asked).await.unwrap();
        ask().await;
    }
    until(world, &case, "the fourth try", |case| tries(case) >= 4).await.unwrap();
    world.slack.grant(SCOPE);
    ask().await;
    let now = until(world, &case, "the card", has_card).await.unwrap();
    assert!(waited(&now) < SignedDuration::from_mins(60), "{:?}", waited(&now));
    assert_eq!(told_directly(world, REPORTER).len(), 1);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_forbids_channels_is_named_and_a_slow_slack_is_not() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let create = "conversations.create";
    world.slack.script(create, &Fault::Page(503), 1);
    world.slack.script(create, &Fault::RateLimited(1), 1);
    world.slack.script(create, &Fault::Error("restricted_action".to_owned()), 1);
    world.slack.script("chat.postMessage", &Fault::Page(502), 1);
    let case = open(world).await.unwrap();
    let now = until(world, &case, "the card", has_card).await.unwrap();
    let told = told_directly(world, REPORTER);
    assert_eq!(told.len(), 1, "tried again after the 502, and said once: {told:?}");
    assert!(told[0].contains("restricted_action"), "{told:?}");
    assert!(told[0].contains("who administers the workspace"), "{told:?}");
    let failed = |event: &Event| matches!(event, Event::ChannelFailed { .. });
    assert_eq!(now.records().iter().filter(|record| failed(&record.event)).count(), 1);
    stage.strike().await;
}

/// Opens a case while the first name is somebody's and the second a channel that the bot has made;
/// the name that the case gets.
async fn named_beside_a_channel_of_the_bots(is_claimed: bool) -> String {
    let stage = Stage::set().await;
    let world = &stage.world;
    let four = world.leaked.access_key_id[16..].to_lowercase();
    let first = format!("drill-keyleak-{four}-{}", world.clock.now().strftime("%Y%m%d"));
    let second = format!("{first}-2");
    world.slack.make_channel(&first, Reach::Private, &[SECOND_APPROVER]);
    world.slack.make_channel(&second, Reach::Private, &[BOT]);
    if is_claimed {
        let claim = sha256_hex(format!("channel {second}").as_bytes());
        let other = CaseId("another".to_owned());
        let work = &world.desk().unwrap().work;
        assert_eq!(work.claim_key(&claim, &other).await.unwrap(), other);
    }
    let case = open(world).await.unwrap();
    let now = until(world, &case, "the card", has_card).await.unwrap();
    let name = now.room().name.clone().unwrap();
    stage.strike().await;
    name.replace(&first, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_case_has_made_and_not_yet_written_down_is_not_taken_for_ones_own() {
    assert_eq!(named_beside_a_channel_of_the_bots(true).await, "-3");
    // The control: what nobody else claims was made by this case, before a crash.
    assert_eq!(named_beside_a_channel_of_the_bots(false).await, "-2");
}
