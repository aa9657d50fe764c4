//! From what an answer names to the plan: a button that takes exactly that in, and why others not.

use crate::bureau::{APPROVER as BOB, ASKER, Bureau, SECOND_APPROVER};
use crate::exposure::{LAWFUL, past};
use crate::people::heard;
use crate::simulated::{QUICK, ground_with_past};
use crate::stage::Stage;
use keyleak::domain::action::Change;
use keyleak::domain::announce::{answer_key, plan_key};
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::candidates::{candidates, meant};
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::principal::PrincipalName;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER};
use keyleak::drill::players::{load, open, press, until};
use keyleak::drill::world::World;
use serde_json::Value;

const BUTTON: &str = "finding.contain";

fn posted(number: u32) -> impl Fn(&Case) -> bool {
    move |case| case.room().posted.contains_key(&plan_key(PlanNumber(number)))
}

/// The record of the newest answer to this question that names somebody.
fn answer(case: &Case, question: &str) -> Option<u64> {
    let answers = case.answers().iter().rev();
    let mut of = answers.filter(|(_, answer)| answer.question == question && answer.rows > 0);
    of.next().map(|(seq, _)| *seq)
}

/// Asks until the answer shows the words, as the trail is late; the message.
async fn answered(world: &World, id: &CaseId, (question, words): (&str, &str)) -> Value {
    let channel = load(world, id).await.unwrap().room().channel.clone().unwrap().0;
    let mut last = Value::Null;
    for _ in 0..20 {
        let typed = format!("ask {question}");
        let said = world.slack.slash(REPORTER, &channel, "/keyleak", &typed).await.unwrap();
        assert!(said.body.contains("Asked"), "{}", said.body);
        let over = |case: &Case| {
            let mut asked = case.inquiries().iter();
            let told = |seq: u64| case.room().posted.contains_key(&answer_key(seq));
            asked.all(|(by, _)| case.is_answered(by.seq)) && answer(case, question).is_none_or(told)
        };
        let now = until(world, id, "the answer", over).await.unwrap();
        if let Some(seq) = answer(&now, question) {
            let (channel, ts) = &now.room().posted[&answer_key(seq)];
            last = world.slack.message(&channel.0, &ts.0).unwrap();
            if last.to_string().contains(words) {
                return last;
            }
        }
        world.clock.sleep(std::time::Duration::from_secs(30)).await;
    }
    panic!("{question} never shows {words}: {last}");
}

/// The actor takes what it wants, and the trail has had time to tell of it.
async fn robbed(world: &World) {
    world.let_the_actor_play();
    world.clock.sleep(std::time::Duration::from_secs(20 * 60)).await;
}

/// The values of the buttons that take somebody in.
fn offered(message: &Value) -> Vec<String> {
    let blocks = message["blocks"].as_array().unwrap().iter();
    let buttons = blocks.map(|block| &block["accessory"]);
    let buttons = buttons.filter(|button| button["action_id"] == BUTTON);
    buttons.map(|button| button["value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_button_beside_a_finding_makes_a_new_plan_with_it_whose_author_does_not_approve() {
    let stage = Stage::set().await;
    let world = &stage.world;
    past(&world.cloud, &world.leaked);
    robbed(world).await;
    let id = open(world).await.unwrap();
    until(world, &id, "a plan", posted(1)).await.unwrap();
    let before = load(world, &id).await.unwrap().plan(PlanNumber(1)).unwrap().hash.clone();

    let message = answered(world, &id, ("Q21", "before the exposure")).await;
    let value = format!("{id}|user/{LAWFUL}");
    assert_eq!(offered(&message), [value], "once, and nobody else: {message}");
    let said = message.to_string();
    assert!(said.contains("approved: user svc-backup"), "whom the approval covers is said: {said}");
    assert!(said.contains("You do not approve that one"), "and what a press means: {said}");

    press(world, &id, (KEY_OWNER, BUTTON)).await.unwrap();
    heard(world, KEY_OWNER, "the key belongs to you").await;
    assert_eq!(load(world, &id).await.unwrap().plans().count(), 1, "nothing came of that");
    press(world, &id, (REPORTER, BUTTON)).await.unwrap();
    let now = until(world, &id, "the new plan", posted(2)).await.unwrap();
    let plan = now.plan(PlanNumber(2)).unwrap();
    assert_ne!(plan.hash, before);
    assert_eq!(now.plan(PlanNumber(1)).unwrap().status(), PlanStatus::Voided);
    let denied = |name: &str| {
        let mut steps = plan.plan.steps.iter();
        steps.any(|s| s.action.on.name == name && matches!(s.action.change, Change::Deny { .. }))
    };
    assert!(denied(LAWFUL) && !denied("payroll-batch"), "{:?}", plan.plan.steps);
    let [change] = plan.plan.adjusted.as_slice() else { panic!("{:?}", plan.plan.adjusted) };
    assert_eq!(change.by.user, REPORTER);
    press(world, &id, (REPORTER, BUTTON)).await.unwrap();
    heard(world, REPORTER, "that is how it is already").await;
    press(world, &id, (APPROVER, "plan.approve")).await.unwrap();
    let done = |case: &Case| case.plan(PlanNumber(2)).is_some_and(|state| state.has_begun());
    until(world, &id, "it runs", done).await.unwrap();
    assert_eq!(world.slack.violations(), Vec::<String>::new());
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_s_key_is_said_not_to_be_contained_alone_and_has_no_button() {
    let stage = Stage::set().await;
    let world = &stage.world;
    robbed(world).await;
    let id = open(world).await.unwrap();
    until(world, &id, "a plan", posted(1)).await.unwrap();
    let message = answered(world, &id, ("Q15", "end with their role or user")).await;
    assert_eq!(offered(&message), [""; 0], "{message}");
    let said = message.to_string();
    assert!(said.contains("never alone: ASIA…"), "masked: {said}");
    stage.strike().await;
}

async fn heard_by(bureau: &Bureau, user: &str, button: ButtonAction) -> String {
    bureau.answered(user, button).await.unwrap_or_default()
}

async fn plan(bureau: &Bureau, case: &CaseId, number: u32) -> PlanAddress {
    let wanted = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.number.0 == number)?;
        Some(crate::story::address(state))
    };
    bureau.wait(case, "the plan", wanted).await
}

/// The press is judged like the form and the words: by the list, by what the case knows, and by
/// what is under way; its author is barred from approving, and an old card's approval counts not.
#[tokio::test(flavor = "multi_thread")]
async fn a_press_takes_in_only_whom_the_case_lists_and_bars_its_author() {
    let ground = ground_with_past(63, QUICK, past).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let first = plan(&bureau, &case, 1).await;
    let take_in =
        |name: &str| ButtonAction::TakeIn { case: case.clone(), on: PrincipalName::user(name) };
    let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Scope };
    bureau.press(ASKER, phase).await;
    let slug = format!("user/{LAWFUL}");
    let listed = |now: &Case| meant(&candidates(now), &slug).map(drop);
    bureau.wait(&case, "it is listed", listed).await;

    let eve = heard_by(&bureau, "U0EVE00009", take_in(LAWFUL)).await;
    assert!(eve.contains("not on the list"), "{eve}");
    let unknown = heard_by(&bureau, ASKER, take_in("payroll")).await;
    assert!(unknown.contains("lists nobody by that name"), "{unknown}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let refused = |event: &Event| matches!(event, Event::Refused { what, .. } if what == BUTTON);
    let refusals = now.records().iter().filter(|record| refused(&record.event)).count();
    assert_eq!(refusals, 2, "both are on record");
    assert_eq!(now.plan(first.plan).unwrap().status(), PlanStatus::Proposed, "and nothing else");

    bureau.press(BOB, take_in(LAWFUL)).await;
    let second = plan(&bureau, &case, 2).await;
    assert_ne!(first.hash, second.hash);
    let own = heard_by(&bureau, BOB, ButtonAction::Approve(second.clone())).await;
    assert!(own.contains("somebody else has to approve"), "{own}");
    let old = heard_by(&bureau, SECOND_APPROVER, ButtonAction::Approve(first)).await;
    assert!(!old.is_empty(), "the approval of the old plan counts no more");
    bureau.press(SECOND_APPROVER, ButtonAction::Approve(second)).await;
    let begun = |now: &Case| now.plan(PlanNumber(2)).filter(|s| s.has_begun()).map(drop);
    bureau.wait(&case, "it runs", begun).await;
    bureau.close().await;
}
