//! What AWS's own log said of a case, in words.

use crate::domain::reconciliation::{Difference, Reconciliation};
use crate::domain::report::utc;
use crate::domain::report::words::count;

/// The whole result, one sentence a line; the first one sums it up.
pub(super) fn lines(result: &Reconciliation) -> Vec<String> {
    let watermark = result.watermark.map_or_else(
        || "the trail holds no record yet".to_owned(),
        |newest| format!("the trail's newest record is of {}", utc(newest)),
    );
    let mut lines = vec![format!(
        "{}: {} of {} and {} of {}; {watermark}",
        if result.agrees() { "AWS and the journal agree" } else { "AWS AND THE JOURNAL DIFFER" },
        result.covered,
        count(result.calls as usize, "call") + " covered by a decision",
        result.confirmed,
        count(result.steps as usize, "done step") + " shown by a call",
    )];
    if result.pending > 0 {
        lines.push(format!(
            "{} not shown yet: CloudTrail may still deliver it, so run `keyleak reconcile` later",
            count(result.pending as usize, "done step")
        ));
    }
    if result.covered > 0 && !result.source_identity_seen {
        lines.push(
            "The trail tells no source identity, so the plan of a call was not checked".to_owned(),
        );
    }
    lines.extend(result.differences.iter().map(difference));
    if result.truncated {
        lines.push("More differences were found than are kept".to_owned());
    }
    lines
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::CallWithoutDecision { at, call, about, caller } => {
            format!("Call without a decision: {call} about {about} at {at}, by {caller}")
        }
        Difference::OtherArguments { at, call, about, decided } => format!(
            "Other arguments: {call} about {about} at {at}; what was decided is \"{decided}\""
        ),
        Difference::OtherPlan { at, call, source_identity, plan_hash } => format!(
            "Another plan: {call} at {at} names {source_identity}, and the plan decided on is \
             {plan_hash}"
        ),
        Difference::NoSuchCase { at, call, about, session } => format!(
            "Session of no case: {call} about {about} at {at}, as session \"{session}\" of the \
             bot's role"
        ),
        Difference::DecisionWithoutCall { plan, step, what, at } => format!(
            "Decision without a call: step {} of plan {} (\"{what}\") is written down as done at \
             {}, and the trail does not show it",
            step + 1,
            plan.0,
            utc(*at)
        ),
    }
}
