//! The one way to change an account: with the ticket of a journaled intent, and only its rights.

use crate::aws::changes;
use crate::aws::clients::{ContainSettings, RoleSettings};
use crate::aws::eradicate_resources;
use crate::aws::eradicate_things;
use crate::aws::error::call_error;
use crate::aws::key_making::AwsKeyMaker;
use crate::aws::resources;
use crate::aws::session::{TicketRights, TicketSessions, account_of};
use crate::domain::action::{Action, Change};
use crate::domain::ids::AccountId;
use crate::domain::resource::ResourceName;
use crate::ports::cloud::{Ahead, Applied, CallClass, CallError, Contain};
use crate::ports::key_making;
use crate::ports::ticket::Ticket;
use async_trait::async_trait;
use aws_config::SdkConfig;
use tokio::sync::OnceCell;

/// Allowed to everyone; asked once, to know which account own credentials reach.
const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// Changes one account, with the rights of one ticket at a time.
#[derive(Debug)]
pub struct AwsContain {
    rights: Rights,
    /// What deletes for good; without it nothing does.
    eradicate: Option<Tier>,
    /// What makes a key in the place of a leaked one; without it people do.
    recover: Option<Tier>,
    /// The settings that name its roles.
    section: String,
}

/// A role of its own for one kind of step, and the account that it is of.
#[derive(Debug)]
struct Tier {
    sessions: Box<TicketSessions>,
    account: Option<AccountId>,
}

#[derive(Debug)]
enum Rights {
    Role { sessions: Box<TicketSessions>, account: Option<AccountId> },
    Own { rights: Box<TicketRights>, sts: aws_sdk_sts::Client, account: OnceCell<AccountId> },
}

impl AwsContain {
    /// None where no rights to change anything are configured: the service is then read-only.
    pub fn new(config: &SdkConfig, settings: Option<&ContainSettings>) -> Option<Self> {
        let rights = match settings? {
            ContainSettings::Role(role) => Rights::Role {
                account: account_of(&role.arn).and_then(AccountId::parse),
                sessions: Box::new(TicketSessions::new(config, role.clone())),
            },
            ContainSettings::OwnCredentials => Rights::Own {
                rights: Box::new(TicketRights {
                    iam: aws_sdk_iam::Client::new(config),
                    config: config.clone(),
                }),
                sts: aws_sdk_sts::Client::new(config),
                account: OnceCell::new(),
            },
        };
        let section = "aws".to_owned();
        Some(Self { rights, eradicate: None, recover: None, section })
    }

    /// The same, for an account beside the bot's own.
    #[must_use]
    pub fn of(self, section: &str) -> Self {
        Self { section: section.to_owned(), ..self }
    }

    /// The same, with a role of its own for what cannot be undone.
    #[must_use]
    pub fn eradicating(self, config: &SdkConfig, role: Option<&RoleSettings>) -> Self {
        Self { eradicate: role.map(|role| Tier::new(config, role)), ..self }
    }

    /// The same, with a role of its own for what takes the place of a leaked key.
    #[must_use]
    pub fn recovering(self, config: &SdkConfig, role: Option<&RoleSettings>) -> Self {
        Self { recover: role.map(|role| Tier::new(config, role)), ..self }
    }

    /// A client with the ticket's rights, in the account that the plan was approved for.
    async fn client(&self, ticket: &Ticket) -> Result<TicketRights, CallError> {
        let call = first_call(ticket.action());
        if matches!(ticket.action().change, Change::MakeKey { .. }) {
            return self.client_of((&self.recover, "makes keys", "recover_role"), ticket).await;
        }
        if !ticket.action().reversible() {
            return self.client_of((&self.eradicate, "deletes", "eradicate_role"), ticket).await;
        }
        match &self.rights {
            Rights::Role { sessions, account } => {
                self.is_for(call, account.as_ref(), ticket.account())?;
                sessions.client(ticket).await
            }
            Rights::Own { rights, sts, account } => {
                let own = account.get_or_try_init(|| caller_account(sts)).await?;
                self.is_for(call, Some(own), ticket.account())?;
                Ok(TicketRights::clone(rights))
            }
        }
    }
}

impl AwsContain {
    /// A client with the rights of a role that only some steps need.
    async fn client_of(
        &self,
        (tier, does, setting): (&Option<Tier>, &str, &str),
        ticket: &Ticket,
    ) -> Result<TicketRights, CallError> {
        let call = first_call(ticket.action());
        let Some(Tier { sessions, account }) = tier else {
            let message =
                format!("no role that {does} is configured; set {}.{setting}", self.section);
            return Err(CallError::new(CallClass::Denied, call, message));
        };
        self.is_for(call, account.as_ref(), ticket.account())?;
        sessions.client(ticket).await
    }

    /// Nothing is changed in an account other than the one the plan was approved for.
    fn is_for(
        &self,
        call: &str,
        reached: Option<&AccountId>,
        approved: &AccountId,
    ) -> Result<(), CallError> {
        if reached == Some(approved) {
            return Ok(());
        }
        let reached = reached.map_or("an account that its ARN does not name", |id| id.0.as_str());
        let message = format!(
            "the plan is for account {approved} and the roles of [{}] reach {reached}; the roles \
             of {approved} go into [aws.accounts.{approved}]",
            self.section
        );
        Err(CallError::new(CallClass::Denied, call, message))
    }
}

#[async_trait]
impl Contain for AwsContain {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let rights = self.client(ticket).await?;
        let action = ticket.action();
        if matches!(action.change, Change::MakeKey { .. }) {
            return key_making::make(&AwsKeyMaker::new(&rights), ticket).await;
        }
        let TicketRights { iam, config } = rights;
        match (&action.change, ResourceName::about(&action.on)) {
            (Change::Resource { change }, Some(name)) => {
                resources::carry_out(&config, &name, change).await
            }
            (Change::DeleteResource, Some(name)) if !name.of.is_of_iam() => {
                eradicate_resources::delete(&config, &name).await
            }
            (Change::DeleteResource, Some(name)) => {
                eradicate_things::delete(&iam, &action.on, &name).await
            }
            _ => changes::carry_out(&iam, action, ticket.record().at).await,
        }
    }

    async fn warm(&self, ahead: Ahead<'_>) {
        let Rights::Role { sessions, account } = &self.rights else { return };
        let elsewhere = matches!(ahead.action.change, Change::MakeKey { .. });
        if elsewhere || !ahead.action.reversible() || account.as_ref() != Some(ahead.account) {
            return;
        }
        if let Err(error) = sessions.warm(ahead).await {
            tracing::warn!(%error, "the contain role cannot be assumed");
        }
    }

    fn role(&self) -> Option<String> {
        match &self.rights {
            Rights::Role { sessions, .. } => Some(sessions.role_arn().to_owned()),
            Rights::Own { .. } => None,
        }
    }

    fn eradicate_role(&self) -> Option<String> {
        self.eradicate.as_ref().map(|tier| tier.sessions.role_arn().to_owned())
    }

    fn recover_role(&self) -> Option<String> {
        self.recover.as_ref().map(|tier| tier.sessions.role_arn().to_owned())
    }

    fn region(&self) -> Option<String> {
        self.recover.as_ref().and_then(|tier| tier.sessions.region())
    }
}

impl Tier {
    fn new(config: &SdkConfig, role: &RoleSettings) -> Self {
        let account = account_of(&role.arn).and_then(AccountId::parse);
        Self { sessions: Box::new(TicketSessions::new(config, role.clone())), account }
    }
}

fn first_call(action: &Action) -> &'static str {
    action.permissions().first().copied().unwrap_or("iam")
}

async fn caller_account(sts: &aws_sdk_sts::Client) -> Result<AccountId, CallError> {
    let answer = sts.get_caller_identity().send().await;
    let answer = answer.map_err(|error| call_error(GET_CALLER_IDENTITY, &error))?;
    answer.account().and_then(AccountId::parse).ok_or_else(|| {
        let message = "AWS answered with no account number";
        CallError::new(CallClass::Other, GET_CALLER_IDENTITY, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::wire_fake::{
        ACCOUNT, Answer, Seen, WireFake, deploy_role, leaked_key, tickets, user,
    };
    use crate::domain::action::{DENY_ALL_DOCUMENT, SideCredential, SideKind};
    use crate::domain::revocation::{Revocation, Sessions};

    const DENY_ARN: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
    const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
        <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";

    fn on_user(change: Change) -> Action {
        Action { on: user(), change }
    }

    fn on_role(change: Change) -> Action {
        Action { on: deploy_role(), change }
    }

    fn deny() -> Change {
        let (policy_arn, inline_name) = (DENY_ARN.to_owned(), "KeyleakDeny-1".to_owned());
        Change::Deny { policy_arn, inline_name }
    }

    fn lift() -> Change {
        let (policy_arn, inline_name) = (DENY_ARN.to_owned(), "KeyleakDeny-1".to_owned());
        Change::LiftDeny { policy_arn, inline_name }
    }

    fn deny_user() -> Action {
        on_user(deny())
    }

    fn lift_deny() -> Action {
        on_user(lift())
    }

    fn deactivate() -> Action {
        on_user(Change::DeactivateKey { key: leaked_key() })
    }

    fn activate() -> Action {
        on_user(Change::ActivateKey { key: leaked_key() })
    }

    fn role(account: &str) -> ContainSettings {
        ContainSettings::Role(RoleSettings {
            arn: format!("arn:aws:iam::{account}:role/keyleak-contain"),
            external_id: Some("external-7".to_owned()),
        })
    }

    fn ok() -> Answer {
        Answer::ok("<R><ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></R>")
    }

    /// Carries one action out with the bot's own credentials; the identity check comes first.
    async fn own(action: Action, answers: Vec<Answer>) -> (Result<Applied, CallError>, Vec<Seen>) {
        let mut script = vec![Answer::ok(IDENTITY)];
        script.extend(answers);
        let fake = WireFake::start(script);
        let settings = ContainSettings::OwnCredentials;
        let contain = AwsContain::new(&fake.config().await, Some(&settings)).unwrap();
        let ticket = tickets(vec![action]).await.remove(0);
        let outcome = contain.apply(&ticket).await;
        let mut seen = fake.seen();
        seen.remove(0);
        (outcome, seen)
    }

    fn operations(seen: &[Seen]) -> Vec<String> {
        seen.iter().map(Seen::operation).collect()
    }

    #[tokio::test]
    async fn a_deny_is_attached_to_the_user() {
        let (outcome, seen) = own(deny_user(), vec![ok()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("attached"));
        assert_eq!(operations(&seen), ["AttachUserPolicy"]);
        assert_eq!(seen[0].parameter("UserName").as_deref(), Some("ci-deploy"));
        assert_eq!(seen[0].parameter("PolicyArn").as_deref(), Some(DENY_ARN));
    }

    #[tokio::test]
    async fn the_tag_is_put_on_and_taken_off_users_and_roles() {
        let on = || Change::Quarantine { tag: "stop".to_owned(), value: "kl-1".to_owned() };
        let off = || Change::LiftQuarantine { tag: "stop".to_owned() };
        for (action, call, key) in [
            (on_user(on()), "TagUser", "Tags.member.1.Key"),
            (on_role(on()), "TagRole", "Tags.member.1.Key"),
            (on_user(off()), "UntagUser", "TagKeys.member.1"),
            (on_role(off()), "UntagRole", "TagKeys.member.1"),
        ] {
            let (outcome, seen) = own(action, vec![ok()]).await;
            assert!(outcome.is_ok());
            assert_eq!(operations(&seen), [call]);
            assert_eq!(seen[0].parameter(key).as_deref(), Some("stop"));
        }
    }

    #[tokio::test]
    async fn a_deny_goes_inline_where_no_more_can_be_attached() {
        let full = Answer::xml_error(409, "LimitExceeded");
        let (outcome, seen) = own(deny_user(), vec![full, ok()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("inline"));
        assert_eq!(operations(&seen), ["AttachUserPolicy", "PutUserPolicy"]);
        assert_eq!(seen[1].parameter("PolicyName").as_deref(), Some("KeyleakDeny-1"));
        assert_eq!(seen[1].parameter("PolicyDocument").as_deref(), Some(DENY_ALL_DOCUMENT));
    }

    #[tokio::test]
    async fn a_deny_becomes_the_boundary_where_there_is_no_room_at_all() {
        let full = || Answer::xml_error(409, "LimitExceeded");
        let (outcome, seen) = own(deny_user(), vec![full(), full(), ok()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("as the boundary"));
        let calls = ["AttachUserPolicy", "PutUserPolicy", "PutUserPermissionsBoundary"];
        assert_eq!(operations(&seen), calls);
        assert_eq!(seen[2].parameter("PermissionsBoundary").as_deref(), Some(DENY_ARN));
    }

    #[tokio::test]
    async fn a_deny_that_fits_nowhere_is_said_so_and_never_passes_for_a_user_that_is_gone() {
        let full = || Answer::xml_error(409, "LimitExceeded");
        let no_policy = Answer::xml_error(404, "NoSuchEntity");
        let (outcome, _) = own(deny_user(), vec![full(), full(), no_policy]).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.class, CallClass::LimitExceeded);
        assert!(error.message.contains("has no room for a deny"), "{error}");
    }

    #[tokio::test]
    async fn a_user_that_is_gone_is_not_found() {
        let gone = || Answer::xml_error(404, "NoSuchEntity");
        let (outcome, _) = own(deny_user(), vec![gone(), gone()]).await;
        assert_eq!(outcome.unwrap_err().class, CallClass::NotFound);
    }

    #[tokio::test]
    async fn a_refusal_stops_and_names_the_permission_and_masks_the_key() {
        let denied = Answer::xml_error(403, "AccessDenied");
        let (outcome, seen) = own(deny_user(), vec![denied]).await;
        let error = outcome.unwrap_err();
        assert_eq!(seen.len(), 1);
        assert_eq!(error.class, CallClass::Denied);
        assert_eq!(error.request_id.as_deref(), Some("request-1"));
        let text = error.to_string();
        assert!(text.contains("allow iam:AttachUserPolicy"), "{text}");
        assert!(text.contains("AKIA…7WML") && !text.contains("AKIAQNZG"), "{text}");
    }

    #[tokio::test]
    async fn each_error_has_the_class_that_decides_what_to_do() {
        for (status, code, class) in [
            (400, "Throttling", CallClass::Throttled),
            (409, "ConcurrentModification", CallClass::Conflict),
            (409, "EntityTemporarilyUnmodifiable", CallClass::Conflict),
            (500, "ServiceFailure", CallClass::Unavailable),
            (403, "InvalidClientTokenId", CallClass::Denied),
            (400, "InvalidInput", CallClass::Other),
        ] {
            let (outcome, _) = own(deactivate(), vec![Answer::xml_error(status, code)]).await;
            assert_eq!(outcome.unwrap_err().class, class, "{code}");
        }
        let (outcome, _) = own(deactivate(), vec![Answer::HangUp]).await;
        assert_eq!(outcome.unwrap_err().class, CallClass::Unavailable);
    }

    #[tokio::test]
    async fn keys_are_made_inactive_and_active_again() {
        for (action, status) in [(deactivate(), "Inactive"), (activate(), "Active")] {
            let (outcome, seen) = own(action, vec![ok()]).await;
            assert!(outcome.is_ok());
            assert_eq!(operations(&seen), ["UpdateAccessKey"]);
            assert_eq!(seen[0].parameter("Status").as_deref(), Some(status));
            let key = seen[0].parameter("AccessKeyId");
            assert_eq!(key.as_deref(), Some(leaked_key().reveal()));
        }
    }

    #[tokio::test]
    async fn a_role_is_denied_and_lifted_by_its_own_calls() {
        let (outcome, seen) = own(on_role(deny()), vec![ok()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("attached"));
        assert_eq!(operations(&seen), ["AttachRolePolicy"]);
        assert_eq!(seen[0].parameter("RoleName").as_deref(), Some("deploy"));
        let (_, seen) = own(on_role(lift()), vec![ok(), ok()]).await;
        assert_eq!(operations(&seen), ["DetachRolePolicy", "DeleteRolePolicy"]);
    }

    #[tokio::test]
    async fn sessions_are_revoked_half_a_minute_past_the_intent() {
        let until = "2026-08-01T09:00:00Z".parse().unwrap();
        let revoke = Change::RevokeSessions {
            sessions: Sessions::Named { user_ids: ["AROAX:evil".to_owned()].into() },
            until,
            inline_name: "KeyleakRevoke-1".to_owned(),
        };
        let (outcome, seen) = own(on_role(revoke), vec![ok()]).await;
        assert!(outcome.is_ok());
        assert_eq!(operations(&seen), ["PutRolePolicy"]);
        assert_eq!(seen[0].parameter("PolicyName").as_deref(), Some("KeyleakRevoke-1"));
        let document = seen[0].parameter("PolicyDocument").unwrap();
        let put = Revocation::read(&document).unwrap();
        assert_eq!(put.before.to_string(), "2026-08-01T10:00:30Z", "the intent and half a minute");
        assert!(document.contains(r#""aws:userid":["AROAX:evil"]"#), "{document}");
        let lift = Change::LiftRevocation { inline_name: "KeyleakRevoke-1".to_owned() };
        let (_, seen) = own(on_role(lift), vec![ok()]).await;
        assert_eq!(operations(&seen), ["DeleteRolePolicy"]);
    }

    #[tokio::test]
    async fn a_trust_document_and_a_boundary_are_put_as_they_are_planned() {
        let document = r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned();
        let trust = on_role(Change::PutTrust { document: document.clone() });
        let (_, seen) = own(trust, vec![ok()]).await;
        assert_eq!(operations(&seen), ["UpdateAssumeRolePolicy"]);
        assert_eq!(seen[0].parameter("PolicyDocument"), Some(document));
        let arn = "arn:aws:iam::123456789012:policy/limit".to_owned();
        for (boundary, user_call, role_call) in [
            (Some(arn), "PutUserPermissionsBoundary", "PutRolePermissionsBoundary"),
            (None, "DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary"),
        ] {
            let set = Change::SetBoundary { boundary };
            let (_, seen) = own(on_user(set.clone()), vec![ok()]).await;
            assert_eq!(operations(&seen), [user_call]);
            let (_, seen) = own(on_role(set), vec![ok()]).await;
            assert_eq!(operations(&seen), [role_call]);
        }
    }

    #[tokio::test]
    async fn every_other_long_term_credential_is_switched_by_its_own_call() {
        for (kind, call, parameter) in [
            (
                SideKind::ServiceSpecific,
                "UpdateServiceSpecificCredential",
                "ServiceSpecificCredentialId",
            ),
            (SideKind::SshKey, "UpdateSSHPublicKey", "SSHPublicKeyId"),
            (SideKind::SigningCertificate, "UpdateSigningCertificate", "CertificateId"),
        ] {
            let credential = SideCredential { kind, id: "APKAX7EXAMPLE".to_owned() };
            let off = Change::DeactivateCredential { credential: credential.clone() };
            for (change, status) in
                [(off, "Inactive"), (Change::ActivateCredential { credential }, "Active")]
            {
                let (outcome, seen) = own(on_user(change), vec![ok()]).await;
                assert!(outcome.is_ok());
                assert_eq!(operations(&seen), [call]);
                assert_eq!(seen[0].parameter("Status").as_deref(), Some(status));
                assert_eq!(seen[0].parameter(parameter).as_deref(), Some("APKAX7EXAMPLE"));
            }
        }
    }

    #[tokio::test]
    async fn lifting_takes_both_forms_of_the_deny_away() {
        let (outcome, seen) = own(lift_deny(), vec![ok(), ok()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("detached"));
        assert_eq!(operations(&seen), ["DetachUserPolicy", "DeleteUserPolicy"]);
    }

    #[tokio::test]
    async fn lifting_a_deny_that_is_not_there_is_success() {
        let gone = || Answer::xml_error(404, "NoSuchEntity");
        let (outcome, _) = own(lift_deny(), vec![gone(), gone()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("was not there"));
    }

    #[tokio::test]
    async fn a_deny_that_cannot_be_lifted_is_not_called_lifted() {
        let denied = Answer::xml_error(403, "AccessDenied");
        let (outcome, _) = own(lift_deny(), vec![denied]).await;
        assert_eq!(outcome.unwrap_err().class, CallClass::Denied);
        let denied = Answer::xml_error(403, "AccessDenied");
        let (outcome, _) = own(lift_deny(), vec![ok(), denied]).await;
        assert_eq!(outcome.unwrap_err().class, CallClass::Denied);
    }

    #[tokio::test]
    async fn nothing_is_changed_in_an_account_that_the_plan_is_not_for() {
        let fake = WireFake::start([]);
        let settings = role("999999999999");
        let contain = AwsContain::new(&fake.config().await, Some(&settings)).unwrap();
        let ticket = tickets(vec![deny_user()]).await.remove(0);
        let error = contain.apply(&ticket).await.unwrap_err();
        assert_eq!(error.class, CallClass::Denied);
        assert_eq!(fake.operations(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn own_credentials_of_another_account_change_nothing() {
        let fake = WireFake::start([Answer::ok(&IDENTITY.replace(ACCOUNT, "999999999999"))]);
        let settings = ContainSettings::OwnCredentials;
        let contain = AwsContain::new(&fake.config().await, Some(&settings)).unwrap();
        let ticket = tickets(vec![deny_user()]).await.remove(0);
        assert!(contain.apply(&ticket).await.is_err());
        assert_eq!(fake.operations(), ["GetCallerIdentity"]);
    }

    #[tokio::test]
    async fn a_ticket_assumes_the_contain_role_for_its_action_case_and_plan() {
        let fake = WireFake::start([Answer::ok(ASSUMED), ok()]);
        let contain = AwsContain::new(&fake.config().await, Some(&role(ACCOUNT))).unwrap();
        let ticket = tickets(vec![deny_user()]).await.remove(0);
        contain.apply(&ticket).await.unwrap();
        let seen = fake.seen();
        assert_eq!(operations(&seen), ["AssumeRole", "AttachUserPolicy"]);
        let parameter = |name| seen[0].parameter(name).unwrap_or_default();
        assert_eq!(parameter("ExternalId"), "external-7");
        assert_eq!(parameter("RoleSessionName"), ticket.case().0);
        assert_eq!(parameter("SourceIdentity"), ticket.plan_hash());
        assert!(parameter("Policy").contains("iam:AttachUserPolicy"));
        assert!(!parameter("Policy").contains("iam:UpdateAccessKey"));
        let token = seen[1].headers.get("x-amz-security-token");
        assert_eq!(token.map(String::as_str), Some("session-token"));
    }

    /// After the last approval nothing but the deny itself is asked of AWS.
    #[tokio::test]
    async fn rights_that_were_made_ready_leave_the_deny_as_the_only_call() {
        let fake = WireFake::start([Answer::ok(ASSUMED), ok()]);
        let contain = AwsContain::new(&fake.config().await, Some(&role(ACCOUNT))).unwrap();
        let ticket = tickets(vec![deny_user()]).await.remove(0);
        let ahead = |account| Ahead {
            case: ticket.case(),
            account,
            plan_hash: ticket.plan_hash(),
            action: ticket.action(),
        };
        let elsewhere = AccountId("999999999999".to_owned());
        contain.warm(ahead(&elsewhere)).await;
        assert_eq!(fake.operations(), Vec::<String>::new(), "the role is of another account");
        contain.warm(ahead(ticket.account())).await;
        assert_eq!(fake.operations(), ["AssumeRole"]);
        contain.apply(&ticket).await.unwrap();
        assert_eq!(fake.operations(), ["AssumeRole", "AttachUserPolicy"]);
    }

    #[tokio::test]
    async fn steps_that_need_the_same_rights_share_one_session() {
        let script = [ASSUMED].map(Answer::ok).into_iter().chain([ok(), ok()]);
        let fake = WireFake::start(script);
        let contain = AwsContain::new(&fake.config().await, Some(&role(ACCOUNT))).unwrap();
        for ticket in tickets(vec![deactivate(), deactivate()]).await {
            contain.apply(&ticket).await.unwrap();
        }
        assert_eq!(fake.operations(), ["AssumeRole", "UpdateAccessKey", "UpdateAccessKey"]);
    }

    #[tokio::test]
    async fn a_role_that_cannot_be_assumed_changes_nothing_and_says_so() {
        let fake = WireFake::start([Answer::xml_error(403, "AccessDenied")]);
        let contain = AwsContain::new(&fake.config().await, Some(&role(ACCOUNT))).unwrap();
        let ticket = tickets(vec![deny_user()]).await.remove(0);
        let error = contain.apply(&ticket).await.unwrap_err();
        assert_eq!((error.class, error.call.as_str()), (CallClass::Denied, "sts:AssumeRole"));
        assert!(error.message.starts_with("arn:aws:iam::123456789012:role/keyleak-contain could"));
    }

    #[tokio::test]
    async fn without_configured_rights_there_is_nothing_that_could_change_anything() {
        let fake = WireFake::start([]);
        assert!(AwsContain::new(&fake.config().await, None).is_none());
    }
}
