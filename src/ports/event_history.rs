//! CloudTrail's event history, which is asked about one name at a time.

use crate::domain::ids::AccountId;
use crate::ports::trail::{Skipped, TrailError, Window};
use async_trait::async_trait;
use jiff::Timestamp;
use std::fmt;

/// Whom or what events are looked up by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum About {
    /// What an access key signed.
    Key(String),
    /// What a user did, or a session of this name.
    User(String),
    /// What was done to something, by its name, id or ARN.
    Resource(String),
    /// Every call of this name.
    Call(&'static str),
}

/// One question to the history.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Search {
    pub about: About,
    /// In whose history; in every one that can be read where it is not known.
    pub account: Option<AccountId>,
}

/// What a search found.
#[derive(Clone, Default)]
pub struct Found {
    /// Each the JSON of one record, without the tokens of sessions.
    pub records: Vec<String>,
    /// Where it was looked to the end.
    pub regions: Vec<String>,
    /// Where it was not, and why.
    pub unread: Vec<Skipped>,
    /// More was there than the limit lets in; the newest are here.
    pub truncated: bool,
}

/// The histories of the accounts that can be read: management events of 90 days, region by region.
#[async_trait]
pub trait EventHistory: Send + Sync {
    /// Looks in every region; one that cannot be read is named, never left out. An error where none
    /// could be.
    async fn look_up(&self, search: &Search, window: Window) -> Result<Found, TrailError>;

    /// Up to when the slowest region has delivered; none where one has not told.
    async fn delivered_to(
        &self,
        account: Option<&AccountId>,
    ) -> Result<Option<Timestamp>, TrailError>;
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => f.write_str("the calls of a key"),
            Self::User(name) => write!(f, "the calls of {name}"),
            Self::Resource(name) => write!(f, "the calls about {name}"),
            Self::Call(name) => write!(f, "calls of {name}"),
        }
    }
}

/// Records are an actor's to fill, and may be many.
impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, regions, unread, truncated } = self;
        f.debug_struct("Found")
            .field("records", &records.len())
            .field("regions", regions)
            .field("unread", unread)
            .field("truncated", truncated)
            .finish()
    }
}
