//! Resources that keyleak can stop, those of IAM that it deletes, and how each of them stands.

use crate::domain::document::fingerprint;
use crate::domain::iam_thing::IamThing;
use crate::domain::ids::AccountId;
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::setting::Setting;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The types of CloudFormation that there is a containing change for, and those of IAM that are
/// deleted with an eradication.
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
    #[serde(rename = "AWS::IAM::SAMLProvider")]
    SamlProvider,
    #[serde(rename = "AWS::IAM::OIDCProvider")]
    OidcProvider,
    #[serde(rename = "AWS::IAM::InstanceProfile")]
    InstanceProfile,
    #[serde(rename = "AWS::IAM::Group")]
    Group,
    #[serde(rename = "AWS::IAM::ManagedPolicy")]
    Policy,
}

/// Which resource it is: type, account, region, and the primary identifier within both. IAM's have
/// the region of its trail, and a policy its name, as the trail tells no path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceName {
    pub of: ResourceType,
    pub account: AccountId,
    pub region: String,
    pub id: String,
}

/// What of a resource keyleak changes, as it stands; of what it deletes, all.
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
    Iam {
        thing: IamThing,
    },
}

impl ResourceType {
    /// Those that there is a containing change for.
    pub const CONTAINED: [Self; 5] =
        [Self::Bucket, Self::Instance, Self::Function, Self::EventSource, Self::Service];
    /// Those of IAM, in the order in which they may go; users and roles go after the providers.
    pub const OF_IAM: [Self; 5] =
        [Self::SamlProvider, Self::OidcProvider, Self::InstanceProfile, Self::Group, Self::Policy];

    /// The name that CloudFormation and Cloud Control know it by.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Bucket => "AWS::S3::Bucket",
            Self::Instance => "AWS::EC2::Instance",
            Self::Function => "AWS::Lambda::Function",
            Self::EventSource => "AWS::Lambda::EventSourceMapping",
            Self::Service => "AWS::ECS::Service",
            Self::SamlProvider => "AWS::IAM::SAMLProvider",
            Self::OidcProvider => "AWS::IAM::OIDCProvider",
            Self::InstanceProfile => "AWS::IAM::InstanceProfile",
            Self::Group => "AWS::IAM::Group",
            Self::Policy => "AWS::IAM::ManagedPolicy",
        }
    }

    pub fn is_of_iam(self) -> bool {
        Self::OF_IAM.contains(&self)
    }

    /// The IAM actions that deleting one of IAM needs, the last call first; the others have theirs
    /// in `resource_end`.
    pub fn deleting(self) -> &'static [&'static str] {
        match self {
            Self::SamlProvider => &["iam:DeleteSAMLProvider"],
            Self::OidcProvider => &["iam:DeleteOpenIDConnectProvider"],
            Self::InstanceProfile => &[
                "iam:DeleteInstanceProfile",
                "iam:RemoveRoleFromInstanceProfile",
                "iam:GetInstanceProfile",
            ],
            Self::Group => &[
                "iam:DeleteGroup",
                "iam:DeleteGroupPolicy",
                "iam:DetachGroupPolicy",
                "iam:GetGroup",
                "iam:ListAttachedGroupPolicies",
                "iam:ListGroupPolicies",
            ],
            Self::Policy => &[
                "iam:DeletePolicy",
                "iam:DeletePolicyVersion",
                "iam:ListEntitiesForPolicy",
                "iam:ListPolicyVersions",
            ],
            Self::Bucket | Self::Instance | Self::Function | Self::EventSource | Self::Service => {
                &[]
            }
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Instance => "instance",
            Self::Function => "function",
            Self::EventSource => "event source",
            Self::Service => "service",
            Self::SamlProvider => "SAML provider",
            Self::OidcProvider => "OIDC provider",
            Self::InstanceProfile => "instance profile",
            Self::Group => "group",
            Self::Policy => "policy",
        }
    }

    pub fn parse(type_name: &str) -> Option<Self> {
        let mut all = Self::CONTAINED.into_iter().chain(Self::OF_IAM);
        all.find(|one| one.type_name() == type_name)
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

    /// Its ARN; a bucket's names neither region nor account. That of a policy, group or profile may
    /// have a path that is not known here.
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
            ResourceType::SamlProvider | ResourceType::OidcProvider => id.clone(),
            ResourceType::InstanceProfile => {
                format!("arn:{partition}:iam::{account}:instance-profile/{id}")
            }
            ResourceType::Group => format!("arn:{partition}:iam::{account}:group/{id}"),
            ResourceType::Policy => format!("arn:{partition}:iam::{account}:policy/{id}"),
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
        Self::named(&on.key())
    }

    /// The resource that plans and snapshots have under this name.
    pub fn named(name: &PrincipalName) -> Option<Self> {
        (name.kind == PrincipalKind::Resource).then(|| Self::parse(&name.name)).flatten()
    }

    /// What people call it, or the user or role of this name.
    pub fn words(name: &PrincipalName) -> String {
        Self::named(name).map_or_else(|| name.to_string(), |resource| resource.to_string())
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
        write!(f, "{} {}", self.of.word(), self.id)?;
        if self.of.is_of_iam() { Ok(()) } else { write!(f, " in {}", self.region) }
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
            Self::Iam { thing } => thing.fields(),
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
