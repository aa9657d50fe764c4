//! Answers as a report draws them: columns and rows as text, and nothing else.

use crate::domain::report::exhibit::Exhibit;
use crate::ports::trail::{Answer, Cell};

impl Answer {
    /// The rows that are here, for a report.
    pub fn to_exhibit(&self) -> Exhibit {
        let text = |cell: &Cell| match cell {
            Cell::Null => String::new(),
            Cell::Integer(number) => number.to_string(),
            Cell::Real(number) => number.to_string(),
            Cell::Text(text) => text.clone(),
        };
        let rows = self.rows.iter().map(|row| row.iter().map(text).collect());
        Exhibit {
            columns: self.columns.clone(),
            rows: rows.collect(),
            truncated: self.truncated || self.more > 0,
        }
    }
}
