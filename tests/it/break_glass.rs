//! One person lets a containment run alone: loud, bounded, and looked at by another afterwards.

use crate::people::heard;
use crate::stage::Stage;
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER};
use keyleak::drill::players::{load, open, press, until, wait};
use keyleak::drill::world::World;

const REASON: &str = "nobody else can be reached tonight";

fn is(number: u32, status: PlanStatus) -> impl Fn(&Case) -> bool {
    move |case| case.plan(PlanNumber(number)).is_some_and(|state| state.status() == status)
}

fn posted(number: u32) -> impl Fn(&Case) -> bool {
    move |case| case.room().posted.contains_key(&plan_key(PlanNumber(number)))
}

/// What a person is answered to words in the case's channel.
async fn say(world: &World, case: &Case, who: &str, words: &str) -> String {
    let channel = case.room().channel.clone().unwrap().0;
    world.slack.slash(who, &channel, "/keyleak", words).await.unwrap().body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_glass_contains_rings_everybody_and_keeps_the_case_open_until_reviewed() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let now = until(world, &case, "a plan", posted(1)).await.unwrap();
    let broken = format!("break-glass 1 {REASON}");
    assert!(say(world, &now, KEY_OWNER, &broken).await.contains("the key belongs to you"));
    assert!(say(world, &now, REPORTER, "break-glass 1 now").await.contains("give the plan's"));
    assert!(
        say(world, &now, APPROVER, "review 1 there is nothing").await.contains("no break-glass")
    );
    assert!(is(1, PlanStatus::Proposed)(&load(world, &case).await.unwrap()));

    // The requester, who could not approve it.
    assert!(say(world, &now, REPORTER, &broken).await.contains("on your word alone"));
    let now = until(world, &case, "containment", is(1, PlanStatus::Done)).await.unwrap();
    assert!(now.plan(PlanNumber(1)).unwrap().approvals.is_empty());
    let channel = now.room().channel.clone().unwrap().0;
    wait("everybody being rung", async || {
        let said = world.slack.messages(&channel);
        let alarm = said.iter().map(ToString::to_string).find(|said| said.contains("BREAK-GLASS:"));
        Ok(alarm.filter(|alarm| alarm.contains(REASON) && alarm.contains(APPROVER)))
    })
    .await
    .unwrap();

    press(world, &case, (REPORTER, "case.close")).await.unwrap();
    heard(world, REPORTER, "waits for a review by another approver").await;
    let own = say(world, &now, REPORTER, "review 1 I was right").await;
    assert!(own.contains("somebody else has to look at it"), "{own}");
    let reviewed = say(world, &now, APPROVER, "review 1 right, nobody answered the page").await;
    assert!(reviewed.contains("is reviewed"), "{reviewed}");
    press(world, &case, (APPROVER, "case.close")).await.unwrap();
    let now = until(world, &case, "its end", |case| case.closed_at().is_some()).await.unwrap();
    let refused = |event: &Event| matches!(event, Event::Refused { .. });
    let refusals = now.records().iter().filter(|record| refused(&record.event)).count();
    assert_eq!(refusals, 4, "the owner's, two reviews, and the early end are on record");
    stage.strike().await;
}

/// Two keys of one account share a channel, and each case has a plan 1.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_shared_channel_nothing_is_decided_about_a_case_that_is_not_named() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let other = world.cloud.add_key("payroll-batch", world.clock.now()).unwrap();
    let keys = format!("{} {}", world.leaked.access_key_id, other.access_key_id);
    world.slack.slash(REPORTER, &world.lobby, "/keyleak", &keys).await.unwrap();
    let first = wait("both cases", async || {
        let open = world.desk().unwrap().work.open_cases().await.unwrap();
        Ok((open.len() == 2).then(|| open[0].clone()))
    });
    let first = first.await.unwrap();
    let now = until(world, &first, "a plan", posted(1)).await.unwrap();
    let unnamed = say(world, &now, APPROVER, &format!("break-glass 1 {REASON}")).await;
    assert!(unnamed.contains("more than one open case"), "{unnamed}");
    for case in world.desk().unwrap().work.open_cases().await.unwrap() {
        let plan = load(world, &case).await.unwrap();
        assert!(plan.plans().all(|state| state.glass.is_none()), "nothing was decided");
    }
    let named = format!("break-glass {first} 1 {REASON}");
    let said = say(world, &now, APPROVER, &named).await;
    assert!(said.contains(&first.0) && said.contains("on your word alone"), "{said}");
    until(world, &first, "containment", is(1, PlanStatus::Done)).await.unwrap();
    stage.strike().await;
}

/// The control: what gives the key back to whoever holds it is not to be had on one word.
#[tokio::test(flavor = "multi_thread")]
async fn no_glass_is_broken_for_an_undo() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", posted(1)).await.unwrap();
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, &case, "contained", contained).await.unwrap();
    press(world, &case, (REPORTER, "plan.undo")).await.unwrap();
    let now = until(world, &case, "the undo", is(2, PlanStatus::Proposed)).await.unwrap();
    let said = say(world, &now, APPROVER, &format!("break-glass 2 {REASON}")).await;
    assert!(said.contains("needs its approvals"), "{said}");
    assert!(is(2, PlanStatus::Proposed)(&load(world, &case).await.unwrap()));
    stage.strike().await;
}
