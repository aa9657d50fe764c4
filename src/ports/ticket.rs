//! The ticket for one change: it exists only when the intent is in the journal.

use crate::domain::action::Action;
use crate::domain::brake::Brake;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, CaseId};
use crate::domain::plan::PlanNumber;
use crate::domain::policy::Approval;
use crate::domain::record::{Entry, Record};
use crate::ports::journal::{AppendError, Brakes, Journal};
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

/// Where the intent is written, and the brake that may forbid it.
#[derive(Clone, Copy)]
pub struct Books<'a> {
    pub journal: &'a dyn Journal,
    pub brakes: &'a dyn Brakes,
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
    /// The brake is on; it is read before each intent, so that no replica can miss it.
    #[error("{}", .0.words())]
    Frozen(Box<Brake>),
    /// A brake that cannot be read counts as on.
    #[error("whether all changes are frozen cannot be read: {0}")]
    BrakeUnknown(String),
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Writes the intent and returns the ticket; nothing acts before its intent is in the journal, and
/// nothing is intended while the brake is on.
pub async fn begin(
    books: Books<'_>,
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
    match books.brakes.brake().await {
        Ok(Some(brake)) if brake.frozen => return Err(NoTicket::Frozen(Box::new(brake))),
        Ok(_) => {}
        Err(error) => return Err(NoTicket::BrakeUnknown(error.0)),
    }
    books.journal.append(&record).await?;
    Ok(Ticket {
        case: case.id().clone(),
        account: state.plan.account.clone(),
        plan_hash: state.hash.clone(),
        action: step.action.clone(),
        record,
    })
}

impl std::fmt::Debug for Books<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Books")
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::PlanKind;
    use crate::domain::policy::recorded;
    use crate::domain::record::Actor;
    use crate::domain::sample::{at, opened, person, plan};
    use crate::ports::journal::StoreError;
    use async_trait::async_trait;
    use std::sync::Mutex;

    /// Remembers what is appended, and has a brake in a state of its own.
    struct Shelf {
        brake: Result<Option<Brake>, StoreError>,
        appended: Mutex<Vec<Record>>,
    }

    #[async_trait]
    impl Journal for Shelf {
        async fn append(&self, record: &Record) -> Result<(), AppendError> {
            self.appended.lock().unwrap().push(record.clone());
            Ok(())
        }

        async fn read(&self, _case: &CaseId, _after: u64) -> Result<Vec<String>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[async_trait]
    impl Brakes for Shelf {
        async fn brake(&self) -> Result<Option<Brake>, StoreError> {
            self.brake.clone()
        }

        async fn move_brake(&self, _brake: &Brake) -> Result<bool, StoreError> {
            Ok(false)
        }
    }

    fn brake(frozen: bool) -> Brake {
        Brake {
            number: 1,
            frozen,
            at: at(0),
            by: person("bob"),
            name: "bob".to_owned(),
            why: "the bot runs wild".to_owned(),
            proof: String::new(),
        }
    }

    /// What comes of the first step of an approved plan, and how many intents were written.
    async fn begun(brake: Result<Option<Brake>, StoreError>) -> (Result<(), NoTicket>, usize) {
        let mut case = opened();
        let plan = plan(&case, PlanKind::Containment);
        let (number, hash) = (plan.number, plan.hash());
        let entry = |user: &str, event| Entry {
            actor: Actor::Person { person: person(user), name: None },
            ..Entry::own(at(2), event)
        };
        let proposed = Event::Proposed { plan: Box::new(plan), hash: hash.clone() };
        for (user, event) in [("ana", proposed), ("bob", Event::Approved { plan: number, hash })] {
            let record = entry(user, event).chained(case.id().clone(), case.last_record());
            case.apply(&record).unwrap();
        }
        let approval = recorded(&case, number).unwrap();
        let shelf = Shelf { brake, appended: Mutex::default() };
        let books = Books { journal: &shelf, brakes: &shelf };
        let which = StepAttempt { plan: number, step: 0, attempt: 1 };
        let ticket = begin(books, &case, &approval, which, at(3)).await.map(|_| ());
        let intents = shelf.appended.lock().unwrap().len();
        (ticket, intents)
    }

    #[tokio::test]
    async fn while_the_brake_is_on_nothing_is_even_intended() {
        let (ticket, intents) = begun(Ok(Some(brake(true)))).await;
        assert_eq!((ticket, intents), (Err(NoTicket::Frozen(Box::new(brake(true)))), 0));
    }

    #[tokio::test]
    async fn a_brake_that_cannot_be_read_counts_as_on() {
        let (ticket, intents) = begun(Err(StoreError("away".to_owned()))).await;
        assert_eq!((ticket, intents), (Err(NoTicket::BrakeUnknown("away".to_owned())), 0));
    }

    #[tokio::test]
    async fn a_brake_that_is_off_or_was_never_touched_holds_nobody_up() {
        assert_eq!(begun(Ok(None)).await, (Ok(()), 1));
        assert_eq!(begun(Ok(Some(brake(false)))).await, (Ok(()), 1));
    }
}
