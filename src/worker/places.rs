//! The lanes of a case, and how many cases each works on at once.

use std::time::Duration;
use tokio::sync::Semaphore;

/// Another replica's records wake nobody here, so a case is looked at this often. An approval may
/// come in at any replica, and the account should not wait long for the one that works on it.
const IDLE_ACT: Duration = Duration::from_secs(2);
const IDLE: Duration = Duration::from_secs(5);
/// Cases that each lane works on at once, in one process; a case that waits takes no place, so
/// that a bulk leak does not drown Slack and no case is kept from its turn by those that are open
/// for days. Reading trails is work for the CPU; the other two mostly wait for answers.
const ACTS_AT_ONCE_MAX: usize = 32;
const ASKS_AT_ONCE_MAX: usize = 16;
const TELLS_AT_ONCE_MAX: usize = 32;
const ANCHORS_AT_ONCE_MAX: usize = 16;

/// The lanes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    Act,
    Ask,
    Tell,
    Anchor,
}

/// Room for the work of many cases.
#[derive(Debug)]
pub(super) struct Places {
    act: Semaphore,
    ask: Semaphore,
    tell: Semaphore,
    anchor: Semaphore,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            act: Semaphore::new(ACTS_AT_ONCE_MAX),
            ask: Semaphore::new(ASKS_AT_ONCE_MAX),
            tell: Semaphore::new(TELLS_AT_ONCE_MAX),
            anchor: Semaphore::new(ANCHORS_AT_ONCE_MAX),
        }
    }
}

impl Places {
    pub(super) fn of(&self, lane: Lane) -> &Semaphore {
        match lane {
            Lane::Act => &self.act,
            Lane::Ask => &self.ask,
            Lane::Tell => &self.tell,
            Lane::Anchor => &self.anchor,
        }
    }
}

impl Lane {
    /// How long it rests when nothing in this process has changed the case.
    pub(super) fn idle(self) -> Duration {
        match self {
            Self::Act => IDLE_ACT,
            Self::Ask | Self::Tell | Self::Anchor => IDLE,
        }
    }
}
