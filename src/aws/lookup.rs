//! Read-only questions about the account, each list read to its last page.

use crate::aws::clients::{self, AwsSettings};
use crate::aws::error::{call_error, code};
use crate::aws::guard_duty::GuardDuty;
use crate::aws::health::Health;
use crate::aws::listing::{endless, time};
use crate::domain::facts::{Alert, KeyState, LastUse};
use crate::domain::ids::{AccessKeyId, AccountId, UserName};
use crate::domain::snapshot::AttachedPolicy;
use crate::ports::cloud::{CallClass, CallError, KeyOwner, Lookup, UserDetail};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_iam::types::{StatusType, User};
use aws_sdk_sts::error::ProvideErrorMetadata;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";
const GET_ACCESS_KEY_INFO: &str = "sts:GetAccessKeyInfo";
const GET_ACCESS_KEY_LAST_USED: &str = "iam:GetAccessKeyLastUsed";
const GET_USER: &str = "iam:GetUser";
const LIST_ACCESS_KEYS: &str = "iam:ListAccessKeys";
const LIST_ATTACHED_USER_POLICIES: &str = "iam:ListAttachedUserPolicies";
const LIST_USER_POLICIES: &str = "iam:ListUserPolicies";
const GET_USER_POLICY: &str = "iam:GetUserPolicy";
const LIST_GROUPS_FOR_USER: &str = "iam:ListGroupsForUser";
const GET_LOGIN_PROFILE: &str = "iam:GetLoginProfile";
const LIST_MFA_DEVICES: &str = "iam:ListMFADevices";
const LIST_USERS: &str = "iam:ListUsers";

/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[
    GET_CALLER_IDENTITY,
    GET_ACCESS_KEY_INFO,
    GET_ACCESS_KEY_LAST_USED,
    GET_USER,
    LIST_ACCESS_KEYS,
    LIST_ATTACHED_USER_POLICIES,
    LIST_USER_POLICIES,
    GET_USER_POLICY,
    LIST_GROUPS_FOR_USER,
    GET_LOGIN_PROFILE,
    LIST_MFA_DEVICES,
    LIST_USERS,
];

/// The name under which the lookup role's sessions appear in the trail.
const SESSION_NAME: &str = "keyleak-lookup";
/// A hundred entries a page: more than any account may hold, so only a broken service gets here.
const PAGES_MAX: usize = 1_000;

/// Looks at one account with the lookup role, or with the bot's own credentials.
#[derive(Debug, Clone)]
pub struct AwsLookup {
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
    guard_duty: GuardDuty,
    health: Health,
}

/// Reads every page of a listing into `$items`, or gives up on a listing without end.
macro_rules! every_page {
    ($call:expr, $request:expr, |$page:ident| $items:expr) => {{
        let mut pages = $request.into_paginator().send();
        let mut all = Vec::new();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            let $page = page.map_err(|error| call_error($call, &error))?;
            all.extend($items);
            count += 1;
            if count >= PAGES_MAX {
                return Err(endless($call, PAGES_MAX));
            }
        }
        all
    }};
}

impl AwsLookup {
    pub async fn new(config: &SdkConfig, settings: &AwsSettings) -> Self {
        let config = match &settings.lookup_role {
            Some(role) => clients::with_role(config, role, SESSION_NAME).await,
            None => config.clone(),
        };
        Self {
            iam: aws_sdk_iam::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            guard_duty: GuardDuty::new(&config, &settings.guard_duty_regions),
            health: Health::new(&config),
        }
    }

    async fn policy_document(
        &self,
        user: &UserName,
        name: &str,
    ) -> Result<Option<String>, CallError> {
        let request = self.iam.get_user_policy().user_name(&user.0);
        match request.policy_name(name).send().await {
            Ok(policy) => Ok(Some(plain_document(policy.policy_document())?)),
            // Listed a moment ago and deleted since: it is not there.
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(call_error(GET_USER_POLICY, &error)),
        }
    }
}

#[async_trait]
impl Lookup for AwsLookup {
    /// The account that lookups (and so containment) reach: the lookup role's, where one is set.
    async fn own_account(&self) -> Result<AccountId, CallError> {
        let answer = self.sts.get_caller_identity().send().await;
        let answer = answer.map_err(|error| call_error(GET_CALLER_IDENTITY, &error))?;
        account(GET_CALLER_IDENTITY, answer.account())
    }

    async fn key_account(&self, key: &AccessKeyId) -> Result<AccountId, CallError> {
        let request = self.sts.get_access_key_info().access_key_id(key.reveal());
        let answer = request.send().await;
        let answer = answer.map_err(|error| call_error(GET_ACCESS_KEY_INFO, &error))?;
        account(GET_ACCESS_KEY_INFO, answer.account())
    }

    async fn key_owner(&self, key: &AccessKeyId) -> Result<KeyOwner, CallError> {
        let request = self.iam.get_access_key_last_used();
        let answer = request.access_key_id(key.reveal()).send().await;
        let answer = answer.map_err(|error| call_error(GET_ACCESS_KEY_LAST_USED, &error))?;
        let last_use = answer.access_key_last_used();
        let last_use = last_use.map(|last| LastUse {
            at: last.last_used_date().and_then(time),
            service: applicable(last.service_name()),
            region: applicable(last.region()),
        });
        Ok(KeyOwner {
            user: applicable(answer.user_name().unwrap_or_default()).map(UserName),
            last_use: last_use.unwrap_or(LastUse { at: None, service: None, region: None }),
        })
    }

    async fn user(&self, user: &UserName) -> Result<UserDetail, CallError> {
        let answer = self.iam.get_user().user_name(&user.0).send().await;
        let answer = answer.map_err(|error| call_error(GET_USER, &error))?;
        answer.user().map(detail).ok_or_else(|| incomplete(GET_USER, "no user"))
    }

    async fn access_keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        let request = self.iam.list_access_keys().user_name(&user.0);
        let listed = every_page!(LIST_ACCESS_KEYS, request, |page| page.access_key_metadata);
        let mut keys = Vec::with_capacity(listed.len());
        for key in listed {
            let id = key.access_key_id().and_then(AccessKeyId::from_record);
            let id = id.ok_or_else(|| incomplete(LIST_ACCESS_KEYS, "a key without a valid id"))?;
            keys.push(KeyState {
                id,
                // Whatever is not said to be inactive is treated as still working.
                active: key.status() != Some(&StatusType::Inactive)
                    && key.status() != Some(&StatusType::Expired),
                created: key.create_date().and_then(time),
            });
        }
        Ok(keys)
    }

    async fn attached_policies(&self, user: &UserName) -> Result<Vec<AttachedPolicy>, CallError> {
        let request = self.iam.list_attached_user_policies().user_name(&user.0);
        let listed = every_page!(LIST_ATTACHED_USER_POLICIES, request, |page| page
            .attached_policies
            .unwrap_or_default());
        let policy = |policy: aws_sdk_iam::types::AttachedPolicy| AttachedPolicy {
            name: policy.policy_name.unwrap_or_default(),
            arn: policy.policy_arn.unwrap_or_default(),
        };
        Ok(listed.into_iter().map(policy).collect())
    }

    async fn inline_policies(
        &self,
        user: &UserName,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let request = self.iam.list_user_policies().user_name(&user.0);
        let names = every_page!(LIST_USER_POLICIES, request, |page| page.policy_names);
        let mut policies = BTreeMap::new();
        for name in names {
            if let Some(document) = self.policy_document(user, &name).await? {
                policies.insert(name, document);
            }
        }
        Ok(policies)
    }

    async fn groups(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        let request = self.iam.list_groups_for_user().user_name(&user.0);
        let listed = every_page!(LIST_GROUPS_FOR_USER, request, |page| page.groups);
        Ok(listed.into_iter().map(|group| group.group_name).collect())
    }

    async fn login_profile(&self, user: &UserName) -> Result<Option<Timestamp>, CallError> {
        let request = self.iam.get_login_profile().user_name(&user.0);
        match request.send().await {
            Ok(answer) => {
                let created = answer.login_profile().map(|profile| profile.create_date());
                Ok(created.and_then(time))
            }
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(call_error(GET_LOGIN_PROFILE, &error)),
        }
    }

    async fn mfa_devices(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        let request = self.iam.list_mfa_devices().user_name(&user.0);
        let listed = every_page!(LIST_MFA_DEVICES, request, |page| page.mfa_devices);
        Ok(listed.into_iter().map(|one| one.serial_number).collect())
    }

    async fn users(&self) -> Result<Vec<UserDetail>, CallError> {
        let listed = every_page!(LIST_USERS, self.iam.list_users(), |page| page.users);
        Ok(listed.iter().map(detail).collect())
    }

    async fn guard_duty(
        &self,
        key: &AccessKeyId,
        user: Option<&UserName>,
    ) -> Result<Vec<Alert>, CallError> {
        self.guard_duty.alerts(key, user).await
    }

    async fn health(&self, key: &AccessKeyId) -> Result<Vec<Alert>, CallError> {
        self.health.alerts(key).await
    }
}

fn incomplete(call: &str, what: &str) -> CallError {
    CallError::new(CallClass::Other, call, format!("AWS answered with {what}"))
}

fn account(call: &str, answered: Option<&str>) -> Result<AccountId, CallError> {
    answered.and_then(AccountId::parse).ok_or_else(|| incomplete(call, "no account number"))
}

/// AWS writes `N/A` where a key was never used, or is no user's.
fn applicable(text: &str) -> Option<String> {
    (!text.is_empty() && text != "N/A").then(|| text.to_owned())
}

fn detail(user: &User) -> UserDetail {
    let tags = user.tags().iter();
    UserDetail {
        name: UserName(user.user_name().to_owned()),
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

/// IAM hands policy documents out percent-encoded; a stand-in may hand them out plain.
fn plain_document(document: &str) -> Result<String, CallError> {
    if document.trim_start().starts_with('{') {
        return Ok(document.to_owned());
    }
    let decoded = percent_decode_str(document).decode_utf8();
    let decoded = decoded.map_err(|_| incomplete(GET_USER_POLICY, "a document that is no text"))?;
    Ok(decoded.into_owned())
}

fn is_missing<E>(
    error: &aws_sdk_sts::error::SdkError<E, aws_sdk_sts::config::http::HttpResponse>,
) -> bool
where
    E: ProvideErrorMetadata,
{
    matches!(code(error), Some("NoSuchEntity" | "NoSuchEntityException"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percent_encoded_document_comes_out_as_the_json_it_is() {
        let encoded = "%7B%22Action%22%3A%22s3%3A%2A%22%2C%22Sid%22%3A%22a%2Bb+c%22%7D";
        assert_eq!(plain_document(encoded).unwrap(), r#"{"Action":"s3:*","Sid":"a+b+c"}"#);
    }

    #[test]
    fn a_plain_document_with_a_percent_sign_stays_as_it_is() {
        let plain = r#"{"Resource":"arn:aws:s3:::a%2Fb"}"#;
        assert_eq!(plain_document(plain).unwrap(), plain);
    }

    #[test]
    fn a_key_that_was_never_used_has_no_service() {
        assert_eq!(applicable("N/A"), None);
        assert_eq!(applicable("s3"), Some("s3".to_owned()));
    }
}
