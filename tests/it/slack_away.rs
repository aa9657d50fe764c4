//! A storm of 429s and a long outage: nothing is lost, order is kept, the card is the newest, and
//! Slack is not flooded.

use crate::no_channel::told_directly;
use crate::orders::{self, NOW, give, planned, user};
use crate::stage::Stage;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::announce::{announcements, card_key};
use keyleak::domain::case::Case;
use keyleak::domain::ids::CaseId;
use keyleak::domain::report;
use keyleak::domain::rounds::told;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{approve, load, open, until};
use keyleak::drill::world::World;
use keyleak::sim::slack::faults::{EVERY_METHOD, Fault};
use keyleak::sim::slack::pace::RateLimits;
use keyleak::sim::slack::state::CallRecord;
use serde_json::Value;

/// What Slack asks to wait for, in turns; it is seconds as a rule, and now and then a minute.
const WAITS: [u64; 6] = [1, 30, 2, 5, 61, 3];
/// Refusals of the storm: a case makes some fifty calls in its life.
const REFUSALS: usize = 120;
/// Keys that are of no account of ours; each gets its case and its channel all the same.
const OTHER_KEYS: [&str; 5] = [
    "AKIAQNZGKIQY56JQAAA2",
    "AKIAQNZGKIQY56JQAAA3",
    "AKIAQNZGKIQY56JQAAA4",
    "AKIAQNZGKIQY56JQAAA5",
    "AKIAQNZGKIQY56JQAAA6",
];
/// A message is redrawn at most so often, whatever happens.
const REDRAWN_EVERY: SignedDuration = SignedDuration::from_secs(2);

fn contained(case: &Case) -> bool {
    case.standing_plans().any(|state| state.contained.is_some())
}

/// Whether the channel has everything that it is owed.
pub(crate) fn told_all(case: &Case) -> bool {
    let posted = &case.room().posted;
    announcements(case).iter().all(|owed| posted.contains_key(&owed.key))
}

/// The bot's messages of a case in the order of the channel: their keys.
pub(crate) fn keys(world: &World, case: &Case) -> Vec<String> {
    let channel = case.room().channel.clone().unwrap();
    let key = |message: &Value| {
        let key = message["metadata"]["event_payload"]["key"].as_str()?;
        key.strip_prefix(&format!("{}/", case.id())).map(str::to_owned)
    };
    world.slack.messages(&channel.0).iter().filter_map(key).collect()
}

/// What is wrong with these messages of a case: one is missing, there twice, or out of its place.
pub(crate) fn wrong(case: &Case, keys: &[String]) -> Option<String> {
    let owed: Vec<String> = announcements(case).into_iter().map(|owed| owed.key.0).collect();
    // What the clock brings stands between, wherever its time was.
    let by_clock: Vec<String> = told(case).into_iter().map(|owed| owed.key.0).collect();
    let keys: Vec<_> = keys.iter().filter(|key| !by_clock.contains(key)).cloned().collect();
    (keys != owed).then(|| format!("in the channel: {keys:?}\nowed, in this order: {owed:?}"))
}

/// Waits until the card in the channel says what the case says.
async fn newest_card(world: &World, id: &CaseId) {
    let shown = |case: &Case| {
        let (channel, ts) = case.room().posted.get(&card_key())?;
        world.slack.message(&channel.0, &ts.0)
    };
    let newest = |case: &Case| {
        let words = report::status_words(case);
        shown(case).is_some_and(|card| card.to_string().contains(&words))
    };
    until(world, id, "the newest card", newest).await.unwrap();
}

/// What the bot sent too early or too often, of these calls. One call of every other case may be
/// under way while Slack refuses the first; in a channel of its own a case has nobody beside it.
fn floods(calls: &[CallRecord]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let later = || calls[at + 1..].iter().filter(|other| other.method == call.method);
        let here = |other: &&CallRecord| {
            call.method != "chat.postMessage" || other.args["channel"] == call.args["channel"]
        };
        let beside = if call.method == "chat.postMessage" { 0 } else { OTHER_KEYS.len() };
        if let Some(until) = refused_until(call)
            && let Some(early) = later().filter(here).filter(|other| other.at < until).nth(beside)
        {
            found.push(format!("{} at {}, before {until}", early.method, early.at));
        }
        let again = |other: &&CallRecord| other.args["ts"] == call.args["ts"];
        if call.method == "chat.update"
            && call.outcome == "ok"
            && let Some(early) = later().filter(again).find(|o| o.at < call.at + REDRAWN_EVERY)
        {
            found.push(format!("a card was drawn at {} and again at {}", call.at, early.at));
        }
    }
    found
}

/// Until when Slack wants no more such calls.
fn refused_until(call: &CallRecord) -> Option<Timestamp> {
    let (_, seconds) = call.outcome.split_once("RateLimited(")?;
    let seconds: i64 = seconds.trim_end_matches(')').parse().ok()?;
    Some(call.at + SignedDuration::from_secs(seconds))
}

async fn open_the_others(world: &World) -> Vec<CaseId> {
    let before = world.desk().unwrap().work.open_cases().await.unwrap();
    for key in OTHER_KEYS {
        let delivery = world.slack.slash(REPORTER, &world.lobby, "/keyleak", key).await.unwrap();
        assert!(delivery.accepted(), "{}", delivery.body);
    }
    let mut all = world.desk().unwrap().work.open_cases().await.unwrap();
    all.retain(|case| !before.contains(case));
    assert_eq!(all.len(), OTHER_KEYS.len());
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429s_loses_nothing_and_floods_nobody() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.slack.set_rate_limits(RateLimits::Strict);
    for number in 0..REFUSALS {
        let wait = WAITS[number % WAITS.len()];
        world.slack.script(EVERY_METHOD, &Fault::RateLimited(wait), 1);
    }
    let id = open(world).await.unwrap();
    let others = open_the_others(world).await;
    approve(world, &id).await.unwrap();
    until(world, &id, "\"contained\"", contained).await.unwrap();
    for case in others.iter().chain([&id]) {
        let after = until(world, case, "all messages", told_all).await.unwrap();
        assert_eq!(wrong(&after, &keys(world, &after)), None);
        assert!(after.room().given_up.is_empty(), "{:?}", after.room().given_up);
        newest_card(world, case).await;
    }
    let calls = world.slack.calls();
    let refused = calls.iter().filter(|call| refused_until(call).is_some()).count();
    assert_eq!(refused, REFUSALS, "the storm came to pass");
    assert_eq!(floods(&calls), Vec::<String>::new());
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_long_outage_the_channel_catches_up_in_order_without_a_flood() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, at) = planned(world).await;
    until(world, &id, "what was to be told so far", told_all).await.unwrap();
    world.slack.set_down(true);
    let (calls_before, went_at) = (world.slack.calls().len(), world.clock.now());
    let (outcome, _) = give(world, &user("bob"), orders::approve(&at), (NOW, "5a")).await;
    outcome.unwrap();
    let watched = |case: &Case| case.standing_plans().any(|state| state.watch_ended);
    let away = until(world, &id, "the end of the watch", watched).await.unwrap();
    assert!(!told_all(&away), "the negative control: Slack was away");
    let (calls_away, away_for) =
        (world.slack.calls().len() - calls_before, world.clock.now().duration_since(went_at));
    assert!(away_for > SignedDuration::from_mins(30), "{away_for}");
    // A call a minute, and some more at first: to a Slack that is down, nobody knocks harder.
    assert!(calls_away as i64 <= away_for.as_mins() + 12, "{calls_away} calls in {away_for}");

    let back_at = world.clock.now();
    world.slack.set_down(false);
    let after = until(world, &id, "all messages", told_all).await.unwrap();
    newest_card(world, &id).await;
    let after_keys = keys(world, &after);
    assert_eq!(wrong(&after, &after_keys), None);
    assert!(after.room().given_up.is_empty(), "{:?}", after.room().given_up);
    assert_eq!(told_directly(world, REPORTER), Vec::<String>::new(), "nobody was bothered");
    let calls = world.slack.calls();
    assert_eq!(floods(&calls), Vec::<String>::new());
    // Each message is drawn anew at most once for all that happened meanwhile.
    let redrawn = calls.iter().filter(|call| call.at >= back_at && call.method == "chat.update");
    assert!(redrawn.count() <= 2 + after.plans().count() * 2, "one card and its plans");
    stage.strike().await;
}

/// The checks must be able to fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_a_doubled_or_a_swapped_message_and_a_flood_are_noticed() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    approve(world, &id).await.unwrap();
    until(world, &id, "\"contained\"", contained).await.unwrap();
    let case = until(world, &id, "all messages", told_all).await.unwrap();
    let good = keys(world, &case);
    assert_eq!(wrong(&case, &good), None);
    let mut lost = good.clone();
    lost.remove(2);
    let mut doubled = good.clone();
    doubled.push(good[1].clone());
    let mut swapped = good.clone();
    swapped.swap(1, 3);
    for bad in [lost, doubled, swapped] {
        assert!(wrong(&case, &bad).is_some(), "{bad:?}");
    }
    let calls = world.slack.calls();
    assert_eq!(floods(&calls), Vec::<String>::new());
    let posted = calls.iter().find(|call| call.method == "chat.postMessage").unwrap();
    let refused = "fault: Some(RateLimited(30))".to_owned();
    let told_to_wait = CallRecord { outcome: refused, ..posted.clone() };
    assert_eq!(floods(&[told_to_wait, posted.clone()]).len(), 1);
    let drawn = CallRecord { method: "chat.update".to_owned(), ..posted.clone() };
    assert_eq!(floods(&[drawn.clone(), drawn]).len(), 1);
    load(world, &id).await.unwrap();
    stage.strike().await;
}
