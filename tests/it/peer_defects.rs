//! What went wrong in other tools for the same job, and must not here; each test names the tool.

use crate::bureau::{ASKER, Bureau, honest, is_contained};
use crate::ground::USER;
use crate::simulated::town;
use crate::story::approve;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::facts::QUARANTINE_PREFIX;
use keyleak::domain::plan::PlanKind;
use keyleak::sim::cloud::SimCloud;
use keyleak::sim::cloud::setup::NewUser;
use std::sync::Arc;
use std::time::Duration;

/// `aws_ir`: a dry run acted, because the option was not passed on.
#[tokio::test(flavor = "multi_thread")]
async fn aws_ir_without_the_right_to_change_nothing_is_tried_and_the_commands_are_told() {
    let (ground, cloud) = town(31, |_, user| user).await;
    let trail = |local| Some(honest(local));
    let bureau = Bureau::open_for(&ground, |_| None, trail).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let told = |case: &Case| {
        case.records().iter().find_map(|record| {
            let Event::NotProposed { why, .. } = &record.event else { return None };
            Some(why.clone())
        })
    };
    let why = bureau.wait(&case, "what to do by hand", told).await;
    assert!(why.contains("aws iam attach-user-policy --user-name"), "{why}");
    for phase in [Phase::Containment, Phase::Scope, Phase::Eradication, Phase::Recovery] {
        bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase }).await;
    }
    bureau.desk.clock.sleep(Duration::from_secs(600)).await;
    assert_eq!(cloud.bot_changes(), 0);
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(is_contained(&now).is_none() && now.pending_plan().is_none());
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
