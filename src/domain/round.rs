//! What the clock brings that no record does: what is owed now, and when the next is.

use crate::domain::announce::Announcement;
use jiff::Timestamp;

/// What is due by now, and when something will be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    pub due: Vec<Announcement>,
    pub next: Option<Timestamp>,
}

impl Round {
    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.due.extend(other.due);
        self.next = match (self.next, other.next) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self
    }
}
