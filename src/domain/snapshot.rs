//! The state saved before anything is changed: what undo restores, and what proves what was there.

use crate::domain::action::DENY_ALL_DOCUMENT;
use crate::domain::facts::{Fact, KeyState};
use crate::domain::ids::{AccessKeyId, AccountId, UserName};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A managed policy attached to a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttachedPolicy {
    pub name: String,
    pub arn: String,
}

/// One IAM user, whole enough to be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserSnapshot {
    pub name: UserName,
    pub id: String,
    pub arn: String,
    pub path: String,
    pub created: Option<Timestamp>,
    pub boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub keys: Vec<KeyState>,
    pub attached: Vec<AttachedPolicy>,
    /// Inline policies by name, each with its document.
    pub inline: BTreeMap<String, String>,
    pub groups: Vec<String>,
    /// When the console password was set; `None` when there is none.
    pub login_profile: Fact<Option<Timestamp>>,
    pub mfa_devices: Fact<Vec<String>>,
}

/// Where a snapshot lies in the evidence store, and the hash it must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRef {
    pub sha256: String,
    pub taken_at: Timestamp,
}

/// The users of a plan as they were before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub account: AccountId,
    pub users: Vec<UserSnapshot>,
}

impl Snapshot {
    pub fn user(&self, name: &UserName) -> Option<&UserSnapshot> {
        self.users.iter().find(|user| user.name == *name)
    }
}

impl UserSnapshot {
    /// Puts what AWS lists in no order into one, so that equal states are equal values.
    pub fn sorted(mut self) -> Self {
        self.keys.sort_by(|a, b| a.id.cmp(&b.id));
        self.attached.sort();
        self.groups.sort();
        if let Fact::Known(devices) = &mut self.mfa_devices {
            devices.sort();
        }
        self
    }

    pub fn key(&self, id: &AccessKeyId) -> Option<&KeyState> {
        self.keys.iter().find(|key| key.id == *id)
    }

    pub fn active_keys(&self) -> impl Iterator<Item = &KeyState> {
        self.keys.iter().filter(|key| key.active)
    }

    /// Whether the inline policy of this name is there and denies everything; anybody can give the
    /// name to another document.
    pub fn denies_inline(&self, name: &str) -> bool {
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let document = self.inline.get(name).and_then(|document| read(document));
        document.is_some() && document == read(DENY_ALL_DOCUMENT)
    }

    pub fn has_policy(&self, arn: &str) -> bool {
        self.attached.iter().any(|policy| policy.arn == arn)
    }
}

/// Every field in which two states of a user differ, each as one sentence.
pub fn differences(before: &UserSnapshot, after: &UserSnapshot) -> Vec<String> {
    let mut found = Vec::new();
    let mut differs = |what: &str, old: String, new: String| {
        if old != new {
            found.push(format!("{what}: was {old}, is {new}"));
        }
    };
    differs("user id", before.id.clone(), after.id.clone());
    differs("path", before.path.clone(), after.path.clone());
    differs("permissions boundary", shown(&before.boundary), shown(&after.boundary));
    differs("tags", format!("{:?}", before.tags), format!("{:?}", after.tags));
    differs("access keys", keys_shown(before), keys_shown(after));
    differs("attached policies", policies_shown(before), policies_shown(after));
    differs("inline policies", inline_shown(before), inline_shown(after));
    differs("groups", before.groups.join(", "), after.groups.join(", "));
    differs("console password", profile_shown(before), profile_shown(after));
    differs("MFA devices", mfa_shown(before), mfa_shown(after));
    found
}

fn shown(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "none".to_owned())
}

fn keys_shown(user: &UserSnapshot) -> String {
    let state = |key: &KeyState| if key.active { "active" } else { "inactive" };
    let keys: Vec<_> = user.keys.iter().map(|key| format!("{} {}", key.id, state(key))).collect();
    keys.join(", ")
}

fn policies_shown(user: &UserSnapshot) -> String {
    let arns: Vec<_> = user.attached.iter().map(|policy| policy.arn.as_str()).collect();
    arns.join(", ")
}

fn inline_shown(user: &UserSnapshot) -> String {
    let policies: Vec<_> = user
        .inline
        .iter()
        .map(|(name, document)| {
            format!("{name} {}", crate::domain::digest::sha256_hex(document.as_bytes()))
        })
        .collect();
    policies.join(", ")
}

fn profile_shown(user: &UserSnapshot) -> String {
    match &user.login_profile {
        Fact::Known(Some(_)) => "set".to_owned(),
        Fact::Known(None) => "none".to_owned(),
        Fact::Unknown(_) => "unknown".to_owned(),
    }
}

fn mfa_shown(user: &UserSnapshot) -> String {
    match &user.mfa_devices {
        Fact::Known(devices) => devices.join(", "),
        Fact::Unknown(_) => "unknown".to_owned(),
    }
}
