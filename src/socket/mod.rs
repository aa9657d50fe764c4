//! Socket Mode: the same decisions and answers as over HTTP, on a connection that we open.

mod answers;
mod talk;

use crate::http::Service;
use crate::http::connection::Connection;
use crate::slack::line::{Lines, NotOpened, Opened};
use crate::socket::answers::Answers;
use crate::socket::talk::{End, Talk};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How a connection is watched and replaced. In real time: no clock can hurry a network.
#[derive(Debug, Clone, Copy)]
pub struct Pulse {
    /// How often the other side is pinged.
    pub ping_every: Duration,
    /// A connection on which nothing was heard for so long is dead, whatever the machine says.
    pub silence_max: Duration,
    /// The pause before another attempt, doubled for each that fails, up to the other.
    pub pause_min: Duration,
    pub pause_max: Duration,
    /// How long one that Slack will close is still listened to.
    pub drain_max: Duration,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            ping_every: Duration::from_secs(5),
            silence_max: Duration::from_secs(15),
            pause_min: Duration::from_secs(1),
            pause_max: Duration::from_secs(60),
            drain_max: Duration::from_secs(30),
        }
    }
}

/// How Slack is reached, and how the connection is watched.
#[derive(Debug)]
pub struct Way {
    pub lines: Lines,
    pub pulse: Pulse,
}

/// Who keeps a connection open.
#[derive(Debug)]
struct Keeper {
    service: Arc<Service>,
    connection: Arc<Connection>,
    lines: Lines,
    pulse: Pulse,
    answers: Arc<Answers>,
    over: CancellationToken,
    tracker: TaskTracker,
}

/// Keeps one connection open until it is over, and answers what comes by it.
pub fn start(
    service: &Arc<Service>,
    connection: &Arc<Connection>,
    Way { lines, pulse }: Way,
    (over, tracker): (&CancellationToken, &TaskTracker),
) {
    let keeper = Keeper {
        service: Arc::clone(service),
        connection: Arc::clone(connection),
        lines,
        pulse,
        answers: Arc::default(),
        over: over.clone(),
        tracker: tracker.clone(),
    };
    tracker.spawn(async move { keeper.keep().await });
}

impl Keeper {
    async fn keep(self) {
        let mut failed = 0;
        loop {
            let end = tokio::select! {
                () = self.over.cancelled() => return,
                end = self.one() => end,
            };
            let pause = match end {
                End::Replace => {
                    failed = 0;
                    continue;
                }
                End::Over => return,
                End::Disabled => self.pulse.pause_max,
                End::Broken { lasted } => {
                    // One that comes up and breaks at once is as bad as one that does not come up.
                    failed = if lasted > self.pulse.pause_max { 0 } else { failed + 1 };
                    self.pause(failed)
                }
            };
            tokio::select! {
                () = self.over.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Opens a connection and hands it over; returns when another one is wanted.
    async fn one(&self) -> End {
        let Opened { line, socket, connections } = match self.lines.open().await {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(%error, "no connection to Slack");
                self.connection.failed(&error.to_string());
                return match error {
                    NotOpened::Disabled => End::Disabled,
                    NotOpened::Refused(_)
                    | NotOpened::Foreign
                    | NotOpened::Late
                    | NotOpened::TooMany
                    | NotOpened::SentAway
                    | NotOpened::Broken(_)
                    | NotOpened::NotGreeted(_) => End::Broken { lasted: Duration::ZERO },
                };
            }
        };
        tracing::info!(connections, "connected to Slack");
        let (leaving, left) = oneshot::channel();
        let talk = Talk {
            service: Arc::clone(&self.service),
            connection: Arc::clone(&self.connection),
            answers: Arc::clone(&self.answers),
            pulse: self.pulse,
            over: self.over.clone(),
            up: self.connection.up(connections),
            line,
        };
        self.tracker.spawn(talk.hold(socket, leaving));
        left.await.unwrap_or(End::Over)
    }

    /// Doubled for each failure, and not the same for all replicas.
    fn pause(&self, failed: u32) -> Duration {
        let doubled = self.pulse.pause_min.saturating_mul(1 << failed.saturating_sub(1).min(10));
        let pause = doubled.min(self.pulse.pause_max);
        let spread = self.service.desk.clock.now().subsec_nanosecond().unsigned_abs() % 256;
        pause - pause / 1_024 * spread
    }
}
