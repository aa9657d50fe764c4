//! What somebody asks to change of a plan, in the words that they type.

use crate::domain::way::Way;

/// One thing that somebody asks for in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    LeaveOut(String),
    TakeIn(String),
    Choose(Way),
}

impl Wanted {
    /// The words that are signed at the command line.
    pub fn words(&self) -> String {
        match self {
            Self::LeaveOut(who) => format!("leave-out {who}"),
            Self::TakeIn(who) => format!("take-in {who}"),
            Self::Choose(way) => format!("way {}", way.slug()),
        }
    }
}
