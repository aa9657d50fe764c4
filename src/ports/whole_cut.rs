//! A cut that has more rows than are read here, asked where it lies.

use crate::domain::lineage::Subject;
use crate::domain::query_cost::QueryCost;
use crate::domain::scan::Forecast;
use crate::ports::trail::{Answer, Cell, TrailError, Window};
use async_trait::async_trait;
use std::fmt;

impl Answer {
    /// The same, saying that only the rows that were read were asked, and why.
    #[must_use]
    pub fn of_part(self, why: &str) -> Self {
        let sentence = format!(
            "{} More rows belong to the case than were read, and only these were asked: {why}.",
            self.sentence
        );
        Self { sentence, ..self }
    }
}

/// Which cut: what was read of it here, and what makes all of it.
#[derive(Debug, Clone, Copy)]
pub struct WholeCut<'a> {
    /// What the trail had when it was read; where it has more it is another.
    pub state: &'a str,
    pub window: Window,
    pub subject: &'a Subject,
}

/// A question of the case table, with its times in it, and how much of its answer is read.
#[derive(Debug, Clone, Copy)]
pub struct WholeQuestion<'a> {
    pub sql: &'a str,
    pub columns: &'a [String],
    pub rows_max: usize,
    /// All rows together.
    pub bytes_max: usize,
}

/// What the whole cut answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WholeRows {
    pub rows: Vec<Vec<Cell>>,
    /// The answer has more rows than were read.
    pub truncated: bool,
    /// Where it was asked, in words.
    pub place: String,
    /// Of making its table too, where that was done for this question.
    pub cost: QueryCost,
}

/// A place that can ask all of a cut.
#[async_trait]
pub trait WholeCuts: Send + Sync + fmt::Debug {
    /// What has to be set first, in words; none where it can be asked.
    fn lacks(&self) -> Option<String>;

    /// What would be scanned before the first question; none where that was done.
    async fn forecast(
        &self,
        cut: WholeCut<'_>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError>;

    async fn ask(
        &self,
        cut: WholeCut<'_>,
        question: WholeQuestion<'_>,
    ) -> Result<WholeRows, TrailError>;

    /// Takes away what was made for the questions about a key.
    async fn let_go(&self, key_id: &str) -> Result<(), TrailError>;
}
