//! Who is calling: credentials are checked against what is enforced now.

use crate::sim::attacker::Credential;
use crate::sim::cloud::account::{Foreign, Role, Session, SessionOf, Side, State, User};
use crate::sim::cloud::policies::Document;
use crate::sim::cloud::refusal::Refusal;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// The role that the bot acts as; it exists in every simulated account and none can touch it.
pub const BOT_ROLE: &str = "keyleak";
/// The role that the bot assumes for one plan at a time, to change the account.
pub const CONTAIN_ROLE: &str = "keyleak-contain";
/// The role that the bot assumes for one plan at a time, to delete what an actor made.
pub const ERADICATE_ROLE: &str = "keyleak-eradicate";
/// The role that the bot assumes for one plan at a time, to make a key.
pub const RECOVER_ROLE: &str = "keyleak-recover";
/// Lifetime of the sessions that a user mints for itself, by AWS's default.
const USER_SESSION: Duration = Duration::from_hours(12);
/// Lifetime of a role's session, by AWS's default.
const ROLE_SESSION: Duration = Duration::from_hours(1);

/// A recognised caller.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub key_id: String,
    pub arn: String,
    /// As `aws:userid` and `CloudTrail` know it.
    pub principal_id: String,
    /// When the session was opened; none for a long-term key.
    pub issued: Option<Timestamp>,
    pub from_console: bool,
    pub who: Who,
    /// What the session was opened with as its source identity.
    pub source_identity: Option<String>,
}

/// Whose rights a caller has, as they are enforced now.
#[derive(Debug, Clone)]
pub(super) enum Who {
    User(Arc<User>),
    /// A user by a credential that only one service takes.
    Service(Arc<User>),
    /// Somebody of this other account.
    Foreign(String),
    Federated(Arc<User>, Arc<Document>),
    Role(Arc<Role>),
}

impl Caller {
    /// The bot itself, whose rights nothing takes away.
    pub(super) fn is_bot(&self) -> bool {
        let names = [BOT_ROLE, CONTAIN_ROLE, ERADICATE_ROLE, RECOVER_ROLE];
        let own = |role: &Role| names.contains(&role.name.as_str());
        matches!(&self.who, Who::Role(role) if own(role))
    }
}

impl State {
    /// Recognises a caller, or refuses as AWS does.
    pub(super) fn authenticate(
        &self,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        let key_id = &credential.access_key_id;
        if let Some(session) = self.sessions.get(key_id) {
            return self.session_caller(credential, session, now);
        }
        if let Some(foreign) = self.foreign_keys.get(key_id) {
            return foreign_caller(credential, foreign);
        }
        let owner = self.key_owners.get(key_id);
        let user = owner.and_then(|id| self.users.get(id)?.enforced(now));
        let user = user.ok_or_else(Refusal::invalid_token)?;
        if let Some(side) = user.side.iter().find(|side| side.state.credential.id == *key_id) {
            return self.service_caller(credential, (user, side));
        }
        let key = user.keys.iter().find(|key| key.id == *key_id);
        let key = key.filter(|key| key.active);
        let key = key.ok_or_else(Refusal::invalid_token)?;
        if key.secret != credential.secret_access_key {
            return Err(wrong_signature());
        }
        Ok(Caller {
            key_id: key_id.clone(),
            arn: self.user_arn(user),
            principal_id: user.id.clone(),
            issued: None,
            from_console: false,
            who: Who::User(Arc::clone(user)),
            source_identity: None,
        })
    }

    /// A service-specific credential is sent as user name and password, and signs nothing.
    fn service_caller(
        &self,
        credential: &Credential,
        (user, side): (&Arc<User>, &Side),
    ) -> Result<Caller, Refusal> {
        let is_right = side.state.active && side.secret == credential.secret_access_key;
        if !is_right {
            return Err(Refusal::invalid_token());
        }
        Ok(Caller {
            key_id: credential.access_key_id.clone(),
            arn: self.user_arn(user),
            principal_id: user.id.clone(),
            issued: None,
            from_console: false,
            who: Who::Service(Arc::clone(user)),
            source_identity: None,
        })
    }

    fn session_caller(
        &self,
        credential: &Credential,
        session: &Session,
        now: Timestamp,
    ) -> Result<Caller, Refusal> {
        if credential.session_token.as_deref() != Some(session.token.as_str()) {
            return Err(Refusal::invalid_token());
        }
        if credential.secret_access_key != session.secret {
            return Err(wrong_signature());
        }
        if session.expires <= now {
            let message = "The security token included in the request is expired";
            return Err(Refusal::new("ExpiredToken", message));
        }
        let user = |id: &String| {
            let user = self.users.get(id).and_then(|user| user.enforced(now));
            user.cloned().ok_or_else(Refusal::invalid_token)
        };
        let account = &self.account;
        let mut source_identity = None;
        let (arn, principal_id, who) = match &session.of {
            SessionOf::User { id, .. } => {
                let user = user(id)?;
                (self.user_arn(&user), user.id.clone(), Who::User(user))
            }
            SessionOf::Federated { user_id, name, policy } => (
                format!("arn:aws:sts::{account}:federated-user/{name}"),
                format!("{account}:{name}"),
                Who::Federated(user(user_id)?, Arc::clone(policy)),
            ),
            SessionOf::Role { role_id, session_name, source_identity: source } => {
                source_identity.clone_from(source);
                let role = self.roles.get(role_id).and_then(|role| role.enforced(now));
                let role = role.cloned().ok_or_else(Refusal::invalid_token)?;
                (
                    format!("arn:aws:sts::{account}:assumed-role/{}/{session_name}", role.name),
                    format!("{}:{session_name}", role.id),
                    Who::Role(role),
                )
            }
        };
        Ok(Caller {
            key_id: credential.access_key_id.clone(),
            arn,
            principal_id,
            issued: Some(session.issued),
            from_console: matches!(session.of, SessionOf::User { from_console: true, .. }),
            who,
            source_identity,
        })
    }

    /// Opens a session and gives its credentials; sessions work at once.
    pub(super) fn open_session(
        &mut self,
        of: SessionOf,
        now: Timestamp,
    ) -> (Credential, Timestamp) {
        let (label, lifetime) = match &of {
            SessionOf::User { from_console: true, .. } => {
                ("console session".to_owned(), USER_SESSION)
            }
            SessionOf::User { .. } => ("session token".to_owned(), USER_SESSION),
            SessionOf::Federated { name, .. } => (format!("federation token {name}"), USER_SESSION),
            SessionOf::Role { session_name, .. } => {
                (format!("role session {session_name}"), ROLE_SESSION)
            }
        };
        let expires = now.checked_add(lifetime).unwrap_or(Timestamp::MAX);
        let credential = self.open_until(of, &label, (now, expires));
        (credential, expires)
    }

    /// Opens a session that lives as long as it is said.
    pub(super) fn open_until(
        &mut self,
        of: SessionOf,
        label: &str,
        (issued, expires): (Timestamp, Timestamp),
    ) -> Credential {
        let credential = Credential {
            label: label.to_owned(),
            access_key_id: self.chance.id("ASIA"),
            secret_access_key: self.chance.secret(),
            session_token: Some(self.chance.token()),
        };
        let session = Session {
            secret: credential.secret_access_key.clone(),
            token: credential.session_token.clone().unwrap_or_default(),
            issued,
            expires,
            of,
        };
        self.sessions.insert(credential.access_key_id.clone(), Arc::new(session));
        credential
    }
}

fn foreign_caller(credential: &Credential, foreign: &Foreign) -> Result<Caller, Refusal> {
    if foreign.secret != credential.secret_access_key {
        return Err(wrong_signature());
    }
    Ok(Caller {
        key_id: credential.access_key_id.clone(),
        arn: format!("arn:aws:iam::{}:user/elsewhere", foreign.account),
        principal_id: "AIDAELSEWHERE".to_owned(),
        issued: None,
        from_console: false,
        who: Who::Foreign(foreign.account.clone()),
        source_identity: None,
    })
}

fn wrong_signature() -> Refusal {
    let message = "The request signature we calculated does not match the signature you provided.";
    Refusal::new("SignatureDoesNotMatch", message)
}
