//! Two cases in one account: what one holds the other does not give back.

use crate::bureau::{Bureau, is_contained, journal};
use crate::ground::{Ground, USER};
use crate::sim_account::OFFICE;
use crate::simulated::{QUICK, ground_with_past};
use crate::story;
use keyleak::domain::case::Case;
use keyleak::domain::differences::differences;
use keyleak::domain::drift::Drift;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::snapshot::Photograph;
use keyleak::flow::photograph::photograph;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;
use std::sync::Arc;
use std::time::Duration;

/// Made by a colleague while the actor of another case is at work, and leaked at once.
const FRESH: &str = "fresh";
/// So many, one after the other, that each case comes upon some that the other has denied already.
const FRESH_USERS: usize = 12;
const BETWEEN: Duration = Duration::from_millis(700);

async fn by_the_office(office: &Visitor, with: &Credential, operation: Operation) -> Reply {
    let reply = office.call(with, &operation).await;
    assert!(reply.worked(), "{operation:?}: {reply:?}");
    reply
}

fn has_suspected(case: &Case) -> Option<()> {
    let mut steps = case.plans().flat_map(|state| state.done_steps());
    steps
        .any(|(_, step, _)| step.provisional && step.action.on.name.starts_with(FRESH))
        .then_some(())
}

/// The first case stops the new user on suspicion and lets it go when the trail names its maker;
/// by then the second has contained it, because its own key leaked.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspicion_that_is_cleared_takes_no_deny_off_that_another_case_needs() {
    let mut kept = None;
    let ground = ground_with_past(61, QUICK, |cloud: &Arc<SimCloud>, _| {
        let ops = NewUser::named("ops", "2024-01-01T00:00:00Z".parse().unwrap());
        let (_, ops) = cloud.add_user(ops.attached(ADMINISTRATOR)).unwrap();
        kept = Some((Visitor::new(cloud, OFFICE.0, OFFICE.1), ops));
    })
    .await;
    let (office, ops) = kept.unwrap();
    let bureau = Bureau::open(&ground).await;
    let first = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &first, PlanKind::Containment).await;
    by_the_office(&office, &ops, Operation::CreateUser { user: FRESH.to_owned() }).await;
    let made = Operation::CreateAccessKey { user: FRESH.to_owned() };
    let Reply::Minted(key) = by_the_office(&office, &ops, made).await else { panic!("a key") };
    bureau.wait(&first, "the new user is stopped on suspicion", has_suspected).await;
    let second = bureau.report(&key.access_key_id, ground.clock.now()).await;
    story::approve(&bureau, &second, PlanKind::Containment).await;
    bureau.wait(&first, "the first is contained", is_contained).await;
    bureau.wait(&second, "the second is contained", is_contained).await;
    let now = photograph(ground.lookup.as_ref(), &PrincipalName::user(FRESH)).await.unwrap();
    let told = bureau.desk.ledger.load(&first).await.unwrap();
    assert!(now.has_policy(&ground.deny_policy_arn), "{:?}\n{}", now.attached, journal(&told));
    bureau.close().await;
}

/// Both cases stop the new user on suspicion, the later one with the deny of the earlier in its
/// snapshot, and both let it go. Nothing of that stands, so nothing of it is in the way of an undo.
#[tokio::test(flavor = "multi_thread")]
async fn a_suspicion_that_two_cases_had_and_cleared_keeps_neither_from_being_undone() {
    let mut kept = None;
    let ground = ground_with_past(63, QUICK, |cloud: &Arc<SimCloud>, _| {
        let administrator = |name: &str| {
            let user = NewUser::named(name, "2024-01-01T00:00:00Z".parse().unwrap());
            cloud.add_user(user.attached(ADMINISTRATOR)).unwrap().1
        };
        let office = Visitor::new(cloud, OFFICE.0, OFFICE.1);
        kept = Some((office, administrator("ops"), administrator("release")));
    })
    .await;
    let (office, ops, release) = kept.unwrap();
    let bureau = Bureau::open(&ground).await;
    let mut cases = Vec::new();
    for key in [&ground.key().access_key_id, &release.access_key_id] {
        let case = bureau.report(key, ground.clock.now()).await;
        story::approve(&bureau, &case, PlanKind::Containment).await;
        cases.push(case);
    }
    for number in 0..FRESH_USERS {
        let user = format!("{FRESH}-{number}");
        by_the_office(&office, &ops, Operation::CreateUser { user }).await;
        ground.clock.sleep(BETWEEN).await;
    }
    for case in &cases {
        bureau.wait(case, "new users are stopped on suspicion", has_suspected).await;
    }
    for case in &cases {
        bureau.wait(case, "contained", is_contained).await;
    }
    for case in &cases {
        story::undo(&bureau, case).await;
    }
    for number in 0..FRESH_USERS {
        let user = PrincipalName::user(&format!("{FRESH}-{number}"));
        let now = photograph(ground.lookup.as_ref(), &user).await.unwrap();
        assert!(!now.has_policy(&ground.deny_policy_arn), "{user}: {:?}", now.attached);
    }
    bureau.close().await;
}

/// A user both of whose keys leaked: a case for each, contained, and the user as it was before.
async fn both_keys_leaked(seed: u64) -> (Ground, Bureau, [CaseId; 2], Photograph) {
    let mut second_key = None;
    let ground = ground_with_past(seed, QUICK, |cloud: &Arc<SimCloud>, _| {
        second_key = Some(cloud.add_key(USER, "2024-02-01T00:00:00Z".parse().unwrap()).unwrap());
    })
    .await;
    let before = photograph(ground.lookup.as_ref(), &PrincipalName::user(USER)).await.unwrap();
    let bureau = Bureau::open(&ground).await;
    let mut cases = Vec::new();
    for key in [ground.key(), &second_key.unwrap()] {
        let case = bureau.report(&key.access_key_id, ground.since).await;
        story::approve(&bureau, &case, PlanKind::Containment).await;
        bureau.wait(&case, "contained", is_contained).await;
        cases.push(case);
    }
    (ground, bureau, cases.try_into().unwrap(), before)
}

/// What the first undo leaves to the second case is given back by the undo of that one: nothing is
/// open in between, and nothing stays shut for ever.
#[tokio::test(flavor = "multi_thread")]
async fn an_undo_gives_nothing_back_that_another_case_needs_and_the_last_gives_back_all() {
    let (ground, bureau, [first, second], before) = both_keys_leaked(62).await;
    let user = PrincipalName::user(USER);
    let told = story::undo(&bureau, &first).await;
    assert!(told.contains(&format!("case {second} needs it too")), "{told}");
    let between = photograph(ground.lookup.as_ref(), &user).await.unwrap();
    assert!(between.has_policy(&ground.deny_policy_arn), "{:?}", between.attached);
    assert_eq!(between.active_keys().count(), 0, "{between:?}");
    story::undo(&bureau, &second).await;
    let after = photograph(ground.lookup.as_ref(), &user).await.unwrap();
    let is_read_back = |case: &Case| {
        let undo = case.plans().find(|state| state.plan.kind == PlanKind::Undo);
        undo.filter(|state| !state.checks.is_empty()).map(drop)
    };
    bureau.wait(&second, "the undo is read back", is_read_back).await;
    let now = bureau.desk.ledger.load(&second).await.unwrap();
    let drifts = now.plans().flat_map(|state| &state.checks).flat_map(|check| &check.drifts);
    assert_eq!(drifts.collect::<Vec<_>>(), Vec::<&Drift>::new(), "{}", journal(&now));
    assert_eq!(differences(&before, &after), Vec::<String>::new(), "{}", journal(&now));
    bureau.close().await;
}
