//! The bot of a page's drill, which can be killed and deployed while people play.
//!
//! A bot that is killed runs no code of its own any more. Inside one process that is a runtime of
//! the bot's own, which is taken away: whatever it was doing is dropped where it stood, its
//! connections break, nothing is given back, and the next one finds what is in the journal. What
//! differs from `kill -9`: a write that SQLite has begun comes to its end.

use crate::drill::bot::{self, NoBot, Outside};
use crate::drill::world::World;
use crate::flow::desk::Desk;
use crate::running::Bot;
use crate::sim::slack::server::SimSlack;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a killed bot stays away, in real time: as long as somebody takes to press a button.
pub const AWAY: Duration = Duration::from_secs(4);
/// A read of a trail that is under way may run on for so long, and longer unheard.
const LAST_BREATH: Duration = Duration::from_secs(1);
/// As many as a small replica has.
const THREADS: usize = 2;

/// What the bot is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Running,
    /// Killed, and started again shortly.
    Dead,
    /// Ended as a deployment ends it; the next one starts at once.
    Deploying,
}

/// Keeps one bot running, unless somebody kills it.
#[derive(Debug)]
pub struct Keeper {
    /// What every bot of the drill finds outside itself.
    outside: Outside,
    slack: SimSlack,
    living: Mutex<Option<Living>>,
    health: Mutex<Health>,
    suspects: Mutex<BTreeSet<String>>,
    started: AtomicU32,
    stop: CancellationToken,
    tracker: TaskTracker,
}

#[derive(Debug)]
struct Living {
    bot: Bot,
    runtime: OwnRuntime,
}

/// A runtime that may be let go of anywhere.
#[derive(Debug)]
struct OwnRuntime(Option<Runtime>);

impl Keeper {
    /// Starts the first bot in a world that has none.
    pub fn start(world: &World) -> Result<Arc<Self>, NoBot> {
        let keeper = Arc::new(Self {
            outside: world.outside(),
            slack: world.slack.clone(),
            living: Mutex::default(),
            health: Mutex::new(Health::Running),
            suspects: Mutex::default(),
            started: AtomicU32::new(0),
            stop: CancellationToken::new(),
            tracker: TaskTracker::new(),
        });
        keeper.begin()?;
        Ok(keeper)
    }

    pub fn health(&self) -> Health {
        *self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The desk of the bot that runs now.
    pub fn desk(&self) -> Option<Arc<Desk>> {
        let living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        living.as_ref().map(|living| Arc::clone(&living.bot.desk))
    }

    /// Who is marked as a suspect in the bot's settings.
    pub fn suspects(&self) -> BTreeSet<String> {
        self.suspects.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the bot where it stands, and starts another on the same journal after [`AWAY`].
    /// Whether there was one to kill; it is dead by then.
    pub async fn kill(self: &Arc<Self>) -> bool {
        let Some(living) = self.take(Health::Dead) else {
            return false;
        };
        // It panics in no case, and if it did the bot would be gone all the same.
        let _gone = tokio::task::spawn_blocking(move || living.cut_off()).await;
        let keeper = Arc::clone(self);
        self.tracker.spawn(async move {
            tokio::select! {
                () = keeper.stop.cancelled() => {}
                () = tokio::time::sleep(AWAY) => keeper.begin_again().await,
            }
        });
        true
    }

    /// Deploys the bot with these suspects in its settings: the running one is told to end, and
    /// another begins on the same journal. Whether there was one.
    pub fn deploy_with(self: &Arc<Self>, suspects: BTreeSet<String>) -> bool {
        let Some(living) = self.take(Health::Deploying) else {
            return false;
        };
        *self.suspects.lock().unwrap_or_else(PoisonError::into_inner) = suspects;
        let keeper = Arc::clone(self);
        self.tracker.spawn(async move {
            living.end().await;
            keeper.begin_again().await;
        });
        true
    }

    /// Ends the bot and starts no other.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        if let Some(living) = self.take(Health::Dead) {
            living.end().await;
        }
    }

    fn take(&self, health: Health) -> Option<Living> {
        let living = self.living.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = health;
        Some(living)
    }

    /// Tries until the bot runs again, as whatever watches over a process does.
    async fn begin_again(&self) {
        while !self.stop.is_cancelled() {
            match self.begin() {
                Ok(()) => return,
                Err(error) => tracing::error!(%error, "the bot did not start again"),
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(AWAY) => {}
            }
        }
    }

    fn begin(&self) -> Result<(), NoBot> {
        let said = |error: std::io::Error| NoBot(error.to_string());
        let mut runtime = Builder::new_multi_thread();
        let runtime = runtime.worker_threads(THREADS).thread_name("drill-bot").enable_all();
        let runtime = OwnRuntime(Some(runtime.build().map_err(said)?));
        let mut desk = bot::desk(self.outside.clone(), &|journal| journal)?;
        desk.rules.policy.suspects = self.suspects();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(said)?;
        listener.set_nonblocking(true).map_err(said)?;
        let address = listener.local_addr().map_err(said)?;
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        // Another name each time: a lease of a dead bot is nobody's until it has run out.
        let holder = format!("drill-{}-{number}", address.port());
        let bot = {
            let _own = runtime.0.as_ref().map(Runtime::enter);
            let listener = tokio::net::TcpListener::from_std(listener).map_err(said)?;
            Bot::start(desk, bot::gate(), listener, holder)
        };
        self.slack.set_bot_url(&format!("http://{address}"));
        let mut living = self.living.lock().unwrap_or_else(PoisonError::into_inner);
        *living = Some(Living { bot, runtime });
        *self.health.lock().unwrap_or_else(PoisonError::into_inner) = Health::Running;
        Ok(())
    }
}

impl Living {
    /// Ends nothing, and waits until no thread of it runs any more.
    fn cut_off(mut self) {
        if let Some(runtime) = self.runtime.0.take() {
            runtime.shutdown_timeout(LAST_BREATH);
        }
    }

    /// Ends as a deployment ends it: what is in hand comes to its next journaled point.
    async fn end(self) {
        let Self { bot, runtime } = self;
        bot.shut_down().await;
        drop(runtime);
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
