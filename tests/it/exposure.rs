//! Since when a key is exposed: found in its own past, corrected by people, binding for the plan.

use crate::bureau::{APPROVER, ASKER, Bureau, caller, is_contained};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::partial_trail::PartialTrail;
use crate::sim_account::OFFICE;
use crate::simulated::{QUICK, ground, ground_with_past};
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::event::Phase;
use keyleak::domain::exposure::Basis;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanNumber;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::policy::Policy;
use keyleak::domain::remains::contained;
use keyleak::domain::trail_row::format_time;
use keyleak::flow::spoken::{Speaker, correct_exposure};
use keyleak::ports::clock::Clock;
use keyleak::ports::trail::Trail;
use keyleak::sim::attacker::{Credential, Operation};
use keyleak::sim::cloud::setup::{Deed, NewUser};
use keyleak::sim::cloud::{DELIVERY_DELAY, SimCloud};
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The user that the key's owner made with it, days before the leak.
pub(crate) const LAWFUL: &str = "nightly-report";
const DAYS: i64 = 14;

/// Two weeks in which the key was used at the office every day, once to make a user.
pub(crate) fn past(cloud: &Arc<SimCloud>, key: &Credential) {
    let deed = |at, service: &str, call: &str, (parameters, response): (Value, Value)| Deed {
        at,
        credential: key.clone(),
        source_ip: OFFICE.0.to_owned(),
        user_agent: OFFICE.1.to_owned(),
        service: service.to_owned(),
        call: call.to_owned(),
        parameters,
        response,
        is_read: call.starts_with("List"),
        refused: None,
    };
    let now = Clock::real().now();
    let day = |back: i64| now - SignedDuration::from_hours(24 * back);
    let made = day(3);
    let (user, _) = cloud.add_user(NewUser::named(LAWFUL, made)).unwrap();
    let arn = format!("arn:aws:iam::029608264753:user/{LAWFUL}");
    let response = json!({ "user": { "userName": LAWFUL, "userId": user.id, "arn": arn } });
    let mut deeds: Vec<_> = (1..=DAYS)
        .map(|back| deed(day(back), "s3", "ListBuckets", (Value::Null, Value::Null)))
        .collect();
    deeds.push(deed(made, "iam", "CreateUser", (json!({ "userName": LAWFUL }), response)));
    cloud.history(&deeds).unwrap();
}

/// The plan that waits for approval, once it is made with this time of exposure.
async fn proposed(bureau: &Bureau, case: &CaseId, since: Option<Timestamp>) -> PlanAddress {
    let with_bound = |now: &Case| {
        let state = now.pending_plan().filter(|state| state.plan.exposed_since == since)?;
        let (plan, hash) = (state.plan.number, state.hash.clone());
        Some(PlanAddress { case: case.clone(), plan, hash })
    };
    bureau.wait(case, "a plan with that time of exposure", with_bound).await
}

async fn approved_and_contained(bureau: &Bureau, at: PlanAddress) -> Case {
    let case = at.case.clone();
    bureau.press(APPROVER, ButtonAction::Approve(at)).await;
    bureau.wait(&case, "it is contained", is_contained).await;
    bureau.desk.ledger.load(&case).await.unwrap()
}

async fn say(bureau: &Bureau, case: &CaseId, user: &str, since: Option<Timestamp>) -> String {
    let speaker = Speaker { caller: caller(user), delivery: None };
    correct_exposure(&bureau.desk.bench(), case, &speaker, since).await.unwrap()
}

fn held(case: &Case) -> Vec<String> {
    contained(case).into_iter().map(|on| on.name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_made_before_the_first_unlike_use_is_left_alone() {
    let ground = ground_with_past(11, QUICK, past).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, None).await;
    // The trail is late: on the first look the thief may not be in it, and then no time is told.
    let told = bureau
        .wait(&case, "the trail was looked at", |now| match &now.exposure().basis {
            Basis::Trail { why } => Some(why.clone()),
            Basis::Nothing | Basis::Person(_) => None,
        })
        .await;
    let since = bureau.desk.ledger.load(&case).await.unwrap().exposed_since();
    assert!(since.is_none_or(|since| since >= ground.since), "{told}");
    let bound = found_by_scope(&bureau, &case).await;
    assert!((ground.since..ground.since + SignedDuration::from_mins(5)).contains(&bound));

    let plan = proposed(&bureau, &case, Some(bound)).await;
    let contained = approved_and_contained(&bureau, plan).await;
    assert_eq!(held(&contained), [USER, BACKDOOR], "and not what the owner made");
    let late = say(&bureau, &case, ASKER, None).await;
    assert!(late.contains("rests on that time"), "{late}");
    bureau.close().await;
}

/// Asks for the scope until the trail has the thief's first use, and says when that was.
async fn found_by_scope(bureau: &Bureau, case: &CaseId) -> Timestamp {
    for _ in 0..10 {
        let now = bureau.desk.ledger.load(case).await.unwrap();
        if let Some(since) = now.exposed_since() {
            return since;
        }
        let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Scope };
        bureau.press(ASKER, phase).await;
        let asked = |now: &Case| now.presses(Phase::Scope).last().map(|press| press.seq);
        let answered = |now: &Case| asked(now).filter(|seq| now.is_answered(*seq));
        bureau.wait(case, "the scope is answered", answered).await;
        bureau.desk.clock.sleep(Duration::from_secs(60)).await;
    }
    panic!("the thief's use never came into the trail");
}

/// The trail tells of the thief's last call first, as CloudTrail may: what the thief did before it
/// is told only when `is_late` no longer holds.
async fn out_of_order(
    ground: &Ground,
    is_late: &Arc<AtomicBool>,
) -> (Timestamp, impl FnOnce(LocalTrail) -> Arc<dyn Trail> + use<>) {
    ground.clock.sleep(Duration::from_secs(3)).await;
    let last = Timestamp::from_second(ground.clock.now().as_second()).unwrap();
    ground.clock.sleep(Duration::from_secs(1)).await;
    assert!(ground.attacker.call(ground.key(), &Operation::ListBuckets).await.worked());
    // The trail is some minutes late, and has nothing more to deliver then.
    ground.clock.sleep(DELIVERY_DELAY.end().saturating_mul(2)).await;
    let (from, to) = (format_time(ground.since), format_time(last));
    let is_late = Arc::clone(is_late);
    let is_left_out = move |_: &str, time: &str| {
        is_late.load(Ordering::Relaxed) && time >= from.as_str() && time < to.as_str()
    };
    let late = |inner| Arc::new(Investigator::new(PartialTrail { inner, is_left_out })) as Arc<_>;
    (last, late)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_thief_made_before_the_first_call_that_was_told_is_contained_all_the_same() {
    let ground = ground_with_past(14, QUICK, past).await;
    let is_late = Arc::new(AtomicBool::new(true));
    let (last, late) = out_of_order(&ground, &is_late).await;
    let bureau = Bureau::open_with(&ground, |rights| rights, late).await;
    let case = bureau.report(&ground.key().access_key_id, None).await;
    let since = found_by_scope(&bureau, &case).await;
    assert!(since >= last, "the thief's user and its key count as older: {since}");
    let plan = proposed(&bureau, &case, Some(since)).await;
    bureau.press(APPROVER, ButtonAction::Approve(plan)).await;
    is_late.store(false, Ordering::Relaxed);
    bureau.wait(&case, "it is contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(held(&now), [USER, BACKDOOR], "and not what the owner made");
    assert!(now.exposed_since().is_some_and(|since| since < last), "{:?}", now.exposure());
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_waits_is_made_again_once_the_trail_tells_of_an_earlier_use() {
    let ground = ground_with_past(15, QUICK, past).await;
    let is_late = Arc::new(AtomicBool::new(true));
    let (last, late) = out_of_order(&ground, &is_late).await;
    let bureau = Bureau::open_with(&ground, |rights| rights, late).await;
    let case = bureau.report(&ground.key().access_key_id, None).await;
    let since = found_by_scope(&bureau, &case).await;
    let first = proposed(&bureau, &case, Some(since)).await;
    is_late.store(false, Ordering::Relaxed);
    let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Scope };
    bureau.press(ASKER, phase).await;
    let earlier = |now: &Case| now.exposed_since().filter(|since| *since < last);
    let since = bureau.wait(&case, "the earlier use is told", earlier).await;
    proposed(&bureau, &case, Some(since)).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.plan(first.plan).unwrap().status(), PlanStatus::Voided);
    bureau.close().await;
}

/// The control: where the time is said to be unknown, the owner's user is taken for the thief's.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_corrects_the_time_and_whoever_did_does_not_approve_the_new_plan() {
    let ground = ground_with_past(12, QUICK, past).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let first = proposed(&bureau, &case, Some(ground.since)).await;
    let to_come = ground.clock.now() + SignedDuration::from_hours(1);
    assert!(say(&bureau, &case, ASKER, Some(to_come)).await.contains("still to come"));
    assert!(say(&bureau, &case, "U0EVE00009", None).await.contains("not on the list"));

    let said = say(&bureau, &case, APPROVER, None).await;
    assert!(said.contains("being made again"), "{said}");
    let second = proposed(&bureau, &case, None).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.plan(first.plan).unwrap().status(), PlanStatus::Voided);
    assert_eq!(now.plan(second.plan).unwrap().plan.requested_by, *caller(APPROVER).person());
    // Somebody else's press does not wash that off.
    let state = now.plan(second.plan).unwrap();
    assert!(Policy::default().shaped(&now, state, caller(APPROVER).person()));
    assert!(!Policy::default().shaped(&now, state, caller(ASKER).person()));

    say(&bureau, &case, ASKER, Some(ground.since)).await;
    proposed(&bureau, &case, Some(ground.since)).await;
    say(&bureau, &case, ASKER, None).await;
    let last = proposed(&bureau, &case, None).await;
    assert_eq!(last.plan, PlanNumber(4));
    let contained = approved_and_contained(&bureau, last).await;
    assert!(held(&contained).contains(&LAWFUL.to_owned()), "{:?}", held(&contained));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_past_no_time_is_claimed_and_the_reason_is_given() {
    let ground = ground(13, QUICK).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, None).await;
    let plan = proposed(&bureau, &case, None).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let Basis::Trail { why } = &now.exposure().basis else {
        panic!("the trail was looked at before the plan: {:?}", now.exposure());
    };
    assert!(why.contains("no use of the key") || why.contains("less than a week"), "{why}");
    assert_eq!(plan.plan, PlanNumber(1));
    bureau.close().await;
}
