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

    /// What it has by now that it had not before. What was taken from it since is not missed.
    pub fn added_since(&self, before: &Self) -> Vec<String> {
        let before = before.parts();
        self.parts().into_iter().filter(|part| !before.contains(part)).collect()
    }

    /// All that goes with it when it is deleted. Who uses it is not a part, but for the role of a
    /// profile, which nothing else tells.
    fn parts(&self) -> Vec<String> {
        let documents = |what: &str, all: &BTreeMap<String, String>| -> Vec<String> {
            let each = all.iter();
            each.map(|(name, text)| format!("{what} {name} {}", fingerprint(text))).collect()
        };
        let named = |what: &str, all: &[String]| -> Vec<String> {
            all.iter().map(|one| format!("{what} {one}")).collect()
        };
        match &self.own {
            OfIam::Policy { description: _, default, versions } => {
                let default = format!("default version {default}");
                [documents("version", versions), vec![default]].concat()
            }
            OfIam::SamlProvider { metadata } => vec![format!("metadata {}", fingerprint(metadata))],
            OfIam::OidcProvider { url: _, clients, thumbprints } => {
                [named("client id", clients), named("thumbprint", thumbprints)].concat()
            }
            OfIam::InstanceProfile => self.used_by.iter().map(PrincipalName::to_string).collect(),
            OfIam::Group { attached, inline } => {
                [named("policy", attached), documents("inline policy", inline)].concat()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(before: OfIam, now: OfIam) -> Vec<String> {
        let thing = |own| IamThing { own, used_by: Vec::new() };
        thing(now).added_since(&thing(before))
    }

    #[test]
    fn what_came_to_each_kind_is_told_and_what_left_is_not() {
        let texts = |all: &[(&str, &str)]| {
            all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
        };
        let policy = |default: &str, versions: &[(&str, &str)]| OfIam::Policy {
            description: None,
            default: default.to_owned(),
            versions: texts(versions),
        };
        let one = || policy("v1", &[("v1", "{}")]);
        let two = || policy("v1", &[("v1", "{}"), ("v2", "{}")]);
        assert!(added(one(), two())[0].starts_with("version v2 "));
        assert_eq!(added(two(), one()), [""; 0], "an attempt that was cut off took v2 away");
        let other = policy("v1", &[("v1", "[]")]);
        assert_eq!(added(one(), other).len(), 1, "the same version with another text");
        let set = policy("v2", &[("v1", "{}"), ("v2", "{}")]);
        assert_eq!(added(two(), set), ["default version v2"]);

        let group = |attached: &[&str], inline: &[(&str, &str)]| OfIam::Group {
            attached: attached.iter().map(|arn| (*arn).to_owned()).collect(),
            inline: texts(inline),
        };
        let new = added(group(&["b"], &[]), group(&["a", "b"], &[("own", "{}")]));
        assert_eq!((new.len(), new[0].as_str()), (2, "policy a"));
        assert_eq!(added(group(&["a", "b"], &[]), group(&["b", "a"], &[])), [""; 0], "the order");

        let profile = |roles: &[&str]| IamThing {
            own: OfIam::InstanceProfile,
            used_by: roles.iter().map(|role| PrincipalName::role(role)).collect(),
        };
        assert_eq!(profile(&["deploy"]).added_since(&profile(&[])), ["role deploy"]);
        let saml = |text: &str| OfIam::SamlProvider { metadata: text.to_owned() };
        assert_eq!(added(saml("a"), saml("b")).len(), 1);
    }
}
