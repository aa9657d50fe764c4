//! What was taken in and is still to be read: done under a lease, by one process, until it is done.

use crate::domain::ids::CaseId;
use crate::flow::desk::Desk;
use crate::flow::file_intake;
use crate::flow::hold::Hold;
use crate::flow::lane::StepError;
use crate::flow::timeline;
use crate::worker::lease::{Holding, Leases};
use crate::worker::waits::Waits;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What failed is tried again this much later.
const AGAIN_AFTER: Duration = Duration::from_secs(10);

/// The name under which it is leased; no case is called so.
pub(super) fn lease_name(kept: &str) -> CaseId {
    CaseId(format!("inbox-{kept}"))
}

/// Does what is kept under this id; the time to wait where it is not done.
pub(super) async fn work_off(
    desk: &Desk,
    (leases, waits): (&Leases, &Waits),
    (kept, over): (&str, &CancellationToken),
) -> Option<Duration> {
    let name = lease_name(kept);
    let asked = desk.clock.mark();
    let lease = match leases.claim(desk, &name).await {
        Ok(lease) => lease,
        Err(wait) => return Some(wait),
    };
    let hold = Hold::new(desk.clock, asked);
    let holding = Holding { id: &name, hold: &hold, over, waits };
    // Ending in the middle is safe: whoever takes it up does all of it again.
    let outcome = tokio::select! {
        () = leases.keep(desk, &holding) => Ok(()),
        outcome = do_it(desk, kept) => outcome,
    };
    if let Err(error) = desk.work.release(&lease).await {
        tracing::warn!(%error, "the lease was not given back; it will run out");
    }
    let error = outcome.err()?;
    tracing::warn!(%error, "what was taken in was not done to its end and is done again");
    Some(AGAIN_AFTER)
}

/// Looks again under the lease, because another process may have done it meanwhile.
async fn do_it(desk: &Desk, kept: &str) -> Result<(), StepError> {
    let all = desk.work.kept().await?;
    match all.into_iter().find(|one| one.id == kept) {
        Some(kept) if timeline::is_ours(&kept) => timeline::work_off(desk, &kept).await,
        Some(kept) => file_intake::work_off(desk, &kept).await,
        None => Ok(()),
    }
}
