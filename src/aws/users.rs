//! What IAM tells of its users, each list read to its last page.

use crate::aws::error::call_error;
use crate::aws::listing::{PAGES_MAX, endless, incomplete, is_missing, plain_document, time};
use crate::domain::action::{SideCredential, SideKind};
use crate::domain::facts::KeyState;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::domain::snapshot::{AttachedPolicy, SideState};
use crate::ports::cloud::{CallError, Detail};
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{EncodingType, StatusType, User};
use jiff::Timestamp;
use std::collections::BTreeMap;

const GET_USER: &str = "iam:GetUser";
const LIST_ACCESS_KEYS: &str = "iam:ListAccessKeys";
const LIST_ATTACHED_USER_POLICIES: &str = "iam:ListAttachedUserPolicies";
const LIST_USER_POLICIES: &str = "iam:ListUserPolicies";
const GET_USER_POLICY: &str = "iam:GetUserPolicy";
const LIST_GROUPS_FOR_USER: &str = "iam:ListGroupsForUser";
const GET_LOGIN_PROFILE: &str = "iam:GetLoginProfile";
const LIST_MFA_DEVICES: &str = "iam:ListMFADevices";
const LIST_SERVICE_CREDENTIALS: &str = "iam:ListServiceSpecificCredentials";
const LIST_SSH_KEYS: &str = "iam:ListSSHPublicKeys";
const GET_SSH_KEY: &str = "iam:GetSSHPublicKey";
const LIST_CERTIFICATES: &str = "iam:ListSigningCertificates";
const LIST_USERS: &str = "iam:ListUsers";

/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[
    GET_USER,
    LIST_ACCESS_KEYS,
    LIST_ATTACHED_USER_POLICIES,
    LIST_USER_POLICIES,
    GET_USER_POLICY,
    LIST_GROUPS_FOR_USER,
    GET_LOGIN_PROFILE,
    LIST_MFA_DEVICES,
    LIST_SERVICE_CREDENTIALS,
    LIST_SSH_KEYS,
    GET_SSH_KEY,
    LIST_CERTIFICATES,
    LIST_USERS,
];

pub(super) async fn user(iam: &Client, user: &UserName) -> Result<Detail, CallError> {
    let answer = iam.get_user().user_name(&user.0).send().await;
    let answer = answer.map_err(|error| call_error(GET_USER, &error))?;
    answer.user().map(detail).ok_or_else(|| incomplete(GET_USER, "no user"))
}

pub(super) async fn all(iam: &Client) -> Result<Vec<Detail>, CallError> {
    let listed = every_page!(LIST_USERS, iam.list_users(), |page| page.users);
    Ok(listed.iter().map(detail).collect())
}

pub(super) async fn access_keys(iam: &Client, user: &UserName) -> Result<Vec<KeyState>, CallError> {
    let request = iam.list_access_keys().user_name(&user.0);
    let listed = every_page!(LIST_ACCESS_KEYS, request, |page| page.access_key_metadata);
    let mut keys = Vec::with_capacity(listed.len());
    for key in listed {
        let id = key.access_key_id().and_then(AccessKeyId::from_record);
        let id = id.ok_or_else(|| incomplete(LIST_ACCESS_KEYS, "a key without a valid id"))?;
        let active = key.status().is_none_or(is_active);
        keys.push(KeyState { id, active, created: key.create_date().and_then(time) });
    }
    Ok(keys)
}

pub(super) async fn attached(iam: &Client, user: &str) -> Result<Vec<AttachedPolicy>, CallError> {
    let request = iam.list_attached_user_policies().user_name(user);
    let listed = every_page!(LIST_ATTACHED_USER_POLICIES, request, |page| page
        .attached_policies
        .unwrap_or_default());
    Ok(listed.into_iter().map(policy).collect())
}

pub(super) async fn inline(
    iam: &Client,
    user: &str,
) -> Result<BTreeMap<String, String>, CallError> {
    let request = iam.list_user_policies().user_name(user);
    let names = every_page!(LIST_USER_POLICIES, request, |page| page.policy_names);
    let mut policies = BTreeMap::new();
    for name in names {
        let request = iam.get_user_policy().user_name(user).policy_name(&name);
        match request.send().await {
            Ok(policy) => {
                let document = plain_document(GET_USER_POLICY, policy.policy_document())?;
                policies.insert(name, document);
            }
            // Listed a moment ago and deleted since: it is not there.
            Err(error) if is_missing(&error) => {}
            Err(error) => return Err(call_error(GET_USER_POLICY, &error)),
        }
    }
    Ok(policies)
}

pub(super) async fn groups(iam: &Client, user: &UserName) -> Result<Vec<String>, CallError> {
    let request = iam.list_groups_for_user().user_name(&user.0);
    let listed = every_page!(LIST_GROUPS_FOR_USER, request, |page| page.groups);
    Ok(listed.into_iter().map(|group| group.group_name).collect())
}

pub(super) async fn login_profile(
    iam: &Client,
    user: &UserName,
) -> Result<Option<Timestamp>, CallError> {
    match iam.get_login_profile().user_name(&user.0).send().await {
        Ok(answer) => {
            let created = answer.login_profile().map(|profile| profile.create_date());
            Ok(created.and_then(time))
        }
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(call_error(GET_LOGIN_PROFILE, &error)),
    }
}

pub(super) async fn mfa_devices(iam: &Client, user: &UserName) -> Result<Vec<String>, CallError> {
    let request = iam.list_mfa_devices().user_name(&user.0);
    let listed = every_page!(LIST_MFA_DEVICES, request, |page| page.mfa_devices);
    Ok(listed.into_iter().map(|one| one.serial_number).collect())
}

/// The credentials of one kind that the user signs in with besides its access keys.
pub(super) async fn side_credentials(
    iam: &Client,
    user: &UserName,
    kind: SideKind,
) -> Result<Vec<SideState>, CallError> {
    match kind {
        SideKind::ServiceSpecific => service_credentials(iam, user).await,
        SideKind::SshKey => ssh_keys(iam, user).await,
        SideKind::SigningCertificate => certificates(iam, user).await,
    }
}

/// The SDK has no paginator for this one listing.
async fn service_credentials(iam: &Client, user: &UserName) -> Result<Vec<SideState>, CallError> {
    let call = LIST_SERVICE_CREDENTIALS;
    let mut all = Vec::new();
    let mut marker = None;
    for _ in 0..PAGES_MAX {
        let request = iam.list_service_specific_credentials().user_name(&user.0);
        let page = request.set_marker(marker).send().await;
        let page = page.map_err(|error| call_error(call, &error))?;
        all.extend(page.service_specific_credentials().iter().map(|one| SideState {
            credential: SideCredential {
                kind: SideKind::ServiceSpecific,
                id: one.service_specific_credential_id().to_owned(),
            },
            active: is_active(one.status()),
            created: time(one.create_date()),
            about: one.service_name().to_owned(),
        }));
        marker = page.marker().map(str::to_owned);
        if !page.is_truncated() || marker.is_none() {
            return Ok(all);
        }
    }
    Err(endless(call, PAGES_MAX))
}

async fn ssh_keys(iam: &Client, user: &UserName) -> Result<Vec<SideState>, CallError> {
    let request = iam.list_ssh_public_keys().user_name(&user.0);
    let listed =
        every_page!(LIST_SSH_KEYS, request, |page| page.ssh_public_keys.unwrap_or_default());
    let mut keys = Vec::with_capacity(listed.len());
    for key in listed {
        let id = key.ssh_public_key_id();
        let request = iam.get_ssh_public_key().user_name(&user.0).ssh_public_key_id(id);
        let body = match request.encoding(EncodingType::Ssh).send().await {
            Ok(answer) => answer.ssh_public_key.map(|key| key.ssh_public_key_body),
            Err(error) if is_missing(&error) => continue,
            Err(error) => return Err(call_error(GET_SSH_KEY, &error)),
        };
        keys.push(SideState {
            credential: SideCredential { kind: SideKind::SshKey, id: id.to_owned() },
            active: is_active(key.status()),
            created: time(key.upload_date()),
            about: body.unwrap_or_default(),
        });
    }
    Ok(keys)
}

async fn certificates(iam: &Client, user: &UserName) -> Result<Vec<SideState>, CallError> {
    let request = iam.list_signing_certificates().user_name(&user.0);
    let listed = every_page!(LIST_CERTIFICATES, request, |page| page.certificates);
    let state = |one: &aws_sdk_iam::types::SigningCertificate| SideState {
        credential: SideCredential {
            kind: SideKind::SigningCertificate,
            id: one.certificate_id().to_owned(),
        },
        active: is_active(one.status()),
        created: one.upload_date().and_then(time),
        about: one.certificate_body().to_owned(),
    };
    Ok(listed.iter().map(state).collect())
}

/// Whatever is not said to be inactive is treated as still working.
fn is_active(status: &StatusType) -> bool {
    *status != StatusType::Inactive && *status != StatusType::Expired
}

fn policy(policy: aws_sdk_iam::types::AttachedPolicy) -> AttachedPolicy {
    AttachedPolicy {
        name: policy.policy_name.unwrap_or_default(),
        arn: policy.policy_arn.unwrap_or_default(),
    }
}

fn detail(user: &User) -> Detail {
    let tags = user.tags().iter();
    Detail {
        name: user.user_name().to_owned(),
        id: user.user_id().to_owned(),
        arn: user.arn().to_owned(),
        path: user.path().to_owned(),
        created: time(user.create_date()),
        boundary: user
            .permissions_boundary()
            .and_then(|boundary| boundary.permissions_boundary_arn())
            .map(str::to_owned),
        tags: tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
    }
}
