//! The brake on the bot itself: while it is on, nothing is changed in any account.

use crate::domain::ids::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody put the brake on or took it off; the one with the highest number counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brake {
    /// From 1, without gaps: two people who move it at once cannot both win.
    pub number: u64,
    pub frozen: bool,
    pub at: Timestamp,
    pub by: PersonId,
    /// What to call the person; only for readers.
    pub name: String,
    pub why: String,
    /// Names the proof that it rests on; the same proof moves it once.
    pub proof: String,
}

impl Brake {
    /// What the brake does now, who moved it, when and why.
    pub fn words(&self) -> String {
        let what = if self.frozen { "FROZEN" } else { "Released" };
        let at = self.at.strftime("%Y-%m-%d %H:%M:%S UTC");
        format!("{what} by {} at {at}: {}", self.name, self.why)
    }

    /// What a case heard when it was moved.
    pub fn heard(&self) -> &'static str {
        if self.frozen { "heard that all changes are frozen" } else { "heard of the thaw" }
    }

    /// Who moved it, and why.
    pub fn by_and_why(&self) -> String {
        format!("by {}: {}", self.name, self.why)
    }
}

/// The number that the next move of the brake has.
pub fn next_number(newest: Option<&Brake>) -> u64 {
    newest.map_or(1, |brake| brake.number.saturating_add(1))
}
