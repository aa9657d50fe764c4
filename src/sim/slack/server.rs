//! The simulated workspace as a running server.

use crate::ports::clock::Clock;
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::deliver::{Client, Twist, client};
use crate::sim::slack::files::settle;
use crate::sim::slack::socket_line::{Door, Hub, accept};
use crate::sim::slack::state::State;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why the workspace could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}; free the port or choose another address")]
    Listen { address: SocketAddr, source: std::io::Error },
}

/// A running workspace; clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct SimSlack {
    pub(super) shared: Arc<Shared>,
    pub(super) twist: Twist,
}

/// What every handle and every connection shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) client: Client,
    pub(super) version: watch::Sender<u64>,
    state: Mutex<State>,
    pub(super) tracker: TaskTracker,
    pub(super) stop: CancellationToken,
    stopped: CancellationToken,
    base_url: String,
    pub(super) hub: Arc<Hub>,
}

impl Shared {
    /// Looks at the state.
    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        settle(&mut state, self.clock.now());
        look(&mut state)
    }

    /// Changes the state and tells everybody who watches.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = self.with(change);
        self.version.send_modify(|version| *version += 1);
        result
    }

    /// Does something that nobody waits for, unless the workspace ends first.
    pub(super) fn in_background(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                () = work => {}
                () = stop.cancelled() => {}
            }
        });
    }

    /// Lets a completed upload appear when its time has come.
    pub(super) fn settle_later(self: &Arc<Self>) {
        let shared = Arc::clone(self);
        let delay = shared.with(|state| state.config.file_delay);
        self.tracker.spawn(async move {
            tokio::select! {
                () = shared.clock.sleep(delay) => shared.change(|_| ()),
                () = shared.stop.cancelled() => {}
            }
        });
    }
}

impl SimSlack {
    /// Starts the workspace; its tasks run on `tracker` until [`SimSlack::stop`].
    pub async fn start(config: SimSlackConfig, tracker: &TaskTracker) -> Result<Self, StartError> {
        let address = config.listen;
        let failed = |source| StartError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let base_url = format!("http://{}", listener.local_addr().map_err(failed)?);
        let sockets = TcpListener::bind((address.ip(), 0)).await.map_err(failed)?;
        let mut state = State::new(config, base_url.clone());
        state.tickets.serve_at(sockets.local_addr().map_err(failed)?);
        let shared = Arc::new(Shared {
            clock: state.config.clock,
            client: client(),
            version: watch::Sender::new(0),
            state: Mutex::new(state),
            tracker: tracker.clone(),
            stop: CancellationToken::new(),
            stopped: CancellationToken::new(),
            base_url,
            hub: Arc::default(),
        });
        tracker.spawn(accept(door(&shared), sockets, tracker.clone()));
        let router = crate::sim::slack::api::router(Arc::clone(&shared));
        let (stop, stopped) = (shared.stop.clone(), shared.stopped.clone().drop_guard());
        tracker.spawn(async move {
            let _announces_the_end = stopped;
            let serving = axum::serve(listener, router);
            // Serving a bound listener has no error to report; it ends when it is stopped.
            let _served = serving.with_graceful_shutdown(stop.cancelled_owned()).await;
        });
        Ok(Self { shared, twist: Twist::default() })
    }

    /// Stops serving and waits until open calls are answered.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.stopped.cancelled().await;
    }

    /// What the bot is given as the base of the Web API.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.shared.base_url)
    }

    /// Says where the bot listens.
    pub fn set_bot_url(&self, url: &str) {
        self.shared.with(|state| state.config.bot_url = Some(url.to_owned()));
    }
}

/// What the connections of Socket Mode need of the workspace.
fn door(shared: &Arc<Shared>) -> Door {
    let (judging, noting) = (Arc::clone(shared), Arc::clone(shared));
    Door {
        hub: Arc::clone(&shared.hub),
        stop: shared.stop.clone(),
        app_id: shared.with(|state| state.config.app_id.clone()),
        admits: Box::new(move |ticket| {
            let (now, speed) = (judging.clock.now(), judging.clock.speed());
            judging.with(|state| state.tickets.take(ticket, speed, now))
        }),
        violate: Box::new(move |text| noting.with(|state| state.violate(text))),
    }
}
