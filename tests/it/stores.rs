//! The store that needs nothing but a disk does what every store of decisions must do.

use crate::journal_contract::{journal_contract, line, note, note_of, record, speak};
use crate::work_contract::work_contract;
use keyleak::domain::ids::CaseId;
use keyleak::domain::record::check_chain;
use keyleak::ports::journal::{AppendError, Brakes, Journal, Work};
use keyleak::store::sqlite::{OpenError, Sqlite};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Where a process that this suite starts finds the journal, and which writer it is.
const JOURNAL: &str = "KEYLEAK_TEST_JOURNAL";
const WRITER: &str = "KEYLEAK_TEST_WRITER";
/// Replicas on one host that share a file.
const PROCESSES: usize = 4;
const NOTES_EACH: usize = 25;
/// More than the process that is killed comes to say.
const NOTES_OF_THE_KILLED: usize = 100_000;
const KILLED_AFTER: usize = 40;

fn case() -> CaseId {
    CaseId("shared".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_journal_as_every_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let (store, elsewhere) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    journal_contract((&store, &elsewhere), "sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_claims_and_leases_as_every_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("journal.sqlite")).unwrap();
    work_contract(&store, "sqlite").await;
}

/// What each process of the tests below does; on its own it has no journal and nothing to say.
#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_processes() {
    let (Some(journal), Some(writer)) = (std::env::var_os(JOURNAL), std::env::var_os(WRITER))
    else {
        return;
    };
    let writer: usize = writer.into_string().unwrap().parse().unwrap();
    let turns = if writer == 0 { NOTES_OF_THE_KILLED } else { NOTES_EACH };
    let store = Sqlite::open(Path::new(&journal)).unwrap();
    for turn in 0..turns {
        let stored = speak(&store, &case(), writer, turn..turn + 1).await;
        // Whoever reads this may take it that the record is on the disk.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nstored {} {turn}", stored[0]).unwrap();
        out.flush().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_and_one_that_is_killed_keep_one_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    // All of them find no file and make it, and one is killed in the middle of its writing.
    let mut children: Vec<Child> = (0..PROCESSES).map(|writer| process(&path, writer)).collect();
    let mut said = BTreeMap::new();
    let mut killed = children.remove(0);
    let spoken = BufReader::new(killed.stdout.take().unwrap());
    let mut heard: Vec<_> = stored(spoken).take(KILLED_AFTER).collect();
    killed.kill().unwrap();
    killed.wait().unwrap();
    said.insert(0, std::mem::take(&mut heard));
    for (index, child) in children.into_iter().enumerate() {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        said.insert(index + 1, stored(output.stdout.as_slice()).collect());
    }

    let store = Sqlite::open(&path).unwrap();
    let records = check_chain(&case(), &store.read(&case(), 0).await.unwrap()).unwrap();
    for (writer, stored) in said {
        let turns = if writer == 0 { KILLED_AFTER } else { NOTES_EACH };
        assert_eq!(stored.len(), turns, "writer {writer}");
        for (turn, seq) in stored.into_iter().enumerate() {
            let expected = note_of(writer, turn);
            assert_eq!(note(&records[seq - 1]), Some(expected.as_str()), "record {seq}");
        }
    }
    let others = records.iter().filter(|record| !note(record).unwrap().starts_with("writer 0,"));
    assert_eq!(others.count(), (PROCESSES - 1) * NOTES_EACH, "nothing lost and nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_an_older_version_is_brought_up_to_date_and_keeps_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/store/schema.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute_batch(
        "INSERT INTO journal VALUES ('old', 1, '{}'); INSERT INTO cases VALUES (1, 'old', 1);",
    )
    .unwrap();
    drop(old);
    let store = Sqlite::open(&path).unwrap();
    let id = CaseId("old".to_owned());
    assert_eq!(store.read(&id, 0).await.unwrap(), ["{}"]);
    assert_eq!(store.open_cases().await.unwrap(), [id]);
    assert_eq!(store.brake().await.unwrap(), None);
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    drop(Sqlite::open(&path).unwrap());
    let version = |to: Option<i64>| {
        let file = Connection::open(&path).unwrap();
        to.iter().for_each(|to| file.pragma_update(None, "user_version", to).unwrap());
        file.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let newer = version(None) + 1;
    version(Some(newer));
    let refused = Sqlite::open(&path).map(drop).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { .. }), "{refused}");
    assert!(refused.to_string().contains("was written by a newer keyleak"), "{refused}");
    assert_eq!(version(None), newer);
}

#[test]
fn what_is_no_journal_is_refused_with_its_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    std::fs::write(&path, "not a database, but long enough to be taken for one".repeat(40))
        .unwrap();
    let refused = Sqlite::open(&path).map(drop).unwrap_err().to_string();
    assert!(refused.contains("journal.sqlite cannot be opened"), "{refused}");
}

/// Evidence is copied by people who do not know of the log beside the file.
#[tokio::test]
async fn a_quiet_journal_is_whole_in_its_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let store = Sqlite::open(&path).unwrap();
    let first = record(&case(), "first", None);
    store.append(&first).await.unwrap();
    let copy = folder.path().join("copy.sqlite");
    let mut copied = Vec::new();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        std::fs::copy(&path, &copy).unwrap();
        let kept = Sqlite::open_to_read(&copy);
        copied = match kept {
            Ok(kept) => kept.read(&case(), 0).await.unwrap(),
            Err(_) => continue,
        };
        if !copied.is_empty() {
            break;
        }
    }
    assert_eq!(copied, [line(&first)]);
}

#[tokio::test]
async fn what_is_opened_to_be_read_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let first = record(&case(), "first", None);
    Sqlite::open(&path).unwrap().append(&first).await.unwrap();
    // Nothing can be made beside it, as on a disk that is mounted to be read; the last one to close
    // the file takes what is beside it away.
    let is_blocked = |name: &str| {
        let beside = folder.path().join(name);
        std::fs::create_dir(&beside).is_ok() || beside.is_dir()
    };
    while !is_blocked("journal.sqlite-wal") || !is_blocked("journal.sqlite-shm") {
        tokio::time::sleep(Duration::from_millis(10)).await;
        let last = Connection::open(&path).unwrap();
        last.query_row("PRAGMA user_version", [], |_| Ok(())).unwrap();
    }
    let before = std::fs::read(&path).unwrap();
    let store = Sqlite::open_to_read(&path).unwrap();
    assert_eq!(store.read(&case(), 0).await.unwrap(), [line(&first)]);
    let refused = store.append(&record(&case(), "second", Some(&first))).await;
    assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let empty = folder.path().join("empty.sqlite");
    std::fs::write(&empty, "").unwrap();
    let refused = Sqlite::open_to_read(&empty).map(drop).unwrap_err();
    assert!(refused.to_string().contains("empty.sqlite is no journal of keyleak"), "{refused}");
    assert_eq!(std::fs::read(&empty).unwrap(), b"", "and no tables are made in it");
}

#[test]
fn every_commit_reaches_the_disk_before_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite");
    let settings = Sqlite::open(&path).unwrap().durability().unwrap();
    assert_eq!(settings, ("wal".to_owned(), 2), "WAL, synchronous=FULL");
}

fn process(journal: &Path, writer: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stores::one_of_several_processes", "--nocapture"])
        .env(JOURNAL, journal)
        .env(WRITER, writer.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The places that a process says its notes have.
fn stored(output: impl BufRead) -> impl Iterator<Item = usize> {
    output.lines().map_while(Result::ok).filter_map(|line| {
        let mut words = line.strip_prefix("stored ")?.split(' ');
        words.next()?.parse().ok()
    })
}
