//! Roles: the actor loses every session and every role of its own, and nobody else loses theirs.

use crate::bureau::{Bureau, is_contained, journal};
use crate::ground::Ground;
use crate::sim_account::{OFFICE, SimAccount};
use crate::simulated::{QUICK, leaked};
use crate::story::{self, refused};
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::revocation::Sessions;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::ADMINISTRATOR;
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::sim::cloud::{LAG, SimCloud};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// An account that the actor has, and that nobody here knows.
const ABROAD: &str = "999999999999";
pub(crate) const ACCOUNT: &str = "029608264753";
/// A role of long ago, which a colleague uses too.
pub(crate) const SHARED: &str = "deploy";
/// What the actor makes to come back with.
const OWN: &str = "backup-agent";

/// IAM on a slow day; a machine under load still leaves the actor time to be quicker.
const SLOW: RangeInclusive<Duration> = Duration::from_secs(9)..=Duration::from_secs(10);
/// So often the actor tries to take a deny off, ten times a second: longer than the deny is waited
/// for.
const TAKEN_OFF_MAX: usize = 3_000;

pub(crate) fn trust(account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

/// Who assumes a role names the session, and by that name it is told from others.
pub(crate) fn assume(role: &str, session: &str) -> Operation {
    let role_arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
    Operation::AssumeRole { role_arn, session_name: session.to_owned() }
}

/// A town with a shared role, a colleague who uses it, and somebody abroad.
pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) office: Visitor,
    pub(crate) colleague: Credential,
    pub(crate) abroad: Credential,
}

pub(crate) async fn town(seed: u64) -> Town {
    town_where(LAG, seed).await
}

/// The same where IAM takes so long to enforce.
async fn town_where(lag: RangeInclusive<Duration>, seed: u64) -> Town {
    let mut kept = None;
    let account = SimAccount::new((seed, QUICK), lag);
    let ground = leaked(account, |cloud: &Arc<SimCloud>, _| {
        let long_ago = "2024-01-01T00:00:00Z".parse().unwrap();
        let role = NewRole::trusting(SHARED, &trust(ACCOUNT), long_ago).attached(ADMINISTRATOR);
        cloud.add_role(role).unwrap();
        let ops = NewUser::named("ops", long_ago).attached(ADMINISTRATOR);
        let (_, colleague) = cloud.add_user(ops).unwrap();
        let abroad = cloud.add_foreign_key(ABROAD);
        kept = Some((Visitor::new(cloud, OFFICE.0, OFFICE.1), colleague, abroad));
    })
    .await;
    let (office, colleague, abroad) = kept.unwrap();
    Town { ground, office, colleague, abroad }
}

pub(crate) async fn minted(
    by: &dyn Attacker,
    with: &Credential,
    operation: &Operation,
) -> Credential {
    match by.call(with, operation).await {
        Reply::Minted(credential) => credential,
        other @ (Reply::Allowed | Reply::Refused(_)) => panic!("{operation:?}: {other:?}"),
    }
}

#[track_caller]
pub(crate) fn worked(reply: &Reply, of: &str) {
    assert!(reply.worked(), "{of}: {reply:?}");
}

pub(crate) async fn does(by: &dyn Attacker, with: &Credential, operation: &Operation) {
    let reply = by.call(with, operation).await;
    worked(&reply, &format!("{operation:?} by {}", with.label));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_actors_sessions_of_a_shared_role_end_and_a_colleagues_goes_on() {
    let Town { ground, office, colleague, abroad } = town(41).await;
    let thief = ground.attacker.as_ref();
    let good = minted(&office, &colleague, &assume(SHARED, "release")).await;
    let evil = minted(thief, ground.key(), &assume(SHARED, "boto")).await;
    let own = Operation::CreateRole { role: OWN.to_owned(), trust: trust(ABROAD) };
    does(thief, &evil, &own).await;
    let on = keyleak::domain::principal::PrincipalName::role(OWN);
    let attach = Operation::AttachPolicy { to: on, policy_arn: ADMINISTRATOR.to_owned() };
    does(thief, &evil, &attach).await;
    ground.clock.sleep(Duration::from_secs(10)).await;
    let back_again = minted(thief, &abroad, &assume(OWN, "boto")).await;
    for held in [&evil, &back_again] {
        does(thief, held, &Operation::ListBuckets).await;
    }

    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    for held in ground.loot.iter().chain([&evil, &back_again]) {
        refused(thief, held).await.unwrap_or_else(|why| panic!("{why}\n{}", journal(&now)));
    }
    let again = thief.call(&abroad, &assume(OWN, "boto")).await;
    if let Reply::Minted(again) = again {
        refused(thief, &again).await.unwrap();
    }
    let goes_on = office.call(&good, &Operation::ListBuckets).await;
    worked(&goes_on, &format!("a colleague's session\n{}", journal(&now)));
    let later = minted(&office, &colleague, &assume(SHARED, "release")).await;
    does(&office, &later, &Operation::ListBuckets).await;
    assert!(ends_one_session(&now), "by its own id\n{}", journal(&now));
    bureau.close().await;
}

/// Whether a step ends sessions of the shared role by their ids, and none denies the role.
fn ends_one_session(case: &Case) -> bool {
    let steps = || case.standing_plans().flat_map(|state| state.all_steps());
    let on_shared = || steps().filter(|(_, step, _)| step.action.on.name == SHARED);
    let changes: Vec<&Change> = on_shared().map(|(_, step, _)| &step.action.change).collect();
    let [Change::RevokeSessions { sessions: Sessions::Named { user_ids }, .. }] =
        changes.as_slice()
    else {
        return false;
    };
    user_ids.len() == 1
}

/// SSM Contain ends the sessions of a role, and leaves it to whoever assumes it next.
#[tokio::test(flavor = "multi_thread")]
async fn ssm_contain_who_may_assume_a_role_is_asked_about_when_the_actor_changed_it() {
    let Town { ground, office, colleague, abroad } = town(42).await;
    let thief = ground.attacker.as_ref();
    let both = trust(ACCOUNT).replace(
        &format!("\"arn:aws:iam::{ACCOUNT}:root\""),
        &format!("[\"arn:aws:iam::{ACCOUNT}:root\",\"arn:aws:iam::{ABROAD}:root\"]"),
    );
    let update = Operation::UpdateTrust { role: SHARED.to_owned(), trust: both };
    does(thief, ground.key(), &update).await;
    ground.clock.sleep(Duration::from_secs(10)).await;
    let evil = minted(thief, &abroad, &assume(SHARED, "boto")).await;
    does(thief, &evil, &Operation::ListBuckets).await;

    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    story::approve(&bureau, &case, PlanKind::FollowUp).await;
    bureau.wait(&case, "contained", is_contained).await;
    refused(thief, &evil).await.unwrap();
    let again = thief.call(&abroad, &assume(SHARED, "boto")).await;
    assert!(!again.worked(), "nobody abroad may assume it any more: {again:?}");
    let later = minted(&office, &colleague, &assume(SHARED, "release")).await;
    does(&office, &later, &Operation::ListBuckets).await;
    bureau.close().await;
}

/// IAM takes seconds to enforce the deny on the actor's own role; in them its session takes the
/// deny off again. The trail names the session, or the actor was seen at work before it could: in
/// neither case has anybody to be asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_deny_that_the_actor_takes_off_its_role_is_put_back_and_nobody_is_asked() {
    let Town { ground, abroad, .. } = town_where(SLOW, 43).await;
    let thief = ground.attacker.as_ref();
    let own = Operation::CreateRole { role: OWN.to_owned(), trust: trust(ABROAD) };
    does(thief, ground.key(), &own).await;
    let on = || keyleak::domain::principal::PrincipalName::role(OWN);
    let attach = Operation::AttachPolicy { to: on(), policy_arn: ADMINISTRATOR.to_owned() };
    does(thief, ground.key(), &attach).await;
    ground.clock.sleep(Duration::from_secs(10)).await;
    let back_again = minted(thief, &abroad, &assume(OWN, "boto")).await;

    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let policy_arn = ground.deny_policy_arn.clone();
    let off = Operation::DetachPolicy { from: on(), policy_arn };
    let mut tries = 0;
    while !thief.call(&back_again, &off).await.worked() {
        tries += 1;
        assert!(tries < TAKEN_OFF_MAX, "IAM was too quick for the actor");
        ground.clock.sleep(Duration::from_millis(100)).await;
    }
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let named = |event: &Event| {
        matches!(event, Event::Reapply { reverter, racing, .. }
            if *racing || reverter.ends_with(&format!("assumed-role/{OWN}/boto")))
    };
    let mut records = now.records().iter();
    assert!(records.any(|record| named(&record.event)), "{}", journal(&now));
    refused(thief, &back_again).await.unwrap();
    bureau.close().await;
}
