//! Policies, providers, instance profiles and groups of the simulated account, and who uses them.

use crate::domain::iam_thing::{IamThing, OfIam};
use crate::domain::principal::PrincipalName;
use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::domain::trust;
use crate::sim::attacker::{Credential, Reply};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{Grants, Group, State, User};
use crate::sim::cloud::attacker::Visitor;
use crate::sim::cloud::calls::{Call, Done, Origin, RequestId};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::record::IAM_REGION;
use crate::sim::cloud::refusal::Refusal;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The version that a policy is made with.
const FIRST: &str = "v1";

/// What somebody with credentials makes in IAM besides users and roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ThingCall {
    CreatePolicy { policy: String, document: String },
    CreateGroup { group: String },
    AttachGroupPolicy { group: String, policy_arn: String },
    AddUserToGroup { group: String, user: String },
    CreateInstanceProfile { profile: String },
    AddRoleToInstanceProfile { profile: String, role: String },
    CreateSamlProvider { provider: String, metadata: String },
    CreateOidcProvider { host: String },
}

impl Visitor {
    /// Makes one of these calls.
    pub async fn on_thing(&self, credential: &Credential, call: &ThingCall) -> Reply {
        let origin = self.origin(credential);
        match self.cloud.thing_call(&origin, call).await {
            Ok(_) => Reply::Allowed,
            Err(refusal) => Reply::Refused(refusal.code),
        }
    }
}

impl SimCloud {
    /// The name under which plans have it; a provider's id is its ARN.
    pub fn thing_name(&self, of: ResourceType, id: &str) -> ResourceName {
        let (account, region) = (self.account(), IAM_REGION.to_owned());
        let id = match of {
            ResourceType::SamlProvider => format!("arn:aws:iam::{account}:saml-provider/{id}"),
            ResourceType::OidcProvider => format!("arn:aws:iam::{account}:oidc-provider/{id}"),
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service
            | ResourceType::InstanceProfile
            | ResourceType::Group
            | ResourceType::Policy => id.to_owned(),
        };
        ResourceName { of, account, region, id }
    }

    async fn thing_call(&self, by: &Origin, call: &ThingCall) -> Result<RequestId, Refusal> {
        match call {
            ThingCall::CreatePolicy { policy, document } => {
                self.make_policy(by, (policy, document)).await
            }
            ThingCall::CreateGroup { group } => {
                let own = OfIam::Group { attached: Vec::new(), inline: BTreeMap::new() };
                self.make_thing(by, "CreateGroup", (ResourceType::Group, group), own).await
            }
            ThingCall::AttachGroupPolicy { group, policy_arn } => {
                let name = self.thing_name(ResourceType::Group, group);
                let call = about("AttachGroupPolicy", &name).with("policyArn", policy_arn);
                self.told(by, call, |state, _, now| state.attach_to_group(&name, policy_arn, now))
                    .await
            }
            ThingCall::AddUserToGroup { group, user } => {
                let name = self.thing_name(ResourceType::Group, group);
                let call = about("AddUserToGroup", &name).with("userName", user);
                self.told(by, call, |state, _, now| {
                    state.thing(&name)?;
                    state.change_user(user, now, |user| {
                        user.groups.push(group.clone());
                        Ok(Done::silently(()))
                    })
                })
                .await
            }
            ThingCall::CreateInstanceProfile { profile } => {
                let named = (ResourceType::InstanceProfile, profile.as_str());
                self.make_thing(by, "CreateInstanceProfile", named, OfIam::InstanceProfile).await
            }
            ThingCall::AddRoleToInstanceProfile { profile, role } => {
                let name = self.thing_name(ResourceType::InstanceProfile, profile);
                let call = about("AddRoleToInstanceProfile", &name).with("roleName", role);
                self.told(by, call, |state, _, _| {
                    state.role(role)?;
                    state.thing(&name)?.used_by.push(PrincipalName::role(role));
                    Ok(Done::silently(()))
                })
                .await
            }
            ThingCall::CreateSamlProvider { provider, metadata } => {
                let own = OfIam::SamlProvider { metadata: metadata.clone() };
                let named = (ResourceType::SamlProvider, provider.as_str());
                self.make_thing(by, "CreateSAMLProvider", named, own).await
            }
            ThingCall::CreateOidcProvider { host } => {
                let own = OfIam::OidcProvider {
                    url: host.clone(),
                    clients: vec!["sts.amazonaws.com".to_owned()],
                    thumbprints: vec!["9e99a48a9960b14926bb7f3b02e22da2b0ab7280".to_owned()],
                };
                let named = (ResourceType::OidcProvider, host.as_str());
                self.make_thing(by, "CreateOpenIDConnectProvider", named, own).await
            }
        }
    }

    async fn make_policy(
        &self,
        by: &Origin,
        (policy, document): (&str, &str),
    ) -> Result<RequestId, Refusal> {
        let parsed = Document::parse(document)
            .map_err(|error| Refusal::new("MalformedPolicyDocument", error.to_string()))?;
        let name = self.thing_name(ResourceType::Policy, policy);
        let own = OfIam::Policy {
            description: None,
            default: FIRST.to_owned(),
            versions: BTreeMap::from([(FIRST.to_owned(), document.to_owned())]),
        };
        let call = Call::iam("CreatePolicy", name.arn()).with("policyName", policy);
        self.told(by, call.with("policyDocument", document), |state, _, now| {
            let effective_at = state.effective_at(now);
            let done = state.make_thing(&name, own, now)?;
            state.policies.insert(name.arn(), Lagged::new(parsed, effective_at));
            Ok(done)
        })
        .await
    }

    async fn make_thing(
        &self,
        by: &Origin,
        call: &'static str,
        (of, id): (ResourceType, &str),
        own: OfIam,
    ) -> Result<RequestId, Refusal> {
        let name = self.thing_name(of, id);
        let call = match of {
            ResourceType::SamlProvider => Call::iam(call, name.arn()).with("name", id),
            ResourceType::OidcProvider => {
                Call::iam(call, name.arn()).with("url", format!("https://{id}"))
            }
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service
            | ResourceType::InstanceProfile
            | ResourceType::Group
            | ResourceType::Policy => about(call, &name),
        };
        self.told(by, call, |state, _, now| state.make_thing(&name, own, now)).await
    }
}

impl State {
    pub(super) fn thing(&mut self, name: &ResourceName) -> Result<&mut IamThing, Refusal> {
        let no_such = || Refusal::no_such(name.of.word(), &name.id);
        match self.resources.get_mut(name).map(|resource| &mut resource.state) {
            Some(OfResource::Iam { thing }) => Ok(thing),
            Some(
                OfResource::Bucket { .. }
                | OfResource::Instance { .. }
                | OfResource::Function { .. }
                | OfResource::Switch { .. },
            )
            | None => Err(no_such()),
        }
    }

    fn make_thing(
        &mut self,
        name: &ResourceName,
        own: OfIam,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        if name.of == ResourceType::Group {
            let effective_at = self.effective_at(now);
            let group = Lagged::new(Group { grants: Grants::default() }, effective_at);
            self.groups.insert(name.id.clone(), group);
        }
        let response = match name.of {
            ResourceType::SamlProvider => json!({ "sAMLProviderArn": name.id }),
            ResourceType::OidcProvider => json!({ "openIDConnectProviderArn": name.id }),
            ResourceType::Policy => json!({ "policy": { "arn": name.arn() } }),
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service
            | ResourceType::InstanceProfile
            | ResourceType::Group => Value::Null,
        };
        let thing = IamThing { own, used_by: Vec::new() };
        self.make((name.clone(), OfResource::Iam { thing }), response, now)
    }

    fn attach_to_group(
        &mut self,
        name: &ResourceName,
        policy_arn: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        let OfIam::Group { attached, .. } = &mut self.thing(name)?.own else {
            return Err(Refusal::no_such("group", &name.id));
        };
        attached.push(policy_arn.to_owned());
        let grants = Grants { attached: attached.clone(), ..Grants::default() };
        let effective_at = self.effective_at(now);
        if let Some(versions) = self.groups.get_mut(&name.id) {
            versions.write(Some(Arc::new(Group { grants })), effective_at, now);
        }
        Ok(Done::silently(()))
    }

    pub(super) fn group_policies(&mut self, name: &ResourceName) -> Vec<String> {
        let members = self.who_uses(name);
        match self.thing(name).map(|thing| &thing.own) {
            Ok(OfIam::Group { attached, .. }) if members.is_empty() => attached.clone(),
            Ok(
                OfIam::Group { .. }
                | OfIam::Policy { .. }
                | OfIam::SamlProvider { .. }
                | OfIam::OidcProvider { .. }
                | OfIam::InstanceProfile,
            )
            | Err(_) => Vec::new(),
        }
    }

    pub(super) fn detach_from(
        &mut self,
        name: &ResourceName,
        policy: &str,
    ) -> Result<Done<()>, Refusal> {
        if let OfIam::Group { attached, .. } = &mut self.thing(name)?.own {
            attached.retain(|one| one != policy);
        }
        Ok(Done::silently(()))
    }

    /// Who has the policy, is in the group or trusts the provider now; of a profile who is in it.
    pub(super) fn who_uses(&self, name: &ResourceName) -> Vec<PrincipalName> {
        let arn = name.arn();
        let users: Vec<_> =
            self.user_names.keys().filter_map(|name| self.user(name).ok()).collect();
        let roles: Vec<_> =
            self.role_names.keys().filter_map(|name| self.role(name).ok()).collect();
        let has = |grants: &Grants| {
            grants.attached.contains(&arn) || grants.boundary.as_ref() == Some(&arn)
        };
        let groups = self.resources.iter().filter_map(|(group, resource)| match &resource.state {
            OfResource::Iam { thing: IamThing { own: OfIam::Group { attached, .. }, .. } } => {
                attached.contains(&arn).then(|| group.key())
            }
            OfResource::Iam { .. }
            | OfResource::Bucket { .. }
            | OfResource::Instance { .. }
            | OfResource::Function { .. }
            | OfResource::Switch { .. } => None,
        });
        let user = |user: &Arc<User>| PrincipalName::user(&user.name);
        let mut all: Vec<PrincipalName> = match name.of {
            ResourceType::Policy => {
                let users = users.iter().filter(|user| has(&user.grants)).map(user);
                let roles = roles.iter().filter(|role| has(&role.grants));
                users
                    .chain(roles.map(|role| PrincipalName::role(&role.name)))
                    .chain(groups)
                    .collect()
            }
            ResourceType::Group => {
                users.iter().filter(|user| user.groups.contains(&name.id)).map(user).collect()
            }
            ResourceType::SamlProvider | ResourceType::OidcProvider => {
                let trusting = roles.iter().filter(|role| trust::names(&role.trust.text, &arn));
                trusting.map(|role| PrincipalName::role(&role.name)).collect()
            }
            ResourceType::InstanceProfile
            | ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service => match self.resources.get(name).map(|one| &one.state) {
                Some(OfResource::Iam { thing }) => thing.used_by.clone(),
                Some(
                    OfResource::Bucket { .. }
                    | OfResource::Instance { .. }
                    | OfResource::Function { .. }
                    | OfResource::Switch { .. },
                )
                | None => Vec::new(),
            },
        };
        all.sort();
        all
    }

    pub(super) fn drop(
        &mut self,
        name: &ResourceName,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        let is_provider =
            matches!(name.of, ResourceType::SamlProvider | ResourceType::OidcProvider);
        self.thing(name)?;
        let users = self.who_uses(name);
        if !is_provider && !users.is_empty() {
            let users: Vec<String> = users.iter().map(ResourceName::words).collect();
            let message = format!("Cannot delete entity, {} uses it.", users.join(", "));
            return Err(Refusal::new("DeleteConflict", message));
        }
        if !self.group_policies(name).is_empty() {
            let message = "Cannot delete entity, must detach all policies first.";
            return Err(Refusal::new("DeleteConflict", message));
        }
        let effective_at = self.effective_at(now);
        if let Some(policy) = self.policies.get_mut(&name.arn()) {
            policy.write(None, effective_at, now);
        }
        self.resources.remove(name);
        if name.of == ResourceType::Group {
            self.groups.remove(&name.id);
        }
        Ok(Done::silently(()))
    }
}

/// A call about it, with the argument that names it.
pub(super) fn about(call: &'static str, name: &ResourceName) -> Call {
    let (argument, value) = match name.of {
        ResourceType::Policy => ("policyArn", name.arn()),
        ResourceType::SamlProvider => ("sAMLProviderArn", name.id.clone()),
        ResourceType::OidcProvider => ("openIDConnectProviderArn", name.id.clone()),
        ResourceType::InstanceProfile => ("instanceProfileName", name.id.clone()),
        ResourceType::Group => ("groupName", name.id.clone()),
        ResourceType::Bucket
        | ResourceType::Instance
        | ResourceType::Function
        | ResourceType::EventSource
        | ResourceType::Service => ("identifier", name.id.clone()),
    };
    Call::iam(call, name.arn()).with(argument, value)
}
