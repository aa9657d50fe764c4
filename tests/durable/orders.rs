//! What a bot's process is told when it is started, and what is to go wrong in it.

use jiff::{SignedDuration, Timestamp};
use keyleak::ports::clock::Clock;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// The first argument of a process that is to be a bot; its orders follow as JSON.
pub(crate) const BOT: &str = "--bot";
/// Lines that a bot writes, each with what follows it.
pub(crate) const LISTENING: &str = "listening ";
pub(crate) const DYING: &str = "dying";
pub(crate) const STALLED: &str = "stalled";
pub(crate) const CONFLICT: &str = "conflict";
pub(crate) const RENEWED: &str = "renewed";
pub(crate) const FOLDS: &str = "folds ";
/// Lines that a bot reads: go on where you stand still, and say how you fold each case.
pub(crate) const GO: &str = "go";
pub(crate) const FOLD: &str = "fold";

/// The orders of one process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Orders {
    pub(crate) folder: PathBuf,
    pub(crate) slack_api_url: String,
    pub(crate) account_url: String,
    /// The name under which it holds leases.
    pub(crate) holder: String,
    pub(crate) time: Time,
    pub(crate) weather: Weather,
    pub(crate) mishap: Mishap,
    pub(crate) sabotage: Option<Sabotage>,
}

/// The clock of everybody in one town, so that processes started later agree about it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Time {
    pub(crate) started: Timestamp,
    pub(crate) speed: u32,
}

/// What a bot is in: one whole story, or a storm in which only what people decide matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Weather {
    Story,
    /// Nobody reads a trail, plans need two approvals, and what was done is read back twice.
    Storm,
}

/// A place in the story: the how-manieth record of a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    pub(crate) label: String,
    pub(crate) nth: u32,
}

/// What goes wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Mishap {
    #[default]
    Nothing,
    /// It dies when the record is stored, and nothing after it happens.
    DiesAfter(Moment),
    /// It dies when what the record tells of has happened, and the record is never stored.
    DiesBefore(Moment),
    /// It stands still before the record is stored.
    StallsBefore(Moment),
    /// It stands still once the record is stored, before anything is looked at again.
    StallsAfter(Moment),
    /// It stands still right before its first change of the account.
    StallsBeforeTheCall,
    /// It stands still right before the message of this key is sent.
    StallsBeforeThePost(String),
}

/// Ways to build the bot wrongly, each of which some check must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sabotage {
    /// Everybody gets every lease.
    LeaseIgnored,
    /// Messages carry no key of ours.
    NoKey,
    /// Nobody looks what is in the channel before a message is sent again.
    NoLook,
    /// The journal says yes to a press before it has written it.
    AckBeforeAppend,
    /// The journal says yes to an intent before it has written it.
    ActBeforeIntent,
    /// Each change of the account is asked for twice.
    ActTwice,
    /// Another deny than the rules name is put into the plan.
    OtherPlan,
    /// An append takes the place of whatever has its number.
    LastWriteWins,
}

impl Time {
    pub(crate) fn clock(&self) -> Clock {
        let passed = Clock::real().now().duration_since(self.started);
        let passed = Duration::try_from(passed).unwrap_or_default().saturating_mul(self.speed);
        let passed = SignedDuration::try_from(passed).unwrap_or_default();
        Clock::fast(self.started + passed, self.speed)
    }
}
