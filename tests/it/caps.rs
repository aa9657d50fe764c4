//! The caps per hour: above them nothing begins on Slack's word alone, and nothing is stuck.

use crate::freeze::{WATCHED, intents, said};
use crate::orders::{self, NOW, give, planned, user};
use crate::stage::Stage;
use jiff::SignedDuration;
use keyleak::domain::caps::{Begun, Caps, Tally};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::drill::players::{approve, load, until};
use keyleak::drill::world::World;
use keyleak::ports::journal::Brakes;
use keyleak::store::sqlite::Sqlite;

/// Other replicas began as many cases as one hour may have, this long ago.
pub(crate) async fn fill(world: &World, ago: SignedDuration) {
    let at = world.clock.now() - ago;
    let begun = |number: u32| Begun {
        case: CaseId(format!("other-{number}")),
        principal: "AIDAOTHER".to_owned(),
        at,
    };
    let begun = (0..Caps::default().cases_per_hour).map(begun).collect();
    let store = Sqlite::open(&world.journal).unwrap();
    assert!(store.count(&Tally { number: 1, begun }).await.unwrap());
}

pub(crate) fn held_up(case: &Case) -> bool {
    case.plans().any(|state| state.awaits_step_up().is_some())
}

fn contained(case: &Case) -> bool {
    case.standing_plans().any(|state| state.contained.is_some())
}

fn capped(case: &Case) -> usize {
    let capped = |event: &Event| matches!(event, Event::Capped { .. });
    case.records().iter().filter(|record| capped(&record.event)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn above_a_cap_nothing_begins_until_an_approver_proves_who_they_are() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, at) = planned(world).await;
    fill(world, SignedDuration::ZERO).await;
    approve(world, &id).await.unwrap();
    until(world, &id, "the cap", held_up).await.unwrap();
    tokio::time::sleep(WATCHED).await;
    let waiting = load(world, &id).await.unwrap();
    assert_eq!((intents(&waiting), world.cloud.bot_changes(), capped(&waiting)), (0, 0, 1));
    let told = said(world, &waiting).await;
    assert!(told.contains("HELD UP BY A CAP: changes were begun in 100 cases"), "{told}");
    assert!(told.contains("held up by a cap per hour"), "the card: {told}");

    let (outcome, _) = give(world, &user("ana"), orders::approve(&at), (NOW, "4a")).await;
    let words = outcome.unwrap_err().to_string();
    assert!(words.contains("somebody else has to approve it"), "the requester: {words}");
    let (outcome, _) = give(world, &user("bob"), orders::approve(&at), (NOW, "4b")).await;
    outcome.unwrap();
    let after = until(world, &id, "\"contained\"", contained).await.unwrap();
    let state = after.standing_plans().next().unwrap();
    assert_eq!(state.approvals.len(), 1, "who approved in Slack and then proved it is one person");
    let (outcome, _) = give(world, &user("bob"), orders::approve(&at), (NOW, "4c")).await;
    assert!(outcome.is_err(), "where nothing is held up, a second approval is refused");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_cap_holds_up_begins_by_itself_when_the_hour_is_over() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, _) = planned(world).await;
    fill(world, SignedDuration::from_mins(57)).await;
    approve(world, &id).await.unwrap();
    let after = until(world, &id, "\"contained\"", contained).await.unwrap();
    assert_eq!(capped(&after), 1, "the negative control: it was held up first");
    stage.strike().await;
}
