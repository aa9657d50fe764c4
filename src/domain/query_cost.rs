//! What reading the trail cost, and the queries by which its source's own log proves it.

use serde::{Deserialize, Serialize};

/// Five US dollars for each terabyte, in most regions.
pub const BYTES_PER_MICRODOLLAR: u64 = 200_000;

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryRun {
    pub id: String,
    /// SHA-256 of the SQL, in hex.
    pub sql_sha256: String,
    /// What it scanned; older records tell it only of all queries together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_scanned: Option<u64>,
    /// The days of the table that it named, such as `2026-08-01 to 2026-08-19`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<String>,
    #[serde(default, skip_serializing_if = "ReadFor::is_window")]
    pub reading: ReadFor,
    /// Which other log was asked; older records do not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// Why days of the trail were read; all but the first are top-ups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadFor {
    /// One of the two passes over the case's window.
    #[default]
    Window,
    /// Records that may have come since: of today, and of a day that was not over.
    NewRecords,
    /// The lineage reached somebody who was seen on days that were read without them.
    Lineage,
    /// Who took back a change of the case.
    Reverter,
    /// The journal was held against the trail.
    Reconciliation,
    /// Another log than CloudTrail's was asked about the actor.
    OtherLogs,
    /// One day was read to know what the others cost.
    Estimate,
    /// The cut has more rows than are read here: a table of all of it was made, or asked.
    WholeCut,
}

impl ReadFor {
    pub const TOP_UPS: [Self; 7] = [
        Self::NewRecords,
        Self::Lineage,
        Self::Reverter,
        Self::Reconciliation,
        Self::OtherLogs,
        Self::Estimate,
        Self::WholeCut,
    ];

    fn is_window(&self) -> bool {
        *self == Self::Window
    }

    /// What was read again, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Window => "its window, in two passes",
            Self::NewRecords => "new records",
            Self::Lineage => "who was reached later",
            Self::Reverter => "who took a change back",
            Self::Reconciliation => "the comparison with the journal",
            Self::OtherLogs => "other logs",
            Self::Estimate => "what its window would cost",
            Self::WholeCut => "questions to the whole cut",
        }
    }
}

impl QueryCost {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
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

impl std::iter::Sum for QueryCost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| sum + cost)
    }
}

/// In powers of a thousand, as Athena bills them.
pub fn size(bytes: u64) -> String {
    let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB")];
    let fits = units.into_iter().find(|(unit, _)| bytes >= *unit);
    match fits.unwrap_or((1_000, "kB")) {
        (unit, name) if bytes < 10 * unit && unit > 1_000 => {
            format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit)
        }
        (unit, name) => format!("{} {name}", bytes.div_ceil(unit)),
    }
}

/// Rounded up to a hundredth of a cent, so that nothing that was paid reads as nothing.
pub fn dollars(microdollars: u64) -> String {
    let hundredths = microdollars.div_ceil(100);
    format!("{}.{:04}", hundredths / 10_000, hundredths % 10_000)
}
