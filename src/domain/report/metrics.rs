//! What responders are measured by: spans with both ends, and counts; nothing is guessed.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::plan_state::PlanState;
use crate::domain::record::Record;
use crate::domain::report::calls::Calls;
use crate::domain::report::shape::{Figure, Metric};
use crate::domain::report::times_to_contain;
use crate::domain::time_words::span;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// From a moment to another, either of which may not be known, with the reason.
type End = Result<Timestamp, String>;

/// The spans of one case.
pub(super) fn metrics(case: &Case, calls: Option<&Calls<'_>>) -> Vec<Metric> {
    let opened = Ok(case.opened_at());
    let exposed = case.exposed_since().ok_or_else(|| "the time of exposure is".to_owned());
    let times = times_to_contain(case);
    let after = |span: Option<SignedDuration>, what: &str| -> End {
        span.map(|span| case.opened_at() + span).ok_or_else(|| what.to_owned())
    };
    let action = after(times.action, "when the last change of a containment was made is");
    let held = after(times.held, "whether it held is");
    let proven = after(times.contained, "whether the trail proves it is");
    let last_call = last_success(case, calls);
    let confirmed = case.recovery().confirmed().map(|(press, _)| press.at);
    let confirmed =
        confirmed.ok_or_else(|| "that all is well was not confirmed, so it is".to_owned());
    let closed = case.closed_at().ok_or_else(|| "the case is open, so it is".to_owned());
    let first = first_response(case).ok_or_else(|| "nobody else has acted, so it is".to_owned());
    let planned = case.plans().next().map(|state| state.proposed.at);
    let planned = planned.ok_or_else(|| "there is no plan, so it is".to_owned());
    let mut all = vec![
        metric("time_to_detect", "Exposed, or first unlike use, to reported", &exposed, &opened),
        metric(
            "time_to_first_response",
            "Reported to the first act of somebody else",
            &opened,
            &first,
        ),
        metric("time_to_assess", "Reported to the first plan", &opened, &planned),
        metric("time_to_contain_action", "Reported to the last change", &opened, &action),
        metric("time_to_contain_held", "Reported to read back and held", &opened, &held),
        effective(&opened, &last_call),
        gap(&action, &last_call),
        metric("time_to_contain_proven", "Reported to proven by the trail", &opened, &proven),
        metric("dwell_time", "Exposed to the actor's last call that worked", &exposed, &last_call),
        metric("time_to_recover", "Last change to confirmed that all is well", &action, &confirmed),
        metric("time_open", "Reported to closed", &opened, &closed),
    ];
    all.extend(case.plans().filter(|state| state.is_approved()).filter_map(approval_latency));
    all
}

fn metric(id: &str, title: &str, from: &End, to: &End) -> Metric {
    let seconds =
        from.as_ref().ok().zip(to.as_ref().ok()).map(|(from, to)| to.duration_since(*from));
    let words = match (from, to, seconds) {
        (Err(why), _, _) | (_, Err(why), _) => format!("not known: {why} not known"),
        (_, _, Some(length)) if length.is_negative() => {
            format!("{} before", span(length.abs()))
        }
        (_, _, length) => span(length.unwrap_or_default()),
    };
    Metric {
        id: id.to_owned(),
        title: title.to_owned(),
        from: from.as_ref().ok().copied(),
        to: to.as_ref().ok().copied(),
        seconds: seconds.map(|length| length.as_secs()),
        words: words.replace("so it is not known", "so it cannot be told"),
    }
}

/// To the last call that worked, which is what containment is for; one before the report counts as
/// none after it.
fn effective(opened: &End, last_call: &End) -> Metric {
    let mut told = metric(
        "time_to_contain_effective",
        "Reported to the actor's last call that worked",
        opened,
        last_call,
    );
    if told.seconds.is_some_and(|seconds| seconds < 0) {
        told.words = format!("no call worked after the report; the last was {}", told.words);
    }
    told
}

/// How long calls went on to work after the last change.
fn gap(action: &End, last_call: &End) -> Metric {
    let title = "Last change to the actor's last call that worked";
    let mut told = metric("containment_gap", title, action, last_call);
    if told.seconds.is_some_and(|seconds| seconds < 0) {
        told.words = format!("no call worked after the last change; the last was {}", told.words);
    }
    told
}

fn last_success(case: &Case, calls: Option<&Calls<'_>>) -> End {
    let by_key = case.survey().and_then(|(_, survey)| survey.last_success);
    let known = calls.and_then(Calls::last_success).max(by_key);
    known.ok_or_else(|| "a call of the actor that worked is".to_owned())
}

/// The first decision of somebody who did not open the case.
fn first_response(case: &Case) -> Option<Timestamp> {
    let other = |record: &&Record| {
        record.person().is_some_and(|by| by != case.opened_by()) && !record.event.is_talk()
    };
    case.records().iter().map(AsRef::as_ref).find(other).map(|record| record.at)
}

/// From the proposal to the approval with which there were enough.
fn approval_latency(state: &PlanState) -> Option<Metric> {
    let last = state.approvals.last().map(|press| press.at);
    let at = last.or(state.glass.as_ref().map(|(press, _)| press.at))?;
    let number = state.plan.number.0;
    let title = format!("Plan {number} proposed to approved");
    Some(metric(
        &format!("approval_latency_plan_{number}"),
        &title,
        &Ok(state.proposed.at),
        &Ok(at),
    ))
}

/// What is counted in the journal.
pub(super) fn figures(case: &Case) -> Vec<Figure> {
    let count = |wanted: fn(&Event) -> bool| {
        case.records().iter().filter(|record| wanted(&record.event)).count() as u64
    };
    let by_people = case.records().iter().filter_map(|record| record.person());
    let people = by_people.clone().collect::<BTreeSet<_>>().len() as u64;
    let steps = case.plans().flat_map(PlanState::all_steps);
    let done = steps.filter(|(_, _, state)| state.changed).count() as u64;
    let nodes = case.survey().map_or(0, |(_, survey)| survey.nodes.len() as u64);
    let spending = case.spending();
    let figure =
        |id: &str, title: &str, value| Figure { id: id.to_owned(), title: title.to_owned(), value };
    vec![
        figure("records", "records of the journal", case.seq()),
        figure("decisions", "records by people", by_people.count() as u64),
        figure("people", "people who acted", people),
        figure(
            "refused",
            "presses and commands that were refused",
            count(|event| matches!(event, Event::Refused { .. })),
        ),
        figure("plans", "plans", case.plans().count() as u64),
        figure("changes", "steps that changed the account", done),
        figure(
            "read_backs",
            "readings back",
            count(|event| matches!(event, Event::ReadBack { .. })),
        ),
        figure(
            "reversals",
            "times that something was found taken back",
            count(|event| matches!(event, Event::ReadBack { drifts, .. } if !drifts.is_empty())),
        ),
        figure("answers", "questions answered", case.answers().len() as u64),
        figure("not_answered", "questions not answered", case.questions_failed().len() as u64),
        figure("lineage", "credentials and principals that grew from the key", nodes),
        figure("bytes_scanned", "bytes scanned in Athena", spending.bytes_scanned),
        figure("microdollars", "millionths of a dollar for that", spending.microdollars),
    ]
}
