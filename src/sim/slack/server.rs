//! The simulated workspace as a running server, and what tests can look at and change in it.

use crate::ports::clock::Clock;
use crate::sim::slack::channels::{Channel, Reach};
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::deliver::{Client, Twist, client};
use crate::sim::slack::faults::Fault;
use crate::sim::slack::files::{File, settle};
use crate::sim::slack::pace::RateLimits;
use crate::sim::slack::state::{CallRecord, Ephemeral, State, Toast};
use crate::sim::slack::views::View;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why the workspace could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot listen on {address}: {source}; free the port or choose another address")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
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
    tracker: TaskTracker,
    pub(super) stop: CancellationToken,
    stopped: CancellationToken,
    base_url: String,
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
        let shared = Arc::new(Shared {
            clock: config.clock,
            client: client(),
            version: watch::Sender::new(0),
            state: Mutex::new(State::new(config, base_url.clone())),
            tracker: tracker.clone(),
            stop: CancellationToken::new(),
            stopped: CancellationToken::new(),
            base_url,
        });
        let router = crate::sim::slack::api::router(Arc::clone(&shared));
        let (stop, stopped) = (shared.stop.clone(), shared.stopped.clone().drop_guard());
        tracker.spawn(async move {
            let _announces_the_end = stopped;
            let serving = axum::serve(listener, router);
            // Serving a bound listener has no error to report; it ends when it is stopped.
            let _served = serving.with_graceful_shutdown(stop.cancelled_owned()).await;
        });
        Ok(Self {
            shared,
            twist: Twist::default(),
        })
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
        self.shared
            .with(|state| state.config.bot_url = Some(url.to_owned()));
    }

    pub fn channels(&self) -> Vec<Channel> {
        self.shared.with(|state| state.channels.clone())
    }

    /// A channel by its id or name.
    pub fn channel(&self, wanted: &str) -> Option<Channel> {
        let name = wanted.trim_start_matches('#');
        let mut channels = self.channels().into_iter();
        channels.find(|channel| channel.id == wanted || channel.name == name)
    }

    /// Everything said in a channel, the oldest first, with Slack's own lines.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        self.shared
            .with(|state| state.messages.get(channel).cloned().unwrap_or_default())
    }

    pub fn message(&self, channel: &str, ts: &str) -> Option<Value> {
        self.shared
            .with(|state| state.message(channel, ts).cloned())
    }

    /// The modals somebody has open, the oldest first.
    pub fn views_open(&self, user: &str) -> Vec<View> {
        let modals = |state: &mut State| -> Vec<View> {
            crate::sim::slack::views::modals(state, user)
                .cloned()
                .collect()
        };
        self.shared.with(modals)
    }

    /// The App Home somebody sees.
    pub fn home(&self, user: &str) -> Option<View> {
        let home = |view: &&View| view.user == user && !view.is_modal();
        self.shared
            .with(|state| state.views.iter().find(home).cloned())
    }

    pub fn ephemerals(&self, user: &str) -> Vec<Ephemeral> {
        let own = |whisper: &&Ephemeral| whisper.user == user;
        self.shared
            .with(|state| state.ephemerals.iter().filter(own).cloned().collect())
    }

    pub fn files(&self) -> Vec<File> {
        self.shared.with(|state| state.files.clone())
    }

    /// Every call of the Web API so far, without tokens.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.shared
            .with(|state| state.calls.iter().cloned().collect())
    }

    /// What the bot did that Slack does not document; a good bot leaves this empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.with(|state| state.violations.clone())
    }

    /// Errors that Slack showed people.
    pub fn toasts(&self) -> Vec<Toast> {
        self.shared.with(|state| state.toasts.clone())
    }

    /// A number that grows with every change, to wait for.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.shared.version.subscribe()
    }

    /// Makes the next `times` calls of a method fail in one way; `"*"` means every method.
    pub fn script(&self, method: &str, fault: &Fault, times: usize) {
        self.shared
            .with(|state| state.faults.script(method, fault, times));
    }

    /// Makes every call of a method slower, in real time; `"*"` means every method.
    pub fn delay(&self, method: &str, latency: Duration) {
        self.shared
            .with(|state| state.faults.delay(method, latency));
    }

    /// Takes the Web API down, or brings it back.
    pub fn set_down(&self, down: bool) {
        self.shared.with(|state| state.faults.down = down);
    }

    /// Lets the next `times` completed uploads never appear, as Slack sometimes does.
    pub fn drop_shares(&self, times: u32) {
        self.shared.with(|state| state.faults.drop_shares(times));
    }

    pub fn set_rate_limits(&self, limits: RateLimits) {
        self.shared.with(|state| state.pace.limits = limits);
    }

    /// Makes the workspace refuse these block types, as one where they are not rolled out.
    pub fn switch_off_blocks(&self, types: &[&str]) {
        let types = types.iter().map(|&name| name.to_owned());
        self.shared
            .with(|state| state.capabilities.switched_off = types.collect());
    }

    pub fn set_scopes(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.shared.with(|state| state.config.scopes = scopes);
    }

    /// Makes a channel of the workspace's people, with the bot only if it is named.
    pub fn make_channel(&self, name: &str, reach: Reach, members: &[&str]) -> String {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let id = state.mint_id("C");
            let creator = members.first().copied().unwrap_or_default();
            let members = members.iter().map(|&member| member.to_owned()).collect();
            let channel = Channel::new(&id, name, reach, creator);
            state.channels.push(Channel {
                members,
                created: now.as_second(),
                ..channel
            });
            id
        })
    }

    /// Changes a channel as its people might; nothing is announced.
    pub fn change_channel(&self, id: &str, change: impl FnOnce(&mut Channel)) {
        self.shared
            .change(|state| state.channel_mut(id).map(change).ok());
    }

    /// Archives a channel as a person does.
    pub fn archive(&self, id: &str, user: &str) {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let archived = crate::sim::slack::channels::put_away(state, id, user, now);
            archived.ok()
        });
    }

    /// Deletes a message as an administrator does.
    pub fn delete_message(&self, channel: &str, ts: &str) {
        self.shared
            .change(|state| crate::sim::slack::messages::remove(state, channel, ts));
    }

    /// Reloads somebody's client: their ephemeral messages are gone.
    pub fn reload(&self, user: &str) {
        self.shared
            .change(|state| state.ephemerals.retain(|whisper| whisper.user != user));
    }
}
