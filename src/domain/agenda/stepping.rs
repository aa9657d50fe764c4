//! Which steps of a plan are due, and which of them at the same time.

use super::{Act, Due, at, soonest};
use crate::domain::plan::Step;
use crate::domain::plan_state::{PlanState, StepState};
use crate::domain::step_result::StepResult;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// So many steps are carried out at a time; IAM throttles an account that asks for more at once.
const ABREAST_MAX: usize = 8;

/// Denies come first, wherever in the plan they stand: each ends more than a key made inactive.
pub(super) fn next(state: &PlanState, now: Timestamp) -> Due<Act> {
    let denies = alive(state).filter(|(_, step, _)| step.action.runs_unchecked());
    let others = alive(state).filter(|(_, step, _)| !step.action.runs_unchecked());
    soonest(denies.chain(others).map(|(index, what, step)| {
        let task = Act::Step { plan: state.plan.number, step: index, attempt: step.attempts + 1 };
        when(state, (what, step), now, task)
    }))
}

/// A plan that was voided half-way ends, but what it covers since is not given up with it.
fn alive(state: &PlanState) -> impl Iterator<Item = (u32, &Step, &StepState)> {
    let first = if state.voided.is_some() { state.plan.steps.len() } else { 0 };
    state.all_steps().skip(first)
}

/// When a step is due, and what is to be done then.
fn when<T>(
    state: &PlanState,
    (what, step): (&Step, &StepState),
    now: Timestamp,
    task: T,
) -> Due<T> {
    if let Some(until) = state.held_up(what).filter(|until| *until > now) {
        return Due::At(until);
    }
    match &step.result {
        None => Due::Now(task),
        Some(_) if step.awaits_retry() => at(retry_at(step), now, task),
        Some(StepResult::Failed { .. } | StepResult::Done { .. }) => Due::Nothing,
    }
}

/// The steps that may be carried out at the same time as this one, which is the first of them.
/// The first step of a plan is alone: nothing may come between the approval and the deny. After it
/// the order matters only between the denies and the rest, and in an undo everywhere.
pub fn abreast(state: &PlanState, first: u32, now: Timestamp) -> Vec<(u32, u32)> {
    let rank = |index: u32| state.step(index).map(|step| step.action.runs_unchecked());
    let is_alone = !state.plan.kind.contains() || !state.has_begun();
    let due = alive(state).filter(|(index, what, step)| {
        let may = *index == first || (!is_alone && rank(*index) == rank(first));
        may && matches!(when(state, (what, step), now, ()), Due::Now(()))
    });
    // What is about one principal stays in order: two of them may write the same policy.
    let mut begun = BTreeSet::new();
    let due = due.filter(|(_, what, _)| begun.insert(&what.action.on));
    let mut due: Vec<_> = due.map(|(index, _, step)| (index, step.attempts + 1)).collect();
    due.sort_by_key(|(index, _)| *index != first);
    due.truncate(ABREAST_MAX);
    due
}

/// Waits 2, 4, 8, 16 seconds before the next attempt.
fn retry_at(step: &StepState) -> Timestamp {
    let wait = SignedDuration::from_secs(1 << step.attempts.min(6));
    step.ended_at.map_or(Timestamp::MIN, |ended| ended + wait)
}
