//! What every store of decisions must do; the same suite runs on each of them.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::brake::{Brake, next_number};
use keyleak::domain::digest::canonical;
use keyleak::domain::event::{Event, Opening};
use keyleak::domain::ids::{AccessKeyId, CaseId, PersonId};
use keyleak::domain::record::{Actor, Entry, Record, check_chain};
use keyleak::ports::journal::{AppendError, Brakes, Claim, Journal, Lease, Work};
use std::ops::Range;

/// As many writers at once as a busy channel has people.
const WRITERS: usize = 8;
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
    a_record_of_any_size_is_read_back_byte_for_byte(journal, name).await;
    what_one_has_appended_is_what_another_reads((journal, elsewhere), name).await;
    whoever_appends_at_once_all_have_their_say((journal, elsewhere), name).await;
}

/// Runs the whole suite of claims, lists and leases.
pub(crate) async fn work_contract(work: &dyn Work, name: &str) {
    one_case_holds_a_key(work, name).await;
    of_cases_claiming_at_the_same_moment_one_wins(work, name).await;
    cases_are_listed_while_they_have_work(work, name).await;
    the_index_tells_which_cases_had_work_since(work, name).await;
    a_brake_is_kept_and_the_newest_move_counts(work).await;
    of_two_who_move_the_brake_at_once_one_does(work).await;
    a_lease_is_held_by_one_until_it_expires(work, name).await;
    a_lease_is_taken_over_only_as_it_was_seen(work, name).await;
    a_lease_is_given_back_only_by_its_holder(work, name).await;
    of_holders_at_the_same_moment_one_gets_the_lease(work, name).await;
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

async fn one_case_holds_a_key(work: &dyn Work, name: &str) {
    let digest = format!("{name}-digest");
    let (first, second) = (case(name, "first"), case(name, "second"));
    assert_eq!(work.claim_key(&digest, &first).await.unwrap(), first);
    assert_eq!(work.claim_key(&digest, &second).await.unwrap(), first);
    assert_eq!(work.claim_key(&digest, &first).await.unwrap(), first);
    work.release_key(&digest, &second).await.unwrap();
    assert_eq!(work.claim_key(&digest, &second).await.unwrap(), first);
    work.release_key(&digest, &first).await.unwrap();
    assert_eq!(work.claim_key(&digest, &second).await.unwrap(), second);
    work.release_key(&digest, &first).await.unwrap();
    assert_eq!(work.claim_key(&digest, &first).await.unwrap(), second);
}

async fn of_cases_claiming_at_the_same_moment_one_wins(work: &dyn Work, name: &str) {
    let digest = format!("{name}-raced");
    let cases: Vec<CaseId> =
        (0..WRITERS).map(|writer| case(name, &format!("claim-{writer}"))).collect();
    let held = join_all(cases.iter().map(|case| work.claim_key(&digest, case))).await;
    let held: Vec<CaseId> = held.into_iter().map(Result::unwrap).collect();
    assert!(held.iter().all(|case| *case == held[0]), "{held:?}");
}

async fn cases_are_listed_while_they_have_work(work: &dyn Work, name: &str) {
    let (first, second) = (case(name, "z-older"), case(name, "a-newer"));
    work.list_open(&first, at(0)).await.unwrap();
    work.list_open(&second, at(1)).await.unwrap();
    work.list_open(&first, at(2)).await.unwrap();
    let ours = |cases: Vec<CaseId>| {
        let ours = cases.into_iter().filter(|case| case.0.starts_with(name));
        ours.collect::<Vec<_>>()
    };
    let mut open = ours(work.open_cases().await.unwrap());
    open.sort();
    assert_eq!(open, [second.clone(), first.clone()]);
    work.unlist(&first, at(3)).await.unwrap();
    work.unlist(&first, at(4)).await.unwrap();
    let left = ours(work.open_cases().await.unwrap());
    assert_eq!(left, std::slice::from_ref(&second));
    let all = ours(work.all_cases().await.unwrap());
    assert_eq!(all, [first.clone(), second.clone()], "oldest first, closed or not");
    work.list_open(&first, at(5)).await.unwrap();
    assert_eq!(ours(work.open_cases().await.unwrap()).len(), 2);
    assert_eq!(ours(work.all_cases().await.unwrap()), [first, second]);
}

async fn the_index_tells_which_cases_had_work_since(work: &dyn Work, name: &str) {
    let (closed, open) = (case(name, "since-closed"), case(name, "since-open"));
    work.list_open(&closed, at(10)).await.unwrap();
    work.list_open(&open, at(20)).await.unwrap();
    work.unlist(&closed, at(30)).await.unwrap();
    work.unlist(&closed, at(40)).await.unwrap();
    let since = async |seconds| {
        let listed = work.cases_since(at(seconds)).await.unwrap();
        let ours = listed.into_iter().filter(|listed| listed.case.0.contains("since-"));
        ours.map(|listed| (listed.case, listed.at)).collect::<Vec<_>>()
    };
    let both = [(closed.clone(), at(10)), (open.clone(), at(20))];
    assert_eq!(since(30).await, both, "its work ended only then");
    assert_eq!(since(31).await, both[1..], "the first end counts, not a repeat");
    assert_eq!(since(1_000).await, both[1..], "open is open, however old");
    work.list_open(&closed, at(50)).await.unwrap();
    assert_eq!(since(1_000).await, both, "reopened, and still first listed when it was");
}

async fn a_brake_is_kept_and_the_newest_move_counts(brakes: &dyn Brakes) {
    let before = brakes.brake().await.unwrap();
    let on = brake(next_number(before.as_ref()), true);
    assert!(brakes.move_brake(&on).await.unwrap());
    assert_eq!(brakes.brake().await.unwrap().as_ref(), Some(&on));
    // More than ten, so that an order by text would show.
    let mut last = on.clone();
    for _ in 0..12 {
        last = brake(next_number(Some(&last)), !last.frozen);
        assert!(brakes.move_brake(&last).await.unwrap());
        assert_eq!(brakes.brake().await.unwrap().as_ref(), Some(&last));
    }
    let rewritten = Brake { why: "nothing ever happened".to_owned(), ..on };
    assert!(!brakes.move_brake(&rewritten).await.unwrap(), "what is kept is kept");
    assert_eq!(brakes.brake().await.unwrap(), Some(last));
}

async fn of_two_who_move_the_brake_at_once_one_does(brakes: &dyn Brakes) {
    let number = next_number(brakes.brake().await.unwrap().as_ref());
    let moves: Vec<Brake> = (0..WRITERS)
        .map(|writer| Brake { why: format!("writer {writer}"), ..brake(number, true) })
        .collect();
    let kept = join_all(moves.iter().map(|one| brakes.move_brake(one))).await;
    let kept: Vec<usize> =
        (0..WRITERS).filter(|at| kept[*at].as_ref().is_ok_and(|kept| *kept)).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(brakes.brake().await.unwrap().as_ref(), Some(&moves[kept[0]]));
}

async fn a_lease_is_held_by_one_until_it_expires(work: &dyn Work, name: &str) {
    let case = case(name, "leased");
    let lease = |holder: &'static str, now: i64, until: i64| {
        let case = case.clone();
        async move { mine(work.lease(&case, holder, at(now), at(until)).await.unwrap()) }
    };
    let first = lease("a", 0, 30).await.unwrap();
    assert_eq!((first.holder.as_str(), first.until), ("a", at(30)));
    assert_eq!(lease("b", 10, 40).await, None);
    let standing = work.lease(&case, "b", at(10), at(40)).await.unwrap();
    assert_eq!(standing, Claim::Theirs(first), "who is refused is told who holds it");
    assert!(lease("a", 20, 50).await.is_some(), "its holder renews it");
    assert_eq!(lease("b", 49, 80).await, None, "the renewed end counts");
    assert!(lease("b", 50, 80).await.is_some(), "it is over at its end");
    assert_eq!(lease("a", 51, 90).await, None, "who lost it does not get it back");
}

async fn a_lease_is_taken_over_only_as_it_was_seen(work: &dyn Work, name: &str) {
    let case = case(name, "watched");
    let seen = mine(work.lease(&case, "a", at(0), at(9_000)).await.unwrap()).unwrap();
    mine(work.lease(&case, "a", at(10), at(9_010)).await.unwrap()).unwrap();
    let late = work.take_over(&seen, "b", at(60)).await.unwrap();
    assert_eq!(late, None, "it was renewed since");
    let seen = Lease { until: at(9_010), ..seen };
    let taken = work.take_over(&seen, "b", at(60)).await.unwrap().unwrap();
    assert_eq!((taken.holder.as_str(), taken.until), ("b", at(60)));
    assert_eq!(work.take_over(&seen, "c", at(60)).await.unwrap(), None, "one gets it");
    assert_eq!(mine(work.lease(&case, "a", at(20), at(90)).await.unwrap()), None);
}

async fn a_lease_is_given_back_only_by_its_holder(work: &dyn Work, name: &str) {
    let case = case(name, "returned");
    let stale = mine(work.lease(&case, "a", at(0), at(10)).await.unwrap()).unwrap();
    let held = mine(work.lease(&case, "b", at(10), at(60)).await.unwrap()).unwrap();
    work.release(&stale).await.unwrap();
    assert_eq!(mine(work.lease(&case, "c", at(20), at(70)).await.unwrap()), None);
    work.release(&held).await.unwrap();
    work.release(&held).await.unwrap();
    assert!(mine(work.lease(&case, "c", at(21), at(70)).await.unwrap()).is_some());
}

async fn of_holders_at_the_same_moment_one_gets_the_lease(work: &dyn Work, name: &str) {
    let case = case(name, "raced");
    let holders: Vec<String> = (0..WRITERS).map(|number| format!("replica {number}")).collect();
    let asked = holders.iter().map(|holder| work.lease(&case, holder, at(0), at(30)));
    let given = join_all(asked).await.into_iter().map(Result::unwrap);
    assert_eq!(given.filter_map(mine).count(), 1);
}

fn mine(claim: Claim) -> Option<Lease> {
    match claim {
        Claim::Mine(lease) => Some(lease),
        Claim::Theirs(_) => None,
    }
}

fn brake(number: u64, frozen: bool) -> Brake {
    Brake {
        number,
        frozen,
        at: at(0),
        by: PersonId { team: "T1".to_owned(), user: "U1".to_owned() },
        name: "ana".to_owned(),
        why: "quotes \" and \u{1f511}".to_owned(),
        proof: format!("proof {number}"),
    }
}

fn case(name: &str, of: &str) -> CaseId {
    CaseId(format!("{name}-{of}"))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + seconds)
}

fn line(record: &Record) -> String {
    String::from_utf8(canonical(record)).unwrap()
}

fn record(case: &CaseId, note: &str, previous: Option<&Record>) -> Record {
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
