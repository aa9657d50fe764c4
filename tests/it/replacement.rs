//! A new key in the place of the leaked one: made after an approval, its secret in one place only.

use crate::people::heard;
use crate::stage::Stage;
use jiff::SignedDuration;
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::{PlanState, PlanStatus};
use keyleak::domain::principal::PrincipalKind;
use keyleak::domain::reconciliation::Verdict;
use keyleak::domain::report::markdown;
use keyleak::domain::step_result::StepResult;
use keyleak::drill::people::{APPROVER, REPORTER};
use keyleak::drill::players::{approve, load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::NewUser;
use std::path::Path;

/// A user of the account that the actor never had, for the workload to move to.
const HEIR: &str = "ci-deploy-2";
const WISH: &str = "replace key for user ci-deploy-2 the vendor takes nothing else";

/// A user that administers the account.
fn administrator(world: &World, name: &str) -> Credential {
    let long_ago = world.clock.now() - SignedDuration::from_hours(24 * 200);
    let new = NewUser::named(name, long_ago).attached(ADMINISTRATOR);
    world.cloud.add_user(new).unwrap().1
}

/// A contained case, and a second user with one key in its account.
async fn contained(world: &World) -> CaseId {
    administrator(world, HEIR);
    let case = open(world).await.unwrap();
    approve(world, &case).await.unwrap();
    until_contained(world, &case).await;
    case
}

async fn until_contained(world: &World, case: &CaseId) {
    let contained = |case: &Case| case.standing_plans().any(|state| state.contained.is_some());
    until(world, case, "contained", contained).await.unwrap();
}

/// Waits until keyleak has said why it makes no key, in these words.
async fn refused(world: &World, case: &CaseId, because: &str) {
    let refused =
        |case: &Case| case.recovery().not_made().is_some_and(|(_, why)| why.contains(because));
    until(world, case, because, refused).await.unwrap();
}

/// Waits until a card in the case's channel says this.
async fn shown(world: &World, case: &CaseId, words: &str) {
    wait(words, async || {
        let channel = load(world, case).await?.room().channel.clone().unwrap().0;
        let said = world.slack.messages(&channel);
        let told = |message: &serde_json::Value| message.to_string().contains(words);
        Ok(said.iter().any(told).then_some(()))
    })
    .await
    .unwrap();
}

async fn say(world: &World, case: &CaseId, words: &str) -> String {
    let there = |case: &Case| {
        let mut records = case.records().iter();
        records.any(|record| matches!(record.event, Event::Invited { .. }))
    };
    let now = until(world, case, "a channel with people in it", there).await.unwrap();
    let channel = now.room().channel.clone().unwrap().0;
    world.slack.slash(REPORTER, &channel, "/keyleak", words).await.unwrap().body
}

fn newest(case: &Case) -> Option<&PlanState> {
    case.plans().rfind(|state| state.plan.kind == PlanKind::Replacement)
}

/// Where the plan puts the secret.
fn secret(state: &PlanState) -> String {
    let Change::MakeKey { secret, .. } = &state.plan.steps[0].action.change else {
        panic!("it makes no key: {:?}", state.plan.steps)
    };
    secret.clone()
}

/// Asks for a key of the heir, and has the plan for it.
async fn planned(world: &World, case: &CaseId) -> PlanState {
    let said = say(world, case, WISH).await;
    assert!(said.contains("a new key takes the place"), "{said}");
    let before = newest(&load(world, case).await.unwrap()).map(|state| state.plan.number);
    let there = |case: &Case| newest(case).map(|state| state.plan.number) > before;
    let now = until(world, case, "a plan for a key", there).await.unwrap();
    newest(&now).unwrap().clone()
}

/// Has it approved, and gives it once it is over and was read back.
async fn carried_out(world: &World, case: &CaseId) -> PlanState {
    press(world, case, (APPROVER, "plan.approve")).await.unwrap();
    let is_over = |case: &Case| newest(case).is_some_and(|state| !state.checks.is_empty());
    let now = until(world, case, "the key, or why there is none", is_over).await.unwrap();
    newest(&now).unwrap().clone()
}

fn keys(world: &World) -> Vec<String> {
    let user = world.cloud.user_state(HEIR).unwrap();
    user.keys().iter().map(|key| key.id.reveal().to_owned()).collect()
}

fn why_failed(state: &PlanState) -> &str {
    match &state.steps[0].result {
        Some(StepResult::Failed { why, .. }) => why,
        other => panic!("it did not fail: {other:?}"),
    }
}

fn calls(world: &World, name: &str) -> usize {
    world.cloud.calls().iter().filter(|call| call.name == name).count()
}

/// Everything that the bot left: every file below its folder, and every message.
fn left_behind(world: &World) -> Vec<u8> {
    let mut all = Vec::new();
    gather(world.journal.parent().unwrap(), &mut all);
    for channel in world.slack.channels() {
        let said = world.slack.messages(&channel.id);
        all.extend(said.iter().flat_map(|message| message.to_string().into_bytes()));
    }
    for who in [REPORTER, APPROVER] {
        let whispers = world.slack.ephemerals(who);
        all.extend(whispers.iter().flat_map(|one| one.message.to_string().into_bytes()));
    }
    all
}

fn gather(folder: &Path, all: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => gather(&path, all),
            // A file may go away between the two.
            false => all.extend(std::fs::read(&path).unwrap_or_default()),
        }
    }
}

fn has(all: &[u8], what: &str) -> bool {
    all.windows(what.len()).any(|window| window == what.as_bytes())
}

async fn works(world: &World, key: &Credential) -> bool {
    let workload = Visitor::new(&world.cloud, "192.0.2.20", "billing/7.1");
    workload.call(key, &Operation::ListBuckets).await.worked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_made_once_people_agree_and_its_secret_is_in_secrets_manager_alone() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = contained(world).await;
    say(world, &case, "replace key the vendor takes nothing else").await;
    let told = |case: &Case| case.recovery().not_made().is_some();
    let now = until(world, &case, "why the leaked key's user gets none", told).await.unwrap();
    let (_, why) = now.recovery().not_made().unwrap();
    assert!(why.contains("would be dead") && why.contains("name another user"), "{why}");
    assert!(newest(&now).is_none() && world.cloud.secret_names().is_empty());

    let planned = planned(world, &case).await;
    let name = secret(&planned);
    shown(world, &case, &format!("{name} in eu-west-1 alone")).await;
    shown(world, &case, "by people: once nothing uses the key").await;
    assert_eq!(planned.plan.requested_by.user, REPORTER);
    assert_eq!((planned.plan.approvals_needed, planned.plan.may_break_glass()), (1, false));
    press(world, &case, (REPORTER, "plan.approve")).await.unwrap();
    heard(world, REPORTER, "you asked for").await;
    assert_eq!((keys(world).len(), world.cloud.key_in_secret(&name)), (1, None), "not yet");

    let done = carried_out(world, &case).await;
    assert_eq!(done.status(), PlanStatus::Done);
    assert!(done.checks[0].drifts.is_empty(), "{:?}", done.checks);
    let made = world.cloud.key_in_secret(&name).expect("the key is in the secret");
    assert_eq!((keys(world).len(), keys(world).contains(&made.access_key_id)), (2, true));
    press(world, &case, (REPORTER, "phase.recovery")).await.unwrap();
    shown(world, &case, "the new key is not used yet").await;
    assert!(works(world, &made).await, "the workload signs with it");
    press(world, &case, (REPORTER, "phase.recovery")).await.unwrap();
    let used = format!("…{}, last used at", &made.access_key_id[16..]);
    shown(world, &case, &used).await;
    let held = |case: &Case| newest(case).is_some_and(|state| state.held_at.is_some());
    let now = until(world, &case, "read back", held).await.unwrap();
    let still = now.standing_plans().any(|state| state.contained.is_some());
    assert!(still, "the case is as contained as before");

    press(world, &case, (APPROVER, "case.close")).await.unwrap();
    let told = |case: &Case| case.reconciled().is_some();
    let closed = until(world, &case, "the second witness", told).await.unwrap();
    let compared = closed.reconciled().unwrap().as_ref().unwrap();
    assert_ne!(compared.verdict(), Verdict::Differs, "{compared:?}");
    assert!(markdown(&closed).contains(&name), "the report names the secret");
    let all = left_behind(world);
    assert!(has(&all, &name), "what was written is looked at");
    assert!(!has(&all, &made.secret_access_key), "the secret is nowhere else");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_secret_was_lost_goes_before_another_is_made_and_no_third_stays() {
    let stage = Stage::set_at_ease().await;
    let world = &stage.world;
    let case = contained(world).await;
    // The key is made and the answer lost; then the secret is kept and the answer lost.
    for (call, fault) in [
        ("CreateAccessKey", Fault::TimeoutAfterEffect),
        ("PutSecretValue", Fault::TimeoutAfterEffect),
        ("CreateSecret", Fault::TimeoutAfterEffect),
        ("DeleteAccessKey", Fault::Unavailable),
    ] {
        if call == "DeleteAccessKey" {
            // The secret is refused for now, and so is taking the key back.
            world.cloud.inject("PutSecretValue", 1, Fault::Unavailable);
        }
        world.cloud.inject(call, 1, fault);
        let name = secret(&planned(world, &case).await);
        let done = carried_out(world, &case).await;
        assert_eq!(done.status(), PlanStatus::Done, "{call}: {done:#?}");
        assert!(done.steps[0].attempts >= 2, "{call}: the first attempt lost its answer");
        let made = world.cloud.key_in_secret(&name).expect("the key");
        assert!(keys(world).contains(&made.access_key_id), "{call}: it is the one in the secret");
        assert_eq!(keys(world).len(), 2, "{call}: one beside it, and no third");
        assert!(works(world, &made).await, "{call}");
        // Room for the next one, by the hand of people.
        let office = Visitor::new(&world.cloud, "192.0.2.14", "aws-cli/2.15.0");
        let (user, key) = (HEIR.to_owned(), made.access_key_id.clone());
        let gone = office.call(&made, &Operation::DeleteAccessKey { user, key }).await;
        assert!(gone.worked());
    }
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keyleak_did_not_make_is_neither_deleted_nor_written_to() {
    let stage = Stage::set_at_ease().await;
    let world = &stage.world;
    let case = contained(world).await;

    world.cloud.inject("PutSecretValue", 1, Fault::Denied);
    planned(world, &case).await;
    let failed = carried_out(world, &case).await;
    assert!(why_failed(&failed).contains("was deleted again"), "{}", why_failed(&failed));
    assert_eq!(keys(world).len(), 1, "no key without its secret");
    assert!(failed.checks[0].drifts.is_empty(), "{:?}", failed.checks);

    let plan = planned(world, &case).await;
    world.cloud.plant_secret(&secret(&plan), "0123");
    let failed = carried_out(world, &case).await;
    assert!(why_failed(&failed).contains("this plan did not make"), "{}", why_failed(&failed));
    assert_eq!((keys(world).len(), calls(world, "CreateAccessKey")), (1, 1 + by_actor(world)));

    planned(world, &case).await;
    let theirs = world.cloud.add_key(HEIR, world.clock.now()).unwrap();
    let failed = carried_out(world, &case).await;
    let why = why_failed(&failed);
    assert!(why.contains("was not there when this was decided"), "{why}");
    assert!(keys(world).contains(&theirs.access_key_id), "somebody's key is left alone");
    let drift = &failed.checks[0].drifts[0].what;
    assert!(drift.contains("was not there before"), "{drift}");

    say(world, &case, WISH).await;
    refused(world, &case, "the most that AWS allows").await;
    shown(world, &case, "makes no key").await;
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_made_before_the_case_is_contained_nor_with_the_leaked_key_active_again() {
    let stage = Stage::set_at_ease().await;
    let world = &stage.world;
    administrator(world, HEIR);
    let ops = administrator(world, "ops");
    let case = open(world).await.unwrap();
    say(world, &case, WISH).await;
    approve(world, &case).await.unwrap();
    refused(world, &case, "does not say \"contained\"").await;
    until_contained(world, &case).await;
    let at = planned(world, &case).await.plan.number;

    let now = load(world, &case).await.unwrap();
    let user = now.facts().owner_known().unwrap().user.0.clone();
    let key = now.opening().key.reveal().to_owned();
    let office = Visitor::new(&world.cloud, "192.0.2.14", "aws-cli/2.15.0");
    let active = Operation::UpdateAccessKey { user, key, active: true };
    assert!(office.call(&ops, &active).await.worked());
    press(world, &case, (APPROVER, "plan.approve")).await.unwrap();
    refused(world, &case, "is active").await;
    let now = load(world, &case).await.unwrap();
    assert_eq!(now.plan(at).unwrap().status(), PlanStatus::Voided);
    assert!(keys(world).len() == 1 && world.cloud.secret_names().is_empty(), "nothing was made");
    stage.strike().await;
}

/// How many keys the actor made, or tried to.
fn by_actor(world: &World) -> usize {
    let calls = world.cloud.calls().into_iter().filter(|call| call.name == "CreateAccessKey");
    calls.filter(|call| !call.by.contains("keyleak-recover")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_a_user_that_the_actor_made_or_that_is_not_there_is_refused() {
    let stage = Stage::set().await;
    let world = &stage.world;
    world.let_the_actor_play();
    world.clock.sleep(std::time::Duration::from_secs(60)).await;
    let case = contained(world).await;
    let nodes = load(world, &case).await.unwrap();
    let made = keyleak::domain::eradicating::made_by_actor(&nodes);
    let users = made.iter().filter(|made| made.name.kind == PrincipalKind::User);
    let names: Vec<String> = users.map(|made| made.name.name.clone()).collect();
    assert!(!names.is_empty(), "the actor of this drill made a user");
    for (name, because) in [(names[0].as_str(), "the actor made"), ("nobody-at-all", "there is no")]
    {
        say(world, &case, &format!("replace key for user {name} the vendor takes nothing")).await;
        let refused = |case: &Case| {
            let not_made = case.recovery().not_made();
            not_made.is_some_and(|(_, why)| why.contains(because) && why.contains(name))
        };
        until(world, &case, because, refused).await.unwrap();
    }
    let proposals = |event: &Event| matches!(event, Event::Proposed { .. });
    let now = load(world, &case).await.unwrap();
    let of_keys = now.records().iter().filter(|record| proposals(&record.event));
    assert!(newest(&now).is_none() && of_keys.count() > 0, "no plan makes a key");
    stage.strike().await;
}
