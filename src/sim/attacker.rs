//! The attacker's client: what somebody with stolen credentials can call, wherever the account is.

use crate::domain::principal::{PrincipalKind, PrincipalName};
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
    /// Gives a user another name.
    RenameUser {
        user: String,
        to: String,
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
    AttachPolicy {
        to: PrincipalName,
        policy_arn: String,
    },
    DetachPolicy {
        from: PrincipalName,
        policy_arn: String,
    },
    PutPolicy {
        on: PrincipalName,
        name: String,
        document: String,
    },
    DeletePolicy {
        on: PrincipalName,
        name: String,
    },
    /// Makes a policy the boundary, or takes the boundary away.
    SetBoundary {
        on: PrincipalName,
        policy_arn: Option<String>,
    },
    /// Takes a tag off.
    Untag {
        on: PrincipalName,
        key: String,
    },
    CreateRole {
        role: String,
        trust: String,
    },
    UpdateTrust {
        role: String,
        trust: String,
    },
    CreateLoginProfile {
        user: String,
    },
    /// Signs in to the console with a password that the actor set; needs no other credential.
    SignIn {
        user: String,
    },
    CreateServiceCredential {
        user: String,
    },
    /// What only a service-specific credential is for.
    UseServiceCredential,
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
            Self::RenameUser { .. } => "UpdateUser",
            Self::CreateAccessKey { .. } => "CreateAccessKey",
            Self::UpdateAccessKey { .. } => "UpdateAccessKey",
            Self::DeleteAccessKey { .. } => "DeleteAccessKey",
            Self::DeleteUser { .. } => "DeleteUser",
            Self::AttachPolicy { to, .. } => by_kind(to, "AttachUserPolicy", "AttachRolePolicy"),
            Self::DetachPolicy { from, .. } => {
                by_kind(from, "DetachUserPolicy", "DetachRolePolicy")
            }
            Self::PutPolicy { on, .. } => by_kind(on, "PutUserPolicy", "PutRolePolicy"),
            Self::DeletePolicy { on, .. } => by_kind(on, "DeleteUserPolicy", "DeleteRolePolicy"),
            Self::SetBoundary { on, policy_arn: Some(_) } => {
                by_kind(on, "PutUserPermissionsBoundary", "PutRolePermissionsBoundary")
            }
            Self::SetBoundary { on, policy_arn: None } => {
                by_kind(on, "DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary")
            }
            Self::Untag { on, .. } => by_kind(on, "UntagUser", "UntagRole"),
            Self::CreateRole { .. } => "CreateRole",
            Self::UpdateTrust { .. } => "UpdateAssumeRolePolicy",
            Self::CreateLoginProfile { .. } => "CreateLoginProfile",
            Self::SignIn { .. } => "ConsoleLogin",
            Self::CreateServiceCredential { .. } => "CreateServiceSpecificCredential",
            Self::UseServiceCredential => "GitPull",
        }
    }
}

fn by_kind(of: &PrincipalName, of_user: &'static str, of_role: &'static str) -> &'static str {
    match of.kind {
        PrincipalKind::User => of_user,
        PrincipalKind::Role | PrincipalKind::Resource => of_role,
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
