//! The bot's questions, answered from the control plane: what a read shows now.

use crate::domain::action::SideKind;
use crate::domain::facts::{Alert, KeyState, LastUse};
use crate::domain::guard::Guard;
use crate::domain::ids::{AccessKeyId, AccountId, UserName};
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::resource::ResourceName;
use crate::domain::snapshot::{AttachedPolicy, SideState};
use crate::ports::cloud::{
    CallClass, CallError, Detail, KeyOwner, Lookup, ResourceDetail, RoleDetail,
};
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{Grants, Role, State, User, attached};
use crate::sim::cloud::calls::{Call, Done};
use crate::sim::cloud::contain::failed;
use crate::sim::cloud::refusal::Refusal;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How long a role's sessions may live at most, by AWS's default.
pub(super) const SESSION_SECONDS_MAX: i32 = 3_600;

#[async_trait]
impl Lookup for SimCloud {
    async fn guard(&self) -> Guard {
        self.preflight().await
    }

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

    async fn root_has_keys(&self) -> Result<bool, CallError> {
        self.ask(Call::iam("GetAccountSummary", "*".to_owned()), |state| Ok(state.root_has_keys))
            .await
    }

    async fn user(&self, user: &UserName) -> Result<Detail, CallError> {
        self.ask(self.on_user("GetUser", &user.0), |state| {
            let user = state.user(&user.0)?;
            Ok(Detail {
                boundary: user.grants.boundary.clone(),
                tags: user.tags.clone(),
                ..state.listed(&user)
            })
        })
        .await
    }

    async fn role(&self, role: &str) -> Result<RoleDetail, CallError> {
        self.ask(self.on_role("GetRole", role), |state| {
            let role = state.role(role)?;
            let mut found = state.listed_role(&role);
            found.detail.boundary = role.grants.boundary.clone();
            found.detail.tags = role.tags.clone();
            Ok(found)
        })
        .await
    }

    async fn access_keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        self.ask(self.on_user("ListAccessKeys", &user.0), |state| Ok(keys(&*state.user(&user.0)?)))
            .await
    }

    async fn attached_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<Vec<AttachedPolicy>, CallError> {
        let call = self.on(of, ["ListAttachedUserPolicies", "ListAttachedRolePolicies"]);
        self.ask(call, |state| {
            Ok(state.grants(of)?.attached.iter().map(|arn| attached(arn)).collect())
        })
        .await
    }

    async fn inline_policies(
        &self,
        of: &PrincipalName,
    ) -> Result<BTreeMap<String, String>, CallError> {
        let call = self.on(of, ["ListUserPolicies", "ListRolePolicies"]);
        let names: Vec<String> =
            self.ask(call, |state| Ok(state.grants(of)?.inline.into_keys().collect())).await?;
        let mut found = BTreeMap::new();
        for name in names {
            let call = self.on(of, ["GetUserPolicy", "GetRolePolicy"]).with("policyName", &name);
            let text = self.ask(call, |state| {
                let inline = state.grants(of)?.inline.remove(&name);
                let inline = inline.ok_or_else(|| Refusal::no_such("inline policy", &name))?;
                Ok(inline.text)
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

    async fn side_credentials(
        &self,
        user: &UserName,
        kind: SideKind,
    ) -> Result<Vec<SideState>, CallError> {
        let call = match kind {
            SideKind::ServiceSpecific => "ListServiceSpecificCredentials",
            SideKind::SshKey => "ListSSHPublicKeys",
            SideKind::SigningCertificate => "ListSigningCertificates",
        };
        self.ask(self.on_user(call, &user.0), |state| Ok(side(&*state.user(&user.0)?, kind))).await
    }

    async fn instance_profiles(&self, role: &str) -> Result<Vec<String>, CallError> {
        let call = self.on_role("ListInstanceProfilesForRole", role);
        self.ask(call, |state| state.role(role).map(|_| Vec::new())).await
    }

    async fn users(&self) -> Result<Vec<Detail>, CallError> {
        self.ask(Call::iam("ListUsers", "*".to_owned()), |state| {
            let users = state.user_names.keys().filter_map(|name| state.user(name).ok());
            Ok(users.map(|user| state.listed(&user)).collect())
        })
        .await
    }

    async fn roles(&self) -> Result<Vec<RoleDetail>, CallError> {
        self.ask(Call::iam("ListRoles", "*".to_owned()), |state| {
            let roles = state.role_names.keys().filter_map(|name| state.role(name).ok());
            Ok(roles.map(|role| state.listed_role(&role)).collect())
        })
        .await
    }

    async fn resource(&self, name: &ResourceName) -> Result<ResourceDetail, CallError> {
        self.look_at(name).await
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

    fn grants(&self, of: &PrincipalName) -> Result<Grants, Refusal> {
        match of.kind {
            PrincipalKind::User => Ok(self.user(&of.name)?.grants.clone()),
            PrincipalKind::Role | PrincipalKind::Resource => {
                Ok(self.role(&of.name)?.grants.clone())
            }
        }
    }

    fn listed(&self, user: &User) -> Detail {
        Detail {
            name: user.name.clone(),
            id: user.id.clone(),
            arn: self.user_arn(user),
            path: user.path.clone(),
            created: Some(user.created),
            boundary: None,
            tags: BTreeMap::new(),
        }
    }

    fn listed_role(&self, role: &Role) -> RoleDetail {
        RoleDetail {
            detail: Detail {
                name: role.name.clone(),
                id: role.id.clone(),
                arn: self.role_arn(role),
                path: role.path.clone(),
                created: Some(role.created),
                boundary: None,
                tags: BTreeMap::new(),
            },
            trust: role.trust.text.clone(),
            description: None,
            session_seconds_max: SESSION_SECONDS_MAX,
        }
    }
}

/// The credentials of one kind besides the access keys.
pub(super) fn side(user: &User, kind: SideKind) -> Vec<SideState> {
    let of_kind = user.side.iter().filter(|side| side.state.credential.kind == kind);
    of_kind.map(|side| side.state.clone()).collect()
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
