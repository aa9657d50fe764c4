//! The resources that the actor made: deleted last, once this case keeps them stopped, and never
//! with what is in a bucket.

use crate::bureau::{Bureau, journal};
use crate::eradicated::{approved, contained, deleted, press, proposed};
use crate::ground::BACKDOOR;
use crate::manifests::{actions, calls_in, set};
use crate::resources::{LOOT, MINER, Town, named, town};
use crate::story;
use keyleak::aws::eradicate_resources;
use keyleak::domain::button::PlanAddress;
use keyleak::domain::case::Case;
use keyleak::domain::ids::CaseId;
use keyleak::domain::principal::PrincipalName;
use keyleak::domain::reconciliation::Verdict;
use keyleak::domain::resource::{OfResource, ResourceName, ResourceType};
use keyleak::domain::resource_end::{NOT_EMPTY, rights};
use keyleak::domain::resources_left::{Stands, not_stopped, standing};
use keyleak::sim::cloud::faults::Fault;
use keyleak::sim::cloud::resources::ResourceCall;
use std::collections::{BTreeMap, BTreeSet};

const POLICY: &str = include_str!("../../manifests/iam/eradicate_resources.json");

/// What there is but for what was there before.
fn of_the_actor(town: &Town) -> Vec<ResourceName> {
    let bystanders: BTreeSet<_> = town.bystanders().into_iter().map(|(name, _)| name).collect();
    let all = town.cloud.resources().into_keys();
    all.filter(|name| !bystanders.contains(name)).collect()
}

/// With the user that it made too.
fn keys(names: &[ResourceName]) -> Vec<PrincipalName> {
    let user = PrincipalName::user(BACKDOOR);
    [user].into_iter().chain(names.iter().map(ResourceName::key)).collect()
}

async fn asked(town: &Town, bureau: &Bureau, names: &[ResourceName]) -> (CaseId, PlanAddress) {
    let case = contained(bureau, &town.ground).await;
    press(bureau, &case).await;
    let at = proposed(bureau, &case, &keys(names)).await;
    (case, at)
}

async fn ended(bureau: &Bureau, case: &CaseId, at: &PlanAddress) -> Case {
    let over = |case: &Case| case.plan(at.plan)?.ended_at().is_some().then(|| case.clone());
    bureau.wait(case, "an end", over).await
}

fn said(case: &Case, at: &PlanAddress, on: &ResourceName) -> String {
    let state = case.plan(at.plan).unwrap();
    let mut steps = state.plan.steps.iter().zip(&state.steps);
    let found = steps.find(|(step, _)| step.action.on.key() == on.key()).unwrap();
    format!("{:?}", found.1.result)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_a_function_and_an_empty_bucket_are_deleted_and_nobody_elses() {
    let town = town(181).await;
    town.makes_its_own().await;
    let (bystanders, made) = (town.bystanders(), of_the_actor(&town));
    assert_eq!(made.len(), 3, "the control: {made:?}");
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = asked(&town, &bureau, &made).await;
    approved(&bureau, &town.ground, &at).await;
    let now = deleted(&bureau, &at).await;
    assert_eq!(of_the_actor(&town), [], "{}", journal(&now));
    assert_eq!(town.bystanders(), bystanders);
    assert!(standing(&now).iter().all(|(_, stands)| *stands == Stands::Deleted));
    assert_eq!(not_stopped(&now), Vec::<String>::new());
    let first = &now.plan(at.plan).unwrap().plan.steps[0].action.on;
    assert_eq!(first.key(), PrincipalName::user(BACKDOOR), "who can act goes first");
    let effects = now.plan(at.plan).unwrap().plan.steps.iter().map(|step| step.action.effect());
    let effects: BTreeSet<_> = effects.collect();
    assert!(effects.iter().any(|lost| lost.contains("take snapshots of its volumes first")));

    let result = story::closed_and_compared(&bureau, &case).await;
    assert_eq!(result.verdict(), Verdict::Agrees, "{result:?}");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_not_empty_stays_closed_and_whole_and_is_explained() {
    let town = town(182).await;
    town.makes_its_own().await;
    town.steals(ResourceCall::PutObject { bucket: LOOT.to_owned() }).await;
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = asked(&town, &bureau, &of_the_actor(&town)).await;
    approved(&bureau, &town.ground, &at).await;
    let now = ended(&bureau, &case, &at).await;
    let loot = named(ResourceType::Bucket, LOOT);
    assert_eq!(of_the_actor(&town), std::slice::from_ref(&loot), "{}", journal(&now));
    let told = said(&now, &at, &loot);
    assert!(told.contains(NOT_EMPTY) && told.contains("retryable: false"), "{told}");
    let OfResource::Bucket { policy: Some(policy) } = &town.cloud.resources()[&loot] else {
        panic!("its policy is there");
    };
    assert!(policy.contains("Deny"), "it stays closed: {policy}");
    let stands: Vec<_> = standing(&now).iter().map(|(_, stands)| *stands).collect();
    assert_eq!(stands.iter().filter(|stands| **stands == Stands::Deleted).count(), 2);
    assert_eq!(stands.iter().filter(|stands| **stands == Stands::Stopped).count(), 1);
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_kept_stopped_is_told_with_the_command_and_not_deleted() {
    let mut town = town(183).await;
    town.ground.isolation_groups = BTreeMap::new();
    town.makes_its_own().await;
    let made = of_the_actor(&town);
    let (stopped, runs): (Vec<_>, Vec<_>) =
        made.into_iter().partition(|name| name.of != ResourceType::Instance);
    let bureau = Bureau::open(&town.ground).await;
    let (case, at) = asked(&town, &bureau, &stopped).await;
    let told = |case: &Case| case.not_eradicated().map(|(_, why)| why.to_owned());
    let told = bureau.wait(&case, "what is left to people", told).await;
    for part in [&runs[0].id, "keeps it stopped", "create-snapshots", "terminate-instances"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // And what somebody lets run again while people decide.
    let function = named(ResourceType::Function, MINER);
    let again = OfResource::Function { reserved: None };
    town.cloud.add_resource((ResourceType::Function, MINER), again, "web");
    approved(&bureau, &town.ground, &at).await;
    let now = ended(&bureau, &case, &at).await;
    let left = of_the_actor(&town);
    assert!(left.contains(&function) && left.contains(&runs[0]), "{left:?}\n{}", journal(&now));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_broke_off_is_taken_up_again() {
    let town = town(184).await;
    town.makes_its_own().await;
    let bureau = Bureau::open(&town.ground).await;
    let (_, at) = asked(&town, &bureau, &of_the_actor(&town)).await;
    town.cloud.inject("DeleteResource", 1, Fault::TimeoutAfterEffect);
    town.cloud.inject("DeleteBucket", 1, Fault::Unavailable);
    approved(&bureau, &town.ground, &at).await;
    let now = deleted(&bureau, &at).await;
    assert_eq!(of_the_actor(&town), [], "{}", journal(&now));
    let tried: u32 = now.plan(at.plan).unwrap().steps.iter().map(|step| step.attempts).sum();
    assert_eq!(tried, 6, "two were tried again\n{}", journal(&now));
    bureau.close().await;
}

#[test]
fn the_rights_to_delete_resources_are_exactly_those_of_the_steps() {
    let made = set(&[
        eradicate_resources::CALLS,
        eradicate_resources::READS,
        eradicate_resources::CALLS_BY_CLOUD_CONTROL,
    ]);
    assert_eq!(set(&ResourceType::CONTAINED.map(rights)), made);
    assert_eq!(actions(POLICY, "Allow", |_| true), made);
    let own = |arn: &str| arn.starts_with("arn:aws:s3:::keyleak-");
    assert_eq!(actions(POLICY, "Deny", own), set(&[&["s3:DeleteBucket"]]), "our own buckets");
    let own_account = POLICY.contains(r#""aws:ResourceAccount": "${aws:PrincipalAccount}""#);
    assert!(own_account, "a bucket's ARN names no account");
    assert!(!made.iter().any(|call| call.contains("DeleteObject")), "what is in it is evidence");
    let source = include_str!("../../src/aws/eradicate_resources.rs");
    let code = source.split("#[cfg(test)]").next().unwrap();
    let called = eradicate_resources::CALLS.iter().map(|call| call.split(':').nth(1).unwrap());
    assert_eq!(calls_in(code), called.map(str::to_ascii_lowercase).collect());
}
