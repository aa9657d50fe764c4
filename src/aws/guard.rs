//! Proves the organization's service control policy: what it must refuse is tried.

use crate::aws::clients::{self, RoleSettings};
use crate::aws::error::call_error;
use crate::domain::guard::Guard;
use crate::ports::cloud::{CallClass, CallError};
use aws_config::SdkConfig;
use aws_sdk_iam::types::Tag;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";
const ASSUME_ROLE: &str = "sts:AssumeRole";
/// Every IAM action that is called here with the rights of the lookup role.
pub const CALLS: &[&str] = &[ASSUME_ROLE];

/// Bears the tag for good, and is refused everything where the policy is in force.
const CANARY: &str = "quarantine-canary";
/// May set the canary's tag and description to what they are, but for the policy.
const PROBE: &str = "quarantine-probe";
const DESCRIPTION: &str = "bears the tag";
const CANARYS_VALUE: &str = "canary";
const SESSION_NAME: &str = "keyleak-preflight";
/// What AWS says when it was a service control policy and nothing else.
const BY_THE_ORGANIZATION: &str = "explicit deny in a service control policy";

/// A policy is changed seldom, and a race has no time for four calls before each step.
const PROVEN_FOR: Duration = Duration::from_mins(10);
/// What was not in force may be set right meanwhile.
const ASKED_AGAIN_AFTER: Duration = Duration::from_mins(1);

/// Tries the policy of one account, with the rights of its lookup role.
#[derive(Debug)]
pub(super) struct Preflight {
    config: SdkConfig,
    external_id: Option<String>,
    tag: String,
    last: Mutex<Option<(Instant, Guard)>>,
}

impl Preflight {
    pub(super) fn new(config: &SdkConfig, external_id: Option<String>, tag: String) -> Self {
        Self { config: config.clone(), external_id, tag, last: Mutex::default() }
    }

    /// What the last try came to, or a new one.
    pub(super) async fn guard(&self) -> Guard {
        let mut last = self.last.lock().await;
        let fresh = last.as_ref().filter(|(at, guard)| {
            let lasts = if guard.tag().is_some() { PROVEN_FOR } else { ASKED_AGAIN_AFTER };
            at.elapsed() < lasts
        });
        if let Some((_, guard)) = fresh {
            return guard.clone();
        }
        let guard = match self.prove().await {
            Ok(()) => Guard::InForce { tag: self.tag.clone() },
            Err(why) => Guard::NotInForce { why },
        };
        *last = Some((Instant::now(), guard.clone()));
        guard
    }

    async fn prove(&self) -> Result<(), String> {
        let roles = self.roles().await?;
        let canary = self.client(&roles, CANARY).await;
        let tried = canary.list_account_aliases().send().await;
        let tried = tried.map_err(|error| call_error("iam:ListAccountAliases", &error));
        refused(tried, &format!("{CANARY}, which bears the tag,"))?;
        let tag = Tag::builder().key(&self.tag).value(CANARYS_VALUE).build();
        let tag = tag.map_err(|error| error.to_string())?;
        let probe = self.client(&roles, PROBE).await;
        // As it is: where it is not refused, nothing has changed.
        let tried = probe.tag_role().role_name(CANARY).tags(tag).send().await;
        let tried = tried.map_err(|error| call_error("iam:TagRole", &error));
        refused(tried, &format!("{PROBE}, which may not set the tag,"))?;
        let tried = probe.update_role_description().role_name(CANARY).description(DESCRIPTION);
        let tried = tried.send().await;
        let tried = tried.map_err(|error| call_error("iam:UpdateRoleDescription", &error));
        refused(tried, &format!("{PROBE}, which may not change a bearer,"))
    }

    /// How the ARNs of the roles of the account that is looked at begin.
    async fn roles(&self) -> Result<String, String> {
        let sts = aws_sdk_sts::Client::new(&self.config);
        let own = sts.get_caller_identity().send().await;
        let own = own.map_err(|error| call_error(GET_CALLER_IDENTITY, &error).to_string())?;
        let mut parts = own.arn().unwrap_or_default().split(':').skip(1);
        let partition = parts.next().unwrap_or("aws");
        let account = own.account().unwrap_or_default();
        Ok(format!("arn:{partition}:iam::{account}:role/"))
    }

    /// A client that signs as one of these roles.
    async fn client(&self, roles: &str, role: &str) -> aws_sdk_iam::Client {
        let arn = format!("{roles}{role}");
        let role = RoleSettings { arn, external_id: self.external_id.clone() };
        let config = clients::with_role(&self.config, &role, SESSION_NAME).await;
        aws_sdk_iam::Client::new(&config)
    }
}

/// Only a refusal by the organization proves anything.
fn refused<T>(tried: Result<T, CallError>, who: &str) -> Result<(), String> {
    match tried {
        Ok(_) => Err(format!("{who} was not refused")),
        Err(error)
            if error.class == CallClass::Denied && error.message.contains(BY_THE_ORGANIZATION) =>
        {
            Ok(())
        }
        Err(error) => Err(format!("{who} was not refused by it: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::wire_fake::{Answer, WireFake};

    const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
        <Arn>arn:aws:sts::123456789012:assumed-role/keyleak-lookup/x</Arn>\
        <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";
    const ALIASES: &str = "<ListAccountAliasesResponse><ListAccountAliasesResult>\
        <AccountAliases/></ListAccountAliasesResult></ListAccountAliasesResponse>";
    const DESCRIBED: &str = "<UpdateRoleDescriptionResponse></UpdateRoleDescriptionResponse>";
    const TAGGED: &str = "<TagRoleResponse></TagRoleResponse>";

    fn denied(by: &str) -> Answer {
        let text = format!(
            "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:x is \
             not authorized to perform: iam:X on resource: * with an explicit deny in \
             {by}</Message></Error></ErrorResponse>"
        );
        Answer::Say { status: 403, body: text }
    }

    /// What comes of these answers, the canary's first, and what was called with which roles.
    async fn preflight(tries: Vec<Answer>) -> (Guard, Vec<String>, Vec<String>) {
        let mut answers = Vec::new();
        for (at, tried) in tries.into_iter().enumerate() {
            if at == 0 {
                answers.push(Answer::ok(IDENTITY));
            }
            // The probe tries two things in one session.
            if at < 2 {
                answers.push(Answer::ok(ASSUMED));
            }
            answers.push(tried);
        }
        let fake = WireFake::start(answers);
        let external_id = Some("external-7".to_owned());
        let tag = "keyleak-quarantine".to_owned();
        let preflight = Preflight::new(&fake.config().await, external_id, tag);
        let guard = preflight.guard().await;
        assert_eq!(preflight.guard().await, guard, "asked again it is not tried again");
        let seen = fake.seen();
        let roles = seen.iter().filter_map(|seen| seen.parameter("RoleArn")).collect();
        (guard, fake.operations(), roles)
    }

    #[tokio::test]
    async fn it_is_in_force_where_the_organization_refuses_bearer_and_setter() {
        let scp = || denied("a service control policy");
        let (guard, calls, roles) = preflight(vec![scp(), scp(), scp()]).await;
        assert_eq!(guard, Guard::InForce { tag: "keyleak-quarantine".to_owned() });
        assert_eq!(calls[..3], ["GetCallerIdentity", "AssumeRole", "ListAccountAliases"]);
        // Whose account it is does not change within a proof, so it is asked once.
        assert_eq!(calls[3..], ["AssumeRole", "TagRole", "UpdateRoleDescription"]);
        assert_eq!(
            roles,
            [
                "arn:aws:iam::123456789012:role/quarantine-canary",
                "arn:aws:iam::123456789012:role/quarantine-probe"
            ]
        );
    }

    #[tokio::test]
    async fn what_is_let_through_or_refused_by_somebody_else_proves_nothing() {
        let scp = || denied("a service control policy");
        for (tries, who) in [
            (vec![Answer::ok(ALIASES)], "bears the tag"),
            (vec![denied("an identity-based policy")], "bears the tag"),
            (vec![scp(), Answer::ok(TAGGED)], "set the tag"),
            (vec![scp(), denied("a permissions boundary")], "set the tag"),
            (vec![scp(), scp(), Answer::ok(DESCRIBED)], "change a bearer"),
        ] {
            let (guard, ..) = preflight(tries).await;
            let Guard::NotInForce { why } = guard else { panic!("{guard:?}") };
            assert!(why.contains(who), "{why}");
        }
    }
}
