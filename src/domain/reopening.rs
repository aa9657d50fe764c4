//! Who may take a closed case up again.

use crate::domain::case::Case;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;

impl Policy {
    /// Whether this person may take the case up again: as who may close it, and not before all of
    /// it is put away.
    pub fn may_reopen(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_disinterested_staff(caller, case)?;
        match (case.closed_at(), case.is_archived()) {
            (None, _) => Err(Refusal::NotClosed),
            (Some(_), false) => Err(Refusal::StillClosing),
            (Some(_), true) => Ok(()),
        }
    }
}
