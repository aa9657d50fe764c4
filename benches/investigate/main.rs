//! What an investigation costs, beside DuckDB asked the same and beside unpacking the trail alone.
//!
//! `cargo bench --bench investigate` writes a trail of a million records in CloudTrail's layout
//! (`-- RECORDS` another number), then runs `keyleak investigate` over it, DuckDB that loads the
//! same columns once and answers the same questions, and libdeflate and Python's ISA-L that only
//! unpack; each in a process of its own, the best of three. It prints seconds, the processor's
//! seconds, peak memory and ratios, and no verdict: a machine that does something else meanwhile
//! says little.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark says what it finds"
)]

#[path = "../../tests/support/chance.rs"]
#[expect(dead_code, reason = "a trail chooses in fewer ways than a storm")]
mod chance;
#[path = "../../tests/support/frame.rs"]
#[expect(dead_code, reason = "a benchmark is no trial")]
mod frame;
mod made_trail;
#[path = "../../tests/support/python.rs"]
#[expect(dead_code, reason = "what is pinned is checked by the tests")]
mod python;
mod unpacked;

use crate::made_trail::KEY;
use crate::python::{Judge, Python, Requirements};
use keyleak::domain::growth::{Bounds, grow};
use keyleak::domain::lineage::Subject;
use keyleak::domain::question::{Times, fill};
use keyleak::ports::trail::Window;
use keyleak::trail::catalogue::{ATHENA_CUT, questions};
use keyleak::trail::local::LocalTrail;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

const RECORDS: usize = 1_000_000;
const RUNS: usize = 3;
const RIVALS: Requirements = Requirements {
    file: "requirements-bench.txt",
    text: include_str!("../../tests/python/requirements-bench.txt"),
};

/// The best of some runs, in seconds, and the most memory that one of them held, in megabytes.
struct Cost {
    seconds: f64,
    /// Of the processor, on all its cores.
    processor: f64,
    peak_mb: f64,
    /// What the process itself said of its parts.
    told: Value,
}

/// The argument by which the benchmark has itself unpack a folder, in a process of its own.
const UNPACK: &str = "unpack";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [unpack, folder] = arguments.as_slice()
        && unpack == UNPACK
    {
        println!("{} bytes", unpacked::bytes(Path::new(folder)));
        return;
    }
    let number = arguments.iter().find_map(|argument| argument.parse().ok());
    let records = number.unwrap_or(RECORDS);
    let folder = trail(records);
    let mut rivals = match Python::prepare(&RIVALS) {
        Ok(python) => python.judge("rivals.py", &[]),
        Err(missing) => {
            println!("DuckDB and ISA-L cannot be measured: {}", missing.0);
            return;
        }
    };
    let own = std::env::current_exe().expect("this program has a path");
    let unpacking =
        rivals.best(&json!({ "op": "run", "command": [own, UNPACK, folder.as_path()] }));
    let isal = rivals.best(&json!({ "op": "unpack", "folder": folder }));
    let one = rivals.best(&investigate(&folder, "Q11"));
    let all = rivals.best(&investigate(&folder, "all"));
    let asked = asked(&folder);
    let duckdb = rivals.best(&json!({ "op": "duckdb", "asked": asked }));
    assert_eq!(duckdb.told["rows"], asked["rows"], "both cut the same rows");
    row("unpacking alone (libdeflate)", &unpacking, &unpacking);
    row("unpacking in Python (ISA-L)", &isal, &unpacking);
    row("keyleak, one key's activity", &one, &unpacking);
    row("keyleak, every question", &all, &unpacking);
    row("DuckDB, every question", &duckdb, &unpacking);
    println!("DuckDB's parts, in seconds: {}", duckdb.told);
    println!("DuckDB takes {:.1} times as long as keyleak", duckdb.seconds / all.seconds);
}

fn row(what: &str, cost: &Cost, unpacking: &Cost) {
    println!(
        "{what:<28} {:>7.2} s  {:>7.2} s of processor  {:>6.0} MB  {:>5.1} x unpacking",
        cost.seconds,
        cost.processor,
        cost.peak_mb,
        cost.seconds / unpacking.seconds
    );
}

/// The trail, written once for each number of records.
fn trail(records: usize) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("trail-{records}"));
    let stamp = folder.join("written");
    if !stamp.exists() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let written = made_trail::write(&folder, records).expect("the disk has room");
        let words = format!(
            "{} records in {} objects, {} MB packed, {} MB unpacked",
            written.records,
            written.objects,
            written.packed / 1_000_000,
            written.unpacked / 1_000_000
        );
        fs::write(&stamp, words).unwrap();
    }
    println!("{}", fs::read_to_string(&stamp).unwrap());
    folder.join("AWSLogs")
}

fn investigate(folder: &Path, query: &str) -> Value {
    let program = env!("CARGO_BIN_EXE_keyleak");
    let command = json!([
        program,
        "investigate",
        KEY,
        "--trail",
        folder,
        "--query",
        query,
        "--format",
        "json"
    ]);
    json!({ "op": "run", "command": command })
}

/// The cut in Athena's words with its parameters, and every question, as DuckDB is asked them.
fn asked(folder: &Path) -> Value {
    let trail = LocalTrail::new(vec![folder.to_owned()]);
    let sightings = trail.sightings_now(Window::default()).expect("the trail is there");
    let as_of = sightings.coverage.last.expect("there are records");
    let lineage = grow(&sightings.rows, Bounds { key_id: KEY, exposed_since: None, as_of });
    let subject = Subject::of(&lineage);
    let (from, to) = (["0000".to_owned()], ["9999".to_owned()]);
    let times: [(&str, &[String]); 2] = [("from", &from), ("to", &to)];
    let lists = [times.as_slice(), &subject.lists()].concat();
    let rows = trail.cut_now(Window::default(), &subject).expect("pass two").rows.count();
    let cut = fill(ATHENA_CUT, &[("table", "cloudtrail"), ("partitions", "1 = 1")], &lists);
    let times = Times { exposed_since: sightings.coverage.first, contained_at: Some(as_of) };
    let questions = questions().expect("the questions are ours");
    let questions: Vec<String> = questions.iter().filter_map(|one| one.at(&times).ok()).collect();
    json!({
        "objects": folder.join("**/*.json.gz"),
        "rows": rows,
        "cut": cut.sql,
        "parameters": cut.values,
        "questions": questions,
    })
}

impl Judge {
    /// The best of some runs.
    fn best(&mut self, asked: &Value) -> Cost {
        let runs = (0..RUNS).map(|_| {
            let told = self.ask(asked);
            assert!(told["error"].is_null(), "{told}");
            let number = |name: &str| told[name].as_f64().expect("a number");
            Cost {
                seconds: number("seconds"),
                processor: number("processor"),
                peak_mb: number("peak_mb"),
                told: told["told"].clone(),
            }
        });
        runs.min_by(|one, other| one.seconds.total_cmp(&other.seconds)).expect("some runs")
    }
}
