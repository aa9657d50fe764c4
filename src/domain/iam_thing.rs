//! What of IAM is neither user nor role: policies, providers, instance profiles and groups.

use crate::domain::document::fingerprint;
use crate::domain::principal::PrincipalName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One of them, whole enough to be made again, and who uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IamThing {
    pub own: OfIam,
    /// Who has the policy, is in the group or trusts the provider; of a profile the role in it.
    pub used_by: Vec<PrincipalName>,
}

/// What each kind is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OfIam {
    /// A customer-managed policy: every version's document by its id, such as `v1`.
    Policy {
        description: Option<String>,
        default: String,
        versions: BTreeMap<String, String>,
    },
    /// The metadata document, with the certificates of whoever signs its assertions.
    SamlProvider {
        metadata: String,
    },
    OidcProvider {
        url: String,
        clients: Vec<String>,
        thumbprints: Vec<String>,
    },
    InstanceProfile,
    /// The ARNs of its managed policies, and its inline ones by name.
    Group {
        attached: Vec<String>,
        inline: BTreeMap<String, String>,
    },
}

impl IamThing {
    /// What is compared of it, each with its name.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let documents = |all: &BTreeMap<String, String>| {
            let each = all.iter().map(|(name, text)| format!("{name} {}", fingerprint(text)));
            each.collect::<Vec<_>>().join(", ")
        };
        let mut fields = match &self.own {
            OfIam::Policy { description: _, default, versions } => {
                vec![("default version", default.clone()), ("versions", documents(versions))]
            }
            OfIam::SamlProvider { metadata } => vec![("metadata", fingerprint(metadata))],
            OfIam::OidcProvider { url: _, clients, thumbprints } => {
                vec![("client ids", clients.join(", ")), ("thumbprints", thumbprints.join(", "))]
            }
            OfIam::InstanceProfile => Vec::new(),
            OfIam::Group { attached, inline } => {
                vec![("group policies", attached.join(", ")), ("inline", documents(inline))]
            }
        };
        let users: Vec<String> = self.used_by.iter().map(PrincipalName::to_string).collect();
        fields.push(("used by", users.join(", ")));
        fields
    }
}
