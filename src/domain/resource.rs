//! Resources that keyleak can stop, and how each of them stands.

use crate::domain::document::fingerprint;
use crate::domain::ids::AccountId;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::setting::Setting;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The types of CloudFormation that there is a containing change for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ResourceType {
    #[serde(rename = "AWS::S3::Bucket")]
    Bucket,
    #[serde(rename = "AWS::EC2::Instance")]
    Instance,
    #[serde(rename = "AWS::Lambda::Function")]
    Function,
    #[serde(rename = "AWS::Lambda::EventSourceMapping")]
    EventSource,
    /// Its id here is `cluster/service`.
    #[serde(rename = "AWS::ECS::Service")]
    Service,
}

/// Which resource it is: type, account, region, and the primary identifier within both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceName {
    pub of: ResourceType,
    pub account: AccountId,
    pub region: String,
    pub id: String,
}

/// What of a resource keyleak changes, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OfResource {
    /// The bucket policy; none where there is none.
    Bucket {
        policy: Option<String>,
    },
    Instance {
        groups: Vec<String>,
        vpc: Option<String>,
    },
    /// Executions reserved for the function; none where it shares the account's.
    Function {
        reserved: Option<u32>,
    },
    /// The one property that stops what is of another type.
    Switch {
        property: String,
        value: Setting,
    },
}

impl ResourceType {
    pub const ALL: [Self; 5] =
        [Self::Bucket, Self::Instance, Self::Function, Self::EventSource, Self::Service];

    /// The name that CloudFormation and Cloud Control know it by.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Bucket => "AWS::S3::Bucket",
            Self::Instance => "AWS::EC2::Instance",
            Self::Function => "AWS::Lambda::Function",
            Self::EventSource => "AWS::Lambda::EventSourceMapping",
            Self::Service => "AWS::ECS::Service",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Instance => "instance",
            Self::Function => "function",
            Self::EventSource => "event source",
            Self::Service => "service",
        }
    }

    pub fn parse(type_name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.type_name() == type_name)
    }
}

impl ResourceName {
    /// Reads what [`ResourceName::key`] has for a name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.splitn(4, '/');
        let of = parts.next().and_then(ResourceType::parse)?;
        let account = parts.next().and_then(AccountId::parse)?;
        let (region, id) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { of, account, region, id })
    }

    /// The name under which plans and snapshots have it.
    pub fn key(&self) -> PrincipalName {
        let of = self.of.type_name();
        let name = format!("{of}/{}/{}/{}", self.account, self.region, self.id);
        PrincipalName { kind: PrincipalKind::Resource, name }
    }

    /// Its ARN; a bucket's names neither region nor account.
    pub fn arn(&self) -> String {
        let Self { account, region, id, .. } = self;
        let partition = match region.split('-').next() {
            Some("cn") => "aws-cn",
            Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
            Some(_) | None => "aws",
        };
        match self.of {
            ResourceType::Bucket => format!("arn:{partition}:s3:::{id}"),
            ResourceType::Instance => {
                format!("arn:{partition}:ec2:{region}:{account}:instance/{id}")
            }
            ResourceType::Function => {
                format!("arn:{partition}:lambda:{region}:{account}:function:{id}")
            }
            ResourceType::EventSource => {
                format!("arn:{partition}:lambda:{region}:{account}:event-source-mapping:{id}")
            }
            ResourceType::Service => format!("arn:{partition}:ecs:{region}:{account}:service/{id}"),
        }
    }

    /// The cluster of a service, and its name there.
    pub fn cluster(&self) -> Option<(&str, &str)> {
        (self.of == ResourceType::Service).then(|| self.id.split_once('/')).flatten()
    }

    /// What Cloud Control knows it by: of a service the ARN and the cluster.
    pub fn identifier(&self) -> String {
        match self.cluster() {
            Some((cluster, _)) => format!("{}|{cluster}", self.arn()),
            None => self.id.clone(),
        }
    }

    /// The resource that a step is about, where it is about one.
    pub fn about(on: &Principal) -> Option<Self> {
        (on.kind == PrincipalKind::Resource).then(|| Self::parse(&on.name)).flatten()
    }
}

/// Whether a record names the resource that plans have under this name: by its id, by its ARN, or
/// as Cloud Control does.
pub fn is_named(told: &str, name: &str) -> bool {
    let id = name.rsplit('/').next().unwrap_or_default();
    let told = told.split('|').next().unwrap_or(told);
    told.rsplit([':', '/']).next() == Some(id)
}

impl fmt::Display for ResourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} in {}", self.of.word(), self.id, self.region)
    }
}

impl OfResource {
    /// What is compared of it, each with its name.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Bucket { policy } => {
                let policy = policy.as_deref();
                vec![("bucket policy", policy.map_or_else(none, fingerprint))]
            }
            Self::Instance { groups, .. } => {
                vec![("security groups", sorted(groups).join(", "))]
            }
            Self::Function { reserved } => {
                let reserved = reserved.map(|reserved| reserved.to_string());
                vec![("reserved executions", reserved.unwrap_or_else(none))]
            }
            Self::Switch { property, value } => {
                vec![("what stops it", format!("{property} {value}"))]
            }
        }
    }
}

pub(super) fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort();
    names
}

pub(super) fn none() -> String {
    "none".to_owned()
}
