//! Decisions through the buttons: a no, a change of mind, and phases in an order of people's own.

use crate::stage::Stage;
use keyleak::domain::case::{Case, PlanStatus};
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::plan::PlanNumber;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::{open, press, until};

fn is(number: u32, status: PlanStatus) -> impl Fn(&Case) -> bool {
    move |case| case.plan(PlanNumber(number)).is_some_and(|state| state.status() == status)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_plan_changes_nothing_and_a_new_one_can_be_asked_for() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", is(1, PlanStatus::Proposed)).await.unwrap();
    press(world, &case, (APPROVER, "plan.deny")).await.unwrap();
    until(world, &case, "the no", is(1, PlanStatus::Denied)).await.unwrap();

    press(world, &case, (REPORTER, "phase.containment")).await.unwrap();
    let now = until(world, &case, "a new plan", is(2, PlanStatus::Proposed)).await.unwrap();
    let begun = |event: &Event| matches!(event, Event::Intent { .. });
    assert!(!now.records().iter().any(|record| begun(&record.event)), "nothing was begun");
    let new_plan = |case: &Case| {
        let key = keyleak::domain::event::PostKey("plan-2".to_owned());
        case.room().posted.contains_key(&key)
    };
    until(world, &case, "the new plan's card", new_plan).await.unwrap();
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    let now = until(world, &case, "contained", contained).await.unwrap();
    assert_eq!(now.plan(PlanNumber(1)).unwrap().status(), PlanStatus::Denied);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phases_are_walked_in_any_order_and_each_press_is_remembered() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", is(1, PlanStatus::Proposed)).await.unwrap();
    let order =
        [Phase::Recovery, Phase::Impact, Phase::PostIncident, Phase::Scope, Phase::Validation];
    for phase in order {
        let button = format!("phase.{}", phase.slug());
        press(world, &case, (REPORTER, &button)).await.unwrap();
        let pressed = |case: &Case| case.presses(phase).len() == 1;
        until(world, &case, "the press", pressed).await.unwrap();
    }
    let answered = |case: &Case| {
        case.presses(Phase::Scope).iter().all(|press| case.is_answered(press.seq))
            && case.validated()
    };
    let now = until(world, &case, "scope answered and validated again", answered).await.unwrap();
    let pressed = now.records().iter().filter_map(|record| phase_of(&record.event));
    assert_eq!(pressed.collect::<Vec<_>>(), order);
    stage.strike().await;
}

fn phase_of(event: &Event) -> Option<Phase> {
    if let Event::PhasePressed { phase } = event { Some(*phase) } else { None }
}
