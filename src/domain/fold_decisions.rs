//! The part of the fold that is about who approved a plan: approvals, and the words of owners.

use crate::domain::fold::IllegalRecord;
use crate::domain::ids::PersonId;
use crate::domain::plan_state::PlanState;
use crate::domain::record::Press;

impl PlanState {
    /// An approval; one person who also proves themselves at the command line is still one.
    pub(super) fn approve(
        &mut self,
        hash: &str,
        by: Press,
        proven: bool,
    ) -> Result<(), IllegalRecord> {
        judge_approval(self, hash, (&by.by, proven))?;
        self.approvals.retain(|before| before.by != by.by);
        if proven {
            self.stepped_up = Some(by.clone());
        }
        self.approvals.push(by);
        Ok(())
    }

    /// The word of an owner, which only the plan that asks for it takes.
    pub(super) fn agree(&mut self, hash: &str, word: Press) -> Result<(), IllegalRecord> {
        if self.hash != hash {
            return Err(IllegalRecord::OtherHash);
        }
        self.must_be_open()?;
        if !self.asks_owner(&word.by) {
            return Err(IllegalRecord::WrongState("about something of this person's"));
        }
        if self.approvals.iter().chain(&self.agreed).any(|before| before.by == word.by) {
            return Err(IllegalRecord::AlreadyApproved);
        }
        self.agreed.push(word);
        Ok(())
    }

    pub(super) fn withdraw(&mut self, person: &PersonId) -> Result<(), IllegalRecord> {
        self.must_be_open()?;
        let before = self.approvals.len() + self.agreed.len();
        self.approvals.retain(|approval| approval.by != *person);
        self.agreed.retain(|word| word.by != *person);
        if self.approvals.len() + self.agreed.len() == before {
            return Err(IllegalRecord::WrongState("approved by this person"));
        }
        self.stepped_up.take_if(|press| press.by == *person);
        Ok(())
    }
}

/// Whether this approval may be written: the right plan, still open, another person, once; a
/// second time only by who proves themselves where a cap holds the plan up.
fn judge_approval(
    state: &PlanState,
    hash: &str,
    (by, proven): (&PersonId, bool),
) -> Result<(), IllegalRecord> {
    if state.hash != hash {
        return Err(IllegalRecord::OtherHash);
    }
    if state.plan.requested_by == *by {
        return Err(IllegalRecord::Requester);
    }
    let steps_up = proven && state.awaits_step_up().is_some();
    if !steps_up && state.approvals.iter().any(|approval| approval.by == *by) {
        return Err(IllegalRecord::AlreadyApproved);
    }
    if state.denied.is_some() || state.voided.is_some() || state.expired {
        return Err(IllegalRecord::WrongState("open to decisions"));
    }
    Ok(())
}
