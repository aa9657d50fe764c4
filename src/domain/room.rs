//! What a case has in Slack: its channel, who is in it, and what has been put there.

use crate::domain::event::PostKey;
use crate::domain::ids::{ChannelId, MessageTs, PersonId};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// The channel of a case and what has been put there.
#[derive(Debug, Clone, Default)]
pub struct Room {
    pub channel: Option<ChannelId>,
    pub name: Option<String>,
    pub names_tried: Vec<String>,
    pub failed: Option<String>,
    pub wanted: BTreeSet<PersonId>,
    pub invited: BTreeSet<PersonId>,
    pub dressed: bool,
    pub posted: BTreeMap<PostKey, (ChannelId, MessageTs)>,
    pub given_up: BTreeSet<PostKey>,
    /// Messages whose file may be in the channel already, and since when.
    pub uploads_tried: BTreeMap<PostKey, Timestamp>,
}
