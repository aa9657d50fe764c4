//! Orders from the command line: proven by AWS, then judged by the rules of a press in Slack.

use crate::domain::brake::{Brake, next_number};
use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::event::Event;
use crate::domain::identity::{Nobody, Operators};
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::operator::{BadProof, Order, Proven, Signature};
use crate::domain::policy::is_part_of;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::flow::adjust::{self, Ordered};
use crate::flow::decide::{self, Pressed};
use crate::flow::desk::Bench;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::Speaker;
use crate::ports::journal::{StoreError, Work};
use crate::ports::witness::{Witness, WitnessError};

/// What an order is judged with.
#[derive(Clone, Copy)]
pub struct Counter<'a> {
    pub bench: Bench<'a>,
    pub work: &'a dyn Work,
    pub witness: &'a dyn Witness,
    pub operators: &'a Operators,
}

/// Why an order was not carried out; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    #[error("{0}")]
    Proof(#[from] BadProof),
    #[error("{0}")]
    Witness(#[from] WitnessError),
    #[error("{0}")]
    Nobody(#[from] Nobody),
    #[error(
        "{arn} is part of case {case}: it grew from an exposed key, or owns it, so it decides \
         nothing; use credentials that the case does not name"
    )]
    PartOfACase { arn: String, case: CaseId },
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The rules said no, in the words that Slack would whisper.
    #[error("{0}")]
    Judged(String),
    #[error("somebody else moved the brake meanwhile; look with `keyleak cases`, then try again")]
    BrakeMoved,
    #[error("it is already so: {0}")]
    AlreadySo(String),
    #[error("not recorded: {0}")]
    Ledger(#[from] LedgerError),
    #[error("not recorded: {0}")]
    Store(#[from] StoreError),
}

/// Proves an order and does what it says; the person whose order it was.
pub async fn carry_out(
    counter: &Counter<'_>,
    order: Order,
    signature: &Signature,
) -> Result<Caller, NotDone> {
    let proven = prove(counter, order, signature).await?;
    let user = counter.operators.person(proven.identity())?.to_owned();
    refuse_the_implicated(counter, &proven, signature).await?;
    let person = PersonId { team: counter.bench.written.team.clone(), user };
    let caller = Caller::operator(&proven, person);
    match proven.order() {
        Order::Decide { verb, at, reason } => {
            let button = verb.button(at.clone());
            pressed(counter, &proven, (&caller, button, reason), &at.case).await.map(|()| caller)
        }
        Order::Allow { case, reading, sql_sha256 } => {
            let now = counter.bench.ledger.load(case).await?;
            let mut waits = now.spending().not_allowed();
            // What was signed is what the record says that would be read.
            let is_this =
                waits.any(|waits| waits.seq == *reading && waits.scan.sql_sha256 == *sql_sha256);
            if !is_this && !now.has_seen(proven.delivery()) {
                return Err(Refusal::NoReading.into());
            }
            let button = ButtonAction::AllowReading { case: case.clone(), seq: *reading };
            pressed(counter, &proven, (&caller, button, &None), case).await.map(|()| caller)
        }
        Order::Adjust { at, wanted } => {
            ordered(counter, &proven, (&caller, at, Ordered::Words(wanted))).await.map(|()| caller)
        }
        Order::UndoSteps { at, steps } => {
            ordered(counter, &proven, (&caller, at, Ordered::Undo(steps))).await.map(|()| caller)
        }
        Order::MoveBrake { number, frozen, why } => {
            move_brake(counter, &caller, &proven, (*number, *frozen, why)).await?;
            Ok(caller)
        }
    }
}

/// A decision, judged like the press of the button that means the same.
async fn pressed(
    counter: &Counter<'_>,
    proven: &Proven,
    (caller, button, reason): (&Caller, ButtonAction, &Option<String>),
    case: &CaseId,
) -> Result<(), NotDone> {
    let pressed = Pressed {
        caller: caller.clone(),
        button,
        place: None,
        delivery: Some(proven.delivery().to_owned()),
        reason: reason.clone(),
    };
    match decide::press(&counter.bench, &pressed).await? {
        None => became(counter, case, proven.delivery()).await,
        Some(words) => Err(NotDone::Judged(words)),
    }
}

/// A change of a plan, judged like a form that was sent.
async fn ordered(
    counter: &Counter<'_>,
    proven: &Proven,
    (caller, at, ordered): (&Caller, &PlanAddress, Ordered<'_>),
) -> Result<(), NotDone> {
    let delivery = Some(proven.delivery().to_owned());
    let speaker = Speaker { caller: caller.clone(), delivery };
    match adjust::order(&counter.bench, &speaker, (at, ordered)).await? {
        None => became(counter, &at.case, proven.delivery()).await,
        Some(refusal) => Err(refusal.into()),
    }
}

/// What the journal holds of an order; one that was refused is not done by being repeated.
async fn became(counter: &Counter<'_>, case: &CaseId, delivery: &str) -> Result<(), NotDone> {
    let case = counter.bench.ledger.load(case).await?;
    let mut records = case.records().iter();
    let record = records.find(|record| record.delivery.as_deref() == Some(delivery));
    match record.map(|record| &record.event) {
        Some(Event::Refused { why, .. }) => Err(NotDone::Judged(format!("Not done: {why}."))),
        Some(_) => Ok(()),
        None => Err(NotDone::Judged("nothing was recorded; sign the order again".to_owned())),
    }
}

/// The only way to a proven order: its form and age, then AWS's word on who signed it.
async fn prove(
    counter: &Counter<'_>,
    order: Order,
    signature: &Signature,
) -> Result<Proven, NotDone> {
    signature.check(counter.bench.clock.now())?;
    let identity = counter.witness.who_signed(&order, signature).await?;
    Ok(signature.confirmed(order, identity))
}

/// A thief who holds an operator's credentials must not decide about that very theft.
async fn refuse_the_implicated(
    counter: &Counter<'_>,
    proven: &Proven,
    signature: &Signature,
) -> Result<(), NotDone> {
    for id in counter.work.open_cases().await? {
        let Some(case) = counter.bench.ledger.find(&id).await? else {
            continue;
        };
        if is_part_of(&case, proven.identity(), &signature.key_id) {
            let arn = proven.identity().arn.clone();
            return Err(NotDone::PartOfACase { arn, case: id });
        }
    }
    Ok(())
}

async fn move_brake(
    counter: &Counter<'_>,
    caller: &Caller,
    proven: &Proven,
    (number, frozen, why): (u64, bool, &str),
) -> Result<(), NotDone> {
    let policy = counter.bench.policy();
    if frozen {
        policy.may_freeze(caller)?
    } else {
        policy.may_thaw(caller)?
    };
    let newest = counter.work.brake().await?;
    if let Some(newest) = newest.as_ref().filter(|newest| newest.proof == proven.delivery()) {
        // The same order once more: it has been done.
        return if newest.number == number { Ok(()) } else { Err(NotDone::BrakeMoved) };
    }
    if next_number(newest.as_ref()) != number {
        return Err(NotDone::BrakeMoved);
    }
    let is_frozen = newest.as_ref().is_some_and(|newest| newest.frozen);
    if is_frozen == frozen {
        let words = newest.map_or_else(|| "nothing is frozen".to_owned(), |newest| newest.words());
        return Err(NotDone::AlreadySo(words));
    }
    let brake = Brake {
        number,
        frozen,
        at: counter.bench.clock.now(),
        by: caller.person().clone(),
        name: caller.name().unwrap_or(&caller.person().user).to_owned(),
        why: why.to_owned(),
        proof: proven.delivery().to_owned(),
    };
    if counter.work.move_brake(&brake).await? { Ok(()) } else { Err(NotDone::BrakeMoved) }
}

impl std::fmt::Debug for Counter<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Counter")
    }
}
