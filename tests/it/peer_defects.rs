//! What went wrong in other tools for the same job, and must not here; each test names the tool.
//!
//! The table of them is in `tests/README.md`.

mod people;
mod trails;

use crate::bureau::{APPROVER, ASKER, Bureau, honest, is_contained};
use crate::ground::USER;
use crate::simulated::town;
use crate::story::{self, approve};
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::action::{Action, Change};
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::Phase;
use keyleak::domain::facts::QUARANTINE_PREFIX;
use keyleak::domain::ids::AccessKeyId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::principal::{Principal, PrincipalName};
use keyleak::domain::report::whole_plan;
use keyleak::domain::revocation::{Revocation, Sessions};
use keyleak::ports::chat::{Scene, View};
use keyleak::ports::clock::Clock;
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::setup::NewUser;
use keyleak::slack::cards::draw;
use keyleak::slack::sketch::Means;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A defect without its test, or a test that is gone, is no row of the table.
#[test]
fn every_defect_in_the_table_has_its_test() {
    let sources = [
        include_str!("peer_defects.rs"),
        include_str!("peer_defects/people.rs"),
        include_str!("peer_defects/trails.rs"),
        include_str!("people.rs"),
        include_str!("roles.rs"),
        include_str!("../outside/questions.rs"),
    ];
    let (_, table) = include_str!("../README.md").split_once("## Defects of other tools").unwrap();
    let table = table.split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let tests: Vec<&str> = rows.map(|row| row.rsplit('`').nth(1).unwrap_or(row)).collect();
    assert!(tests.len() >= 20, "{tests:?}");
    let is_there = |name: &&str| {
        let (function, trial) = (format!("fn {name}("), format!("\"{name}\""));
        sources.iter().any(|source| source.contains(&function) || source.contains(&trial))
    };
    let missing: Vec<_> = tests.iter().filter(|name| !is_there(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// `aws_ir`: a dry run acted, because the option was not passed on.
#[tokio::test(flavor = "multi_thread")]
async fn aws_ir_without_the_right_to_change_nothing_is_tried_and_the_commands_are_told() {
    let (ground, cloud) = town(31, |_, user| user).await;
    let trail = |local| Some(honest(local));
    let bureau = Bureau::open_for(&ground, |_| None, trail).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let at = bureau.wait(&case, "a plan", |case| case.pending_plan().map(story::address)).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let plan = whole_plan(&now, now.plan(at.plan).unwrap());
    assert!(plan.contains("aws iam attach-user-policy --user-name"), "{plan}");
    let said = bureau.answered(APPROVER, ButtonAction::Approve(at)).await;
    assert!(said.as_deref().unwrap_or_default().contains("this is a dry run"), "{said:?}");
    for phase in [Phase::Containment, Phase::Scope, Phase::Eradication, Phase::Recovery] {
        bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase }).await;
    }
    bureau.desk.clock.sleep(Duration::from_secs(600)).await;
    assert_eq!(cloud.bot_changes(), 0);
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(is_contained(&now).is_none() && now.plans().all(|state| !state.has_begun()));
    bureau.close().await;
}

/// Panther: only the second version of AWS's policy was known, and AWS has had four since.
#[tokio::test(flavor = "multi_thread")]
async fn panther_every_version_of_awss_quarantine_is_known_and_none_is_taken_off() {
    let stories =
        (32..).zip(["", "V2", "V3", "V4"]).map(|(seed, version)| quarantined(seed, version));
    futures_util::future::join_all(stories).await;
}

async fn quarantined(seed: u64, version: &str) {
    let name = format!("{QUARANTINE_PREFIX}{version}");
    let document = r#"{"Version":"2012-10-17","Statement":
        [{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"}]}"#;
    let mut arn = None;
    let by_aws = |cloud: &Arc<SimCloud>, user: NewUser| {
        let policy = cloud.add_policy(&name, document).unwrap();
        arn = Some(policy.clone());
        user.attached(&policy)
    };
    let (ground, cloud) = town(seed, by_aws).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let known = now.facts().quarantine.as_ref().and_then(|fact| fact.known());
    assert_eq!(known, Some(&Some(name)));
    let state = cloud.user_state(USER).unwrap();
    assert!(state.has_policy(&arn.unwrap()), "it is still attached: {:?}", state.attached);
    bureau.close().await;
}

/// `aws_ir`'s plugin took every exception for information, so that a failure looked like success.
#[tokio::test(flavor = "multi_thread")]
async fn aws_ir_a_step_that_failed_is_drawn_as_failed_and_the_plan_as_done_in_part() {
    let (ground, cloud) = town(36, |_, user| user).await;
    cloud.inject("UpdateAccessKey", 1, Fault::Denied);
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let plan = approve(&bureau, &case, PlanKind::Containment).await.plan;
    let is_partly = |case: &Case| {
        let state = case.plan(plan)?;
        (state.status() == PlanStatus::Partly).then_some(())
    };
    bureau.wait(&case, "done in part", is_partly).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let policy = &bureau.desk.rules.policy;
    let scene = Scene { case: &now, policy, now: bureau.desk.clock.now() };
    let drawn = draw(&View::Plan(scene, plan), Means::Full);
    let card = serde_json::to_string(&drawn.blocks).unwrap();
    assert!(
        card.contains(" – FAILED: ") && card.contains("To finish what failed by hand"),
        "{card}"
    );
    assert!(drawn.text.contains("partly"), "{}", drawn.text);
    assert!(is_contained(&now).is_none());
    bureau.close().await;
}

/// `aws_ir` said "STS tokens revoked" of a deny that spares new ones, and a key made inactive was
/// taken for the end of its sessions.
#[test]
fn aws_ir_a_step_says_of_sessions_what_its_policy_does() {
    let on = PrincipalName::role("deploy");
    let on = Principal { kind: on.kind, name: on.name, id: "AROA1".into(), arn: String::new() };
    let effect = |change| Action { on: on.clone(), change }.effect();
    let key = AccessKeyId::parse("AKIAQNZGKIQY7QHDV7HP").unwrap();
    assert!(!effect(Change::DeactivateKey { key }).contains("session"));
    let revoke = |sessions| {
        let inline_name = "KeyleakRevoke".to_owned();
        effect(Change::RevokeSessions { sessions, until: Timestamp::MIN, inline_name })
    };
    let named = Sessions::Named { user_ids: ["AROA1:boto".to_owned()].into() };
    assert!(revoke(Sessions::Everyone).contains("whoever may assume it again goes on"));
    assert!(revoke(named).contains("and no others"));
    let trust = effect(Change::PutTrust { document: "{}".to_owned() });
    assert!(trust.contains("open sessions go on"), "{trust}");
}

/// `cloud-forensics-utils` wrote local time as UTC, and west of Greenwich revoked hours too little.
/// `.ci/run` has it run under the clocks of Los Angeles and Tokyo.
#[test]
fn cloud_forensics_utils_a_revocation_reaches_to_now_wherever_the_machine_stands() {
    let now = Clock::real().now();
    let revocation = Revocation::at(Sessions::Everyone, Timestamp::MIN, now);
    let document: Value = serde_json::from_str(&revocation.document()).unwrap();
    let before = &document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"];
    let before: Timestamp = before.as_str().unwrap().parse().unwrap();
    let ahead = before.duration_since(now);
    assert!(ahead > SignedDuration::from_secs(28), "{document}");
    assert!(ahead <= SignedDuration::from_secs(30), "{document}");
}

/// Cloud Custodian's `remove-keys` acted on all keys of a user where one was meant.
#[tokio::test(flavor = "multi_thread")]
async fn custodian_no_key_is_stopped_that_no_plan_names() {
    let (ground, cloud) = town(37, |_, user| user).await;
    let long_ago = Clock::real().now() - SignedDuration::from_hours(24 * 90);
    let (_, bystander) = cloud.add_user(NewUser::named("colleague", long_ago)).unwrap();
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let named: BTreeSet<String> = now
        .plans()
        .flat_map(|state| state.all_steps())
        .filter_map(|(_, step, _)| {
            let Change::DeactivateKey { key } = &step.action.change else { return None };
            Some(key.reveal().to_owned())
        })
        .collect();
    let calls = cloud.calls().into_iter().filter(|call| call.name == "UpdateAccessKey");
    let touched: BTreeSet<String> = calls
        .flat_map(|call| call.arguments)
        .filter_map(|(name, value)| (name == "accessKeyId").then_some(value))
        .collect();
    assert_eq!(named, touched);
    assert!(touched.contains(&ground.key().access_key_id), "{touched:?}");
    assert!(!touched.contains(&bystander.access_key_id));
    bureau.close().await;
}
