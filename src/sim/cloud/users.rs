//! What can be changed about users, within AWS's limits.

use crate::domain::action::{SideCredential, SideKind};
use crate::domain::facts::LastUse;
use crate::domain::snapshot::SideState;
use crate::sim::attacker::Credential;
use crate::sim::cloud::account::{Grants, Key, Side, State, User};
use crate::sim::cloud::calls::{Call, Done};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::record::us_date;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::Caller;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;

/// AWS's quota of access keys of a user.
const KEYS_MAX: usize = 2;
/// Credentials besides the access keys that a user may have here; AWS counts by service.
const SIDE_MAX: usize = 8;
/// The service that credentials besides the access keys are for.
const SERVICE: &str = "codecommit.amazonaws.com";
/// AWS's quota of users in an account.
const USERS_MAX: usize = 5000;

impl User {
    /// A user with nothing but a name.
    pub(super) fn bare(id: String, name: &str, path: &str, created: Timestamp) -> Self {
        Self {
            id,
            name: name.to_owned(),
            path: path.to_owned(),
            created,
            tags: BTreeMap::new(),
            grants: Grants::default(),
            keys: Vec::new(),
            side: Vec::new(),
            groups: Vec::new(),
            login_profile: None,
            mfa: Vec::new(),
        }
    }
}

impl State {
    pub(super) fn create_user(&mut self, name: &str, now: Timestamp) -> Result<Done<()>, Refusal> {
        if self.user_names.contains_key(name) {
            return Err(Refusal::exists("User", name));
        }
        if self.user_names.len() >= USERS_MAX {
            return Err(Refusal::limit("UsersPerAccount", USERS_MAX));
        }
        let user = User::bare(self.chance.id("AIDA"), name, "/", now);
        let response = json!({"user": {
            "path": user.path, "userName": name, "userId": user.id,
            "arn": self.user_arn(&user), "createDate": us_date(now),
        }});
        let effective_at = self.effective_at(now);
        self.user_names.insert(name.to_owned(), user.id.clone());
        self.users.insert(user.id.clone(), Lagged::new(user, effective_at));
        Ok(Done { value: (), response })
    }

    /// Everything of the user stays, its id, keys and policies among it.
    pub(super) fn rename_user(
        &mut self,
        name: &str,
        new: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        if self.user_names.contains_key(new) {
            return Err(Refusal::exists("User", new));
        }
        let id = self.change_user(name, now, |user| {
            new.clone_into(&mut user.name);
            Ok(user.id.clone())
        })?;
        self.user_names.remove(name);
        self.user_names.insert(new.to_owned(), id);
        Ok(Done::silently(()))
    }

    pub(super) fn delete_user(&mut self, name: &str, now: Timestamp) -> Result<Done<()>, Refusal> {
        let user = self.user(name)?;
        let first = [
            (!user.keys.is_empty(), "access keys"),
            (!user.side.is_empty(), "service credentials, SSH keys or certificates"),
            (!user.grants.attached.is_empty() || !user.grants.inline.is_empty(), "policies"),
            (user.login_profile.is_some(), "login profile"),
            (!user.mfa.is_empty(), "MFA devices"),
            (!user.groups.is_empty(), "group memberships"),
        ];
        if let Some((_, what)) = first.iter().find(|(is_there, _)| *is_there) {
            let message = format!("Cannot delete entity, must delete {what} first.");
            return Err(Refusal::new("DeleteConflict", message));
        }
        let effective_at = self.effective_at(now);
        self.user_names.remove(name);
        if let Some(versions) = self.users.get_mut(&user.id) {
            versions.write(None, effective_at, now);
        }
        Ok(Done::silently(()))
    }

    pub(super) fn create_key(
        &mut self,
        name: &str,
        now: Timestamp,
    ) -> Result<Done<Credential>, Refusal> {
        let credential = Credential {
            label: format!("key of {name}"),
            access_key_id: self.chance.id("AKIA"),
            secret_access_key: self.chance.secret(),
            session_token: None,
        };
        let key = Key {
            id: credential.access_key_id.clone(),
            secret: credential.secret_access_key.clone(),
            active: true,
            created: now,
        };
        let owner = self.change_user(name, now, |user| {
            if user.keys.len() >= KEYS_MAX {
                return Err(Refusal::limit("AccessKeysPerUser", KEYS_MAX));
            }
            user.keys.push(key);
            Ok(user.id.clone())
        })?;
        self.key_owners.insert(credential.access_key_id.clone(), owner);
        let response = json!({"accessKey": {
            "userName": name, "accessKeyId": credential.access_key_id, "status": "Active",
            "createDate": us_date(now),
        }});
        Ok(Done { value: credential, response })
    }

    pub(super) fn set_key_status(
        &mut self,
        name: &str,
        key: &str,
        active: bool,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let found = user.keys.iter_mut().find(|known| known.id == key);
            let found = found.ok_or_else(|| no_such_key(key))?;
            found.active = active;
            Ok(Done::silently(()))
        })
    }

    pub(super) fn delete_key(
        &mut self,
        name: &str,
        key: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let at = user.keys.iter().position(|known| known.id == key);
            user.keys.remove(at.ok_or_else(|| no_such_key(key))?);
            Ok(Done::silently(()))
        })
    }

    pub(super) fn create_login_profile(
        &mut self,
        name: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            if user.login_profile.is_some() {
                return Err(Refusal::exists("Login Profile for user", name));
            }
            user.login_profile = Some(now);
            Ok(())
        })?;
        let response = json!({"loginProfile": {
            "userName": name, "createDate": us_date(now), "passwordResetRequired": false,
        }});
        Ok(Done { value: (), response })
    }

    pub(super) fn create_service_credential(
        &mut self,
        name: &str,
        now: Timestamp,
    ) -> Result<Done<Credential>, Refusal> {
        let credential = Credential {
            label: format!("service credential of {name}"),
            access_key_id: self.chance.id("ACCA"),
            secret_access_key: self.chance.secret(),
            session_token: None,
        };
        let id = credential.access_key_id.clone();
        let side = Side {
            state: SideState {
                credential: SideCredential { kind: SideKind::ServiceSpecific, id: id.clone() },
                active: true,
                created: Some(now),
                about: SERVICE.to_owned(),
            },
            secret: credential.secret_access_key.clone(),
        };
        let owner = self.change_user(name, now, |user| {
            if user.side.len() >= SIDE_MAX {
                return Err(Refusal::limit("ServiceSpecificCredentialsPerUser", SIDE_MAX));
            }
            user.side.push(side);
            Ok(user.id.clone())
        })?;
        self.key_owners.insert(id.clone(), owner);
        let response = json!({"serviceSpecificCredential": {
            "userName": name, "serviceSpecificCredentialId": id, "serviceName": SERVICE,
            "status": "Active", "createDate": us_date(now),
        }});
        Ok(Done { value: credential, response })
    }

    pub(super) fn set_side_status(
        &mut self,
        name: &str,
        credential: &SideCredential,
        active: bool,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let found = user.side.iter_mut().find(|side| side.state.credential == *credential);
            let found =
                found.ok_or_else(|| Refusal::no_such(credential.kind.words(), &credential.id))?;
            found.state.active = active;
            Ok(Done::silently(()))
        })
    }

    /// Remembers the last use of a long-term key.
    pub(super) fn note_use(&mut self, caller: &Caller, call: &Call, now: Timestamp) {
        if caller.issued.is_some() {
            return;
        }
        let last_use = LastUse {
            at: Some(now),
            service: Some(call.service.to_owned()),
            region: Some("us-east-1".to_owned()),
        };
        self.last_uses.insert(caller.key_id.clone(), last_use);
    }
}

fn no_such_key(key: &str) -> Refusal {
    Refusal::new("NoSuchEntity", format!("The Access Key with id {key} cannot be found"))
}

/// A key's status in AWS's spelling.
pub(super) fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
