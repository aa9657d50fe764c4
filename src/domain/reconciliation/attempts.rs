//! The attempts that a journal tells of, and the calls that each of them may make.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::AccessKeyId;
use crate::domain::plan::PlanNumber;
use crate::domain::reconciliation::StepSaid;
use crate::domain::step_result::StepResult;
use crate::domain::trail_row::TrailRow;
use jiff::{SignedDuration, Timestamp};

/// Clocks differ by seconds, and records tell whole ones.
pub(super) const SKEW_MAX: SignedDuration = SignedDuration::from_secs(60);
/// AWS refuses a call whose signature is older.
const SIGNATURE_LIFE: SignedDuration = SignedDuration::from_mins(5);

/// One attempt at a step of an approved plan.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    pub plan: PlanNumber,
    pub step: u32,
    pub number: u32,
    pub plan_hash: &'a str,
    pub action: &'a Action,
    begun: Timestamp,
    pub ended: Option<(Timestamp, &'a StepResult)>,
}

/// A call that carrying out an action may make.
struct Expected<'a> {
    call: &'static str,
    user: &'a str,
    policy: Option<&'a str>,
    key: Option<&'a str>,
    status: Option<&'static str>,
}

/// Every attempt of a case; the fold lets none begin that was not approved.
pub(super) fn attempts(case: &Case) -> Vec<Attempt<'_>> {
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    for record in case.records() {
        if let Event::Intent { plan, step, attempt, plan_hash } = &record.event
            && let Some(of) = case.plan(*plan).and_then(|state| state.step(*step))
        {
            attempts.push(Attempt {
                plan: *plan,
                step: *step,
                number: *attempt,
                plan_hash,
                action: &of.action,
                begun: record.at,
                ended: None,
            });
        }
        if let Event::Outcome { plan, step, attempt, result } = &record.event {
            let mut made = attempts.iter_mut();
            let open =
                made.find(|made| (made.plan, made.step, made.number) == (*plan, *step, *attempt));
            if let Some(open) = open {
                open.ended = Some((record.at, result));
            }
        }
    }
    attempts
}

impl Attempt<'_> {
    /// AWS's id of the call that the journal says answered it.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.ended.and_then(|(_, result)| result.request_id())
    }

    /// When it came to its end, if the journal says that it changed the account by a call.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        self.ended.filter(|(_, result)| result.made_a_change()).map(|(at, _)| at)
    }

    /// When it came to its end, if the journal says that AWS refused it for good.
    pub(super) fn refused_at(&self) -> Option<Timestamp> {
        let for_good =
            |result: &StepResult| matches!(result, StepResult::Failed { retryable: false, .. });
        self.ended.filter(|(_, result)| for_good(result)).map(|(at, _)| at)
    }

    pub(super) fn said(&self, at: Timestamp) -> StepSaid {
        StepSaid { plan: self.plan, step: self.step, what: self.action.sentence(), at }
    }

    /// Whether the attempt may make a call of this name.
    pub(super) fn names(&self, row: &TrailRow) -> bool {
        let name = row.event_name.as_deref();
        self.expected().iter().any(|expected| name == Some(expected.call))
    }

    /// Whether the attempt may make this very call.
    pub(super) fn makes(&self, row: &TrailRow) -> bool {
        self.expected().iter().any(|expected| expected.is(row))
    }

    /// Whether a call at this time can be of this attempt.
    pub(super) fn is_time_of(&self, row: &TrailRow) -> bool {
        let Ok(at) = row.event_time.parse::<Timestamp>() else {
            return false;
        };
        let latest = self.begun.saturating_add(SIGNATURE_LIFE).unwrap_or(Timestamp::MAX);
        let until = self.ended.map_or(latest, |(ended, _)| ended.min(latest));
        at + SKEW_MAX >= self.begun && at <= until + SKEW_MAX
    }

    /// The calls that carrying the action out may make.
    fn expected(&self) -> Vec<Expected<'_>> {
        let user = self.action.user().name.0.as_str();
        let policy =
            |call, policy| Expected { call, user, policy: Some(policy), key: None, status: None };
        match self.action {
            Action::DenyUser { policy_arn, inline_name, .. } => {
                vec![policy("AttachUserPolicy", policy_arn), policy("PutUserPolicy", inline_name)]
            }
            Action::LiftDeny { policy_arn, inline_name, .. } => {
                vec![
                    policy("DetachUserPolicy", policy_arn),
                    policy("DeleteUserPolicy", inline_name),
                ]
            }
            Action::DeactivateKey { key: id, .. } => vec![of_key(user, id, "Inactive")],
            Action::ActivateKey { key: id, .. } => vec![of_key(user, id, "Active")],
        }
    }
}

impl Expected<'_> {
    fn is(&self, row: &TrailRow) -> bool {
        if row.event_name.as_deref() != Some(self.call) {
            return false;
        }
        // IAM's records do not say what was asked when it was denied.
        let untold = !succeeded(row) && row.target_user.is_none();
        let same = |expected: Option<&str>, told: &Option<String>| expected == told.as_deref();
        untold
            || same(Some(self.user), &row.target_user)
                && same(self.policy, &row.target_policy)
                && same(self.key, &row.target_key)
                && same(self.status, &row.target_status)
    }
}

fn of_key<'a>(user: &'a str, key: &'a AccessKeyId, status: &'static str) -> Expected<'a> {
    let call = "UpdateAccessKey";
    Expected { call, user, policy: None, key: Some(key.reveal()), status: Some(status) }
}

pub(super) fn succeeded(row: &TrailRow) -> bool {
    row.error_code.is_none() && row.error_message.is_none()
}
