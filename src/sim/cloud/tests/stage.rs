//! A small account with a leaked key in it.

use crate::domain::ids::AccountId;
use crate::ports::clock::Clock;
use crate::sim::attacker::{Attacker, Credential, Operation, Reply};
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::setup::NewUser;
use crate::sim::cloud::{SimCloud, SimCloudConfig, managed};
use jiff::Timestamp;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

pub(super) const ACCOUNT: &str = "210987654321";
pub(super) const USER: &str = "ci-deploy";

pub(super) struct Stage {
    pub cloud: Arc<SimCloud>,
    pub actor: Visitor,
    pub leaked: Credential,
    pub clock: Clock,
    _trail: TempDir,
}

/// An account that enforces at once, where an administrator's key leaked.
pub(super) fn stage() -> Stage {
    stage_with(Duration::ZERO..=Duration::ZERO)
}

pub(super) fn stage_with(lag: RangeInclusive<Duration>) -> Stage {
    let clock = Clock::fast(at("2026-03-02T03:00:00Z"), 100);
    let trail = tempfile::tempdir().unwrap();
    let cloud = SimCloud::new(SimCloudConfig {
        account: AccountId(ACCOUNT.to_owned()),
        clock,
        seed: 7,
        lag,
        delivery_delay: Duration::from_secs(60)..=Duration::from_secs(90),
        trail_folder: trail.path().to_owned(),
    })
    .unwrap();
    let new = NewUser::named(USER, at("2024-05-01T00:00:00Z"))
        .tag("owner", "dana")
        .attached(managed::ADMINISTRATOR);
    let (_, leaked) = cloud.add_user(new).unwrap();
    let actor = Visitor::new(&cloud, "203.0.113.66", "aws-cli/2.17.32");
    Stage { cloud, actor, leaked, clock, _trail: trail }
}

impl Stage {
    pub(super) async fn call(&self, credential: &Credential, operation: Operation) -> Reply {
        self.actor.call(credential, &operation).await
    }

    /// The credential that a call must give.
    pub(super) async fn mint(&self, credential: &Credential, operation: Operation) -> Credential {
        let reply = self.call(credential, operation).await;
        let Reply::Minted(minted) = reply else { panic!("{reply:?} instead of a credential") };
        minted
    }
}

pub(super) fn refused(code: &str) -> Reply {
    Reply::Refused(code.to_owned())
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
