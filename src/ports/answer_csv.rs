//! Answers as CSV, in which no cell is a formula to a spreadsheet.

use crate::domain::plain_text::is_hidden;
use crate::ports::trail::{Answer, Cell};

impl Answer {
    /// How many rows it has, be they here or not.
    pub fn count(&self) -> u64 {
        self.rows.len() as u64 + self.more
    }

    /// The whole answer as CSV; where it is cut, the last line says so in its first cell. A cell
    /// that a spreadsheet would take for a formula is quoted with an apostrophe: names and user
    /// agents are an actor's to choose.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let rows = self.rows.iter().map(|row| row.iter().map(Cell::as_csv).collect());
        let cut = self.truncated.then(|| {
            let said = format!("[cut: there is more than these {} rows]", self.count());
            let blank = std::iter::repeat_n(String::new(), self.columns.len().saturating_sub(1));
            std::iter::once(said).chain(blank).collect()
        });
        for row in std::iter::once(self.columns.clone()).chain(rows).chain(cut) {
            // Writing to memory fails for no reason that the next line could mend.
            let _: Result<(), csv::Error> = writer.write_record(&row);
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Cell {
    fn as_csv(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Integer(number) => number.to_string(),
            Self::Real(number) => number.to_string(),
            Self::Text(text) if begins_a_formula(text) => format!("'{text}"),
            Self::Text(text) => text.clone(),
        }
    }
}

/// Whether some spreadsheet would take a cell for a formula: they skip white space, and what
/// nobody sees, before they look, and some of them read the wide signs as the narrow ones.
fn begins_a_formula(text: &str) -> bool {
    let unseen = |c: char| c.is_whitespace() || is_hidden(c);
    let signs = ['=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}'];
    text.starts_with(['\t', '\r', '\n']) || text.trim_start_matches(unseen).starts_with(signs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::query_cost::QueryCost;

    fn csv(cell: Cell) -> String {
        let answer = Answer {
            question: "Q10".to_owned(),
            columns: vec!["a".to_owned()],
            rows: vec![vec![cell]],
            more: 0,
            sentence: String::new(),
            truncated: false,
            sql_sha256: String::new(),
            attack: Vec::new(),
            lacking: Vec::new(),
            own_sql: None,
            addresses: Vec::new(),
            whole_cut: None,
            cost: QueryCost::default(),
        };
        let text = answer.to_csv();
        text.strip_prefix("a\n").unwrap().trim_end_matches('\n').to_owned()
    }

    #[test]
    fn no_cell_of_a_file_is_a_formula_however_it_begins() {
        for formula in [
            "=cmd|' /C calc'!A0",
            "+1",
            "-1+1",
            "@SUM(A1)",
            " =1",
            "\t=1",
            "\r=1",
            "\u{FEFF}=1",
            "\u{200B}\u{A0}=1",
            "\u{202E}=1",
            "\0=1",
            "＝1",
            "＋1",
            "－1",
            "＠a",
        ] {
            let text = csv(Cell::Text(formula.to_owned()));
            let cell = text.trim_start_matches('"');
            assert!(cell.starts_with('\''), "{formula:?} is {text:?}");
        }
    }

    #[test]
    fn what_is_no_formula_stays_as_it_is() {
        for plain in ["198.51.100.7", "a=b", "aws-cli/2", "1-2", "", "arn:aws:iam::1:user/a"] {
            assert_eq!(csv(Cell::Text(plain.to_owned())).trim_matches('"'), plain);
        }
        assert_eq!(csv(Cell::Integer(-1)), "-1");
        assert_eq!(csv(Cell::Text("a,\"b\"".to_owned())), "\"a,\"\"b\"\"\"");
    }
}
