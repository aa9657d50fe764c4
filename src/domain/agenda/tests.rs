//! The agenda as people would say it: what is due, in which order, and when.

use crate::domain::agenda::{
    Act, Ask, Due, Lookout, Timing, TrailState, next_act, next_ask, next_channel_try,
};
use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::event::{Event, Phase};
use crate::domain::plan::{PlanKind, PlanNumber};
use crate::domain::plan_state::PlanStatus;
use crate::domain::record::{Actor, Entry};
use crate::domain::sample;
use crate::domain::step_result::StepResult;
use jiff::{SignedDuration, Timestamp};

fn timing() -> Timing {
    let seconds = SignedDuration::from_secs;
    Timing {
        read_back: [5, 15, 60, 300].map(seconds).to_vec(),
        survey_every: seconds(30),
        watch_for: seconds(1_800),
        watch_every: seconds(300),
        trail_complete_after: seconds(1_200),
    }
}

fn at(seconds: i64) -> Timestamp {
    sample::at(seconds)
}

fn then(case: &mut Case, seconds: i64, event: Event) {
    let record = Entry::own(at(seconds), event).chained(case.id().clone(), case.last_record());
    case.apply(&record).unwrap();
}

fn by(case: &mut Case, user: &str, event: Event) {
    let actor = Actor::Person { person: sample::person(user), name: None };
    let entry = Entry { at: at(2), actor, place: None, delivery: None, event };
    let record = entry.chained(case.id().clone(), case.last_record());
    case.apply(&record).unwrap();
}

/// With the rights ready.
fn act(case: &Case, seconds: i64) -> Due<Act> {
    next_act(case, &timing(), warm(case, seconds), at(seconds))
}

fn warm(case: &Case, seconds: i64) -> Lookout {
    let warmed = case.pending_plan().map(|state| (state.plan.number, at(seconds)));
    Lookout { warmed, ..Lookout::default() }
}

/// A case whose plan of two steps is approved.
fn approved() -> (Case, PlanNumber, String) {
    let mut case = sample::opened();
    then(&mut case, 1, Event::Validated);
    let plan = sample::plan(&case, PlanKind::Containment);
    let (number, hash) = (plan.number, plan.hash());
    then(&mut case, 1, Event::Proposed { plan: Box::new(plan), hash: hash.clone() });
    by(&mut case, "bob", Event::Approved { plan: number, hash: hash.clone() });
    (case, number, hash)
}

fn attempt(
    case: &mut Case,
    at: i64,
    (plan, hash): (PlanNumber, &str),
    step: u32,
    result: StepResult,
) {
    let attempt = case.plan(plan).unwrap().steps[step as usize].attempts + 1;
    let plan_hash = hash.to_owned();
    then(case, at, Event::Intent { plan, step, attempt, plan_hash });
    then(case, at, Event::Outcome { plan, step, attempt, result });
}

fn done() -> StepResult {
    StepResult::Done { changed: true, how: None, request_id: None }
}

/// A case whose plan was carried out at second 10.
fn carried_out() -> (Case, PlanNumber) {
    let (mut case, plan, hash) = approved();
    attempt(&mut case, 10, (plan, &hash), 0, done());
    attempt(&mut case, 10, (plan, &hash), 1, done());
    (case, plan)
}

#[test]
fn validation_comes_first_and_the_plan_follows_by_itself() {
    let mut case = sample::opened();
    let trail = TrailState::default();
    assert_eq!(next_ask(&case, &timing(), trail, at(1)), Due::Now(Ask::Validate));
    assert_eq!(act(&case, 1), Due::Nothing);
    then(&mut case, 1, Event::Validated);
    assert_eq!(act(&case, 1), Due::Now(Act::ProposeContainment));
}

#[test]
fn an_approved_plan_begins_with_the_deny_at_once() {
    let (case, plan, _) = approved();
    assert_eq!(act(&case, 2), Due::Now(Act::Step { plan, step: 0, attempt: 1 }));
}

#[test]
fn a_failed_step_is_tried_again_later_and_the_next_one_does_not_wait_for_it() {
    let (mut case, plan, hash) = approved();
    let failed =
        StepResult::Failed { why: "throttled".to_owned(), retryable: true, request_id: None };
    attempt(&mut case, 10, (plan, &hash), 0, failed);
    assert_eq!(act(&case, 10), Due::Now(Act::Step { plan, step: 1, attempt: 1 }));
    attempt(&mut case, 10, (plan, &hash), 1, done());
    assert_eq!(act(&case, 11), Due::At(at(12)));
    assert_eq!(case.plan(plan).unwrap().status(), PlanStatus::Executing, "it is not over");
    assert_eq!(act(&case, 12), Due::Now(Act::Step { plan, step: 0, attempt: 2 }));
}

#[test]
fn an_intent_without_an_outcome_is_taken_up_again_after_a_crash() {
    let (mut case, plan, hash) = approved();
    then(&mut case, 10, Event::Intent { plan, step: 0, attempt: 1, plan_hash: hash });
    assert_eq!(act(&case, 11), Due::Now(Act::Step { plan, step: 0, attempt: 2 }));
}

#[test]
fn a_plan_that_nobody_decides_expires() {
    let mut case = sample::opened();
    then(&mut case, 1, Event::Validated);
    let plan = sample::plan(&case, PlanKind::Containment);
    let (number, hash, expires) = (plan.number, plan.hash(), plan.expires_at);
    then(&mut case, 1, Event::Proposed { plan: Box::new(plan), hash });
    let warm = Lookout { warmed: Some((number, expires)), ..Lookout::default() };
    assert_eq!(next_act(&case, &timing(), warm, at(2)), Due::At(expires));
    let due = next_act(&case, &timing(), warm, expires);
    assert_eq!(due, Due::Now(Act::Expire(number)));
}

#[test]
fn done_steps_are_read_back_on_schedule_and_then_held() {
    let (mut case, plan) = carried_out();
    for (check, after) in [5, 15, 60, 300].into_iter().enumerate() {
        let check = check as u32;
        assert_eq!(act(&case, 10 + after - 1), Due::At(at(10 + after)));
        assert_eq!(act(&case, 10 + after), Due::Now(Act::ReadBack { plan, check }));
        then(&mut case, 10 + after, Event::ReadBack { plan, check, drifts: Vec::new() });
    }
    assert_eq!(act(&case, 311), Due::Now(Act::Hold(plan)));
}

#[test]
fn a_reverted_step_is_asked_about_at_once_and_not_held() {
    let (mut case, plan) = carried_out();
    let drift = Drift { plan, step: Some(0), what: "the deny is gone".to_owned(), by: None };
    then(&mut case, 15, Event::ReadBack { plan, check: 0, drifts: vec![drift] });
    assert_eq!(act(&case, 15), Due::Now(Act::ProposeAgain(plan)));
}

#[test]
fn re_applied_steps_run_again_under_the_first_approval() {
    let (mut case, plan) = carried_out();
    let drift = Drift { plan, step: Some(0), what: "the deny is gone".to_owned(), by: None };
    then(&mut case, 15, Event::ReadBack { plan, check: 0, drifts: vec![drift] });
    then(
        &mut case,
        16,
        Event::Reapply { plan, steps: vec![0], reverter: "actor".to_owned(), racing: false },
    );
    assert_eq!(act(&case, 16), Due::Now(Act::Step { plan, step: 0, attempt: 2 }));
}

#[test]
fn the_trail_is_swept_until_contained_and_then_watched() {
    let (case, plan) = carried_out();
    let trail = |swept_at| TrailState { configured: true, swept_at };
    let ask = |swept: Option<i64>, now| next_ask(&case, &timing(), trail(swept.map(at)), at(now));
    assert_eq!(ask(None, 11), Due::Now(Ask::Sweep(plan)));
    assert_eq!(ask(Some(11), 12), Due::At(at(41)));
    let without = TrailState::default();
    assert_eq!(next_ask(&case, &timing(), without, at(11)), Due::Nothing);
}

#[test]
fn a_watch_ends_after_its_time() {
    let (mut case, plan) = carried_out();
    for check in 0..4 {
        then(&mut case, 310, Event::ReadBack { plan, check, drifts: Vec::new() });
    }
    then(&mut case, 311, Event::Held { plan });
    then(&mut case, 320, Event::Contained { plan, as_of: at(312) });
    assert_eq!(act(&case, 321), Due::At(at(610)));
    assert_eq!(act(&case, 2_120), Due::Now(Act::EndWatch(plan)));
    then(&mut case, 2_120, Event::WatchEnded { plan });
    assert_eq!(act(&case, 2_200), Due::Nothing);
}

#[test]
fn pressing_containment_again_asks_for_a_new_plan() {
    let (mut case, _) = carried_out();
    assert_ne!(act(&case, 11), Due::Now(Act::ProposeContainment));
    by(&mut case, "ana", Event::PhasePressed { phase: Phase::Containment });
    assert_eq!(act(&case, 11), Due::Now(Act::ProposeContainment));
}

#[test]
fn a_closed_case_has_no_work_on_the_account() {
    let (mut case, _, _) = approved();
    by(&mut case, "ana", Event::Closed { reason: None });
    assert_eq!(act(&case, 11), Due::Nothing);
}

#[test]
fn a_closed_case_is_held_against_the_trail_once_and_tried_again_until_then() {
    let (mut case, _, _) = approved();
    let ask = |case: &Case, swept_at: Option<i64>, seconds: i64| {
        let trail = TrailState { configured: true, swept_at: swept_at.map(at) };
        next_ask(case, &timing(), trail, at(seconds))
    };
    assert_ne!(ask(&case, None, 2), Due::Now(Ask::Reconcile), "it is open");
    by(&mut case, "ana", Event::Closed { reason: None });
    assert_eq!(ask(&case, Some(1), 3), Due::Now(Ask::Reconcile), "whatever was swept before");
    assert_eq!(ask(&case, Some(3), 4), Due::At(at(303)));
    assert_eq!(ask(&case, Some(3), 303), Due::Now(Ask::Reconcile));
    let blind = TrailState::default();
    assert_eq!(next_ask(&case, &timing(), blind, at(3)), Due::Now(Ask::Reconcile), "to say so");
    then(&mut case, 4, Event::NotReconciled { why: "no trail".to_owned() });
    assert_eq!(ask(&case, Some(3), 303), Due::Nothing);
}

#[test]
fn what_an_undo_lifts_is_neither_read_back_nor_swept_until_the_undo_is_over() {
    let (mut case, plan) = carried_out();
    by(&mut case, "ana", Event::UndoWanted { plan, steps: Vec::new() });
    let undo = sample::plan(&case, PlanKind::Undo);
    let (number, hash) = (undo.number, undo.hash());
    then(&mut case, 11, Event::Proposed { plan: Box::new(undo), hash: hash.clone() });
    let trail = TrailState { configured: true, swept_at: None };
    assert_eq!(
        act(&case, 15),
        Due::Now(Act::ReadBack { plan, check: 0 }),
        "nobody approved it yet"
    );
    by(&mut case, "bob", Event::Approved { plan: number, hash: hash.clone() });
    attempt(&mut case, 20, (number, &hash), 0, done());
    assert_eq!(act(&case, 9_000), Due::Now(Act::Step { plan: number, step: 1, attempt: 1 }));
    assert_eq!(next_ask(&case, &timing(), trail, at(9_000)), Due::Nothing);
    let failed =
        StepResult::Failed { why: "denied".to_owned(), retryable: false, request_id: None };
    attempt(&mut case, 9_000, (number, &hash), 1, failed);
    assert_eq!(next_ask(&case, &timing(), trail, at(9_001)), Due::Now(Ask::Sweep(plan)));
}

#[test]
fn an_undo_that_was_asked_for_twice_is_over_once_it_is_done() {
    let (mut case, plan) = carried_out();
    by(&mut case, "ana", Event::UndoWanted { plan, steps: Vec::new() });
    let undo = sample::plan(&case, PlanKind::Undo);
    let (number, hash) = (undo.number, undo.hash());
    then(&mut case, 11, Event::Proposed { plan: Box::new(undo), hash: hash.clone() });
    by(&mut case, "ana", Event::UndoWanted { plan, steps: Vec::new() });
    by(&mut case, "bob", Event::Approved { plan: number, hash: hash.clone() });
    for step in 0..2 {
        attempt(&mut case, 20, (number, &hash), step, done());
    }
    assert!(case.wanted_undo().is_none(), "there is nothing left to undo");
    by(&mut case, "ana", Event::PhasePressed { phase: Phase::Containment });
    assert_eq!(act(&case, 20), Due::Now(Act::ProposeContainment));
}

fn exposed(since: Option<i64>) -> Event {
    let why = Some("first use unlike the others".to_owned());
    Event::Exposed { since: since.map(at), why, event_id: None }
}

#[test]
fn the_plan_waits_for_a_first_look_at_the_trail_and_no_longer_than_a_minute() {
    let mut case = sample::opened();
    then(&mut case, 1, Event::Validated);
    let trail = TrailState { configured: true, swept_at: None };
    let lookout = Lookout { possible: true, ..Lookout::default() };
    let act = |case: &Case, seconds| next_act(case, &timing(), lookout, at(seconds));
    assert_eq!(next_ask(&case, &timing(), trail, at(1)), Due::Now(Ask::FirstLook));
    assert_eq!(act(&case, 1), Due::At(at(61)));
    assert_eq!(act(&case, 61), Due::Now(Act::ProposeContainment), "a slow trail holds up nothing");
    then(&mut case, 3, exposed(None));
    assert_eq!(next_ask(&case, &timing(), trail, at(3)), Due::Nothing, "one look is enough");
    assert_eq!(act(&case, 3), Due::Now(Act::ProposeContainment));
}

/// Who uses the key regularly is in the plan, also where a person said since when it is exposed.
#[test]
fn the_trail_is_looked_at_once_before_the_plan_when_a_person_gave_the_time_too() {
    let mut case = sample::opened();
    then(&mut case, 1, Event::Validated);
    by(&mut case, "bob", Event::Exposed { since: Some(at(0)), why: None, event_id: None });
    let trail = TrailState { configured: true, swept_at: None };
    assert_eq!(next_ask(&case, &timing(), trail, at(2)), Due::Now(Ask::FirstLook));
    then(&mut case, 3, Event::SurveyFailed { why: "it is away".to_owned() });
    assert_eq!(next_ask(&case, &timing(), trail, at(3)), Due::Nothing, "once");
    assert_eq!(act(&case, 3), Due::Now(Act::ProposeContainment));
}

#[test]
fn a_plan_with_another_time_of_exposure_is_made_again_and_a_denied_one_is_not() {
    let mut case = sample::opened();
    then(&mut case, 1, Event::Validated);
    let plan = sample::plan(&case, PlanKind::Containment);
    let (number, hash) = (plan.number, plan.hash());
    then(&mut case, 1, Event::Proposed { plan: Box::new(plan), hash });
    then(&mut case, 2, exposed(None));
    assert_eq!(case.plan(number).unwrap().status(), PlanStatus::Proposed, "nothing changed");
    let mut denied = case.clone();
    then(&mut case, 3, exposed(Some(0)));
    assert_eq!(case.plan(number).unwrap().status(), PlanStatus::Voided);
    assert_eq!(act(&case, 3), Due::Now(Act::ProposeContainment));
    then(&mut case, 4, Event::NotProposed { why: "nothing to do".to_owned(), eradication: false });
    assert_eq!(act(&case, 4), Due::Nothing, "made again once");
    by(&mut denied, "bob", Event::Denied { plan: number, reason: None });
    then(&mut denied, 3, exposed(Some(0)));
    assert_eq!(act(&denied, 3), Due::Nothing, "people said no");
}

#[test]
fn the_channel_is_tried_ever_more_rarely_and_at_once_when_somebody_comes_back() {
    let mut case = sample::opened();
    assert_eq!(next_channel_try(&case, at(1)), Due::Now(()));
    let failed = || Event::ChannelFailed { why: "no scope".to_owned(), for_now: true };
    let mut when = 10;
    for minutes in [1, 5, 15, 60, 60] {
        then(&mut case, when, failed());
        let next = when + 60 * minutes;
        assert_eq!(next_channel_try(&case, at(next - 1)), Due::At(at(next)));
        assert_eq!(next_channel_try(&case, at(next)), Due::Now(()));
        when = next;
    }
    by(&mut case, "bob", Event::Joined);
    assert_eq!(next_channel_try(&case, at(when)), Due::Now(()));
    for _ in 0..30 {
        then(&mut case, when, failed());
    }
    assert_eq!(next_channel_try(&case, at(when + 86_400)), Due::Nothing, "a day is enough");
    by(&mut case, "bob", Event::Joined);
    assert_eq!(next_channel_try(&case, at(when)), Due::Now(()));
}

#[test]
fn what_somebody_else_put_back_is_read_again_and_not_proposed_without_end() {
    let (mut case, plan) = carried_out();
    let drift = Drift { plan, step: Some(0), what: "the deny is gone".to_owned(), by: None };
    then(&mut case, 15, Event::ReadBack { plan, check: 0, drifts: vec![drift] });
    assert_eq!(act(&case, 15), Due::Now(Act::ProposeAgain(plan)));
    then(
        &mut case,
        16,
        Event::NotProposed { why: "all is as it should be".to_owned(), eradication: false },
    );
    assert_eq!(act(&case, 16), Due::At(at(30)));
    assert_eq!(act(&case, 30), Due::Now(Act::ReadBack { plan, check: 1 }));
    then(&mut case, 30, Event::ReadBack { plan, check: 1, drifts: Vec::new() });
    assert_eq!(act(&case, 30), Due::At(at(70)), "the schedule goes on");
}

mod abreast;
mod allowed;
mod signer;
