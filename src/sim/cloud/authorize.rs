//! May the caller do it? Judged by the policies that are enforced now, an explicit deny first.

use crate::sim::cloud::account::{Inline, State, User};
use crate::sim::cloud::calls::Call;
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::{Asked, Document, Verdict, judge_all};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::{Caller, Who};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl State {
    /// Refuses what the caller may not do.
    pub(super) fn authorize(
        &self,
        caller: &Caller,
        call: &Call,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if caller.is_bot() || call.name == "GetCallerIdentity" {
            return Ok(());
        }
        limited_session(caller, call)?;
        let action = call.action();
        let arn = principal_arn(self, caller);
        let asked = Asked {
            action: &action,
            resource: &call.resource,
            principal_arn: &arn,
            user_id: &caller.principal_id,
            token_issued: caller.issued,
            policy_arn: call.argument("policyArn"),
        };
        let trusted = call.name == "AssumeRole" && self.is_named_by_trust(caller, call, now);
        match self.verdict(caller, &asked, now) {
            Verdict::Allow => Ok(()),
            // Anybody may ask for a session of their own, unless it is denied to them.
            Verdict::Silent if call.name == "GetSessionToken" || trusted => Ok(()),
            Verdict::Silent => Err(denied(caller, call, "because no identity-based policy allows")),
            Verdict::Deny => {
                Err(denied(caller, call, "with an explicit deny in an identity-based policy to"))
            }
        }
    }

    fn verdict(&self, caller: &Caller, asked: &Asked<'_>, now: Timestamp) -> Verdict {
        match &caller.who {
            Who::User(user) => self.user_verdict(user, asked, now),
            Who::Federated(user, policy) => {
                narrower(self.user_verdict(user, asked, now), policy.judge(asked))
            }
            Who::Role(role) => {
                let own = self.documents(&role.attached, &role.inline, now);
                judge_all(own, asked)
            }
        }
    }

    fn user_verdict(&self, user: &User, asked: &Asked<'_>, now: Timestamp) -> Verdict {
        let own = judge_all(self.documents(&user.attached, &user.inline, now), asked);
        let groups = user.groups.iter().filter_map(|name| {
            let group = self.groups.get(name)?.enforced(now)?;
            let documents = self.documents(&group.attached, &group.inline, now);
            Some(judge_all(documents, asked))
        });
        let granted = groups.max().map_or(own, |groups| groups.max(own));
        let Some(boundary) = &user.boundary else {
            return granted;
        };
        let boundary = self.policies.get(boundary).and_then(|p| p.enforced(now));
        let limit = boundary.map_or(Verdict::Silent, |document| document.judge(asked));
        narrower(granted, limit)
    }

    fn documents<'a>(
        &'a self,
        attached: &'a [String],
        inline: &'a BTreeMap<String, Inline>,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Document> {
        let managed = attached.iter().filter_map(move |arn| self.policies.get(arn)?.enforced(now));
        let inline = inline.values().map(|inline| &inline.document);
        managed.chain(inline).map(AsRef::as_ref)
    }

    /// A trust policy that names the very user is a grant of its own within one account.
    fn is_named_by_trust(&self, caller: &Caller, call: &Call, now: Timestamp) -> bool {
        let role = call.argument("roleArn").unwrap_or_default();
        let name = role.rsplit('/').next().unwrap_or_default();
        let role = self.roles.get(name).and_then(|role| role.enforced(now));
        role.is_some_and(|role| role.trust.names(&principal_arn(self, caller)))
    }

    /// Whether the role's trust policy lets the caller in.
    pub(super) fn check_trust(
        &self,
        trust: &Document,
        caller: &Caller,
        call: &Call,
    ) -> Result<(), Refusal> {
        let arn = principal_arn(self, caller);
        let asked = Asked {
            action: "sts:AssumeRole",
            resource: &call.resource,
            principal_arn: &arn,
            user_id: &caller.principal_id,
            token_issued: caller.issued,
            policy_arn: None,
        };
        if trust.trusts(&asked, &self.account.0) == Verdict::Allow {
            return Ok(());
        }
        Err(denied(caller, call, "because no trust policy allows"))
    }
}

/// What a limit leaves of a grant.
fn narrower(granted: Verdict, limit: Verdict) -> Verdict {
    match (granted, limit) {
        (Verdict::Deny, _) | (_, Verdict::Deny) => Verdict::Deny,
        (Verdict::Allow, Verdict::Allow) => Verdict::Allow,
        (Verdict::Silent, _) | (_, Verdict::Silent) => Verdict::Silent,
    }
}

/// `aws:PrincipalArn`: of a role's session it is the role.
fn principal_arn(state: &State, caller: &Caller) -> String {
    match &caller.who {
        Who::User(_) | Who::Federated(..) => caller.arn.clone(),
        Who::Role(role) => state.role_arn(&role.name),
    }
}

/// What AWS refuses to sessions without asking any policy.
fn limited_session(caller: &Caller, call: &Call) -> Result<(), Refusal> {
    let is_session = caller.issued.is_some();
    let refused = match &caller.who {
        // No MFA is ever given here, so IAM does not know the session.
        Who::User(_) | Who::Federated(..) if is_session && call.service == "iam" => {
            return Err(Refusal::invalid_token());
        }
        Who::User(_) => is_session && call.service == "sts" && call.name != "AssumeRole",
        Who::Federated(..) => call.service == "sts",
        Who::Role(_) => matches!(call.name, "GetSessionToken" | "GetFederationToken"),
    };
    if !refused {
        return Ok(());
    }
    let message = format!("Cannot call {} with session credentials", call.name);
    Err(Refusal::new("AccessDenied", message))
}

fn denied(caller: &Caller, call: &Call, why: &str) -> Refusal {
    let (arn, action, resource) = (&caller.arn, call.action(), &call.resource);
    let message = format!(
        "User: {arn} is not authorized to perform: {action} on resource: {resource} {why} the \
         {action} action"
    );
    Refusal::new("AccessDenied", message)
}

/// Whether a lagged policy exists for reads, which is what an attachment asks.
pub(super) fn exists<T>(versions: Option<&Lagged<T>>) -> bool {
    versions.is_some_and(|versions| versions.current().is_some())
}
