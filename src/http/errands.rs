//! Small things said to one person after the acknowledgement; losing one loses no decision.

use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::domain::intake::IntakeStart;
use crate::domain::plan::PlanNumber;
use crate::domain::proof::Caller;
use crate::flow::desk::Desk;
use crate::flow::home;
use crate::ports::chat::{Form, Scene, Whisper};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::task::TaskTracker;

/// More waiting answers than this means that Slack is away, and the people have moved on.
const WAITING_MAX: usize = 1_000;
/// Slack takes a while for each; a few at a time keep the form within its three seconds.
const AT_ONCE: usize = 8;

/// By then a write that was under way has landed, or never will: the longest that a store waits.
const LANDED_BY: SignedDuration = SignedDuration::from_secs(10);
/// How often a journal that cannot be read is asked again, and for how long: Slack's address for
/// answering a press lives half an hour.
const SETTLE_EVERY: Duration = Duration::from_secs(5);
const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(25);
/// More presses in doubt than this mean a journal that is away for everybody.
const UNSETTLED_MAX: usize = 100;
const RECORDED: &str = "Your press was recorded after all; the card shows what comes of it.";
const SURELY_NOT: &str = "Your press was not recorded. Press again.";

/// What somebody hears who waits for a form.
pub(super) const NOT_OPENED: &str = "The form did not open: Slack gives an app three seconds for \
    it. Press or type it again; `/keyleak AKIA…` and the other commands need no form.";

/// A press of which nobody knows whether it was recorded, and who is to hear of it.
#[derive(Debug)]
pub struct Unsettled {
    pub case: CaseId,
    pub delivery: String,
    pub at: Timestamp,
    pub whisper: Whisper,
}

/// One thing to do for one person.
#[derive(Debug)]
pub enum Errand {
    Whisper(Whisper),
    /// Open the form that asks for a key; the trigger lives three seconds.
    OpenForm {
        trigger_id: String,
        start: Box<IntakeStart>,
        /// Said instead where Slack opens no form, so that nobody waits for one.
        or_say: Whisper,
    },
    /// Draw the app's home of this person; with it goes how long the oldest work has waited.
    Home {
        caller: Box<Caller>,
        oldest_wait: Option<SignedDuration>,
    },
    /// Open a form about a plan of this case.
    OpenPlanForm {
        trigger_id: String,
        or_say: Whisper,
        case: Box<Case>,
        plan: PlanNumber,
        which: WhichForm,
    },
}

/// A form about a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichForm {
    Change,
    UndoSteps,
    Code,
}

/// The way to the errands.
#[derive(Debug, Clone)]
pub struct Errands {
    waiting: Sender<Errand>,
    unsettled: Sender<Unsettled>,
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
        let (unsettled, doubts) = channel(UNSETTLED_MAX);
        let desk = Arc::clone(desk);
        tracker.spawn(async move { settle_all(&desk, doubts).await });
        Self { waiting, unsettled }
    }

    /// Finds out what became of a press, and says so.
    pub fn settle(&self, unsettled: Unsettled) {
        if self.unsettled.try_send(unsettled).is_err() {
            tracing::warn!("what became of a press is not looked up: too many are in doubt");
        }
    }

    /// Takes an errand on, or drops it when too many wait.
    pub fn send(&self, errand: Errand) {
        if self.waiting.try_send(errand).is_err() {
            tracing::warn!("a private answer was dropped because too many wait for Slack");
        }
    }
}

async fn settle_all(desk: &Desk, mut doubts: Receiver<Unsettled>) {
    while let Some(unsettled) = doubts.recv().await {
        let Some(text) = settled(desk, &unsettled).await else { continue };
        let whisper = Whisper { text: text.to_owned(), ..unsettled.whisper };
        if let Err(error) = desk.chat.whisper(&whisper).await {
            tracing::warn!(%error, "what became of a press did not reach its person");
        }
    }
}

/// What the journal says of a press, once it can say it.
async fn settled(desk: &Desk, unsettled: &Unsettled) -> Option<&'static str> {
    desk.clock.sleep_until(unsettled.at + LANDED_BY).await;
    while desk.clock.now() < unsettled.at + SETTLES_WITHIN {
        match desk.ledger.find(&unsettled.case).await {
            Ok(Some(case)) if case.has_seen(&unsettled.delivery) => return Some(RECORDED),
            Ok(_) => return Some(SURELY_NOT),
            Err(error) => tracing::warn!(%error, "what became of a press cannot be looked up"),
        }
        desk.clock.sleep(SETTLE_EVERY).await;
    }
    None
}

async fn run_all(desk: &Desk, arrivals: &tokio::sync::Mutex<Receiver<Errand>>) {
    loop {
        let errand = arrivals.lock().await.recv().await;
        let Some(errand) = errand else { return };
        let outcome = match &errand {
            Errand::Home { caller, oldest_wait } => {
                if let Err(error) = home::publish(desk, caller, *oldest_wait).await {
                    tracing::warn!(%error, "a home was not drawn");
                }
                continue;
            }
            Errand::Whisper(whisper) => desk.chat.whisper(whisper).await,
            Errand::OpenForm { trigger_id, start, .. } => {
                desk.chat.open_intake(trigger_id, start).await
            }
            Errand::OpenPlanForm { trigger_id, case, plan, which, .. } => {
                let Some(state) = case.plan(*plan) else { continue };
                let (policy, now) = (desk.policy(), desk.clock.now());
                let scene = Scene { case, policy: &policy, now };
                let form = match which {
                    WhichForm::Change => Form::Change(scene, state, &desk.rules.plans),
                    WhichForm::UndoSteps => Form::UndoSteps(scene, state),
                    WhichForm::Code => Form::Code(scene, state),
                };
                desk.chat.open_form(trigger_id, &form).await
            }
        };
        let Err(error) = outcome else { continue };
        tracing::warn!(%error, "a private answer did not reach its person");
        if let Errand::OpenForm { or_say, .. } | Errand::OpenPlanForm { or_say, .. } = &errand
            && let Err(error) = desk.chat.whisper(or_say).await
        {
            tracing::warn!(%error, "nobody could be told that their form did not open");
        }
    }
}
