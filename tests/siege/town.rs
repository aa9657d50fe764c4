//! An account with a leaked key, a role that colleagues share, and twenty people at lawful work.

use crate::ground::{Ground, USER, plunder};
use jiff::SignedDuration;
use keyleak::domain::ids::AccountId;
use keyleak::drill::world::production_timing;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::{ADMINISTRATOR, DENY_ALL};
use keyleak::sim::cloud::setup::{NewRole, NewUser};
use keyleak::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub(crate) const ACCOUNT: &str = "029608264753";
/// An account that the actor has, and that nobody here knows.
pub(crate) const ABROAD: &str = "999999999999";
/// A role of long ago, which everybody at work here uses.
pub(crate) const SHARED: &str = "deploy";
/// Five minutes of read-back become six seconds; quicker, a machine with two cores makes the bot
/// take seconds for what takes milliseconds.
const SPEED: u32 = 50;
const PEOPLE: usize = 20;
/// Where the thief calls from, and where everybody else does.
const THIEF: (&str, &str) = ("203.0.113.66", "Boto3/1.34.1 md/Botocore#1.34.1");
const OFFICE: (&str, &str) = ("192.0.2.14", "aws-cli/2.15.0");

/// What ends with the town.
struct Kept {
    _folder: TempDir,
    _stop: DropGuard,
}

pub(crate) struct Town {
    pub(crate) ground: Ground,
    pub(crate) office: Arc<Visitor>,
    /// Each with a key of its own, named after its user.
    pub(crate) people: Vec<(String, Credential)>,
    /// The actor's key in its own account.
    pub(crate) abroad: Credential,
}

/// The trust policy that lets everybody of these accounts in.
pub(crate) fn trust(accounts: &[&str]) -> String {
    let roots = accounts.iter().map(|account| format!("\"arn:aws:iam::{account}:root\""));
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",
        "Principal":{{"AWS":[{}]}},"Action":"sts:AssumeRole"}}]}}"#,
        roots.collect::<Vec<_>>().join(",")
    )
}

pub(crate) fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// A town whose IAM takes so long to enforce; its key leaks, and the thief is inside.
pub(crate) async fn town(seed: u64, lag: RangeInclusive<Duration>) -> Town {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Clock::accelerated(SPEED);
    let cloud = SimCloud::new(SimCloudConfig {
        account: AccountId(ACCOUNT.to_owned()),
        clock,
        seed,
        lag,
        delivery_delay: DELIVERY_DELAY,
        trail_folder: folder.path().to_owned(),
    });
    let cloud = cloud.expect("an account");
    let stop = CancellationToken::new();
    cloud.start_delivery(&TaskTracker::new(), stop.clone());
    let long_ago = clock.now() - SignedDuration::from_hours(24 * 200);
    let admin = |name: &str| {
        let user = NewUser::named(name, long_ago).attached(ADMINISTRATOR);
        cloud.add_user(user).expect("a user").1
    };
    let key = admin(USER);
    let people = (1..=PEOPLE).map(|at| format!("colleague-{at:02}"));
    let people = people.map(|name| (name.clone(), admin(&name))).collect();
    let role = NewRole::trusting(SHARED, &trust(&[ACCOUNT]), long_ago).attached(ADMINISTRATOR);
    cloud.add_role(role).expect("a role");
    let abroad = cloud.add_foreign_key(ABROAD);
    let office = Arc::new(Visitor::new(&cloud, OFFICE.0, OFFICE.1));
    assert!(office.call(&key, &Operation::ListBuckets).await.worked(), "her lawful use");
    clock.sleep(Duration::from_secs(2)).await;
    let since = jiff::Timestamp::from_second(clock.now().as_second()).expect("a time");
    let thief = Visitor::new(&cloud, THIEF.0, THIEF.1);
    let takings = plunder(&thief, &key).await;
    let ground = Ground {
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
    };
    Town { ground, office, people, abroad }
}
