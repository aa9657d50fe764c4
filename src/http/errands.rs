//! Small things said to one person after the acknowledgement; losing one loses no decision.

use crate::flow::desk::Desk;
use crate::ports::chat::Whisper;
use std::sync::Arc;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::task::TaskTracker;

/// More waiting answers than this means that Slack is away, and the people have moved on.
const WAITING_MAX: usize = 1_000;
/// Slack takes a while for each; a few at a time keep the form within its three seconds.
const AT_ONCE: usize = 8;

/// One thing to do for one person.
#[derive(Debug)]
pub enum Errand {
    Whisper(Whisper),
    /// Open the form that asks for a key; the trigger lives three seconds.
    OpenForm {
        trigger_id: String,
    },
}

/// The way to the errands.
#[derive(Debug, Clone)]
pub struct Errands {
    waiting: Sender<Errand>,
}

impl Errands {
    /// Starts the runners; they end when the last `Errands` is dropped.
    pub fn start(desk: &Arc<Desk>, tracker: &TaskTracker) -> Self {
        let (waiting, arrivals) = channel(WAITING_MAX);
        let arrivals = Arc::new(tokio::sync::Mutex::new(arrivals));
        for _ in 0..AT_ONCE {
            let desk = Arc::clone(desk);
            let arrivals = Arc::clone(&arrivals);
            tracker.spawn(async move { run_all(&desk, &arrivals).await });
        }
        Self { waiting }
    }

    /// Takes an errand on, or drops it when too many wait.
    pub fn send(&self, errand: Errand) {
        if self.waiting.try_send(errand).is_err() {
            tracing::warn!("a private answer was dropped because too many wait for Slack");
        }
    }
}

async fn run_all(desk: &Desk, arrivals: &tokio::sync::Mutex<Receiver<Errand>>) {
    loop {
        let errand = arrivals.lock().await.recv().await;
        let Some(errand) = errand else { return };
        let outcome = match &errand {
            Errand::Whisper(whisper) => desk.chat.whisper(whisper).await,
            Errand::OpenForm { trigger_id } => desk.chat.open_intake(trigger_id).await,
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "a private answer did not reach its person");
        }
    }
}
