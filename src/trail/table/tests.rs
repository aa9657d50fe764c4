//! That a question reads this table alone, however it is written, and ends.

use super::{CaseTable, Limits, failure, sha256};
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::TrailError;
use crate::trail::evidence_file::{EvidenceHash, Lines, evidence};
use crate::trail::packed::tests::row;
use proptest::prelude::*;
use rusqlite::ffi;
use std::time::Duration;

fn table(rows: usize) -> CaseTable {
    let row = |n: usize| TrailRow { event_name: Some(format!("Call{n}")), ..TrailRow::default() };
    CaseTable::load(&(0..rows).map(row).collect::<Vec<_>>()).unwrap()
}

#[test]
fn nothing_but_the_table_is_read_whatever_the_sql() {
    let table = table(3);
    let outside = std::env::temp_dir().join("keyleak-never-made.db");
    for wrong in [
        "SELECT name FROM sqlite_master".to_owned(),
        "SELECT count(*) FROM sqlite_schema".to_owned(),
        "SELECT name FROM pragma_table_info('case_table')".to_owned(),
        "PRAGMA database_list".to_owned(),
        format!("ATTACH DATABASE '{}' AS outside", outside.display()),
        format!("VACUUM INTO '{}'", outside.display()),
        "SELECT load_extension('x')".to_owned(),
        "SELECT writefile('x', 'y') FROM case_table".to_owned(),
        "SELECT randomblob(1000000000)".to_owned(),
        "SELECT hex(event_name) FROM case_table".to_owned(),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
            .to_owned(),
        "DELETE FROM case_table".to_owned(),
        "INSERT INTO case_table (event_name) VALUES ('x')".to_owned(),
        "DROP TABLE case_table".to_owned(),
        "CREATE TEMP TABLE t (a)".to_owned(),
    ] {
        assert!(table.ask(&wrong).is_err(), "{wrong}");
    }
    assert!(!outside.exists());
    for right in [
        "SELECT count(*) FROM case_table WHERE event_name LIKE 'Call%'",
        "SELECT count(*) FROM case_table one JOIN case_table other ON true",
        "SELECT count(*) FROM (SELECT event_name FROM case_table) inner_one",
        "SELECT coalesce(max(event_name), min(event_name)) FROM case_table",
    ] {
        assert_eq!(table.ask(right).unwrap().rows.len(), 1, "{right}");
    }
    assert_eq!(table.fold(|rows| rows.count()).unwrap(), 3, "and the rows are still there");
}

#[test]
fn a_question_that_takes_too_long_is_stopped_and_the_next_one_is_answered() {
    let table = table(2_000);
    let endless = "SELECT count(*) FROM case_table a JOIN case_table b ON true \
                   JOIN case_table c ON a.event_name > b.event_name";
    let limits = Limits { time: Duration::from_millis(200), ..Limits::OWN };
    let stopped = table.ask_within(endless, limits).unwrap_err();
    let said = Limits::OWN.why_failed(&stopped);
    assert!(said.contains("stopped after 20 seconds; join less"), "{said}");
    let quick = table.ask_within("SELECT count(*) FROM case_table", limits).unwrap();
    assert_eq!(quick.rows.len(), 1);
    let wrong = table.ask_within("SELECT nothing FROM case_table", limits).unwrap_err();
    assert!(Limits::OWN.why_failed(&wrong).contains("nothing"), "other errors keep their words");
}

#[test]
fn an_answer_has_as_many_rows_and_bytes_as_its_question_may_give() {
    let table = table(100);
    let all = "SELECT event_name FROM case_table";
    let found = table.ask_within(all, Limits { rows: 10, ..Limits::OWN }).unwrap();
    assert_eq!((found.rows.len(), found.truncated), (10, true));
    let found = table.ask_within(all, Limits { bytes: 100, ..Limits::OWN }).unwrap();
    assert!(found.truncated && found.rows.len() < 10, "{}", found.rows.len());
    let found = table.ask_within(all, Limits { rows: 100, ..Limits::OWN }).unwrap();
    assert_eq!((found.rows.len(), found.truncated), (100, false));
    let found = table.ask_within(all, Limits { held: 7, ..Limits::OWN }).unwrap();
    assert_eq!((found.rows.len(), found.more, found.truncated), (7, 93, false));
    let found = table.ask_within(all, Limits { held: 7, rows: 10, ..Limits::OWN }).unwrap();
    assert_eq!((found.rows.len(), found.more, found.truncated), (7, 3, true));
}

#[test]
fn one_value_and_one_row_have_their_limits_and_the_next_question_is_answered() {
    let table = table(3);
    let doubled = (0..12).fold("event_name".to_owned(), |value, _| format!("({value} || {value})"));
    let huge = format!("SELECT {doubled} AS a FROM case_table");
    let limits = Limits { value_bytes: 10_000, ..Limits::OWN };
    let refused = table.ask_within(&huge, limits).unwrap_err();
    let said = Limits::OWN.why_failed(&refused);
    assert!(said.contains("more than 1 MiB; put less together"), "{said}");
    let wide = Limits { bytes: 10, ..Limits::OWN };
    let refused = table.ask_within("SELECT event_name FROM case_table", wide).unwrap_err();
    let said = Limits::OWN.why_failed(&refused);
    assert!(said.contains("a value or a row"), "no answer of no rows: {said}");
    let found = table.ask_within("SELECT event_name FROM case_table", limits).unwrap();
    assert_eq!((found.rows.len(), found.truncated), (3, false));
    assert_eq!(table.fold(|rows| rows.count()).unwrap(), 3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sort_writes_no_more_to_the_disk_than_its_question_may() {
    let table = table(1_000);
    let sorted = "SELECT a.event_name || b.event_name AS c FROM case_table a JOIN case_table b \
                  ON a.event_name <> b.event_name ORDER BY c";
    let limits = Limits { spilled_bytes: 1 << 20, ..Limits::OWN };
    let refused = table.ask_within(sorted, limits).unwrap_err();
    let said = limits.why_failed(&refused);
    assert!(said.contains("more than 1 MiB of temporary files"), "{said}");
    let found = table.ask_within(sorted, Limits::OWN).unwrap();
    assert!(found.truncated, "and within the usual limit it is answered");
}

proptest! {
    #[test]
    fn rows_come_back_as_they_were_loaded_and_their_file_has_the_hash_that_was_told(
        mut rows in proptest::collection::vec(row(), 0..20),
    ) {
        rows.sort();
        let mut hash = EvidenceHash::default();
        let table = CaseTable::fill(rows.iter().map(|row| {
            hash.see(row).unwrap();
            Ok::<_, TrailError>(row)
        })).unwrap();
        prop_assert_eq!(table.rows(), rows.len() as u64);
        let file = table.fold(|rows| evidence(rows)).unwrap().unwrap();
        prop_assert_eq!(sha256(&file), hash.finish());
        prop_assert_eq!(&Lines::of(file).collect::<Result<Vec<_>, _>>().unwrap(), &rows);
        prop_assert_eq!(table.fold(|rows| rows.collect::<Vec<_>>()).unwrap(), rows);
    }
}

#[test]
fn a_folder_without_room_for_the_table_is_told_as_such_and_another_failure_is_not() {
    for code in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR, ffi::SQLITE_CANTOPEN] {
        let told = TrailError::from(failure(code)).to_string();
        assert!(told.contains("TMPDIR"), "{told}");
    }
    assert!(TrailError::from(failure(ffi::SQLITE_CORRUPT)).to_string().contains("report it"));
    let rows = [Ok(TrailRow::default()), Err(TrailError::Cancelled)];
    let stopped = CaseTable::fill(rows.into_iter());
    assert!(matches!(stopped, Err(TrailError::Cancelled)), "no part of a cut passes for one");
}
