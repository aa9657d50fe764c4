//! May the caller do it? Judged by the policies that are enforced now, an explicit deny first.

use crate::sim::cloud::account::{Grants, State, User};
use crate::sim::cloud::calls::Call;
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::{Asked, Document, Tags, Verdict, judge_all};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::{Caller, Who};
use jiff::Timestamp;

/// The one service that takes service-specific credentials here.
const SERVICE_OF_CREDENTIALS: &str = "codecommit";

impl State {
    /// Refuses what the caller may not do.
    pub(super) fn authorize(
        &self,
        caller: &Caller,
        call: &Call,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        // A bucket that is closed is so to the bot's own roles too, but for those let through.
        let by_bucket = self.bucket_verdict(caller, call);
        if by_bucket == Verdict::Deny {
            return Err(denied(
                caller,
                call,
                "with an explicit deny in a resource-based policy to",
            ));
        }
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
            tags: self.tags(caller, call, now),
        };
        let binds = !matches!(caller.who, Who::Foreign(_));
        if binds && judge_all(self.scps.iter(), &asked) == Verdict::Deny {
            let why = "with an explicit deny in a service control policy to";
            return Err(denied(caller, call, why));
        }
        let trusted = call.name == "AssumeRole" && self.is_named_by_trust(caller, call, now);
        match self.verdict(caller, &asked, now) {
            Verdict::Allow => Ok(()),
            // Anybody may ask for a session of their own, unless it is denied to them.
            Verdict::Silent if call.name == "GetSessionToken" || trusted => Ok(()),
            Verdict::Silent if by_bucket == Verdict::Allow => Ok(()),
            Verdict::Silent => Err(denied(caller, call, "because no identity-based policy allows")),
            Verdict::Deny => {
                Err(denied(caller, call, "with an explicit deny in an identity-based policy to"))
            }
        }
    }

    fn verdict(&self, caller: &Caller, asked: &Asked<'_>, now: Timestamp) -> Verdict {
        match &caller.who {
            Who::User(user) | Who::Service(user) => self.user_verdict(user, asked, now),
            // What the other account allows is its own affair; the role's trust decides here.
            Who::Foreign(_) if asked.action == "sts:AssumeRole" => Verdict::Allow,
            Who::Foreign(_) => Verdict::Silent,
            Who::Federated(user, policy) => {
                narrower(self.user_verdict(user, asked, now), policy.judge(asked))
            }
            Who::Role(role) => {
                let granted = judge_all(self.documents(&role.grants, now), asked);
                self.within_boundary(granted, &role.grants, (asked, now))
            }
        }
    }

    fn user_verdict(&self, user: &User, asked: &Asked<'_>, now: Timestamp) -> Verdict {
        let own = judge_all(self.documents(&user.grants, now), asked);
        let groups = user.groups.iter().filter_map(|name| {
            let group = self.groups.get(name)?.enforced(now)?;
            Some(judge_all(self.documents(&group.grants, now), asked))
        });
        let granted = groups.max().map_or(own, |groups| groups.max(own));
        self.within_boundary(granted, &user.grants, (asked, now))
    }

    fn within_boundary(
        &self,
        granted: Verdict,
        grants: &Grants,
        (asked, now): (&Asked<'_>, Timestamp),
    ) -> Verdict {
        let Some(boundary) = &grants.boundary else {
            return granted;
        };
        let boundary = self.policies.get(boundary).and_then(|policy| policy.enforced(now));
        let limit = boundary.map_or(Verdict::Silent, |document| document.judge(asked));
        narrower(granted, limit)
    }

    fn documents<'a>(
        &'a self,
        grants: &'a Grants,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Document> {
        let attached = grants.attached.iter();
        let managed = attached.filter_map(move |arn| self.policies.get(arn)?.enforced(now));
        let inline = grants.inline.values().map(|inline| &inline.document);
        managed.chain(inline).map(AsRef::as_ref)
    }

    /// A trust policy that names the very user is a grant of its own within one account.
    fn is_named_by_trust(&self, caller: &Caller, call: &Call, now: Timestamp) -> bool {
        let role = call.argument("roleArn").unwrap_or_default();
        let name = role.rsplit('/').next().unwrap_or_default();
        let id = self.role_names.get(name);
        let role = id.and_then(|id| self.roles.get(id)?.enforced(now));
        role.is_some_and(|role| role.trust.document.names(&principal_arn(self, caller)))
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
            tags: Tags::default(),
        };
        if trust.trusts(&asked) == Verdict::Allow {
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
pub(super) fn principal_arn(state: &State, caller: &Caller) -> String {
    match &caller.who {
        Who::User(_) | Who::Service(_) | Who::Federated(..) | Who::Foreign(_) => caller.arn.clone(),
        Who::Role(role) => state.role_arn(role),
    }
}

/// What AWS refuses to sessions without asking any policy.
fn limited_session(caller: &Caller, call: &Call) -> Result<(), Refusal> {
    let is_session = caller.issued.is_some();
    let refused = match &caller.who {
        // A sign-in to the console lifts what AWS refuses to sessions of the API.
        Who::User(_) if caller.from_console => false,
        // No MFA is ever given here, so IAM does not know the session.
        Who::User(_) | Who::Federated(..) if is_session && call.service == "iam" => {
            return Err(Refusal::invalid_token());
        }
        Who::User(_) => is_session && call.service == "sts" && call.name != "AssumeRole",
        Who::Federated(..) => call.service == "sts",
        Who::Service(_) => call.service != SERVICE_OF_CREDENTIALS,
        // A bucket may let anybody in.
        Who::Foreign(_) => call.name != "AssumeRole" && call.service != "s3",
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
