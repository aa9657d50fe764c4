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
    /// How a deny was put where no more could be attached, and where there was no room inline.
    pub const INLINE: &str = "inline";
    pub const AS_BOUNDARY: &str = "as the boundary";
    /// How a step was done that an earlier attempt, or somebody else, had done already.
    pub const FOUND_IN_FORCE: &str = "found in force after an interruption";
    /// How something was taken away that was gone already.
    pub const NOT_THERE: &str = "was not there";
    /// How a change was made that an earlier attempt, or somebody else, had made already.
    pub const WAS_SO: &str = "it was so already";

    /// Whether it says that a call of this attempt changed the account.
    pub fn made_a_change(&self) -> bool {
        match self {
            Self::Done { changed, how, .. } => {
                let by_none = [Self::FOUND_IN_FORCE, Self::NOT_THERE, Self::WAS_SO];
                *changed && !how.as_deref().is_some_and(|how| by_none.contains(&how))
            }
            Self::Failed { .. } => false,
        }
    }

    /// In which of its forms the step was done, where it has several.
    pub fn how(&self) -> Option<&str> {
        match self {
            Self::Done { how, .. } => how.as_deref(),
            Self::Failed { .. } => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_so_already_was_changed_by_no_call_of_this_attempt() {
        let done = |how: Option<&str>| StepResult::Done {
            changed: true,
            how: how.map(str::to_owned),
            request_id: None,
        };
        assert!(done(None).made_a_change() && done(Some("inline")).made_a_change());
        for how in [StepResult::FOUND_IN_FORCE, StepResult::NOT_THERE, StepResult::WAS_SO] {
            assert!(!done(Some(how)).made_a_change(), "{how}");
        }
    }
}
