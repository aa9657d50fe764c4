//! What AWS's own log said of a case, in words.

use crate::domain::case::Case;
use crate::domain::reconciliation::{Difference, Looked, Reconciliation, Seen, StepSaid, Verdict};
use crate::domain::report::words::count;
use crate::domain::time_words::utc;

/// What a comparison came to, for the timeline, and the figures behind it.
pub(super) fn told(result: &Reconciliation) -> (String, Option<String>) {
    let what = match result.verdict() {
        Verdict::Agrees => "found that AWS's own log agrees with the journal",
        Verdict::Differs => "found that AWS's own log and the journal DIFFER",
        Verdict::NotYetDelivered => "found nothing that differs in a trail not complete yet",
    };
    let Reconciliation { calls, covered, changes, shown, .. } = result;
    let why = format!(
        "{covered} of {} have an approved step, {shown} of {} a call",
        count(*calls as usize, "call"),
        count(*changes as usize, "change")
    );
    (what.to_owned(), Some(why))
}

/// What the comparison came to, or why there is none.
pub(super) fn of(case: &Case) -> Vec<String> {
    match case.reconciled() {
        Some(Ok(result)) => lines(result),
        Some(Err(why)) => vec![format!("Not compared: {why}")],
        None => vec![format!("Not compared yet; keyleak reconcile {} does", case.id())],
    }
}

/// The whole result, one sentence a line; the first one sums it up.
pub(super) fn lines(result: &Reconciliation) -> Vec<String> {
    let mut lines = vec![summed_up(result), looked_at(&result.looked)];
    if result.awaited > 0 {
        lines.push(format!(
            "{} not in the trail, which may still deliver it: this is no alarm, and no agreement",
            count(result.awaited as usize, "change")
        ));
    }
    if result.without_plan > 0 {
        lines.push(format!(
            "{} without a source identity, so that their plan was not checked",
            count(result.without_plan as usize, "call")
        ));
    }
    lines.extend(result.differences.iter().map(difference));
    if result.left_out > 0 {
        let more = count(result.left_out as usize, "more difference");
        lines.push(format!("{more}; keyleak reconcile lists all"));
    }
    lines
}

fn summed_up(result: &Reconciliation) -> String {
    let verdict = match result.verdict() {
        Verdict::Agrees => "AWS's own log agrees with the journal",
        Verdict::Differs => "AWS'S OWN LOG AND THE JOURNAL DIFFER",
        Verdict::NotYetDelivered => "Nothing differs so far, but the trail is not complete",
    };
    let Reconciliation { calls, covered, changes, shown, .. } = result;
    let by_id = match result.by_request_id {
        0 => String::new(),
        by_id => format!(", {by_id} of them by AWS's request id"),
    };
    format!(
        "{verdict}: {covered} of {} made by an approved step{by_id}; {shown} of {} in the journal \
         shown by a call",
        count(*calls as usize, "call"),
        count(*changes as usize, "change")
    )
}

fn looked_at(looked: &Looked) -> String {
    let regions = match looked.regions.as_slice() {
        [] => "no region".to_owned(),
        regions => regions.join(", "),
    };
    let newest = looked.watermark.map_or_else(
        || "it holds no record of that time".to_owned(),
        |newest| format!("its newest record is of {}", utc(newest)),
    );
    let told = looked.told_until.map_or_else(String::new, |until| {
        format!(", and it is taken to be complete until {}", utc(until))
    });
    let unread = match looked.unread {
        0 => String::new(),
        unread => format!("; {} not used", count(unread as usize, "object")),
    };
    let truncated = if looked.truncated { "; the role made more calls than were read" } else { "" };
    format!(
        "Looked at the changing calls of {} since {} among {} of {regions}; {newest}{told}{unread}\
         {truncated}",
        looked.role,
        utc(looked.from),
        count(looked.records as usize, "record")
    )
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::CallWithoutDecision { seen } => {
            format!("Call without a decision: {}", call(seen))
        }
        Difference::OtherTarget { seen, plan, step, decided } => format!(
            "Another target: {}; step {} of plan {} says \"{decided}\"",
            call(seen),
            step + 1,
            plan.0
        ),
        Difference::OtherPlan { seen, source_identity, plan_hash } => format!(
            "Another plan: {}; it names plan {source_identity}, and {plan_hash} was approved",
            call(seen)
        ),
        Difference::NoSuchCase { seen } => format!("Session of no case: {}", call(seen)),
        Difference::ChangeWithoutCall { said } => {
            format!("Change without a call: {}, and the trail does not show it", step(said, "done"))
        }
        Difference::OtherResult { said } => {
            format!("Another result: {}, and the trail shows it done", step(said, "refused"))
        }
    }
}

fn call(seen: &Seen) -> String {
    let Seen { at, call, about, session, .. } = seen;
    let error = seen.error.as_ref().map_or_else(String::new, |code| format!(", refused: {code}"));
    let from = seen.source_ip.as_deref().unwrap_or("an address that is not told");
    let event = seen.event_id.as_deref().unwrap_or("without an id");
    format!("{call} about {about} at {at}{error}, by session {session} from {from} (event {event})")
}

fn step(said: &StepSaid, result: &str) -> String {
    let (step, plan) = (said.step + 1, said.plan.0);
    format!(
        "the journal says that step {step} of plan {plan} (\"{}\") was {result} at {}",
        said.what,
        utc(said.at)
    )
}
