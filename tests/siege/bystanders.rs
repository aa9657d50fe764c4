//! Fifty people at lawful work before, during and after a containment, and who is ever refused.

use crate::moves::{SHARED, role_arn};
use crate::named::is_named;
use crate::sim_account::ACCOUNT;
use crate::town::Town;
use keyleak::domain::case::Case;
use keyleak::ports::clock::Clock;
use keyleak::sim::attacker::{Attacker, Credential, Operation, Reply};
use keyleak::sim::cloud::attacker::Visitor;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often each of them does something, on the clock of the account.
const WORKS_EVERY: Duration = Duration::from_secs(30);

/// A call to open a session of the shared role: refused for who asks, or for the role.
const OPENING: &str = "opening the shared role";

/// People at work; dropping them ends the work.
pub(crate) struct Bystanders {
    shared: Arc<Shared>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Shared {
    office: Arc<Visitor>,
    clock: Clock,
    /// Who was refused, as whom, and with which call.
    refused: Mutex<BTreeMap<(String, &'static str), String>>,
    calls: Mutex<usize>,
}

impl Bystanders {
    pub(crate) fn at_work(town: &Town) -> Self {
        let shared = Arc::new(Shared {
            office: Arc::clone(&town.office),
            clock: town.ground.clock,
            refused: Mutex::default(),
            calls: Mutex::default(),
        });
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        for (name, key) in town.people.clone() {
            let (shared, stop) = (Arc::clone(&shared), stop.clone());
            tasks.spawn(async move {
                stop.run_until_cancelled(shared.works(&name, &key)).await;
            });
        }
        Self { shared, stop, tasks }
    }

    /// Sends everybody home, and gives how many lawful calls there were.
    pub(crate) async fn go_home(&self) -> usize {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        *self.shared.calls.lock().expect("nobody panicked")
    }

    /// Everybody who was refused although no plan names them among those it touches.
    pub(crate) fn wronged(&self, case: &Case) -> Vec<String> {
        let refused = self.shared.refused.lock().expect("nobody panicked");
        let wronged = refused.iter().filter(|((name, principal), _)| !match *principal {
            SHARED => is_named(case, SHARED),
            OPENING => is_named(case, SHARED) || is_named(case, name),
            _ => is_named(case, name),
        });
        wronged.map(|((name, principal), what)| format!("{name} as {principal}: {what}")).collect()
    }
}

impl Drop for Bystanders {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Shared {
    async fn works(&self, name: &str, key: &Credential) {
        let mut session: Option<Credential> = None;
        for turn in 0_u32.. {
            self.does(name, "itself", (key, &Operation::ListBuckets)).await;
            if turn % 20 == 0 {
                let operation = Operation::AssumeRole {
                    role_arn: role_arn(ACCOUNT, SHARED),
                    session_name: name.to_owned(),
                };
                if let Reply::Minted(minted) = self.does(name, OPENING, (key, &operation)).await {
                    session = Some(minted);
                }
            }
            if let Some(session) = &session {
                self.does(name, SHARED, (session, &Operation::ListBuckets)).await;
            }
            self.clock.sleep(WORKS_EVERY).await;
        }
    }

    async fn does(
        &self,
        name: &str,
        principal: &'static str,
        (with, operation): (&Credential, &Operation),
    ) -> Reply {
        let at = self.clock.now();
        let reply = self.office.call(with, operation).await;
        *self.calls.lock().expect("nobody panicked") += 1;
        if let Reply::Refused(code) = &reply {
            let what = format!("{} refused with {code} at {at}", operation.name());
            let mut refused = self.refused.lock().expect("nobody panicked");
            refused.entry((name.to_owned(), principal)).or_insert(what);
        }
        reply
    }
}
