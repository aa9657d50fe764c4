//! The only changes the program makes to an account: one call an action, each harmless to repeat.

use crate::aws::clients::ContainSettings;
use crate::aws::error::{call_error, code};
use crate::aws::session::{TicketSessions, account_of};
use crate::domain::action::{Action, DENY_ALL_DOCUMENT, UserRef};
use crate::domain::ids::{AccessKeyId, AccountId};
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
    Role {
        sessions: Box<TicketSessions>,
        account: Option<AccountId>,
    },
    Own {
        iam: aws_sdk_iam::Client,
        sts: aws_sdk_sts::Client,
        account: OnceCell<AccountId>,
    },
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
}

/// Carries an action out; only [`AwsContain::apply`] calls it, with a ticket in hand.
async fn carry_out(iam: &aws_sdk_iam::Client, action: &Action) -> Result<Applied, CallError> {
    match action {
        Action::DenyUser {
            user,
            policy_arn,
            inline_name,
        } => deny(iam, user, policy_arn, inline_name).await,
        Action::LiftDeny {
            user,
            policy_arn,
            inline_name,
        } => lift(iam, user, policy_arn, inline_name).await,
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
    let put = put
        .policy_name(inline_name)
        .policy_document(DENY_ALL_DOCUMENT);
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
    let nothing = || applied("was not there", None);
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
    Ok(Applied {
        how: None,
        request_id: answer.request_id().map(str::to_owned),
    })
}

fn applied(how: &str, request_id: Option<&str>) -> Applied {
    Applied {
        how: Some(how.to_owned()),
        request_id: request_id.map(str::to_owned),
    }
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
