//! Answers as text: for a screen, and as a report draws them.

use crate::domain::report::exhibit::Exhibit;
use crate::ports::trail::{Answer, Cell};

impl Answer {
    /// The rows that are here, for a report.
    pub fn to_exhibit(&self) -> Exhibit {
        let rows = self.rows.iter().map(|row| row.iter().map(Cell::to_text).collect());
        Exhibit {
            columns: self.columns.clone(),
            rows: rows.collect(),
            truncated: self.truncated || self.more > 0,
        }
    }
}

impl Cell {
    /// The value as text; what is not there is empty.
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}
