//! What every store of decisions must do; the same suite runs on each of them.

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::digest::canonical;
use keyleak::domain::event::{Event, Opening};
use keyleak::domain::ids::{AccessKeyId, CaseId, PersonId};
use keyleak::domain::record::{Actor, Entry, Record, check_chain};
use keyleak::ports::journal::{AppendError, Journal, Work};

/// As many writers at once as a busy channel has people.
const WRITERS: usize = 8;
/// Enough of them to need more than one page of 1 MB.
const LONG_RECORDS: usize = 60;
const LONG_NOTE_BYTES: usize = 20_000;

/// Runs the whole suite; `name` keeps its cases apart from others in the same store.
pub(crate) async fn journal_contract(journal: &dyn Journal, name: &str) {
    a_record_is_read_back_byte_for_byte(journal, name).await;
    an_identical_repeat_is_success_and_another_is_a_conflict(journal, name).await;
    of_writers_at_the_same_moment_one_wins(journal, name).await;
    a_long_journal_is_read_whole_and_in_order(journal, name).await;
}

/// Runs the whole suite of claims, lists and leases.
pub(crate) async fn work_contract(work: &dyn Work, name: &str) {
    one_case_holds_a_key(work, name).await;
    of_cases_claiming_at_the_same_moment_one_wins(work, name).await;
    cases_are_listed_while_they_have_work(work, name).await;
    a_lease_is_held_by_one_until_it_expires(work, name).await;
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
    for case in [&first, &second] {
        work.list_open(case).await.unwrap();
        // Stores may order by the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    work.list_open(&first).await.unwrap();
    let ours = |cases: Vec<CaseId>| {
        let ours = cases.into_iter().filter(|case| case.0.starts_with(name));
        ours.collect::<Vec<_>>()
    };
    let mut open = ours(work.open_cases().await.unwrap());
    open.sort();
    assert_eq!(open, [second.clone(), first.clone()]);
    work.unlist(&first).await.unwrap();
    work.unlist(&first).await.unwrap();
    let left = ours(work.open_cases().await.unwrap());
    assert_eq!(left, std::slice::from_ref(&second));
    let all = ours(work.all_cases().await.unwrap());
    assert_eq!(all, [first.clone(), second.clone()], "oldest first, closed or not");
    work.list_open(&first).await.unwrap();
    assert_eq!(ours(work.open_cases().await.unwrap()).len(), 2);
    assert_eq!(ours(work.all_cases().await.unwrap()), [first, second]);
}

async fn a_lease_is_held_by_one_until_it_expires(work: &dyn Work, name: &str) {
    let case = case(name, "leased");
    let lease = |holder: &'static str, now: i64, until: i64| {
        let case = case.clone();
        async move { work.lease(&case, holder, at(now), at(until)).await.unwrap() }
    };
    let first = lease("a", 0, 30).await.unwrap();
    assert_eq!((first.holder.as_str(), first.until), ("a", at(30)));
    assert_eq!(lease("b", 10, 40).await, None);
    assert!(lease("a", 20, 50).await.is_some(), "its holder renews it");
    assert_eq!(lease("b", 49, 80).await, None, "the renewed end counts");
    assert!(lease("b", 50, 80).await.is_some(), "it is over at its end");
    assert_eq!(lease("a", 51, 90).await, None, "who lost it does not get it back");
}

async fn a_lease_is_given_back_only_by_its_holder(work: &dyn Work, name: &str) {
    let case = case(name, "returned");
    let stale = work.lease(&case, "a", at(0), at(10)).await.unwrap().unwrap();
    let held = work.lease(&case, "b", at(10), at(60)).await.unwrap();
    let held = held.unwrap();
    work.release(&stale).await.unwrap();
    assert_eq!(work.lease(&case, "c", at(20), at(70)).await.unwrap(), None);
    work.release(&held).await.unwrap();
    work.release(&held).await.unwrap();
    assert!(work.lease(&case, "c", at(21), at(70)).await.unwrap().is_some());
}

async fn of_holders_at_the_same_moment_one_gets_the_lease(work: &dyn Work, name: &str) {
    let case = case(name, "raced");
    let holders: Vec<String> = (0..WRITERS).map(|number| format!("replica {number}")).collect();
    let asked = holders.iter().map(|holder| work.lease(&case, holder, at(0), at(30)));
    let given = join_all(asked).await;
    let given = given.into_iter().filter_map(Result::unwrap).count();
    assert_eq!(given, 1);
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
