//! The brake: while it is on people decide and nothing is changed; the thaw carries it out.

use crate::stage::Stage;
use keyleak::domain::brake::{Brake, next_number};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::PersonId;
use keyleak::drill::players::{approve, load, open, until};
use keyleak::drill::world::World;
use keyleak::ports::journal::Brakes;
use keyleak::store::sqlite::Sqlite;
use std::time::Duration;

/// Many times what the worker needs to begin an approved step.
pub(crate) const WATCHED: Duration = Duration::from_secs(2);

/// Moves the brake as another process does: through the store, past this bot's memory.
pub(crate) async fn move_brake(world: &World, frozen: bool) {
    let store = Sqlite::open(&world.journal).unwrap();
    let newest = store.brake().await.unwrap();
    let brake = Brake {
        number: next_number(newest.as_ref()),
        frozen,
        at: world.clock.now(),
        by: PersonId { team: "T0SIM00001".to_owned(), user: "U0CYN00003".to_owned() },
        name: "cyn".to_owned(),
        why: "the bot denies the wrong people".to_owned(),
        proof: String::new(),
    };
    assert!(store.move_brake(&brake).await.unwrap());
}

pub(crate) async fn said(world: &World, case: &Case) -> String {
    let channel = case.room().channel.clone().unwrap();
    let messages = world.slack.messages(&channel.0);
    messages.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

pub(crate) fn intents(case: &Case) -> usize {
    let intent = |event: &Event| matches!(event, Event::Intent { .. });
    case.records().iter().filter(|record| intent(&record.event)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_freeze_stops_every_change_and_no_decision_until_the_thaw() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    let planned = |case: &Case| case.pending_plan().is_some();
    until(world, &id, "the plan", planned).await.unwrap();
    move_brake(world, true).await;
    approve(world, &id).await.unwrap();
    until(world, &id, "the card to say so", Case::is_frozen).await.unwrap();
    tokio::time::sleep(WATCHED).await;
    let frozen = load(world, &id).await.unwrap();
    assert_eq!((intents(&frozen), world.cloud.bot_changes()), (0, 0), "it changed something");
    assert!(frozen.plans().any(|state| state.is_approved()), "deciding goes on");
    let said_frozen = said(world, &frozen).await;
    assert!(said_frozen.contains("FROZEN, nothing is changed"), "the card: {said_frozen}");
    assert!(said_frozen.contains("FROZEN: cyn has stopped every change"), "the channel is told");

    move_brake(world, false).await;
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let after = until(world, &id, "\"contained\"", contained).await.unwrap();
    assert!(world.cloud.bot_changes() > 0, "the negative control: without the brake it acts");
    assert!(!keyleak::domain::report::status_words(&after).contains("FROZEN"));
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_starts_while_frozen_changes_nothing_either() {
    let mut stage = Stage::set().await;
    let id = open(&stage.world).await.unwrap();
    let planned = |case: &Case| case.pending_plan().is_some();
    until(&stage.world, &id, "the plan", planned).await.unwrap();
    move_brake(&stage.world, true).await;
    stage.world.restart_bot().await.unwrap();
    approve(&stage.world, &id).await.unwrap();
    until(&stage.world, &id, "the card to say so", Case::is_frozen).await.unwrap();
    tokio::time::sleep(WATCHED).await;
    let frozen = load(&stage.world, &id).await.unwrap();
    assert_eq!((intents(&frozen), stage.world.cloud.bot_changes()), (0, 0));
    stage.strike().await;
}
