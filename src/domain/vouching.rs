//! What Slack said of whoever decided, and as of when: it stands beside the decision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// By which groups a person was listed, and how old the oldest of what was known is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vouched {
    /// The user groups of the settings that the person was in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    pub as_of: Timestamp,
}
