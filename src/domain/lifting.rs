//! Taking single steps of a containment back, while the rest stays in force.
//!
//! What can be told apart in the account is one step here: two plans that deny the same user hold
//! it down by one deny, and who takes it off takes off both.

use crate::domain::action::{Action, Change};
use crate::domain::adjustment::Adjustment;
use crate::domain::case::Case;
use crate::domain::event::{Event, Phase};
use crate::domain::first_target::first_target;
use crate::domain::plan::{PlanKind, Step, StepAddress};
use crate::domain::plan_state::PlanState;
use crate::domain::policy::Policy;
use crate::domain::principal::PrincipalName;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;

/// What is said wherever single steps are chosen.
pub const ORDER: &str = "In the order that makes sense, credentials and trust come back first and \
    the deny (and the tag beside it, where there is one) last: until then nothing else works again. \
    The leaked key had better stay inactive for good, and be replaced.";

/// The steps that are in force and can be taken back, each once.
pub fn liftable(case: &Case) -> Vec<(StepAddress, &Step)> {
    let mut found: Vec<(StepAddress, &Step)> = Vec::new();
    for (at, step) in holding(case) {
        let is_known = found.iter().any(|(_, known)| is_one(&known.action, &step.action));
        if step.action.contains() && !is_known {
            found.push((at, step));
        }
    }
    found
}

/// These, and whatever else goes with them because it is the same thing in the account.
pub fn together(case: &Case, these: &[StepAddress]) -> Vec<StepAddress> {
    let step = |at: &StepAddress| case.plan(at.plan)?.step(at.step);
    let actions: Vec<&Action> = these.iter().filter_map(step).map(|step| &step.action).collect();
    let goes = |action: &Action| actions.iter().any(|one| is_one(one, action));
    holding(case).filter(|(_, step)| goes(&step.action)).map(|(at, _)| at).collect()
}

/// What an undo has given back so far, whatever becomes of the rest of it. A deny that was put as
/// the boundary is given back by two steps, and not before both are done.
pub fn given_back(case: &Case, undo: &PlanState) -> Vec<StepAddress> {
    let is_asked = |at: &StepAddress| undo.plan.lifts.is_empty() || undo.plan.lifts.contains(at);
    let is_back = |held: &Action| {
        let about = |(_, step, _): &(u32, &Step, _)| gives_back(&step.action, held);
        let mut about = undo.all_steps().filter(about).peekable();
        about.peek().is_some() && about.all(|(_, _, state)| state.is_in_force())
    };
    let earlier = case.plans().filter(|state| state.plan.number < undo.plan.number);
    let contain = earlier.filter(|state| state.plan.kind.contains());
    let held = contain.flat_map(holding_of);
    held.filter(|(at, held)| is_asked(at) && is_back(&held.action)).map(|(at, _)| at).collect()
}

/// The steps that people took back, and that nothing has put in force again since.
pub fn lifted(case: &Case) -> Vec<&Step> {
    let holds = |action: &Action| holding(case).any(|(_, step)| is_one(&step.action, action));
    let mut found: Vec<&Step> = Vec::new();
    for (_, step, state) in case.standing_plans().flat_map(PlanState::all_steps) {
        let is_known = found.iter().any(|known| is_one(&known.action, &step.action));
        if state.lifted.is_some() && !is_known && !holds(&step.action) {
            found.push(step);
        }
    }
    found
}

/// Whether people took this back, and nobody has said a word for it since. The last word counts: a
/// change that is about somebody else does not put it in force again.
pub fn stays_lifted(case: &Case, action: &Action) -> bool {
    if !lifted(case).iter().any(|step| is_one(&step.action, action)) {
        return false;
    }
    let steps = case.standing_plans().flat_map(PlanState::all_steps);
    let undoes = steps
        .filter(|(_, step, _)| is_one(&step.action, action))
        .filter_map(|(_, _, state)| case.plan(state.lifted?));
    let lifted_at = undoes.map(|undo| undo.proposed.seq).max();
    let pressed = case.presses(Phase::Containment).last().map(|press| press.seq);
    lifted_at >= pressed.max(asked_for(case, &action.on.key()))
}

/// The newest change that asks for this principal's containment.
fn asked_for(case: &Case, on: &PrincipalName) -> Option<u64> {
    let is_own = first_target(case).is_ok_and(|first| first.on == *on);
    let asks = |adjustment: &Adjustment| match adjustment {
        Adjustment::TakeIn { on: one } | Adjustment::AsProposed { on: one } => one == on,
        Adjustment::Choose { .. } => is_own,
        Adjustment::LeaveOut { .. } => false,
    };
    let newest = case.records().iter().rev().find(|record| {
        matches!(&record.event, Event::Adjusted { adjustments } if adjustments.iter().any(asks))
    });
    newest.map(|record| record.seq)
}

/// Whether a step is being taken back by an undo that people approved.
pub fn is_being_lifted(case: &Case, at: StepAddress) -> bool {
    let mut undoes =
        case.plans().filter(|state| state.plan.kind == PlanKind::Undo && state.is_under_way());
    undoes.any(|state| state.plan.lifts.contains(&at))
}

impl Policy {
    /// Whether this person may ask for these steps to be taken back.
    pub fn may_lift(
        &self,
        caller: &Caller,
        case: &Case,
        steps: &[StepAddress],
    ) -> Result<(), Refusal> {
        self.may_undo(caller, case)?;
        let there = liftable(case);
        if there.is_empty() {
            return Err(Refusal::NotAdjusted(
                "nothing is in force that could be undone".to_owned(),
            ));
        }
        // Of those that are one thing in the account, any names it.
        let may = |step: &StepAddress| {
            holding(case).any(|(at, what)| at == *step && what.action.contains())
        };
        match steps.iter().find(|step| !may(step)) {
            None => Ok(()),
            Some(step) => {
                let there: Vec<String> = there.iter().map(|(at, _)| at.words()).collect();
                Err(Refusal::NotAdjusted(format!(
                    "{} is not in force; these are: {}",
                    step.words(),
                    there.join(", ")
                )))
            }
        }
    }
}

fn holding(case: &Case) -> impl Iterator<Item = (StepAddress, &Step)> {
    case.standing_plans().flat_map(holding_of)
}

fn holding_of(state: &PlanState) -> impl Iterator<Item = (StepAddress, &Step)> {
    let plan = state.plan.number;
    state.holding_steps().map(move |(step, what, _)| (StepAddress { plan, step }, what))
}

/// Whether the one, which is a step of an undo, gives back what the other took.
fn gives_back(undo: &Action, held: &Action) -> bool {
    undo.on == held.on
        && match (&undo.change, &held.change) {
            (Change::LiftDeny { .. } | Change::SetBoundary { .. }, Change::Deny { .. })
            | (Change::PutTrust { .. }, Change::PutTrust { .. }) => true,
            (Change::Resource { change: back }, Change::Resource { change: held }) => {
                back.takes_off(held)
            }
            _ => undo.takes_back(held),
        }
}

/// Whether both are one thing in the account: nobody can take back the one and leave the other.
fn is_one(one: &Action, other: &Action) -> bool {
    one.on == other.on
        && match (&one.change, &other.change) {
            (Change::Deny { .. }, Change::Deny { .. })
            | (Change::PutTrust { .. }, Change::PutTrust { .. }) => true,
            (
                Change::RevokeSessions { inline_name, .. },
                Change::RevokeSessions { inline_name: same, .. },
            ) => inline_name == same,
            (one, other) => one == other,
        }
}

#[cfg(test)]
mod tests;
