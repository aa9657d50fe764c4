//! The forms about a plan, as people in Slack open and send them.

use crate::people::heard;
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::plan::{PlanKind, PlanNumber};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::report::status_words;
use keyleak::domain::way::Way;
use keyleak::domain::ways::of_plan;
use keyleak::drill::people::{APPROVER, KEY_OWNER, OUTSIDER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::deliver::Delivery;
use serde_json::{Value, json};

/// The blocks of the form that this person sees.
async fn form(world: &World, who: &str) -> Value {
    let shown = async || Ok(world.slack.views_open(who).pop());
    wait("the form", shown).await.unwrap().object["blocks"].clone()
}

async fn send(world: &World, who: &str, values: &Value) -> Delivery {
    world.slack.submit_view(who, values).await.unwrap()
}

fn posted(number: u32) -> impl Fn(&Case) -> bool {
    move |case| {
        let key = keyleak::domain::announce::plan_key(PlanNumber(number));
        case.room().posted.contains_key(&key)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_changed_by_its_form_and_an_old_form_changes_nothing() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", posted(1)).await.unwrap();
    press(world, &case, (KEY_OWNER, "plan.change")).await.unwrap();
    heard(world, KEY_OWNER, "the key belongs to you").await;
    press(world, &case, (REPORTER, "plan.change")).await.unwrap();
    press(world, &case, (APPROVER, "plan.change")).await.unwrap();
    let blocks = form(world, REPORTER).await;
    assert!(blocks.to_string().contains("plan.change.way"), "{blocks}");
    form(world, APPROVER).await;

    let same = send(world, REPORTER, &json!({})).await;
    assert!(same.body.contains("that is how it is already"), "{same:?}");
    let sent = send(world, REPORTER, &json!({ "plan.change.way": "key-and-sessions" })).await;
    assert!(sent.body.contains("clear"), "{sent:?}");
    let now = until(world, &case, "the new plan", posted(2)).await.unwrap();
    let state = now.plan(PlanNumber(2)).unwrap();
    assert_eq!(of_plan(&state.plan), Some(Way::KeyAndSessions));
    assert_eq!(state.plan.requested_by.user, REPORTER);
    assert_eq!(now.plan(PlanNumber(1)).unwrap().status(), PlanStatus::Voided);
    let old = send(world, APPROVER, &json!({ "plan.change.way": "key" })).await;
    assert!(old.body.contains("this card is old"), "{old:?}");
    let now = load(world, &case).await.unwrap();
    assert_eq!(now.plans().count(), 2, "the old form changed nothing");

    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    let done = |case: &Case| case.plan(PlanNumber(2)).is_some_and(|s| s.has_begun());
    until(world, &case, "it runs", done).await.unwrap();
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_steps_are_taken_back_by_a_form_and_the_card_says_so() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", posted(1)).await.unwrap();
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, &case, "contained", contained).await.unwrap();
    press(world, &case, (REPORTER, "plan.undo_steps")).await.unwrap();
    let blocks = form(world, REPORTER).await;
    assert!(blocks.to_string().contains("1.1 Deny everything to user"), "{blocks}");
    let none = world.slack.submit_view(REPORTER, &json!({})).await;
    assert!(none.is_err(), "Slack itself wants a step ticked: {none:?}");
    let sent = send(world, REPORTER, &json!({ "plan.undo_steps.steps": ["1.2"] })).await;
    assert!(sent.body.contains("clear"), "{sent:?}");
    let undo = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::Undo);
        state.is_some_and(|state| posted(state.plan.number.0)(case))
    };
    let now = until(world, &case, "the undo", undo).await.unwrap();
    let number = now.pending_plan().unwrap().plan.number;
    assert_eq!(now.pending_plan().unwrap().plan.steps.len(), 1);
    press(world, &case, (SECOND_APPROVER, "plan.approve")).await.unwrap();
    let done =
        |case: &Case| case.plan(number).is_some_and(|state| state.status() == PlanStatus::Done);
    let now = until(world, &case, "taken back", done).await.unwrap();
    let said = status_words(&now);
    assert!(said.contains("TAKEN BACK, 1 step"), "{said}");
    let channel = now.room().channel.clone().unwrap();
    let on_card = |_: &Case| {
        let messages = world.slack.messages(&channel.0);
        messages.iter().any(|message| message.to_string().contains("TAKEN BACK, 1 step"))
    };
    until(world, &case, "the card says so", on_card).await.unwrap();
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_outside_opens_no_form() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "a plan", posted(1)).await.unwrap();
    let pressed = press(world, &case, (OUTSIDER, "plan.change")).await;
    assert!(pressed.is_err(), "they do not see the channel: {pressed:?}");
    assert!(world.slack.views_open(OUTSIDER).is_empty());
    stage.strike().await;
}
