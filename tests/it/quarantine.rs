//! The race-proof mode: a tag, and a service control policy that nobody in the account can undo.

use crate::bureau::{Bureau, is_contained, journal};
use crate::ground::{Ground, USER};
use crate::sim_account::SimAccount;
use crate::simulated::{leaked, town};
use crate::story;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::{PlanKind, Step};
use keyleak::domain::principal::PrincipalName;
use keyleak::sim::attacker::Operation;
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const POLICY: &str = include_str!("../../manifests/organizations/quarantine.json");
const TAG: &str = "keyleak-quarantine";
/// Long enough that an actor who watches for the deny is always quicker than IAM.
const LAG: Duration = Duration::from_secs(10);

/// A loaded machine leaves the actor its seconds too.
const UNHURRIED: u32 = 20;

/// An account with a leaked key and slow IAM, under these service control policies.
async fn governed(seed: u64, policies: Option<&[&str]>) -> (Ground, Arc<SimCloud>) {
    let account = SimAccount::new((seed, UNHURRIED), Duration::from_secs(9)..=LAG);
    let cloud = Arc::clone(&account.cloud);
    if let Some(policies) = policies {
        cloud.govern(TAG, policies).unwrap();
    }
    (leaked(account, |_, _| {}).await, cloud)
}

/// What the actor does again and again with everything it holds.
fn moves(deny: &str) -> Vec<Operation> {
    let on = || PrincipalName::user(USER);
    vec![
        Operation::DetachPolicy { from: on(), policy_arn: deny.to_owned() },
        Operation::Untag { on: on(), key: TAG.to_owned() },
        Operation::Untag { on: on(), key: TAG.to_uppercase() },
        Operation::AttachPolicy { to: on(), policy_arn: ADMINISTRATOR.to_owned() },
        Operation::GetSessionToken,
        Operation::ListBuckets,
    ]
}

/// An actor who watches for the containment and takes back what it can, until it is stopped.
async fn keep_undoing(ground: &Ground, stop: &CancellationToken) {
    let moves = moves(&ground.deny_policy_arn);
    let held: Vec<_> = ground.loot.iter().chain([ground.key()]).cloned().collect();
    while !stop.is_cancelled() {
        for credential in &held {
            for operation in &moves {
                ground.attacker.call(credential, operation).await;
            }
        }
        ground.clock.sleep(Duration::from_millis(200)).await;
    }
}

/// Contains the key while the actor undoes what it can; when the first step was done.
async fn race(ground: &Ground) -> (Case, Timestamp) {
    let bureau = Bureau::open(ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let stop = CancellationToken::new();
    let done = {
        let raced = async {
            story::approve(&bureau, &case, PlanKind::Containment).await;
            let done = bureau.wait(&case, "the first step is done", first_done).await;
            ground.clock.sleep(Duration::from_mins(2)).await;
            stop.cancel();
            done
        };
        tokio::join!(raced, keep_undoing(ground, &stop)).0
    };
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    bureau.close().await;
    (now, done)
}

fn first_done(case: &Case) -> Option<Timestamp> {
    let mut records = case.records().iter();
    let done = records.find(|record| matches!(record.event, Event::Outcome { step: 0, .. }));
    done.map(|record| record.at)
}

/// Calls by the leaked user, or a session of it, that were allowed after a time.
fn freedom(cloud: &SimCloud, after: Timestamp) -> Vec<String> {
    let own = |by: &str| by.ends_with(&format!(":user/{USER}"));
    let calls = cloud.calls().into_iter();
    let free = calls.filter(|call| call.at > after && call.refused.is_none() && own(&call.by));
    free.map(|call| format!("{} {}", call.at, call.name)).collect()
}

fn steps(case: &Case) -> Vec<Step> {
    case.plans().next().unwrap().plan.steps.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_tag_is_enforced_an_actor_who_takes_every_deny_off_is_never_free() {
    let (ground, cloud) = governed(81, Some(&[POLICY])).await;
    let (case, done) = race(&ground).await;
    let first = &steps(&case)[0].action.change;
    assert!(matches!(first, Change::Quarantine { .. }), "{}", journal(&case));
    let off = cloud
        .calls()
        .into_iter()
        .find(|call| call.name == "DetachUserPolicy" && call.refused.is_none() && call.at > done);
    assert!(off.is_some(), "the actor was quicker than IAM and took the deny off");
    let free = freedom(&cloud, done + SignedDuration::try_from(LAG).unwrap());
    assert!(free.is_empty(), "{free:#?}\n{}", journal(&case));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_tag_the_same_actor_is_free_again_and_again() {
    let (ground, cloud) = governed(81, None).await;
    let (case, done) = race(&ground).await;
    let has_tag = |step: &Step| matches!(step.action.change, Change::Quarantine { .. });
    assert!(!steps(&case).iter().any(has_tag));
    let free = freedom(&cloud, done + SignedDuration::try_from(LAG).unwrap());
    assert!(!free.is_empty(), "the race is no race\n{}", journal(&case));
}

/// The policy without one of its statements.
fn without(sid: &str) -> String {
    let mut policy: Value = serde_json::from_str(POLICY).unwrap();
    let statements = policy["Statement"].as_array_mut().unwrap();
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != sid);
    assert_eq!(statements.len() + 1, before, "{sid}");
    policy.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_not_in_force_is_not_relied_on_and_the_plan_says_so() {
    let none = json!({"Version": "2012-10-17", "Statement":
        [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    .to_string();
    for (seed, policy, who) in [
        (82, none, "bears the tag, was not refused"),
        (83, without("NothingForWhoBearsTheTag"), "bears the tag, was not refused"),
        (84, without("TheTagIsKeyleaksAlone"), "not set the tag, was not refused"),
        (86, without("NobodyElseChangesOrBecomesTheQuarantined"), "change a bearer, was not"),
    ] {
        let (ground, _) = governed(seed, Some(&[&policy])).await;
        let bureau = Bureau::open(&ground).await;
        let case = bureau.report(&ground.key().access_key_id, ground.since).await;
        story::approve(&bureau, &case, PlanKind::Containment).await;
        let now = bureau.desk.ledger.load(&case).await.unwrap();
        let deny = &steps(&now)[0];
        assert!(matches!(deny.action.change, Change::Deny { .. }), "{deny:?}");
        assert!(deny.because.contains(who), "{}", deny.because);
        bureau.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tag_is_taken_off_again_by_the_undo_and_the_account_is_as_before() {
    let (ground, cloud) = town(85, |cloud, user| {
        cloud.govern(TAG, &[POLICY]).unwrap();
        user.tag("team", "deploy")
    })
    .await;
    let before = cloud.user_state(USER).unwrap();
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    assert!(cloud.user_state(USER).unwrap().tags.contains_key(TAG));
    story::undo(&bureau, &case).await;
    assert_eq!(cloud.user_state(USER).unwrap(), before);
    bureau.close().await;
}
