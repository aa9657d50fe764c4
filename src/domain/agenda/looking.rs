//! What is done ahead: IAM's inventory is looked at for what the actor makes faster than the trail
//! tells, and rights are made ready while people decide.

use super::{Act, Due, Lookout, Timing, at};
use crate::domain::case::Case;
use crate::domain::plan_state::CHASE;
use jiff::{SignedDuration, Timestamp};

/// Right after a containment; IAM takes such calls gladly.
const EVERY: SignedDuration = SignedDuration::from_secs(1);
/// While the actor may be on its way to the next credential.
const OFTEN: SignedDuration = SignedDuration::from_secs(5);
/// For so long after the actor last showed itself: the trail is seldom later.
const WARY: SignedDuration = SignedDuration::from_mins(15);

/// A session of the contain role lives for 15 minutes and is not used in its last two.
const WARM_FOR: SignedDuration = SignedDuration::from_mins(12);

/// While a containment waits for its approvals, so that after the last of them the deny is the next
/// call.
pub(super) fn warming(case: &Case, lookout: Lookout, now: Timestamp) -> Due<Act> {
    let Some(state) = case.pending_plan().filter(|state| state.plan.kind.contains()) else {
        return Due::Nothing;
    };
    let number = state.plan.number;
    let warmed = lookout.warmed.filter(|(plan, _)| *plan == number);
    warmed.map_or(Due::Now(Act::Warm(number)), |(_, warmed_at)| {
        at(warmed_at + WARM_FOR, now, Act::Warm(number))
    })
}

/// Once a second while the actor may still be quicker than the trail, less often while it may be
/// there, then as often as the trail is read.
pub(super) fn next(case: &Case, timing: &Timing, lookout: Lookout, now: Timestamp) -> Due<Act> {
    let covering = case.covering_plan().and_then(|plan| case.plan(plan));
    let Some(state) = covering.filter(|_| lookout.possible) else {
        return Due::Nothing;
    };
    let Some(last) = state.steps.iter().filter_map(|step| step.ended_at).max() else {
        return Due::Nothing;
    };
    let task = Act::LookAround { plan: state.plan.number, turn: lookout.looks };
    // A look that found something is followed by the next at once: who rests gives the actor time.
    let found = |looked_at| state.raced_at.is_some_and(|raced_at| raced_at >= looked_at);
    if lookout.looked_at.is_some_and(found) {
        return Due::Now(task);
    }
    let every = if last + CHASE > now || state.is_racing(now) {
        EVERY
    } else if state.shown_at.is_some_and(|shown_at| shown_at + WARY > now) {
        OFTEN
    } else {
        timing.survey_every.max(EVERY)
    };
    lookout.looked_at.map_or(Due::Now(task.clone()), |looked_at| at(looked_at + every, now, task))
}
