//! What somebody allowed is read at once, and what is not allowed is no reason to read.

use super::{at, timing};
use crate::domain::agenda::asking::next_allowed;
use crate::domain::agenda::{Ask, Due};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::record::{Actor, Entry};
use crate::domain::sample::{opened, person, scan};
use crate::domain::scan::Scan;
use crate::domain::spending_step::SpendingStep;

/// The trail's reading is `a`, and the one of another log `b`.
fn log() -> Scan {
    Scan { question: Some("Q43".to_owned()), ..scan("b") }
}

fn step(case: &mut Case, seconds: i64, step: SpendingStep) {
    let is_allowed = matches!(step, SpendingStep::Allowed { .. });
    let person = Actor::Person { person: person("bob"), name: None };
    let actor = if is_allowed { person } else { Actor::Keyleak };
    let event = Event::Spending { step: Box::new(step) };
    let entry = Entry { at: at(seconds), actor, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

fn ask(case: &mut Case, scan: Scan) {
    step(case, 2, SpendingStep::Asked { scan, requester: person("ana") });
}

fn allow(case: &mut Case, seconds: i64, hash: &str) {
    step(case, seconds, SpendingStep::Allowed { sql_sha256: hash.to_owned() });
}

fn due(case: &Case, swept_at: Option<i64>, seconds: i64) -> Due<Ask> {
    next_allowed(case, &timing(), swept_at.map(at), at(seconds))
}

#[test]
fn what_is_allowed_is_read_at_once_and_where_that_failed_with_the_next_sweep() {
    let mut case = opened();
    assert_eq!(due(&case, None, 9), Due::Nothing);
    ask(&mut case, scan("a"));
    assert_eq!(due(&case, None, 9), Due::Nothing, "nobody has allowed it");
    allow(&mut case, 10, "a");
    assert_eq!(due(&case, None, 10), Due::Now(Ask::Allowed));
    assert_eq!(due(&case, Some(9), 10), Due::Now(Ask::Allowed), "whatever was swept before");
    assert_eq!(due(&case, Some(10), 11), Due::At(at(40)), "it was tried, and is tried again");
    assert_eq!(due(&case, Some(10), 40), Due::Now(Ask::Allowed));
    step(&mut case, 41, SpendingStep::Begun { sql_sha256: "a".to_owned() });
    assert_eq!(due(&case, Some(10), 99), Due::Nothing, "it is used up");
}

#[test]
fn a_question_that_is_allowed_is_asked_after_the_trail_and_both_have_their_turn() {
    let mut case = opened();
    ask(&mut case, log());
    ask(&mut case, scan("a"));
    allow(&mut case, 10, "b");
    let question = || Ask::AllowedQuestion { question: "Q43".to_owned() };
    assert_eq!(due(&case, None, 10), Due::Now(question()), "the trail is not allowed yet");
    allow(&mut case, 12, "a");
    assert_eq!(due(&case, Some(10), 12), Due::Now(Ask::Allowed));
    step(&mut case, 13, SpendingStep::Begun { sql_sha256: "a".to_owned() });
    assert_eq!(due(&case, Some(12), 13), Due::At(at(42)));
    assert_eq!(due(&case, Some(12), 42), Due::Now(question()));
}
