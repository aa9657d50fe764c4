//! A question as one text that Athena answers without keyleak: the cut, and the question after it.

use crate::aws::athena_passes::{CUT, Passes};
use crate::aws::athena_run::literal;
use crate::aws::athena_table::Span;
use crate::domain::lineage::Subject;
use crate::domain::question::Filled;
use jiff::civil::Date;

/// What comes last in the cut, with nothing before it: which rows, and in which order.
const CHOICE: &str = "\nSELECT\n";
const ORDER: &str = "\nORDER BY ";

/// The cut of a subject as `case_table`, ready for a question to stand after it. Where the span
/// has no end the text names every day from its first one on: it is run on some later day.
pub(super) fn case_table(passes: &Passes, span: Span, subject: &Subject) -> Option<String> {
    let span = if span.to.is_none() { Span { last: Date::MAX, ..span } } else { span };
    Some(written_out(&passes.filled(&template()?, span, &subject.lists())))
}

/// The cut of a subject over some days as one query without an order, which a table has none of.
pub(super) fn whole_cut(passes: &Passes, span: Span, subject: &Subject) -> Option<String> {
    let (rows, _) = CUT.rsplit_once(ORDER)?;
    Some(written_out(&passes.filled(rows, span, &subject.lists())))
}

/// The cut's SQL with its last step under the name of the table.
fn template() -> Option<String> {
    let (steps, choice) = CUT.rsplit_once(CHOICE)?;
    // A table has no order; the question says one.
    let (choice, _) = choice.rsplit_once(ORDER)?;
    let choice = choice.replace('\n', "\n  ");
    Some(format!("{steps},\ncase_table AS (\n  SELECT\n  {choice}\n)"))
}

/// The SQL with each value where its mark was, since nobody hands over parameters later.
fn written_out(filled: &Filled) -> String {
    let mut values = filled.values.iter();
    let mut text = String::with_capacity(filled.sql.len());
    let mut in_text = false;
    for character in filled.sql.chars() {
        in_text ^= character == '\'';
        match values.as_slice().first() {
            Some(value) if character == '?' && !in_text => {
                text.push_str(&literal(value));
                values.next();
            }
            Some(_) | None => text.push(character),
        }
    }
    text
}

/// A question as it stands after the table: no comment, in which a question mark might be taken
/// for a parameter, and nothing behind its end.
pub(super) fn bare(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '-', '/']) {
        let (before, here) = rest.split_at(at);
        text.push_str(before);
        let length = if here.starts_with("--") {
            text.truncate(text.trim_end().len());
            here.find('\n').unwrap_or(here.len())
        } else if here.starts_with("/*") {
            text.push(' ');
            here.find("*/").map_or(here.len(), |end| end + 2)
        } else {
            // A quote within a text is written twice, so that it looks like two texts.
            let whole = here.strip_prefix('\'').and_then(|inner| inner.find('\''));
            let length = whole.map_or(1, |end| end + 2);
            text.push_str(&here[..length]);
            length
        };
        rest = &here[length..];
    }
    text.push_str(rest);
    text.trim().trim_end_matches(|c: char| c == ';' || c.is_whitespace()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trail_row::TrailRow;

    #[test]
    fn the_table_is_the_cut_with_a_name_and_without_an_order() {
        let template = template().expect("the cut ends with its choice");
        assert!(template.ends_with("FROM cases\n  WHERE reach IS NOT NULL\n)"), "{template}");
        let (_, table) = template.split_once("case_table AS (").expect("the table");
        for column in TrailRow::COLUMNS {
            assert!(table.contains(&format!("\n    {column}")), "{column}: {table}");
        }
        assert!(!table.contains("ORDER BY"), "{table}");
    }

    #[test]
    fn each_value_stands_where_its_mark_was_and_cannot_leave_its_quotes() {
        let sql = "a IN (?, ?) AND b = '?' AND c > ?".to_owned();
        let values = ["it's?", "x' OR '1'='1", "9"].map(str::to_owned).to_vec();
        assert_eq!(
            written_out(&Filled { sql, values }),
            "a IN ('it''s?', 'x'' OR ''1''=''1') AND b = '?' AND c > '9'"
        );
    }

    #[test]
    fn a_question_loses_its_comments_and_keeps_its_texts() {
        let sql = "-- id: A1\n-- question: What?\n\nSELECT a, -- why?\n  \
                   'it''s -- no\n\ncomment' AS b,\n  b - c AS/* and\n this? */d\n\
                   FROM case_table;\n-- the end?\n;\n";
        let left = "SELECT a,\n  'it''s -- no\n\ncomment' AS b,\n  b - c AS d\nFROM case_table";
        assert_eq!(bare(sql), left);
        assert_eq!(bare("SELECT '"), "SELECT '");
        assert_eq!(bare("SELECT a / b - 1"), "SELECT a / b - 1");
    }
}
