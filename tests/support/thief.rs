//! A thief who never rests: changes something every 200 ms and tries all that was ever obtained.

use crate::ground::{Ground, USER};
use jiff::Timestamp;
use keyleak::domain::principal::PrincipalName;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the thief changes something, on the clock of the account.
const MOVE_EVERY: Duration = Duration::from_millis(200);
/// What there is to do, over and over.
const MOVES: u32 = 4;

/// What the thief gives to its users.
const ALLOW_ALL: &str = r#"{"Version":"2012-10-17","Statement":[
{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// The thief at work; dropping it ends the work.
pub(crate) struct Thief {
    loot: Arc<Loot>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Loot {
    attacker: Arc<dyn Attacker>,
    clock: Clock,
    /// What the bot attaches, for a thief who takes that off again.
    deny: Option<String>,
    held: Mutex<Vec<Credential>>,
    /// When, and which call with which key.
    allowed: Mutex<Vec<(Timestamp, String)>>,
}

impl Thief {
    /// Goes to work with what a leak yielded.
    pub(crate) fn at_work(ground: &Ground) -> Self {
        Self::who_takes_off(ground, None)
    }

    /// The same, with every other turn spent on taking the deny off again.
    pub(crate) fn who_takes_off(ground: &Ground, deny: Option<String>) -> Self {
        let held = ground.loot.iter().chain([&ground.backdoor]).cloned().collect();
        let loot = Arc::new(Loot {
            attacker: Arc::clone(&ground.attacker),
            clock: ground.clock,
            deny,
            held: Mutex::new(held),
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
        self.loot.held().len()
    }

    /// Every call that was allowed at or after a time, in words.
    pub(crate) fn allowed_since(&self, since: Timestamp) -> Vec<String> {
        let allowed = self.loot.allowed.lock().expect("nobody panicked");
        let since = allowed.iter().filter(|(at, _)| *at >= since);
        since.map(|(at, call)| format!("{at} {call}")).collect()
    }

    /// Tries every credential once more, now.
    pub(crate) async fn try_all(&self) -> Vec<String> {
        let mut working = Vec::new();
        for credential in self.loot.held() {
            if self.loot.attacker.call(&credential, &Operation::ListBuckets).await.worked() {
                working.push(format!("{} {}", credential.label, credential.access_key_id));
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
    fn held(&self) -> Vec<Credential> {
        self.held.lock().expect("nobody panicked").clone()
    }

    async fn work(&self) {
        for turn in 0_u32.. {
            // The newest credentials first: they are the least likely to be known yet.
            for credential in self.held().iter().rev() {
                if self.move_once(credential, turn).await {
                    break;
                }
            }
            self.clock.sleep(MOVE_EVERY).await;
        }
    }

    /// Changes something with this credential; whether anything was allowed.
    async fn move_once(&self, credential: &Credential, turn: u32) -> bool {
        let mut allowed = false;
        for operation in self.operations(turn) {
            let reply = self.attacker.call(credential, &operation).await;
            if !reply.worked() {
                // There is a deny to take off only from some.
                if matches!(operation, Operation::DetachPolicy { .. }) {
                    continue;
                }
                break;
            }
            allowed = true;
            let call = format!("{} with {}", operation.name(), credential.access_key_id);
            let mut seen = self.allowed.lock().expect("nobody panicked");
            seen.push((self.clock.now(), call));
            drop(seen);
            if let Reply::Minted(minted) = reply {
                self.held.lock().expect("nobody panicked").push(minted);
            }
        }
        allowed
    }

    /// One turn: a user with rights and a key, a policy edit, a new key, a session.
    fn operations(&self, turn: u32) -> Vec<Operation> {
        let (user, document) = (|| USER.to_owned(), || ALLOW_ALL.to_owned());
        if turn % 2 == 1
            && let Some(deny) = &self.deny
        {
            return taking_off(turn, deny);
        }
        let turn = if self.deny.is_some() { turn / 2 } else { turn };
        match turn % MOVES {
            0 => {
                let made = format!("svc-{turn}");
                vec![
                    Operation::CreateUser { user: made.clone() },
                    Operation::PutPolicy {
                        on: PrincipalName::user(&made),
                        name: "all".to_owned(),
                        document: document(),
                    },
                    Operation::CreateAccessKey { user: made },
                ]
            }
            1 => vec![Operation::PutPolicy {
                on: PrincipalName::user(USER),
                name: "extra".to_owned(),
                document: document(),
            }],
            2 => vec![Operation::CreateAccessKey { user: user() }],
            _ => vec![Operation::GetSessionToken],
        }
    }
}

/// Takes the deny off the user whose key leaked, and off the two that were made last.
fn taking_off(turn: u32, deny: &str) -> Vec<Operation> {
    let last = turn / 2 - turn / 2 % MOVES;
    let made = [last, last.saturating_sub(MOVES)].map(|made| format!("svc-{made}"));
    let users = [USER.to_owned()].into_iter().chain(made);
    let off = |user: String| Operation::DetachPolicy {
        from: PrincipalName::user(&user),
        policy_arn: deny.to_owned(),
    };
    users.map(off).collect()
}
