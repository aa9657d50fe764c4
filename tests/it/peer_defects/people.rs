//! What other responders got wrong about keys, failures, and who decides where.

use crate::bureau::{ASKER, Bureau, caller, is_contained};
use crate::ground::USER;
use crate::simulated::town;
use crate::stage::Stage;
use crate::story::approve;
use jiff::SignedDuration;
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::ids::AccessKeyId;
use keyleak::domain::plan::{PlanKind, PlanNumber};
use keyleak::domain::plan_state::PlanStatus;
use keyleak::drill::people::OUTSIDER;
use keyleak::drill::players::{load, open, until};
use keyleak::flow::intake::{OpenRequest, open as open_case};
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Operation, Reply};
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::slack::channels::Reach;
use std::collections::BTreeSet;

/// More often than any step is tried.
const ALWAYS: u64 = 50;
/// What Slack waits for.
const ANSWERED_WITHIN_MS: u128 = 3_000;

/// health-tools took the first key of an event, and deleted it before anybody looked.
#[tokio::test(flavor = "multi_thread")]
async fn health_tools_every_reported_key_gets_a_case_and_none_is_deleted() {
    let (ground, cloud) = town(38, |_, user| user).await;
    let long_ago = Clock::real().now() - SignedDuration::from_hours(24 * 90);
    let (_, second) = cloud.add_user(NewUser::named("second", long_ago)).unwrap();
    let bureau = Bureau::open(&ground).await;
    let reported = [&ground.key().access_key_id, &second.access_key_id];
    let request = OpenRequest {
        keys: reported.map(|key| AccessKeyId::parse(key).unwrap()).to_vec(),
        found_where: None,
        exposed_since: Some(ground.since),
        note: None,
        delivery: None,
        place: None,
    };
    let opened = open_case(&bureau.desk, &caller(ASKER), &request).await.unwrap();
    let cases: BTreeSet<_> = opened.iter().map(|one| one.case.id().clone()).collect();
    assert_eq!(cases.len(), 2, "a case for each key");
    for case in &cases {
        approve(&bureau, case, PlanKind::Containment).await;
        bureau.wait(case, "contained", is_contained).await;
        let now = bureau.desk.ledger.load(case).await.unwrap();
        let deletes =
            |change: &Change| matches!(change, Change::Delete { .. } | Change::DeleteResource);
        let steps = now.plans().flat_map(|state| state.all_steps());
        let deleting = steps.filter(|(_, step, _)| deletes(&step.action.change)).count();
        assert_eq!(deleting, 0);
    }
    let mut calls = cloud.calls().into_iter();
    assert!(!calls.any(|call| call.name == "DeleteAccessKey"), "kept, and inactive");
    bureau.close().await;
}

/// ASR dropped the error of a deactivation and reported success.
#[tokio::test(flavor = "multi_thread")]
async fn asr_a_deactivation_that_always_fails_is_never_a_success() {
    let (ground, cloud) = town(39, |_, user| user).await;
    for nth in 1..=ALWAYS {
        cloud.inject("UpdateAccessKey", nth, Fault::Throttled);
    }
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let plan = approve(&bureau, &case, PlanKind::Containment).await.plan;
    let over = |case: &Case| {
        let status = case.plan(plan)?.status();
        matches!(status, PlanStatus::Partly | PlanStatus::Done).then_some(status)
    };
    let status = bureau.wait(&case, "the plan is over", over).await;
    assert_eq!(status, PlanStatus::Partly);
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(is_contained(&now).is_none());
    // The deny was done all the same: the key is good for nothing, and active.
    let user = cloud.user_state(USER).unwrap();
    assert!(user.has_policy(&ground.deny_policy_arn), "{:?}", user.attached);
    let reply = ground.attacker.call(ground.key(), &Operation::ListBuckets).await;
    assert!(matches!(reply, Reply::Refused(_)), "{reply:?}");
    bureau.close().await;
}

/// The sample makes the channel of an incident a public one.
#[tokio::test(flavor = "multi_thread")]
async fn aws_slack_sample_the_channel_of_a_case_is_private() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let made = |case: &Case| case.room().channel.is_some();
    until(world, &case, "a channel", made).await.unwrap();
    let now = load(world, &case).await.unwrap();
    let channel = now.room().channel.clone().unwrap();
    let channel = world.slack.channel(&channel.0).unwrap();
    assert_eq!(channel.reach, Reach::Private);
    assert!(!channel.members.iter().any(|member| member == OUTSIDER), "{:?}", channel.members);
    stage.strike().await;
}

/// The sample looks once a minute whether there is anything new.
#[tokio::test(flavor = "multi_thread")]
async fn aws_slack_sample_a_command_is_answered_at_once_and_not_by_the_minute() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let began = std::time::Instant::now();
    let case = open(world).await.unwrap();
    let took = began.elapsed().as_millis();
    assert!(took < ANSWERED_WITHIN_MS, "answered after {took} ms");
    let opened = load(world, &case).await.unwrap().records()[0].at;
    let proposed = |case: &Case| case.plan(PlanNumber(1)).is_some();
    until(world, &case, "a plan", proposed).await.unwrap();
    let now = load(world, &case).await.unwrap();
    let mut records = now.records().iter();
    let first = records.find(|record| record.seq > 1).unwrap();
    let waited = first.at.duration_since(opened);
    assert!(waited < SignedDuration::from_secs(60), "taken up after {waited:#}");
    stage.strike().await;
}
