//! Ids that are known from elsewhere, such as from real records, in place of those by chance.

use crate::sim::attacker::Credential;
use crate::sim::cloud::SimCloud;
use crate::sim::cloud::account::{Role, SessionOf, User};
use crate::sim::cloud::lag::Lagged;
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::setup::SetupError;
use jiff::Timestamp;
use std::sync::Arc;

/// What a session that was opened elsewhere lets its holder do.
const EVERYTHING: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Whose session it is, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownSession {
    /// Of `GetFederationToken`, by a user, under a name.
    Federated { user: String, name: String },
    /// Of a role, under a session name.
    Role { role: String, name: String },
}

impl SimCloud {
    /// Gives a user with one key this id and the key this one.
    pub fn know_user(
        &self,
        name: &str,
        (id, key): (Option<&str>, Option<&str>),
        credential: Credential,
    ) -> Result<Credential, SetupError> {
        let mut state = self.lock();
        let user = state.user(name).map_err(|_| SetupError::Missing(name.to_owned()))?;
        let mut user = User::clone(&*user);
        let old = user.id.clone();
        if let Some(id) = id {
            id.clone_into(&mut user.id);
        }
        let key = key.map_or_else(|| credential.access_key_id.clone(), str::to_owned);
        for own in &mut user.keys {
            if own.id == credential.access_key_id {
                own.id.clone_from(&key);
            }
        }
        state.key_owners.remove(&credential.access_key_id);
        state.key_owners.insert(key.clone(), user.id.clone());
        state.users.remove(&old);
        state.user_names.insert(name.to_owned(), user.id.clone());
        state.users.insert(user.id.clone(), Lagged::new(user, Timestamp::MIN));
        drop(state);
        Ok(Credential { access_key_id: key, ..credential })
    }

    /// Gives a role this id.
    pub fn know_role(&self, name: &str, id: &str) -> Result<(), SetupError> {
        let mut state = self.lock();
        let role = state.role(name).map_err(|_| SetupError::Missing(name.to_owned()))?;
        let mut role = Role::clone(&*role);
        state.roles.remove(&role.id);
        id.clone_into(&mut role.id);
        state.role_names.insert(name.to_owned(), id.to_owned());
        state.roles.insert(id.to_owned(), Lagged::new(role, Timestamp::MIN));
        Ok(())
    }

    /// A session that somebody opened before, with this key id, and its credentials.
    pub fn know_session(
        &self,
        (label, key): (&str, &str),
        of: &KnownSession,
        (issued, expires): (Timestamp, Timestamp),
    ) -> Result<Credential, SetupError> {
        let mut state = self.lock();
        let of = match of {
            KnownSession::Federated { user, name } => {
                let found = state.user(user).map_err(|_| SetupError::Missing(user.clone()))?;
                let policy = Document::parse(EVERYTHING)
                    .map_err(|error| SetupError::Policy { name: name.clone(), error })?;
                let policy = Arc::new(policy);
                SessionOf::Federated { user_id: found.id.clone(), name: name.clone(), policy }
            }
            KnownSession::Role { role, name } => {
                let found = state.role(role).map_err(|_| SetupError::Missing(role.clone()))?;
                let session_name = name.clone();
                let role_id = found.id.clone();
                SessionOf::Role { role_id, session_name, source_identity: None }
            }
        };
        let by_chance = state.open_until(of, label, (issued, expires));
        if let Some(session) = state.sessions.remove(&by_chance.access_key_id) {
            state.sessions.insert(key.to_owned(), session);
        }
        drop(state);
        Ok(Credential { access_key_id: key.to_owned(), ..by_chance })
    }
}
