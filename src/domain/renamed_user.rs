//! A user that somebody gave another name, as the trail tells it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A user of the lineage that somebody gave another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renamed {
    pub account: String,
    pub old: String,
    pub new: String,
    pub at: Timestamp,
    /// The key, service or caller that did it.
    pub by: Option<String>,
}
