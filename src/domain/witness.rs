//! AWS as the second witness: the calls that CloudTrail shows, held against the decisions of a case.
//!
//! Needs: who holds the bot's role could act past the journal, and who holds the journal could write
//! decisions that were never carried out. Each is seen by the other's record. So every changing call
//! under the bot's rights must be one that an intent of the case says, in its time and with its
//! arguments; and every step that the journal calls done must show as such a call, once the trail
//! has had its time to deliver.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::event::{Event, StepResult};
use crate::domain::ids::{AccessKeyId, CaseId};
use crate::domain::plan::PlanNumber;
use crate::domain::reconciliation::{Difference, Reconciliation};
use crate::domain::trail_row::TrailRow;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Clocks differ by seconds, records tell whole ones, and a call is recorded when it ends.
pub const SKEW_MAX: SignedDuration = SignedDuration::from_secs(60);
/// The SDK sends a call up to three times, each of which AWS may have carried out and recorded.
const REPEATS_MAX: u32 = 3;
/// Under whose rights the bot changes the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doer {
    /// A role in sessions that are named after the case.
    Role { arn: String },
    /// The bot's own user or role, whose calls do not say which case they are for.
    Own { arn: String },
}

/// What the trail says.
#[derive(Debug, Clone, Copy)]
pub struct Testimony<'a> {
    pub doer: &'a Doer,
    /// Every changing call of the doer in the time of the case, refused ones included.
    pub rows: &'a [TrailRow],
    /// The newest record that the trail holds.
    pub watermark: Option<Timestamp>,
    /// What happened before this is delivered by now.
    pub delivered_before: Timestamp,
    /// Every case there is, so that a session with another name is known as nobody's.
    pub cases: &'a BTreeSet<CaseId>,
}

/// One attempt at a step, as the journal has it.
struct Attempt<'a> {
    plan: PlanNumber,
    step: u32,
    at: Timestamp,
    plan_hash: &'a str,
    action: &'a Action,
    ended: Option<(Timestamp, &'a StepResult)>,
}

/// A call that carrying an action out may make.
struct Expected {
    call: &'static str,
    user: String,
    policy: Option<String>,
    key: Option<String>,
    status: Option<&'static str>,
}

impl Doer {
    /// The ARN by which the trail finds the calls: the caller's own, or its session's issuer.
    pub fn arn(&self) -> &str {
        match self {
            Self::Role { arn } | Self::Own { arn } => arn,
        }
    }
}

/// Holds the journal of a case and the trail against each other.
pub fn reconcile(case: &Case, testimony: &Testimony<'_>) -> Reconciliation {
    let attempts = attempts(case);
    let mut result = Reconciliation { watermark: testimony.watermark, ..Reconciliation::default() };
    let mut own = Vec::new();
    for row in testimony.rows {
        match belongs(case, &attempts, row, testimony) {
            Belongs::Here => own.push(row),
            Belongs::Elsewhere => {}
            Belongs::Nowhere(session) => result.differs(Difference::NoSuchCase {
                at: row.event_time.clone(),
                call: call(row),
                about: about(row),
                session,
            }),
        }
    }
    judge_calls(&attempts, &own, &mut result);
    judge_steps(&attempts, &own, testimony, &mut result);
    result
}

enum Belongs {
    Here,
    Elsewhere,
    Nowhere(String),
}

fn belongs(
    case: &Case,
    attempts: &[Attempt<'_>],
    row: &TrailRow,
    testimony: &Testimony<'_>,
) -> Belongs {
    match testimony.doer {
        Doer::Role { .. } => {
            let arn = row.identity_arn.as_deref().unwrap_or_default();
            let session = arn.rsplit('/').next().unwrap_or_default();
            if session == case.id().0 {
                Belongs::Here
            } else if testimony.cases.contains(&CaseId(session.to_owned())) {
                Belongs::Elsewhere
            } else {
                Belongs::Nowhere(session.to_owned())
            }
        }
        Doer::Own { .. } => {
            let is_ours = |user: &str| attempts.iter().any(|a| a.action.user().name.0 == user);
            let ours = row.target_user.as_deref().is_some_and(is_ours);
            if ours { Belongs::Here } else { Belongs::Elsewhere }
        }
    }
}

/// Every call must be one that an attempt may make, in its time, and not more often than it may.
fn judge_calls(attempts: &[Attempt<'_>], rows: &[&TrailRow], result: &mut Reconciliation) {
    let mut used = vec![0_u32; attempts.len()];
    for row in rows {
        result.calls += 1;
        let covering = attempts.iter().enumerate().find(|(index, attempt)| {
            used.get(*index).is_some_and(|used| *used < REPEATS_MAX) && attempt.covers(row)
        });
        if let Some((index, attempt)) = covering {
            used[index] += 1;
            result.covered += 1;
            check_source(attempt, row, result);
            continue;
        }
        let (at, call, about) = (row.event_time.clone(), call(row), about(row));
        let named = attempts.iter().find(|attempt| attempt.names(row) && attempt.is_time_of(row));
        result.differs(match named {
            Some(attempt) if !attempt.covers(row) => {
                let decided = attempt.action.sentence();
                Difference::OtherArguments { at, call, about, decided }
            }
            Some(_) | None => {
                let caller = row.identity_arn.clone().unwrap_or_default();
                Difference::CallWithoutDecision { at, call, about, caller }
            }
        });
    }
}

fn check_source(attempt: &Attempt<'_>, row: &TrailRow, result: &mut Reconciliation) {
    let Some(source) = &row.source_identity else {
        return;
    };
    result.source_identity_seen = true;
    if source != attempt.plan_hash {
        result.differs(Difference::OtherPlan {
            at: row.event_time.clone(),
            call: call(row),
            source_identity: source.clone(),
            plan_hash: attempt.plan_hash.to_owned(),
        });
    }
}

/// Every step that changed something must show as a call that succeeded.
fn judge_steps(
    attempts: &[Attempt<'_>],
    rows: &[&TrailRow],
    testimony: &Testimony<'_>,
    result: &mut Reconciliation,
) {
    for attempt in attempts {
        let Some((ended, outcome)) = attempt.ended else {
            continue;
        };
        if !changed(outcome) {
            continue;
        }
        result.steps += 1;
        let shown = rows.iter().any(|row| succeeded(row) && attempt.covers(row));
        if shown {
            result.confirmed += 1;
        } else if ended >= testimony.delivered_before {
            result.pending += 1;
        } else {
            result.differs(Difference::DecisionWithoutCall {
                plan: attempt.plan,
                step: attempt.step,
                what: attempt.action.sentence(),
                at: ended,
            });
        }
    }
}

/// Whether a step changed the account by a call: what was not there needed none.
fn changed(outcome: &StepResult) -> bool {
    match outcome {
        StepResult::Done { changed, how, .. } => {
            *changed && how.as_deref() != Some("was not there")
        }
        StepResult::Failed { .. } => false,
    }
}

fn attempts(case: &Case) -> Vec<Attempt<'_>> {
    let mut attempts: Vec<(u32, Attempt<'_>)> = Vec::new();
    for record in case.records() {
        if let Event::Intent { plan, step, attempt, plan_hash } = &record.event
            && let Some(of) = case.plan(*plan).and_then(|state| state.step(*step))
        {
            let action = &of.action;
            let (at, ended) = (record.at, None);
            let made = Attempt { plan: *plan, step: *step, at, plan_hash, action, ended };
            attempts.push((*attempt, made));
        }
        if let Event::Outcome { plan, step, attempt, result } = &record.event {
            let open = attempts.iter_mut().find(|(number, made)| {
                number == attempt && made.plan == *plan && made.step == *step
            });
            if let Some((_, made)) = open {
                made.ended = Some((record.at, result));
            }
        }
    }
    attempts.into_iter().map(|(_, made)| made).collect()
}

impl Attempt<'_> {
    /// Whether the attempt makes a call of this name.
    fn names(&self, row: &TrailRow) -> bool {
        let name = row.event_name.as_deref().unwrap_or_default();
        expected(self.action).iter().any(|expected| expected.call == name)
    }

    /// Whether the attempt makes this very call at this time.
    fn covers(&self, row: &TrailRow) -> bool {
        self.is_time_of(row) && expected(self.action).iter().any(|expected| expected.is(row))
    }

    fn is_time_of(&self, row: &TrailRow) -> bool {
        let Ok(at) = row.event_time.parse::<Timestamp>() else {
            return false;
        };
        let ended = self.ended.map_or(Timestamp::MAX, |(ended, _)| ended);
        let until = ended.checked_add(SKEW_MAX).unwrap_or(Timestamp::MAX);
        at >= self.at - SKEW_MAX && at <= until
    }
}

impl Expected {
    fn is(&self, row: &TrailRow) -> bool {
        if row.event_name.as_deref() != Some(self.call) {
            return false;
        }
        // IAM does not say what was asked when it denies it.
        let untold = !succeeded(row) && row.target_user.is_none();
        let same = |expected: Option<&str>, told: &Option<String>| expected == told.as_deref();
        untold
            || same(Some(&self.user), &row.target_user)
                && same(self.policy.as_deref(), &row.target_policy)
                && same(self.key.as_deref(), &row.target_key)
                && same(self.status, &row.target_status)
    }
}

/// The calls that carrying an action out may make.
fn expected(action: &Action) -> Vec<Expected> {
    let user = action.user().name.0.clone();
    let policy = |call, policy: &str| Expected {
        call,
        user: user.clone(),
        policy: Some(policy.to_owned()),
        key: None,
        status: None,
    };
    let key = |key: &AccessKeyId, status| Expected {
        call: "UpdateAccessKey",
        user: user.clone(),
        policy: None,
        key: Some(key.reveal().to_owned()),
        status: Some(status),
    };
    match action {
        Action::DenyUser { policy_arn, inline_name, .. } => {
            vec![policy("AttachUserPolicy", policy_arn), policy("PutUserPolicy", inline_name)]
        }
        Action::LiftDeny { policy_arn, inline_name, .. } => {
            vec![policy("DetachUserPolicy", policy_arn), policy("DeleteUserPolicy", inline_name)]
        }
        Action::DeactivateKey { key: id, .. } => vec![key(id, "Inactive")],
        Action::ActivateKey { key: id, .. } => vec![key(id, "Active")],
    }
}

fn succeeded(row: &TrailRow) -> bool {
    row.error_code.is_none() && row.error_message.is_none()
}

fn call(row: &TrailRow) -> String {
    let name = row.event_name.as_deref().unwrap_or("a call without a name");
    match &row.error_code {
        None => name.to_owned(),
        Some(code) => format!("{name} (refused: {code})"),
    }
}

/// What a call is about, with every key id masked.
fn about(row: &TrailRow) -> String {
    let masked = |key: &String| {
        AccessKeyId::from_record(key).map_or_else(|| "a key".to_owned(), |key| key.to_string())
    };
    let parts = [
        row.target_user.clone().map(|user| format!("user {user}")),
        row.target_role.clone().map(|role| format!("role {role}")),
        row.target_group.clone().map(|group| format!("group {group}")),
        row.target_policy.clone().map(|policy| format!("policy {policy}")),
        row.target_key.as_ref().map(|key| format!("key {}", masked(key))),
        row.target_status.clone(),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "nothing that the record tells".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests;
