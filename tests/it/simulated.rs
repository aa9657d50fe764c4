//! The story on the simulated account, whose IAM takes seconds to enforce and whose trail is late.

use crate::bureau::{Bureau, is_contained};
use crate::ground::{Ground, USER, plunder};
use crate::story;
use jiff::SignedDuration;
use keyleak::domain::event::Event;
use keyleak::domain::ids::AccountId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::principal::PrincipalName;
use keyleak::drill::world::production_timing;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::{ADMINISTRATOR, DENY_ALL};
use keyleak::sim::cloud::setup::NewUser;
use keyleak::sim::cloud::{DELIVERY_DELAY, LAG, SimCloud, SimCloudConfig};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Five minutes of read-back become three seconds.
pub(crate) const QUICK: u32 = 100;
/// Where the thief calls from, and where everybody else does.
const THIEF: (&str, &str) = ("203.0.113.66", "Boto3/1.34.1 md/Botocore#1.34.1");
pub(crate) const OFFICE: (&str, &str) = ("192.0.2.14", "aws-cli/2.15.0");

/// What ends with the ground.
struct Kept {
    _folder: TempDir,
    _stop: DropGuard,
}

pub(crate) async fn ground(seed: u64, speed: u32) -> Ground {
    ground_with_past(seed, speed, |_, _| {}).await
}

/// The same, in an account that has a past.
pub(crate) async fn ground_with_past(
    seed: u64,
    speed: u32,
    past: impl FnOnce(&Arc<SimCloud>, &Credential),
) -> Ground {
    ground_of_user((seed, speed), |_, user| user, past).await
}

/// The same, where the key is that of a user with more than the administrator's policy.
pub(crate) async fn ground_of_user(
    (seed, speed): (u64, u32),
    furnish: impl FnOnce(&Arc<SimCloud>, NewUser) -> NewUser,
    past: impl FnOnce(&Arc<SimCloud>, &Credential),
) -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::accelerated(speed);
    let cloud = SimCloud::new(SimCloudConfig {
        account: AccountId("029608264753".to_owned()),
        clock,
        seed,
        lag: LAG,
        delivery_delay: DELIVERY_DELAY,
        trail_folder: folder.path().to_owned(),
    })
    .unwrap();
    let stop = CancellationToken::new();
    cloud.start_delivery(&TaskTracker::new(), stop.clone());
    let long_ago = clock.now() - SignedDuration::from_hours(24 * 200);
    let user = furnish(&cloud, NewUser::named(USER, long_ago).attached(ADMINISTRATOR));
    let (_, key) = cloud.add_user(user).unwrap();
    past(&cloud, &key);
    let office = Visitor::new(&cloud, OFFICE.0, OFFICE.1);
    assert!(office.call(&key, &Operation::ListBuckets).await.worked(), "her lawful use");
    clock.sleep(Duration::from_secs(2)).await;
    let since = jiff::Timestamp::from_second(clock.now().as_second()).unwrap();
    let thief = Visitor::new(&cloud, THIEF.0, THIEF.1);
    let takings = plunder(&thief, &key).await;
    Ground {
        clock,
        timing: production_timing(),
        lookup: Arc::clone(&cloud) as Arc<_>,
        contain: Arc::clone(&cloud) as Arc<_>,
        deny_policy_arn: DENY_ALL.to_owned(),
        protected_arns: Vec::new(),
        trail: folder.path().to_owned(),
        attacker: Arc::new(thief),
        since,
        loot: takings.loot,
        backdoor: takings.backdoor,
        _parts: Box::new(Kept { _folder: folder, _stop: stop.drop_guard() }),
    }
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
