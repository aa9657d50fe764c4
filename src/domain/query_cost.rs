//! What reading the trail cost, and the queries by which its source's own log proves it.

use serde::{Deserialize, Serialize};

/// What a reading of the trail cost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueryCost {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub executions: Vec<QueryRun>,
    pub bytes_scanned: u64,
    pub elapsed_ms: u64,
    /// In millionths of a US dollar at Athena's list price; nought for a local trail.
    pub microdollars: u64,
}

/// One query that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryRun {
    pub id: String,
    /// SHA-256 of the SQL, in hex.
    pub sql_sha256: String,
}

impl std::ops::Add for QueryCost {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.executions.extend(other.executions);
        Self {
            executions: self.executions,
            bytes_scanned: self.bytes_scanned.saturating_add(other.bytes_scanned),
            elapsed_ms: self.elapsed_ms.saturating_add(other.elapsed_ms),
            microdollars: self.microdollars.saturating_add(other.microdollars),
        }
    }
}
