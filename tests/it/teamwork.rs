//! How people work together on a case: severity, roles, and the updates that come by the clock.

use crate::stage::Stage;
use keyleak::domain::announce::card_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::severity::Severity;
use keyleak::domain::team_step::Role;
use keyleak::drill::bot::desk;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::worker::Worker;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// A name that would ring everybody and link elsewhere, if anything read it as markup.
const HOSTILE: &str = "<!channel> *all clear* <https://evil.example|here>\u{202e}";

/// What a person is answered to words in the case's channel.
async fn say(world: &World, case: &Case, who: &str, words: &str) -> String {
    let channel = case.room().channel.clone().unwrap().0;
    world.slack.slash(who, &channel, "/keyleak", words).await.unwrap().body
}

async fn shows(world: &World, case: &Case, words: &str) -> serde_json::Value {
    let (channel, ts) = case.room().posted[&card_key()].clone();
    wait(&format!("the card saying {words:?}"), async || {
        let seen = world.slack.message(&channel.0, &ts.0).unwrap();
        Ok(seen.to_string().contains(words).then_some(seen))
    })
    .await
    .unwrap()
}

fn carded(case: &Case) -> bool {
    case.validated() && case.room().posted.contains_key(&card_key())
}

#[tokio::test(flavor = "multi_thread")]
async fn severity_and_roles_are_on_the_card_by_the_word_of_people_without_a_stake() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let case = until(world, &id, "the card", carded).await.unwrap();
    let card = shows(world, &case, "Lead: ").await.to_string();
    assert!(card.contains(REPORTER), "who opened the case leads it: {card}");
    assert!(say(world, &case, KEY_OWNER, "lead").await.contains("the key belongs to you"));
    assert!(say(world, &case, APPROVER, "severity P1 bad").await.contains("say `P1` to `P4`"));
    assert!(say(world, &case, APPROVER, "lead @bob").await.contains("by the member id"));
    let given = say(world, &case, REPORTER, &format!("scribe <@{SECOND_APPROVER}|cyn>")).await;
    assert!(given.contains("on the card"), "{given}");
    let outsider = say(world, &case, REPORTER, &format!("lead {KEY_OWNER}")).await;
    assert!(outsider.contains("neither the key's owner"), "{outsider}");
    press(world, &id, (APPROVER, "team.lead")).await.unwrap();
    let led = |case: &Case| case.team().role(Role::Lead).is_some();
    let now = until(world, &id, "a lead", led).await.unwrap();
    assert_eq!(now.team().role(Role::Lead).unwrap().0.user, APPROVER);
    assert!(say(world, &now, APPROVER, "lead").await.contains("has this role already"));

    let said = say(world, &now, APPROVER, &format!("severity P4 {HOSTILE}")).await;
    assert!(said.contains("P4 by the word of"), "{said}");
    let now = load(world, &id).await.unwrap();
    assert_eq!(now.team().severity(), Severity::P4);
    let card = shows(world, &now, "P4 by the word of").await;
    let shown = card.to_string();
    assert!(!shown.contains('\u{202e}') && !shown.contains("\"channel\""), "{shown}");
    let team = card["blocks"].as_array().unwrap().iter().find(|b| b["block_id"] == "card.team");
    let parts = team.unwrap()["elements"][0]["elements"].as_array().unwrap();
    let people: Vec<_> = parts.iter().filter_map(|part| part["user_id"].as_str()).collect();
    assert!(people.starts_with(&[APPROVER, SECOND_APPROVER]), "{people:?}");
    let kinds = parts.iter().all(|part| part["type"] == "text" || part["type"] == "user");
    assert!(kinds, "nothing that somebody typed is live: {parts:?}");
    stage.strike().await;
}

/// The updates by the clock that are in the channel, by their keys.
fn updates(world: &World, case: &Case) -> Vec<String> {
    let channel = case.room().channel.clone().unwrap();
    let messages = world.slack.messages(&channel.0);
    let key = |message: &serde_json::Value| {
        let shown = message["metadata"].to_string();
        let at = shown.find("/update-")?;
        Some(shown[at + 1..].chars().take_while(|c| *c != '"').collect::<String>())
    };
    messages.iter().filter_map(key).collect()
}

/// Half an hour takes nine seconds here; two workers compete for the case, and one dies.
#[tokio::test(flavor = "multi_thread")]
async fn updates_come_by_the_clock_once_whoever_works_and_end_with_the_case() {
    let mut stage = Stage::set().await;
    let id = open(&stage.world).await.unwrap();
    let case = until(&stage.world, &id, "the card", carded).await.unwrap();
    say(&stage.world, &case, APPROVER, "severity P1 it is in a public repository").await;
    let tracker = TaskTracker::new();
    let second = desk(stage.world.outside(), &|journal| journal).unwrap();
    let second = Worker::new(Arc::new(second), "second".to_owned(), tracker.clone());
    second.start();
    let told = |number: usize| move |case: &Case| by_clock(case) >= number;
    until(&stage.world, &id, "an update", told(1)).await.unwrap();
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    let now = until(world, &id, "two more", told(3)).await.unwrap();
    let mut seen = updates(world, &now);
    seen.sort();
    let all = seen.len();
    seen.dedup();
    assert_eq!(all, seen.len(), "each is in the channel once: {seen:?}");

    press(world, &id, (APPROVER, "case.close")).await.unwrap();
    until(world, &id, "its end", |case| case.closed_at().is_some()).await.unwrap();
    let over = load(world, &id).await.unwrap();
    let closed = over.closed_at().unwrap();
    world.clock.sleep(std::time::Duration::from_secs(2_400)).await;
    let over = load(world, &id).await.unwrap();
    let after = |key: &String| {
        let second: i64 = key.trim_start_matches("update-").parse().unwrap();
        second > closed.as_second()
    };
    assert_eq!(updates(world, &over).iter().find(|key| after(key)), None, "none after the close");
    second.shut_down().await;
    stage.strike().await;
}

fn by_clock(case: &Case) -> usize {
    let posted = |event: &Event| {
        let Event::Posted { post, .. } = event else { return false };
        post.0.starts_with("update-")
    };
    case.records().iter().filter(|record| posted(&record.event)).count()
}
