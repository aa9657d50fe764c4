//! Decisions through the buttons: a no, a change of mind, and phases in an order of people's own.

use crate::freeze::move_brake;
use crate::people::heard;
use crate::stage::Stage;
use jiff::SignedDuration;
use keyleak::domain::announce::plan_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::plan::{PlanKind, PlanNumber};
use keyleak::domain::plan_state::{PlanState, PlanStatus};
use keyleak::domain::principal::PrincipalName;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{approve, load, open, press, until};
use keyleak::drill::world::World;
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::slack::acts::{Place, Press};
use serde_json::Value;

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

fn contained(case: &Case) -> bool {
    case.standing_plans().any(|state| state.contained.is_some())
}

/// The message of a plan as somebody sees it who has not looked since.
async fn card_of(world: &World, case: &Case, number: u32) -> (Place, Value) {
    let posted = |case: &Case| case.room().posted.contains_key(&plan_key(PlanNumber(number)));
    let now = until(world, case.id(), "the plan's card", posted).await.unwrap();
    let (channel, message) = now.room().posted[&plan_key(PlanNumber(number))].clone();
    let seen = world.slack.message(&channel.0, &message.0).unwrap();
    (Place::Message { channel: channel.0, ts: message.0 }, seen)
}

async fn press_as_seen(world: &World, who: &str, (place, seen): (&Place, Value)) {
    let press = Press { as_seen: Some(seen), ..Press::new(who, place.clone(), "plan.approve") };
    assert!(world.slack.press(press).await.unwrap().accepted());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_on_an_old_card_is_explained_and_does_not_count_for_the_new_plan() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let now = until(world, &case, "a plan", is(1, PlanStatus::Proposed)).await.unwrap();
    let (place, old) = card_of(world, &now, 1).await;
    press(world, &case, (APPROVER, "plan.deny")).await.unwrap();
    press(world, &case, (REPORTER, "phase.containment")).await.unwrap();
    until(world, &case, "a new plan", is(2, PlanStatus::Proposed)).await.unwrap();

    press_as_seen(world, SECOND_APPROVER, (&place, old.clone())).await;
    heard(world, SECOND_APPROVER, "can no longer be decided: it was denied").await;
    let hash = &now.plan(PlanNumber(1)).unwrap().hash;
    let elsewhere = old.to_string().replace(hash.as_str(), &"0".repeat(hash.len()));
    assert_ne!(elsewhere, old.to_string(), "the button names the plan by its hash");
    let elsewhere = serde_json::from_str(&elsewhere).unwrap();
    press_as_seen(world, SECOND_APPROVER, (&place, elsewhere)).await;
    heard(world, SECOND_APPROVER, "this card is old").await;
    let now = load(world, &case).await.unwrap();
    assert_eq!(now.plan(PlanNumber(2)).unwrap().approvals.len(), 0);
    card_of(world, &now, 2).await;
    press(world, &case, (SECOND_APPROVER, "plan.approve")).await.unwrap();
    until(world, &case, "contained", contained).await.unwrap();
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_is_withdrawn_in_time_carries_nothing_out() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", is(1, PlanStatus::Proposed)).await.unwrap();
    // While all is frozen an approved plan waits, and people have the time to think again.
    move_brake(world, true).await;
    until(world, &case, "the freeze", Case::is_frozen).await.unwrap();
    approve(world, &case).await.unwrap();
    press(world, &case, (SECOND_APPROVER, "plan.withdraw")).await.unwrap();
    heard(world, SECOND_APPROVER, "you have not approved this plan").await;
    press(world, &case, (APPROVER, "plan.withdraw")).await.unwrap();
    until(world, &case, "the plan open again", is(1, PlanStatus::Proposed)).await.unwrap();
    move_brake(world, false).await;
    until(world, &case, "the thaw", |case| !case.is_frozen()).await.unwrap();

    press(world, &case, (SECOND_APPROVER, "plan.approve")).await.unwrap();
    let now = until(world, &case, "contained", contained).await.unwrap();
    let last = now.records().iter().rposition(|r| matches!(r.event, Event::Approved { .. }));
    let first = now.records().iter().position(|r| matches!(r.event, Event::Intent { .. }));
    assert!(last.unwrap() < first.unwrap(), "something was done under the withdrawn approval");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_nobody_approves_in_time_expires_and_a_new_one_can_be_asked_for() {
    let stage = Stage::set_with_plans_for(SignedDuration::from_mins(30)).await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let now = until(world, &case, "a plan", is(1, PlanStatus::Proposed)).await.unwrap();
    let (place, old) = card_of(world, &now, 1).await;
    let told = |case: &Case| {
        let channel = case.room().channel.clone().unwrap();
        let messages = world.slack.messages(&channel.0);
        is(1, PlanStatus::Expired)(case)
            && ["expired without enough approvals", "press Containment for a new one"]
                .iter()
                .all(|said| messages.iter().any(|message| message.to_string().contains(said)))
    };
    until(world, &case, "the channel told of the expiry", told).await.unwrap();
    press_as_seen(world, APPROVER, (&place, old)).await;
    heard(world, APPROVER, "it expired; press Containment for a new one").await;
    press(world, &case, (REPORTER, "phase.containment")).await.unwrap();
    let now = until(world, &case, "a new plan", is(2, PlanStatus::Proposed)).await.unwrap();
    card_of(world, &now, 2).await;
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    let now = until(world, &case, "contained", contained).await.unwrap();
    assert_eq!(now.plan(PlanNumber(1)).unwrap().status(), PlanStatus::Expired);
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_is_refused_while_the_account_is_not_as_we_left_it() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let user = world.scenario().leaked_user().unwrap().name.clone();
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    until(world, &case, "contained", contained).await.unwrap();
    let put = Operation::PutPolicy {
        on: PrincipalName::user(&user),
        name: "colleague".to_owned(),
        document: "{\"Version\":\"2012-10-17\",\"Statement\":[]}".to_owned(),
    };
    let colleague = colleague(world);
    assert!(by(world, &colleague, &put).await);

    press(world, &case, (REPORTER, "plan.undo")).await.unwrap();
    let refused = |case: &Case| case.not_proposed().is_some();
    let now = until(world, &case, "the refusal", refused).await.unwrap();
    let (_, why) = now.not_proposed().unwrap();
    assert!(why.contains("no longer as the plan left it") && why.contains("colleague"), "{why}");
    let channel = now.room().channel.clone().unwrap();
    let told = |_: &Case| {
        let messages = world.slack.messages(&channel.0);
        messages.iter().any(|m| m.to_string().contains("no longer as the plan left it"))
    };
    until(world, &case, "the channel told why", told).await.unwrap();
    let denied = world.cloud.user_state(&user).unwrap();
    assert!(denied.active_keys().next().is_none(), "what is contained stays so");

    let delete =
        Operation::DeletePolicy { on: PrincipalName::user(&user), name: "colleague".to_owned() };
    assert!(by(world, &colleague, &delete).await);
    press(world, &case, (REPORTER, "plan.undo")).await.unwrap();
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    until(world, &case, "undone", |case| case.plans().last().is_some_and(undone)).await.unwrap();
    stage.strike().await;
}

fn undone(state: &PlanState) -> bool {
    state.plan.kind == PlanKind::Undo && state.status() == PlanStatus::Done
}

/// Somebody who has administered the account for long.
fn colleague(world: &World) -> Credential {
    let long_ago = world.clock.now() - SignedDuration::from_hours(24 * 100);
    let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    world.cloud.add_user(NewUser::named("colleague", long_ago).attached(policy)).unwrap().1
}

async fn by(world: &World, who: &Credential, operation: &Operation) -> bool {
    let client = Visitor::new(&world.cloud, "192.0.2.7", "aws-cli/2.17");
    client.call(who, operation).await.worked()
}

/// Closing ends all work on a case, so it must not be a way to stop what was approved.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_stops_an_approved_plan_by_closing_the_case_and_the_owner_closes_none() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", is(1, PlanStatus::Proposed)).await.unwrap();
    press(world, &case, (KEY_OWNER, "case.close")).await.unwrap();
    heard(world, KEY_OWNER, "the key belongs to you").await;
    move_brake(world, true).await;
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    until(world, &case, "the approval", is(1, PlanStatus::Approved)).await.unwrap();
    press(world, &case, (REPORTER, "case.close")).await.unwrap();
    heard(world, REPORTER, "closing the case would stop it").await;
    move_brake(world, false).await;
    let now = until(world, &case, "contained", contained).await.unwrap();
    assert!(now.closed_at().is_none());
    press(world, &case, (REPORTER, "case.close")).await.unwrap();
    until(world, &case, "its end", |case| case.closed_at().is_some()).await.unwrap();
    stage.strike().await;
}
