//! Holding the lease on a case: taking it, renewing it, and knowing when it is lost.

use crate::domain::ids::CaseId;
use crate::flow::desk::Desk;
use crate::flow::hold::{Hold, LEASE};
use crate::ports::clock::{Clock, Mark};
use crate::ports::journal::{Claim, Lease};
use crate::worker::waits::Waits;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A lease is renewed so often in its time that some renewals may fail.
const RENEWALS: i32 = 6;
/// How often a case that another replica has is looked at; its lease's end is looked at too.
const OTHERS_LOOK: Duration = Duration::from_secs(5);
/// The end of another's lease is looked at so much after it, since clocks differ a little.
const AFTER_ITS_END: SignedDuration = SignedDuration::from_millis(100);

/// The leases of one process.
#[derive(Debug)]
pub(super) struct Leases {
    /// The name under which this process holds them.
    holder: String,
    /// Leases of others as they were first seen, to notice that nobody renews them.
    watched: Mutex<BTreeMap<CaseId, (Lease, Mark)>>,
}

/// A case that this process holds, until `over`.
pub(super) struct Holding<'a> {
    pub(super) id: &'a CaseId,
    pub(super) hold: &'a Hold,
    pub(super) over: &'a CancellationToken,
    pub(super) waits: &'a Waits,
}

impl Leases {
    pub(super) fn new(holder: String) -> Self {
        Self { holder, watched: Mutex::default() }
    }

    /// The lease, or how long to wait before asking again.
    pub(super) async fn claim(&self, desk: &Desk, id: &CaseId) -> Result<Lease, Duration> {
        let now = desk.clock.now();
        let theirs = match desk.work.lease(id, &self.holder, now, now + LEASE).await {
            Ok(Claim::Mine(lease)) => {
                self.watched.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
                return Ok(lease);
            }
            Ok(Claim::Theirs(theirs)) => theirs,
            Err(error) => {
                tracing::warn!(%error, "the lease cannot be taken");
                return Err(OTHERS_LOOK);
            }
        };
        if self.was_watched(&desk.clock, &theirs) {
            tracing::warn!(holder = theirs.holder, "a lease was not renewed and is taken over");
            match desk.work.take_over(&theirs, &self.holder, now + LEASE).await {
                Ok(Some(lease)) => return Ok(lease),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the lease cannot be taken over"),
            }
        }
        Err(until_its_end(&theirs, now))
    }

    /// Whether another's lease has stood as it is for longer than one may.
    fn was_watched(&self, clock: &Clock, theirs: &Lease) -> bool {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let (seen, since) =
            watched.entry(theirs.case.clone()).or_insert_with(|| (theirs.clone(), clock.mark()));
        if seen != theirs {
            (*seen, *since) = (theirs.clone(), clock.mark());
        }
        clock.age(since) > LEASE
    }

    /// Renews the lease in time, and ends the work when it is lost or not sure any more.
    pub(super) async fn keep(&self, desk: &Desk, holding: &Holding<'_>) {
        let Holding { id, hold, over, waits: _ } = holding;
        let every = Duration::try_from(LEASE / RENEWALS).unwrap_or(OTHERS_LOOK);
        loop {
            tokio::select! {
                () = over.cancelled() => return,
                () = desk.clock.sleep(every) => {}
            }
            let asked: Mark = desk.clock.mark();
            let now = desk.clock.now();
            match desk.work.lease(id, &self.holder, now, now + LEASE).await {
                Ok(Claim::Mine(_)) => hold.renew(asked),
                Ok(Claim::Theirs(theirs)) => {
                    tracing::warn!(holder = theirs.holder, "another replica has the case now");
                    over.cancel();
                }
                // Others cannot know of it before it is over; until then it may be renewed yet.
                Err(error) => tracing::warn!(%error, "the lease was not renewed"),
            }
            if hold.is_over() {
                tracing::warn!("the lease ran out; the case is taken up again when it is free");
                over.cancel();
            }
        }
    }
}

fn until_its_end(theirs: &Lease, now: Timestamp) -> Duration {
    let left = theirs.until.duration_since(now) + AFTER_ITS_END;
    match Duration::try_from(left) {
        Ok(left) if !left.is_zero() => left.min(OTHERS_LOOK),
        Ok(_) | Err(_) => OTHERS_LOOK,
    }
}
