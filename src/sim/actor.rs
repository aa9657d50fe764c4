//! The actor: somebody who holds stolen credentials, and goes on using every one of them.

use crate::domain::principal::PrincipalName;
use crate::ports::clock::Clock;
use crate::sim::attacker::{Attacker, Credential, Operation, Reply};
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Attempts that are remembered; a drill makes a few thousand.
const ATTEMPTS_MAX: usize = 50_000;

/// One call that the actor tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub at: Timestamp,
    /// What the actor calls the credential.
    pub credential: String,
    pub access_key_id: String,
    pub operation: &'static str,
    pub allowed: bool,
    /// AWS's error code, when it was refused.
    pub code: Option<String>,
}

/// A call at a time, with a credential by its label.
#[derive(Debug, Clone)]
pub struct Opening {
    pub after: Duration,
    pub with: String,
    pub operation: Operation,
    /// What the minted credential is called.
    pub minted_as: Option<String>,
}

/// The actor; clones are handles to the same one.
#[derive(Clone)]
pub struct Actor {
    attacker: Arc<dyn Attacker>,
    clock: Clock,
    shared: Arc<Shared>,
}

struct Shared {
    loot: Mutex<Vec<Credential>>,
    attempts: Mutex<Vec<Attempt>>,
    version: watch::Sender<u64>,
}

impl Actor {
    /// An actor that holds one credential.
    pub fn new(attacker: Arc<dyn Attacker>, clock: Clock, first: Credential) -> Self {
        let shared = Shared {
            loot: Mutex::new(vec![first]),
            attempts: Mutex::default(),
            version: watch::Sender::new(0),
        };
        Self { attacker, clock, shared: Arc::new(shared) }
    }

    /// Everything the actor has got hold of.
    pub fn loot(&self) -> Vec<Credential> {
        self.shared.loot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Every call so far, the oldest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.shared.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at every call so far, the oldest first, without copying them.
    pub fn review<T>(&self, look: impl FnOnce(&[Attempt]) -> T) -> T {
        look(&self.shared.attempts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes with every call, to wait for.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.shared.version.subscribe()
    }

    /// Makes one call, writes it down, and keeps what it mints under a name.
    pub async fn attempt(
        &self,
        credential: &Credential,
        operation: &Operation,
        minted_as: Option<&str>,
    ) -> Reply {
        let reply = self.attacker.call(credential, operation).await;
        if let Reply::Minted(minted) = &reply {
            let label = minted_as.map_or_else(|| minted.label.clone(), str::to_owned);
            self.take(Credential { label, ..minted.clone() });
        }
        self.note(credential, operation.name(), &reply);
        reply
    }

    /// Writes down a call that was made with one of the actor's credentials.
    pub fn note(&self, credential: &Credential, operation: &'static str, reply: &Reply) {
        let code = match reply {
            Reply::Refused(code) => Some(code.clone()),
            Reply::Allowed | Reply::Minted(_) => None,
        };
        let attempt = Attempt {
            at: self.clock.now(),
            credential: credential.label.clone(),
            access_key_id: credential.access_key_id.clone(),
            operation,
            allowed: reply.worked(),
            code,
        };
        let mut attempts = self.shared.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() < ATTEMPTS_MAX {
            attempts.push(attempt);
        }
        drop(attempts);
        self.shared.version.send_modify(|version| *version += 1);
    }

    /// Gets hold of one credential more.
    pub fn take(&self, credential: Credential) {
        self.shared.loot.lock().unwrap_or_else(PoisonError::into_inner).push(credential);
    }

    /// Plays the first moves at their times, then uses everything it holds, every `every`, or
    /// rests where there is none.
    pub async fn play(
        &self,
        openings: &[Opening],
        every: Option<Duration>,
        stop: &CancellationToken,
    ) {
        let began = self.clock.now();
        for opening in openings {
            let span = jiff::SignedDuration::try_from(opening.after).unwrap_or_default();
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep_until(began + span) => {}
            }
            let Some(with) = self.loot().into_iter().find(|held| held.label == opening.with) else {
                continue;
            };
            self.attempt(&with, &opening.operation, opening.minted_as.as_deref()).await;
        }
        let Some(every) = every else { return };
        while !stop.is_cancelled() {
            self.use_everything().await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(every) => {}
            }
        }
    }

    /// One harmless read with every credential; not of IAM, which sessions of a user may not call.
    pub async fn use_everything(&self) {
        for credential in self.loot() {
            self.attempt(&credential, &Operation::ListBuckets, None).await;
        }
    }

    /// Changes something every `every` of real time with whatever still works: a new user with
    /// rights and a key, another key, policy edits, and attempts to shake a deny off.
    pub async fn keep_busy(&self, user: &str, every: Duration, stop: &CancellationToken) {
        let mut round = 0_u32;
        while !stop.is_cancelled() {
            let loot = self.loot();
            for credential in &loot {
                for operation in busy_moves(user, round, loot.first()) {
                    self.attempt(credential, &operation, None).await;
                }
            }
            round += 1;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Actor({} credentials)", self.loot().len())
    }
}

/// What a busy actor does in a round: one gain, then what shakes a containment off.
fn busy_moves(user: &str, round: u32, leaked: Option<&Credential>) -> Vec<Operation> {
    const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
    const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";
    const ALLOW: &str =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let made = format!("svc-{round}");
    let mut moves = match round % 3 {
        0 => vec![
            Operation::CreateUser { user: made.clone() },
            Operation::AttachPolicy {
                to: PrincipalName::user(&made),
                policy_arn: ADMINISTRATOR.to_owned(),
            },
            Operation::CreateAccessKey { user: made },
        ],
        1 => vec![Operation::CreateAccessKey { user: user.to_owned() }],
        _ => vec![Operation::PutPolicy {
            on: PrincipalName::user(user),
            name: "more".to_owned(),
            document: ALLOW.to_owned(),
        }],
    };
    moves.push(Operation::DetachPolicy {
        from: PrincipalName::user(user),
        policy_arn: DENY_ALL.to_owned(),
    });
    moves.extend(leaked.map(|leaked| Operation::UpdateAccessKey {
        user: user.to_owned(),
        key: leaked.access_key_id.clone(),
        active: true,
    }));
    moves
}
