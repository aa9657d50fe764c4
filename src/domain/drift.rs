//! What reading back finds that is no longer as a step left it.

use crate::domain::plan::PlanNumber;
use serde::{Deserialize, Serialize};

/// What a step was found to be when it was read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    pub plan: PlanNumber,
    /// The step that no longer holds; none where something new was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    pub what: String,
    /// Who undid it, when the trail says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}
