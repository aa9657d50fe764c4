//! What the table of a trail has no column for.

use serde::{Deserialize, Serialize};

/// A column that the table of a trail lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingColumn {
    pub name: String,
    /// The columns of the case table that are empty because of it.
    pub leaves_empty: Vec<String>,
}
