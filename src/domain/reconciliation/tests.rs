//! Each kind of difference between journal and trail, and that agreement is called agreement.

use super::comparison::{By, Comparison, Testimony, compare, is_told};
use super::*;
use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::record::{Actor, Entry};
use crate::domain::report::witness_lines;
use crate::domain::resource::ResourceType;
use crate::domain::resource_change::ResourceChange;
use crate::domain::sample::{KEY, at, opened, person, plan};
use crate::domain::step_result::StepResult;
use crate::domain::trail_row::TrailRow;
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::029608264753:role/keyleak-contain";
const DENY: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

fn add(case: &mut Case, seconds: i64, user: Option<&str>, event: Event) {
    let own = Entry::own(at(seconds), event);
    let entry = match user {
        None => own,
        Some(user) => Entry { actor: Actor::Person { person: person(user), name: None }, ..own },
    };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

/// A case whose plan of two steps is approved.
fn approved() -> Case {
    let mut case = opened();
    let plan = plan(&case, PlanKind::Containment);
    let (number, hash) = (plan.number, plan.hash());
    let proposed = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    add(&mut case, 2, Some("ana"), proposed);
    add(&mut case, 3, Some("bob"), Event::Approved { plan: number, hash });
    case
}

fn carry_out(case: &mut Case, step: u32, attempt: u32, result: StepResult) {
    let begun = 10 + 2 * i64::from(step) + 10 * i64::from(attempt - 1);
    let plan_hash = hash(case);
    let plan = PlanNumber(1);
    add(case, begun, None, Event::Intent { plan, step, attempt, plan_hash });
    add(case, begun + 1, None, Event::Outcome { plan, step, attempt, result });
}

fn hash(case: &Case) -> String {
    case.plans().next().unwrap().hash.clone()
}

fn changed(request_id: Option<&str>) -> StepResult {
    let request_id = request_id.map(str::to_owned);
    StepResult::Done { changed: true, how: None, request_id }
}

fn failed(retryable: bool) -> StepResult {
    let (why, request_id) = ("AccessDenied".to_owned(), Some("r-2".to_owned()));
    StepResult::Failed { why, retryable, request_id }
}

/// A case whose two steps are done, at 10 to 13 seconds; AWS's id is told of the first.
fn done() -> Case {
    let mut case = approved();
    carry_out(&mut case, 0, 1, changed(Some("r-1")));
    carry_out(&mut case, 1, 1, changed(None));
    case
}

fn row(case: &Case, seconds: i64, name: &str) -> TrailRow {
    let session = format!("arn:aws:sts::029608264753:assumed-role/keyleak-contain/{}", case.id());
    TrailRow {
        event_time: at(seconds).to_string(),
        event_id: Some(format!("event of {name}")),
        event_name: Some(name.to_owned()),
        identity_arn: Some(session),
        issuer_arn: Some(ROLE.to_owned()),
        source_identity: Some(hash(case)),
        source_ip: Some("198.51.100.10".to_owned()),
        target_user: Some("ci".to_owned()),
        ..TrailRow::default()
    }
}

fn attach(case: &Case) -> TrailRow {
    let row = row(case, 10, "AttachUserPolicy");
    let request_id = Some("r-1".to_owned());
    TrailRow { target_policy: Some(DENY.to_owned()), request_id, ..row }
}

fn update(case: &Case, status: &str) -> TrailRow {
    TrailRow {
        target_key: Some(KEY.to_owned()),
        target_status: Some(status.to_owned()),
        request_id: Some("r-2".to_owned()),
        ..row(case, 12, "UpdateAccessKey")
    }
}

/// Both calls as the journal tells them.
fn faithful(case: &Case) -> Vec<TrailRow> {
    vec![attach(case), update(case, "Inactive")]
}

fn looked(told_until: Timestamp) -> Looked {
    Looked {
        role: ROLE.to_owned(),
        from: at(0),
        watermark: Some(told_until),
        told_until: Some(told_until),
        records: 12,
        regions: vec!["us-east-1".to_owned()],
        unread: 0,
        truncated: false,
    }
}

fn judge_at(case: &Case, rows: &[TrailRow], told_until: Timestamp) -> Comparison {
    let cases = BTreeSet::from([case.id().clone(), CaseId("kl-2".to_owned())]);
    compare(case, &Testimony { looked: looked(told_until), rows, cases: &cases })
}

fn judge(case: &Case, rows: &[TrailRow]) -> Reconciliation {
    judge_at(case, rows, at(1_000)).result
}

/// The one difference, in words.
fn said(result: &Reconciliation) -> String {
    assert_eq!(result.verdict(), Verdict::Differs);
    let [_] = &result.differences[..] else { panic!("{:?}", result.differences) };
    witness_lines(result).pop().unwrap()
}

#[test]
fn a_trail_that_tells_the_same_agrees() {
    let case = done();
    let Comparison { result, matched, .. } = judge_at(&case, &faithful(&case), at(1_000));
    assert_eq!((result.verdict(), &result.differences[..]), (Verdict::Agrees, &[][..]));
    assert_eq!((result.calls, result.covered, result.by_request_id), (2, 2, 1));
    assert_eq!((result.changes, result.shown, result.awaited), (2, 2, 0));
    assert_eq!([matched[0].by, matched[1].by], [By::RequestId, By::TargetAndTime]);
    let words = witness_lines(&result);
    assert_eq!(
        words[0],
        "AWS's own log agrees with the journal: 2 of 2 calls made by an approved step, 1 of them \
         by AWS's request id; 2 of 2 changes in the journal shown by a call"
    );
    assert!(words[1].contains(ROLE) && words[1].contains("12 records of us-east-1"), "{words:?}");
}

#[test]
fn a_call_that_nobody_approved_is_named_with_its_event_session_and_address() {
    let case = done();
    let mut rows = faithful(&case);
    rows.push(TrailRow { request_id: None, ..row(&case, 12, "CreateAccessKey") });
    assert_eq!(
        said(&judge(&case, &rows)),
        format!(
            "Call without a decision: CreateAccessKey about user ci at {}, by session kl-1 from \
             198.51.100.10 (event event of CreateAccessKey)",
            at(12)
        )
    );
}

#[test]
fn a_refused_call_that_nobody_approved_is_named_too() {
    let case = done();
    let mut rows = faithful(&case);
    let error_code = Some("AccessDenied".to_owned());
    rows.push(TrailRow { error_code, target_user: None, ..row(&case, 12, "CreateUser") });
    let words = said(&judge(&case, &rows));
    assert!(words.starts_with("Call without a decision: CreateUser"), "{words}");
    assert!(words.contains("refused: AccessDenied"), "{words}");
}

#[test]
fn a_call_whose_intent_is_not_in_the_journal_is_without_a_decision() {
    let whole = done();
    let mut without = approved();
    carry_out(&mut without, 0, 1, changed(Some("r-1")));
    let words = said(&judge(&without, &faithful(&whole)));
    assert!(words.starts_with("Call without a decision: UpdateAccessKey about user ci"), "{words}");
}

#[test]
fn a_decided_call_made_at_another_time_is_not_covered_by_the_decision() {
    let case = done();
    let mut rows = faithful(&case);
    let (event_time, request_id) = (at(600).to_string(), Some("r-9".to_owned()));
    rows.push(TrailRow { event_time, request_id, ..attach(&case) });
    let words = said(&judge(&case, &rows));
    assert!(words.starts_with("Call without a decision: AttachUserPolicy"), "{words}");
}

#[test]
fn an_attempt_without_an_outcome_covers_no_call_after_its_signature_would_be_too_old() {
    let mut case = approved();
    let plan_hash = hash(&case);
    add(&mut case, 10, None, Event::Intent { plan: PlanNumber(1), step: 0, attempt: 1, plan_hash });
    let call = |seconds: i64| TrailRow { event_time: at(seconds).to_string(), ..attach(&case) };
    assert_eq!(judge(&case, &[call(300)]).verdict(), Verdict::Agrees);
    assert_eq!(judge(&case, &[call(400)]).verdict(), Verdict::Differs);
}

#[test]
fn another_target_is_named_beside_what_was_decided_and_the_key_is_masked() {
    let case = done();
    let result = judge(&case, &[attach(&case), update(&case, "Active")]);
    let words = &witness_lines(&result)[2];
    assert!(words.starts_with("Another target"), "{words}");
    assert!(words.contains("AKIA…7WML, Active") && !words.contains(KEY), "{words}");
    assert!(words.contains("says \"Make key AKIA…7WML of ci inactive\""), "{words}");
    let mut rows = faithful(&case);
    rows.push(update(&case, "Active"));
    let words = said(&judge(&case, &rows));
    assert!(words.starts_with("Call without a decision"), "beside the decided one: {words}");
}

#[test]
fn the_claimed_call_itself_about_somebody_else_is_another_target() {
    let case = done();
    let mut rows = faithful(&case);
    rows[0].target_user = Some("root-pipeline".to_owned());
    let words = said(&judge(&case, &rows));
    assert!(
        words.starts_with("Another target: AttachUserPolicy about user root-pipeline"),
        "{words}"
    );
}

#[test]
fn what_could_not_be_read_may_hide_a_call_so_nothing_agrees() {
    let case = done();
    let cases = BTreeSet::from([case.id().clone()]);
    let looked = Looked { unread: 1, ..looked(at(1_000)) };
    let rows = faithful(&case);
    let result = compare(&case, &Testimony { looked, rows: &rows, cases: &cases }).result;
    assert_eq!(result.verdict(), Verdict::NotYetDelivered);
}

#[test]
fn a_missing_call_is_awaited_until_the_trail_is_past_it_and_then_an_alarm() {
    let case = done();
    let rows = [attach(&case)];
    let early = judge_at(&case, &rows, at(60));
    assert_eq!(early.result.verdict(), Verdict::NotYetDelivered);
    assert_eq!((early.result.shown, early.result.awaited, early.awaited[0].step), (1, 1, 1));
    assert!(!is_told(&case, &early.result.looked));
    let words = witness_lines(&early.result).join("\n");
    assert!(words.contains("no alarm, and no agreement") && !words.contains("DIFFER"), "{words}");
    let late = judge_at(&case, &rows, at(80));
    assert!(is_told(&case, &late.result.looked));
    let words = said(&late.result);
    assert!(words.starts_with("Change without a call: the journal says that step 2 of plan 1"));
    let told_until = None;
    let empty = Looked { told_until, watermark: None, ..looked(at(0)) };
    let cases = BTreeSet::from([case.id().clone()]);
    let empty = compare(&case, &Testimony { looked: empty, rows: &[], cases: &cases });
    assert_eq!((empty.result.verdict(), empty.result.awaited), (Verdict::NotYetDelivered, 2));
}

#[test]
fn a_refused_call_confirms_no_change() {
    let case = done();
    let mut rows = faithful(&case);
    rows[1].error_code = Some("AccessDenied".to_owned());
    assert!(said(&judge(&case, &rows)).starts_with("Change without a call"));
}

#[test]
fn a_like_call_with_another_request_id_does_not_stand_for_the_claimed_one() {
    let case = done();
    let mut rows = faithful(&case);
    rows[0].request_id = Some("r-7".to_owned());
    assert!(said(&judge(&case, &rows)).starts_with("Change without a call"));
}

#[test]
fn a_failed_attempt_and_its_refusal_in_the_trail_are_the_same() {
    let mut case = approved();
    carry_out(&mut case, 0, 1, changed(Some("r-1")));
    carry_out(&mut case, 1, 1, failed(false));
    let mut rows = faithful(&case);
    let error_code = Some("AccessDenied".to_owned());
    // IAM's records do not say what was asked when it was denied.
    rows[1] = TrailRow { error_code, target_user: None, target_key: None, ..rows[1].clone() };
    let result = judge(&case, &rows);
    assert_eq!((result.verdict(), result.by_request_id), (Verdict::Agrees, 2));
    assert_eq!((result.changes, result.shown), (1, 1));
    assert_eq!(judge(&case, &rows[..1]).verdict(), Verdict::Agrees, "throttling leaves no record");
}

#[test]
fn a_step_that_is_said_to_be_refused_and_was_done_is_another_result() {
    let mut case = approved();
    carry_out(&mut case, 0, 1, changed(Some("r-1")));
    carry_out(&mut case, 1, 1, failed(false));
    let words = said(&judge(&case, &faithful(&case)));
    assert!(words.starts_with("Another result: the journal says that step 2"), "{words}");
}

#[test]
fn a_call_that_got_no_answer_and_worked_is_no_difference() {
    let mut case = approved();
    carry_out(&mut case, 0, 1, changed(Some("r-1")));
    carry_out(&mut case, 1, 1, failed(true));
    let how = Some(StepResult::FOUND_IN_FORCE.to_owned());
    let found = StepResult::Done { changed: true, how, request_id: None };
    carry_out(&mut case, 1, 2, found);
    let result = judge(&case, &faithful(&case));
    assert_eq!((result.verdict(), result.changes), (Verdict::Agrees, 1), "finding is no change");
}

#[test]
fn another_source_identity_is_another_plan() {
    let case = done();
    let mut rows = faithful(&case);
    rows[0].source_identity = Some("ab".repeat(32));
    assert!(said(&judge(&case, &rows)).starts_with("Another plan: AttachUserPolicy"));
    rows.iter_mut().for_each(|row| row.source_identity = None);
    let silent = judge(&case, &rows);
    assert_eq!((silent.verdict(), silent.without_plan), (Verdict::Agrees, 2));
    let words = witness_lines(&silent).join("\n");
    assert!(words.contains("2 calls without a source identity"), "{words}");
}

#[test]
fn a_session_of_no_case_is_named_and_one_of_another_case_is_left_to_it() {
    let case = done();
    let named = |name: &str| TrailRow {
        identity_arn: Some(format!("arn:aws:sts::1:assumed-role/keyleak-contain/{name}")),
        ..attach(&case)
    };
    let mut rows = faithful(&case);
    rows.push(named("kl-2"));
    assert_eq!(judge(&case, &rows).verdict(), Verdict::Agrees);
    rows.push(named("botocore-session-1"));
    assert!(said(&judge(&case, &rows)).starts_with("Session of no case: AttachUserPolicy"));
}

#[test]
fn the_sdks_repeats_are_covered_and_no_more_than_those() {
    let case = done();
    let repeated = |times: usize| {
        let again = TrailRow { request_id: None, ..attach(&case) };
        let mut rows = vec![attach(&case)];
        rows.resize(times, again);
        rows.push(update(&case, "Inactive"));
        judge(&case, &rows)
    };
    assert_eq!(repeated(3).verdict(), Verdict::Agrees);
    assert!(said(&repeated(4)).starts_with("Call without a decision"));
}

#[test]
fn a_record_keeps_some_differences_and_how_many_there_were() {
    let case = done();
    let mut rows = faithful(&case);
    rows.resize(100, row(&case, 12, "CreateUser"));
    let kept = judge(&case, &rows).bounded();
    assert_eq!((kept.differences.len(), kept.left_out), (20, 78));
    assert_eq!(kept.verdict(), Verdict::Differs);
}

#[test]
fn any_case_name_gives_a_session_name_that_aws_takes() {
    assert_eq!(session_name(&CaseId("7WML 2026/é".to_owned())), "7WML-2026--");
    assert_eq!(session_name(&CaseId("x".repeat(100))).len(), 64);
}

/// A refused call has no response that would name the service, only a request with its cluster.
#[test]
fn a_refused_call_on_a_resource_is_held_against_no_target_and_one_that_worked_is() {
    let name = "AWS::ECS::Service/029608264753/eu-west-1/prod/web".to_owned();
    let arn = "arn:aws:ecs:eu-west-1:029608264753:service/prod/web".to_owned();
    let on = Principal { kind: PrincipalKind::Resource, name, id: arn.clone(), arn };
    let change = ResourceChange::SwitchOff { of: ResourceType::Service };
    let steps = vec![crate::domain::sample::step(on, Change::Resource { change })];
    let mut case = opened();
    let plan = Plan { steps, ..plan(&case, PlanKind::Containment) };
    let (number, hash) = (plan.number, plan.hash());
    let proposed = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
    add(&mut case, 2, Some("ana"), proposed);
    add(&mut case, 3, Some("bob"), Event::Approved { plan: number, hash });
    carry_out(&mut case, 0, 1, failed(false));
    let refused = TrailRow {
        target_user: None,
        resource: Some("prod".to_owned()),
        request_id: Some("r-2".to_owned()),
        error_code: Some("AccessDenied".to_owned()),
        ..row(&case, 10, "UpdateService")
    };
    assert_eq!(judge(&case, std::slice::from_ref(&refused)).verdict(), Verdict::Agrees);
    let another = TrailRow { error_code: None, ..refused };
    assert_eq!(judge(&case, &[another]).verdict(), Verdict::Differs, "the control");
}
