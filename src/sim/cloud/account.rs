//! What the account holds: users, groups, roles, policies and sessions, each with its two planes.

use crate::domain::facts::{Alert, LastUse};
use crate::domain::ids::AccountId;
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::snapshot::{AttachedPolicy, SideState};
use crate::sim::attacker::Credential;
use crate::sim::cloud::calls::CallNote;
use crate::sim::cloud::chance::Chance;
use crate::sim::cloud::deliver::Outbox;
use crate::sim::cloud::faults::Faults;
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::vault::Secret;
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
    /// By the id that is never used again.
    pub roles: BTreeMap<String, Lagged<Role>>,
    /// The role that has a name now.
    pub role_names: BTreeMap<String, String>,
    /// Whether the root user has access keys; they are no user's, and no policy binds them.
    pub root_has_keys: bool,
    /// Keys of other accounts, and whose they are.
    pub foreign_keys: BTreeMap<String, Foreign>,
    /// The organization's service control policies, and the tag that they are about.
    pub scps: Vec<Document>,
    pub quarantine_tag: Option<String>,
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
    pub resources: BTreeMap<ResourceName, SimResource>,
    /// The bot's sessions of the contain role, by session name and source identity.
    pub bot_sessions: BTreeMap<(String, String), Credential>,
    /// What Secrets Manager keeps, by name.
    pub secrets: BTreeMap<String, Secret>,
}

/// One resource, and who owns it by its tag.
#[derive(Debug, Clone)]
pub(super) struct SimResource {
    /// The id that is never used again; the ARN where there is none.
    pub id: String,
    pub state: OfResource,
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
    /// Something was put into it.
    pub filled: bool,
}

#[derive(Debug, Clone)]
pub(super) struct User {
    pub id: String,
    pub name: String,
    pub path: String,
    pub created: Timestamp,
    pub tags: BTreeMap<String, String>,
    pub grants: Grants,
    pub keys: Vec<Key>,
    pub side: Vec<Side>,
    pub groups: Vec<String>,
    pub login_profile: Option<Timestamp>,
    pub mfa: Vec<String>,
}

/// What policies say about a user or a role.
#[derive(Debug, Clone, Default)]
pub(super) struct Grants {
    pub attached: Vec<String>,
    pub inline: BTreeMap<String, Inline>,
    pub boundary: Option<String>,
}

/// A long-term credential besides the access keys.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub state: SideState,
    pub secret: String,
}

/// A key that another account made, as far as this account can tell.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    pub secret: String,
    pub account: String,
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
    pub grants: Grants,
}

#[derive(Debug, Clone)]
pub(super) struct Role {
    pub id: String,
    pub name: String,
    pub path: String,
    pub created: Timestamp,
    pub tags: BTreeMap<String, String>,
    pub trust: Inline,
    pub grants: Grants,
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
    /// `GetSessionToken`, or a sign-in to the console: the user's own.
    User { id: String, from_console: bool },
    /// `GetFederationToken`: the user's, within the session policy.
    Federated { user_id: String, name: String, policy: Arc<Document> },
    /// `AssumeRole`: the role's, by its id.
    Role { role_id: String, session_name: String, source_identity: Option<String> },
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

    /// The role of this name, as a read shows it now.
    pub(super) fn role(&self, name: &str) -> Result<Arc<Role>, Refusal> {
        let id = self.role_names.get(name);
        let role = id.and_then(|id| self.roles.get(id)?.current());
        role.cloned().ok_or_else(|| Refusal::no_such("role", name))
    }

    /// Changes the role of this name: visible at once, enforced later.
    pub(super) fn change_role<T>(
        &mut self,
        name: &str,
        now: Timestamp,
        change: impl FnOnce(&mut Role) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut role = Role::clone(&*self.role(name)?);
        let changed = change(&mut role)?;
        let effective_at = self.effective_at(now);
        if let Some(versions) = self.roles.get_mut(&role.id) {
            versions.write(Some(Arc::new(role)), effective_at, now);
        }
        Ok(changed)
    }

    pub(super) fn role_arn(&self, role: &Role) -> String {
        format!("arn:aws:iam::{}:role{}{}", self.account, role.path, role.name)
    }

    /// The ARN of a role by name, known or not.
    pub(super) fn arn_of_role(&self, name: &str) -> String {
        match self.role(name) {
            Ok(role) => self.role_arn(&role),
            Err(_) => format!("arn:aws:iam::{}:role/{name}", self.account),
        }
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
