//! The commands that make a policy, provider, instance profile or group again.

use super::Script;
use crate::domain::iam_thing::{IamThing, OfIam};
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::snapshot::Photograph;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const ID_LENGTH_MAX: usize = 2_048;

/// What the snapshot has of IAM besides users and roles, by the name that IAM gave it.
pub(super) fn read(photograph: &Photograph) -> Result<(ResourceName, &IamThing), String> {
    let name = ResourceName::named(&photograph.key());
    let of_iam = match photograph.resource() {
        Some(OfResource::Iam { thing }) => name.map(|name| (name, thing)),
        Some(
            OfResource::Bucket { .. }
            | OfResource::Instance { .. }
            | OfResource::Function { .. }
            | OfResource::Switch { .. },
        )
        | None => None,
    };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"+=,.@_-:/".contains(&b);
    match of_iam {
        Some((name, _)) if name.id.len() > ID_LENGTH_MAX || !name.id.bytes().all(allowed) => Err(
            format!("{:?} is no name that IAM has; the snapshot is not one of keyleak", name.id),
        ),
        Some(found) => Ok(found),
        None => Err(format!(
            "of {} the snapshot has only what stops it: `keyleak undo` gives that back, and what \
             was deleted people make again from what they kept",
            ResourceName::words(&photograph.key())
        )),
    }
}

impl Script {
    pub(super) fn thing(
        &mut self,
        photograph: &Photograph,
        (name, thing): (&ResourceName, &IamThing),
    ) {
        let id = name.id.as_str();
        match &thing.own {
            OfIam::Policy { description, default, versions } => {
                self.policy(photograph, (id, description.as_deref()), (default, versions));
            }
            OfIam::SamlProvider { metadata } => {
                let last = id.rsplit('/').next().unwrap_or(id);
                let fields = json!({ "Name": last, "SAMLMetadataDocument": metadata });
                self.call("create-saml-provider", tagged(photograph, fields));
            }
            OfIam::OidcProvider { url, clients, thumbprints } => {
                // IAM shows the address without its scheme, and takes it with one only.
                let url = format!("https://{}", url.strip_prefix("https://").unwrap_or(url));
                let fields = json!({
                    "Url": url, "ClientIDList": clients, "ThumbprintList": thumbprints,
                });
                self.call("create-open-id-connect-provider", tagged(photograph, fields));
            }
            OfIam::InstanceProfile => {
                let fields = json!({ "InstanceProfileName": id, "Path": photograph.path });
                self.call("create-instance-profile", tagged(photograph, fields));
                for role in &thing.used_by {
                    self.say(&format!("{role} goes into it, and has to be there first:"));
                    let member = json!({ "InstanceProfileName": id, "RoleName": role.name });
                    self.call("add-role-to-instance-profile", member);
                }
            }
            OfIam::Group { attached, inline } => {
                self.call("create-group", json!({ "GroupName": id, "Path": photograph.path }));
                for arn in attached {
                    let attach = json!({ "GroupName": id, "PolicyArn": arn });
                    self.call("attach-group-policy", attach);
                }
                for (policy, document) in inline {
                    let put = json!({
                        "GroupName": id, "PolicyName": policy, "PolicyDocument": document,
                    });
                    self.call("put-group-policy", put);
                }
            }
        }
        self.users(thing);
    }

    /// The oldest version first, as IAM numbers them anew.
    fn policy(
        &mut self,
        photograph: &Photograph,
        (name, description): (&str, Option<&str>),
        (default, versions): (&String, &BTreeMap<String, String>),
    ) {
        let number = |id: &str| id.trim_start_matches('v').parse::<u64>().unwrap_or(u64::MAX);
        let mut ordered: Vec<_> = versions.iter().collect();
        ordered.sort_by_key(|(id, _)| number(id));
        for (at, (id, document)) in ordered.into_iter().enumerate() {
            if at > 0 {
                let version = json!({
                    "PolicyArn": photograph.arn, "PolicyDocument": document,
                    "SetAsDefault": id == default,
                });
                self.call("create-policy-version", version);
                continue;
            }
            let mut fields = json!({
                "PolicyName": name, "Path": photograph.path, "PolicyDocument": document,
            });
            if let Some(description) = description {
                fields["Description"] = json!(description);
            }
            self.call("create-policy", tagged(photograph, fields));
        }
    }

    /// Who used it was deleted too, and comes back by a script of its own.
    fn users(&mut self, thing: &IamThing) {
        if matches!(thing.own, OfIam::InstanceProfile) {
            return;
        }
        for user in &thing.used_by {
            self.say(&format!("It was used by {}.", ResourceName::words(user)));
        }
    }
}

fn tagged(photograph: &Photograph, fields: Value) -> Value {
    let Value::Object(mut fields) = fields else { return fields };
    if !photograph.tags.is_empty() {
        let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
        let tags: Vec<Value> = photograph.tags.iter().map(tag).collect();
        fields.insert("Tags".to_owned(), tags.into());
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests;
