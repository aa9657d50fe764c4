//! Each kind of difference between journal and trail, and that agreement is called agreement.

use super::*;
use crate::domain::event::StepResult;
use crate::domain::plan::PlanKind;
use crate::domain::record::{Actor, Entry};
use crate::domain::sample::{KEY, at, opened, person, plan};

const ROLE: &str = "arn:aws:iam::029608264753:role/keyleak-contain";
const DENY: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

/// A case whose two steps are done, at 10 to 13 seconds.
fn done() -> Case {
    let mut case = opened();
    let plan = plan(&case, PlanKind::Containment);
    let (number, hash) = (plan.number, plan.hash());
    let mut add = |seconds: i64, user: Option<&str>, event: Event| {
        let own = Entry::own(at(seconds), event);
        let entry = match user {
            None => own,
            Some(user) => {
                Entry { actor: Actor::Person { person: person(user), name: None }, ..own }
            }
        };
        case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
    };
    add(2, Some("ana"), Event::Proposed { plan: Box::new(plan), hash: hash.clone() });
    add(3, Some("bob"), Event::Approved { plan: number, hash: hash.clone() });
    for step in 0..2 {
        let begun = 10 + 2 * i64::from(step);
        let plan_hash = hash.clone();
        add(begun, None, Event::Intent { plan: number, step, attempt: 1, plan_hash });
        let result = StepResult::Done { changed: true, how: None, request_id: None };
        add(begun + 1, None, Event::Outcome { plan: number, step, attempt: 1, result });
    }
    case
}

fn row(case: &Case, seconds: i64, name: &str) -> TrailRow {
    let session = format!("arn:aws:sts::029608264753:assumed-role/keyleak-contain/{}", case.id());
    TrailRow {
        event_time: at(seconds).to_string(),
        event_name: Some(name.to_owned()),
        identity_arn: Some(session),
        issuer_arn: Some(ROLE.to_owned()),
        source_identity: case.plans().next().map(|state| state.hash.clone()),
        target_user: Some("ci".to_owned()),
        ..TrailRow::default()
    }
}

fn attach(case: &Case) -> TrailRow {
    TrailRow { target_policy: Some(DENY.to_owned()), ..row(case, 10, "AttachUserPolicy") }
}

fn update(case: &Case, status: &str) -> TrailRow {
    TrailRow {
        target_key: Some(KEY.to_owned()),
        target_status: Some(status.to_owned()),
        ..row(case, 12, "UpdateAccessKey")
    }
}

/// Both calls as the journal tells them.
fn faithful(case: &Case) -> Vec<TrailRow> {
    vec![attach(case), update(case, "Inactive")]
}

fn judge_at(case: &Case, rows: &[TrailRow], delivered_before: Timestamp) -> Reconciliation {
    let doer = Doer::Role { arn: ROLE.to_owned() };
    let cases = BTreeSet::from([case.id().clone(), CaseId("kl-2".to_owned())]);
    let watermark = Some(at(12));
    let testimony = Testimony { doer: &doer, rows, watermark, delivered_before, cases: &cases };
    reconcile(case, &testimony)
}

fn judge(case: &Case, rows: &[TrailRow]) -> Reconciliation {
    judge_at(case, rows, at(1_000))
}

#[test]
fn a_trail_that_tells_the_same_agrees() {
    let case = done();
    let result = judge(&case, &faithful(&case));
    assert_eq!(result.differences, []);
    assert_eq!((result.calls, result.covered), (2, 2));
    assert_eq!((result.steps, result.confirmed, result.pending), (2, 2, 0));
    assert!(result.source_identity_seen);
}

#[test]
fn a_forged_call_under_the_bots_role_is_found() {
    let case = done();
    let mut rows = faithful(&case);
    rows.push(row(&case, 12, "CreateAccessKey"));
    let result = judge(&case, &rows);
    assert!(matches!(result.differences[..], [Difference::CallWithoutDecision { .. }]));
}

#[test]
fn a_decided_call_made_at_another_time_is_not_covered_by_the_decision() {
    let case = done();
    let mut rows = faithful(&case);
    rows.push(TrailRow { event_time: at(600).to_string(), ..attach(&case) });
    let result = judge(&case, &rows);
    assert!(matches!(result.differences[..], [Difference::CallWithoutDecision { .. }]));
}

#[test]
fn other_arguments_are_named_beside_what_was_decided_and_the_key_is_masked() {
    let case = done();
    let mut rows = faithful(&case);
    rows.push(update(&case, "Active"));
    let result = judge(&case, &rows);
    let [Difference::OtherArguments { about, decided, .. }] = &result.differences[..] else {
        panic!("{:?}", result.differences);
    };
    assert!(about.contains("AKIA…7WML") && !about.contains(KEY), "{about}");
    assert!(decided.contains("inactive"), "{decided}");
}

#[test]
fn a_dropped_call_is_found_once_the_trail_had_its_time() {
    let case = done();
    let rows = [attach(&case)];
    let early = judge_at(&case, &rows, at(11));
    assert_eq!((early.confirmed, early.pending, early.differences.len()), (1, 1, 0));
    let late = judge(&case, &rows);
    assert!(matches!(late.differences[..], [Difference::DecisionWithoutCall { step: 1, .. }]));
}

#[test]
fn a_refused_call_confirms_no_step() {
    let case = done();
    let mut rows = faithful(&case);
    rows[1].error_code = Some("AccessDenied".to_owned());
    let result = judge(&case, &rows);
    assert!(matches!(result.differences[..], [Difference::DecisionWithoutCall { step: 1, .. }]));
}

#[test]
fn another_source_identity_is_another_plan() {
    let case = done();
    let mut rows = faithful(&case);
    rows[0].source_identity = Some("ab".repeat(32));
    let result = judge(&case, &rows);
    assert!(matches!(result.differences[..], [Difference::OtherPlan { .. }]));
    rows.iter_mut().for_each(|row| row.source_identity = None);
    let silent = judge(&case, &rows);
    assert!(silent.agrees() && !silent.source_identity_seen, "said to be unchecked, not wrong");
}

#[test]
fn a_session_named_after_no_case_is_found_and_one_of_another_case_is_left_to_it() {
    let case = done();
    let named = |name: &str| TrailRow {
        identity_arn: Some(format!("arn:aws:sts::1:assumed-role/keyleak-contain/{name}")),
        ..attach(&case)
    };
    let mut rows = faithful(&case);
    rows.push(named("kl-2"));
    assert!(judge(&case, &rows).agrees());
    rows.push(named("botocore-session-1"));
    let result = judge(&case, &rows);
    assert!(matches!(result.differences[..], [Difference::NoSuchCase { .. }]));
}

#[test]
fn the_sdks_repeats_are_covered_and_no_more_than_those() {
    let case = done();
    let repeated = |times: usize| {
        let mut rows = vec![attach(&case); times];
        rows.push(update(&case, "Inactive"));
        judge(&case, &rows)
    };
    assert!(repeated(3).agrees());
    assert!(matches!(repeated(4).differences[..], [Difference::CallWithoutDecision { .. }]));
}
