//! What a folder of questions may hold, and what is said of everything else.

use super::{FILE_BYTES_MAX, FILES_MAX, catalogue};
use crate::trail::catalogue::Catalogue;
use std::path::Path;
use tempfile::TempDir;

const GOOD: &str = "-- id: ACME1
-- name: night_calls
-- question: What was called at night?
-- phase: scope
-- impact: evidence
-- parameters: none
-- columns: event_time, call
-- source: case_table
-- meaning: One row for each call between midnight and six.
-- none: Nothing was called between midnight and six.
SELECT
  event_time,
  event_name AS call
FROM case_table
WHERE substr(event_time, 12, 2) < '06'
ORDER BY event_time ASC NULLS LAST, call ASC NULLS LAST
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn complaint(folder: &Path) -> String {
    catalogue(Some(folder)).unwrap_err().to_string()
}

#[test]
fn questions_of_a_folder_come_after_ours_in_the_order_of_their_ids() {
    let second = GOOD.replace("ACME1", "ACME0").replace("night_calls", "other");
    let windows = format!("\u{FEFF}{}", second.replace('\n', "\r\n"));
    let folder = folder(&[("a.sql", GOOD), ("b.SQL", &windows), ("notes.txt", "not SQL")]);
    let all = catalogue(Some(folder.path())).unwrap();
    let ours = Catalogue::built_in().unwrap().all().len();
    let own: Vec<_> = all.all()[ours..].iter().map(|q| (q.id.as_str(), q.own)).collect();
    assert_eq!(own, [("ACME0", true), ("ACME1", true)]);
    assert!(all.all()[..ours].iter().all(|question| !question.own));
    assert_eq!(all.find("NIGHT_calls").unwrap().id, "ACME1");
    assert_eq!(catalogue(None).unwrap().all().len(), ours, "and none without a folder");
}

#[test]
fn each_file_that_cannot_be_used_is_named_with_its_line_and_what_to_do() {
    let cases = [
        ("-- columns: event_time, call\n", "", "a.sql, line 1: the header lacks `-- columns: …`"),
        ("-- source", "-- contain: who\n-- source", "line 8: \"who\" under contain is none of its"),
        ("-- source", "-- chart: pie\n-- source", "line 8: \"pie\" is no chart; write `bar x="),
        ("ACME1", "Q72", "line 1: `-- id:` a Q with a number is the name of one of keyleak's"),
        ("ACME1", "kl-1", "line 1: `-- id:` must be a word of letters and digits"),
        ("night_calls", "night calls", "line 2: `-- name:` must be one word"),
        ("ACME1", "all", "line 1: `-- id:` all is what stands for every question"),
        ("night_calls", "All", "line 2: `-- name:` all is what stands for every question"),
        ("night_calls", "q01", "line 2: `-- name:` a Q with a number is the name of one of"),
        ("night_calls", "TIMELINE", "line 2: `-- name:` TIMELINE is what keyleak's own Q10 is"),
        ("phase: scope", "phase: recovery", "line 4: `-- phase:` must be validation, scope"),
        ("parameters: none", "parameters: tomorrow", "line 6: there is no parameter \"tomorrow\""),
        ("source: case_table", "source: vpc_flow", "line 8: `-- source:` must be case_table"),
        ("time, call\n-- s", "time, name\n-- s", "line 7: `-- columns:` it returns other columns"),
        ("FROM case_table", "FROM sqlite_master", "line 14: a question reads case_table and no"),
        ("event_name AS call", "lower(event_name) AS call", "line 13: lower is not one of the"),
        ("< '06'", "< {contained_at}", "line 15: "),
        ("event_name AS call", "no_such AS call", "line 13: there is no column no_such"),
        ("event_name AS call", "rowid AS call", "line 13: there is no column rowid"),
        ("FROM case_table", "", "line 11: a SELECT without FROM"),
        ("-- source", "-- sauce: x\n-- source", "line 8: the header has no line `-- sauce:`"),
        ("-- source", "-- phase: scope\n-- source", "line 8: `-- phase:` stands here again"),
        ("-- source", "-- between six\n-- source", "line 8: a header has only lines such as"),
        ("columns: event_time, call", "columns: call, call", "`-- columns:` name call twice"),
        ("parameters: none", "parameters: contained_at", "line 6: `-- parameters:` name contained"),
        ("< '06'", "< {exposed_since}", "line 15: {exposed_since} stands here and exposed_since"),
        ("at night?", "at \u{202e}night?", "line 3: it holds U+202E, which nobody sees"),
        ("at night?", "at\u{1b}night?", "line 3: it holds U+001B"),
        ("'06'", "'0\u{200b}6'", "line 15: it holds U+200B"),
        ("WHERE substr", "WHERE WHERE substr", "line 15: it is not SQL that every engine reads"),
    ];
    for (from, to, said) in cases {
        assert!(GOOD.contains(from), "{from}");
        let folder = folder(&[("a.sql", &GOOD.replacen(from, to, 1))]);
        let complaint = complaint(folder.path());
        assert!(complaint.contains("a.sql") && complaint.contains(said), "{said:?}: {complaint}");
    }
    let long = GOOD.replace("What was called", &"What was called ".repeat(30));
    assert!(complaint(folder(&[("a.sql", &long)]).path()).contains("line 3: `-- question:` must"));
}

#[test]
fn all_faults_of_a_folder_are_told_at_once() {
    let other = GOOD.replace("phase: scope", "phase: lunch").replace("ACME1", "ACME2");
    let folder = folder(&[("a.sql", GOOD), ("b.sql", GOOD), ("c.sql", &other)]);
    let complaint = complaint(folder.path());
    assert!(complaint.contains("b.sql, line 1: `-- id:` ACME1 is taken by"), "{complaint}");
    assert!(complaint.contains("c.sql, line 4: `-- phase:`"), "{complaint}");
    assert!(!complaint.contains("\n  a.sql"), "{complaint}");
}

#[test]
fn all_faults_of_one_file_are_told_at_once_in_the_order_of_their_lines() {
    let wrong = GOOD
        .replace("ACME1", "all")
        .replace("phase: scope", "phase: lunch")
        .replace("impact: evidence", "impact: busyness, lunch")
        .replace("-- none: Nothing was called between midnight and six.\n", "")
        .replace("event_name AS call", "lower(event_name) AS call")
        .replace("call ASC NULLS LAST", "call");
    let complaint = complaint(folder(&[("a.sql", &wrong)]).path());
    let lines: Vec<&str> = complaint
        .lines()
        .filter_map(|line| line.split_once("a.sql, ")?.1.split(':').next())
        .collect();
    let wanted = [1, 1, 4, 5, 5, 12, 15].map(|line| format!("line {line}"));
    assert_eq!(lines, wanted, "{complaint}");
}

#[test]
fn a_hidden_file_is_named_and_no_name_or_text_of_a_file_drives_a_terminal() {
    let dotted = complaint(folder(&[(".a.sql", GOOD)]).path());
    assert!(dotted.contains(".a.sql: its name begins with a dot"), "{dotted}");
    let wrong = GOOD.replace("phase: scope", "phase: lunch");
    let turned = complaint(folder(&[("\u{1b}[2J\u{202e}.sql", &wrong)]).path());
    assert!(turned.contains("\\u{1b}[2J\\u{202e}.sql, line 4"), "{turned}");
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let pasted = GOOD.replace("parameters: none", &format!("parameters: {secret}"));
    let pasted = complaint(folder(&[("a.sql", &pasted)]).path());
    assert!(pasted.contains("line 6: there is no parameter") && !pasted.contains("bPxRfi"));
}

#[test]
fn a_folder_has_limits_and_holds_files_of_text_only() {
    let gone = Path::new("/nowhere/questions");
    assert!(complaint(gone).contains("/nowhere/questions cannot be read"));
    let huge = format!("{GOOD}{}", "-- filler\n".repeat(FILE_BYTES_MAX as usize / 10));
    assert!(complaint(folder(&[("a.sql", &huge)]).path()).contains("a.sql: it has more than"));
    let binary = folder(&[]);
    std::fs::write(binary.path().join("a.sql"), [0xff, 0xfe, 0]).unwrap();
    assert!(complaint(binary.path()).contains("a.sql: it is not UTF-8"));
    let nested = folder(&[]);
    std::fs::create_dir(nested.path().join("a.sql")).unwrap();
    assert!(complaint(nested.path()).contains("a.sql: it is not a file"));
    let many = folder(&[]);
    for n in 0..=FILES_MAX {
        let text = GOOD.replace("ACME1", &format!("ACME{n}")).replace("night", &format!("n{n}"));
        std::fs::write(many.path().join(format!("{n}.sql")), text).unwrap();
    }
    assert!(complaint(many.path()).contains("holds 51 questions; at most 50"));
    std::fs::remove_file(many.path().join("0.sql")).unwrap();
    assert!(catalogue(Some(many.path())).is_ok(), "as many as are allowed");
}
