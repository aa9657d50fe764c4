//! As much of Secrets Manager as a key in the place of a leaked one needs, and who reads it.

use crate::domain::facts::KeyState;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::ports::cloud::{Applied, CallError};
use crate::ports::key_making::{self, KeyMaker, NewKey, Purpose, SecretState};
use crate::ports::ticket::Ticket;
use crate::sim::attacker::Credential;
use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Call, Done, Origin};
use crate::sim::cloud::contain::failed;
use crate::sim::cloud::lookup;
use crate::sim::cloud::record::RESOURCE_REGION;
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::vault::Secret;
use crate::sim::cloud::{SimCloud, recover_role};
use async_trait::async_trait;
use secrecy::SecretString;

/// Makes keys with one session of the bot's role for that.
struct SimKeyMaker<'a> {
    cloud: &'a SimCloud,
    bot: Origin,
}

impl SimCloud {
    /// Puts an empty secret there, as somebody of the account who tags it as they like.
    pub fn plant_secret(&self, name: &str, plan_hash: &str) {
        let secret = Secret::empty(plan_hash, self.clock.now());
        self.lock().secrets.insert(name.to_owned(), secret);
    }

    /// The names of all secrets.
    pub fn secret_names(&self) -> Vec<String> {
        self.lock().secrets.keys().cloned().collect()
    }

    /// The key that a secret holds, for a workload that may read it.
    pub fn key_in_secret(&self, name: &str) -> Option<Credential> {
        let state = self.lock();
        let (id, secret) = state.secrets.get(name)?.read()?;
        Some(Credential {
            label: format!("key in {name}"),
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: None,
        })
    }

    /// Carries out a ticket that makes a key, in a session of the role for that.
    pub(super) async fn make_key_for(
        &self,
        ticket: &Ticket,
        session: (&str, &str),
    ) -> Result<Applied, CallError> {
        let credential = self.session_of(&recover_role(&self.account()), session).await?;
        let bot = Origin { credential, ..self.bot.clone() };
        key_making::make(&SimKeyMaker { cloud: self, bot }, ticket).await
    }

    fn about_secret(&self, call: &'static str, name: &str) -> Call {
        let account = self.account();
        let arn = format!("arn:aws:secretsmanager:{RESOURCE_REGION}:{account}:secret:{name}");
        Call::new("secretsmanager", call, arn).with("secretId", name)
    }
}

impl State {
    fn put_secret(&mut self, name: &str, version: &str, key: &NewKey) -> Result<Done<()>, Refusal> {
        let missing = || Refusal::new("ResourceNotFoundException", "there is no such secret");
        let secret = self.secrets.get_mut(name).ok_or_else(missing)?;
        secret.put(version, key);
        Ok(Done::silently(()))
    }
}

#[async_trait]
impl KeyMaker for SimKeyMaker<'_> {
    async fn secret(&self, name: &str) -> Result<Option<SecretState>, CallError> {
        let call = self.cloud.about_secret("DescribeSecret", name);
        let found = self.cloud.call(&self.bot, call, |state, _, _| {
            Ok(Done::silently(state.secrets.get(name).map(Secret::described)))
        });
        found.await.map_err(|refusal| failed("secretsmanager:DescribeSecret", &refusal))
    }

    async fn create_secret(&self, name: &str, of: Purpose<'_>) -> Result<(), CallError> {
        let call = self.cloud.about_secret("CreateSecret", name);
        let made = self.cloud.call(&self.bot, call, |state, _, now| {
            let secret = Secret::empty(of.plan_hash, now);
            state.secrets.insert(name.to_owned(), secret);
            Ok(Done::silently(()))
        });
        made.await.map_err(|refusal| failed("secretsmanager:CreateSecret", &refusal))
    }

    async fn keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        let call = self.cloud.on_user("ListAccessKeys", &user.0);
        let listed = self.cloud.call(&self.bot, call, |state, _, _| {
            state.user(&user.0).map(|user| Done::silently(lookup::keys(&user)))
        });
        listed.await.map_err(|refusal| failed("iam:ListAccessKeys", &refusal))
    }

    async fn was_used(&self, key: &AccessKeyId) -> Result<bool, CallError> {
        let call = Call::iam("GetAccessKeyLastUsed", "*".to_owned());
        let asked = self.cloud.call(&self.bot, call, |state, _, _| {
            let used = state.last_uses.get(key.reveal());
            Ok(Done::silently(used.is_some_and(|used| used.at.is_some())))
        });
        asked.await.map_err(|refusal| failed("iam:GetAccessKeyLastUsed", &refusal))
    }

    async fn create_key(&self, user: &UserName) -> Result<NewKey, CallError> {
        let made = self.cloud.make_key(&self.bot, &user.0).await;
        let made = made.map_err(|refusal| failed("iam:CreateAccessKey", &refusal))?;
        let id = AccessKeyId::from_record(&made.access_key_id);
        let id = id.ok_or_else(|| {
            failed("iam:CreateAccessKey", &Refusal::new("Incomplete", "a key without an id"))
        })?;
        Ok(NewKey { id, secret: SecretString::from(made.secret_access_key) })
    }

    async fn delete_key(&self, user: &UserName, key: &AccessKeyId) -> Result<(), CallError> {
        match self.cloud.drop_key(&self.bot, (&user.0, key.reveal())).await {
            Ok(_) => Ok(()),
            Err(refusal) if refusal.code == "NoSuchEntity" => Ok(()),
            Err(refusal) => Err(failed("iam:DeleteAccessKey", &refusal)),
        }
    }

    async fn put(
        &self,
        secret: &str,
        version: &str,
        key: &NewKey,
    ) -> Result<Option<String>, CallError> {
        let call = self.cloud.about_secret("PutSecretValue", secret);
        let call = call.with("clientRequestToken", version);
        let put =
            self.cloud.told(&self.bot, call, |state, _, _| state.put_secret(secret, version, key));
        put.await.map_err(|refusal| failed("secretsmanager:PutSecretValue", &refusal))
    }
}
