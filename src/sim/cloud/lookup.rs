//! The bot's questions, answered from the control plane: what a read shows now.

use crate::domain::facts::{Alert, KeyState, LastUse};
use crate::domain::ids::{AccessKeyId, AccountId, UserName};
use crate::domain::snapshot::AttachedPolicy;
use crate::ports::cloud::{CallClass, CallError, KeyOwner, Lookup, UserDetail};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{State, User, attached};
use crate::sim::cloud::calls::{Call, Done};
use crate::sim::cloud::contain::failed;
use crate::sim::cloud::refusal::Refusal;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

#[async_trait]
impl Lookup for SimCloud {
    async fn own_account(&self) -> Result<AccountId, CallError> {
        let call = Call::sts("GetCallerIdentity", "*".to_owned());
        self.ask(call, |state| Ok(state.account.clone())).await
    }

    async fn key_account(&self, key: &AccessKeyId) -> Result<AccountId, CallError> {
        let call = Call::sts("GetAccessKeyInfo", "*".to_owned()).with("accessKeyId", key.reveal());
        self.ask(call, |state| {
            let is_known = state.key_owners.contains_key(key.reveal())
                || state.sessions.contains_key(key.reveal());
            let account = if is_known { Some(state.account.clone()) } else { key.account() };
            let message = "The access key ID does not exist";
            account.ok_or_else(|| Refusal::new("ValidationError", message))
        })
        .await
    }

    async fn key_owner(&self, key: &AccessKeyId) -> Result<KeyOwner, CallError> {
        let call =
            Call::iam("GetAccessKeyLastUsed", "*".to_owned()).with("accessKeyId", key.reveal());
        self.ask(call, |state| state.key_owner(key)).await
    }

    async fn user(&self, user: &UserName) -> Result<UserDetail, CallError> {
        self.ask(self.on_user("GetUser", &user.0), |state| {
            let user = state.user(&user.0)?;
            Ok(UserDetail {
                boundary: user.boundary.clone(),
                tags: user.tags.clone(),
                ..state.listed(&user)
            })
        })
        .await
    }

    async fn access_keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        self.ask(self.on_user("ListAccessKeys", &user.0), |state| Ok(keys(&*state.user(&user.0)?)))
            .await
    }

    async fn attached_policies(&self, user: &UserName) -> Result<Vec<AttachedPolicy>, CallError> {
        let call = self.on_user("ListAttachedUserPolicies", &user.0);
        self.ask(call, |state| {
            let user = state.user(&user.0)?;
            Ok(user.attached.iter().map(|arn| attached(arn)).collect())
        })
        .await
    }

    async fn inline_policies(
        &self,
        user: &UserName,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let call = self.on_user("ListUserPolicies", &user.0);
        let names: Vec<String> = self
            .ask(call, |state| Ok(state.user(&user.0)?.inline.keys().cloned().collect()))
            .await?;
        let mut found = BTreeMap::new();
        for name in names {
            let call = self.on_user("GetUserPolicy", &user.0).with("policyName", &name);
            let text = self.ask(call, |state| {
                let user = state.user(&user.0)?;
                let inline = user.inline.get(&name);
                let inline = inline.ok_or_else(|| Refusal::no_such("user policy", &name))?;
                Ok(inline.text.clone())
            });
            match text.await {
                Ok(text) => {
                    found.insert(name, text);
                }
                // Deleted since it was listed.
                Err(error) if error.class == CallClass::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn groups(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        self.ask(self.on_user("ListGroupsForUser", &user.0), |state| {
            Ok(state.user(&user.0)?.groups.clone())
        })
        .await
    }

    async fn login_profile(&self, user: &UserName) -> Result<Option<Timestamp>, CallError> {
        self.ask(self.on_user("GetLoginProfile", &user.0), |state| {
            Ok(state.user(&user.0)?.login_profile)
        })
        .await
    }

    async fn mfa_devices(&self, user: &UserName) -> Result<Vec<String>, CallError> {
        self.ask(self.on_user("ListMFADevices", &user.0), |state| {
            Ok(state.user(&user.0)?.mfa.clone())
        })
        .await
    }

    async fn users(&self) -> Result<Vec<UserDetail>, CallError> {
        self.ask(Call::iam("ListUsers", "*".to_owned()), |state| {
            let users = state.user_names.keys().filter_map(|name| state.user(name).ok());
            Ok(users.map(|user| state.listed(&user)).collect())
        })
        .await
    }

    async fn guard_duty(
        &self,
        key: &AccessKeyId,
        _user: Option<&UserName>,
    ) -> Result<Vec<Alert>, CallError> {
        let call = Call::new("guardduty", "ListFindings", "*".to_owned());
        self.ask(call, |state| Ok(about(&state.guard_duty, key))).await
    }

    async fn health(&self, key: &AccessKeyId) -> Result<Vec<Alert>, CallError> {
        let call = Call::new("health", "DescribeEvents", "*".to_owned());
        self.ask(call, |state| Ok(about(&state.health, key))).await
    }
}

impl SimCloud {
    async fn ask<T>(
        &self,
        call: Call,
        read: impl FnOnce(&State) -> Result<T, Refusal>,
    ) -> Result<T, CallError> {
        let action = call.action();
        self.call(&self.bot, call, |state, _, _| read(state).map(Done::silently))
            .await
            .map_err(|refusal| failed(&action, &refusal))
    }
}

impl State {
    fn key_owner(&self, key: &AccessKeyId) -> Result<KeyOwner, Refusal> {
        let owner = self.key_owners.get(key.reveal());
        let user = owner.and_then(|id| self.users.get(id)?.current());
        let user = user.filter(|user| user.keys.iter().any(|known| known.id == key.reveal()));
        let user = user.ok_or_else(|| {
            // IAM says so of keys that it does not know or that belong to another account.
            Refusal::new("AccessDenied", "the key is unknown or belongs to another account")
        })?;
        let never = LastUse { at: None, service: None, region: None };
        Ok(KeyOwner {
            user: Some(UserName(user.name.clone())),
            last_use: self.last_uses.get(key.reveal()).cloned().unwrap_or(never),
        })
    }

    fn listed(&self, user: &User) -> UserDetail {
        UserDetail {
            name: UserName(user.name.clone()),
            id: user.id.clone(),
            arn: self.user_arn(user),
            path: user.path.clone(),
            created: Some(user.created),
            boundary: None,
            tags: BTreeMap::new(),
        }
    }
}

/// The keys of a user as a list shows them.
pub(super) fn keys(user: &User) -> Vec<KeyState> {
    let shown = |key: &crate::sim::cloud::account::Key| {
        Some(KeyState {
            id: AccessKeyId::from_record(&key.id)?,
            active: key.active,
            created: Some(key.created),
        })
    };
    user.keys.iter().filter_map(shown).collect()
}

fn about(alerts: &[(String, Alert)], key: &AccessKeyId) -> Vec<Alert> {
    let of_key = alerts.iter().filter(|(id, _)| id == key.reveal());
    of_key.map(|(_, alert)| alert.clone()).collect()
}
