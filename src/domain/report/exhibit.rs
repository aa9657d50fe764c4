//! The rows of answers as a report draws them, and why some of them are not there.

use crate::domain::capture::hushed;
use std::collections::BTreeMap;

/// The rows of one answer, each cell as text; what the record does not have is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exhibit {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
    /// More rows existed than the evidence holds.
    pub truncated: bool,
}

/// Rows by the record of their answer, or why they could not be read.
pub type Exhibits = BTreeMap<u64, Result<Exhibit, String>>;

/// The questions whose rows a report draws; of all others it has the sentence.
pub const DRAWN: [&str; 4] = [CALLS, HOURS, SOURCES, SERVICES];
/// Every call of the key and of what grew from it.
pub const CALLS: &str = "Q10";
/// How many calls in each hour.
pub const HOURS: &str = "Q20";
/// From which addresses, with which tools.
pub const SOURCES: &str = "Q12";
/// Which services and calls.
pub const SERVICES: &str = "Q19";

impl Exhibit {
    /// Where a column stands; none where the answer has no such column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The values of some columns, row by row; nothing where one of them is not there.
    pub fn columns_of<'a, const N: usize>(&'a self, names: [&str; N]) -> Vec<[&'a str; N]> {
        let places = names.map(|name| self.column(name));
        if places.iter().any(Option::is_none) {
            return Vec::new();
        }
        let text = |row: &'a [String], place: Option<usize>| -> &'a str {
            place.and_then(|place| row.get(place)).map_or("", String::as_str)
        };
        self.rows.iter().map(|row| places.map(|place| text(row, place))).collect()
    }
}

/// Foreign text without secrets, whole key ids, and what hides or turns it.
pub(super) fn told(text: &str) -> String {
    hushed(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_their_names_and_a_missing_one_gives_no_rows() {
        let rows = vec![vec!["s3".to_owned(), "2".to_owned()], vec!["sts".to_owned()]];
        let columns = vec!["service".to_owned(), "calls".to_owned()];
        let exhibit = Exhibit { columns, rows, truncated: false };
        assert_eq!(exhibit.columns_of(["calls", "service"]), [["2", "s3"], ["", "sts"]]);
        assert!(exhibit.columns_of(["calls", "region"]).is_empty());
    }
}
