//! Judging a press: one read, one conditional write, and the answer rests on what was written.

use crate::domain::adjusting::asked;
use crate::domain::button::{ButtonAction, PlanAddress};
use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::fold::IllegalRecord;
use crate::domain::ids::CaseId;
use crate::domain::impact::ImpactWord;
use crate::domain::owner_asked;
use crate::domain::policy::{Choice, Policy, Wish};
use crate::domain::proof::Caller;
use crate::domain::record::{Entry, Place, Record};
use crate::domain::recovering::silence;
use crate::domain::recovery_step::RecoveryStep;
use crate::domain::refusal::Refusal;
use crate::domain::task::Task;
use crate::domain::team_step::TeamStep;
use crate::domain::wanted::Wanted;
use crate::flow::desk::Bench;
use crate::flow::ledger::{LedgerError, NotAppended};
use jiff::Timestamp;
use std::sync::Arc;

/// Refusals are kept on record up to here; beyond, somebody is only hammering the button.
const REFUSALS_MAX: usize = 200;

/// A press of a button, proven to come from the caller.
#[derive(Debug, Clone)]
pub struct Pressed {
    pub caller: Caller,
    pub button: ButtonAction,
    pub place: Option<Place>,
    pub delivery: Option<String>,
    /// Why, where the person was asked for a reason.
    pub reason: Option<String>,
}

/// What the person is told, privately; nothing when the channel shows it anyway.
pub type Answer = Option<String>;

/// Judges a press and writes down what it means; an error means that nothing was recorded.
pub async fn press(bench: &Bench<'_>, pressed: &Pressed) -> Result<Answer, LedgerError> {
    let Some(case) = pressed.button.case().cloned() else {
        let stale = !matches!(pressed.button, ButtonAction::Go);
        let words = "This button is no longer active; use the newest card.";
        return Ok(stale.then(|| words.to_owned()));
    };
    bench.meet(&pressed.caller, Some(&case)).await?;
    let outcome = bench
        .ledger
        .append(&case, |case| {
            judge(bench, pressed, case).map(|event| event.map(|event| entry(bench, pressed, event)))
        })
        .await;
    match outcome {
        Ok(case) => Ok(said(pressed, &case)),
        Err(NotAppended::Judged(refusal)) => refuse(bench, pressed, &case, &refusal).await,
        Err(NotAppended::Illegal(IllegalRecord::Repeated)) => Ok(None),
        Err(NotAppended::Illegal(illegal)) => Ok(Some(format!("Nothing was done: {illegal}."))),
        Err(NotAppended::Ledger(LedgerError::NoSuchCase(case))) => Ok(Some(format!(
            "There is no case {case} in this journal; the card is from elsewhere."
        ))),
        Err(NotAppended::Ledger(error)) => Err(error),
    }
}

/// What the person is told of a press that shows nowhere that they can see.
fn said(pressed: &Pressed, case: &Case) -> Answer {
    let ButtonAction::OwnerSays { answer, .. } = &pressed.button else { return None };
    let later = if case.team().owner_said().len() > 1 { " beside your first answer" } else { "" };
    Some(format!("Written down{later}: {}. {}", answer.words(), owner_asked::WORTH))
}

/// A press of a phase; that of Eradication makes a plan.
fn phase_pressed(
    policy: &Policy,
    pressed: &Pressed,
    (case, phase): (&Case, Phase),
) -> Result<Event, Refusal> {
    if phase == Phase::Eradication {
        policy.may_ask_for_changes(&pressed.caller, case)?;
    }
    Ok(Event::PhasePressed { phase })
}

/// The event that the press means, `None` when it was taken in before, or why it is refused.
fn judge(bench: &Bench<'_>, pressed: &Pressed, case: &Case) -> Result<Option<Event>, Refusal> {
    let repeated = pressed.delivery.as_ref().is_some_and(|delivery| case.has_seen(delivery));
    if repeated {
        return Ok(None);
    }
    let policy = bench.policy();
    let event = match &pressed.button {
        ButtonAction::Approve(at) => return decision(bench, pressed, case, (at, Choice::Approve)),
        ButtonAction::Deny(at) => return decision(bench, pressed, case, (at, Choice::Deny)),
        ButtonAction::Withdraw(at) => {
            return decision(bench, pressed, case, (at, Choice::Withdraw));
        }
        ButtonAction::Undo(at) => {
            let standing = case.standing_containment();
            if standing.is_none_or(|state| state.plan.number != at.plan || state.hash != at.hash) {
                return Err(Refusal::OldCard);
            }
            policy.may_undo(&pressed.caller, case)?;
            Event::UndoWanted { plan: at.plan, steps: Vec::new() }
        }
        ButtonAction::Phase { phase, .. } => phase_pressed(&policy, pressed, (case, *phase))?,
        ButtonAction::TakeIn { on, .. } => {
            policy.may_adjust(&pressed.caller, case)?;
            let wanted = [Wanted::TakeIn(on.slug())];
            Event::Adjusted { adjustments: asked(case, bench.plans, &wanted)? }
        }
        ButtonAction::CancelQuestions { asked, .. } => Event::Cancelled { asked: *asked },
        ButtonAction::AllowReading { seq, .. } => {
            let step = policy.may_allow_reading(&pressed.caller, case, *seq)?;
            Event::Spending { step: Box::new(step) }
        }
        ButtonAction::Settle { loss, seq, remedy, .. } => {
            policy.may_settle(&pressed.caller, case, (*loss, *seq, *remedy))?;
            recovery(RecoveryStep::Settled { loss: *loss, remedy: *remedy })
        }
        ButtonAction::Harden { measure, .. } => {
            policy.may_harden(&pressed.caller, case, *measure)?;
            recovery(RecoveryStep::Hardened { measure: *measure })
        }
        ButtonAction::Impact { question, seq, verdict, .. } => {
            let (question, verdict, why) = (*question, *verdict, pressed.reason.clone());
            let word = ImpactWord { question, verdict, why };
            let answer = policy.may_answer(&pressed.caller, case, (&word, Some(*seq)))?;
            Event::Impact { answer: Box::new(answer) }
        }
        ButtonAction::OwnerSays { answer, .. } => {
            let step = owner_asked::answer(&policy, &pressed.caller, (case, *answer))?;
            return Ok(Some(team(step)));
        }
        ButtonAction::TakeRole { role, .. } => {
            team(policy.may_take(&pressed.caller, case, (*role, None))?)
        }
        ButtonAction::TakeTask { task, seq, .. } => taken(bench, pressed, case, (*task, *seq))?,
        ButtonAction::FinishTask { task, seq, .. } => {
            let step = policy.may_finish_task(&pressed.caller, case, (*task, Some(*seq)))?;
            team(step)
        }
        ButtonAction::Confirm { used, .. } => return confirmation(bench, pressed, case, *used),
        ButtonAction::Summary { .. } => Event::SummaryAsked,
        ButtonAction::Report { .. } => Event::ReportAsked,
        ButtonAction::Close { .. } => {
            policy.may_close(&pressed.caller, case)?;
            Event::Closed { reason: pressed.reason.clone() }
        }
        // A form is opened, and nothing is decided before it is sent.
        ButtonAction::Change(_) | ButtonAction::UndoSteps(_) | ButtonAction::Respond => {
            return Ok(None);
        }
        ButtonAction::Go | ButtonAction::Unknown => return Ok(None),
    };
    policy.may_act(&pressed.caller)?;
    Ok(Some(event))
}

fn taken(
    bench: &Bench<'_>,
    pressed: &Pressed,
    case: &Case,
    (task, seen): (Task, u64),
) -> Result<Event, Refusal> {
    let by = (&pressed.caller, bench.clock.now());
    bench.policy().may_give_task(by, case, (task, None, Some(seen))).map(team)
}

fn team(step: TeamStep) -> Event {
    Event::Team { step: Box::new(step) }
}

fn recovery(step: RecoveryStep) -> Event {
    Event::Recovery { step: Box::new(step) }
}

/// The word of the owner, or of an approver, with what the trail shows of the key beside it.
fn confirmation(
    bench: &Bench<'_>,
    pressed: &Pressed,
    case: &Case,
    used: i64,
) -> Result<Option<Event>, Refusal> {
    let seen = Timestamp::from_second(used).ok().filter(|_| used > 0);
    bench.policy().may_confirm(&pressed.caller, case, seen)?;
    let silence = silence(case).ok_or(Refusal::NeverContained)?;
    let (used_after, told_until) = (silence.broken_at(), silence.told_until);
    Ok(Some(recovery(RecoveryStep::Confirmed { used_after, told_until })))
}

fn decision(
    bench: &Bench<'_>,
    pressed: &Pressed,
    case: &Case,
    (at, choice): (&PlanAddress, Choice),
) -> Result<Option<Event>, Refusal> {
    let state = case.plan(at.plan).filter(|state| state.hash == at.hash);
    let state = state.ok_or(Refusal::OldCard)?;
    let now = bench.clock.now();
    let wish = Wish { caller: &pressed.caller, choice, now };
    let as_owner = match bench.policy().may_decide(&wish, case, state) {
        Ok(()) => false,
        // An approver who owns it too approves with a code, and not as its owner alone.
        Err(refusal @ (Refusal::CodeNeeded | Refusal::NotEnrolled(_))) => return Err(refusal),
        Err(refusal) if !state.asks_owner(pressed.caller.person()) => return Err(refusal),
        // Whoever is not to approve it may still own what it stops.
        Err(_) => bench.policy().may_agree(&wish, case, state).map(|()| true)?,
    };
    Ok(Some(match choice {
        Choice::Approve if as_owner => Event::OwnerAgreed { plan: at.plan, hash: at.hash.clone() },
        Choice::Approve => Event::Approved { plan: at.plan, hash: at.hash.clone() },
        Choice::Deny => Event::Denied { plan: at.plan, reason: pressed.reason.clone() },
        Choice::Withdraw => Event::Withdrawn { plan: at.plan },
    }))
}

/// Writes the refusal down and tells the person the reason; a lost record does not change the no.
async fn refuse(
    bench: &Bench<'_>,
    pressed: &Pressed,
    case: &CaseId,
    refusal: &Refusal,
) -> Result<Answer, LedgerError> {
    let event = Event::Refused { what: pressed.button.id(), why: refusal.to_string() };
    keep_refusal(bench, case, entry(bench, pressed, event)).await?;
    Ok(Some(format!("Not done: {refusal}.")))
}

/// Writes a refusal down, unless the case is full of them.
pub(super) async fn keep_refusal(
    bench: &Bench<'_>,
    case: &CaseId,
    entry: Entry,
) -> Result<(), LedgerError> {
    let refused = |record: &&Arc<Record>| matches!(record.event, Event::Refused { .. });
    let judge = |case: &Case| {
        let refusals = case.records().iter().filter(refused).count();
        Ok::<_, LedgerError>((refusals < REFUSALS_MAX).then(|| entry.clone()))
    };
    match bench.ledger.append(case, judge).await {
        Err(NotAppended::Ledger(error)) => Err(error),
        Ok(_) | Err(NotAppended::Judged(_) | NotAppended::Illegal(_)) => Ok(()),
    }
}

pub(super) fn entry(bench: &Bench<'_>, pressed: &Pressed, event: Event) -> Entry {
    Entry {
        at: bench.clock.now(),
        actor: bench.actor(&pressed.caller),
        place: pressed.place.clone(),
        delivery: pressed.delivery.clone(),
        event,
    }
}
