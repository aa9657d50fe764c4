//! Pages of a query's result: texts, in the order in which columns were asked for.

use crate::ports::trail::TrailError;
use aws_sdk_athena::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_athena::types::Row;

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
