//! What a record costs: to append and to fold, on both stores, and the chain's share of it.
//!
//! `cargo bench --bench journal` prints, for a case of 10,000 records, what the journal takes
//! beside what one would write without it: a plain insert into SQLite, a plain `PutItem`. DynamoDB
//! is dynalite here, an emulator in memory: its figures compare ways of writing with one another
//! and say nothing of AWS. It ends with the write units of a whole story, counted by dynalite.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark says what it finds"
)]

mod cost;
#[path = "../../tests/support/dynalite.rs"]
mod dynalite;
mod made;
#[path = "../../tests/support/npm.rs"]
mod npm;

use crate::cost::{Bare, story_in_write_units};
use crate::dynalite::Dynalite;
use crate::made::{Shelf, entry, id, opening};
use keyleak::domain::case::Case;
use keyleak::domain::digest::canonical;
use keyleak::domain::record::{Record, check_chain};
use keyleak::flow::ledger::Ledger;
use keyleak::ports::journal::Journal;
use keyleak::store::sqlite::Sqlite;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A long case: a real story leaves some fifty records, an incident of days a few hundred.
const RECORDS: usize = 10_000;
/// Durable appends one after another; each waits for the disk.
const APPENDS: usize = 1_000;
/// Appends at each length of a case.
const AT_LENGTH: usize = 200;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let records = chain();
    sqlite(folder.path(), &records).await;
    match Dynalite::start() {
        Ok(dynalite) => dynamodb(&dynalite, folder.path(), &records).await,
        Err(missing) => println!("\nDynamoDB: not measured, {missing}"),
    }
    lengths().await;
}

/// The records of a long case, and what chaining them takes.
fn chain() -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let started = Instant::now();
    for number in 0..RECORDS {
        let entry = if number == 0 { opening() } else { entry(number) };
        let record = entry.chained(id(), records.last());
        records.push(record);
    }
    let each = each(started, RECORDS);
    let bytes: usize = records.iter().map(|record| canonical(record).len()).sum();
    println!("{RECORDS} records of {} bytes on average", bytes / RECORDS);
    println!("  to chain one (canonical JSON, SHA-256): {}", shown(each));
    records
}

async fn sqlite(folder: &Path, records: &[Record]) {
    println!("\nSQLite, WAL, synchronous=FULL; {APPENDS} appends one after another");
    let plain = Bare::open(&folder.join("bare.sqlite"));
    let started = Instant::now();
    for record in &records[..APPENDS] {
        plain.insert(&canonical(record));
    }
    let floor = each(started, APPENDS);
    println!("  a plain durable insert: {}", shown(floor));
    let store = Sqlite::open(&folder.join("stored.sqlite")).unwrap();
    appends(&store, &records[..APPENDS], floor).await;
    let store = Sqlite::open(&folder.join("ledger.sqlite")).unwrap();
    through_the_ledger(Arc::new(store), floor).await;
    let store = Sqlite::open(&folder.join("long.sqlite")).unwrap();
    fill(&folder.join("long.sqlite"), records);
    folds(Arc::new(store)).await;
}

async fn dynamodb(dynalite: &Dynalite, folder: &Path, records: &[Record]) {
    println!("\nDynamoDB (dynalite, in memory); {APPENDS} appends one after another");
    let tables = cost::Tables::make(dynalite.address(), folder).await;
    let started = Instant::now();
    for record in &records[..APPENDS] {
        tables.plain_put(record).await;
    }
    let floor = each(started, APPENDS);
    println!("  a plain PutItem: {}", shown(floor));
    appends(&tables.journal("stored"), &records[..APPENDS], floor).await;
    through_the_ledger(Arc::new(tables.journal("ledger")), floor).await;
    let long = tables.journal("long");
    for record in records {
        long.append(record).await.unwrap();
    }
    folds(Arc::new(long)).await;
    story_in_write_units(&tables, &folder.join("story")).await;
}

/// Appends what was chained before, so that the store alone is measured.
async fn appends(journal: &dyn Journal, records: &[Record], floor: Duration) {
    let started = Instant::now();
    for record in records {
        journal.append(record).await.unwrap();
    }
    let taken = each(started, records.len());
    println!(
        "  Journal::append of a chained record: {}, {} × plain",
        shown(taken),
        times(taken, floor)
    );
}

/// Appends as the bot does: judge, chain, store, fold.
async fn through_the_ledger(journal: Arc<dyn Journal>, floor: Duration) {
    let ledger = Ledger::new(journal);
    ledger.open(&id(), opening()).await.unwrap();
    let mut chaining = Duration::ZERO;
    let started = Instant::now();
    for number in 1..=APPENDS {
        ledger.note(&id(), entry(number)).await.unwrap();
    }
    let taken = each(started, APPENDS);
    let case = ledger.load(&id()).await.unwrap();
    for pair in case.records().windows(2) {
        let entry = entry(pair[1].seq as usize - 1);
        let started = Instant::now();
        std::hint::black_box(entry.chained(id(), Some(&pair[0])));
        chaining += started.elapsed();
    }
    let share = 100.0 * (chaining / APPENDS as u32).as_secs_f64() / taken.as_secs_f64();
    println!(
        "  Ledger, with judging, chaining and folding: {}, {} × plain; the chain is {share:.1} %",
        shown(taken),
        times(taken, floor)
    );
}

/// Reads and folds the whole case, step by step.
async fn folds(journal: Arc<dyn Journal>) {
    let started = Instant::now();
    let lines = journal.read(&id(), 0).await.unwrap();
    let read = started.elapsed();
    assert_eq!(lines.len(), RECORDS);
    let started = Instant::now();
    let parsed: Vec<Record> =
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let parse = started.elapsed();
    let started = Instant::now();
    let case = Case::fold(parsed).unwrap();
    let fold = started.elapsed();
    drop(case);
    let started = Instant::now();
    check_chain(&id(), &lines).unwrap();
    let check = started.elapsed().saturating_sub(parse);
    let ledger = Ledger::new(journal);
    let started = Instant::now();
    ledger.load(&id()).await.unwrap();
    let whole = started.elapsed();
    let share = 100.0 * check.as_secs_f64() / whole.as_secs_f64();
    println!(
        "  {RECORDS} records: read {}, parse {}, check the chain {}, fold {}",
        shown(read),
        shown(parse),
        shown(check),
        shown(fold)
    );
    println!(
        "    Ledger::load of a case it does not know: {}; the chain is {share:.0} %",
        shown(whole)
    );
    let started = Instant::now();
    for _ in 0..AT_LENGTH {
        ledger.load(&id()).await.unwrap();
    }
    println!("    and of one that it knows: {}", shown(each(started, AT_LENGTH)));
}

/// What an append takes while a case grows, with a journal that costs nothing.
async fn lengths() {
    println!("\nAn append by the length of the case, without a store");
    let ledger = Ledger::new(Arc::new(Shelf::default()));
    ledger.open(&id(), opening()).await.unwrap();
    let mut number = 1;
    let memory = resident_kib();
    for length in [10, 100, 1_000, RECORDS - AT_LENGTH] {
        while number < length {
            ledger.note(&id(), entry(number)).await.unwrap();
            number += 1;
        }
        let started = Instant::now();
        for _ in 0..AT_LENGTH {
            ledger.note(&id(), entry(number)).await.unwrap();
            number += 1;
        }
        println!("  at {length}: {}", shown(each(started, AT_LENGTH)));
    }
    println!(
        "  memory of {RECORDS} records: {} MiB",
        resident_kib().saturating_sub(memory) / 1_024
    );
}

/// Puts records into a SQLite journal at once; how it got there is not measured.
fn fill(path: &Path, records: &[Record]) {
    let mut file = rusqlite::Connection::open(path).unwrap();
    let transaction = file.transaction().unwrap();
    for record in records {
        let line = String::from_utf8(canonical(record)).unwrap();
        let insert = "INSERT INTO journal (case_id, seq, record) VALUES (?1, ?2, ?3)";
        transaction
            .execute(insert, rusqlite::params![record.case.0, record.seq as i64, line])
            .unwrap();
    }
    transaction.commit().unwrap();
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn each(started: Instant, times: usize) -> Duration {
    started.elapsed() / times as u32
}

fn times(taken: Duration, floor: Duration) -> String {
    format!("{:.2}", taken.as_secs_f64() / floor.as_secs_f64())
}

fn shown(span: Duration) -> String {
    match span.as_secs_f64() * 1_000.0 {
        ms if ms < 1.0 => format!("{:.0} µs", ms * 1_000.0),
        ms => format!("{ms:.1} ms"),
    }
}
