//! What the lanes share: how a piece of work ends, and noting an event of the bot's own.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::record::Entry;
use crate::flow::desk::Desk;
use crate::flow::ledger::{LedgerError, NotAppended};
use crate::ports::chat::ChatError;
use crate::ports::cloud::CallError;
use crate::ports::evidence::EvidenceError;
use crate::ports::journal::StoreError;
use crate::ports::trail::TrailError;

/// Why a piece of work did not come to its end; it is found again and tried again.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// Somebody else was quicker; what is due is looked at afresh.
    #[error("the case has moved on")]
    MovedOn,
    #[error("stored evidence cannot be read: {0}")]
    Broken(String),
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(LedgerError::Unreachable(error.0))
    }
}

impl<E: Into<StepError>> From<NotAppended<E>> for StepError {
    fn from(error: NotAppended<E>) -> Self {
        match error {
            NotAppended::Judged(error) => error.into(),
            NotAppended::Illegal(_) => Self::MovedOn,
            NotAppended::Ledger(error) => Self::Ledger(error),
        }
    }
}

/// Appends an event of the bot's own.
pub async fn note(desk: &Desk, case: &Case, event: Event) -> Result<(), StepError> {
    desk.ledger.note(case.id(), Entry::own(desk.clock.now(), event)).await?;
    Ok(())
}

/// Writes down what was concluded from `case`, onto that state and no other: when anything but
/// talk was added since, the conclusion has to be drawn afresh.
pub async fn conclude(desk: &Desk, case: &Case, event: Event) -> Result<Case, StepError> {
    let entry = Entry::own(desk.clock.now(), event);
    let drawn_from = case.substance();
    let still = |case: &Case| match case.substance() == drawn_from {
        true => Ok(Some(entry.clone())),
        false => Err(StepError::MovedOn),
    };
    Ok(desk.ledger.append(case.id(), still).await?)
}
