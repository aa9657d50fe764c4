//! The simulated account as a ground for a story: empty at first, until its user's key leaks.

use crate::ground::{Ground, plunder};
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::ids::AccountId;
use keyleak::drill::world::production_timing;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation};
use keyleak::sim::cloud::attacker::Visitor;
use keyleak::sim::cloud::managed::DENY_ALL;
use keyleak::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub(crate) const ACCOUNT: &str = "029608264753";
/// Where the thief calls from, and where everybody else does.
const THIEF: (&str, &str) = ("203.0.113.66", "Boto3/1.34.1 md/Botocore#1.34.1");
pub(crate) const OFFICE: (&str, &str) = ("192.0.2.14", "aws-cli/2.15.0");

/// An account that delivers its trail, and nobody in it yet.
pub(crate) struct SimAccount {
    pub(crate) cloud: Arc<SimCloud>,
    pub(crate) clock: Clock,
    folder: TempDir,
    stop: DropGuard,
}

impl SimAccount {
    /// An account whose clock runs so much faster, and whose IAM takes so long to enforce.
    pub(crate) fn new((seed, speed): (u64, u32), lag: RangeInclusive<Duration>) -> Self {
        Self::numbered(ACCOUNT, (seed, Clock::accelerated(speed)), lag)
    }

    /// The same with another number, by a clock that may be another account's too.
    pub(crate) fn numbered(
        number: &str,
        (seed, clock): (u64, Clock),
        lag: RangeInclusive<Duration>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let cloud = SimCloud::new(SimCloudConfig {
            account: AccountId(number.to_owned()),
            clock,
            seed,
            lag,
            delivery_delay: DELIVERY_DELAY,
            trail_folder: folder.path().to_owned(),
        });
        let cloud = cloud.expect("an account");
        let stop = CancellationToken::new();
        cloud.start_delivery(&TaskTracker::new(), stop.clone());
        Self { cloud, clock, folder, stop: stop.drop_guard() }
    }

    /// When everything lawful in it was made.
    pub(crate) fn long_ago(&self) -> Timestamp {
        self.clock.now() - SignedDuration::from_hours(24 * 200)
    }

    /// A visitor from where everybody lawful calls.
    pub(crate) fn office(&self) -> Visitor {
        Visitor::new(&self.cloud, OFFICE.0, OFFICE.1)
    }

    /// The key is used lawfully once more; then it leaks, and the thief makes its first moves.
    pub(crate) async fn leak(self, key: &Credential) -> Ground {
        let office = self.office();
        let Self { cloud, clock, folder, stop } = self;
        assert!(office.call(key, &Operation::ListBuckets).await.worked(), "her lawful use");
        clock.sleep(Duration::from_secs(2)).await;
        let since = Timestamp::from_second(clock.now().as_second()).expect("a time");
        let thief = Visitor::new(&cloud, THIEF.0, THIEF.1);
        let takings = plunder(&thief, key).await;
        Ground {
            clock,
            timing: production_timing(),
            lookup: Arc::clone(&cloud) as Arc<_>,
            contain: Arc::clone(&cloud) as Arc<_>,
            deny_policy_arn: DENY_ALL.to_owned(),
            protected_arns: Vec::new(),
            isolation_groups: std::collections::BTreeMap::new(),
            key_owners: std::collections::BTreeMap::new(),
            trail: folder.path().to_owned(),
            attacker: Arc::new(thief),
            since,
            loot: takings.loot,
            backdoor: takings.backdoor,
            _parts: Box::new((folder, stop)),
        }
    }
}
