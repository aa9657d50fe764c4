//! The story on the simulated account, whose IAM takes seconds to enforce and whose trail is late.

use crate::bureau::{Bureau, is_contained};
use crate::ground::{Ground, USER};
use crate::sim_account::SimAccount;
use crate::story;
use jiff::SignedDuration;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::sim::attacker::{Credential, Operation};
use keyleak::sim::cloud::managed::{ADMINISTRATOR, DENY_ALL};
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::cloud::{LAG, SimCloud};
use std::sync::Arc;

/// Five minutes of read-back become three seconds.
pub(crate) const QUICK: u32 = 100;

pub(crate) async fn ground(seed: u64, speed: u32) -> Ground {
    ground_with_past(seed, speed, |_, _| {}).await
}

/// The same, in an account that has a past.
pub(crate) async fn ground_with_past(
    seed: u64,
    speed: u32,
    past: impl FnOnce(&Arc<SimCloud>, &Credential),
) -> Ground {
    leaked(SimAccount::new((seed, speed), LAG), past).await
}

/// The same in this account.
pub(crate) async fn leaked(
    account: SimAccount,
    past: impl FnOnce(&Arc<SimCloud>, &Credential),
) -> Ground {
    let user = NewUser::named(USER, account.long_ago()).attached(ADMINISTRATOR);
    let (_, key) = account.cloud.add_user(user).unwrap();
    past(&account.cloud, &key);
    account.leak(&key).await
}

/// The same, where the key is that of a user with more than the administrator's policy; and the
/// account itself, to look into it.
pub(crate) async fn town(
    seed: u64,
    furnish: impl FnOnce(&Arc<SimCloud>, NewUser) -> NewUser,
) -> (Ground, Arc<SimCloud>) {
    let account = SimAccount::new((seed, QUICK), LAG);
    let cloud = Arc::clone(&account.cloud);
    let user = NewUser::named(USER, account.long_ago()).attached(ADMINISTRATOR);
    let (_, key) = cloud.add_user(furnish(&cloud, user)).unwrap();
    (account.leak(&key).await, cloud)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reported_key_is_contained_with_all_that_grew_from_it_and_undone() {
    story::contained_and_undone(&ground(1, QUICK).await).await;
}

/// As the README says to do by hand while the bot is down.
#[tokio::test(flavor = "multi_thread")]
async fn a_deny_that_somebody_attached_by_hand_is_taken_over_and_the_case_is_contained() {
    let ground = ground(5, QUICK).await;
    let by_hand =
        Operation::AttachPolicy { to: PrincipalName::user(USER), policy_arn: DENY_ALL.to_owned() };
    assert!(ground.attacker.call(ground.key(), &by_hand).await.worked());
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    let said = now.records().iter().filter(|r| matches!(r.event, Event::NotProposed { .. }));
    assert_eq!(said.count(), 0, "there was something to do");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_with_the_deny_skipped_the_case_is_never_called_contained() {
    story::never_contained_without_the_deny(&ground(3, QUICK).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sabotage_with_a_lineage_edge_dropped_the_case_is_never_called_contained() {
    let mut ground = ground(4, QUICK).await;
    // It delivers within a minute and a half, so that this is long enough to know all.
    ground.timing.trail_complete_after = SignedDuration::from_mins(4);
    story::a_dropped_lineage_edge_is_noticed(&ground).await;
}
