//! Holding a case's journal against AWS's own log, call by call.
//!
//! Needs: who gets hold of the contain role could act past the journal, and who gets hold of the
//! journal could write decisions and changes that never were. Each is seen in the other's record.
//! So every changing call in the name of the case must be one that an approved step of it makes,
//! in its time and about what it says; and every change that the journal claims must show as such
//! a call, once the trail is complete past it.
//!
//! What is not seen: a call that repeats a decided one within its time, as the SDK itself does;
//! and calls in the name of another case, which are for that case's comparison.

use crate::domain::case::Case;
use crate::domain::ids::{AccessKeyId, CaseId};
use crate::domain::plan::PlanNumber;
use crate::domain::reconciliation::attempts::{Attempt, SKEW_MAX, attempts, succeeded};
use crate::domain::reconciliation::{
    Difference, Looked, Reconciliation, Seen, StepSaid, session_name,
};
use crate::domain::trail_row::TrailRow;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A trail that is so much later than it should ever be is not waited for.
const LATE_PARTS: i32 = 2;
/// What is kept of a text that somebody else chose.
const TEXT_MAX: usize = 200;

/// What the trail says.
#[derive(Debug, Clone)]
pub struct Testimony<'a> {
    pub looked: Looked,
    /// The changing calls of the contain role since the case was opened, refused ones included.
    pub rows: &'a [TrailRow],
    /// The other cases in whose names something was called: a session of none is known as such.
    pub cases: &'a BTreeSet<CaseId>,
}

/// How a call and an attempt were found to be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    RequestId,
    TargetAndTime,
}

/// A call and the attempt that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matched {
    pub plan: PlanNumber,
    pub step: u32,
    pub attempt: u32,
    pub by: By,
    pub seen: Seen,
}

/// Everything that came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    pub result: Reconciliation,
    pub matched: Vec<Matched>,
    /// Changes that the trail may still be to deliver.
    pub awaited: Vec<StepSaid>,
}

/// When the first record of the trail that can be about a case was made.
pub fn begins_at(case: &Case) -> Timestamp {
    case.opened_at() - SKEW_MAX
}

/// When the last change of a case, or the last attempt at one, came to its end; none where nothing
/// was ever tried.
pub fn last_change(case: &Case) -> Option<Timestamp> {
    attempts(case).iter().filter_map(|attempt| attempt.ended.map(|(at, _)| at)).max()
}

/// Whether the trail has come past every change of a case, so that what is missing is missing.
pub fn is_told(case: &Case, looked: &Looked) -> bool {
    last_change(case).is_none_or(|at| is_past(looked, at))
}

/// Until when the trail of a closed case is waited for: no longer than it should ever take, twice.
pub fn waited_for_until(closed: Timestamp, complete_after: SignedDuration) -> Timestamp {
    closed + complete_after * LATE_PARTS
}

fn is_past(looked: &Looked, at: Timestamp) -> bool {
    looked.told_until.is_some_and(|until| until > at + SKEW_MAX)
}

/// Compares the journal of a case with what the trail says.
pub fn compare<'a>(case: &'a Case, testimony: &Testimony<'a>) -> Comparison {
    let mut judge = Judge {
        attempts: attempts(case),
        used: BTreeMap::new(),
        found: BTreeMap::new(),
        uncovered: Vec::new(),
        matched: Vec::new(),
        awaited: Vec::new(),
        result: Reconciliation {
            looked: testimony.looked.clone(),
            calls: 0,
            covered: 0,
            by_request_id: 0,
            without_plan: 0,
            changes: 0,
            shown: 0,
            awaited: 0,
            differences: Vec::new(),
            left_out: 0,
        },
    };
    let own_session = session_name(case.id());
    let known: BTreeSet<String> = testimony.cases.iter().map(session_name).collect();
    for row in testimony.rows {
        let session = session(row);
        if session == own_session {
            judge.call(row);
        } else if !known.contains(session) && is_before_the_end(case, row) {
            judge.result.differences.push(Difference::NoSuchCase { seen: seen(row) });
        }
    }
    judge.uncovered();
    judge.steps();
    let Judge { result, matched, awaited, .. } = judge;
    Comparison { result, matched, awaited }
}

/// Sessions of no case are named by the cases that were open at the time.
fn is_before_the_end(case: &Case, row: &TrailRow) -> bool {
    let at = row.event_time.parse::<Timestamp>();
    case.closed_at().is_none_or(|closed| at.is_ok_and(|at| at <= closed + SKEW_MAX))
}

struct Judge<'a> {
    attempts: Vec<Attempt<'a>>,
    /// How often an attempt's call of a name was seen.
    used: BTreeMap<(usize, String), u32>,
    /// The calls found for an attempt: whether they did what it was for, and AWS's ids.
    found: BTreeMap<usize, Vec<(bool, Option<String>)>>,
    /// Calls that no attempt makes.
    uncovered: Vec<&'a TrailRow>,
    matched: Vec<Matched>,
    awaited: Vec<StepSaid>,
    result: Reconciliation,
}

impl<'a> Judge<'a> {
    /// A call in the name of the case must be one that an attempt makes.
    fn call(&mut self, row: &'a TrailRow) {
        self.result.calls += 1;
        let Some((index, by)) = self.attempt_of(row) else {
            self.uncovered.push(row);
            return;
        };
        let Some(attempt) = self.attempts.get(index) else { return };
        let (plan, step, number) = (attempt.plan, attempt.step, attempt.number);
        if let Some(difference) = contradiction(attempt, row) {
            self.result.differences.push(difference);
        }
        self.result.covered += 1;
        self.result.by_request_id += u32::from(by == By::RequestId);
        self.result.without_plan += u32::from(row.source_identity.is_none());
        *self.used.entry((index, name(row).to_owned())).or_default() += 1;
        let did = succeeded(row) && attempt.completes(name(row));
        self.found.entry(index).or_default().push((did, row.request_id.clone()));
        self.matched.push(Matched { plan, step, attempt: number, by, seen: seen(row) });
    }

    fn attempt_of(&self, row: &TrailRow) -> Option<(usize, By)> {
        let all = || self.attempts.iter().enumerate();
        let same_id = |attempt: &Attempt<'_>| {
            row.request_id.is_some() && attempt.request_id() == row.request_id.as_deref()
        };
        if let Some((index, _)) = all().find(|(_, attempt)| same_id(attempt)) {
            return Some((index, By::RequestId));
        }
        let has_room = |index: usize, attempt: &Attempt<'_>| {
            let used = self.used.get(&(index, name(row).to_owned()));
            used.is_none_or(|used| *used < attempt.calls_max())
        };
        let covering = || {
            all().filter(|(index, attempt)| {
                has_room(*index, attempt) && attempt.makes(row) && attempt.is_time_of(row)
            })
        };
        let of_its_plan = covering()
            .find(|(_, attempt)| row.source_identity.as_deref() == Some(attempt.plan_hash));
        let (index, _) = of_its_plan.or_else(|| covering().next())?;
        Some((index, By::TargetAndTime))
    }

    /// A call that no attempt makes may be one that was made about something else than decided.
    fn uncovered(&mut self) {
        for row in &self.uncovered {
            let mut attempts = self.attempts.iter().enumerate();
            let lacking = attempts.find(|(index, attempt)| {
                !self.found.contains_key(index) && attempt.names(row) && attempt.is_time_of(row)
            });
            self.result.differences.push(match lacking {
                Some((_, attempt)) => other_target(attempt, row),
                None => Difference::CallWithoutDecision { seen: seen(row) },
            });
        }
    }

    /// A change that the journal claims must show, and one that it calls refused must not.
    fn steps(&mut self) {
        for (index, attempt) in self.attempts.iter().enumerate() {
            let found = self.found.get(&index).map_or(&[][..], Vec::as_slice);
            if let Some(at) = attempt.refused_at()
                && !found.is_empty()
                && found.iter().all(|(succeeded, _)| *succeeded)
            {
                let said = attempt.said(at);
                self.result.differences.push(Difference::OtherResult { said });
            }
            let Some(at) = attempt.changed_at() else { continue };
            self.result.changes += 1;
            if is_shown(attempt, found) {
                self.result.shown += 1;
            } else if is_past(&self.result.looked, at) && !self.result.looked.truncated {
                let said = attempt.said(at);
                self.result.differences.push(Difference::ChangeWithoutCall { said });
            } else {
                self.result.awaited += 1;
                self.awaited.push(attempt.said(at));
            }
        }
    }
}

/// Whether a call that succeeded is the one that the journal claims: by AWS's id of it, where both
/// tell one.
fn is_shown(attempt: &Attempt<'_>, found: &[(bool, Option<String>)]) -> bool {
    found.iter().any(|(succeeded, id)| {
        let same = match (attempt.request_id(), id) {
            (Some(claimed), Some(told)) => claimed == told,
            (None, _) | (_, None) => true,
        };
        *succeeded && same
    })
}

/// Where a call and the attempt that made it do not say the same.
fn contradiction(attempt: &Attempt<'_>, row: &TrailRow) -> Option<Difference> {
    if !attempt.makes(row) {
        return Some(other_target(attempt, row));
    }
    let source = row.source_identity.as_ref()?;
    (source != attempt.plan_hash).then(|| Difference::OtherPlan {
        seen: seen(row),
        source_identity: cut(source),
        plan_hash: attempt.plan_hash.to_owned(),
    })
}

fn other_target(attempt: &Attempt<'_>, row: &TrailRow) -> Difference {
    Difference::OtherTarget {
        seen: seen(row),
        plan: attempt.plan,
        step: attempt.step,
        decided: attempt.action.sentence(),
    }
}

fn name(row: &TrailRow) -> &str {
    row.event_name.as_deref().unwrap_or("a call without a name")
}

/// The last part of a session's ARN.
pub fn session(row: &TrailRow) -> &str {
    let arn = row.identity_arn.as_deref().unwrap_or_default();
    arn.rsplit('/').next().unwrap_or_default()
}

fn seen(row: &TrailRow) -> Seen {
    Seen {
        at: cut(&row.event_time),
        call: cut(name(row)),
        about: about(row),
        session: cut(session(row)),
        source_ip: row.source_ip.as_deref().map(cut),
        event_id: row.event_id.as_deref().map(cut),
        error: row.error_code.as_deref().or(row.error_message.as_deref()).map(cut),
    }
}

/// What a call is about, with every key id masked.
fn about(row: &TrailRow) -> String {
    let key = |id: &String| match AccessKeyId::from_record(id) {
        Some(key) => format!("key {key}"),
        None => "a key".to_owned(),
    };
    let named =
        |kind: &str, name: &Option<String>| name.as_ref().map(|name| format!("{kind} {name}"));
    let parts = [
        named("user", &row.target_user),
        named("role", &row.target_role),
        named("group", &row.target_group),
        named("policy", &row.target_policy),
        row.target_key.as_ref().map(key),
        row.target_status.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match (parts.is_empty(), row.bucket.as_ref().or(row.resource.as_ref())) {
        (false, _) => cut(&parts.join(", ")),
        (true, Some(resource)) => cut(&format!("resource {resource}")),
        (true, None) => "something that its record does not tell".to_owned(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX).collect()
}
