//! The fold as people would say it: who may decide what, when, and in which order.

use crate::domain::case::Case;
use crate::domain::digest::canonical;
use crate::domain::event::Event;
use crate::domain::fold::IllegalRecord;
use crate::domain::ids::CaseId;
use crate::domain::plan::{PlanKind, PlanNumber};
use crate::domain::plan_state::PlanStatus;
use crate::domain::record::{Actor, Entry, Record, Tampering, check_chain};
use crate::domain::sample::{at, opened, person, plan};
use crate::domain::step_result::StepResult;
use proptest::prelude::*;

fn by(user: &str, delivery: Option<&str>, event: Event) -> Entry {
    let actor = Actor::Person { person: person(user), name: None };
    let delivery = delivery.map(str::to_owned);
    Entry { at: at(1), actor, place: None, delivery, event }
}

fn then(case: &mut Case, entry: Entry) -> Result<(), IllegalRecord> {
    let record = entry.chained(case.id().clone(), case.last_record());
    case.apply(&record)
}

fn proposed() -> (Case, PlanNumber, String) {
    let mut case = opened();
    let plan = plan(&case, PlanKind::Containment);
    let (number, hash) = (plan.number, plan.hash());
    let event = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    then(&mut case, Entry::own(at(2), event)).unwrap();
    (case, number, hash)
}

fn approve(plan: PlanNumber, hash: &str) -> Event {
    Event::Approved { plan, hash: hash.to_owned() }
}

fn intent(plan: PlanNumber, hash: &str, step: u32, attempt: u32) -> Event {
    Event::Intent { plan, step, attempt, plan_hash: hash.to_owned() }
}

fn done() -> StepResult {
    StepResult::Done { changed: true, how: None, request_id: None }
}

#[test]
fn the_requester_does_not_approve_and_nobody_approves_twice() {
    let (mut case, number, hash) = proposed();
    let own = then(&mut case, by("ana", Some("d1"), approve(number, &hash)));
    assert_eq!(own, Err(IllegalRecord::Requester));
    then(&mut case, by("bob", Some("d2"), approve(number, &hash))).unwrap();
    let again = then(&mut case, by("bob", Some("d3"), approve(number, &hash)));
    assert_eq!(again, Err(IllegalRecord::AlreadyApproved));
    then(&mut case, by("cyn", Some("d4"), approve(number, &hash))).unwrap();
    assert_eq!(case.plan(number).unwrap().approvals.len(), 2, "an overshoot counts too");
}

#[test]
fn an_approval_of_another_hash_is_no_approval() {
    let (mut case, number, _) = proposed();
    let other = then(&mut case, by("bob", None, approve(number, "ff")));
    assert_eq!(other, Err(IllegalRecord::OtherHash));
}

#[test]
fn the_same_delivery_counts_once() {
    let (mut case, number, hash) = proposed();
    then(&mut case, by("bob", Some("d2"), approve(number, &hash))).unwrap();
    let repeated = then(&mut case, by("bob", Some("d2"), Event::SummaryAsked));
    assert_eq!(repeated, Err(IllegalRecord::Repeated));
}

#[test]
fn nothing_begins_without_enough_approvals() {
    let (mut case, number, hash) = proposed();
    let early = then(&mut case, Entry::own(at(3), intent(number, &hash, 0, 1)));
    assert_eq!(early, Err(IllegalRecord::WrongState("approved")));
}

#[test]
fn a_withdrawn_or_denied_approval_no_longer_allows_anything() {
    for taken_back in ["withdrawn", "denied"] {
        let (mut case, number, hash) = proposed();
        then(&mut case, by("bob", None, approve(number, &hash))).unwrap();
        let event = match taken_back {
            "withdrawn" => Event::Withdrawn { plan: number },
            _ => Event::Denied { plan: number, reason: None },
        };
        then(&mut case, by("bob", None, event)).unwrap();
        let begun = then(&mut case, Entry::own(at(3), intent(number, &hash, 0, 1)));
        assert!(begun.is_err(), "{taken_back}");
    }
}

#[test]
fn an_approval_cannot_be_withdrawn_once_execution_has_begun() {
    let (mut case, number, hash) = proposed();
    then(&mut case, by("bob", None, approve(number, &hash))).unwrap();
    then(&mut case, Entry::own(at(3), intent(number, &hash, 0, 1))).unwrap();
    let late = then(&mut case, by("bob", None, Event::Withdrawn { plan: number }));
    assert_eq!(late, Err(IllegalRecord::WrongState("open to decisions")));
}

#[test]
fn an_outcome_needs_its_intent_and_a_done_step_is_not_begun_again() {
    let (mut case, number, hash) = proposed();
    then(&mut case, by("bob", None, approve(number, &hash))).unwrap();
    let outcome = |step, attempt| Event::Outcome { plan: number, step, attempt, result: done() };
    assert!(then(&mut case, Entry::own(at(3), outcome(0, 1))).is_err());
    then(&mut case, Entry::own(at(3), intent(number, &hash, 0, 1))).unwrap();
    then(&mut case, Entry::own(at(4), outcome(0, 1))).unwrap();
    assert!(then(&mut case, Entry::own(at(5), intent(number, &hash, 0, 2))).is_err());
    then(&mut case, Entry::own(at(5), intent(number, &hash, 1, 1))).unwrap();
    assert_eq!(case.plan(number).unwrap().status(), PlanStatus::Executing);
    then(&mut case, Entry::own(at(6), outcome(1, 1))).unwrap();
    assert_eq!(case.plan(number).unwrap().status(), PlanStatus::Done);
}

#[test]
fn a_new_plan_takes_the_place_of_the_one_that_waits() {
    let (mut case, first, hash) = proposed();
    let second = plan(&case, PlanKind::Containment);
    let second_hash = second.hash();
    let event = Event::Proposed { plan: Box::new(second), hash: second_hash };
    then(&mut case, Entry::own(at(9), event)).unwrap();
    assert_eq!(case.plan(first).unwrap().status(), PlanStatus::Voided);
    assert!(then(&mut case, by("bob", None, approve(first, &hash))).is_err());
}

#[test]
fn a_closed_case_takes_no_more_decisions() {
    let (mut case, number, hash) = proposed();
    then(&mut case, by("ana", None, Event::Closed { reason: None })).unwrap();
    let late = then(&mut case, by("bob", None, approve(number, &hash)));
    assert_eq!(late, Err(IllegalRecord::Closed));
}

/// The journal of a small story, as its stored lines.
fn story() -> (CaseId, Vec<String>) {
    let (mut case, number, hash) = proposed();
    then(&mut case, by("bob", Some("d2"), approve(number, &hash))).unwrap();
    then(&mut case, Entry::own(at(3), intent(number, &hash, 0, 1))).unwrap();
    let event = Event::Outcome { plan: number, step: 0, attempt: 1, result: done() };
    then(&mut case, Entry::own(at(4), event)).unwrap();
    let line = |record: &Record| String::from_utf8(canonical(record)).unwrap();
    let lines = case.records().iter().map(|record| line(record)).collect();
    (case.id().clone(), lines)
}

#[test]
fn an_intact_chain_is_found_intact() {
    let (id, lines) = story();
    assert_eq!(check_chain(&id, &lines).unwrap().len(), lines.len());
}

#[test]
fn removed_swapped_and_replaced_records_are_named() {
    let (id, lines) = story();
    let mut removed = lines.clone();
    removed.remove(1);
    assert_eq!(check_chain(&id, &removed).unwrap_err(), Tampering::Missing { seq: 2 });
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    assert_eq!(check_chain(&id, &swapped).unwrap_err(), Tampering::Missing { seq: 2 });
    let mut forked = lines.clone();
    let mut record: Record = serde_json::from_str(&lines[2]).unwrap();
    record.at = at(77);
    record.hash = record.computed_hash();
    forked[2] = String::from_utf8(canonical(&record)).unwrap();
    assert_eq!(check_chain(&id, &forked).unwrap_err(), Tampering::Forked { seq: 4 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Any byte of any record, changed to anything else, is found in that very record.
    #[test]
    fn a_flipped_byte_is_found_in_its_record(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        flip in 1_u8..=255,
    ) {
        let (id, lines) = story();
        let index = which.index(lines.len());
        let mut bytes = lines[index].clone().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        let mut tampered = lines;
        tampered[index] = String::from_utf8_lossy(&bytes).into_owned();
        let found = check_chain(&id, &tampered).unwrap_err();
        prop_assert_eq!(found.seq(), index as u64 + 1, "{:?}", found);
    }
}

#[test]
fn a_time_of_exposure_is_the_trails_until_a_person_says_another_and_fixed_once_approved() {
    let (mut case, number, hash) = proposed();
    let by_trail = |since| Event::Exposed {
        since: Some(at(since)),
        why: Some("first use unlike the others".to_owned()),
        event_id: None,
    };
    let by_person = Event::Exposed { since: None, why: None, event_id: None };
    then(&mut case, by("bob", None, approve(number, &hash))).unwrap();
    let late = then(&mut case, Entry::own(at(3), by_trail(0)));
    assert!(matches!(late, Err(IllegalRecord::WrongState(_))), "an approval rests on it");
    then(&mut case, by("bob", None, Event::Withdrawn { plan: number })).unwrap();
    then(&mut case, Entry::own(at(3), by_trail(0))).unwrap();
    assert_eq!(case.exposed_since(), Some(at(0)));
    let stale = then(&mut case, by("bob", None, approve(number, &hash)));
    assert!(stale.is_err(), "it was made for another time");
    let nobody = then(&mut case, Entry::own(at(4), by_person.clone()));
    assert_eq!(nobody, Err(IllegalRecord::NotAPerson));
    then(&mut case, by("bob", None, by_person)).unwrap();
    assert_eq!(case.exposed_since(), None);
    let over_a_person = then(&mut case, Entry::own(at(5), by_trail(1)));
    assert!(matches!(over_a_person, Err(IllegalRecord::WrongState(_))));
}

#[test]
fn an_approval_on_a_time_that_the_trail_told_stands_and_reaches_back_when_it_tells_an_earlier_one()
{
    let by_trail = |since: Option<i64>| {
        let why = Some("first use unlike the others".to_owned());
        Entry::own(at(3), Event::Exposed { since: since.map(at), why, event_id: None })
    };
    let mut case = opened();
    then(&mut case, by_trail(Some(5))).unwrap();
    let plan = plan(&case, PlanKind::Containment);
    let (number, hash) = (plan.number, plan.hash());
    let event = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    then(&mut case, Entry::own(at(2), event)).unwrap();
    then(&mut case, by("bob", None, approve(number, &hash))).unwrap();
    for no_earlier in [None, Some(5), Some(6)] {
        let refused = then(&mut case, by_trail(no_earlier));
        assert!(matches!(refused, Err(IllegalRecord::WrongState(_))), "{no_earlier:?}");
    }
    let event = Event::Exposed { since: Some(at(4)), why: None, event_id: None };
    let person = then(&mut case, by("bob", None, event));
    assert!(matches!(person, Err(IllegalRecord::WrongState(_))), "people decide before");
    then(&mut case, by_trail(Some(4))).unwrap();
    assert_eq!(case.exposed_since(), Some(at(4)));
    assert_eq!(case.plan(number).unwrap().status(), PlanStatus::Approved);
    assert_eq!(case.outdated(), None, "nothing is proposed anew");
}
