//! What one key did, in numbers.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the key itself signed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Activity {
    pub events: u64,
    pub succeeded: u64,
    /// All that did not succeed, the denied ones included.
    pub failed: u64,
    pub denied: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    /// The last one that succeeded.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
    pub source_ips: Vec<String>,
}
