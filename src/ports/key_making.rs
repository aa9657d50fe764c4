//! Making a key whose secret nobody sees, in an order that loses nothing, whoever makes the calls.
//!
//! Needs: a crash between the two calls leaves a key whose secret nobody has, and a user has room
//! for two. So the empty secret comes first, which also shows a missing right before there is a
//! key. Each version of it has an id that tells of which key it is, so that nobody has to read it.
//! What an earlier attempt of the same step made and could not keep goes before another is made;
//! any other key that was not there when people decided stops the step.

use crate::domain::action::Change;
use crate::domain::facts::KeyState;
use crate::domain::ids::{AccessKeyId, CaseId, UserName};
use crate::domain::made_key::{REACH, version};
use crate::domain::replacing::KEYS_MAX;
use crate::domain::step_result::StepResult;
use crate::ports::cloud::{Applied, CallClass, CallError};
use crate::ports::ticket::Ticket;
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

const CREATE_ACCESS_KEY: &str = "iam:CreateAccessKey";
const CREATE_SECRET: &str = "secretsmanager:CreateSecret";

/// A key that was just made; its secret is shown by nothing.
#[derive(Debug)]
pub struct NewKey {
    pub id: AccessKeyId,
    pub secret: SecretString,
}

/// A secret, as its description tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretState {
    /// The plan that its tag names.
    pub plan_hash: Option<String>,
    pub created: Option<Timestamp>,
    /// The id of the version that readers get; none while it is empty.
    pub current: Option<String>,
}

/// For what a secret is made.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    pub case: &'a CaseId,
    pub plan_hash: &'a str,
}

/// The calls that it takes; each does one thing, and none is repeated by itself.
#[async_trait]
pub trait KeyMaker: Send + Sync {
    async fn secret(&self, name: &str) -> Result<Option<SecretState>, CallError>;
    /// Makes an empty secret, tagged with its purpose.
    async fn create_secret(&self, name: &str, of: Purpose<'_>) -> Result<(), CallError>;
    async fn keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError>;
    async fn was_used(&self, key: &AccessKeyId) -> Result<bool, CallError>;
    async fn create_key(&self, user: &UserName) -> Result<NewKey, CallError>;
    async fn delete_key(&self, user: &UserName, key: &AccessKeyId) -> Result<(), CallError>;
    /// Puts the key into the secret under this id of a version, and gives the id of the call.
    async fn put(
        &self,
        secret: &str,
        version: &str,
        key: &NewKey,
    ) -> Result<Option<String>, CallError>;
}

/// What one attempt is about.
struct Attempt<'a> {
    maker: &'a dyn KeyMaker,
    ticket: &'a Ticket,
    user: UserName,
    secret: &'a str,
    beside: &'a [AccessKeyId],
}

/// Carries the ticket's action out. Repeating it is harmless: of all attempts one key stays.
pub async fn make(maker: &dyn KeyMaker, ticket: &Ticket) -> Result<Applied, CallError> {
    let Change::MakeKey { secret, beside, .. } = &ticket.action().change else {
        let message = "the step makes no key";
        return Err(CallError::new(CallClass::Other, CREATE_ACCESS_KEY, message));
    };
    let user = UserName(ticket.action().on.name.clone());
    Attempt { maker, ticket, user, secret, beside }.make().await.map_err(|error| {
        // What is to be taken away is done with once it is gone; what is to be made is not.
        let gone = error.class == CallClass::NotFound;
        CallError { class: if gone { CallClass::Other } else { error.class }, ..error }
    })
}

impl Attempt<'_> {
    async fn make(&self) -> Result<Applied, CallError> {
        let current = self.secret_of_ours().await?;
        let keys = self.maker.keys(&self.user).await?;
        let new = || keys.iter().filter(|key| !self.beside.contains(&key.id));
        if new().any(|key| current.as_ref() == Some(&self.version(&key.id))) {
            return Ok(Applied { how: Some(StepResult::WAS_SO.to_owned()), request_id: None });
        }
        for key in new() {
            self.drop_orphan(key).await?;
        }
        let left = keys.len() - new().count();
        if left >= KEYS_MAX {
            let message = format!(
                "{} has {left} keys, and {KEYS_MAX} are the most that AWS allows, inactive ones \
                 too; delete one that nobody uses, or name another user",
                self.user.0
            );
            return Err(CallError::new(CallClass::LimitExceeded, CREATE_ACCESS_KEY, message));
        }
        let key = self.maker.create_key(&self.user).await?;
        match self.maker.put(self.secret, &self.version(&key.id), &key).await {
            Ok(request_id) => Ok(Applied { how: Some(format!("as key {}", key.id)), request_id }),
            Err(error) => Err(self.not_kept(&key.id, error).await),
        }
    }

    /// The version that our secret holds, which is made if it is not there.
    async fn secret_of_ours(&self) -> Result<Option<String>, CallError> {
        let (plan_hash, first) = (self.ticket.plan_hash(), self.ticket.attempts().first());
        let Some(found) = self.maker.secret(self.secret).await? else {
            let of = Purpose { case: self.ticket.case(), plan_hash };
            return self.maker.create_secret(self.secret, of).await.map(|()| None);
        };
        let old = found.created.zip(first).is_some_and(|(made, first)| made + REACH < *first);
        if old || found.plan_hash.as_deref() != Some(plan_hash) {
            let message = format!(
                "a secret {} is there that this plan did not make, and whoever made it could read \
                 the key; look whose it is, and say /keyleak replace key again",
                self.secret
            );
            return Err(CallError::new(CallClass::Other, CREATE_SECRET, message));
        }
        Ok(found.current)
    }

    /// Deletes a key that an earlier attempt made and could not keep; any other stops the step.
    async fn drop_orphan(&self, key: &KeyState) -> Result<(), CallError> {
        let (_this, earlier) =
            self.ticket.attempts().split_last().unwrap_or((&Timestamp::MIN, &[]));
        let near = |begun: &Timestamp| {
            key.created.is_some_and(|at| at.duration_since(*begun).abs() <= REACH)
        };
        if earlier.iter().any(near) && !self.maker.was_used(&key.id).await? {
            return self.maker.delete_key(&self.user, &key.id).await;
        }
        let message = format!(
            "{} has a key ending in {} that was not there when this was decided, and no attempt of \
             this plan made it; look whose it is, and say /keyleak replace key again",
            self.user.0,
            key.id.last_four()
        );
        Err(CallError::new(CallClass::Other, CREATE_ACCESS_KEY, message))
    }

    /// A key whose secret is lost is nobody's, so it goes at once.
    async fn not_kept(&self, key: &AccessKeyId, error: CallError) -> CallError {
        let gone = match self.maker.delete_key(&self.user, key).await {
            Ok(()) => format!("key {key}, made for it, was deleted again"),
            Err(why) => {
                format!("key {key}, made for it, is still there and its secret lost ({why})")
            }
        };
        CallError { message: format!("{}; {gone}", error.message), ..error }
    }

    fn version(&self, key: &AccessKeyId) -> String {
        version(self.ticket.plan_hash(), key)
    }
}
