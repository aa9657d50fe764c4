//! What became of one attempt at a step.

use serde::{Deserialize, Serialize};

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum StepResult {
    /// The state is as the step leaves it; `changed` is false when it already was.
    Done {
        changed: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        how: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// The step failed; what is done before it stays done.
    Failed {
        why: String,
        retryable: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
}

impl StepResult {
    /// How a step was done that an earlier attempt, or somebody else, had done already.
    pub const FOUND_IN_FORCE: &str = "found in force after an interruption";
    /// How something was taken away that was gone already.
    pub const NOT_THERE: &str = "was not there";

    /// Whether it says that a call of this attempt changed the account.
    pub fn made_a_change(&self) -> bool {
        match self {
            Self::Done { changed, how, .. } => {
                let by_none = [Some(Self::FOUND_IN_FORCE), Some(Self::NOT_THERE)];
                *changed && !by_none.contains(&how.as_deref())
            }
            Self::Failed { .. } => false,
        }
    }

    /// AWS's id of the call that came to this, where AWS answered.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Done { request_id, .. } | Self::Failed { request_id, .. } => {
                request_id.as_deref()
            }
        }
    }
}
