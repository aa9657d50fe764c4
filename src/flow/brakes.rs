//! The brake on all changes: what this process last saw of it, and each case told when it moves.
//!
//! Needs: a freeze must hold for every replica at once, and the journal must say why approved work
//! waited. Whether a step may begin is asked of the store each time, in `ports::ticket::begin`. What
//! is remembered here only keeps the lanes from asking in vain, and writes each move into the
//! cases that are open: so the channel hears of it, and a replica that stalled before the freeze
//! finds that the case has moved on.

use crate::domain::brake::Brake;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::record::Entry;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::ports::journal::StoreError;
use std::sync::{Mutex, PoisonError};

/// The newest move of the brake that this process has seen.
#[derive(Debug, Default)]
pub struct Seen(Mutex<Option<Brake>>);

impl Seen {
    /// Remembers a move unless a newer one is known.
    pub fn note(&self, brake: &Brake) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.as_ref().is_none_or(|known| known.number < brake.number) {
            *seen = Some(brake.clone());
        }
    }

    /// What a case has not heard yet; a case that never knew a freeze need not hear of its end.
    pub fn news_for(&self, case: &Case) -> Option<Brake> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let known = case.brake().map_or(0, |brake| brake.number);
        let matters = seen.frozen || case.is_frozen();
        (case.closed_at().is_none() && seen.number > known && matters).then_some(seen)
    }
}

/// Looks at the brake as it is now.
pub async fn look(desk: &Desk) -> Result<(), StoreError> {
    if let Some(brake) = desk.work.brake().await? {
        desk.brake.note(&brake);
    }
    Ok(())
}

/// Writes a move of the brake into a case that has not heard of it.
pub async fn tell(desk: &Desk, case: &Case, brake: Brake) -> Result<(), StepError> {
    desk.brake.note(&brake);
    let number = brake.number;
    let event = Event::Braked { brake: Box::new(brake) };
    let entry = Entry::own(desk.clock.now(), event);
    let outcome = desk.ledger.append(case.id(), |case| {
        let known = case.brake().map_or(0, |brake| brake.number);
        Ok::<_, StepError>((known < number).then(|| entry.clone()))
    });
    outcome.await?;
    Ok(())
}
