//! Furnishing the account before anything happens in it; what is set up is enforced at once.

use crate::domain::action::{SideCredential, SideKind};
use crate::domain::facts::{Alert, LastUse};
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::snapshot::SideState;
use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{Foreign, Grants, Group, Inline, Key, Role, Side, State, User};
use crate::sim::cloud::calls::Origin;
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::{Document, PolicyError};
use crate::sim::cloud::record;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A user to be there from the beginning.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub name: String,
    pub path: String,
    pub created: Timestamp,
    pub tags: BTreeMap<String, String>,
    /// ARNs of managed policies.
    pub attached: Vec<String>,
    /// Inline policies, name and document.
    pub inline: Vec<(String, String)>,
    pub groups: Vec<String>,
    pub boundary: Option<String>,
    pub login_profile: Option<Timestamp>,
    pub mfa: Vec<String>,
    /// Credentials besides the access keys: kind, id, and what they are for.
    pub side: Vec<(SideKind, String, String)>,
}

/// A role to be there from the beginning.
#[derive(Debug, Clone)]
pub struct NewRole {
    pub name: String,
    pub path: String,
    pub created: Timestamp,
    pub trust: String,
    /// ARNs of managed policies.
    pub attached: Vec<String>,
    /// Inline policies, name and document.
    pub inline: Vec<(String, String)>,
    pub tags: BTreeMap<String, String>,
}

/// A call of the past, for the trail's history; whether it was allowed is for the caller to say.
#[derive(Debug, Clone)]
pub struct Deed {
    pub at: Timestamp,
    pub credential: Credential,
    pub source_ip: String,
    pub user_agent: String,
    /// The service's prefix, such as `s3`.
    pub service: String,
    pub call: String,
    pub parameters: Value,
    pub response: Value,
    pub is_read: bool,
    /// AWS's error code and message, when it was refused.
    pub refused: Option<(String, String)>,
}

/// The account cannot be furnished so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("the policy {name} does not fit the simulated account: {error}")]
    Policy { name: String, error: PolicyError },
    #[error("{0} is there already; give it another name")]
    Exists(String),
    #[error("{0} is not in the account; add it first")]
    Missing(String),
    #[error("a deed of the past needs a credential that works; {0} does not")]
    Credential(String),
}

impl NewUser {
    /// A user with a name and nothing else.
    pub fn named(name: &str, created: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            path: "/".to_owned(),
            created,
            tags: BTreeMap::new(),
            attached: Vec::new(),
            inline: Vec::new(),
            groups: Vec::new(),
            boundary: None,
            login_profile: None,
            mfa: Vec::new(),
            side: Vec::new(),
        }
    }

    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    pub fn attached(mut self, policy_arn: &str) -> Self {
        self.attached.push(policy_arn.to_owned());
        self
    }

    pub fn inline(mut self, name: &str, document: &str) -> Self {
        self.inline.push((name.to_owned(), document.to_owned()));
        self
    }
}

impl NewRole {
    /// A role that these may assume, with these managed policies.
    pub fn trusting(name: &str, trust: &str, created: Timestamp) -> Self {
        Self {
            name: name.to_owned(),
            path: "/".to_owned(),
            created,
            trust: trust.to_owned(),
            attached: Vec::new(),
            inline: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    pub fn attached(mut self, policy_arn: &str) -> Self {
        self.attached.push(policy_arn.to_owned());
        self
    }
}

impl SimCloud {
    /// Adds a user with one access key.
    pub fn add_user(&self, new: NewUser) -> Result<(Principal, Credential), SetupError> {
        let mut state = self.lock();
        if state.user_names.contains_key(&new.name) {
            return Err(SetupError::Exists(new.name));
        }
        state.check_attachable(new.attached.iter().chain(&new.boundary))?;
        if let Some(group) = new.groups.iter().find(|g| !state.groups.contains_key(*g)) {
            return Err(SetupError::Missing(group.clone()));
        }
        let id = state.chance.id("AIDA");
        let inline = inline_all(&new.inline)?;
        let side = state.note_side(&id, (new.side, new.created));
        let user = User {
            tags: new.tags,
            grants: Grants { attached: new.attached, inline, boundary: new.boundary },
            side,
            groups: new.groups,
            login_profile: new.login_profile,
            mfa: new.mfa,
            ..User::bare(id.clone(), &new.name, &new.path, new.created)
        };
        state.user_names.insert(new.name.clone(), id.clone());
        state.users.insert(id.clone(), Lagged::new(user, Timestamp::MIN));
        drop(state);
        let credential = self.add_key(&new.name, new.created)?;
        let arn = self.lock().arn_of_user(&new.name);
        let kind = PrincipalKind::User;
        Ok((Principal { kind, name: new.name, id, arn }, credential))
    }

    /// Hangs all of this on a user who is there, beside the access keys that it has.
    pub fn furnish(&self, new: NewUser) -> Result<(), SetupError> {
        let mut state = self.lock();
        let user = state.user(&new.name).map_err(|_| SetupError::Missing(new.name.clone()))?;
        state.check_attachable(new.attached.iter().chain(&new.boundary))?;
        let inline = inline_all(&new.inline)?;
        let side = state.note_side(&user.id, (new.side, new.created));
        let user = User {
            tags: new.tags,
            grants: Grants { attached: new.attached, inline, boundary: new.boundary },
            side,
            groups: new.groups,
            login_profile: new.login_profile,
            mfa: new.mfa,
            ..User::clone(&*user)
        };
        state.users.insert(user.id.clone(), Lagged::new(user, Timestamp::MIN));
        Ok(())
    }

    /// Adds a further access key to a user.
    pub fn add_key(&self, user: &str, created: Timestamp) -> Result<Credential, SetupError> {
        let mut state = self.lock();
        let found = state.user(user);
        let mut owner = User::clone(&*found.map_err(|_| SetupError::Missing(user.to_owned()))?);
        let credential = Credential {
            label: format!("key of {user}"),
            access_key_id: state.chance.id("AKIA"),
            secret_access_key: state.chance.secret(),
            session_token: None,
        };
        owner.keys.push(Key {
            id: credential.access_key_id.clone(),
            secret: credential.secret_access_key.clone(),
            active: true,
            created,
        });
        state.key_owners.insert(credential.access_key_id.clone(), owner.id.clone());
        let id = owner.id.clone();
        state.users.insert(id, Lagged::new(owner, Timestamp::MIN));
        Ok(credential)
    }

    /// Adds a group with managed and inline policies.
    pub fn add_group(
        &self,
        name: &str,
        attached: &[&str],
        inline: &[(String, String)],
    ) -> Result<(), SetupError> {
        let mut state = self.lock();
        let attached: Vec<String> = attached.iter().map(|arn| (*arn).to_owned()).collect();
        state.check_attachable(attached.iter())?;
        let inline = inline_all(inline)?;
        let group = Group { grants: Grants { attached, inline, boundary: None } };
        let group = Lagged::new(group, Timestamp::MIN);
        state.groups.insert(name.to_owned(), group);
        Ok(())
    }

    /// Adds a role, and gives its ARN.
    pub fn add_role(&self, new: NewRole) -> Result<String, SetupError> {
        let mut state = self.lock();
        if state.role_names.contains_key(&new.name) {
            return Err(SetupError::Exists(new.name));
        }
        state.check_attachable(new.attached.iter())?;
        let trust = inline_one(&new.name, &new.trust)?;
        let grants =
            Grants { attached: new.attached, inline: inline_all(&new.inline)?, boundary: None };
        let id = state.chance.id("AROA");
        let role = Role {
            path: new.path,
            tags: new.tags,
            grants,
            ..Role::new(id.clone(), &new.name, (trust, new.created))
        };
        let arn = state.role_arn(&role);
        state.role_names.insert(new.name, id.clone());
        state.roles.insert(id, Lagged::new(role, Timestamp::MIN));
        Ok(arn)
    }

    /// A key of another account, whose holder can do here only what a role's trust lets in.
    pub fn add_foreign_key(&self, account: &str) -> Credential {
        let mut state = self.lock();
        let credential = Credential {
            label: format!("key of account {account}"),
            access_key_id: state.chance.id("AKIA"),
            secret_access_key: state.chance.secret(),
            session_token: None,
        };
        let foreign =
            Foreign { secret: credential.secret_access_key.clone(), account: account.to_owned() };
        state.foreign_keys.insert(credential.access_key_id.clone(), foreign);
        credential
    }

    /// An access key of the root user: IAM tells that there is one, and nothing about it.
    pub fn add_root_key(&self) -> String {
        let mut state = self.lock();
        state.root_has_keys = true;
        state.chance.id("AKIA")
    }

    /// Adds a customer-managed policy, and gives its ARN.
    pub fn add_policy(&self, name: &str, document: &str) -> Result<String, SetupError> {
        let document = parse(name, document)?;
        let mut state = self.lock();
        let arn = format!("arn:aws:iam::{}:policy/{name}", state.account);
        let document = Lagged::new(document, Timestamp::MIN);
        state.policies.insert(arn.clone(), document);
        Ok(arn)
    }

    /// A finding of GuardDuty about a key.
    pub fn add_guard_duty(&self, key: &Credential, alert: Alert) {
        let about = (key.access_key_id.clone(), alert);
        self.lock().guard_duty.push(about);
    }

    /// An event of AWS Health about a key.
    pub fn add_health(&self, key: &Credential, alert: Alert) {
        let about = (key.access_key_id.clone(), alert);
        self.lock().health.push(about);
    }

    /// Puts calls of the past into the trail; they are due at once.
    pub fn history(&self, deeds: &[Deed]) -> Result<(), SetupError> {
        let now = self.clock.now();
        let mut state = self.lock();
        for deed in deeds {
            let record = state.past(deed, now)?;
            state.outbox.add_past(deed.at, record);
        }
        Ok(())
    }
}

impl State {
    fn check_attachable<'a>(
        &self,
        mut arns: impl Iterator<Item = &'a String>,
    ) -> Result<(), SetupError> {
        match arns.find(|arn| !self.policies.contains_key(*arn)) {
            Some(missing) => Err(SetupError::Missing(missing.clone())),
            None => Ok(()),
        }
    }

    /// Credentials besides the access keys, and whose they are for ever.
    fn note_side(
        &mut self,
        owner: &str,
        (side, created): (Vec<(SideKind, String, String)>, Timestamp),
    ) -> Vec<Side> {
        let made = side.into_iter().map(|(kind, id, about)| {
            self.key_owners.insert(id.clone(), owner.to_owned());
            let credential = SideCredential { kind, id };
            let state = SideState { credential, active: true, created: Some(created), about };
            Side { state, secret: self.chance.secret() }
        });
        made.collect()
    }

    fn past(&mut self, deed: &Deed, now: Timestamp) -> Result<Value, SetupError> {
        let caller = self.authenticate(&deed.credential, now);
        let caller = caller.map_err(|_| SetupError::Credential(deed.credential.label.clone()))?;
        let origin = Origin {
            credential: deed.credential.clone(),
            source_ip: deed.source_ip.clone(),
            user_agent: deed.user_agent.clone(),
        };
        let mut record = record::frame(self, &origin, &caller, deed.at);
        record["eventSource"] = json!(format!("{}.amazonaws.com", deed.service));
        record["eventName"] = json!(deed.call);
        record["readOnly"] = json!(deed.is_read);
        record["requestParameters"] = deed.parameters.clone();
        record["responseElements"] = deed.response.clone();
        if let Some((code, message)) = &deed.refused {
            record["errorCode"] = json!(code);
            record["errorMessage"] = json!(message);
        }
        self.note_past_use(&caller.key_id, deed);
        Ok(record)
    }

    fn note_past_use(&mut self, key: &str, deed: &Deed) {
        let last = self.last_uses.get(key).and_then(|last| last.at);
        if key.starts_with("AKIA") && last.is_none_or(|last| last < deed.at) {
            let last_use = LastUse {
                at: Some(deed.at),
                service: Some(deed.service.clone()),
                region: Some("us-east-1".to_owned()),
            };
            self.last_uses.insert(key.to_owned(), last_use);
        }
    }
}

fn inline_all(policies: &[(String, String)]) -> Result<BTreeMap<String, Inline>, SetupError> {
    policies.iter().map(|(name, text)| Ok((name.clone(), inline_one(name, text)?))).collect()
}

fn inline_one(name: &str, text: &str) -> Result<Inline, SetupError> {
    Ok(Inline { text: text.to_owned(), document: Arc::new(parse(name, text)?) })
}

fn parse(name: &str, text: &str) -> Result<Document, SetupError> {
    Document::parse(text).map_err(|error| SetupError::Policy { name: name.to_owned(), error })
}
