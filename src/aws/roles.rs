//! What IAM tells of its roles, each list read to its last page.

use crate::aws::error::call_error;
use crate::aws::listing::{incomplete, is_missing, plain_document, time};
use crate::domain::snapshot::AttachedPolicy;
use crate::ports::cloud::{CallError, Detail, RoleDetail};
use aws_sdk_iam::Client;
use aws_sdk_iam::types::Role;
use std::collections::BTreeMap;

const GET_ROLE: &str = "iam:GetRole";
const LIST_ATTACHED_ROLE_POLICIES: &str = "iam:ListAttachedRolePolicies";
const LIST_ROLE_POLICIES: &str = "iam:ListRolePolicies";
const GET_ROLE_POLICY: &str = "iam:GetRolePolicy";
const LIST_INSTANCE_PROFILES: &str = "iam:ListInstanceProfilesForRole";
const LIST_ROLES: &str = "iam:ListRoles";

/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[
    GET_ROLE,
    LIST_ATTACHED_ROLE_POLICIES,
    LIST_ROLE_POLICIES,
    GET_ROLE_POLICY,
    LIST_INSTANCE_PROFILES,
    LIST_ROLES,
];
/// How long a role's sessions may live where IAM does not say: its own default.
const SESSION_SECONDS_DEFAULT: i32 = 3_600;

pub(super) async fn role(iam: &Client, role: &str) -> Result<RoleDetail, CallError> {
    let answer = iam.get_role().role_name(role).send().await;
    let answer = answer.map_err(|error| call_error(GET_ROLE, &error))?;
    let found = answer.role().ok_or_else(|| incomplete(GET_ROLE, "no role"))?;
    detail(GET_ROLE, found)
}

pub(super) async fn all(iam: &Client) -> Result<Vec<RoleDetail>, CallError> {
    let listed = every_page!(LIST_ROLES, iam.list_roles(), |page| page.roles);
    listed.iter().map(|role| detail(LIST_ROLES, role)).collect()
}

pub(super) async fn attached(iam: &Client, role: &str) -> Result<Vec<AttachedPolicy>, CallError> {
    let request = iam.list_attached_role_policies().role_name(role);
    let listed = every_page!(LIST_ATTACHED_ROLE_POLICIES, request, |page| page
        .attached_policies
        .unwrap_or_default());
    let policy = |policy: aws_sdk_iam::types::AttachedPolicy| AttachedPolicy {
        name: policy.policy_name.unwrap_or_default(),
        arn: policy.policy_arn.unwrap_or_default(),
    };
    Ok(listed.into_iter().map(policy).collect())
}

pub(super) async fn inline(
    iam: &Client,
    role: &str,
) -> Result<BTreeMap<String, String>, CallError> {
    let request = iam.list_role_policies().role_name(role);
    let names = every_page!(LIST_ROLE_POLICIES, request, |page| page.policy_names);
    let mut policies = BTreeMap::new();
    for name in names {
        let request = iam.get_role_policy().role_name(role).policy_name(&name);
        match request.send().await {
            Ok(policy) => {
                let document = plain_document(GET_ROLE_POLICY, policy.policy_document())?;
                policies.insert(name, document);
            }
            // Listed a moment ago and deleted since: it is not there.
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(call_error(GET_ROLE_POLICY, &error)),
        }
    }
    Ok(policies)
}

pub(super) async fn instance_profiles(iam: &Client, role: &str) -> Result<Vec<String>, CallError> {
    let request = iam.list_instance_profiles_for_role().role_name(role);
    let listed = every_page!(LIST_INSTANCE_PROFILES, request, |page| page.instance_profiles);
    Ok(listed.into_iter().map(|profile| profile.instance_profile_name).collect())
}

fn detail(call: &str, role: &Role) -> Result<RoleDetail, CallError> {
    let tags = role.tags().iter();
    let trust = role.assume_role_policy_document().unwrap_or_default();
    Ok(RoleDetail {
        detail: Detail {
            name: role.role_name().to_owned(),
            id: role.role_id().to_owned(),
            arn: role.arn().to_owned(),
            path: role.path().to_owned(),
            created: time(role.create_date()),
            boundary: role
                .permissions_boundary()
                .and_then(|boundary| boundary.permissions_boundary_arn())
                .map(str::to_owned),
            tags: tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
        },
        trust: plain_document(call, trust)?,
        description: role.description().map(str::to_owned),
        session_seconds_max: role.max_session_duration().unwrap_or(SESSION_SECONDS_DEFAULT),
    })
}
