//! The worker: finds work in the journal, claims a case by a lease, and runs its four lanes.
//!
//! Needs: nothing that Slack or AWS does slowly may hold up a containment; two replicas must not do
//! the same thing; a crash must lose nothing. So a case has four lanes that only share its
//! journal: one changes the account, one reads, one speaks, one anchors and pages. Each asks what
//! is due, does it, and looks again. What is due depends on the journal alone, so a restart finds
//! the same work, its timers too. What a process may still do when its lease is in doubt:
//! `flow::hold`.

mod inbox;
mod lane;
mod lease;
mod places;
mod waits;

use crate::domain::ids::CaseId;
use crate::flow::brakes;
use crate::flow::desk::Desk;
use crate::flow::hold::Hold;
use crate::ports::journal::StoreError;
use crate::worker::lane::run;
use crate::worker::lease::{Holding, Leases};
use crate::worker::places::{Lane, Places};
use crate::worker::waits::Waits;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often the list of open cases is read for cases that another process opened.
const DISCOVERY: SignedDuration = SignedDuration::from_secs(2);
/// How long a shutdown waits for the work in hand.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(20);

/// The worker of one process.
#[derive(Debug)]
pub struct Worker {
    desk: Arc<Desk>,
    leases: Leases,
    tracker: TaskTracker,
    stop: CancellationToken,
    in_hand: Mutex<BTreeSet<CaseId>>,
    places: Places,
    waits: Waits,
    arrived: Notify,
    beat: Mutex<Beat>,
}

/// The dead-man signal: what stops to move when the worker does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beat {
    /// When it last began to look for work; that stands still only if the worker has ended.
    pub turned: Option<Timestamp>,
    /// When it last found out all that there is; that stands still also while a store is away.
    pub found: Option<Timestamp>,
}

impl Worker {
    pub fn new(desk: Arc<Desk>, holder: String, tracker: TaskTracker) -> Arc<Self> {
        Arc::new(Self {
            desk,
            leases: Leases::new(holder),
            tracker,
            stop: CancellationToken::new(),
            in_hand: Mutex::default(),
            places: Places::default(),
            waits: Waits::default(),
            arrived: Notify::new(),
            beat: Mutex::default(),
        })
    }

    /// Runs in the background until [`Worker::shut_down`].
    pub fn start(self: &Arc<Self>) {
        let worker = Arc::clone(self);
        self.tracker.spawn(async move { worker.discover().await });
    }

    /// Something was taken in that need not wait for the next look.
    pub fn wake(&self) {
        self.arrived.notify_one();
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

    /// How long the oldest work that is due here has waited to be done.
    pub fn oldest_wait(&self) -> Option<SignedDuration> {
        self.waits.oldest(self.desk.clock.now())
    }

    /// When this process last looked for work.
    pub fn beat(&self) -> Beat {
        *self.heart()
    }

    fn heart(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn discover(self: Arc<Self>) {
        let mut begun = self.desk.ledger.begun();
        let mut list_at = self.desk.clock.now();
        while !self.stop.is_cancelled() {
            self.heart().turned = Some(self.desk.clock.now());
            if list_at <= self.desk.clock.now() {
                match self.take_what_is_there().await {
                    Ok(()) => self.heart().found = Some(self.desk.clock.now()),
                    Err(error) => tracing::warn!(%error, "not all work can be found"),
                }
                list_at = self.desk.clock.now() + DISCOVERY;
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = self.desk.clock.sleep_until(list_at) => {}
                () = self.arrived.notified() => list_at = self.desk.clock.now(),
                // One that was missed for lagging behind is in the list.
                case = begun.recv() => if let Ok(case) = case { self.take(case) },
            }
        }
    }

    /// Looks at the brake, and takes up every case and file that waits; a part that cannot be read
    /// does not keep the others from it.
    async fn take_what_is_there(self: &Arc<Self>) -> Result<(), StoreError> {
        let brake = brakes::look(&self.desk).await;
        let cases = self.desk.work.open_cases().await.map(|cases| {
            cases.into_iter().for_each(|case| self.take(case));
        });
        let kept = self.desk.work.kept().await.map(|kept| {
            kept.into_iter().for_each(|kept| self.take_kept(kept.id));
        });
        brake.and(cases).and(kept)
    }

    /// Starts on a case unless it is in hand already.
    fn take(self: &Arc<Self>, case: CaseId) {
        if self.take_in_hand(&case) {
            let worker = Arc::clone(self);
            self.tracker.spawn(async move {
                worker.work_on(&case).await;
                worker.put_down(&case);
            });
        }
    }

    /// Starts on what was taken in, unless it is in hand already.
    fn take_kept(self: &Arc<Self>, kept: String) {
        let name = inbox::lease_name(&kept);
        if self.take_in_hand(&name) {
            let worker = Arc::clone(self);
            self.tracker.spawn(async move {
                let over = worker.stop.child_token();
                let holding = (&worker.leases, &worker.waits);
                let again = inbox::work_off(&worker.desk, holding, (&kept, &over)).await;
                if let Some(wait) = again {
                    worker.pause(wait).await;
                }
                worker.put_down(&name);
            });
        }
    }

    fn take_in_hand(&self, id: &CaseId) -> bool {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone())
    }

    fn put_down(&self, id: &CaseId) {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
    }

    /// Holds the lease on a case and runs its lanes until it is over, lost, or we stop.
    #[tracing::instrument(skip_all, fields(case.id = %id))]
    async fn work_on(&self, id: &CaseId) {
        let desk = self.desk.as_ref();
        let asked = desk.clock.mark();
        let lease = match self.leases.claim(desk, id).await {
            Ok(lease) => lease,
            Err(wait) => return self.pause(wait).await,
        };
        let hold = Hold::new(desk.clock, asked);
        let over = self.stop.child_token();
        let holding = Holding { id, hold: &hold, over: &over, waits: &self.waits };
        // On the heap, because all of them together are too much for a worker's stack.
        let lane = |lane| Box::pin(run((desk, &self.places), &holding, lane));
        tokio::join!(
            self.leases.keep(desk, &holding),
            lane(Lane::Act),
            lane(Lane::Ask),
            lane(Lane::Tell),
            lane(Lane::Anchor),
        );
        if let Err(error) = desk.work.release(&lease).await {
            tracing::warn!(%error, "the lease was not given back; it will run out");
        }
    }

    async fn pause(&self, span: Duration) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.desk.clock.sleep(span) => {}
        }
    }
}
