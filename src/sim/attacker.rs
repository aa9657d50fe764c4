//! The attacker's client: what somebody with stolen credentials can call, wherever the account is.

use async_trait::async_trait;
use std::fmt;

/// A credential that the actor holds; printed without its secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential {
    /// What the actor calls it: `leaked key`, `session token`, …
    pub label: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: Option<String>,
}

/// One call that the actor tries; the closed list that every attacker's client understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    GetCallerIdentity,
    ListUsers,
    /// A read outside IAM; where the account has none, another harmless read.
    ListBuckets,
    GetSessionToken,
    GetFederationToken {
        name: String,
    },
    AssumeRole {
        role_arn: String,
        session_name: String,
    },
    CreateUser {
        user: String,
    },
    CreateAccessKey {
        user: String,
    },
    UpdateAccessKey {
        user: String,
        key: String,
        active: bool,
    },
    DeleteAccessKey {
        user: String,
        key: String,
    },
    DeleteUser {
        user: String,
    },
    AttachUserPolicy {
        user: String,
        policy_arn: String,
    },
    DetachUserPolicy {
        user: String,
        policy_arn: String,
    },
    PutUserPolicy {
        user: String,
        name: String,
        document: String,
    },
    DeleteUserPolicy {
        user: String,
        name: String,
    },
    CreateRole {
        role: String,
        trust: String,
    },
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Allowed,
    /// The call worked and gave a new credential.
    Minted(Credential),
    /// AWS's error code.
    Refused(String),
}

/// An account as an attacker reaches it.
#[async_trait]
pub trait Attacker: Send + Sync {
    async fn call(&self, credential: &Credential, operation: &Operation) -> Reply;
}

impl Operation {
    /// The name of the call in AWS's spelling.
    pub fn name(&self) -> &'static str {
        match self {
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::ListUsers => "ListUsers",
            Self::ListBuckets => "ListBuckets",
            Self::GetSessionToken => "GetSessionToken",
            Self::GetFederationToken { .. } => "GetFederationToken",
            Self::AssumeRole { .. } => "AssumeRole",
            Self::CreateUser { .. } => "CreateUser",
            Self::CreateAccessKey { .. } => "CreateAccessKey",
            Self::UpdateAccessKey { .. } => "UpdateAccessKey",
            Self::DeleteAccessKey { .. } => "DeleteAccessKey",
            Self::DeleteUser { .. } => "DeleteUser",
            Self::AttachUserPolicy { .. } => "AttachUserPolicy",
            Self::DetachUserPolicy { .. } => "DetachUserPolicy",
            Self::PutUserPolicy { .. } => "PutUserPolicy",
            Self::DeleteUserPolicy { .. } => "DeleteUserPolicy",
            Self::CreateRole { .. } => "CreateRole",
        }
    }
}

impl Reply {
    pub fn worked(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}…)", self.label, self.access_key_id.get(..4).unwrap_or_default())
    }
}
