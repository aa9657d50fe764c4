//! Asking AWS's own log whether it tells the same as the journal of a case.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::reconciliation::Reconciliation;
use crate::domain::witness::{SKEW_MAX, Testimony, reconcile};
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use crate::ports::cloud::{CallError, Contain};
use crate::ports::journal::{StoreError, Work};
use crate::ports::trail::{Trail, TrailError, Window};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// Where the two accounts of a case lie.
#[derive(Clone, Copy)]
pub struct Witnesses<'a> {
    pub work: &'a dyn Work,
    /// `None` where nothing is ever changed.
    pub contain: Option<&'a dyn Contain>,
    pub trail: Option<&'a dyn Trail>,
    /// After this long a trail is taken to be delivered.
    pub complete_after: SignedDuration,
}

/// Why the two could not be held against each other.
#[derive(Debug, thiserror::Error)]
pub enum NotReconciled {
    #[error("no trail is configured, so AWS cannot be asked; set trail.paths or trail.athena")]
    NoTrail,
    #[error(
        "no rights to change anything are configured, so there is nothing of keyleak's to find"
    )]
    ReadOnly,
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads the calls of the bot's rights in the time of the case, and judges them.
pub async fn held_against(
    witnesses: &Witnesses<'_>,
    case: &Case,
    now: Timestamp,
) -> Result<Reconciliation, NotReconciled> {
    let contain = witnesses.contain.ok_or(NotReconciled::ReadOnly)?;
    let trail = witnesses.trail.ok_or(NotReconciled::NoTrail)?;
    let doer = contain.acts_as().await?;
    let window = Window { from: Some(case.opened_at() - SKEW_MAX), to: None };
    let rows = trail.done_by(doer.arn(), window).await?;
    let cases: BTreeSet<CaseId> = witnesses.work.all_cases().await?.into_iter().collect();
    let testimony = Testimony {
        doer: &doer,
        rows: &rows,
        watermark: trail.watermark().await?,
        delivered_before: now - witnesses.complete_after,
        cases: &cases,
    };
    Ok(reconcile(case, &testimony))
}

/// Does it for a case that is being closed, once; a failure is a result too.
pub async fn at_closing(desk: &Desk, case: &Case) -> Result<(), StepError> {
    let witnesses = Witnesses {
        work: desk.work.as_ref(),
        contain: desk.contain.as_deref(),
        trail: desk.trail.as_deref(),
        complete_after: desk.rules.timing.trail_complete_after,
    };
    let event = match held_against(&witnesses, case, desk.clock.now()).await {
        Ok(result) => Event::Reconciled { result: Box::new(result) },
        Err(error) => Event::NotReconciled { why: error.to_string() },
    };
    note(desk, case, event).await
}

impl std::fmt::Debug for Witnesses<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Witnesses")
    }
}
