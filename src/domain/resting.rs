//! Whether anything may rest on the containment of a case: it is complete, in force, and to stay.

use crate::domain::case::Case;

/// Why nothing may rest on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shaky {
    /// The case does not say "contained".
    NotContained,
    /// The last reading back found something of it undone.
    Reverted,
    /// People decided to take it back.
    BeingUndone,
}

/// What is wrong with the containment as it stands; none where it holds.
pub fn shaky(case: &Case) -> Option<Shaky> {
    let contained = case.standing_containment().filter(|state| state.contained.is_some());
    match contained {
        None => Some(Shaky::NotContained),
        Some(state) if state.reverted().is_some() => Some(Shaky::Reverted),
        Some(_) if case.is_being_undone() => Some(Shaky::BeingUndone),
        Some(_) => None,
    }
}
