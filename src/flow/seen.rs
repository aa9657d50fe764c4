//! What this process last saw of the brake.

use crate::domain::brake::Brake;
use crate::domain::case::Case;
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
