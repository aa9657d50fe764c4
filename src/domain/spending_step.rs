//! What a record says of reading the trail: what it cost, would cost, and who allowed it.

use crate::domain::ids::PersonId;
use crate::domain::query_cost::QueryCost;
use crate::domain::scan::Scan;
use serde::{Deserialize, Serialize};

/// A record about what reading the trail costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum SpendingStep {
    /// What was read since the last record that told it.
    Read { cost: QueryCost },
    /// A window is about to be read for the first time, another log, or the whole of a cut, which
    /// would scan so much.
    Expected { scan: Scan },
    /// Nothing is read: it would scan more than one reading may by itself. Who asked for it, or
    /// for the case, is not who allows it.
    Asked { scan: Scan, requester: PersonId },
    /// A person allowed the reading with this SQL, once.
    Allowed { sql_sha256: String },
    /// It begins, and the allowance is used up: before the first query, so that a crash allows
    /// nothing twice.
    Begun { sql_sha256: String },
    /// It was not begun in time.
    Expired { sql_sha256: String },
    /// Who took a change back was not looked for, since that would scan too much: nobody is asked,
    /// and the watch goes on without it.
    NotTraced { why: String },
}

impl SpendingStep {
    /// Whether somebody decides by it, or has to.
    pub(super) fn is_decision(&self) -> bool {
        match self {
            Self::Asked { .. } | Self::Allowed { .. } | Self::Expired { .. } => true,
            Self::Read { .. }
            | Self::Expected { .. }
            | Self::Begun { .. }
            | Self::NotTraced { .. } => false,
        }
    }
}
