//! The state saved before anything is changed: what undo restores, and what proves what was there.

use crate::domain::action::{SideCredential, SideKind};
use crate::domain::facts::{Fact, KeyState, QUARANTINE_PREFIX};
use crate::domain::ids::{AccessKeyId, AccountId};
use crate::domain::principal::{Principal, PrincipalKind, PrincipalName};
use crate::domain::resource::OfResource;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A managed policy attached to a principal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttachedPolicy {
    pub name: String,
    pub arn: String,
}

/// A long-term credential of a user besides its access keys, as IAM lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SideState {
    pub credential: SideCredential,
    pub active: bool,
    pub created: Option<Timestamp>,
    /// The service it is for; of an SSH key or certificate its public text.
    pub about: String,
}

/// One IAM user or role, whole enough to be restored; or of a resource what keyleak changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photograph {
    pub name: String,
    pub id: String,
    pub arn: String,
    pub path: String,
    pub created: Option<Timestamp>,
    pub boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub attached: Vec<AttachedPolicy>,
    /// Inline policies by name, each with its document.
    pub inline: BTreeMap<String, String>,
    #[serde(flatten)]
    pub own: Own,
}

/// What only one kind of principal has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Own {
    User(OfUser),
    Role(OfRole),
    Resource(OfResource),
}

/// What only users have. A password and the seed of a virtual MFA device cannot be read, so they
/// cannot be restored either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfUser {
    pub keys: Vec<KeyState>,
    pub groups: Vec<String>,
    /// When the console password was set; `None` when there is none.
    pub login_profile: Fact<Option<Timestamp>>,
    pub mfa_devices: Fact<Vec<String>>,
    pub service_credentials: Fact<Vec<SideState>>,
    pub ssh_keys: Fact<Vec<SideState>>,
    pub signing_certificates: Fact<Vec<SideState>>,
}

/// What only roles have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfRole {
    /// The document that says who may assume it.
    pub trust: String,
    pub description: Option<String>,
    /// How long its sessions may live at most.
    pub session_seconds_max: i32,
    pub instance_profiles: Fact<Vec<String>>,
}

/// Where a snapshot lies in the evidence store, and the hash it must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRef {
    pub sha256: String,
    pub taken_at: Timestamp,
}

/// The principals of a plan as they were before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub account: AccountId,
    pub principals: Vec<Photograph>,
}

impl Snapshot {
    pub fn of(&self, name: &PrincipalName) -> Option<&Photograph> {
        self.principals.iter().find(|photograph| photograph.key() == *name)
    }
}

impl Photograph {
    /// The same user under the name, and at the path, of a later photograph of it.
    #[must_use]
    pub fn called_as(self, later: &Self) -> Self {
        match (&self.own, &later.own) {
            (Own::User(_), Own::User(_)) => {
                let (name, arn, path) = (&later.name, &later.arn, &later.path);
                Self { name: name.clone(), arn: arn.clone(), path: path.clone(), ..self }
            }
            (Own::Role(_) | Own::Resource(_), _)
            | (Own::User(_), Own::Role(_) | Own::Resource(_)) => later.clone(),
        }
    }

    /// Puts what AWS lists in no order into one, so that equal states are equal values.
    pub fn sorted(mut self) -> Self {
        self.attached.sort();
        match &mut self.own {
            Own::User(user) => {
                user.keys.sort_by(|a, b| a.id.cmp(&b.id));
                user.groups.sort();
                sort(&mut user.mfa_devices);
                sort(&mut user.service_credentials);
                sort(&mut user.ssh_keys);
                sort(&mut user.signing_certificates);
            }
            Own::Role(role) => sort(&mut role.instance_profiles),
            Own::Resource(_) => {}
        }
        self
    }

    pub fn kind(&self) -> PrincipalKind {
        match &self.own {
            Own::User(_) => PrincipalKind::User,
            Own::Role(_) => PrincipalKind::Role,
            Own::Resource(_) => PrincipalKind::Resource,
        }
    }

    pub fn key(&self) -> PrincipalName {
        PrincipalName { kind: self.kind(), name: self.name.clone() }
    }

    pub fn principal(&self) -> Principal {
        Principal {
            kind: self.kind(),
            name: self.name.clone(),
            id: self.id.clone(),
            arn: self.arn.clone(),
        }
    }

    pub fn user(&self) -> Option<&OfUser> {
        match &self.own {
            Own::User(user) => Some(user),
            Own::Role(_) | Own::Resource(_) => None,
        }
    }

    pub fn role(&self) -> Option<&OfRole> {
        match &self.own {
            Own::Role(role) => Some(role),
            Own::User(_) | Own::Resource(_) => None,
        }
    }

    pub fn resource(&self) -> Option<&OfResource> {
        match &self.own {
            Own::Resource(resource) => Some(resource),
            Own::User(_) | Own::Role(_) => None,
        }
    }

    /// The access keys; a role has none.
    pub fn keys(&self) -> &[KeyState] {
        self.user().map_or(&[], |user| &user.keys)
    }

    pub fn key_state(&self, id: &AccessKeyId) -> Option<&KeyState> {
        self.keys().iter().find(|key| key.id == *id)
    }

    pub fn active_keys(&self) -> impl Iterator<Item = &KeyState> {
        self.keys().iter().filter(|key| key.active)
    }

    /// The long-term credentials besides the access keys, as far as they could be read.
    pub fn side_states(&self) -> impl Iterator<Item = &SideState> {
        let lists = self
            .user()
            .map(|user| [&user.service_credentials, &user.ssh_keys, &user.signing_certificates]);
        lists.into_iter().flatten().filter_map(Fact::known).flatten()
    }

    pub fn side_state(&self, credential: &SideCredential) -> Option<&SideState> {
        self.side_states().find(|state| state.credential == *credential)
    }

    pub fn has_policy(&self, arn: &str) -> bool {
        self.attached.iter().any(|policy| policy.arn == arn)
    }
}

impl AttachedPolicy {
    /// Whether AWS attached it because a key leaked: it comes at any time, and nobody detaches it.
    /// A policy of the account may have the name too, and is one like any other.
    pub fn is_quarantine(&self) -> bool {
        let name = self.arn.rsplit('/').next().unwrap_or_default();
        name.starts_with(QUARANTINE_PREFIX) && self.arn.contains(":iam::aws:policy/")
    }
}

impl OfUser {
    /// The list of one kind of credential.
    pub fn side_list(&mut self, kind: SideKind) -> &mut Fact<Vec<SideState>> {
        match kind {
            SideKind::ServiceSpecific => &mut self.service_credentials,
            SideKind::SshKey => &mut self.ssh_keys,
            SideKind::SigningCertificate => &mut self.signing_certificates,
        }
    }
}

fn sort<T: Ord>(list: &mut Fact<Vec<T>>) {
    if let Fact::Known(list) = list {
        list.sort();
    }
}
