//! Keys that are made on colleagues while the actor is at work: stopped before the trail tells by
//! whom, and only the lawful one comes back.

use crate::bureau::{Bureau, is_contained, journal};
use crate::roles::{ACCOUNT, SHARED, assume, does, minted, trust};
use crate::sim_account::{OFFICE, SimAccount};
use crate::simulated::{QUICK, leaked};
use crate::story;
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::ids::AccessKeyId;
use keyleak::domain::plan::PlanKind;
use keyleak::sim::attacker::{Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::sim::cloud::{LAG, SimCloud};
use std::sync::Arc;

/// Gets a key from the actor.
const MONA: &str = "mona";
/// Gets a password from the actor, which people are asked about.
const OTTO: &str = "otto";
/// Gets one from somebody who may.
const NILS: &str = "nils";

/// Whether a step stopped this key although nobody knew whose it was.
fn stopped_on_suspicion(case: &Case, key: &Credential) -> bool {
    let mut steps = case.plans().flat_map(|state| state.done_steps());
    steps.any(|(_, step, _)| {
        let stops = |id: &AccessKeyId| id.reveal() == key.access_key_id;
        step.provisional
            && matches!(&step.action.change, Change::DeactivateKey { key } if stops(key))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_of_a_colleague_is_stopped_at_once_and_comes_back_only_where_it_is_lawful() {
    let mut kept = None;
    let account = SimAccount::new((47, QUICK), LAG);
    let ground = leaked(account, |cloud: &Arc<SimCloud>, _| {
        let long_ago = "2024-01-01T00:00:00Z".parse().unwrap();
        let role = NewRole::trusting(SHARED, &trust(ACCOUNT), long_ago).attached(ADMINISTRATOR);
        cloud.add_role(role).unwrap();
        let of = [MONA, NILS, OTTO, "ops"].map(|name| {
            let user = NewUser::named(name, long_ago).attached(ADMINISTRATOR);
            cloud.add_user(user).unwrap().1
        });
        kept = Some((Visitor::new(cloud, OFFICE.0, OFFICE.1), of));
    })
    .await;
    let (office, [mona, _, _, ops]) = kept.unwrap();
    let thief = ground.attacker.as_ref();
    // It outlives what the first plan is about, until the trail tells of it.
    let session = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    does(thief, &session, &Operation::CreateUser { user: "sleeper".to_owned() }).await;
    let is_seen = |case: &Case| {
        let mut steps = case.plans().flat_map(|state| state.done_steps());
        steps.any(|(_, step, _)| step.action.on.name == "sleeper").then_some(())
    };
    bureau.wait(&case, "the actor is seen at work", is_seen).await;
    let key_for = |user: &str| Operation::CreateAccessKey { user: user.to_owned() };
    let evil = minted(thief, &session, &key_for(MONA)).await;
    let lawful = minted(&office, &ops, &key_for(NILS)).await;
    let both = |case: &Case| {
        [&evil, &lawful].iter().all(|key| stopped_on_suspicion(case, key)).then_some(())
    };
    bureau.wait(&case, "both are stopped on suspicion", both).await;
    // By the time the trail tells whose the keys are a later plan covers what is new.
    let password = Operation::CreateLoginProfile { user: OTTO.to_owned() };
    does(thief, &session, &password).await;
    story::approve(&bureau, &case, PlanKind::FollowUp).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let refused = thief.call(&evil, &Operation::ListBuckets).await;
    assert!(!refused.worked(), "the actor's key works\n{}", journal(&now));
    does(&office, &mona, &Operation::ListBuckets).await;
    let keys = ground.lookup.access_keys(&keyleak::domain::ids::UserName(NILS.to_owned())).await;
    let found = keys.unwrap().into_iter().find(|key| key.id.reveal() == lawful.access_key_id);
    assert!(found.is_some_and(|key| key.active), "it comes back\n{}", journal(&now));
    bureau.close().await;
}
