//! That the questions are in the dialect that every engine reads alike, and say what they return.

use super::check;
use crate::domain::question::Times;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::Cell;
use crate::trail::catalogue::questions;
use crate::trail::table::{CaseTable, NAME};
use std::collections::BTreeSet;
use std::path::Path;

/// Times for the questions that need some.
fn times() -> Times {
    let at = Some("2026-08-01T10:03:00Z".parse().unwrap());
    Times { exposed_since: at, contained_at: at }
}

#[test]
fn questions_return_the_columns_their_headers_name() {
    let table = CaseTable::load(&[]).unwrap();
    for question in questions().unwrap() {
        let found = table.ask(&question.at(&times()).unwrap()).unwrap();
        assert_eq!(found.columns, question.columns, "{}", question.id);
    }
    assert!(table.ask("DELETE FROM case_table").is_err());
}

#[test]
fn like_tells_capitals_from_small_letters() {
    let row = TrailRow { event_name: Some("ABC".to_owned()), ..TrailRow::default() };
    let table = CaseTable::load(&[row]).unwrap();
    let found = table.ask("SELECT count(*) FROM case_table WHERE event_name LIKE 'abc'").unwrap();
    assert_eq!(found.rows, [[Cell::Integer(0)]]);
}

#[test]
fn every_file_in_the_folder_is_a_question_of_the_catalogue() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("queries");
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        files.extend(name.strip_suffix(".sql").map(str::to_owned));
    }
    let known = questions().unwrap().into_iter().map(|q| format!("{}_{}", q.id, q.name));
    assert_eq!(files, known.collect());
}

#[test]
fn questions_keep_to_the_dialect_that_every_engine_reads_alike() {
    for question in questions().unwrap() {
        let sql = question.at(&times()).unwrap();
        assert_eq!(check(&sql), Ok(()), "{}", question.id);
        assert_eq!(question.source, NAME);
    }
    let order = "ORDER BY a ASC NULLS LAST";
    for wrong in [
        format!("SELECT strftime(a) FROM case_table {order}"),
        format!("SELECT \"a\" FROM case_table {order}"),
        format!("SELECT a / 2 FROM case_table {order}"),
        format!("SELECT a % 2 FROM case_table {order}"),
        format!("SELECT a FROM case_table WHERE a ILIKE 'x' {order}"),
        format!("SELECT CAST(a AS INTEGER) FROM case_table {order}"),
        format!("SELECT max(a) OVER () FROM case_table {order}"),
        format!("SELECT a FROM case_table WHERE a = {{never}} {order}"),
        format!("SELECT a FROM case_table WHERE a = ? {order}"),
        format!("SELECT a FROM case_table UNION SELECT a FROM case_table {order}"),
        format!("SELECT a FROM case_table {order} LIMIT 1"),
        "SELECT a FROM case_table ORDER BY a".to_owned(),
        "SELECT a FROM case_table".to_owned(),
        format!("SELECT a FROM case_table {order}; SELECT a FROM case_table {order}"),
        "DELETE FROM case_table".to_owned(),
        "ATTACH DATABASE 'x' AS x".to_owned(),
        String::new(),
    ] {
        assert!(check(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_question_reads_the_case_table_and_nothing_else() {
    let order = "ORDER BY a ASC NULLS LAST";
    for right in [
        "SELECT a FROM case_table",
        "SELECT one.a FROM case_table one JOIN case_table other ON one.a = other.b",
        "SELECT a FROM (SELECT max(b) AS a FROM case_table) newest",
        "SELECT a FROM case_table WHERE a IN (SELECT b FROM case_table WHERE NOT b LIKE 'x%')",
    ] {
        assert_eq!(check(&format!("{right} {order}")), Ok(()), "{right}");
    }
    for (line, wrong) in [
        (1, "SELECT a FROM sqlite_master"),
        (1, "SELECT a FROM main.case_table"),
        (2, "SELECT a FROM case_table\nJOIN sqlite_schema ON true"),
        (3, "SELECT a FROM case_table WHERE a IN (\n\nSELECT b FROM other_table)"),
        (1, "SELECT a FROM pragma_table_info('case_table')"),
        (1, "SELECT a FROM case_table(1)"),
        (1, "SELECT a FROM LATERAL (SELECT a FROM case_table) b"),
    ] {
        let fault = check(&format!("{wrong} {order}")).unwrap_err();
        assert!(fault.what.contains("a question reads case_table and no"), "{wrong}: {fault:?}");
        assert_eq!(fault.line, Some(line), "{wrong}");
    }
    let hidden = "WITH sqlite_master AS (SELECT a FROM case_table) SELECT a FROM sqlite_master";
    assert!(check(&format!("{hidden} {order}")).is_err(), "a name that is given to another table");
    let broken = check("SELECT a\nFROM case_table\nWHERE ,").unwrap_err();
    assert_eq!(broken.line, Some(3), "{broken:?}");
}
