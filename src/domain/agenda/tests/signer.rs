//! Whose a session key is only the trail tells, so that it is read until it does.

use super::{act, at, then, timing};
use crate::domain::agenda::{Act, Ask, Due, TrailState, next_ask};
use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::facts::{Fact, Finding};
use crate::domain::record::{Actor, Entry};
use crate::domain::sample;
use crate::domain::signer::Signer;

/// What only the trail tells is looked for until it should be there, and again when asked.
#[test]
fn the_trail_is_read_again_until_it_names_a_session_key_and_then_the_plan_follows() {
    let mut case = sample::opened_for(sample::SESSION_KEY);
    then(&mut case, 1, Event::Validated);
    then(&mut case, 3, Event::SurveyFailed { why: "away".to_owned() });
    then(&mut case, 3, Event::NotProposed { why: "unknown".to_owned(), eradication: false });
    let ask = |case: &Case, swept_at: Option<i64>, now: i64| {
        let trail = TrailState { configured: true, swept_at: swept_at.map(at) };
        next_ask(case, &timing(), trail, at(now))
    };
    assert_eq!(ask(&case, None, 4), Due::At(at(33)), "half a minute after the first look");
    assert_eq!(ask(&case, Some(33), 63), Due::Now(Ask::FindSigner));
    assert_eq!(ask(&case, Some(1_202), 1_203), Due::At(at(1_502)), "it should have been there");
    let blind = TrailState::default();
    assert_eq!(next_ask(&case, &timing(), blind, at(63)), Due::Nothing);
    assert_eq!(act(&case, 63), Due::Nothing, "why there is no plan is said already");

    let mut half = case.clone();
    let used = Signer { via: None, ..sample::signer() };
    then(&mut half, 64, Event::Found { finding: Finding::Signer(Fact::Known(used)) });
    assert_eq!(ask(&half, Some(64), 94), Due::Now(Ask::FindSigner), "what opened it may come");
    assert_eq!(act(&half, 64), Due::Now(Act::ProposeContainment), "and is not waited for");

    let mut told = case.clone();
    let finding = Finding::Signer(Fact::Known(sample::signer()));
    then(&mut told, 64, Event::Found { finding });
    assert_eq!(ask(&told, Some(33), 9_000), Due::Nothing, "it is there");
    assert_eq!(act(&told, 64), Due::Now(Act::ProposeContainment));

    let entry = Entry {
        at: at(9_000),
        actor: Actor::Person { person: sample::person("ana"), name: None },
        place: None,
        delivery: None,
        event: Event::PhasePressed { phase: Phase::Containment },
    };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
    assert_eq!(ask(&case, Some(1_202), 9_001), Due::Now(Ask::FindSigner), "somebody asks again");
}
