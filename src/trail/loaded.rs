//! A cut that is ready for questions, and what its rows are an answer to.

use crate::domain::query_cost::QueryCost;
use crate::domain::question::Question;
use crate::ports::coverage::{lacking_for, lacking_words};
use crate::ports::missing_column::MissingColumn;
use crate::ports::trail::{Answer, CutReference, TrailError};
use crate::trail::table::{CaseTable, Found, Limits, sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// A cut in its table.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) reference: CutReference,
    pub(super) looked_at: String,
    pub(super) missing_columns: Vec<MissingColumn>,
    pub(super) table: Mutex<CaseTable>,
}

impl Loaded {
    /// Asks the rows that were read, of which the answer holds so many.
    pub(super) async fn ask(
        self: Arc<Self>,
        (wanted, sql): (Question, String),
        held: usize,
    ) -> Result<Answer, TrailError> {
        blocking(move || {
            let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
            let limits = if wanted.own { Limits::OWN } else { Limits::HOUSE };
            let limits = Limits { held, ..limits };
            let found = table.ask_within(&sql, limits).map_err(|error| TrailError::Question {
                id: wanted.id.clone(),
                reason: limits.why_failed(&error),
            })?;
            Ok(self.answer((&wanted, &sql), found))
        })
        .await
    }

    /// The answer that rows are to a question.
    pub(super) fn answer(&self, (question, sql): (&Question, &str), found: Found) -> Answer {
        let told = if found.rows.is_empty() { &question.none } else { &question.meaning };
        let lacking = lacking_for(&self.missing_columns, sql);
        Answer {
            question: question.id.clone(),
            columns: found.columns,
            sentence: format!("{told} {}{}", self.looked_at, lacking_words(&lacking)),
            lacking: lacking.into_iter().map(|missing| missing.name).collect(),
            truncated: found.truncated || self.reference.truncated,
            rows: found.rows,
            more: found.more,
            sql_sha256: sha256(sql.as_bytes()),
            attack: question.attack.iter().map(|technique| technique.id.to_owned()).collect(),
            own_sql: question.own.then(|| sql.to_owned()),
            addresses: Vec::new(),
            whole_cut: None,
            cost: QueryCost::default(),
        }
    }
}

pub(super) fn internal(error: &dyn std::fmt::Display) -> TrailError {
    TrailError::Internal { reason: error.to_string() }
}

/// Work that would hold up everything else on this thread.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TrailError> + Send + 'static,
) -> Result<T, TrailError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| internal(&error))?
}
