//! What the account holds: users, groups, roles, policies and sessions, each with its two planes.

use crate::domain::facts::{Alert, LastUse};
use crate::domain::ids::AccountId;
use crate::domain::snapshot::AttachedPolicy;
use crate::sim::attacker::Credential;
use crate::sim::cloud::calls::CallNote;
use crate::sim::cloud::chance::Chance;
use crate::sim::cloud::deliver::Outbox;
use crate::sim::cloud::faults::Faults;
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::refusal::Refusal;
use jiff::Timestamp;
use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Everything, behind one lock.
#[derive(Debug)]
pub(super) struct State {
    pub account: AccountId,
    pub lag: RangeInclusive<Duration>,
    pub chance: Chance,
    /// By the id that is never used again.
    pub users: BTreeMap<String, Lagged<User>>,
    /// The user that has a name now.
    pub user_names: BTreeMap<String, String>,
    /// Whose long-term key it is, for ever.
    pub key_owners: BTreeMap<String, String>,
    pub last_uses: BTreeMap<String, LastUse>,
    pub groups: BTreeMap<String, Lagged<Group>>,
    /// By name; a role is never deleted here.
    pub roles: BTreeMap<String, Lagged<Role>>,
    /// By ARN.
    pub policies: BTreeMap<String, Lagged<Document>>,
    /// By access key id.
    pub sessions: BTreeMap<String, Arc<Session>>,
    /// The alerts of GuardDuty and of Health, by key id.
    pub guard_duty: Vec<(String, Alert)>,
    pub health: Vec<(String, Alert)>,
    pub faults: Faults,
    pub outbox: Outbox,
    pub calls: VecDeque<CallNote>,
    /// How many of the bot's calls changed something.
    pub bot_changes: u64,
    /// The bot's sessions of the contain role, by session name and source identity.
    pub bot_sessions: BTreeMap<(String, String), Credential>,
}

#[derive(Debug, Clone)]
pub(super) struct User {
    pub id: String,
    pub name: String,
    pub path: String,
    pub created: Timestamp,
    pub tags: BTreeMap<String, String>,
    pub boundary: Option<String>,
    pub keys: Vec<Key>,
    pub attached: Vec<String>,
    pub inline: BTreeMap<String, Inline>,
    pub groups: Vec<String>,
    pub login_profile: Option<Timestamp>,
    pub mfa: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub id: String,
    pub secret: String,
    pub active: bool,
    pub created: Timestamp,
}

#[derive(Debug, Clone)]
pub(super) struct Inline {
    pub text: String,
    pub document: Arc<Document>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub attached: Vec<String>,
    pub inline: BTreeMap<String, Inline>,
}

#[derive(Debug, Clone)]
pub(super) struct Role {
    pub id: String,
    pub name: String,
    pub trust: Arc<Document>,
    pub attached: Vec<String>,
    pub inline: BTreeMap<String, Inline>,
}

/// A set of temporary credentials.
#[derive(Debug)]
pub(super) struct Session {
    pub secret: String,
    pub token: String,
    pub issued: Timestamp,
    pub expires: Timestamp,
    pub of: SessionOf,
}

/// Whose rights a session has.
#[derive(Debug, Clone)]
pub(super) enum SessionOf {
    /// `GetSessionToken`: the user's own.
    User { id: String },
    /// `GetFederationToken`: the user's, within the session policy.
    Federated { user_id: String, name: String, policy: Arc<Document> },
    /// `AssumeRole`: the role's.
    Role { role: String, session_name: String, source_identity: Option<String> },
}

impl State {
    /// When a write of now will be enforced.
    pub(super) fn effective_at(&mut self, now: Timestamp) -> Timestamp {
        self.chance.after(now, &self.lag)
    }

    /// The user of this name, as a read shows it now.
    pub(super) fn user(&self, name: &str) -> Result<Arc<User>, Refusal> {
        let id = self.user_names.get(name);
        let user = id.and_then(|id| self.users.get(id)?.current());
        user.cloned().ok_or_else(|| Refusal::no_such("user", name))
    }

    /// Changes the user of this name: visible at once, enforced later.
    pub(super) fn change_user<T>(
        &mut self,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(&mut User) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut user = User::clone(&*self.user(name)?);
        let changed = change(&mut user)?;
        let effective_at = self.effective_at(now);
        if let Some(versions) = self.users.get_mut(&user.id) {
            versions.write(Some(Arc::new(user)), effective_at, now);
        }
        Ok(changed)
    }

    pub(super) fn role_arn(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.account)
    }

    pub(super) fn user_arn(&self, user: &User) -> String {
        format!("arn:aws:iam::{}:user{}{}", self.account, user.path, user.name)
    }

    /// The ARN of a user by name, known or not.
    pub(super) fn arn_of_user(&self, name: &str) -> String {
        match self.user(name) {
            Ok(user) => self.user_arn(&user),
            Err(_) => format!("arn:aws:iam::{}:user/{name}", self.account),
        }
    }
}

/// An attached policy as a list shows it.
pub(super) fn attached(arn: &str) -> AttachedPolicy {
    AttachedPolicy {
        name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        arn: arn.to_owned(),
    }
}
