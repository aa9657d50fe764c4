//! Read-only questions about one account, with the rights of the lookup role.

use crate::aws::clients::{self, AwsSettings};
use crate::aws::error::call_error;
use crate::aws::guard::Preflight;
use crate::aws::guard_duty::GuardDuty;
use crate::aws::health::Health;
use crate::aws::iam_things;
use crate::aws::listing::{incomplete, time};
use crate::aws::resources::Resources;
use crate::aws::{roles, users};
use crate::domain::action::SideKind;
use crate::domain::facts::{Alert, KeyState, LastUse};
use crate::domain::guard::Guard;
use crate::domain::ids::{AccessKeyId, AccountId, UserName};
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::resource::ResourceName;
use crate::domain::snapshot::{AttachedPolicy, SideState};
use crate::ports::cloud::{CallError, Detail, KeyOwner, Lookup, ResourceDetail, RoleDetail};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_iam::types::SummaryKeyType;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";
const GET_ACCESS_KEY_INFO: &str = "sts:GetAccessKeyInfo";
const GET_ACCESS_KEY_LAST_USED: &str = "iam:GetAccessKeyLastUsed";
const GET_ACCOUNT_SUMMARY: &str = "iam:GetAccountSummary";
/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] =
    &[GET_CALLER_IDENTITY, GET_ACCESS_KEY_INFO, GET_ACCESS_KEY_LAST_USED, GET_ACCOUNT_SUMMARY];

const ROOT_KEYS_PRESENT: SummaryKeyType = SummaryKeyType::AccountAccessKeysPresent;
/// The name under which the lookup role's sessions appear in the trail.
const SESSION_NAME: &str = "keyleak-lookup";
/// Looks at one account with the lookup role, or with the bot's own credentials.
#[derive(Debug, Clone)]
pub struct AwsLookup {
    iam: aws_sdk_iam::Client,
    sts: aws_sdk_sts::Client,
    guard_duty: GuardDuty,
    health: Health,
    preflight: Option<Arc<Preflight>>,
    resources: Resources,
}

impl AwsLookup {
    pub async fn new(config: &SdkConfig, settings: &AwsSettings) -> Self {
        let config = match &settings.lookup_role {
            Some(role) => clients::with_role(config, role, SESSION_NAME).await,
            None => config.clone(),
        };
        let external_id = settings.lookup_role.as_ref().and_then(|role| role.external_id.clone());
        let tag = settings.quarantine_tag.clone();
        let preflight = tag.map(|tag| Arc::new(Preflight::new(&config, external_id, tag)));
        Self {
            iam: aws_sdk_iam::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            guard_duty: GuardDuty::new(&config, &settings.guard_duty_regions),
            health: Health::new(&config),
            preflight,
            resources: Resources::new(&config),
        }
    }
}

#[async_trait]
impl Lookup for AwsLookup {
    async fn guard(&self) -> Guard {
        match &self.preflight {
            Some(preflight) => preflight.guard().await,
            None => Guard::None,
        }
    }

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

    async fn root_has_keys(&self) -> Result<bool, CallError> {
        let answer = self.iam.get_account_summary().send().await;
        let answer = answer.map_err(|error| call_error(GET_ACCOUNT_SUMMARY, &error))?;
        let present = answer.summary_map().and_then(|all| all.get(&ROOT_KEYS_PRESENT)).copied();
        let lacks = || incomplete(GET_ACCOUNT_SUMMARY, "no AccountAccessKeysPresent");
        present.map(|keys| keys > 0).ok_or_else(lacks)
    }

    async fn user(&self, user: &UserName) -> Result<Detail, CallError> {
        users::user(&self.iam, user).await
    }

    async fn role(&self, role: &str) -> Result<RoleDetail, CallError> {
        roles::role(&self.iam, role).await
    }

    async fn access_keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        users::access_keys(&self.iam, user).await
    }

    async fn attached_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<Vec<AttachedPolicy>, CallError> {
        match of.kind {
            PrincipalKind::User => users::attached(&self.iam, &of.name).await,
            PrincipalKind::Role => roles::attached(&self.iam, &of.name).await,
            PrincipalKind::Resource => Ok(Vec::new()),
        }
    }

    async fn inline_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<BTreeMap<String, String>, CallError> {
        match of.kind {
            PrincipalKind::User => users::inline(&self.iam, &of.name).await,
            PrincipalKind::Role => roles::inline(&self.iam, &of.name).await,
            PrincipalKind::Resource => Ok(BTreeMap::new()),
        }
    }

    async fn groups(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        users::groups(&self.iam, user).await
    }

    async fn login_profile(&self, user: &UserName) -> Result<Option<Timestamp>, CallError> {
        users::login_profile(&self.iam, user).await
    }

    async fn mfa_devices(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        users::mfa_devices(&self.iam, user).await
    }

    async fn side_credentials(
        &self,
        user: &UserName,
        kind: SideKind,
    ) -> Result<Vec<SideState>, CallError> {
        users::side_credentials(&self.iam, user, kind).await
    }

    async fn instance_profiles(&self, role: &str) -> Result<Vec<String>, CallError> {
        roles::instance_profiles(&self.iam, role).await
    }

    async fn users(&self) -> Result<Vec<Detail>, CallError> {
        users::all(&self.iam).await
    }

    async fn roles(&self) -> Result<Vec<RoleDetail>, CallError> {
        roles::all(&self.iam).await
    }

    async fn resource(&self, name: &ResourceName) -> Result<ResourceDetail, CallError> {
        match name.of.is_of_iam() {
            true => iam_things::read(&self.iam, name).await,
            false => self.resources.read(name).await,
        }
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

fn account(call: &str, answered: Option<&str>) -> Result<AccountId, CallError> {
    answered.and_then(AccountId::parse).ok_or_else(|| incomplete(call, "no account number"))
}

/// AWS writes `N/A` where a key was never used, or is no user's.
fn applicable(text: &str) -> Option<String> {
    (!text.is_empty() && text != "N/A").then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_never_used_has_no_service() {
        assert_eq!(applicable("N/A"), None);
        assert_eq!(applicable("s3"), Some("s3".to_owned()));
    }
}
