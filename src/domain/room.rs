//! What a case has in Slack: its channel, who is in it, and what has been put there.

use crate::domain::event::PostKey;
use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use crate::domain::outside_key::is_outside;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The channel of a case and what has been put there.
#[derive(Debug, Clone, Default)]
pub struct Room {
    pub channel: Option<ChannelId>,
    pub name: Option<String>,
    pub names_tried: Vec<String>,
    /// Names that were tried for the channels before the case was taken up again.
    pub earlier_names: usize,
    /// Why there is no channel, and will be none.
    pub failed: Option<String>,
    /// Why there is no channel yet.
    pub unmade: Option<Unmade>,
    pub wanted: BTreeSet<PersonId>,
    pub invited: BTreeSet<PersonId>,
    pub dressed: bool,
    pub posted: BTreeMap<PostKey, (ChannelId, MessageTs)>,
    pub given_up: BTreeSet<PostKey>,
    /// Messages whose file may be in the channel already, and since when.
    pub uploads_tried: BTreeMap<PostKey, Timestamp>,
}

impl Room {
    /// The room of the case that is taken up again: the same people, and nothing there yet. A bot
    /// cannot bring an archived channel back. What was told elsewhere stays told.
    pub(super) fn anew(&self) -> Self {
        let earlier_names = self.earlier_names + self.names_tried.len();
        let elsewhere = self.posted.iter().filter(|(key, _)| is_outside(key));
        let posted = elsewhere.map(|(key, place)| (key.clone(), place.clone())).collect();
        Self { wanted: self.wanted.clone(), earlier_names, posted, ..Self::default() }
    }
}

/// A channel that could not be made so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmade {
    pub why: String,
    /// The record of the last try, and how many there were.
    pub seq: u64,
    pub at: Timestamp,
    pub tries: u32,
}
