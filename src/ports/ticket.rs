//! The ticket for one change: it exists only when the intent is in the journal.

use crate::domain::action::Action;
use crate::domain::brake::Brake;
use crate::domain::caps::{Caps, Full, Room, Tally};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, CaseId};
use crate::domain::plan::PlanNumber;
use crate::domain::policy::Approval;
use crate::domain::record::{Entry, Record};
use crate::ports::journal::{AppendError, Brakes, Journal, StoreError};
use jiff::Timestamp;

/// Permission to carry out one step once; only [`begin`] makes one.
#[derive(Debug)]
pub struct Ticket {
    case: CaseId,
    account: AccountId,
    plan_hash: String,
    action: Action,
    record: Record,
    attempts: Vec<Timestamp>,
}

/// Replicas that count at the same moment look again; more often than this is a fault.
const COUNTS_MAX: u32 = 32;

/// Where the intent is written, and the brakes that may forbid it.
#[derive(Clone, Copy)]
pub struct Books<'a> {
    pub journal: &'a dyn Journal,
    pub brakes: &'a dyn Brakes,
    pub caps: Caps,
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
    /// A brake or a tally that cannot be read counts as on.
    #[error("whether changes may begin cannot be read: {0}")]
    BrakeUnknown(String),
    /// A cap per hour is reached, and no approver proved who they are.
    #[error("{}", .0.why)]
    Capped(Full),
    #[error(transparent)]
    Append(#[from] AppendError),
}

/// Writes the intent and returns the ticket; nothing acts before its intent is in the journal, and
/// nothing is intended while the brake is on, or beyond a cap that nobody proved themselves above.
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
    // Both are read before each intent, so that no replica can miss that one moved.
    let (brake, tally) = tokio::join!(books.brakes.brake(), books.brakes.tally());
    match brake.map_err(unknown)? {
        Some(brake) if brake.frozen => return Err(NoTicket::Frozen(Box::new(brake))),
        Some(_) | None => {}
    }
    let principal = (case.id(), step.action.on.id.as_str());
    let proven = state.stepped_up.is_some();
    count(books, tally.map_err(unknown)?, principal, (proven, now)).await?;
    books.journal.append(&record).await?;
    Ok(Ticket {
        case: case.id().clone(),
        account: state.plan.account.clone(),
        plan_hash: state.hash.clone(),
        action: step.action.clone(),
        attempts: attempts(&after, which),
        record,
    })
}

/// When each attempt at the step was intended, this one last.
fn attempts(case: &Case, which: StepAttempt) -> Vec<Timestamp> {
    let own = (which.plan, which.step);
    let of_step =
        |event: &Event| matches!(event, Event::Intent { plan, step, .. } if (*plan, *step) == own);
    let records = case.records().iter().filter(|record| of_step(&record.event));
    records.map(|record| record.at).collect()
}

/// Counts a principal that was not begun within the hour, if there is room for one more.
async fn count(
    books: Books<'_>,
    mut tally: Tally,
    principal: (&CaseId, &str),
    (proven, now): (bool, Timestamp),
) -> Result<(), NoTicket> {
    for _ in 0..COUNTS_MAX {
        let next = match tally.room(books.caps, principal, proven, now) {
            Room::Counted => return Ok(()),
            Room::Full(full) => return Err(NoTicket::Capped(full)),
            Room::Count(next) => next,
        };
        if books.brakes.count(&next).await.map_err(unknown)? {
            return Ok(());
        }
        tally = books.brakes.tally().await.map_err(unknown)?;
    }
    Err(NoTicket::BrakeUnknown("too many replicas count at once".to_owned()))
}

fn unknown(error: StoreError) -> NoTicket {
    NoTicket::BrakeUnknown(error.0)
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

    /// When each attempt at the step was intended, this one last.
    pub fn attempts(&self) -> &[Timestamp] {
        &self.attempts
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
    use async_trait::async_trait;
    use std::sync::Mutex;

    /// Remembers what is appended, and has a brake in a state of its own.
    struct Shelf {
        brake: Result<Option<Brake>, StoreError>,
        tally: Mutex<Tally>,
        /// Another replica counts this often right before us.
        overtaken: Mutex<u32>,
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

        async fn tally(&self) -> Result<Tally, StoreError> {
            Ok(self.tally.lock().unwrap().clone())
        }

        async fn count(&self, tally: &Tally) -> Result<bool, StoreError> {
            let (mut kept, mut overtaken) =
                (self.tally.lock().unwrap(), self.overtaken.lock().unwrap());
            if *overtaken > 0 {
                *overtaken -= 1;
                kept.number += 1;
            }
            let next = tally.number == kept.number + 1;
            if next {
                *kept = tally.clone();
            }
            Ok(next)
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

    fn shelf(brake: Result<Option<Brake>, StoreError>) -> Shelf {
        Shelf {
            brake,
            tally: Mutex::default(),
            overtaken: Mutex::default(),
            appended: Mutex::default(),
        }
    }

    /// What comes of the first step of an approved plan, and how many intents were written.
    async fn begun(brake: Result<Option<Brake>, StoreError>) -> (Result<(), NoTicket>, usize) {
        begun_with(&shelf(brake), Caps::default()).await
    }

    async fn begun_with(shelf: &Shelf, caps: Caps) -> (Result<(), NoTicket>, usize) {
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
        let books = Books { journal: shelf, brakes: shelf, caps };
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
    async fn beyond_a_cap_nothing_is_intended_and_below_it_the_principal_is_counted() {
        let full = shelf(Ok(None));
        let caps = Caps { cases_per_hour: 0, ..Caps::default() };
        let (ticket, intents) = begun_with(&full, caps).await;
        assert!(matches!(ticket, Err(NoTicket::Capped(_))), "{ticket:?}");
        assert_eq!((intents, full.tally.lock().unwrap().number), (0, 0));
        let free = shelf(Ok(None));
        assert_eq!(begun_with(&free, Caps::default()).await, (Ok(()), 1));
        assert_eq!(free.tally.lock().unwrap().counts(at(3)), (1, 1));
    }

    #[tokio::test]
    async fn a_replica_that_was_overtaken_counts_again() {
        let busy = Shelf { overtaken: Mutex::new(3), ..shelf(Ok(None)) };
        assert_eq!(begun_with(&busy, Caps::default()).await, (Ok(()), 1));
        assert_eq!(busy.tally.lock().unwrap().number, 4);
        let hopeless = Shelf { overtaken: Mutex::new(u32::MAX), ..shelf(Ok(None)) };
        let (ticket, intents) = begun_with(&hopeless, Caps::default()).await;
        assert!(matches!(ticket, Err(NoTicket::BrakeUnknown(_))) && intents == 0);
    }

    #[tokio::test]
    async fn a_brake_that_is_off_or_was_never_touched_holds_nobody_up() {
        assert_eq!(begun(Ok(None)).await, (Ok(()), 1));
        assert_eq!(begun(Ok(Some(brake(false)))).await, (Ok(()), 1));
    }
}
