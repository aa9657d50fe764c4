//! A small stage for stories: the drill's world, quick, with whatever stands before the journal.

use jiff::SignedDuration;
use keyleak::drill::bot::JournalThrough;
use keyleak::drill::scenario::{self, Scenario};
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, World, WorldOptions, production_timing};
use keyleak::ports::clock::Clock;
use keyleak::socket::Pulse;
use std::time::Duration;
use tempfile::TempDir;

/// Five minutes of read-back become one and a half seconds.
const SPEED: u32 = 200;
const EASY_SPEED: u32 = 40;

/// A world and the folder it lives in.
pub(crate) struct Stage {
    pub(crate) world: World,
    _folder: TempDir,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::set_through(&|journal| journal).await
    }

    pub(crate) async fn set_through(through: JournalThrough<'_>) -> Self {
        Self::set_with(through, (SPEED, PLANS_EXPIRE_AFTER)).await
    }

    /// A stage for another scenario than the usual one.
    pub(crate) async fn set_for(name: &str) -> Self {
        let scenario = scenario::find(name).unwrap();
        Self::set_whole(&|journal| journal, scenario, (SPEED, PLANS_EXPIRE_AFTER)).await
    }

    /// A stage on which nobody waits an hour for a plan to expire.
    pub(crate) async fn set_with_plans_for(patience: SignedDuration) -> Self {
        Self::set_with(&|journal| journal, (SPEED, patience)).await
    }

    /// A stage for what depends on how soon one thing follows another, however busy the machine is.
    pub(crate) async fn set_at_ease() -> Self {
        Self::set_with(&|journal| journal, (EASY_SPEED, PLANS_EXPIRE_AFTER)).await
    }

    async fn set_with(
        through: JournalThrough<'_>,
        (speed, plans_expire_after): (u32, SignedDuration),
    ) -> Self {
        let usual = scenario::find("public-repository").unwrap();
        Self::set_whole(through, usual, (speed, plans_expire_after)).await
    }

    /// A stage whose bot is reached over a connection of Socket Mode.
    pub(crate) async fn set_by_socket(pulse: Pulse) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let usual = scenario::find("public-repository").unwrap();
        let options = options(usual, &folder, (SPEED, PLANS_EXPIRE_AFTER));
        let world = World::start_by_socket(options, pulse).await.unwrap();
        Self { world, _folder: folder }
    }

    async fn set_whole(
        through: JournalThrough<'_>,
        scenario: Scenario,
        (speed, plans_expire_after): (u32, SignedDuration),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = options(scenario, &folder, (speed, plans_expire_after));
        let world = World::start_through(options, through).await.unwrap();
        Self { world, _folder: folder }
    }

    /// Leaves a world whose parts no longer answer; it ends with its runtime.
    pub(crate) fn abandon(self) {
        drop(self);
    }

    pub(crate) async fn strike(self) {
        self.world.shut_down().await;
    }
}

fn options(
    scenario: Scenario,
    folder: &TempDir,
    (speed, plans_expire_after): (u32, SignedDuration),
) -> WorldOptions {
    WorldOptions {
        scenario,
        clock: Clock::accelerated(speed),
        folder: folder.path().to_owned(),
        seed: 11,
        lag: Duration::ZERO..=Duration::from_secs(4),
        timing: production_timing(),
        plans_expire_after,
    }
}
