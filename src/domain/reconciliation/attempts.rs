//! The attempts that a journal tells of, and the calls that each of them may make.

use crate::domain::action::{Action, Change, SideKind};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::AccessKeyId;
use crate::domain::plan::PlanNumber;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::reconciliation::StepSaid;
use crate::domain::resource::{ResourceName, is_named};
use crate::domain::resource_end::Ending;
use crate::domain::step_result::StepResult;
use crate::domain::trail_row::TrailRow;
use jiff::{SignedDuration, Timestamp};

/// Clocks differ by seconds, and records tell whole ones.
pub(super) const SKEW_MAX: SignedDuration = SignedDuration::from_secs(60);
/// The SDK sends a call up to three times, each of which AWS may have carried out and recorded.
const REPEATS_MAX: u32 = 3;
/// Policies, credentials or groups of one kind that a principal may have; AWS's quotas are lower.
const HANGING_MAX: u32 = 50;
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

/// A call that carrying out an action may make; what is `None` is not compared.
struct Expected<'a> {
    call: &'static str,
    on: &'a Principal,
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
        let on = &self.action.on;
        let call = |names: [&'static str; 2]| {
            let call = if on.kind == PrincipalKind::User { names[0] } else { names[1] };
            Expected { call, on, policy: None, key: None, status: None }
        };
        let about = |names, policy| Expected { policy: Some(policy), ..call(names) };
        match &self.action.change {
            Change::Deny { policy_arn, inline_name } => {
                vec![about(ATTACH, policy_arn), about(PUT, inline_name), call(PUT_BOUNDARY)]
            }
            Change::LiftDeny { policy_arn, inline_name } => {
                vec![about(DETACH, policy_arn), about(DELETE, inline_name)]
            }
            Change::RevokeSessions { inline_name, .. } => vec![about(PUT, inline_name)],
            Change::LiftRevocation { inline_name } => vec![about(DELETE, inline_name)],
            Change::Delete { .. } | Change::DeleteResource => {
                self.deletions().map(|name| call([name; 2])).collect()
            }
            Change::PutTrust { .. } => vec![call(["UpdateAssumeRolePolicy"; 2])],
            Change::Quarantine { .. } => vec![call(["TagUser", "TagRole"])],
            Change::LiftQuarantine { .. } => vec![call(["UntagUser", "UntagRole"])],
            Change::Resource { change } => {
                change.calls().iter().map(|name| call([*name; 2])).collect()
            }
            Change::MakeKey { .. } => MAKE_KEY.map(|name| call([name; 2])).into(),
            Change::SetBoundary { boundary: Some(_) } => vec![call(PUT_BOUNDARY)],
            Change::SetBoundary { boundary: None } => vec![call(DELETE_BOUNDARY)],
            Change::DeactivateKey { key } => vec![self.of_key(key, "Inactive")],
            Change::ActivateKey { key } => vec![self.of_key(key, "Active")],
            Change::DeactivateCredential { credential } => {
                vec![call([update_of(credential.kind); 2])]
            }
            Change::ActivateCredential { credential } => {
                vec![call([update_of(credential.kind); 2])]
            }
        }
    }

    /// The calls that delete the principal and what hangs on it, by the names in CloudTrail.
    fn deletions(&self) -> impl Iterator<Item = &'static str> {
        let of_iam = self.action.permissions().iter().filter_map(|call| call.strip_prefix("iam:"));
        let of_iam = of_iam.filter(|call| !call.starts_with("List") && !call.starts_with("Get"));
        of_iam.chain(self.ending().into_iter().flat_map(|ending| ending.calls.iter().copied()))
    }

    /// How the resource is deleted, where it is none of IAM's.
    fn ending(&self) -> Option<&'static Ending> {
        let deletes = matches!(self.action.change, Change::DeleteResource);
        ResourceName::about(&self.action.on).filter(|_| deletes).and_then(|on| Ending::of(on.of))
    }

    /// How often the attempt may make a call of one name.
    pub(super) fn calls_max(&self) -> u32 {
        let deletes = matches!(self.action.change, Change::Delete { .. } | Change::DeleteResource);
        if deletes { REPEATS_MAX * HANGING_MAX } else { REPEATS_MAX }
    }

    /// Whether the call, which succeeded, is all that the step was to bring about: a principal of
    /// which something was deleted may still be there.
    pub(super) fn completes(&self, call: &str) -> bool {
        let deletes = matches!(self.action.change, Change::Delete { .. } | Change::DeleteResource);
        let makes_a_key = matches!(self.action.change, Change::MakeKey { .. });
        let ends = match self.ending() {
            // What Cloud Control was asked has the id that the journal knows.
            Some(ending) => ending.calls.contains(&call),
            None => {
                let last = self.action.permissions().first();
                last.and_then(|last| last.strip_prefix("iam:")) == Some(call)
            }
        };
        (!deletes || ends) && (!makes_a_key || call == PUT_SECRET)
    }

    fn of_key<'a>(&'a self, key: &'a AccessKeyId, status: &'static str) -> Expected<'a> {
        let (call, on) = ("UpdateAccessKey", &self.action.on);
        Expected { call, on, policy: None, key: Some(key.reveal()), status: Some(status) }
    }
}

/// Each call for users, and the same for roles.
const ATTACH: [&str; 2] = ["AttachUserPolicy", "AttachRolePolicy"];
const DETACH: [&str; 2] = ["DetachUserPolicy", "DetachRolePolicy"];
const PUT: [&str; 2] = ["PutUserPolicy", "PutRolePolicy"];
const DELETE: [&str; 2] = ["DeleteUserPolicy", "DeleteRolePolicy"];
const PUT_BOUNDARY: [&str; 2] = ["PutUserPermissionsBoundary", "PutRolePermissionsBoundary"];
const PUT_SECRET: &str = "PutSecretValue";
const CREATE_SECRET: &str = "CreateSecret";
/// The changing calls by which a key is made, and one whose secret was lost goes again.
const MAKE_KEY: [&str; 4] = ["CreateAccessKey", "DeleteAccessKey", CREATE_SECRET, PUT_SECRET];
/// Calls whose records name no principal.
const UNTARGETED: [&str; 3] = ["DeleteVirtualMFADevice", CREATE_SECRET, PUT_SECRET];
const DELETE_BOUNDARY: [&str; 2] =
    ["DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary"];

fn update_of(kind: SideKind) -> &'static str {
    match kind {
        SideKind::ServiceSpecific => "UpdateServiceSpecificCredential",
        SideKind::SshKey => "UpdateSSHPublicKey",
        SideKind::SigningCertificate => "UpdateSigningCertificate",
    }
}

impl Expected<'_> {
    fn is(&self, row: &TrailRow) -> bool {
        if row.event_name.as_deref() != Some(self.call) {
            return false;
        }
        let target = match self.on.kind {
            PrincipalKind::User => row.target_user.as_deref(),
            PrincipalKind::Role => row.target_role.as_deref(),
            PrincipalKind::Resource => {
                // Without a response `resource` may be a part of the request, such as the cluster.
                let resource = if succeeded(row) { &row.resource } else { &None };
                let told = [&row.bucket, resource, &row.target_policy, &row.target_group];
                let mut told = told.into_iter().flatten().peekable();
                return told.peek().is_none() || told.any(|told| is_named(told, &self.on.name));
            }
        };
        // IAM's records do not say what was asked when it was denied, and a virtual device is
        // named by its serial number alone.
        let untold = (!succeeded(row) || UNTARGETED.contains(&self.call)) && target.is_none();
        let same = |expected: Option<&str>, told: &Option<String>| {
            expected.is_none_or(|expected| told.as_deref() == Some(expected))
        };
        untold
            || target == Some(self.on.name.as_str())
                && same(self.policy, &row.target_policy)
                && same(self.key, &row.target_key)
                && same(self.status, &row.target_status)
    }
}

pub(super) fn succeeded(row: &TrailRow) -> bool {
    row.error_code.is_none() && row.error_message.is_none()
}
