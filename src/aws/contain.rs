//! The only changes the program makes to an account: one call an action, each harmless to repeat.

use crate::aws::clients::ContainSettings;
use crate::aws::error::{call_error, code};
use crate::aws::session::{TicketSessions, account_of};
use crate::domain::action::{Action, DENY_ALL_DOCUMENT, UserRef};
use crate::domain::ids::{AccessKeyId, AccountId};
use crate::domain::step_result::StepResult;
use crate::ports::cloud::{Applied, CallClass, CallError, Contain};
use crate::ports::ticket::Ticket;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_iam::operation::RequestId;
use aws_sdk_iam::types::StatusType;
use tokio::sync::OnceCell;

const ATTACH_USER_POLICY: &str = "iam:AttachUserPolicy";
const PUT_USER_POLICY: &str = "iam:PutUserPolicy";
const DETACH_USER_POLICY: &str = "iam:DetachUserPolicy";
const DELETE_USER_POLICY: &str = "iam:DeleteUserPolicy";
const UPDATE_ACCESS_KEY: &str = "iam:UpdateAccessKey";
/// Allowed to everyone; asked once, to know which account own credentials reach.
const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// Every IAM action that this file calls with the contain role; `manifests/iam/contain.json`
/// allows these.
pub const CALLS: &[&str] = &[
    ATTACH_USER_POLICY,
    PUT_USER_POLICY,
    DETACH_USER_POLICY,
    DELETE_USER_POLICY,
    UPDATE_ACCESS_KEY,
];

/// Changes one account, with the rights of one ticket at a time.
#[derive(Debug)]
pub struct AwsContain {
    rights: Rights,
}

#[derive(Debug)]
enum Rights {
    Role { sessions: Box<TicketSessions>, account: Option<AccountId> },
    Own { iam: aws_sdk_iam::Client, sts: aws_sdk_sts::Client, account: OnceCell<AccountId> },
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
                iam: aws_sdk_iam::Client::new(config),
                sts: aws_sdk_sts::Client::new(config),
                account: OnceCell::new(),
            },
        };
        Some(Self { rights })
    }

    /// A client with the ticket's rights, in the account that the plan was approved for.
    async fn client(&self, ticket: &Ticket) -> Result<aws_sdk_iam::Client, CallError> {
        let call = first_call(ticket.action());
        match &self.rights {
            Rights::Role { sessions, account } => {
                same_account(call, account.as_ref(), ticket.account())?;
                sessions.client(ticket).await
            }
            Rights::Own { iam, sts, account } => {
                let own = account.get_or_try_init(|| caller_account(sts)).await?;
                same_account(call, Some(own), ticket.account())?;
                Ok(iam.clone())
            }
        }
    }
}

#[async_trait]
impl Contain for AwsContain {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        let iam = self.client(ticket).await?;
        carry_out(&iam, ticket.action()).await
    }

    fn role(&self) -> Option<String> {
        match &self.rights {
            Rights::Role { sessions, .. } => Some(sessions.role_arn().to_owned()),
            Rights::Own { .. } => None,
        }
    }
}

/// Carries an action out; only [`AwsContain::apply`] calls it, with a ticket in hand.
async fn carry_out(iam: &aws_sdk_iam::Client, action: &Action) -> Result<Applied, CallError> {
    match action {
        Action::DenyUser { user, policy_arn, inline_name } => {
            deny(iam, user, policy_arn, inline_name).await
        }
        Action::LiftDeny { user, policy_arn, inline_name } => {
            lift(iam, user, policy_arn, inline_name).await
        }
        Action::DeactivateKey { user, key } => {
            set_status(iam, user, key, StatusType::Inactive).await
        }
        Action::ActivateKey { user, key } => set_status(iam, user, key, StatusType::Active).await,
    }
}

async fn deny(
    iam: &aws_sdk_iam::Client,
    user: &UserRef,
    policy_arn: &str,
    inline_name: &str,
) -> Result<Applied, CallError> {
    let attach = iam.attach_user_policy().user_name(&user.name.0);
    match attach.policy_arn(policy_arn).send().await {
        Ok(answer) => Ok(applied("attached", answer.request_id())),
        Err(error) if is_not_attachable(code(&error)) => {
            let why = call_error(ATTACH_USER_POLICY, &error);
            deny_inline(iam, user, inline_name, &why).await
        }
        Err(error) => Err(call_error(ATTACH_USER_POLICY, &error)),
    }
}

/// The way round a full list of attachments, or a policy that this account does not know.
fn is_not_attachable(code: Option<&str>) -> bool {
    matches!(
        code,
        Some(
            "LimitExceeded"
                | "LimitExceededException"
                | "NoSuchEntity"
                | "NoSuchEntityException"
                | "PolicyNotAttachable"
                | "PolicyNotAttachableException"
        )
    )
}

async fn deny_inline(
    iam: &aws_sdk_iam::Client,
    user: &UserRef,
    inline_name: &str,
    why_not_attached: &CallError,
) -> Result<Applied, CallError> {
    let put = iam.put_user_policy().user_name(&user.name.0);
    let put = put.policy_name(inline_name).policy_document(DENY_ALL_DOCUMENT);
    let error = match put.send().await {
        Ok(answer) => return Ok(applied("inline", answer.request_id())),
        Err(error) => call_error(PUT_USER_POLICY, &error),
    };
    if error.class != CallClass::LimitExceeded {
        return Err(error);
    }
    Err(CallError {
        message: format!(
            "user {} has no room for a deny: neither attached ({}) nor inline ({}); \
             detach or delete one of its policies by hand and press Retry",
            user.name, why_not_attached.message, error.message
        ),
        ..error
    })
}

async fn lift(
    iam: &aws_sdk_iam::Client,
    user: &UserRef,
    policy_arn: &str,
    inline_name: &str,
) -> Result<Applied, CallError> {
    let detach = iam.detach_user_policy().user_name(&user.name.0);
    let detached = match detach.policy_arn(policy_arn).send().await {
        Ok(answer) => Some(applied("detached", answer.request_id())),
        Err(error) => gone_already(call_error(DETACH_USER_POLICY, &error))?,
    };
    let delete = iam.delete_user_policy().user_name(&user.name.0);
    let deleted = match delete.policy_name(inline_name).send().await {
        Ok(answer) => Some(applied("inline deleted", answer.request_id())),
        Err(error) => gone_already(call_error(DELETE_USER_POLICY, &error))?,
    };
    let nothing = || applied(StepResult::NOT_THERE, None);
    Ok(detached.or(deleted).unwrap_or_else(nothing))
}

/// What is not there needs no removing.
fn gone_already(error: CallError) -> Result<Option<Applied>, CallError> {
    if error.class == CallClass::NotFound {
        return Ok(None);
    }
    Err(error)
}

async fn set_status(
    iam: &aws_sdk_iam::Client,
    user: &UserRef,
    key: &AccessKeyId,
    status: StatusType,
) -> Result<Applied, CallError> {
    let update = iam.update_access_key().user_name(&user.name.0);
    let answer = update
        .access_key_id(key.reveal())
        .status(status)
        .send()
        .await
        .map_err(|error| call_error(UPDATE_ACCESS_KEY, &error))?;
    Ok(Applied { how: None, request_id: answer.request_id().map(str::to_owned) })
}

fn applied(how: &str, request_id: Option<&str>) -> Applied {
    Applied { how: Some(how.to_owned()), request_id: request_id.map(str::to_owned) }
}

fn first_call(action: &Action) -> &'static str {
    action.permissions().first().copied().unwrap_or("iam")
}

/// Nothing is changed in an account other than the one the plan was approved for.
fn same_account(
    call: &str,
    reached: Option<&AccountId>,
    approved: &AccountId,
) -> Result<(), CallError> {
    if reached == Some(approved) {
        return Ok(());
    }
    let reached = reached.map_or("an account that its ARN does not name", |id| id.0.as_str());
    let message = format!(
        "the plan is for account {approved} and the configured rights reach {reached}; \
         set aws.contain to a role in {approved}"
    );
    Err(CallError::new(CallClass::Denied, call, message))
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
    use crate::aws::clients::RoleSettings;
    use crate::aws::wire_fake::{ACCOUNT, Answer, Seen, WireFake, leaked_key, tickets, user};

    const DENY_ARN: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
    const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
        <Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    const ASSUMED: &str = "<AssumeRoleResponse><AssumeRoleResult><Credentials>\
        <AccessKeyId>ASIAQNZGKIQY56JQ7WML</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
        <SessionToken>session-token</SessionToken><Expiration>2036-08-01T10:15:00Z</Expiration>\
        </Credentials></AssumeRoleResult></AssumeRoleResponse>";

    fn deny_user() -> Action {
        Action::DenyUser {
            user: user(),
            policy_arn: DENY_ARN.to_owned(),
            inline_name: "KeyleakDeny-1".to_owned(),
        }
    }

    fn lift_deny() -> Action {
        Action::LiftDeny {
            user: user(),
            policy_arn: DENY_ARN.to_owned(),
            inline_name: "KeyleakDeny-1".to_owned(),
        }
    }

    fn deactivate() -> Action {
        Action::DeactivateKey { user: user(), key: leaked_key() }
    }

    fn activate() -> Action {
        Action::ActivateKey { user: user(), key: leaked_key() }
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
    async fn a_deny_goes_inline_where_no_more_can_be_attached() {
        let full = Answer::xml_error(409, "LimitExceeded");
        let (outcome, seen) = own(deny_user(), vec![full, ok()]).await;
        assert_eq!(outcome.unwrap().how.as_deref(), Some("inline"));
        assert_eq!(operations(&seen), ["AttachUserPolicy", "PutUserPolicy"]);
        assert_eq!(seen[1].parameter("PolicyName").as_deref(), Some("KeyleakDeny-1"));
        assert_eq!(seen[1].parameter("PolicyDocument").as_deref(), Some(DENY_ALL_DOCUMENT));
    }

    #[tokio::test]
    async fn a_user_with_no_room_for_any_deny_is_said_so() {
        let full = || Answer::xml_error(409, "LimitExceeded");
        let (outcome, _) = own(deny_user(), vec![full(), full()]).await;
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
    }

    #[tokio::test]
    async fn without_configured_rights_there_is_nothing_that_could_change_anything() {
        let fake = WireFake::start([]);
        assert!(AwsContain::new(&fake.config().await, None).is_none());
    }
}
