//! What somebody does in a scenario: calls of IAM and STS, resources made, calls of services.

use crate::domain::principal::PrincipalName;
use crate::sim::attacker::{Credential, Operation, Reply};
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::resources::ResourceCall;
use crate::sim::cloud::services::ServiceCall;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The tasks of a service that the actor makes.
const TASKS: u32 = 8;

/// One call of IAM, STS or the sign-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Seconds after the leak.
    pub at: u32,
    /// The credential that signs it; of what others do, the user whose key signs it.
    pub with: String,
    pub call: String,
    /// What the credential that it mints is called.
    #[serde(rename = "as")]
    pub minted_as: Option<String>,
    pub user: Option<String>,
    pub policy: Option<String>,
    pub name: Option<String>,
    pub role: Option<String>,
    pub document: Option<String>,
    /// The access key that it is about.
    pub key: Option<String>,
    pub active: Option<bool>,
}

/// One resource that the actor makes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Build {
    /// Seconds after the leak.
    pub at: u32,
    /// The credential that signs it.
    pub with: String,
    pub call: String,
    /// What it makes; of a service `cluster/service`, of an event source the function.
    pub name: Option<String>,
}

/// One call of a service, again and again where it is said so.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Seconds after the leak.
    pub at: u32,
    /// The credential that signs it.
    pub with: String,
    /// `service:Call`.
    pub call: String,
    pub region: Option<String>,
    /// In the spelling of a `CloudTrail` record.
    #[serde(default)]
    pub arguments: BTreeMap<String, String>,
    /// So many times, a second apart.
    #[serde(default = "once")]
    pub times: u32,
}

/// A call of the actor that is no step towards more rights.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    Build(ResourceCall),
    Ask(ServiceCall),
}

fn once() -> u32 {
    1
}

impl Move {
    /// The call as the attacker's client makes it, or which argument is missing.
    pub fn operation(&self) -> Result<Operation, &'static str> {
        let user = || self.user.clone().ok_or("user is missing");
        let role = || self.role.clone().ok_or("role is missing");
        let name = || self.name.clone().ok_or("name is missing");
        let document = || self.document.clone().ok_or("document is missing");
        let policy_arn = || self.policy.clone().ok_or("policy is missing");
        Ok(match self.call.as_str() {
            "GetCallerIdentity" => Operation::GetCallerIdentity,
            "ListUsers" => Operation::ListUsers,
            "ListBuckets" => Operation::ListBuckets,
            "GetSessionToken" => Operation::GetSessionToken,
            "GetFederationToken" => Operation::GetFederationToken { name: name()? },
            "CreateUser" => Operation::CreateUser { user: user()? },
            "CreateAccessKey" => Operation::CreateAccessKey { user: user()? },
            "UpdateAccessKey" => Operation::UpdateAccessKey {
                user: user()?,
                key: self.key.clone().ok_or("key is missing")?,
                active: self.active.ok_or("active is missing")?,
            },
            "CreateLoginProfile" => Operation::CreateLoginProfile { user: user()? },
            "ConsoleLogin" => Operation::SignIn { user: user()? },
            "AttachUserPolicy" => {
                let to = PrincipalName::user(&user()?);
                Operation::AttachPolicy { to, policy_arn: policy_arn()? }
            }
            "AttachRolePolicy" => {
                let to = PrincipalName::role(&role()?);
                Operation::AttachPolicy { to, policy_arn: policy_arn()? }
            }
            "PutUserPolicy" => {
                let on = PrincipalName::user(&user()?);
                Operation::PutPolicy { on, name: name()?, document: document()? }
            }
            "CreateRole" => Operation::CreateRole { role: role()?, trust: document()? },
            "UpdateAssumeRolePolicy" => {
                Operation::UpdateTrust { role: role()?, trust: document()? }
            }
            "AssumeRole" => Operation::AssumeRole { role_arn: role()?, session_name: name()? },
            _ => return Err("this call is not one that the actor knows"),
        })
    }

    /// The label of what it mints; none where it mints nothing.
    pub(super) fn mints(&self) -> Result<Option<&str>, &'static str> {
        let mints = matches!(
            self.call.as_str(),
            "GetSessionToken"
                | "GetFederationToken"
                | "AssumeRole"
                | "CreateAccessKey"
                | "ConsoleLogin"
        );
        match (&self.minted_as, mints) {
            (Some(label), true) => Ok(Some(label)),
            (None, true) => Err("as is missing: what it mints needs a name"),
            (Some(_), false) => Err("it mints nothing that as could name"),
            (None, false) => Ok(None),
        }
    }
}

impl Build {
    /// The call that makes it, or what is missing.
    pub fn resource_call(&self) -> Result<ResourceCall, &'static str> {
        let name = || self.name.clone().ok_or("name is missing");
        Ok(match self.call.as_str() {
            "RunInstances" => ResourceCall::RunInstances,
            "CreateBucket" => ResourceCall::CreateBucket { bucket: name()? },
            "CreateFunction" => ResourceCall::CreateFunction { function: name()? },
            "CreateEventSourceMapping" => ResourceCall::CreateEventSource { function: name()? },
            "CreateService" => {
                let name = name()?;
                let parts = name.split_once('/').ok_or("name is cluster/service")?;
                let (cluster, service) = (parts.0.to_owned(), parts.1.to_owned());
                ResourceCall::CreateService { cluster, service, tasks: TASKS }
            }
            _ => return Err("this call makes nothing that the account knows"),
        })
    }
}

impl Ask {
    /// The call as the account takes it, or what is wrong with it.
    pub fn service_call(&self) -> Result<ServiceCall, String> {
        ServiceCall::read(&self.call, &self.arguments, self.region.as_deref())
    }
}

impl Errand {
    /// The name under which the actor remembers it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Build(call) => made_by(call),
            Self::Ask(call) => call.name(),
        }
    }

    pub(super) async fn run(&self, visitor: &Visitor, with: &Credential) -> Reply {
        match self {
            Self::Build(call) => visitor.on_resource(with, call).await,
            Self::Ask(call) => visitor.on_service(with, call).await,
        }
    }
}

/// The name of the call in AWS's spelling.
fn made_by(call: &ResourceCall) -> &'static str {
    match call {
        ResourceCall::CreateBucket { .. } => "CreateBucket",
        ResourceCall::PutBucketPolicy { .. } => "PutBucketPolicy",
        ResourceCall::GetObject { .. } => "GetObject",
        ResourceCall::PutObject { .. } => "PutObject",
        ResourceCall::RunInstances => "RunInstances",
        ResourceCall::CreateFunction { .. } => "CreateFunction",
        ResourceCall::UpdateFunctionCode { .. } => "UpdateFunctionCode",
        ResourceCall::Invoke { .. } => "Invoke",
        ResourceCall::CreateService { .. } => "CreateService",
        ResourceCall::CreateEventSource { .. } => "CreateEventSourceMapping",
        ResourceCall::CreateQueue { .. } => "CreateQueue",
    }
}
