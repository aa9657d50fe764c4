//! Tables that queries made in the stand-in for Athena: kept in SQLite's case table, asked there.

use keyleak::domain::trail_row::TrailRow;
use keyleak::ports::trail::Cell;
use keyleak::trail::table::CaseTable;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Later than any clock of a test, so that nothing is too old.
const MADE_AT: u64 = 4_000_000_000;

/// A statement about such tables; their names have a database.
pub(crate) enum Statement {
    Create { name: String, select: String },
    Drop { name: String },
    Ask { names: Vec<String>, question: String },
}

/// The tables that there are.
#[derive(Default)]
pub(crate) struct MadeTables(BTreeMap<String, Vec<TrailRow>>);

/// What a question had for an answer.
pub(crate) struct Asked {
    pub(crate) columns: Vec<String>,
    pub(crate) kinds: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
    pub(crate) bytes: u64,
}

/// What a text says about tables; nothing where it reads the trail.
pub(crate) fn statement(sql: &str) -> Option<Statement> {
    if let Some(rest) = sql.strip_prefix("CREATE TABLE ") {
        let (name, rest) = rest.split_once("\nWITH (format = 'PARQUET')\nAS ").expect("its form");
        return Some(Statement::Create { name: name.to_owned(), select: rest.to_owned() });
    }
    if let Some(name) = sql.strip_prefix("DROP TABLE IF EXISTS ") {
        return Some(Statement::Drop { name: name.to_owned() });
    }
    let (table, question) = sql.strip_prefix("WITH case_table AS (\n")?.split_once("\n)\n")?;
    let named = |part: &str| {
        let (_, name) = part.split_once(" FROM ").expect("a table");
        name.to_owned()
    };
    let names = table.split("\n  UNION\n").map(named).collect();
    Some(Statement::Ask { names, question: question.to_owned() })
}

/// The text of a cut with marks in the place of its times and lists, and these in order.
pub(crate) fn with_marks(sql: &str) -> (String, Vec<String>) {
    let (mut text, mut values, mut rest) = (String::new(), Vec::new(), sql);
    let begins = ["eventtime >= '", "eventtime < '", " IN ('"];
    let next = |rest: &str| {
        let found = begins.iter().filter_map(|begin| Some(rest.find(begin)? + begin.len() - 1));
        found.min()
    };
    while let Some(at) = next(rest) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        loop {
            let (value, after) = literal(rest);
            values.push(value);
            text.push('?');
            rest = after;
            match rest.strip_prefix(", '") {
                Some(_) => text.push_str(", "),
                None => break,
            }
            rest = &rest[2..];
        }
    }
    text.push_str(rest);
    (text, values)
}

/// The text within the quotes that this begins with, and what follows them.
fn literal(sql: &str) -> (String, &str) {
    let mut value = String::new();
    let mut rest = &sql[1..];
    loop {
        let (part, after) = rest.split_once('\'').expect("a quote at its end");
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                rest = more;
            }
            None => return (value, after),
        }
    }
}

impl MadeTables {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(crate) fn make(&mut self, name: &str, rows: &[Vec<Option<String>>]) {
        let read = |row: &Vec<Option<String>>| {
            let texts: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
            TrailRow::from_texts(&texts).expect("a row")
        };
        self.0.insert(name.to_owned(), rows.iter().map(read).collect());
    }

    pub(crate) fn drop(&mut self, name: &str) {
        self.0.remove(name);
    }

    pub(crate) fn listed(&self) -> Value {
        let bare = |name: &String| name.split_once('.').expect("a database").1.to_owned();
        let table = |name| json!({ "Name": bare(name), "CreateTime": MADE_AT });
        json!({ "TableMetadataList": self.0.keys().map(table).collect::<Vec<_>>() })
    }

    pub(crate) fn ask(&self, names: &[String], question: &str) -> Result<Asked, String> {
        let mut rows = BTreeSet::new();
        for name in names {
            let known = self.0.get(name);
            let known = known.ok_or_else(|| format!("TABLE_NOT_FOUND: '{name}' does not exist"))?;
            rows.extend(known.iter().cloned());
        }
        let rows: Vec<TrailRow> = rows.into_iter().collect();
        let found = CaseTable::load(&rows).and_then(|table| table.ask(question));
        let found = found.map_err(|error| error.to_string())?;
        let kind = |at: usize| {
            let mut cells = found.rows.iter().map(|row| &row[at]);
            let kind = cells.find(|cell| **cell != Cell::Null);
            match kind {
                Some(Cell::Integer(_)) => "bigint",
                Some(Cell::Real(_)) => "double",
                Some(Cell::Null | Cell::Text(_)) | None => "varchar",
            }
        };
        let kinds = (0..found.columns.len()).map(kind).collect();
        let text = |cell: &Cell| match cell {
            Cell::Null => None,
            Cell::Integer(number) => Some(number.to_string()),
            Cell::Real(number) => Some(number.to_string()),
            Cell::Text(text) => Some(text.clone()),
        };
        Ok(Asked {
            kinds,
            rows: found.rows.iter().map(|row| row.iter().map(text).collect()).collect(),
            columns: found.columns,
            // A row of Parquet, or so.
            bytes: 100 * rows.len() as u64,
        })
    }
}
