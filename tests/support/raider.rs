//! An actor with administrator rights whom nobody scripted: it picks its next move by chance.

use crate::chance::Chance;
use crate::ground::{Ground, USER};
use crate::moves::{Known, next_move};
use jiff::Timestamp;
use keyleak::domain::principal::PrincipalName;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What sets a raider's choices apart from what else has the same seed.
const OWN_CHANCE: u64 = 0x5113_6E00_0000_0000;
/// After so many moves the whole loot is tried once.
const TRIED_EVERY: u64 = 12;

/// Whom a raider is let loose on, and how.
pub(crate) struct Quarry {
    pub(crate) account: String,
    /// The account that the actor has.
    pub(crate) abroad: String,
    /// The actor's key there.
    pub(crate) key_abroad: Credential,
    pub(crate) colleagues: Vec<String>,
    /// Whether the raider watches for the deny and takes it off.
    pub(crate) takes_off: bool,
    /// The shortest and the longest pause between two moves, in milliseconds of the account.
    pub(crate) pause_ms: (usize, usize),
}

/// The actor at work; dropping it ends the work.
pub(crate) struct Raider {
    pub(crate) den: Arc<Den>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// What the actor has and knows.
pub(crate) struct Den {
    attacker: Arc<dyn Attacker>,
    clock: Clock,
    /// What the bot attaches, for an actor who watches for it and takes it off again.
    deny: Option<String>,
    pause_ms: (usize, usize),
    state: Mutex<Spoils>,
}

struct Spoils {
    held: Vec<Credential>,
    known: Known,
    /// When it was begun, and what with what, of every call that was allowed.
    allowed: Vec<(Timestamp, String)>,
    tried: usize,
}

impl Raider {
    /// Sends somebody to work who holds what a leak yielded and a key of another account.
    pub(crate) fn at_work(ground: &Ground, seed: u64, quarry: Quarry) -> Self {
        let Quarry { account, abroad, key_abroad, colleagues, takes_off, pause_ms } = quarry;
        let held = ground.loot.iter().chain([&ground.backdoor, &key_abroad]).cloned().collect();
        let known = Known::at_first(account, abroad, colleagues);
        let den = Arc::new(Den {
            attacker: Arc::clone(&ground.attacker),
            clock: ground.clock,
            deny: takes_off.then(|| ground.deny_policy_arn.clone()),
            pause_ms,
            state: Mutex::new(Spoils { held, known, allowed: Vec::new(), tried: 0 }),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let (working, stopped) = (Arc::clone(&den), stop.clone());
        tasks.spawn(async move {
            stopped.run_until_cancelled(working.work(Chance::of(seed ^ OWN_CHANCE))).await;
        });
        if takes_off {
            let (working, stopped) = (Arc::clone(&den), stop.clone());
            tasks.spawn(async move {
                stopped.run_until_cancelled(working.watch_for_the_deny()).await;
            });
        }
        Self { den, stop, tasks }
    }

    /// Lays hands off the account.
    pub(crate) async fn rest(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Drop for Raider {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Den {
    fn state(&self) -> MutexGuard<'_, Spoils> {
        self.state.lock().expect("nobody panicked")
    }

    pub(crate) fn held(&self) -> Vec<Credential> {
        self.state().held.clone()
    }

    /// How many calls were tried so far.
    pub(crate) fn tried(&self) -> usize {
        self.state().tried
    }

    /// Gives the actor one more credential.
    pub(crate) fn give(&self, credential: Credential) {
        self.state().held.push(credential);
    }

    /// Every call that was begun after a time and allowed, in words.
    pub(crate) fn allowed_after(&self, time: Timestamp) -> Vec<String> {
        let state = self.state();
        let later = state.allowed.iter().filter(|(at, _)| *at > time);
        later.map(|(at, call)| format!("{at} {call}")).collect()
    }

    /// One call, remembered with what it yields.
    async fn call(&self, with: &Credential, operation: &Operation) -> bool {
        let at = self.clock.now();
        let reply = self.attacker.call(with, operation).await;
        let mut state = self.state();
        state.tried += 1;
        if matches!(reply, Reply::Refused(_)) {
            return false;
        }
        // Who a caller is AWS tells everybody; a password is no right: the session it opens is
        // held from now on, and must be good for nothing.
        if !matches!(operation, Operation::GetCallerIdentity | Operation::SignIn { .. }) {
            let call = format!("{operation:?} with {} {}", with.label, with.access_key_id);
            state.allowed.push((at, call));
        }
        if let Reply::Minted(minted) = reply {
            state.known.minted(operation, &minted);
            state.held.push(minted);
        }
        state.known.learn(operation);
        true
    }

    async fn work(&self, mut chance: Chance) {
        for turn in 1_u64.. {
            let operation = {
                let state = self.state();
                next_move(&mut chance, &state.known, turn)
            };
            // The first that may do it does; the newest are the least likely to be known yet.
            let mut held = self.held();
            held.reverse();
            let first = chance.below(3).min(held.len() - 1);
            held.rotate_left(first);
            for credential in &held {
                if self.call(credential, &operation).await {
                    break;
                }
            }
            if turn % TRIED_EVERY == 0 {
                self.try_reads().await;
            }
            let (shortest, longest) = self.pause_ms;
            let pause = (shortest + chance.below(longest - shortest)) as u64;
            self.clock.sleep(Duration::from_millis(pause)).await;
        }
    }

    /// Looks every half second whether its users are denied, and takes the deny off them.
    async fn watch_for_the_deny(&self) {
        let Some(deny) = self.deny.clone() else { return };
        loop {
            let users = self.state().known.users.clone();
            let off = |user: &String| Operation::DetachPolicy {
                from: PrincipalName::user(user),
                policy_arn: deny.clone(),
            };
            let last = users.iter().rev().take(3).map(off);
            let off: Vec<_> = last.chain([off(&USER.to_owned())]).collect();
            for operation in off {
                for credential in self.held().iter().rev().take(6) {
                    if self.call(credential, &operation).await {
                        break;
                    }
                }
            }
            self.clock.sleep(Duration::from_millis(500)).await;
        }
    }

    async fn try_reads(&self) {
        for credential in self.held() {
            self.call(&credential, &Operation::GetCallerIdentity).await;
            self.call(&credential, &Operation::ListBuckets).await;
            self.call(&credential, &Operation::UseServiceCredential).await;
        }
    }

    /// Signs in with every password, and tries with everything held all that reads or mints.
    pub(crate) async fn try_everything(&self) {
        let known = self.state().known.clone();
        for user in &known.passwords {
            let any = self.held()[0].clone();
            self.call(&any, &Operation::SignIn { user: user.clone() }).await;
        }
        self.try_reads().await;
        for credential in self.held() {
            for operation in known.last_resorts() {
                self.call(&credential, &operation).await;
            }
        }
    }
}
