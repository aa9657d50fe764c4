//! The calls that delete a policy, provider, instance profile or group that nobody uses any more.

use crate::aws::eradicate::{Deleted, ROUNDS_MAX, gone, last, still_hangs};
use crate::aws::error::call_error;
use crate::aws::iam_things::{attached_policies, entities, inline_policies};
use crate::domain::principal::Principal;
use crate::domain::resource::{ResourceName, ResourceType};
use crate::ports::cloud::{Applied, CallClass, CallError};
use aws_sdk_iam::Client;

const DELETE_POLICY: &str = "iam:DeletePolicy";
const DELETE_POLICY_VERSION: &str = "iam:DeletePolicyVersion";
const LIST_POLICY_VERSIONS: &str = "iam:ListPolicyVersions";
const DELETE_SAML_PROVIDER: &str = "iam:DeleteSAMLProvider";
const DELETE_OIDC_PROVIDER: &str = "iam:DeleteOpenIDConnectProvider";
const GET_INSTANCE_PROFILE: &str = "iam:GetInstanceProfile";
const OUT_OF_PROFILE: &str = "iam:RemoveRoleFromInstanceProfile";
const DELETE_INSTANCE_PROFILE: &str = "iam:DeleteInstanceProfile";
const GET_GROUP: &str = "iam:GetGroup";
const DETACH_GROUP_POLICY: &str = "iam:DetachGroupPolicy";
const DELETE_GROUP_POLICY: &str = "iam:DeleteGroupPolicy";
const DELETE_GROUP: &str = "iam:DeleteGroup";

/// Every IAM action that this file calls; `manifests/iam/eradicate.json` allows these.
pub const CALLS: &[&str] = &[
    DELETE_POLICY,
    DELETE_POLICY_VERSION,
    LIST_POLICY_VERSIONS,
    DELETE_SAML_PROVIDER,
    DELETE_OIDC_PROVIDER,
    GET_INSTANCE_PROFILE,
    OUT_OF_PROFILE,
    DELETE_INSTANCE_PROFILE,
    GET_GROUP,
    DETACH_GROUP_POLICY,
    DELETE_GROUP_POLICY,
    DELETE_GROUP,
];
/// What hangs on a policy or a group is listed with the same rights, by the file that reads IAM.
pub const READS: &[&str] =
    &["iam:ListAttachedGroupPolicies", "iam:ListEntitiesForPolicy", "iam:ListGroupPolicies"];

/// Deletes it, unless somebody uses it by now: who came to it after the snapshot is in no plan, so
/// nobody is taken out and nothing detached for it. Repeating it is harmless.
pub(super) async fn delete(
    iam: &Client,
    on: &Principal,
    name: &ResourceName,
) -> Result<Applied, CallError> {
    let mut conflict = None;
    for _ in 0..ROUNDS_MAX {
        let deleted = match name.of {
            ResourceType::Policy => policy(iam, (name, &on.arn)).await?,
            ResourceType::SamlProvider => {
                let delete = iam.delete_saml_provider().saml_provider_arn(&on.arn);
                last(DELETE_SAML_PROVIDER, delete.send().await)?
            }
            ResourceType::OidcProvider => {
                let delete = iam.delete_open_id_connect_provider();
                let delete = delete.open_id_connect_provider_arn(&on.arn);
                last(DELETE_OIDC_PROVIDER, delete.send().await)?
            }
            ResourceType::InstanceProfile => instance_profile(iam, &name.id).await?,
            ResourceType::Group => group(iam, &name.id).await?,
            ResourceType::Bucket
            | ResourceType::Instance
            | ResourceType::Function
            | ResourceType::EventSource
            | ResourceType::Service => {
                let message = format!("nothing deletes {name}");
                return Err(CallError::new(CallClass::Other, "the step", message));
            }
        };
        match deleted {
            Ok(request_id) => return Ok(Applied { how: Some("deleted".to_owned()), request_id }),
            Err(left) => conflict = Some(left),
        }
    }
    Err(still_hangs(&name.to_string(), DELETE_POLICY, conflict))
}

async fn policy(iam: &Client, (name, arn): (&ResourceName, &str)) -> Deleted {
    let users = entities(iam, (name, arn)).await?;
    if !users.is_empty() {
        let users: Vec<String> = users.iter().map(ResourceName::words).collect();
        return Ok(Err(in_use(DELETE_POLICY, &users)));
    }
    let listed = iam.list_policy_versions().policy_arn(arn).send().await;
    let listed = listed.map_err(|error| call_error(LIST_POLICY_VERSIONS, &error))?;
    // A policy has five versions at most, which is less than a page.
    let others = listed.versions().iter().filter(|version| !version.is_default_version());
    for version in others.filter_map(|version| version.version_id()) {
        let delete = iam.delete_policy_version().policy_arn(arn).version_id(version);
        gone(DELETE_POLICY_VERSION, delete.send().await)?;
    }
    last(DELETE_POLICY, iam.delete_policy().policy_arn(arn).send().await)
}

/// The role in it stays as it is.
async fn instance_profile(iam: &Client, name: &str) -> Deleted {
    let answer = iam.get_instance_profile().instance_profile_name(name).send().await;
    let answer = answer.map_err(|error| call_error(GET_INSTANCE_PROFILE, &error))?;
    for role in answer.instance_profile().map(|profile| profile.roles()).unwrap_or_default() {
        let out = iam.remove_role_from_instance_profile().instance_profile_name(name);
        gone(OUT_OF_PROFILE, out.role_name(role.role_name()).send().await)?;
    }
    let delete = iam.delete_instance_profile().instance_profile_name(name);
    last(DELETE_INSTANCE_PROFILE, delete.send().await)
}

async fn group(iam: &Client, name: &str) -> Deleted {
    // One page is enough to know whether anybody is in it.
    let answer = iam.get_group().group_name(name).send().await;
    let answer = answer.map_err(|error| call_error(GET_GROUP, &error))?;
    if !answer.users().is_empty() {
        let members = answer.users().iter().map(|user| format!("user {}", user.user_name()));
        return Ok(Err(in_use(DELETE_GROUP, &members.collect::<Vec<_>>())));
    }
    for policy in attached_policies(iam, name).await? {
        let detach = iam.detach_group_policy().group_name(name).policy_arn(policy);
        gone(DETACH_GROUP_POLICY, detach.send().await)?;
    }
    for policy in inline_policies(iam, name).await? {
        let delete = iam.delete_group_policy().group_name(name).policy_name(policy);
        gone(DELETE_GROUP_POLICY, delete.send().await)?;
    }
    last(DELETE_GROUP, iam.delete_group().group_name(name).send().await)
}

fn in_use(call: &str, users: &[String]) -> CallError {
    let message = format!("{} uses it; nobody is taken out for it", users.join(", "));
    CallError::new(CallClass::Conflict, call, message)
}

#[cfg(test)]
mod tests;
