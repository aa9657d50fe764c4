//! What every store of claims, lists, leases and the brake must do; the same suite on each of them.

use crate::journal_contract::{WRITERS, at, case};
use futures_util::future::join_all;
use keyleak::domain::brake::{Brake, next_number};
use keyleak::domain::caps::{Begun, Tally};
use keyleak::domain::ids::{CaseId, PersonId};
use keyleak::domain::one_time_code::CodeBook;
use keyleak::ports::journal::{Brakes, Claim, Kept, Lease, Work};

/// Runs the whole suite of claims, lists and leases.
pub(crate) async fn work_contract(work: &dyn Work, name: &str) {
    one_case_holds_a_key(work, name).await;
    what_is_kept_stays_until_it_is_forgotten(work, name).await;
    of_cases_claiming_at_the_same_moment_one_wins(work, name).await;
    cases_are_listed_while_they_have_work(work, name).await;
    the_index_tells_which_cases_had_work_since(work, name).await;
    a_brake_is_kept_and_the_newest_move_counts(work).await;
    of_two_who_move_the_brake_at_once_one_does(work).await;
    a_tally_follows_the_one_before_it(work).await;
    a_book_of_codes_follows_the_one_before_it(work, name).await;
    a_lease_is_held_by_one_until_it_expires(work, name).await;
    a_lease_is_taken_over_only_as_it_was_seen(work, name).await;
    a_lease_is_given_back_only_by_its_holder(work, name).await;
    of_holders_at_the_same_moment_one_gets_the_lease(work, name).await;
}

async fn what_is_kept_stays_until_it_is_forgotten(work: &dyn Work, name: &str) {
    let kept = |id: &str, what: &str| Kept { id: format!("{name}-{id}"), what: what.to_owned() };
    let ours = async || -> Vec<Kept> {
        let mut ours = work.kept().await.unwrap();
        ours.retain(|kept| kept.id.starts_with(name));
        ours.sort_by(|one, other| one.id.cmp(&other.id));
        ours
    };
    work.keep(&kept("b", "first")).await.unwrap();
    work.keep(&kept("a", "quotes \" and \u{1f511}")).await.unwrap();
    work.keep(&kept("b", "second")).await.unwrap();
    assert_eq!(ours().await, [kept("a", "quotes \" and \u{1f511}"), kept("b", "second")]);
    work.forget(&kept("b", "").id).await.unwrap();
    work.forget(&kept("b", "").id).await.unwrap();
    assert_eq!(ours().await, [kept("a", "quotes \" and \u{1f511}")]);
    work.forget(&kept("a", "").id).await.unwrap();
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

async fn a_book_of_codes_follows_the_one_before_it(work: &dyn Work, name: &str) {
    let (one, other) = (format!("{name}-U1"), format!("{name}-U2"));
    assert_eq!(work.code_book(&one).await.unwrap(), CodeBook::default());
    let first = CodeBook { number: 1, used: Some(7), wrong: Vec::new() };
    let early = CodeBook { number: 2, ..first.clone() };
    assert!(!work.keep_codes(&one, &early).await.unwrap(), "the one before it is not there");
    assert!(work.keep_codes(&one, &first).await.unwrap());
    assert!(!work.keep_codes(&one, &first).await.unwrap(), "it is there");
    assert_eq!(work.code_book(&other).await.unwrap(), CodeBook::default(), "each has their own");
    let books: Vec<CodeBook> =
        (0..WRITERS as u64).map(|used| CodeBook { used: Some(used), ..early.clone() }).collect();
    let kept = join_all(books.iter().map(|book| work.keep_codes(&one, book))).await;
    let kept: Vec<usize> =
        (0..WRITERS).filter(|at| kept[*at].as_ref().is_ok_and(|kept| *kept)).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(work.code_book(&one).await.unwrap(), books[kept[0]]);
}

async fn a_tally_follows_the_one_before_it(brakes: &dyn Brakes) {
    let before = brakes.tally().await.unwrap();
    let next = |why: &str, number: u64| Tally {
        number,
        begun: vec![Begun {
            case: CaseId(why.to_owned()),
            principal: "AIDA1".to_owned(),
            at: at(0),
        }],
    };
    let early = next("early", before.number + 2);
    assert!(!brakes.count(&early).await.unwrap(), "the one before it is not there");
    let tallies: Vec<Tally> =
        (0..WRITERS).map(|writer| next(&writer.to_string(), before.number + 1)).collect();
    let kept = join_all(tallies.iter().map(|tally| brakes.count(tally))).await;
    let kept: Vec<usize> =
        (0..WRITERS).filter(|at| kept[*at].as_ref().is_ok_and(|kept| *kept)).collect();
    assert_eq!(kept.len(), 1, "of those who count at once one does");
    assert_eq!(brakes.tally().await.unwrap(), tallies[kept[0]]);
    assert!(!brakes.count(&tallies[kept[0]]).await.unwrap(), "a number is given once");
    assert!(brakes.count(&early).await.unwrap());
    assert_eq!(brakes.tally().await.unwrap(), early);
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
