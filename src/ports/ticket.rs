//! The ticket for one change: it exists only when the intent is in the journal.

use crate::domain::action::Action;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, CaseId};
use crate::domain::plan::PlanNumber;
use crate::domain::policy::Approval;
use crate::domain::record::{Entry, Record};
use crate::ports::journal::{AppendError, Journal};
use jiff::Timestamp;

/// Permission to carry out one step once; only [`begin`] makes one.
#[derive(Debug)]
pub struct Ticket {
    case: CaseId,
    account: AccountId,
    plan_hash: String,
    action: Action,
    record: Record,
}

/// Which step, and the how-manieth attempt at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepAttempt {
    pub plan: PlanNumber,
    pub step: u32,
    pub attempt: u32,
}

/// Why a step did not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTicket {
    #[error("the approval is for another plan or the step is not in it")]
    NotApproved,
    #[error("the step may not begin now: {0}")]
    Illegal(String),
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Writes the intent and returns the ticket; nothing acts before its intent is in the journal.
pub async fn begin(
    journal: &dyn Journal,
    case: &Case,
    approval: &Approval,
    which: StepAttempt,
    now: Timestamp,
) -> Result<Ticket, NoTicket> {
    let state = case.plan(which.plan).ok_or(NoTicket::NotApproved)?;
    if approval.plan_hash() != state.hash || approval.case() != case.id() {
        return Err(NoTicket::NotApproved);
    }
    let step = state.step(which.step).ok_or(NoTicket::NotApproved)?;
    let event = Event::Intent {
        plan: which.plan,
        step: which.step,
        attempt: which.attempt,
        plan_hash: state.hash.clone(),
    };
    let record = Entry::own(now, event).chained(case.id().clone(), case.last_record());
    let mut after = case.clone();
    after.apply(&record).map_err(|error| NoTicket::Illegal(error.to_string()))?;
    journal.append(&record).await?;
    Ok(Ticket {
        case: case.id().clone(),
        account: state.plan.account.clone(),
        plan_hash: state.hash.clone(),
        action: step.action.clone(),
        record,
    })
}

impl Ticket {
    /// The case, which becomes the session name of the role that acts.
    pub fn case(&self) -> &CaseId {
        &self.case
    }

    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The plan's hash, which becomes the source identity of the role that acts.
    pub fn plan_hash(&self) -> &str {
        &self.plan_hash
    }

    pub fn action(&self) -> &Action {
        &self.action
    }

    /// The intent as it stands in the journal.
    pub fn record(&self) -> &Record {
        &self.record
    }
}
