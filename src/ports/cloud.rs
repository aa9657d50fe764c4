//! What the bot asks of the AWS account, and the changes it makes there.

use crate::domain::action::{Action, SideKind};
use crate::domain::facts::{Alert, KeyState, LastUse};
use crate::domain::guard::Guard;
use crate::domain::ids::{AccessKeyId, AccountId, CaseId, UserName};
use crate::domain::principal::PrincipalName;
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::snapshot::{AttachedPolicy, SideState};
use crate::ports::ticket::Ticket;
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What kind of failure a call ended in, which decides what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallClass {
    /// Not permitted: stop, show which permission is missing.
    Denied,
    /// The thing is not there.
    NotFound,
    /// Too fast, or the service is busy: try again later.
    Throttled,
    /// Somebody else is changing it: wait and try again.
    Conflict,
    /// A quota is used up.
    LimitExceeded,
    /// No answer, so the call may or may not have taken effect.
    Unavailable,
    /// Anything else; not worth repeating.
    Other,
}

/// A failed call, in words that are safe to show: no request or response body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct CallError {
    pub class: CallClass,
    /// The IAM action of the call, such as `iam:GetUser`.
    pub call: String,
    pub message: String,
    pub request_id: Option<String>,
}

/// Whose key it is, and its last use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOwner {
    /// `None` for a key that is no user's, such as root's.
    pub user: Option<UserName>,
    pub last_use: LastUse,
}

/// What IAM tells of a user or a role alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub name: String,
    pub id: String,
    pub arn: String,
    pub path: String,
    pub created: Option<Timestamp>,
    pub boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// An IAM role as `GetRole` and `ListRoles` tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDetail {
    pub detail: Detail,
    /// Who may assume it, as plain JSON.
    pub trust: String,
    pub description: Option<String>,
    pub session_seconds_max: i32,
}

/// A resource, as its service tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceDetail {
    pub detail: Detail,
    pub state: OfResource,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// How it was done where there are several ways, such as `attached` or `inline`.
    pub how: Option<String>,
    pub request_id: Option<String>,
}

/// Read-only questions about the account; every list is read to its last page.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// The account that the bot's own credentials belong to.
    async fn own_account(&self) -> Result<AccountId, CallError>;
    /// The account of any access key (`sts:GetAccessKeyInfo`).
    async fn key_account(&self, key: &AccessKeyId) -> Result<AccountId, CallError>;
    async fn key_owner(&self, key: &AccessKeyId) -> Result<KeyOwner, CallError>;
    /// Whether the root user has access keys (`AccountAccessKeysPresent` of the summary).
    async fn root_has_keys(&self) -> Result<bool, CallError>;
    async fn user(&self, user: &UserName) -> Result<Detail, CallError>;
    async fn role(&self, role: &str) -> Result<RoleDetail, CallError>;
    async fn access_keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError>;
    async fn attached_policies(&self, of: &PrincipalName)
    -> Result<Vec<AttachedPolicy>, CallError>;
    /// Inline policies by name, each with its document as plain JSON.
    async fn inline_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<BTreeMap<String, String>, CallError>;
    async fn groups(&self, user: &UserName) -> Result<Vec<String>, CallError>;
    /// When the console password was made; `None` when there is none.
    async fn login_profile(&self, user: &UserName) -> Result<Option<Timestamp>, CallError>;
    async fn mfa_devices(&self, user: &UserName) -> Result<Vec<String>, CallError>;
    /// The user's long-term credentials of one kind besides its access keys.
    async fn side_credentials(
        &self,
        user: &UserName,
        kind: SideKind,
    ) -> Result<Vec<SideState>, CallError>;
    /// The instance profiles that hand the role to machines.
    async fn instance_profiles(&self, role: &str) -> Result<Vec<String>, CallError>;
    /// All users of the account; boundary and tags are not part of this listing.
    async fn users(&self) -> Result<Vec<Detail>, CallError>;
    /// All roles of the account; boundary and tags are not part of this listing.
    async fn roles(&self) -> Result<Vec<RoleDetail>, CallError>;
    /// A resource of the account in its name; of a bucket of another one nothing is told.
    async fn resource(&self, name: &ResourceName) -> Result<ResourceDetail, CallError>;
    /// GuardDuty findings about the key or its user.
    async fn guard_duty(
        &self,
        key: &AccessKeyId,
        user: Option<&UserName>,
    ) -> Result<Vec<Alert>, CallError>;
    /// AWS Health events about exposed credentials that name the key.
    async fn health(&self, key: &AccessKeyId) -> Result<Vec<Alert>, CallError>;
    /// Proves the organization's service control policy before anything relies on it: what it must
    /// refuse is tried, and changes nothing where it is not refused.
    async fn guard(&self) -> Guard;
}

/// An action of a plan that people are deciding, and for what its rights will be asked.
#[derive(Debug, Clone, Copy)]
pub struct Ahead<'a> {
    pub case: &'a CaseId,
    pub account: &'a AccountId,
    pub plan_hash: &'a str,
    pub action: &'a Action,
}

/// The only changes the program makes to an account; each takes the ticket of a journaled intent.
#[async_trait]
pub trait Contain: Send + Sync {
    /// Carries out the ticket's action. Repeating it is harmless: what is already so is success.
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError>;

    /// Makes the rights ready for an action of a plan that may soon be approved, and changes
    /// nothing; what fails here fails again, and is told, when the action is carried out.
    async fn warm(&self, _ahead: Ahead<'_>) {}

    /// The ARN of the role whose sessions, named after case and plan, make the changes; `None`
    /// where they are made with credentials that name neither.
    fn role(&self) -> Option<String>;

    /// The same of the role in whose sessions principals are deleted; `None` where nothing is
    /// deleted at all.
    fn eradicate_role(&self) -> Option<String>;

    /// The same of the role in whose sessions a key is made in the place of a leaked one; `None`
    /// where people make it.
    fn recover_role(&self) -> Option<String>;

    /// The region in which the secret of such a key is kept; `None` where it is not known.
    fn region(&self) -> Option<String> {
        None
    }
}

impl CallClass {
    /// Whether trying the same call again can help.
    pub fn retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Conflict | Self::Unavailable)
    }
}

impl CallError {
    pub fn new(class: CallClass, call: &str, message: impl Into<String>) -> Self {
        Self { class, call: call.to_owned(), message: message.into(), request_id: None }
    }
}
