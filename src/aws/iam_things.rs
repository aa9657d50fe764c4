//! What IAM tells of policies, providers, instance profiles and groups, and of who uses them.

use crate::aws::error::call_error;
use crate::aws::listing::{incomplete, is_missing, plain_document, time};
use crate::aws::roles;
use crate::domain::iam_thing::{IamThing, OfIam};
use crate::domain::principal::PrincipalName;
use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::domain::trust;
use crate::ports::cloud::{CallError, Detail, ResourceDetail};
use aws_sdk_iam::Client;
use aws_sdk_iam::operation::list_entities_for_policy::ListEntitiesForPolicyOutput;
use aws_sdk_iam::types::{Policy, PolicyScopeType, Tag};
use aws_smithy_types::DateTime;
use std::collections::BTreeMap;

const GET_POLICY: &str = "iam:GetPolicy";
const GET_POLICY_VERSION: &str = "iam:GetPolicyVersion";
const LIST_ENTITIES: &str = "iam:ListEntitiesForPolicy";
const LIST_POLICIES: &str = "iam:ListPolicies";
const LIST_POLICY_VERSIONS: &str = "iam:ListPolicyVersions";
const GET_SAML_PROVIDER: &str = "iam:GetSAMLProvider";
const GET_OIDC_PROVIDER: &str = "iam:GetOpenIDConnectProvider";
const GET_INSTANCE_PROFILE: &str = "iam:GetInstanceProfile";
const GET_GROUP: &str = "iam:GetGroup";
const GET_GROUP_POLICY: &str = "iam:GetGroupPolicy";
const LIST_ATTACHED: &str = "iam:ListAttachedGroupPolicies";
const LIST_INLINE: &str = "iam:ListGroupPolicies";

/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[
    GET_POLICY,
    GET_POLICY_VERSION,
    LIST_ENTITIES,
    LIST_POLICIES,
    LIST_POLICY_VERSIONS,
    GET_SAML_PROVIDER,
    GET_OIDC_PROVIDER,
    GET_INSTANCE_PROFILE,
    GET_GROUP,
    GET_GROUP_POLICY,
    LIST_ATTACHED,
    LIST_INLINE,
];

/// It as it stands, whole enough to be made again; each list is read to its last page.
pub(super) async fn read(iam: &Client, name: &ResourceName) -> Result<ResourceDetail, CallError> {
    match name.of {
        ResourceType::Policy => policy(iam, name).await,
        ResourceType::SamlProvider => saml_provider(iam, name).await,
        ResourceType::OidcProvider => oidc_provider(iam, name).await,
        ResourceType::InstanceProfile => instance_profile(iam, name).await,
        ResourceType::Group => group(iam, name).await,
        ResourceType::Bucket
        | ResourceType::Instance
        | ResourceType::Function
        | ResourceType::EventSource
        | ResourceType::Service => Err(incomplete(GET_POLICY, "nothing: it is not IAM's")),
    }
}

async fn policy(iam: &Client, name: &ResourceName) -> Result<ResourceDetail, CallError> {
    let policy = found_policy(iam, name).await?;
    let arn = policy.arn().unwrap_or_default();
    let request = iam.list_policy_versions().policy_arn(arn);
    let listed =
        every_page!(LIST_POLICY_VERSIONS, request, |page| page.versions.unwrap_or_default());
    let mut versions = BTreeMap::new();
    for version in listed.iter().filter_map(|version| version.version_id()) {
        let request = iam.get_policy_version().policy_arn(arn).version_id(version);
        let answer = request.send().await;
        let answer = answer.map_err(|error| call_error(GET_POLICY_VERSION, &error))?;
        let document = answer.policy_version().and_then(|version| version.document());
        let document = document.ok_or_else(|| incomplete(GET_POLICY_VERSION, "no document"))?;
        versions.insert(version.to_owned(), plain_document(GET_POLICY_VERSION, document)?);
    }
    let own = OfIam::Policy {
        description: policy.description().map(str::to_owned),
        default: policy.default_version_id().unwrap_or_default().to_owned(),
        versions,
    };
    let used_by = entities(iam, (name, arn)).await?;
    let (id, path) = (policy.policy_id().unwrap_or_default(), policy.path().unwrap_or("/"));
    let detail = detail(name, (id, arn, path), (policy.create_date(), policy.tags()));
    Ok(told(detail, own, used_by))
}

/// A policy without a path is found at once; of another the trail does not tell the ARN.
async fn found_policy(iam: &Client, name: &ResourceName) -> Result<Policy, CallError> {
    let mut answer = iam.get_policy().policy_arn(name.arn()).send().await;
    if answer.as_ref().is_err_and(is_missing) {
        let request = iam.list_policies().scope(PolicyScopeType::Local);
        let listed = every_page!(LIST_POLICIES, request, |page| page.policies.unwrap_or_default());
        let mut same = listed.iter().filter(|one| one.policy_name() == Some(name.id.as_str()));
        if let Some(arn) = same.find_map(|one| one.arn()) {
            answer = iam.get_policy().policy_arn(arn).send().await;
        }
    }
    let answer = answer.map_err(|error| call_error(GET_POLICY, &error))?;
    answer.policy.ok_or_else(|| incomplete(GET_POLICY, "no policy"))
}

/// Users, roles and groups that have the policy, as their boundary too.
pub(super) async fn entities(
    iam: &Client,
    (name, arn): (&ResourceName, &str),
) -> Result<Vec<PrincipalName>, CallError> {
    let request = iam.list_entities_for_policy().policy_arn(arn);
    let mut all = every_page!(LIST_ENTITIES, request, |page| named(name, &page));
    all.sort();
    Ok(all)
}

fn named(name: &ResourceName, page: &ListEntitiesForPolicyOutput) -> Vec<PrincipalName> {
    let users = page.policy_users().iter().filter_map(|user| user.user_name());
    let roles = page.policy_roles().iter().filter_map(|role| role.role_name());
    let groups = page.policy_groups().iter().filter_map(|group| group.group_name());
    let group = |id: &str| {
        ResourceName { of: ResourceType::Group, id: id.to_owned(), ..name.clone() }.key()
    };
    users
        .map(PrincipalName::user)
        .chain(roles.map(PrincipalName::role))
        .chain(groups.map(group))
        .collect()
}

async fn saml_provider(iam: &Client, name: &ResourceName) -> Result<ResourceDetail, CallError> {
    let answer = iam.get_saml_provider().saml_provider_arn(&name.id).send().await;
    let answer = answer.map_err(|error| call_error(GET_SAML_PROVIDER, &error))?;
    let metadata = answer.saml_metadata_document().unwrap_or_default().to_owned();
    let detail = provider(name, answer.create_date(), answer.tags());
    Ok(told(detail, OfIam::SamlProvider { metadata }, trusting(iam, &name.id).await?))
}

async fn oidc_provider(iam: &Client, name: &ResourceName) -> Result<ResourceDetail, CallError> {
    let get = iam.get_open_id_connect_provider().open_id_connect_provider_arn(&name.id);
    let answer = get.send().await.map_err(|error| call_error(GET_OIDC_PROVIDER, &error))?;
    let own = OfIam::OidcProvider {
        url: answer.url().unwrap_or_default().to_owned(),
        clients: answer.client_id_list().to_vec(),
        thumbprints: answer.thumbprint_list().to_vec(),
    };
    let detail = provider(name, answer.create_date(), answer.tags());
    Ok(told(detail, own, trusting(iam, &name.id).await?))
}

/// Roles whose trust policy names the provider.
async fn trusting(iam: &Client, provider: &str) -> Result<Vec<PrincipalName>, CallError> {
    let roles = roles::all(iam).await?.into_iter();
    let trusting = roles.filter(|role| trust::names(&role.trust, provider));
    let mut trusting: Vec<_> =
        trusting.map(|role| PrincipalName::role(&role.detail.name)).collect();
    trusting.sort();
    Ok(trusting)
}

async fn instance_profile(iam: &Client, name: &ResourceName) -> Result<ResourceDetail, CallError> {
    let answer = iam.get_instance_profile().instance_profile_name(&name.id).send().await;
    let answer = answer.map_err(|error| call_error(GET_INSTANCE_PROFILE, &error))?;
    let profile = answer.instance_profile();
    let profile = profile.ok_or_else(|| incomplete(GET_INSTANCE_PROFILE, "no profile"))?;
    let roles = profile.roles().iter().map(|role| PrincipalName::role(role.role_name()));
    let ids = (profile.instance_profile_id(), profile.arn(), profile.path());
    let detail = detail(name, ids, (Some(profile.create_date()), profile.tags()));
    Ok(told(detail, OfIam::InstanceProfile, roles.collect()))
}

async fn group(iam: &Client, name: &ResourceName) -> Result<ResourceDetail, CallError> {
    let mut group = None;
    let request = iam.get_group().group_name(&name.id);
    let members = every_page!(GET_GROUP, request, |page| {
        group = page.group;
        page.users
    });
    let group = group.ok_or_else(|| incomplete(GET_GROUP, "no group"))?;
    let mut inline = BTreeMap::new();
    for policy in inline_policies(iam, &name.id).await? {
        let request = iam.get_group_policy().group_name(&name.id).policy_name(&policy);
        let answer = request.send().await;
        let answer = answer.map_err(|error| call_error(GET_GROUP_POLICY, &error))?;
        inline.insert(policy, plain_document(GET_GROUP_POLICY, answer.policy_document())?);
    }
    let attached = attached_policies(iam, &name.id).await?;
    let mut members: Vec<_> =
        members.iter().map(|user| PrincipalName::user(user.user_name())).collect();
    members.sort();
    let ids = (group.group_id(), group.arn(), group.path());
    let detail = detail(name, ids, (Some(group.create_date()), &[]));
    Ok(told(detail, OfIam::Group { attached, inline }, members))
}

/// The ARNs of a group's managed policies.
pub(super) async fn attached_policies(iam: &Client, group: &str) -> Result<Vec<String>, CallError> {
    let request = iam.list_attached_group_policies().group_name(group);
    let listed =
        every_page!(LIST_ATTACHED, request, |page| page.attached_policies.unwrap_or_default());
    let mut arns: Vec<String> = listed.into_iter().filter_map(|one| one.policy_arn).collect();
    arns.sort();
    Ok(arns)
}

/// The names of a group's inline policies.
pub(super) async fn inline_policies(iam: &Client, group: &str) -> Result<Vec<String>, CallError> {
    let request = iam.list_group_policies().group_name(group);
    Ok(every_page!(LIST_INLINE, request, |page| page.policy_names))
}

/// A provider has no id that is never used again; since when there is this one serves for it.
fn provider(name: &ResourceName, created: Option<&DateTime>, tags: &[Tag]) -> Detail {
    let since = created.and_then(time).map(|created| created.to_string()).unwrap_or_default();
    let id = format!("{} since {since}", name.id);
    detail(name, (&id, &name.id, ""), (created, tags))
}

fn detail(
    name: &ResourceName,
    (id, arn, path): (&str, &str, &str),
    (created, tags): (Option<&DateTime>, &[Tag]),
) -> Detail {
    let tags = tags.iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
    Detail {
        name: name.key().name,
        id: id.to_owned(),
        arn: arn.to_owned(),
        path: path.to_owned(),
        created: created.and_then(time),
        boundary: None,
        tags: tags.collect(),
    }
}

fn told(detail: Detail, own: OfIam, used_by: Vec<PrincipalName>) -> ResourceDetail {
    ResourceDetail { detail, state: OfResource::Iam { thing: IamThing { own, used_by } } }
}

#[cfg(test)]
mod tests;
