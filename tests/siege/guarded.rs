//! What the organization's tag promises: whoever bears it is never free once IAM enforces it.

use jiff::{SignedDuration, Timestamp};
use keyleak::domain::action::Change;
use keyleak::domain::case::Case;
use keyleak::domain::plan::Step;
use keyleak::domain::principal::{Principal, PrincipalKind};
use keyleak::domain::step_result::StepResult;
use keyleak::sim::cloud::SimCloud;
use std::time::Duration;

/// Who was tagged, and when; nobody whose tag was taken off again.
pub(crate) fn tagged(case: &Case) -> impl Iterator<Item = (&Principal, Timestamp)> {
    let steps = case.plans().flat_map(|state| state.all_steps());
    let done = steps.filter(|(_, _, state)| matches!(state.result, Some(StepResult::Done { .. })));
    let is_tag = |step: &Step| matches!(step.action.change, Change::Quarantine { .. });
    let tags = done.filter(move |(_, step, _)| is_tag(step));
    let tags = tags.filter_map(|(_, step, state)| Some((&step.action.on, state.ended_at?)));
    tags.filter(|(on, _)| !is_released(case, on))
}

fn is_released(case: &Case, on: &Principal) -> bool {
    let mut steps = case.plans().flat_map(|state| state.all_steps());
    steps.any(|(_, step, _)| {
        step.action.on == *on && matches!(step.action.change, Change::LiftQuarantine { .. })
    })
}

/// Calls that a tagged principal was allowed after the longest that IAM takes.
pub(crate) fn free_under_the_tag(case: &Case, cloud: &SimCloud, lag: Duration) -> Vec<String> {
    let lag = SignedDuration::try_from(lag).expect("seconds");
    let calls = cloud.calls();
    let mut free = Vec::new();
    for (on, at) in tagged(case) {
        let own = |by: &str| match on.kind {
            PrincipalKind::User => by == on.arn,
            PrincipalKind::Role | PrincipalKind::Resource => {
                by.contains(&format!(":assumed-role/{}/", on.name))
            }
        };
        let later = calls.iter().filter(|call| call.at > at + lag && call.refused.is_none());
        // No policy is asked who signs in; the session that it opens must be good for nothing.
        let no_right = |name: &str| matches!(name, "GetCallerIdentity" | "ConsoleLogin");
        let own = later.filter(|call| own(&call.by) && !no_right(call.name));
        free.extend(own.map(|call| format!("{on} at {}: {}", call.at, call.name)));
    }
    free
}
