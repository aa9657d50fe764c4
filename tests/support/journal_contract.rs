//! What every store of decisions must do; the same suite runs on each of them.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::digest::canonical;
use keyleak::domain::event::{Event, Opening};
use keyleak::domain::ids::{AccessKeyId, CaseId, PersonId};
use keyleak::domain::record::{Actor, Entry, Record, check_chain};
use keyleak::ports::journal::{AppendError, Journal};
use std::ops::Range;

/// As many writers at once as a busy channel has people.
pub(crate) const WRITERS: usize = 8;
/// Enough of them to need more than one page of 1 MB.
const LONG_RECORDS: usize = 60;
const LONG_NOTE_BYTES: usize = 20_000;
/// Around what an item of DynamoDB holds, and well over it.
const SIZES: [usize; 6] = [380_000, 392_000, 393_300, 400_000, 410_000, 1_200_000];
const READS_AFTER: usize = 12;
const NOTES_EACH: usize = 8;
/// Each takes as long as a person waits for Slack; an emulator on a busy machine may be slower.
const UNSETTLED_MAX: usize = 10;

/// Runs the whole suite on one store, opened twice as two replicas do; `name` keeps its cases apart
/// from others in the same store.
pub(crate) async fn journal_contract(
    (journal, elsewhere): (&dyn Journal, &dyn Journal),
    name: &str,
) {
    a_record_is_read_back_byte_for_byte(journal, name).await;
    an_identical_repeat_is_success_and_another_is_a_conflict(journal, name).await;
    of_writers_at_the_same_moment_one_wins(journal, name).await;
    a_long_journal_is_read_whole_and_in_order(journal, name).await;
    a_number_that_is_left_out_is_an_empty_line(journal, name).await;
    a_record_of_any_size_is_read_back_byte_for_byte(journal, name).await;
    what_one_has_appended_is_what_another_reads((journal, elsewhere), name).await;
    whoever_appends_at_once_all_have_their_say((journal, elsewhere), name).await;
}

async fn a_record_is_read_back_byte_for_byte(journal: &dyn Journal, name: &str) {
    let case = CaseId(format!("{name}-bytes"));
    assert_eq!(journal.read(&case, 0).await.unwrap(), Vec::<String>::new());
    let first = record(&case, "quotes \" and \u{1f511} and \\", None);
    journal.append(&first).await.unwrap();
    assert_eq!(journal.read(&case, 0).await.unwrap(), [line(&first)]);
    assert_eq!(journal.read(&case, 1).await.unwrap(), Vec::<String>::new());
    let neighbour = CaseId(format!("{name}-bytes-2"));
    assert_eq!(journal.read(&neighbour, 0).await.unwrap(), Vec::<String>::new());
}

async fn an_identical_repeat_is_success_and_another_is_a_conflict(
    journal: &dyn Journal,
    name: &str,
) {
    let case = CaseId(format!("{name}-repeat"));
    let first = record(&case, "first", None);
    journal.append(&first).await.unwrap();
    assert_eq!(journal.append(&first).await, Ok(()));
    let other = record(&case, "other", None);
    assert_eq!(journal.append(&other).await, Err(AppendError::Conflict));
    assert_eq!(journal.read(&case, 0).await.unwrap(), [line(&first)]);
}

async fn of_writers_at_the_same_moment_one_wins(journal: &dyn Journal, name: &str) {
    let case = CaseId(format!("{name}-race"));
    let records: Vec<Record> =
        (0..WRITERS).map(|writer| record(&case, &format!("writer {writer}"), None)).collect();
    let outcomes = join_all(records.iter().map(|record| journal.append(record))).await;
    let won: Vec<usize> = (0..WRITERS).filter(|at| outcomes[*at].is_ok()).collect();
    assert_eq!(won.len(), 1, "{outcomes:?}");
    let stored = journal.read(&case, 0).await.unwrap();
    assert_eq!(stored, [line(&records[won[0]])]);
}

async fn a_long_journal_is_read_whole_and_in_order(journal: &dyn Journal, name: &str) {
    let case = CaseId(format!("{name}-long"));
    let note = "x".repeat(LONG_NOTE_BYTES);
    let mut last: Option<Record> = None;
    for _ in 0..LONG_RECORDS {
        let next = record(&case, &note, last.as_ref());
        journal.append(&next).await.unwrap();
        last = Some(next);
    }
    let lines = journal.read(&case, 0).await.unwrap();
    assert_eq!(lines.len(), LONG_RECORDS);
    check_chain(&case, &lines).unwrap();
    let rest = journal.read(&case, 9).await.unwrap();
    assert_eq!(rest, lines[9..]);
}

/// A record under another number than its own must not pass for the one that belongs there.
async fn a_number_that_is_left_out_is_an_empty_line(journal: &dyn Journal, name: &str) {
    let case = CaseId(format!("{name}-gap"));
    let first = record(&case, "first", None);
    let moved = Record { seq: 5, ..record(&case, "second", Some(&first)) };
    journal.append(&first).await.unwrap();
    journal.append(&moved).await.unwrap();
    let stored = [line(&first), String::new(), line(&moved)];
    assert_eq!(journal.read(&case, 0).await.unwrap(), stored);
    assert_eq!(journal.read(&case, 4).await.unwrap(), stored[2..]);
}

async fn a_record_of_any_size_is_read_back_byte_for_byte(journal: &dyn Journal, name: &str) {
    let case = CaseId(format!("{name}-sizes"));
    let mut records: Vec<Record> = Vec::new();
    for bytes in SIZES {
        let next = record(&case, &"\u{e9}".repeat(bytes / 2), records.last());
        assert_eq!(settled(journal, &next).await, Ok(()), "{bytes} bytes");
        assert_eq!(settled(journal, &next).await, Ok(()), "{bytes} bytes once more");
        let other = record(&case, &"e".repeat(bytes), records.last());
        assert_eq!(settled(journal, &other).await, Err(AppendError::Conflict), "{bytes} bytes");
        records.push(next);
    }
    let lines = journal.read(&case, 0).await.unwrap();
    assert!(lines == records.iter().map(line).collect::<Vec<_>>(), "not byte for byte");
    check_chain(&case, &lines).unwrap();
}

async fn what_one_has_appended_is_what_another_reads(
    (journal, elsewhere): (&dyn Journal, &dyn Journal),
    name: &str,
) {
    let case = CaseId(format!("{name}-elsewhere"));
    let mut records: Vec<Record> = Vec::new();
    for turn in 0..READS_AFTER {
        let next = record(&case, &format!("turn {turn}"), records.last());
        let (writer, reader) =
            if turn % 2 == 0 { (journal, elsewhere) } else { (elsewhere, journal) };
        settled(writer, &next).await.unwrap();
        let newest = reader.read(&case, turn as u64).await.unwrap();
        assert_eq!(newest, [line(&next)], "turn {turn}");
        records.push(next);
    }
}

/// Each of them appends its notes in order, and after a conflict onto what it then reads.
async fn whoever_appends_at_once_all_have_their_say(
    (journal, elsewhere): (&dyn Journal, &dyn Journal),
    name: &str,
) {
    let case = CaseId(format!("{name}-crowd"));
    let writers = (0..WRITERS).map(|writer| {
        let store = if writer % 2 == 0 { journal } else { elsewhere };
        speak(store, &case, writer, 0..NOTES_EACH)
    });
    let stored = join_all(writers).await;
    let lines = journal.read(&case, 0).await.unwrap();
    let records = check_chain(&case, &lines).unwrap();
    assert_eq!(records.len(), WRITERS * NOTES_EACH, "nothing lost and nothing twice");
    for (writer, seqs) in stored.iter().enumerate() {
        assert!(seqs.is_sorted(), "{seqs:?}");
        for (turn, seq) in seqs.iter().enumerate() {
            let expected = note_of(writer, turn);
            let said = records.get(*seq as usize - 1).and_then(|record| note(record));
            assert_eq!(said, Some(expected.as_str()), "record {seq}");
        }
    }
}

/// Appends a record, again and again while a busy machine leaves it open what came of it: the
/// identical record once more changes nothing.
async fn settled(store: &dyn Journal, record: &Record) -> Result<(), AppendError> {
    let mut outcome = store.append(record).await;
    for _ in 0..UNSETTLED_MAX {
        if !matches!(outcome, Err(AppendError::Unavailable(_))) {
            break;
        }
        outcome = store.append(record).await;
    }
    outcome
}

/// Appends some notes of a writer, and returns where they stand.
pub(crate) async fn speak(
    store: &dyn Journal,
    case: &CaseId,
    writer: usize,
    turns: Range<usize>,
) -> Vec<u64> {
    let mut stored = Vec::new();
    let mut last: Option<Record> = None;
    for turn in turns {
        loop {
            let next = record(case, &note_of(writer, turn), last.as_ref());
            let outcome = settled(store, &next).await;
            if outcome.is_ok() {
                stored.push(next.seq);
                last = Some(next);
                break;
            }
            assert_eq!(outcome, Err(AppendError::Conflict));
            let known = last.as_ref().map_or(0, |record| record.seq);
            let newer = store.read(case, known).await.unwrap();
            let newest = newer.last().expect("a conflict means that there is more");
            last = Some(serde_json::from_str(newest).unwrap());
        }
    }
    stored
}

/// What a writer says in its turn.
pub(crate) fn note_of(writer: usize, turn: usize) -> String {
    format!("writer {writer}, note {turn}")
}

/// What a record of this suite notes.
pub(crate) fn note(record: &Record) -> Option<&str> {
    let Event::Opened(opening) = &record.event else {
        return None;
    };
    opening.note.as_deref()
}

pub(crate) fn case(name: &str, of: &str) -> CaseId {
    CaseId(format!("{name}-{of}"))
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + seconds)
}

pub(crate) fn line(record: &Record) -> String {
    String::from_utf8(canonical(record)).unwrap()
}

pub(crate) fn record(case: &CaseId, note: &str, previous: Option<&Record>) -> Record {
    let opening = Opening {
        key: AccessKeyId::parse("AKIAQNZGKIQY56JQ7WML").unwrap(),
        found_where: None,
        exposed_since: None,
        note: Some(note.to_owned()),
        drill: false,
        endpoints: Vec::new(),
        shares_channel_of: None,
    };
    let person = PersonId { team: "T1".to_owned(), user: "U1".to_owned() };
    let entry = Entry {
        actor: Actor::Person { person, name: None },
        ..Entry::own(at(0), Event::Opened(opening))
    };
    entry.chained(case.clone(), previous)
}
