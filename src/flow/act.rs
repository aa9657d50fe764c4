//! The lane that changes the account: the intent first, then the act, then what came of it.

use crate::domain::action::{Action, Change};
use crate::domain::agenda::Act;
use crate::domain::agenda::stepping::abreast;
use crate::domain::by_hand::commands;
use crate::domain::caps::Full;
use crate::domain::case::Case;
use crate::domain::eradicating::resources::is_loose;
use crate::domain::eradicating::things::came_to_use;
use crate::domain::event::Event;
use crate::domain::ids::UserName;
use crate::domain::joining::ended_wider;
use crate::domain::plan::{Plan, PlanNumber, protection};
use crate::domain::plan_state::PlanState;
use crate::domain::policy;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::record::Entry;
use crate::domain::resource::{OfResource, ResourceName};
use crate::domain::snapshot::Photograph;
use crate::domain::step_result::StepResult;
use crate::flow::desk::Desk;
use crate::flow::hold::{EFFECT_TIME_MAX, Hold};
use crate::flow::lane::{StepError, conclude};
use crate::flow::ledger::LedgerError;
use crate::flow::sharing::Heir;
use crate::flow::{
    brakes, chase, eradicate, photograph, propose, readback, renamed, replace, sharing, undo,
};
use crate::ports::accounts::Access;
use crate::ports::cloud::{Ahead, CallClass, CallError, Detail};
use crate::ports::journal::AppendError;
use crate::ports::ticket::{NoTicket, StepAttempt, Ticket, begin};
use futures_util::future::join_all;
use jiff::Timestamp;

/// So many sessions are opened ahead: one for each principal that is denied first.
const WARMED_MAX: usize = 8;

/// Does one piece of the lane's work; what it changes outside is covered by the hold.
pub async fn act(desk: &Desk, case: &Case, task: &Act, hold: &Hold) -> Result<(), StepError> {
    let concluded = match task {
        Act::Step { plan, step, attempt } => {
            let which = StepAttempt { plan: *plan, step: *step, attempt: *attempt };
            return carry_out_abreast(desk, case, which, hold).await;
        }
        Act::ProposeUndo(_) => return undo::propose_undo(desk, case).await,
        Act::ProposeContainment => return propose::containment(desk, case).await,
        Act::ProposeEradication => return eradicate::propose(desk, case).await,
        Act::ProposeReplacement => return replace::propose(desk, case).await,
        Act::ProposeAgain(plan) => return propose::again(desk, case, *plan).await,
        Act::ReadBack { plan, check } => {
            return readback::read_back(desk, case, *plan, *check).await;
        }
        Act::Warm(plan) => {
            warm(desk, case, *plan).await;
            return Ok(());
        }
        Act::LookAround { plan, turn } => {
            return chase::look_around(desk, case, (*plan, *turn)).await;
        }
        Act::Expire(plan) => Event::Expired { plan: *plan },
        Act::Hold(plan) => Event::Held { plan: *plan },
        Act::EndWatch(plan) => Event::WatchEnded { plan: *plan },
    };
    conclude(desk, case, concluded).await.map(drop)
}

/// Has the rights ready for the steps that come first, while people decide.
async fn warm(desk: &Desk, case: &Case, plan: PlanNumber) {
    let Some(state) = case.plan(plan) else { return };
    let access = desk.accounts.reach(Some(&state.plan.account)).await;
    let Some(contain) = access.ok().and_then(|access| access.contain) else { return };
    let first = state.plan.steps.iter().filter(|step| step.action.runs_unchecked());
    let first = first.take(WARMED_MAX);
    let Plan { case, account, .. } = &state.plan;
    let plan_hash = state.hash.as_str();
    let mut sessions = Vec::new();
    for step in first {
        sessions.push(contain.warm(Ahead { case, account, plan_hash, action: &step.action }));
    }
    join_all(sessions).await;
}

/// A step, and those that may be carried out at the same time. All of them come to their end.
async fn carry_out_abreast(
    desk: &Desk,
    case: &Case,
    first: StepAttempt,
    hold: &Hold,
) -> Result<(), StepError> {
    let state = case.plan(first.plan).ok_or(StepError::MovedOn)?;
    let steps = abreast(state, first.step, desk.clock.now()).into_iter();
    let steps = steps.map(|(step, attempt)| {
        carry_out(desk, case, StepAttempt { plan: first.plan, step, attempt }, hold)
    });
    join_all(steps).await.into_iter().collect()
}

/// One attempt at one step: re-check, intent, act, outcome.
async fn carry_out(
    desk: &Desk,
    case: &Case,
    which: StepAttempt,
    hold: &Hold,
) -> Result<(), StepError> {
    let state = case.plan(which.plan).ok_or(StepError::MovedOn)?;
    let step = state.step(which.step).ok_or(StepError::MovedOn)?;
    // In the account of the plan that was approved, and in no other.
    let access = desk.accounts.reach(Some(&state.plan.account)).await;
    if access.as_ref().is_ok_and(|access| access.contain.is_none()) {
        return Err(StepError::MovedOn);
    }
    let standing = state.steps.get(which.step as usize);
    if let Some((open, began)) = standing.and_then(|step| step.open_attempt.zip(step.began_at))
        && let Ok(access) = &access
        && readback::is_in_force(access.lookup.as_ref(), &step.action, began).await
    {
        // Cut off between the act and its record: the act is not repeated, only written down.
        let found = StepAttempt { attempt: open, ..which };
        return outcome(desk, case, found, found_in_force()).await;
    }
    // What was added for the actor names keys and users of its own making: an actor that makes
    // one of them again must not be able to void the plan with it.
    let covered = which.step as usize >= state.plan.steps.len();
    let drift = match step.action.runs_unchecked() || covered {
        true => renamed_since(&access, (&state.plan, &step.action.on)).await,
        false => match no_longer_safe(desk, case, (state, &step.action)).await? {
            Some(why) => Some(Drift { why, how: How::Failed }),
            None => drift(desk, case, (&state.plan, &step.action)).await?,
        },
    };
    if let (Some(drift), false) = (&drift, state.has_begun())
        && drift.how != How::GoesOnElsewhere
    {
        let event = Event::Voided { plan: which.plan, why: drift.why.clone() };
        return conclude(desk, case, event).await.map(drop);
    }
    let left_to = match sharing::gives_back(state, &step.action) {
        true => sharing::left_to(desk, case, &step.action).await?,
        false => None,
    };
    let Some(ticket) = intend(desk, case, which).await? else {
        return Ok(());
    };
    if !hold.covers_an_effect() {
        // Stopped for too long: who has the case by now finds the intent, and looks before it acts.
        return Err(StepError::MovedOn);
    }
    let wider = ended_wider(case, which.plan, which.step);
    let result = match (drift, left_to, wider) {
        // Half a containment is not called off for what an actor can bring about.
        (Some(drift), _, _) => drift.result(),
        (None, Some(heir), _) => still_needed(&heir, &step.action, desk.clock.now()),
        (None, None, Some(how)) => {
            StepResult::Done { changed: false, how: Some(how), request_id: None }
        }
        (None, None, None) => apply(access, &ticket).await,
    };
    outcome(desk, case, which, result).await
}

/// Writes the intent, in this process's turn; none where a brake forbids it, which is written down.
async fn intend(desk: &Desk, case: &Case, which: StepAttempt) -> Result<Option<Ticket>, StepError> {
    let turn = desk.ledger.take_turn(case.id()).await?;
    let approval = policy::recorded(&turn.case, which.plan).ok_or(StepError::MovedOn)?;
    let why = match begin(desk.books(), &turn.case, &approval, which, desk.clock.now()).await {
        Ok(ticket) => {
            desk.ledger.learn(turn, ticket.record());
            return Ok(Some(ticket));
        }
        Err(why) => why,
    };
    drop(turn);
    match why {
        NoTicket::Append(error @ (AppendError::Refused(_) | AppendError::Unavailable(_))) => {
            Err(LedgerError::from(error).into())
        }
        NoTicket::Append(AppendError::Conflict) | NoTicket::NotApproved => Err(StepError::MovedOn),
        // The freeze goes into the case, which keeps its steps from being tried until the thaw.
        NoTicket::Frozen(brake) => brakes::tell(desk, case, *brake).await.map(|()| None),
        NoTicket::Capped(Full { why, until }) => {
            let capped = Event::Capped { plan: which.plan, why, until };
            conclude(desk, case, capped).await.map(|_| None)
        }
        NoTicket::BrakeUnknown(why) => Err(LedgerError::Unreachable(why).into()),
        NoTicket::Illegal(why) => {
            tracing::error!(case.id = %case.id(), %why, "an intent was refused");
            Err(StepError::MovedOn)
        }
    }
}

/// Why a step must not be done any more.
struct Drift {
    why: String,
    how: How,
}

/// What is to become of a step that finds no more what it was approved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Failed,
    /// The principal of the plan is gone, and with it what the step was to end.
    Gone,
    /// The principal has another name, under which the same is done to it.
    GoesOnElsewhere,
}

impl Drift {
    fn result(self) -> StepResult {
        match self.how {
            How::Gone | How::GoesOnElsewhere => {
                StepResult::Done { changed: false, how: Some(self.why), request_id: None }
            }
            How::Failed => StepResult::Failed { why: self.why, retryable: false, request_id: None },
        }
    }
}

/// Whether the user of a step goes on under another name: then nothing is done under the old one,
/// which may be somebody else's. The approval is for the user, so its containment goes on.
async fn renamed_since(
    access: &Result<Access, CallError>,
    (plan, on): (&Plan, &Principal),
) -> Option<Drift> {
    let name = renamed::name_now(access.as_ref().ok()?.lookup.as_ref(), on).await?;
    let (told, how) = match plan.kind.contains() {
        true => ("it is contained under that name", How::GoesOnElsewhere),
        false => ("so nothing was changed; ask for a new plan", How::Failed),
    };
    Some(Drift { why: format!("{on} was renamed to {name} (its id {} stays): {told}", on.id), how })
}

/// Why the step may not begin any more: what it rests on is gone.
async fn no_longer_safe(
    desk: &Desk,
    case: &Case,
    (state, action): (&PlanState, &Action),
) -> Result<Option<String>, StepError> {
    match eradicate::no_longer_safe(case, state) {
        Some(why) => Ok(Some(why.to_owned())),
        None => replace::no_longer_safe(desk, case, (state, action)).await,
    }
}

/// Whether the step still finds the principal that it was approved for.
async fn drift(
    desk: &Desk,
    case: &Case,
    (plan, action): (&Plan, &Action),
) -> Result<Option<Drift>, StepError> {
    let on = &action.on;
    let account = &plan.account;
    let access = desk.accounts.reach(Some(account)).await;
    if let Some(renamed) = renamed_since(&access, (plan, on)).await {
        return Ok(Some(renamed));
    }
    match found_now(access, on).await {
        Ok((now, _)) if now.id != on.id => Ok(Some(Drift {
            why: format!("{on} was deleted and made again (its id was {}, is {})", on.id, now.id),
            how: How::Gone,
        })),
        Ok((now, state)) => {
            let why = protection(&now.arn, account, &desk.rules.plans).map(str::to_owned);
            let why = match (why, state) {
                (None, Some(state)) => match is_loose(case, action, &state) {
                    Some(why) => Some(why),
                    None => changed(desk, plan, (action, &state)).await?,
                },
                (why, _) => why,
            };
            let name = ResourceName::words(&on.key());
            let why = why.map(|why| format!("{name} is not touched: {why}"));
            Ok(why.map(|why| Drift { why, how: How::Failed }))
        }
        // A principal that is gone holds nothing; the step itself finds that out.
        Err(error) if error.class == CallClass::NotFound => Ok(None),
        // Being unable to look must not keep an approved step from being done, but what cannot be
        // undone is not done blindly.
        Err(error) if error.class == CallClass::Denied && action.reversible() => Ok(None),
        Err(error) if error.class == CallClass::Denied => {
            let why = format!("it cannot be seen whether {on} is still the same: {error}");
            Ok(Some(Drift { why, how: How::Failed }))
        }
        Err(error) => Err(error.into()),
    }
}

/// What changed about a thing since its snapshot, where the step deletes it: whoever came to use
/// it, or what came to it, would be lost unseen.
async fn changed(
    desk: &Desk,
    plan: &Plan,
    (action, now): (&Action, &OfResource),
) -> Result<Option<String>, StepError> {
    let (Change::DeleteResource, OfResource::Iam { thing }) = (&action.change, now) else {
        return Ok(None);
    };
    if let Some(why) = came_to_use(plan, action, now) {
        return Ok(Some(why));
    }
    let snapshot = photograph::read(desk, &plan.snapshot).await?;
    let before = snapshot.of(&action.on.key()).and_then(Photograph::resource);
    let Some(OfResource::Iam { thing: before }) = before else {
        return Ok(Some("the snapshot does not have it".to_owned()));
    };
    let added = thing.added_since(before);
    let said = || format!("it has since the snapshot {}, and stays", added.join(", "));
    Ok((!added.is_empty()).then(said))
}

async fn found_now(
    access: Result<Access, CallError>,
    on: &Principal,
) -> Result<(Detail, Option<OfResource>), CallError> {
    let lookup = access?.lookup;
    match on.kind {
        PrincipalKind::User => {
            lookup.user(&UserName(on.name.clone())).await.map(|user| (user, None))
        }
        PrincipalKind::Role => lookup.role(&on.name).await.map(|role| (role.detail, None)),
        PrincipalKind::Resource => {
            let unknown = || CallError::new(CallClass::NotFound, "the lookup", "no such resource");
            let name = ResourceName::about(on).ok_or_else(unknown)?;
            lookup.resource(&name).await.map(|found| (found.detail, Some(found.state)))
        }
    }
}

/// Without a way into the account the step fails in the case, where people see it.
async fn apply(access: Result<Access, CallError>, ticket: &Ticket) -> StepResult {
    let applied = async {
        let read_only = || CallError::new(CallClass::Denied, "the step", "nothing may be changed");
        access?.contain.as_ref().ok_or_else(read_only)?.apply(ticket).await
    };
    // Real time, as the network takes it; a step that is cut off here is looked at and tried again.
    let applied = tokio::time::timeout(EFFECT_TIME_MAX, applied).await;
    let in_time = applied.unwrap_or_else(|_| {
        let message = format!("AWS did not answer within {} s", EFFECT_TIME_MAX.as_secs());
        Err(CallError::new(CallClass::Unavailable, "the step", message))
    });
    match in_time {
        Ok(applied) => {
            StepResult::Done { changed: true, how: applied.how, request_id: applied.request_id }
        }
        Err(error) if error.class == CallClass::NotFound => StepResult::Done {
            changed: false,
            how: Some("it no longer exists".to_owned()),
            request_id: error.request_id,
        },
        Err(error) => StepResult::Failed {
            why: error.to_string(),
            retryable: error.class.retryable(),
            request_id: error.request_id,
        },
    }
}

/// What is not given back while another case stands on it: the undo of that one does it, where it
/// still has one; else people do.
fn still_needed(heir: &Heir, action: &Action, now: Timestamp) -> StepResult {
    let why = match heir {
        Heir::Open(id) => {
            let how = format!("left as it is: case {id} needs it too, and its undo gives it back");
            return StepResult::Done { changed: false, how: Some(how), request_id: None };
        }
        Heir::Closed(id) => format!("case {id}, which is closed, left it in force"),
        Heir::Unreadable(id) => format!("the journal of case {id} does not say who needs it"),
    };
    let by_hand = commands(action, now).join("; ");
    let why = format!("{why}; once nobody needs it, by hand: {by_hand}");
    StepResult::Failed { why, retryable: false, request_id: None }
}

fn found_in_force() -> StepResult {
    StepResult::Done {
        changed: true,
        how: Some(StepResult::FOUND_IN_FORCE.to_owned()),
        request_id: None,
    }
}

async fn outcome(
    desk: &Desk,
    case: &Case,
    which: StepAttempt,
    result: StepResult,
) -> Result<(), StepError> {
    let StepAttempt { plan, step, attempt } = which;
    let entry = Entry::own(desk.clock.now(), Event::Outcome { plan, step, attempt, result });
    let open = |case: &Case| {
        let state = case.plan(plan)?.steps.get(step as usize)?;
        (state.open_attempt == Some(attempt)).then_some(())
    };
    desk.ledger
        .append(case.id(), |case| Ok::<_, StepError>(open(case).map(|()| entry.clone())))
        .await?;
    Ok(())
}
