//! What people complain about in other chat bots, and must not meet here; each test names the tool.
//!
//! The table of them is in `tests/README.md`.

mod acknowledgement;
mod bound;
mod channels;
mod deciders;
mod further;
pub(crate) mod house;
pub(crate) mod limits;
mod record;
mod secrets;

use std::collections::BTreeSet;
use std::path::Path;

const HEADING: &str = "## Complaints about chat bots";
/// The numbered complaints, and the traps that were read in the code.
const COMPLAINTS: usize = 61;
const TRAPS: usize = 17;
/// A reason of fewer words explains nothing, and one of more belongs elsewhere.
const REASON_WORDS: std::ops::RangeInclusive<usize> = 4..=14;

/// The rows of the table: number and what stands in the last cell.
fn rows(readme: &str) -> Vec<(&str, &str)> {
    let table = readme.split(HEADING).nth(1).unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let lines = table.lines().filter(|line| line.starts_with("| "));
    let cells = lines.skip(1).filter_map(|line| {
        let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
        Some((cells.next()?, cells.last()?))
    });
    cells.collect()
}

/// What is wrong with the table, held against the code.
fn faults(readme: &str, code: &str) -> Vec<String> {
    let rows = rows(readme);
    let numbers = (1..=COMPLAINTS).map(|number| number.to_string());
    let wanted: BTreeSet<String> =
        numbers.chain((1..=TRAPS).map(|trap| format!("T{trap}"))).collect();
    let there: BTreeSet<String> = rows.iter().map(|(number, _)| (*number).to_owned()).collect();
    let mut faults: Vec<String> =
        wanted.symmetric_difference(&there).map(|odd| format!("row {odd}")).collect();
    if rows.len() != there.len() {
        faults.push("a number is there twice".to_owned());
    }
    for (number, end) in rows {
        let test = end.strip_prefix('`').and_then(|end| end.strip_suffix('`'));
        let reason = end.strip_prefix("- ").map(|reason| reason.split_whitespace().count());
        let good = match (test, reason) {
            (Some(test), _) => {
                let trial = code.contains(&format!("\"{test}\""));
                trial || code.contains(&format!("fn {test}("))
            }
            (None, Some(words)) => REASON_WORDS.contains(&words),
            (None, None) => end == "open",
        };
        if !good {
            faults.push(format!("{number}: {end}"));
        }
    }
    faults
}

/// The source files below a folder of the repository, one after the other.
fn code(folder: &str) -> String {
    let mut all = String::new();
    let mut waiting = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            all.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    all
}

const README: &str = include_str!("../README.md");

/// A complaint without its test, or a test that is gone, is no row of the table.
#[test]
fn every_complaint_and_every_trap_has_its_test_or_a_reason() {
    let code = code("tests") + &code("src");
    assert_eq!(faults(README, &code), [""; 0]);
    // The control: each way in which the table can be wrong is noticed.
    let tampered = |from: &str, to: &str| {
        assert!(README.contains(from), "{from}");
        faults(&README.replacen(from, to, 1), &code)
    };
    assert_eq!(tampered("\n| 17 | ", "\n| 99 | "), ["row 17", "row 99"]);
    assert_eq!(tampered("\n| T3 | ", "\n| T4 | "), ["row T3", "a number is there twice"]);
    let name = "`dispatch_2848_a_command_is_answered_before_anything_is_called`";
    assert_eq!(tampered(name, "`dispatch_2848`"), ["1: `dispatch_2848`"]);
    let row = rows(README).into_iter().find(|(number, _)| *number == "60").unwrap();
    assert_eq!(tampered(row.1, "- no"), ["60: - no"]);
    assert_eq!(tampered(row.1, "later"), ["60: later"]);
}

/// A test that no row names would be found by nobody who looks for the complaint.
#[test]
fn every_test_of_a_complaint_is_in_the_table() {
    let code = code("tests/it/chat_traps");
    let tests = code.split("test]\n").chain(code.split("test(flavor = \"multi_thread\")]\n"));
    let tests = tests.filter_map(|rest| {
        let rest = rest.strip_prefix("async ").unwrap_or(rest);
        rest.strip_prefix("fn ")?.split_once('(').map(|(name, _)| name)
    });
    let named: BTreeSet<&str> = rows(README).iter().map(|(_, end)| end.trim_matches('`')).collect();
    let tests: BTreeSet<&str> = tests.collect();
    assert!(tests.len() > 40, "{tests:?}");
    assert_eq!(tests.difference(&named).collect::<Vec<_>>(), Vec::<&&str>::new());
}
