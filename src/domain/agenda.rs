//! What is to be done next in a case, and when: pure, so that a restart finds the same work.

use crate::domain::agenda::asking::{
    next_allowed, next_look_for_signer, next_question, next_reconciliation,
};
use crate::domain::case::Case;
use crate::domain::eradicating;
use crate::domain::inquiry::Inquiry;
use crate::domain::key_making;
use crate::domain::plan::PlanNumber;
use crate::domain::plan_state::{CHASE, PlanState, PlanStatus};
use crate::domain::rotation;
use jiff::{SignedDuration, Timestamp};

/// What is taken back while the actor is being run down is put back so often, then a person must
/// look: at one a second that is far longer than IAM takes to enforce a deny.
pub const RACED_MAX: u32 = 60;
/// What was found reverted, and then not, is read back once more after so long.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(15);
/// The plan waits so long for a first look at the trail, which takes seconds where it is at hand.
const FIRST_LOOK_WAIT: SignedDuration = SignedDuration::from_secs(60);
/// The reverter's changes are put back this often without asking, then a person must look.
pub const REAPPLIED_MAX: u32 = 3;

/// After each failed try the channel is tried again this much later, then at the last of these.
const CHANNEL_PAUSES: [SignedDuration; 4] = [
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(15),
    SignedDuration::from_mins(60),
];
/// After so many tries, which is a day, the next one waits for a person.
const CHANNEL_TRIES_MAX: u32 = 27;

/// When things are due, from configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// When done steps are read back, after the last of them.
    pub read_back: Vec<SignedDuration>,
    /// How often the trail is read while a containment is not complete.
    pub survey_every: SignedDuration,
    /// How long a contained case is watched, and how often it is read back then.
    pub watch_for: SignedDuration,
    pub watch_every: SignedDuration,
    /// After this long a trail is taken to be complete even where no newer record shows it.
    pub trail_complete_after: SignedDuration,
}

/// Something due now, later, or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due<T> {
    Now(T),
    At(Timestamp),
    Nothing,
}

/// Work of the lane that changes the account, in the order of its urgency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Step {
        plan: PlanNumber,
        step: u32,
        attempt: u32,
    },
    Expire(PlanNumber),
    ProposeUndo(PlanNumber),
    ProposeContainment,
    ProposeEradication,
    ProposeReplacement,
    /// A plan for the steps that were found reverted.
    ProposeAgain(PlanNumber),
    ReadBack {
        plan: PlanNumber,
        check: u32,
    },
    Hold(PlanNumber),
    EndWatch(PlanNumber),
    /// Look at IAM's inventory for what the actor makes faster than the trail tells.
    LookAround {
        plan: PlanNumber,
        /// Which of this process's looks it is: what is too much for one is looked at in turn.
        turn: u32,
    },
    /// Have the rights ready for the first steps of a plan that people are deciding.
    Warm(PlanNumber),
}

/// Work of the lane that only reads: the account, the trail, the questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Validate,
    /// Find out from the trail since when the key is exposed.
    FirstLook,
    /// Read the trail again for whose session the key is.
    FindSigner,
    /// Read the trail as a person has allowed.
    Allowed,
    /// Read the trail, contain what the actor took, and say "contained" once it is true.
    Sweep(PlanNumber),
    /// Ask the question about another log that a person has allowed.
    AllowedQuestion {
        question: String,
    },
    Question {
        asked: u64,
        inquiry: Inquiry,
    },
    /// Ask IAM how far the workload has moved to its new key, for this press of Recovery.
    Rotation {
        asked: u64,
    },
    /// Hold the journal of the closed case against AWS's own log.
    Reconcile,
}

/// What the lane that reads knows of the trail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrailState {
    pub configured: bool,
    /// When this process last swept the trail, or held a closed case against it.
    pub swept_at: Option<Timestamp>,
}

/// What the lane that acts knows beside the journal: looks that find nothing leave no record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lookout {
    /// Whether there is a trail that will tell who made what.
    pub possible: bool,
    pub looked_at: Option<Timestamp>,
    /// How often it looked.
    pub looks: u32,
    /// For which plan the rights were last made ready, and when.
    pub warmed: Option<(PlanNumber, Timestamp)>,
}

/// The next change to the account.
pub fn next_act(case: &Case, timing: &Timing, lookout: Lookout, now: Timestamp) -> Due<Act> {
    if case.closed_at().is_some() {
        return Due::Nothing;
    }
    let plans = || case.plans().filter(|state| recorded_and_alive(state));
    // A frozen case decides, reads and talks on; only its steps wait.
    let step = if case.is_frozen() {
        Due::Nothing
    } else {
        soonest(plans().map(|state| stepping::next(state, now)))
    };
    let others = [
        step,
        expiry(case, now),
        looking::next(case, timing, lookout, now),
        proposal(case, lookout, now),
        soonest(case.plans().rev().map(|state| next_check(case, state, timing, now))),
        looking::warming(case, lookout, now),
    ];
    soonest(others)
}

/// The next thing to read. A repeated sweep that finds nothing new leaves no record.
pub fn next_ask(case: &Case, timing: &Timing, trail: TrailState, now: Timestamp) -> Due<Ask> {
    if let Some(closed) = case.closed_at() {
        return next_reconciliation(case, (closed, trail), timing, now);
    }
    if !case.validated() {
        return Due::Now(Ask::Validate);
    }
    if let Some((asked, _)) = rotation::wanted(case) {
        return Due::Now(Ask::Rotation { asked });
    }
    if !trail.configured {
        return Due::Nothing;
    }
    if wants_first_look(case) {
        return Due::Now(Ask::FirstLook);
    }
    soonest([
        next_allowed(case, timing, trail.swept_at, now),
        next_sweep(case, timing, trail.swept_at, now),
        next_look_for_signer(case, timing, trail.swept_at, now),
        next_question(case),
    ])
}

/// The next try at making the case's channel; a person who comes back to the case may have put
/// right what was in the way, so it is tried then whatever the time.
pub fn next_channel_try(case: &Case, now: Timestamp) -> Due<()> {
    let Some(unmade) = &case.room().unmade else {
        return Due::Now(());
    };
    let since = case.records().iter().rev().take_while(|record| record.seq > unmade.seq);
    if since.into_iter().any(|record| record.person().is_some()) {
        return Due::Now(());
    }
    let [.., longest] = CHANNEL_PAUSES;
    let pause = CHANNEL_PAUSES.get(unmade.tries.saturating_sub(1) as usize).unwrap_or(&longest);
    if unmade.tries < CHANNEL_TRIES_MAX { at(unmade.at + *pause, now, ()) } else { Due::Nothing }
}

/// The standing containment that is not yet known to be complete, or is still watched.
pub fn watched(case: &Case) -> Option<&PlanState> {
    case.standing_containment().filter(|state| !state.watch_ended && !case.is_being_undone())
}

/// The first thing that is due now; else the earliest time at which one will be.
fn soonest<T>(dues: impl IntoIterator<Item = Due<T>>) -> Due<T> {
    let mut earliest: Option<Timestamp> = None;
    for due in dues {
        match due {
            Due::Now(task) => return Due::Now(task),
            Due::At(at) => earliest = Some(earliest.map_or(at, |other| other.min(at))),
            Due::Nothing => {}
        }
    }
    earliest.map_or(Due::Nothing, Due::At)
}

fn at<T>(when: Timestamp, now: Timestamp, task: T) -> Due<T> {
    if when <= now { Due::Now(task) } else { Due::At(when) }
}

fn recorded_and_alive(state: &PlanState) -> bool {
    state.has_begun() || state.voided.is_none() && matches!(state.status(), PlanStatus::Approved)
}

fn expiry(case: &Case, now: Timestamp) -> Due<Act> {
    case.pending_plan().map_or(Due::Nothing, |state| {
        at(state.plan.expires_at, now, Act::Expire(state.plan.number))
    })
}

/// Whether the trail was not looked at yet: it tells since when the key is exposed, where nobody
/// said, and who else uses it.
fn wants_first_look(case: &Case) -> bool {
    let elsewhere = case.facts().account_known().is_some_and(|found| found.canary || !found.ours);
    !case.was_looked_at() && !case.exposure_is_settled() && !elsewhere
}

fn proposal(case: &Case, lookout: Lookout, now: Timestamp) -> Due<Act> {
    if let Some(wanted) = case.wanted_undo() {
        let target = case.standing_containment().map(|state| state.plan.number);
        let newer = case.not_proposed().is_none_or(|(seq, _)| seq < wanted.seq);
        return match target {
            Some(plan) if newer => Due::Now(Act::ProposeUndo(plan)),
            Some(_) | None => Due::Nothing,
        };
    }
    let waits = |state: &PlanState| state.status() == PlanStatus::Proposed;
    if case.plans().any(|state| waits(state) || state.is_under_way()) || !case.validated() {
        return Due::Nothing;
    }
    let (pressed, answered) = case.pressed_and_answered();
    if answered > 0 && pressed <= answered {
        return if eradicating::is_wanted(case) {
            Due::Now(Act::ProposeEradication)
        } else if key_making::wanted(case).is_some() {
            Due::Now(Act::ProposeReplacement)
        } else {
            Due::Nothing
        };
    }
    // A plan should know what is older than the exposure, but a slow trail must not hold it up.
    let looked = case.validated_at().filter(|_| lookout.possible && wants_first_look(case));
    at(looked.map_or(now, |validated| validated + FIRST_LOOK_WAIT), now, Act::ProposeContainment)
}

fn next_check(case: &Case, state: &PlanState, timing: &Timing, now: Timestamp) -> Due<Act> {
    let number = state.plan.number;
    let ended = match (state.status(), state.ended_at()) {
        (PlanStatus::Done | PlanStatus::Partly, Some(ended)) => ended,
        _ => return Due::Nothing,
    };
    let standing = case.standing_containment().is_some_and(|other| other.plan.number == number);
    let once = !state.plan.kind.contains();
    if !once && (!standing || case.is_being_undone()) {
        return Due::Nothing;
    }
    if let Some(due) = reverted(case, state, now) {
        return due;
    }
    let done = state.checks_since_end().count();
    let schedule: &[SignedDuration] =
        if once { timing.read_back.get(..1).unwrap_or(&[]) } else { &timing.read_back };
    if let Some(wait) = schedule.get(done) {
        return at(ended + *wait, now, Act::ReadBack { plan: number, check: done as u32 });
    }
    if state.held_at.is_none() && state.reverted().is_none() {
        return Due::Now(Act::Hold(number));
    }
    if once || state.watch_ended {
        return Due::Nothing;
    }
    next_watch(state, timing, now)
}

/// A drift that was found last and that no plan or re-application has answered yet.
fn reverted(case: &Case, state: &PlanState, now: Timestamp) -> Option<Due<Act>> {
    let last = state.reverted().filter(|_| state.plan.kind.contains())?;
    // While the actor is being run down, looking around puts back what it takes back.
    if let Some(raced_at) = state.raced_at.filter(|_| state.is_racing(now)) {
        return Some(Due::At(raced_at + CHASE));
    }
    let answered = case
        .plans()
        .any(|other| other.plan.about == Some(state.plan.number) && other.proposed.at >= last.at);
    if answered {
        return Some(Due::Nothing);
    }
    // Somebody else has put it back meanwhile, so there was nothing to propose: look again.
    let mended = case.not_proposed_at().is_some_and(|at| at >= last.at);
    let check = state.checks_since_end().count() as u32;
    let plan = state.plan.number;
    Some(match mended {
        true => at(last.at + READ_AGAIN, now, Act::ReadBack { plan, check }),
        false => Due::Now(Act::ProposeAgain(plan)),
    })
}

fn next_watch(state: &PlanState, timing: &Timing, now: Timestamp) -> Due<Act> {
    let number = state.plan.number;
    let Some((_, said_at)) = state.contained else {
        return Due::Nothing;
    };
    let over = said_at + timing.watch_for;
    if over <= now {
        return Due::Now(Act::EndWatch(number));
    }
    let last = state.checks.last().map_or(said_at, |check| check.at);
    let check = state.checks_since_end().count() as u32;
    let next = (last + timing.watch_every).min(over);
    if next == over { Due::At(over) } else { at(next, now, Act::ReadBack { plan: number, check }) }
}

/// The trail is read again and again while a containment is not complete, then while it is watched.
fn next_sweep(
    case: &Case,
    timing: &Timing,
    swept_at: Option<Timestamp>,
    now: Timestamp,
) -> Due<Ask> {
    let Some(state) = watched(case) else {
        return Due::Nothing;
    };
    if !state.steps.iter().any(|step| step.result.is_some()) {
        return Due::Nothing;
    }
    let every = if state.contained.is_some() { timing.watch_every } else { timing.survey_every };
    let task = Ask::Sweep(state.plan.number);
    match swept_at {
        None => Due::Now(task),
        Some(swept_at) => at(swept_at + every, now, task),
    }
}

mod asking;
mod looking;
pub mod stepping;
#[cfg(test)]
mod tests;
