//! Logs beside CloudTrail, where somebody made a table of them.

use crate::domain::other_log::{Actor, OtherLog};
use crate::domain::query_cost::QueryCost;
use crate::domain::scan::Forecast;
use crate::ports::trail::{TrailError, Window};
use async_trait::async_trait;
use std::fmt;

/// A question as its file has it.
#[derive(Debug, Clone, Copy)]
pub struct LogQuestion<'a> {
    pub log: OtherLog,
    pub sql: &'a str,
    pub columns: &'a [String],
}

/// What a log answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRows {
    pub rows: Vec<Vec<Option<String>>>,
    /// More rows existed than the limit allows.
    pub truncated: bool,
    /// The SQL that was run.
    pub sql: String,
    /// The table, and the days of it that were read.
    pub place: String,
    pub cost: QueryCost,
}

/// The tables of other logs.
#[async_trait]
pub trait OtherLogs: Send + Sync + fmt::Debug {
    /// Whether there is a table of this log.
    fn has(&self, log: OtherLog) -> bool;

    /// What asking it would scan, whomever it is asked about; none where that costs nothing.
    async fn forecast(
        &self,
        _question: LogQuestion<'_>,
        _window: Window,
        _bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        Ok(None)
    }

    /// Asks a log about the actor; only the days of the window are read, where its table is cut
    /// into days.
    async fn ask(
        &self,
        question: LogQuestion<'_>,
        actor: &Actor,
        window: Window,
    ) -> Result<LogRows, TrailError>;
}
