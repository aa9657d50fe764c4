//! The rows of a cut one after another, so that nobody has to hold all of them.

use crate::domain::trail_row::TrailRow;
use crate::ports::trail::{Cut, TrailError};
use std::fmt::{Debug, Formatter, Result as FormatResult};

/// Rows in their total order, to be taken once; whatever holds them is gone with this.
#[derive(Default)]
pub struct Rows(Option<Box<dyn Iterator<Item = Result<TrailRow, TrailError>> + Send>>);

impl Rows {
    /// Rows that come from somewhere, and may fail to.
    pub fn new(rows: impl Iterator<Item = Result<TrailRow, TrailError>> + Send + 'static) -> Self {
        Self(Some(Box::new(rows)))
    }
}

impl From<Vec<TrailRow>> for Rows {
    fn from(rows: Vec<TrailRow>) -> Self {
        Self::new(rows.into_iter().map(Ok))
    }
}

impl Iterator for Rows {
    type Item = Result<TrailRow, TrailError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.as_mut()?.next()
    }
}

impl Debug for Rows {
    fn fmt(&self, f: &mut Formatter<'_>) -> FormatResult {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}

impl TrailError {
    /// What is much is put on the disk while it is read, and that failed.
    pub fn no_room(error: std::io::Error) -> Self {
        Self::NoRoom { reason: error.to_string() }
    }
}

impl From<Cut> for Cut<Rows> {
    fn from(cut: Cut) -> Self {
        let Cut { rows, cost, truncated, unsettled } = cut;
        Self { rows: rows.into(), cost, truncated, unsettled }
    }
}

impl Cut<Rows> {
    /// The same with all of its rows in memory, for who knows that they are few.
    pub fn held(self) -> Result<Cut, TrailError> {
        let Self { rows, cost, truncated, unsettled } = self;
        Ok(Cut { rows: rows.collect::<Result<_, _>>()?, cost, truncated, unsettled })
    }
}
