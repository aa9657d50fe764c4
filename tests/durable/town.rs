//! A town: workspace, account and actor in this process, and bots in processes of their own.

use crate::orders::{
    BOT, CONFLICT, DYING, FOLD, FOLDS, GO, LISTENING, Mishap, Orders, RENEWED, STALLED, Sabotage,
    Time, Weather,
};
use crate::wire::Account;
use keyleak::domain::case::Case;
use keyleak::drill::scenario;
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, World, WorldOptions, production_timing};
use keyleak::flow::ledger::{Ledger, LedgerError};
use keyleak::ports::clock::Clock;
use keyleak::ports::journal::Work;
use keyleak::store::sqlite::Sqlite;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A debug build starts in a fraction of a second; a busy machine needs the rest.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// Everything but the bots.
pub(crate) struct Town {
    pub(crate) world: World,
    pub(crate) account: Account,
    /// What is in the journal, for whoever only wants to look.
    pub(crate) ledger: Ledger,
    pub(crate) store: Sqlite,
    pub(crate) time: Time,
    weather: Weather,
    started: AtomicUsize,
    folder: TempDir,
    stop: CancellationToken,
    tracker: TaskTracker,
}

/// What a bot's process has said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Starting,
    Listening(SocketAddr),
    Stalled,
    /// How it folds each case, as JSON.
    Folded(String),
    /// It said that it dies, and was killed there.
    Killed,
    Ended,
}

/// A bot in a process of its own; dropping it kills it.
pub(crate) struct Replica {
    /// The name under which it holds leases.
    pub(crate) holder: String,
    child: Arc<Mutex<Child>>,
    /// The process ends when this end of its lines is closed.
    input: ChildStdin,
    /// How often another one was quicker to append.
    conflicts: Arc<AtomicUsize>,
    /// How often it took its lease to be renewed, where that is a sabotage.
    renewals: Arc<AtomicUsize>,
    state: watch::Receiver<State>,
    address: Option<SocketAddr>,
}

impl Town {
    pub(crate) async fn found(speed: u32, weather: Weather) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let time = Time { started: Clock::real().now(), speed };
        let options = WorldOptions {
            plans_expire_after: PLANS_EXPIRE_AFTER,
            scenario: scenario::find("public-repository").unwrap(),
            clock: time.clock(),
            folder: folder.path().to_owned(),
            seed: 11,
            lag: Duration::ZERO..=Duration::from_secs(4),
            timing: production_timing(),
        };
        let world = World::start_empty(options).await.unwrap();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let store = Sqlite::open(&world.journal).unwrap();
        let account = Account::serve((&world.cloud, &store), (&tracker, &stop)).await;
        let ledger = Ledger::new(Arc::new(store.clone()));
        Self {
            world,
            account,
            ledger,
            store,
            time,
            weather,
            started: AtomicUsize::new(0),
            folder,
            stop,
            tracker,
        }
    }

    /// The actor's first moves, before anybody notices; afterwards it keeps quiet, so that one
    /// story is like the other.
    pub(crate) async fn let_the_actor_strike(&self) {
        let World { actor, .. } = &self.world;
        for step in &self.world.scenario().moves {
            let loot = actor.loot();
            let with = loot.iter().find(|held| held.label == step.with).unwrap();
            let reply =
                actor.attempt(with, &step.operation().unwrap(), step.minted_as.as_deref()).await;
            assert!(reply.worked(), "{}", step.call);
        }
    }

    /// Starts a bot that Slack then calls.
    pub(crate) async fn start(&self, mishap: Mishap, sabotage: Option<Sabotage>) -> Replica {
        let replica = self.start_unknown(mishap, sabotage).await;
        self.world.slack.set_bot_url(&format!("http://{}", replica.address()));
        replica
    }

    /// Starts a bot that Slack does not know of, and waits until it listens.
    pub(crate) async fn start_unknown(
        &self,
        mishap: Mishap,
        sabotage: Option<Sabotage>,
    ) -> Replica {
        let number = self.started.fetch_add(1, Ordering::SeqCst) + 1;
        let orders = Orders {
            folder: self.folder.path().to_owned(),
            slack_api_url: self.world.slack.api_url(),
            account_url: self.account.url.clone(),
            holder: format!("bot-{number}"),
            time: self.time,
            weather: self.weather,
            mishap,
            sabotage,
        };
        let mut replica = Replica::spawn(&orders, self.folder.path());
        let address = replica.wait_for(|state| match state {
            State::Listening(address) => Some(*address),
            State::Starting | State::Stalled | State::Folded(_) | State::Killed | State::Ended => {
                None
            }
        });
        replica.address = Some(address.await.unwrap_or_else(|| panic!("{}", self.log())));
        replica
    }

    /// The first case, as the journal has it now.
    pub(crate) async fn case(&self) -> Result<Option<Case>, LedgerError> {
        let all = self.store.all_cases().await.unwrap();
        match all.first() {
            Some(id) => self.ledger.find(id).await,
            None => Ok(None),
        }
    }

    /// The last lines that the bots logged.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(25)..].join("\n")
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.world.shut_down().await;
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl Replica {
    fn spawn(orders: &Orders, folder: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(BOT).arg(serde_json::to_string(orders).unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log.unwrap());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let child = Arc::new(Mutex::new(child));
        let (said, state) = watch::channel(State::default());
        let killed = Arc::clone(&child);
        let conflicts = Arc::new(AtomicUsize::new(0));
        let renewals = Arc::new(AtomicUsize::new(0));
        let counted = (Arc::clone(&conflicts), Arc::clone(&renewals));
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let state = match line.as_str() {
                    DYING => {
                        kill(&killed);
                        State::Killed
                    }
                    STALLED => State::Stalled,
                    CONFLICT => {
                        counted.0.fetch_add(1, Ordering::SeqCst);
                        continue;
                    }
                    RENEWED => {
                        counted.1.fetch_add(1, Ordering::SeqCst);
                        continue;
                    }
                    other => match (other.strip_prefix(LISTENING), other.strip_prefix(FOLDS)) {
                        (Some(address), _) => State::Listening(address.parse().unwrap()),
                        (None, Some(folds)) => State::Folded(folds.to_owned()),
                        (None, None) => continue,
                    },
                };
                said.send_replace(state);
            }
            said.send_if_modified(|state| {
                let ended = *state != State::Killed;
                if ended {
                    *state = State::Ended;
                }
                ended
            });
        });
        let holder = orders.holder.clone();
        Self { holder, child, input, conflicts, renewals, state, address: None }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address.expect("it listens")
    }

    pub(crate) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Waits until the process has said something.
    pub(crate) async fn wait_for<T>(&self, wanted: impl Fn(&State) -> Option<T>) -> Option<T> {
        let mut state = self.state.clone();
        let heard = async {
            let found = state.wait_for(|state| wanted(state).is_some()).await.ok()?;
            wanted(&found)
        };
        tokio::time::timeout(START_PATIENCE, heard).await.ok().flatten()
    }

    /// Lets a process that stands still go on.
    pub(crate) fn go_on(&mut self) {
        writeln!(self.input, "{GO}").unwrap();
    }

    /// How the process folds each case, as JSON.
    pub(crate) async fn folds(&mut self) -> String {
        writeln!(self.input, "{FOLD}").unwrap();
        let folds = self.wait_for(|state| match state {
            State::Folded(folds) => Some(folds.clone()),
            State::Starting
            | State::Listening(_)
            | State::Stalled
            | State::Killed
            | State::Ended => None,
        });
        folds.await.expect("it says how it folds the cases")
    }

    pub(crate) fn conflicts(&self) -> usize {
        self.conflicts.load(Ordering::SeqCst)
    }

    /// Sends a signal; between `STOP` and `CONT` a process is as a suspended machine.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.lock().unwrap().id().to_string();
        let sent = Command::new("kill").args([format!("-{name}"), id]).status().unwrap();
        assert!(sent.success(), "the signal {name} is sent");
    }

    pub(crate) fn renewals(&self) -> usize {
        self.renewals.load(Ordering::SeqCst)
    }

    pub(crate) async fn wait_until_ended(&self) {
        let ended = self.wait_for(|state| (*state == State::Ended).then_some(()));
        ended.await.expect("it ends");
    }

    /// Ends the process without a chance to say goodbye.
    pub(crate) fn kill(&self) {
        kill(&self.child);
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}

fn kill(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap();
    // One that has ended already cannot be killed, and need not be.
    let _ = child.kill();
    let _ = child.wait();
}
