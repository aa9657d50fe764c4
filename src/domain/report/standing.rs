//! Where a case stands, in words that hide neither what waits nor what people left.

use crate::domain::case::Case;
use crate::domain::lifting::lifted;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::remains::spared::{left_alone, left_out};
use crate::domain::report::words::{count, first_line, is_half_undone, plan_status};
use std::collections::BTreeSet;

/// So many principals are named in one sentence.
const LEFT_SHOWN_MAX: usize = 5;

/// Where the case stands.
pub(super) fn status(case: &Case) -> String {
    if case.is_archived() {
        return "closed and archived".to_owned();
    }
    if case.closed_at().is_some() {
        return "closed".to_owned();
    }
    let open = open_status(case);
    if case.is_frozen() { format!("FROZEN, nothing is changed; {open}") } else { open }
}

fn open_status(case: &Case) -> String {
    if let Some(state) = case.plans().next_back()
        && !is_dead(state)
    {
        // Neither deleting what the actor made nor a new key says anything of what is contained.
        let standing = case.standing_containment();
        // And what only waits has changed nothing yet.
        let beside = !state.plan.lifts.is_empty()
            || is_half_undone(state)
            || matches!(state.plan.kind, PlanKind::Eradication | PlanKind::Replacement)
            || !state.has_begun();
        let standing = standing.filter(|_| beside);
        let standing = standing.map(|standing| format!("{}; ", standing_status(case, standing)));
        return match standing {
            Some(standing) => standing + &plan_status(state),
            None => standing_status(case, state),
        };
    }
    // A dead proposal takes nothing back, so what was done before it still counts.
    if let Some(state) = case.standing_containment() {
        return standing_status(case, state);
    }
    match (case.plans().next_back(), case.not_proposed()) {
        (Some(state), _) => plan_status(state),
        (None, Some((_, why))) => format!("not contained; no plan: {}", first_line(why)),
        (None, None) if case.validated() => "validated; not contained".to_owned(),
        (None, None) => "being validated; not contained".to_owned(),
    }
}

/// Where a plan stands; "contained" does not hide what people decided to leave.
pub(super) fn standing_status(case: &Case, state: &PlanState) -> String {
    let status = plan_status(state);
    let left = if state.contained.is_some() { left_alone(case) } else { BTreeSet::new() };
    let status = status + &exceptions(case);
    if left.is_empty() {
        return status;
    }
    let names: Vec<String> = left.iter().take(LEFT_SHOWN_MAX).map(ToString::to_string).collect();
    let more = match left.len().saturating_sub(LEFT_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{status}; left alone by decision of people: {}{more}", names.join(", "))
}

/// What people left out, which is said whatever else is.
fn exceptions(case: &Case) -> String {
    let left = left_out(case);
    let named = left.iter().take(LEFT_SHOWN_MAX);
    let mut named: Vec<String> = named.map(|(on, by)| format!("{on} by {by}")).collect();
    match left.len().saturating_sub(LEFT_SHOWN_MAX) {
        0 => {}
        more => named.push(format!("{more} more")),
    }
    let left =
        if named.is_empty() { String::new() } else { format!("; LEFT OUT: {}", named.join(", ")) };
    let lifted = lifted(case);
    let taken_back: Vec<String> =
        lifted.iter().take(LEFT_SHOWN_MAX).map(|step| step.action.sentence()).collect();
    match taken_back.is_empty() {
        true => left,
        false => format!(
            "{left}; TAKEN BACK, {}: {}",
            count(lifted.len(), "step"),
            taken_back.join(", ")
        ),
    }
}

fn is_dead(state: &PlanState) -> bool {
    matches!(state.status(), PlanStatus::Denied | PlanStatus::Expired | PlanStatus::Voided)
}
