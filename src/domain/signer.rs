//! Who signs with a key, as CloudTrail tells: which kind of principal, and what stands behind it.
//!
//! Needs: an `ASIA…` id does not say whose it is, and IAM cannot be asked. Properties: only a
//! record that names the key itself counts, because it was signed with it or because it made it;
//! a session's name, which whoever opens the session chooses, never tells what kind it is.

use crate::domain::ids::AccessKeyId;
use crate::domain::principal::PrincipalName;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Which kind of principal signs with the key; each is contained in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignerKind {
    /// The root user, or a session of it: no policy of IAM binds it.
    Root,
    /// An IAM user with a long-term key.
    User,
    /// Temporary credentials of an IAM user (`GetSessionToken`, or the console).
    UserSession,
    /// Temporary credentials of a federated user (`GetFederationToken`).
    FederatedUser,
    /// A session of a role that somebody assumed.
    Role,
    /// The role of an instance profile, whose session EC2 opened.
    Instance,
    /// The role of a function, whose session Lambda opened.
    Function,
    /// The role of a task, whose session ECS opened.
    Task,
    /// A role whose session another AWS service opened.
    Service,
    /// A role whose session IAM Roles Anywhere opened for a certificate.
    RolesAnywhere,
    /// A person of IAM Identity Center, as themselves or in an `AWSReservedSSO_…` role.
    IdentityCenter,
}

/// Who signs with the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signer {
    pub kind: SignerKind,
    /// The ARN that calls signed with the key show.
    pub arn: String,
    /// The user or role whose policies bind it; none for root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_arn: Option<String>,
    /// The immutable id of that user or role: a name may be somebody else's by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// `aws:userid` of a session that has one of its own: `AROA…:name`, or `account:name` of a
    /// federated user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_identity: Option<String>,
    /// When the session began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// The call that opened the session, or the service that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Somebody else opened sessions that go by the same `aws:userid`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub alike: bool,
    pub behind: Behind,
}

/// What a session goes back to, link by link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behind {
    /// A long-term key.
    Key {
        key: AccessKeyId,
        /// As whom it signs, where the trail shows a call of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arn: Option<String>,
        /// The trail fits the link, and nothing in it proves it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        likely: bool,
    },
    /// No long-term key, or none that the trail shows; the reason.
    NoKey(String),
}

impl SignerKind {
    /// For the card: what the key is.
    pub fn words(self) -> &'static str {
        match self {
            Self::Root => "the root user",
            Self::User => "an IAM user, with a long-term key",
            Self::UserSession => "a session of an IAM user",
            Self::FederatedUser => "a federated user's session",
            Self::Role => "a session of an assumed role",
            Self::Instance => "an instance's session of its profile's role",
            Self::Function => "a Lambda function's session of its role",
            Self::Task => "an ECS task's session of its role",
            Self::Service => "an AWS service's session of a role",
            Self::RolesAnywhere => "a session of a role, opened by IAM Roles Anywhere",
            Self::IdentityCenter => "a person of IAM Identity Center",
        }
    }

    /// What serves the credentials goes on serving the ended ones: how it gets fresh ones.
    pub fn refresh(self) -> Option<&'static str> {
        match self {
            Self::Instance => Some(
                "the instance goes on serving the ended credentials, up to 6 hours: give it \
                 another profile (aws ec2 replace-iam-instance-profile-association), or stop and \
                 start it",
            ),
            Self::Function => Some(
                "the function goes on with the ended credentials while it is warm: deploy it anew \
                 (aws lambda update-function-configuration)",
            ),
            Self::Task => Some(
                "the task goes on with the ended credentials: stop it, and its service starts \
                 another (aws ecs stop-task)",
            ),
            Self::Service => Some(
                "the service goes on with the ended credentials until it asks for new ones; start \
                 its job again",
            ),
            Self::RolesAnywhere => Some(
                "whoever holds the certificate opens another session: disable the profile or the \
                 trust anchor (aws rolesanywhere disable-profile, disable-trust-anchor), or \
                 import a revocation list (import-crl)",
            ),
            Self::Root
            | Self::User
            | Self::UserSession
            | Self::FederatedUser
            | Self::Role
            | Self::IdentityCenter => None,
        }
    }
}

impl Signer {
    /// The user or role whose policies bind it.
    pub fn parent(&self) -> Option<PrincipalName> {
        self.parent_arn.as_deref().and_then(PrincipalName::of_arn)
    }

    /// The long-term key behind it, when the trail proves the link.
    pub fn key_behind(&self) -> Option<&AccessKeyId> {
        match &self.behind {
            Behind::Key { key, likely: false, .. } => Some(key),
            Behind::Key { .. } | Behind::NoKey(_) => None,
        }
    }
}

impl Behind {
    /// For the card and the report.
    pub fn words(&self) -> String {
        match self {
            Self::Key { key, arn, likely } => {
                let sure = if *likely { ", as it seems" } else { "" };
                let of = arn.as_deref().map_or_else(String::new, |arn| format!(" of {arn}"));
                format!("long-term key {key}{of}{sure}")
            }
            Self::NoKey(why) => format!("no long-term key – {why}"),
        }
    }
}
