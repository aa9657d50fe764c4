//! Pages of a query's result: texts, in the order in which columns were asked for.

use crate::ports::trail::{Cell, TrailError};
use aws_sdk_athena::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_athena::types::Row;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Real,
    Truth,
    Text,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "bigint" | "integer" | "int" | "smallint" | "tinyint" => Self::Integer,
            "double" | "real" | "float" | "decimal" => Self::Real,
            "boolean" => Self::Truth,
            _ => Self::Text,
        }
    }

    /// A value as the case table here gives it; what does not read as one is told as it is.
    pub(super) fn cell(self, text: Option<String>) -> Cell {
        let Some(text) = text else { return Cell::Null };
        let read = match self {
            Self::Integer => text.parse().ok().map(Cell::Integer),
            Self::Real => text.parse().ok().map(Cell::Real),
            Self::Truth => Some(Cell::Integer(i64::from(text == "true"))),
            Self::Text => None,
        };
        read.unwrap_or(Cell::Text(text))
    }
}

/// What the columns hold that stand in these places.
pub(super) fn kinds(page: &GetQueryResultsOutput, places: &[usize]) -> Vec<Kind> {
    let metadata = page.result_set().and_then(|set| set.result_set_metadata());
    let columns = metadata.map(|data| data.column_info()).unwrap_or_default();
    let kind = |place: &usize| columns.get(*place).map_or(Kind::Text, |one| Kind::of(one.r#type()));
    places.iter().map(kind).collect()
}

pub(super) fn texts(page: &GetQueryResultsOutput) -> Vec<Vec<Option<String>>> {
    let text = |row: &Row| {
        let data = row.data().iter();
        data.map(|datum| datum.var_char_value().map(str::to_owned)).collect()
    };
    let rows = page.result_set().map(|set| set.rows()).unwrap_or_default();
    rows.iter().map(text).collect()
}

/// The names that the service gives the columns, lower-case as Athena writes them.
fn names(page: &GetQueryResultsOutput) -> Vec<String> {
    let metadata = page.result_set().and_then(|set| set.result_set_metadata());
    let columns = metadata.map(|data| data.column_info()).unwrap_or_default();
    let name = |column: &aws_sdk_athena::types::ColumnInfo| column.name().to_ascii_lowercase();
    columns.iter().map(name).collect()
}

pub(super) fn is_header(row: &[Option<String>], page: &GetQueryResultsOutput) -> bool {
    let names = names(page);
    let same = |(text, name): (&Option<String>, &String)| {
        text.as_ref().is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    !names.is_empty() && names.len() == row.len() && row.iter().zip(&names).all(same)
}

/// Where each wanted column stands in the rows.
pub(super) fn column_places(
    page: &GetQueryResultsOutput,
    texts: &[Vec<Option<String>>],
    (question, columns): (&str, &[&str]),
) -> Result<Vec<usize>, TrailError> {
    let names = names(page);
    if names.is_empty() && texts.is_empty() {
        return Ok((0..columns.len()).collect());
    }
    let place = |wanted: &&str| names.iter().position(|name| name == wanted);
    let places: Option<Vec<usize>> = columns.iter().map(place).collect();
    places.ok_or_else(|| TrailError::Question {
        id: question.to_owned(),
        reason: format!("Athena answered with other columns: {}", names.join(", ")),
    })
}

pub(super) fn in_order(row: &[Option<String>], places: &[usize]) -> Vec<Option<String>> {
    let value = |place: &usize| row.get(*place).cloned().flatten();
    places.iter().map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_their_columns_say_and_what_is_none_stays_a_text() {
        for (kind, text, cell) in [
            ("bigint", Some("7"), Cell::Integer(7)),
            ("integer", Some("x"), Cell::Text("x".to_owned())),
            ("decimal", Some("1.5"), Cell::Real(1.5)),
            ("boolean", Some("true"), Cell::Integer(1)),
            ("varchar", Some("7"), Cell::Text("7".to_owned())),
            ("bigint", None, Cell::Null),
        ] {
            assert_eq!(Kind::of(kind).cell(text.map(str::to_owned)), cell, "{kind} {text:?}");
        }
    }
}
