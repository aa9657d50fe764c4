//! Who is called to a plan that waits for approval, and when: from the journal and the rules alone.
//!
//! Needs: silence must not pass for a no that somebody said, and whoever takes a case over after a
//! crash must call nobody twice. Each call is counted from the record that proposed the plan; a
//! plan that was decided, or is too old to be, calls nobody.

use crate::domain::agenda::Due;
use crate::domain::announce::{Announcement, What};
use crate::domain::approvers::still_to_approve;
use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::plan::PlanNumber;
use crate::domain::plan_state::PlanState;
use crate::domain::policy::Policy;
use crate::domain::round::Round;
use crate::domain::rung::{Call, Rung};
use jiff::{SignedDuration, Timestamp};

/// Until a page that was not taken is sent again.
const PAGE_PAUSES: [SignedDuration; 3] =
    [SignedDuration::from_secs(10), SignedDuration::from_mins(1), SignedDuration::from_mins(5)];
/// A page is tried so often, then people are told that it did not get through.
pub const PAGES_MAX: u32 = PAGE_PAUSES.len() as u32 + 1;

/// A page that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageDue {
    pub plan: PlanNumber,
    pub attempt: u32,
}

/// The plan that waits for people, unless nobody can decide it any more.
pub fn waiting(case: &Case, now: Timestamp) -> Option<&PlanState> {
    let open = case.closed_at().is_none();
    let waits = case.pending_plan().filter(|state| open && !state.plan.dry_run);
    waits.filter(|state| now < state.plan.expires_at)
}

/// The call that is due now; of two that were missed the further one, which calls both.
pub fn rungs(case: &Case, policy: &Policy, now: Timestamp) -> Round {
    let Some(state) = waiting(case, now) else { return Round::default() };
    let times = times(case, policy, state);
    let call = |rung| {
        let call = Call { plan: state.plan.number, rung };
        Announcement { key: call.key(), what: What::Rung(call) }
    };
    let due = times.iter().rev().find(|(at, _)| *at <= now).map(|(_, rung)| call(*rung));
    let next = times.iter().map(|(at, _)| *at).find(|at| *at > now);
    Round { due: due.into_iter().collect(), next }
}

/// When each rung is reached, in order; one that would call nobody is left out.
fn times(case: &Case, policy: &Policy, state: &PlanState) -> Vec<(Timestamp, Rung)> {
    let ladder = &policy.conduct.ladder;
    let again = ladder.remind_after.filter(|_| !still_to_approve(policy, case, state).is_empty());
    let next = ladder.next_after.filter(|_| !ladder.next.is_empty());
    let from = state.proposed.at;
    let again = again.map(|wait| (from + wait, Rung::Again));
    let next = next.map(|wait| (from + wait, Rung::Next));
    let mut times: Vec<_> = again.into_iter().chain(next).collect();
    times.sort();
    times
}

/// The people who come next, once it is their turn: in a private channel only members are rung.
pub fn called_in(case: &Case, policy: &Policy, now: Timestamp) -> Vec<PersonId> {
    let Some(state) = waiting(case, now) else { return Vec::new() };
    let times = times(case, policy, state);
    let turn = times.iter().any(|(at, rung)| *rung == Rung::Next && *at <= now);
    let person = |user: &String| PersonId { team: policy.team.clone(), user: user.clone() };
    let next = policy.conduct.ladder.next.iter().filter(|_| turn);
    next.map(person).collect()
}

/// The calls that were made, for whoever reads them again.
pub fn made(case: &Case) -> Vec<Announcement> {
    let calls = case.room().posted.keys().filter_map(Call::of_key);
    calls.map(|call| Announcement { key: call.key(), what: What::Rung(call) }).collect()
}

/// The next try at paging somebody; how many there were, and how they ended, is in the journal.
pub fn next_page(case: &Case, policy: &Policy, now: Timestamp) -> Due<PageDue> {
    let (Some(after), Some(state)) = (policy.conduct.ladder.page_after, waiting(case, now)) else {
        return Due::Nothing;
    };
    let plan = state.plan.number;
    let (attempt, at) = match case.team().pages(plan) {
        None => (1, state.proposed.at + after),
        Some(pages) if pages.over => return Due::Nothing,
        Some(pages) => match PAGE_PAUSES.get(pages.tried.saturating_sub(1) as usize) {
            Some(pause) => (pages.tried + 1, pages.at + *pause),
            None => return Due::Nothing,
        },
    };
    let due = PageDue { plan, attempt };
    if at <= now { Due::Now(due) } else { Due::At(at) }
}

#[cfg(test)]
mod tests;
