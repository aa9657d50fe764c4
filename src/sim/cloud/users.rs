//! What can be changed about users, within AWS's limits.

use crate::domain::facts::LastUse;
use crate::sim::attacker::Credential;
use crate::sim::cloud::account::{Inline, Key, State, User};
use crate::sim::cloud::authorize::exists;
use crate::sim::cloud::calls::{Call, Done};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::record::us_date;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::Caller;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// AWS's quotas: access keys of a user, managed policies attached to one, and the characters that
/// its inline policies share (white space is not counted).
const KEYS_MAX: usize = 2;
const ATTACHED_MAX: usize = 10;
const INLINE_CHARACTERS_MAX: usize = 2048;
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
            boundary: None,
            keys: Vec::new(),
            attached: Vec::new(),
            inline: BTreeMap::new(),
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

    pub(super) fn delete_user(&mut self, name: &str, now: Timestamp) -> Result<Done<()>, Refusal> {
        let user = self.user(name)?;
        let first = [
            (!user.keys.is_empty(), "access keys"),
            (!user.attached.is_empty() || !user.inline.is_empty(), "policies"),
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

    pub(super) fn attach(
        &mut self,
        name: &str,
        policy_arn: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        if !exists(self.policies.get(policy_arn)) {
            let message = format!("Policy {policy_arn} does not exist or is not attachable.");
            return Err(Refusal::new("NoSuchEntity", message));
        }
        self.change_user(name, now, |user| {
            if user.attached.iter().any(|known| known == policy_arn) {
                return Ok(Done::silently(()));
            }
            if user.attached.len() >= ATTACHED_MAX {
                return Err(Refusal::limit("PoliciesPerUser", ATTACHED_MAX));
            }
            user.attached.push(policy_arn.to_owned());
            Ok(Done::silently(()))
        })
    }

    pub(super) fn detach(
        &mut self,
        name: &str,
        policy_arn: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| {
            let at = user.attached.iter().position(|known| known == policy_arn);
            let at = at.ok_or_else(|| {
                let message = format!("Policy {policy_arn} was not found.");
                Refusal::new("NoSuchEntity", message)
            })?;
            user.attached.remove(at);
            Ok(Done::silently(()))
        })
    }

    pub(super) fn put_inline(
        &mut self,
        name: &str,
        policy: &str,
        text: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        let inline = inline(text)?;
        self.change_user(name, now, |user| {
            user.inline.insert(policy.to_owned(), inline);
            let texts = user.inline.values().flat_map(|inline| inline.text.chars());
            if texts.filter(|c| !c.is_whitespace()).count() > INLINE_CHARACTERS_MAX {
                let message = format!(
                    "Maximum policy size of {INLINE_CHARACTERS_MAX} bytes exceeded for user {name}"
                );
                return Err(Refusal::new("LimitExceeded", message));
            }
            Ok(Done::silently(()))
        })
    }

    pub(super) fn delete_inline(
        &mut self,
        name: &str,
        policy: &str,
        now: Timestamp,
    ) -> Result<Done<()>, Refusal> {
        self.change_user(name, now, |user| match user.inline.remove(policy) {
            Some(_) => Ok(Done::silently(())),
            None => Err(Refusal::no_such("user policy", policy)),
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

/// An inline policy, read so that a document this account cannot judge is refused.
pub(super) fn inline(text: &str) -> Result<Inline, Refusal> {
    let document = Document::parse(text)
        .map_err(|error| Refusal::new("MalformedPolicyDocument", error.to_string()))?;
    Ok(Inline { text: text.to_owned(), document: Arc::new(document) })
}

fn no_such_key(key: &str) -> Refusal {
    Refusal::new("NoSuchEntity", format!("The Access Key with id {key} cannot be found"))
}

/// A key's status in AWS's spelling.
pub(super) fn status(active: bool) -> &'static str {
    if active { "Active" } else { "Inactive" }
}
