//! The worker: finds work in the journal, claims a case by a lease, and runs its three lanes.
//!
//! Needs: nothing that Slack or AWS does slowly may hold up a containment; two replicas must not do
//! the same thing; a crash must lose nothing. So a case has three lanes that only share its
//! journal: one changes the account, one reads, one speaks. Each asks the agenda what is due, does
//! it, and looks again. What is due depends on the journal alone, so a restart finds the same work.

use crate::domain::agenda::{Due, TrailState, next_act, next_ask};
use crate::domain::case::Case;
use crate::domain::ids::CaseId;
use crate::flow::desk::Desk;
use crate::flow::intake::key_digest;
use crate::flow::lane::StepError;
use crate::flow::tell::{Memory, Told, tell};
use crate::flow::{act, ask, brakes};
use crate::ports::chat::ChatError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long a replica may be silent before another takes its cases over, in the clock's time.
const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// A lease is renewed three times before it would run out.
const RENEWALS: i32 = 3;
/// How often the list of open cases is read for cases that another process opened.
const DISCOVERY: SignedDuration = SignedDuration::from_secs(2);
/// How often a case is looked at when nothing in this process has changed it.
const IDLE_LOOK: Duration = Duration::from_secs(5);
/// Failing work is tried again after 1, 2, 4 … seconds, and at most this many.
const BACKOFF_SECONDS_MAX: u64 = 60;
/// Cases worked on at once; more wait their turn, so that a bulk leak does not drown Slack.
const CASES_AT_ONCE_MAX: usize = 100;
/// How long a shutdown waits for the work in hand.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(20);

/// The worker of one process.
#[derive(Debug)]
pub struct Worker {
    desk: Arc<Desk>,
    /// The name under which this process holds leases.
    holder: String,
    tracker: TaskTracker,
    stop: CancellationToken,
    in_hand: Mutex<BTreeSet<CaseId>>,
    places: Arc<Semaphore>,
}

/// The lanes of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Act,
    Ask,
    Tell,
}

/// What came of one look at a lane.
enum Step {
    Again(View),
    Wait(Option<Timestamp>),
}

/// What the next look goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// The case as this process knows it, which holds all that it wrote itself.
    AtHand,
    /// The journal, which holds what others wrote too.
    Journal,
}

impl Worker {
    pub fn new(desk: Arc<Desk>, holder: String, tracker: TaskTracker) -> Arc<Self> {
        Arc::new(Self {
            desk,
            holder,
            tracker,
            stop: CancellationToken::new(),
            in_hand: Mutex::default(),
            places: Arc::new(Semaphore::new(CASES_AT_ONCE_MAX)),
        })
    }

    /// Runs in the background until [`Worker::shut_down`].
    pub fn start(self: &Arc<Self>) {
        let worker = Arc::clone(self);
        self.tracker.spawn(async move { worker.discover().await });
    }

    /// Takes nothing more up, and waits for nothing: what is cut off is found in the journal.
    pub fn cut_off(&self) {
        self.stop.cancel();
    }

    /// Lets the work in hand come to its next journaled point, and gives the leases back.
    pub async fn shut_down(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(DRAIN_TIME_MAX, self.tracker.wait()).await.is_err() {
            tracing::warn!(
                "work was still in hand at the end of the drain; it will be found again"
            );
        }
    }

    /// How many cases this process works on.
    pub fn cases_in_hand(&self) -> usize {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    async fn discover(self: Arc<Self>) {
        let mut begun = self.desk.ledger.begun();
        let mut list_at = self.desk.clock.now();
        while !self.stop.is_cancelled() {
            if list_at <= self.desk.clock.now() {
                if let Err(error) = brakes::look(&self.desk).await {
                    tracing::warn!(%error, "whether all changes are frozen cannot be read");
                }
                match self.desk.work.open_cases().await {
                    Ok(cases) => cases.into_iter().for_each(|case| self.take(case)),
                    Err(error) => tracing::warn!(%error, "open cases cannot be listed"),
                }
                list_at = self.desk.clock.now() + DISCOVERY;
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = self.desk.clock.sleep_until(list_at) => {}
                // One that was missed for lagging behind is in the list.
                case = begun.recv() => if let Ok(case) = case { self.take(case) },
            }
        }
    }

    /// Starts on a case unless it is in hand already.
    fn take(self: &Arc<Self>, case: CaseId) {
        let mut in_hand = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if !in_hand.insert(case.clone()) {
            return;
        }
        drop(in_hand);
        let worker = Arc::clone(self);
        self.tracker.spawn(async move {
            if let Ok(_place) = worker.places.acquire().await {
                worker.work_on(&case).await;
            }
            worker.in_hand.lock().unwrap_or_else(PoisonError::into_inner).remove(&case);
        });
    }

    /// Holds the lease on a case and runs its lanes until it is over, lost, or we stop.
    #[tracing::instrument(skip_all, fields(case.id = %id))]
    async fn work_on(&self, id: &CaseId) {
        let until = |now: Timestamp| now + LEASE;
        let now = self.desk.clock.now();
        let lease = match self.desk.work.lease(id, &self.holder, now, until(now)).await {
            Ok(Some(lease)) => lease,
            Ok(None) => {
                // Somebody else has it; look again when their lease could have run out.
                self.pause(IDLE_LOOK).await;
                return;
            }
            Err(error) => {
                tracing::warn!(%error, "the lease cannot be taken");
                self.pause(IDLE_LOOK).await;
                return;
            }
        };
        let over = self.stop.child_token();
        tokio::join!(
            self.keep_lease(id, &over),
            self.run(id, Lane::Act, &over),
            self.run(id, Lane::Ask, &over),
            self.run(id, Lane::Tell, &over),
        );
        if let Err(error) = self.desk.work.release(&lease).await {
            tracing::warn!(%error, "the lease was not given back; it will run out");
        }
    }

    async fn keep_lease(&self, id: &CaseId, over: &CancellationToken) {
        let every = Duration::try_from(LEASE / RENEWALS).unwrap_or(IDLE_LOOK);
        loop {
            tokio::select! {
                () = over.cancelled() => return,
                () = self.desk.clock.sleep(every) => {}
            }
            let now = self.desk.clock.now();
            match self.desk.work.lease(id, &self.holder, now, now + LEASE).await {
                Ok(Some(_)) => {}
                Ok(None) => {
                    tracing::warn!("another replica has taken the case over");
                    over.cancel();
                }
                Err(error) => {
                    // Without a lease nobody may act; the case is taken up again when it is back.
                    tracing::warn!(%error, "the lease was not renewed");
                    over.cancel();
                }
            }
        }
    }

    async fn run(&self, id: &CaseId, lane: Lane, over: &CancellationToken) {
        let mut growth = self.desk.ledger.growth(id);
        let mut memory = Memory::default();
        let mut swept_at = None;
        let mut failures = 0;
        let mut by = View::Journal;
        while !over.is_cancelled() {
            let outcome = tokio::select! {
                // Cancelling while asking is safe: what was not written will be asked again.
                () = over.cancelled(), if lane == Lane::Ask => return,
                outcome = self.look(id, (lane, by), (&mut memory, &mut swept_at)) => outcome,
            };
            let wait = match outcome {
                Ok(Some(Step::Again(next))) => {
                    failures = 0;
                    by = next;
                    continue;
                }
                Ok(Some(Step::Wait(at))) => {
                    failures = 0;
                    at
                }
                Ok(None) => {
                    over.cancel();
                    return;
                }
                Err(error) => {
                    failures += 1;
                    Some(self.desk.clock.now() + patience(&error, failures))
                }
            };
            let patient = failures > 0;
            by = self.rest(wait, patient, (&mut growth, over)).await;
        }
    }

    /// One look at what is due in a lane; `None` when the case is over.
    async fn look(
        &self,
        id: &CaseId,
        (lane, by): (Lane, View),
        (memory, swept_at): (&mut Memory, &mut Option<Timestamp>),
    ) -> Result<Option<Step>, StepError> {
        let desk = self.desk.as_ref();
        let found = match by {
            View::AtHand => desk.ledger.at_hand(id).await?,
            View::Journal => desk.ledger.find(id).await?,
        };
        let Some(case) = found else {
            return Ok(Some(Step::Wait(None)));
        };
        if is_over(&case) {
            self.put_away(&case).await?;
            return Ok(None);
        }
        let now = desk.clock.now();
        let timing = &desk.rules.timing;
        let step = match lane {
            Lane::Act => match (desk.brake.news_for(&case), next_act(&case, timing, now)) {
                (Some(brake), _) => again(brakes::tell(desk, &case, brake).await)?,
                (None, Due::Now(task)) => again(act::act(desk, &case, &task).await)?,
                (None, Due::At(at)) => Step::Wait(Some(at)),
                (None, Due::Nothing) => Step::Wait(None),
            },
            Lane::Ask => {
                let trail = TrailState { configured: desk.trail.is_some(), swept_at: *swept_at };
                match next_ask(&case, timing, trail, now) {
                    Due::Now(task) => {
                        if matches!(task, crate::domain::agenda::Ask::Sweep(_)) {
                            *swept_at = Some(now);
                        }
                        again(ask::ask(desk, &case, &task).await)?
                    }
                    Due::At(at) => Step::Wait(Some(at)),
                    Due::Nothing => Step::Wait(None),
                }
            }
            Lane::Tell => match tell(desk, &case, memory).await {
                Ok(Told::Something) => Step::Again(View::AtHand),
                Err(StepError::MovedOn) => Step::Again(View::Journal),
                Ok(Told::Nothing) => Step::Wait(None),
                Err(error) => return Err(error),
            },
        };
        Ok(Some(step))
    }

    async fn put_away(&self, case: &Case) -> Result<(), StepError> {
        let failed = |error: crate::ports::journal::StoreError| {
            StepError::Ledger(crate::flow::ledger::LedgerError::Unreachable(error.0))
        };
        let digest = key_digest(&case.opening().key);
        self.desk.work.release_key(&digest, case.id()).await.map_err(failed)?;
        self.desk.work.unlist(case.id(), self.desk.clock.now()).await.map_err(failed)
    }

    /// Waits until something is due, the journal has grown, or it is time to look anyway.
    async fn rest(
        &self,
        at: Option<Timestamp>,
        patient: bool,
        (growth, over): (&mut watch::Receiver<u64>, &CancellationToken),
    ) -> View {
        let clock = &self.desk.clock;
        let due = async {
            match at {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = over.cancelled() => View::Journal,
            () = due => View::Journal,
            // After a failure the journal's growth is no reason to try again at once.
            _ = growth.changed(), if !patient => View::AtHand,
            () = clock.sleep(IDLE_LOOK), if !patient => View::Journal,
        }
    }

    async fn pause(&self, span: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.desk.clock.sleep(span) => {}
        }
    }
}

/// A case is over when it is archived, or closed without a channel that could be.
fn is_over(case: &Case) -> bool {
    let roomless = case.closed_at().is_some() && case.room().failed.is_some();
    case.is_archived() || roomless
}

fn again(outcome: Result<(), StepError>) -> Result<Step, StepError> {
    match outcome {
        Ok(()) => Ok(Step::Again(View::AtHand)),
        Err(StepError::MovedOn) => Ok(Step::Again(View::Journal)),
        Err(error) => Err(error),
    }
}

/// How long to wait after a failure: as long as Slack asks, else longer each time.
fn patience(error: &StepError, failures: u32) -> SignedDuration {
    tracing::warn!(%error, failures, "work did not come to its end and will be tried again");
    let seconds = match error {
        StepError::Chat(ChatError::Limited { seconds }) => (*seconds).max(1),
        StepError::Ledger(_)
        | StepError::Call(_)
        | StepError::Evidence(_)
        | StepError::Trail(_)
        | StepError::Chat(_)
        | StepError::MovedOn
        | StepError::Broken(_) => 1 << failures.saturating_sub(1).min(6),
    };
    SignedDuration::from_secs(seconds.min(BACKOFF_SECONDS_MAX) as i64)
}
