//! Each record as one line: what was done, why, and how much it matters.

use crate::domain::adjustment::Adjustment;
use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::event::{Event, Opening};
use crate::domain::facts::{Fact, Finding};
use crate::domain::names::name_of;
use crate::domain::plan::{Plan, PlanNumber, Step};
use crate::domain::reading::SurveyNote;
use crate::domain::record::Record;
use crate::domain::recovering::open;
use crate::domain::report::words::{asked, count, grown, kind_word};
use crate::domain::report::{
    Line, Weight, captured, cost, impact, recovering, second_witness, team,
};
use crate::domain::step_result::StepResult;
use crate::domain::time_words::utc;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What a record says, before it is known who did it.
struct Told {
    what: String,
    why: Option<String>,
    weight: Weight,
}

/// The line of a record; `None` for records that only keep the books.
pub(super) fn line(case: &Case, record: &Record) -> Option<Line> {
    if let Some(line) = captured::line(case, record) {
        return Some(line);
    }
    let told = told(case, record)?;
    Some(Line {
        seq: record.seq,
        at: record.at,
        who: record.actor_shown(),
        what: told.what,
        why: told.why.or_else(|| record.proof().filter(|_| record.operator().is_none())),
        weight: told.weight,
        words: None,
    })
}

fn told(case: &Case, record: &Record) -> Option<Told> {
    let event = &record.event;
    match event {
        Event::Opened(opening) => Some(opened(opening)),
        Event::Joined => minor("asked about the same key and joined the case"),
        Event::ChannelTried { .. }
        | Event::Dressed
        | Event::Posted { .. }
        | Event::UploadTried { .. }
        | Event::Intent { .. }
        | Event::Captured { .. }
        | Event::CaptureChanged { .. }
        | Event::QuestionsDone { .. } => None,
        Event::ChannelMade { name, .. } => minor(format!("made the channel #{name}")),
        Event::ChannelFailed { why, .. } => because("could not make a channel", why),
        Event::Invited { people, failed } => Some(invited(people.len(), failed)),
        Event::PostFailed { why, .. } => minor(format!("could not post a message: {why}")),
        Event::PhasePressed { phase } => minor(format!("asked for {}", phase.title())),
        Event::QuestionsAsked { questions, sql } => minor(asked(questions, sql.as_deref())),
        Event::SummaryAsked => minor("asked for a summary"),
        Event::ReportAsked => minor("asked for the report"),
        Event::Found { finding } => Some(found(finding)),
        Event::Validated => major("finished the validation"),
        Event::Exposed { since, why, .. } => Some(exposed(*since, why.clone())),
        Event::Braked { brake } => Some(with(brake.heard(), Some(brake.by_and_why()))),
        Event::Note { text } => major(format!("noted: {text}")),
        Event::Closed { reason } => Some(closed(case, reason.clone())),
        Event::Reopened { reason } => because("took the case up again", reason),
        Event::Recovery { step } => both(recovering::told(step)),
        Event::Impact { answer } => both(impact::told(answer)),
        Event::Team { step } => team::told(case, step).and_then(both),
        Event::Reconciled { result } => both(second_witness::told(result)),
        Event::NotReconciled { why } => {
            because("could not hold the journal against AWS's own log", why)
        }
        Event::Reported { sha256, .. } => minor(format!("wrote the report (SHA-256 {sha256})")),
        Event::Archived => minor("archived the channel"),
        Event::Surveyed { survey } => surveyed(case, record.seq, survey),
        Event::Spending { .. }
        | Event::SurveyFailed { .. }
        | Event::Answered { .. }
        | Event::QuestionFailed { .. }
        | Event::Cancelled { .. } => looked(event),
        Event::Proposed { .. }
        | Event::NotProposed { .. }
        | Event::Approved { .. }
        | Event::OwnerAgreed { .. }
        | Event::Denied { .. }
        | Event::Withdrawn { .. }
        | Event::Refused { .. }
        | Event::Expired { .. }
        | Event::GlassBroken { .. }
        | Event::GlassReviewed { .. }
        | Event::Voided { .. }
        | Event::Covered { .. } => decided(case, event),
        Event::Capped { .. }
        | Event::Outcome { .. }
        | Event::ReadBack { .. }
        | Event::Reapply { .. }
        | Event::Held { .. }
        | Event::OpenEnds { .. }
        | Event::Contained { .. }
        | Event::WatchEnded { .. }
        | Event::UndoWanted { .. }
        | Event::Adjusted { .. }
        | Event::HandedOver { .. } => acted(case, event),
    }
}

fn both((what, why): (String, Option<String>)) -> Option<Told> {
    Some(with(&what, why))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "told sends only looking")]
fn looked(event: &Event) -> Option<Told> {
    match event {
        Event::Spending { step } if step.is_decision() => major(cost::told(step)),
        Event::Spending { step } => minor(cost::told(step)),
        Event::SurveyFailed { why } => because("could not read the trail", why),
        Event::Answered { answer } => {
            minor(format!("answered {}: {}", answer.question, answer.sentence))
        }
        Event::QuestionFailed { question, why, .. } => {
            because(&format!("could not answer {question}"), why)
        }
        Event::Cancelled { .. } => minor("cancelled the questions"),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "told sends only decisions")]
fn decided(case: &Case, event: &Event) -> Option<Told> {
    match event {
        Event::Proposed { plan, hash } => Some(proposed(case, plan, hash)),
        Event::NotProposed { why, eradication: true } => {
            because("left undeleted what it may not delete", why)
        }
        Event::NotProposed { why, .. } => because("made no plan", &why.replace('\n', " ")),
        Event::Approved { plan, hash } => {
            let hash = Plan::short_hash(hash);
            major(format!("approved plan {} (hash {hash})", plan.0))
        }
        Event::OwnerAgreed { plan, .. } => {
            major(format!("agreed to plan {} as the owner of what it stops", plan.0))
        }
        Event::Denied { plan, reason } => {
            Some(with(&format!("denied plan {}", plan.0), reason.clone()))
        }
        Event::Withdrawn { plan } => major(format!("took the approval of plan {} back", plan.0)),
        Event::Refused { what, why } => because(&format!("was not allowed to {what}"), why),
        Event::Expired { plan } => {
            major(format!("let plan {} expire without enough approvals", plan.0))
        }
        Event::GlassBroken { plan, reason, .. } => {
            because(&format!("BROKE THE GLASS: let plan {} run alone", plan.0), reason)
        }
        Event::GlassReviewed { plan, verdict } => {
            because(&format!("reviewed the break-glass of plan {}", plan.0), verdict)
        }
        Event::Voided { plan, why } => because(&format!("voided plan {}", plan.0), why),
        Event::Covered { plan, steps, .. } => Some(with(
            &format!("added {} to plan {}", count(steps.len(), "step"), plan.0),
            Some(covered(steps).to_owned()),
        )),
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "told sends only execution")]
fn acted(case: &Case, event: &Event) -> Option<Told> {
    match event {
        Event::Capped { plan, why, until } => because(
            &format!("held plan {} up until {} for a cap per hour", plan.0, utc(*until)),
            why,
        ),
        Event::Outcome { plan, step, result, .. } => {
            Some(outcome(&sentence_of(case, *plan, *step), result))
        }
        Event::ReadBack { plan, drifts, .. } if drifts.is_empty() => {
            minor(format!("read plan {} back: every step holds", plan.0))
        }
        Event::ReadBack { plan, drifts, .. } => {
            Some(with(&format!("found plan {} reverted", plan.0), Some(drifted(drifts))))
        }
        Event::Reapply { plan, steps, reverter, racing } => Some(with(
            &format!("puts {} of plan {} back", count(steps.len(), "step"), plan.0),
            Some(match racing {
                true => format!("{reverter} took it back"),
                false => format!("{reverter} grew from the key"),
            }),
        )),
        Event::OpenEnds { ends, .. } if ends.is_empty() => minor("found nothing left open"),
        Event::OpenEnds { plan, ends } => {
            Some(with(&format!("found what plan {} cannot end", plan.0), Some(ends.join("; "))))
        }
        Event::Held { plan } => major(format!("says plan {} is held", plan.0)),
        Event::Contained { plan, as_of } => {
            major(format!("says plan {} is contained as of {}", plan.0, utc(*as_of)))
        }
        Event::WatchEnded { plan } => minor(format!("ended the watch of plan {}", plan.0)),
        Event::UndoWanted { plan, steps } if steps.is_empty() => {
            major(format!("asked to undo plan {}", plan.0))
        }
        Event::UndoWanted { steps, .. } => {
            major(format!("asked to undo {} alone", count(steps.len(), "step")))
        }
        Event::Adjusted { adjustments } => {
            let said: Vec<String> = adjustments.iter().map(Adjustment::words).collect();
            major(said.join(", "))
        }
        Event::HandedOver { from, action } => major(format!(
            "left this to the undo of this case, because {from} was undone: {}",
            action.sentence()
        )),
        _ => None,
    }
}

/// Why steps were added to a plan after its approval.
fn covered(steps: &[Step]) -> &'static str {
    let lifts = |step: &Step| !step.action.contains();
    if steps.iter().any(lifts) {
        "they were stopped on suspicion, and the trail names another maker"
    } else if steps.iter().any(|step| step.provisional) {
        "they are newer than what the trail tells, and the actor is at work"
    } else {
        "the approval covers what the actor took since"
    }
}

fn opened(opening: &Opening) -> Told {
    let place = opening.found_where.iter().map(|at| format!("found: {at}"));
    let note = opening.note.iter().map(|note| format!("note: {note}"));
    let why: Vec<String> = place.chain(note).collect();
    let drill = if opening.drill { " (drill)" } else { "" };
    with(
        &format!("opened the case for key {}{drill}", opening.key),
        (!why.is_empty()).then(|| why.join("; ")),
    )
}

/// Closing a case whose recovery has an open end is not refused, and not silent.
fn closed(case: &Case, reason: Option<String>) -> Told {
    match open(case).as_slice() {
        [] => with("closed the case", reason),
        left => with(&format!("closed the case with open ends: {}", left.join("; ")), reason),
    }
}

fn exposed(since: Option<Timestamp>, why: Option<String>) -> Told {
    let what = match (since, &why) {
        (Some(since), Some(_)) => format!("takes the key to be exposed since {}", utc(since)),
        (Some(since), None) => format!("set the time of exposure to {}", utc(since)),
        (None, Some(_)) => "could not tell since when the key is exposed".to_owned(),
        (None, None) => "said that the time of exposure is not known".to_owned(),
    };
    with(&what, why)
}

fn invited(people: usize, failed: &[String]) -> Told {
    Told {
        what: format!("invited {people} to the channel"),
        why: (!failed.is_empty()).then(|| format!("not possible for: {}", failed.join("; "))),
        weight: Weight::Minor,
    }
}

fn found(finding: &Finding) -> Told {
    let (about, unknown) = match finding {
        Finding::Account(fact) => ("the account", reason(fact)),
        Finding::Owner(fact) => ("the owner", reason(fact)),
        Finding::LastUse(fact) => ("the last use", reason(fact)),
        Finding::Keys(fact) => ("the owner's keys", reason(fact)),
        Finding::Permissions(fact) => ("the owner's permissions", reason(fact)),
        Finding::Quarantine(fact) => ("AWS's quarantine", reason(fact)),
        Finding::GuardDuty(fact) => ("GuardDuty's alerts", reason(fact)),
        Finding::Health(fact) => ("AWS Health's alerts", reason(fact)),
        Finding::RootKeys(fact) => ("whether root has keys", reason(fact)),
        Finding::Signer(fact) => ("who signs with the key", reason(fact)),
    };
    let what = match &unknown {
        None => format!("looked up {about}"),
        Some(_) => format!("could not look up {about}"),
    };
    Told { what, why: unknown, weight: Weight::Minor }
}

fn proposed(case: &Case, plan: &Plan, hash: &str) -> Told {
    with(
        &format!(
            "proposed plan {} ({}, {}, hash {})",
            plan.number.0,
            kind_word(plan.kind),
            count(plan.steps.len(), "step"),
            Plan::short_hash(hash),
        ),
        Some(format!(
            "asked for by {}, needs {}",
            name_of(case, &plan.requested_by),
            count(plan.approvals_needed as usize, "approval")
        )),
    )
}

fn outcome(step: &str, result: &StepResult) -> Told {
    match result {
        StepResult::Done { changed: true, how, .. } => with(&format!("did: {step}"), how.clone()),
        StepResult::Done { changed: false, how, .. } => {
            with(&format!("found it already so: {step}"), how.clone())
        }
        StepResult::Failed { why, .. } => with(&format!("failed at: {step}"), Some(why.clone())),
    }
}

fn sentence_of(case: &Case, plan: PlanNumber, step: u32) -> String {
    let step = case.plan(plan).and_then(|state| state.step(step));
    step.map_or_else(|| "a step".to_owned(), |step| step.action.sentence())
}

fn drifted(drifts: &[Drift]) -> String {
    let told: Vec<String> = drifts
        .iter()
        .map(|drift| match &drift.by {
            Some(by) => format!("{}, by {by}", drift.what),
            None => format!("{}, by whom is not known", drift.what),
        })
        .collect();
    told.join("; ")
}

fn reason<T>(fact: &Fact<T>) -> Option<String> {
    match fact {
        Fact::Known(_) => None,
        Fact::Unknown(why) => Some(why.clone()),
    }
}

/// A reading matters when it is the first or when it found something that no earlier one had.
fn surveyed(case: &Case, seq: u64, survey: &SurveyNote) -> Option<Told> {
    let earlier = case.records().iter().rev().skip_while(|record| record.seq >= seq);
    let before = earlier.filter_map(|record| survey_of(&record.event)).next();
    let known: BTreeSet<&str> =
        before.iter().flat_map(|before| &before.nodes).map(|node| node.id.as_str()).collect();
    let new = survey.nodes.iter().filter(|node| !known.contains(node.id.as_str())).count();
    let (records, cost) = (count_records(survey.records_read), cost::words(&survey.cost));
    let read = format!("read {records} of the trail{cost}");
    let all = survey.nodes.len();
    match (before, new) {
        (None, _) => major(format!("{read}: {} grew from the key", grown(all, ""))),
        (Some(_), 0) => minor(format!("{read}: nothing more grew from the key ({all} so far)")),
        (Some(_), new) => {
            major(format!("{read}: {} grew from the key ({all} in all)", grown(new, "more ")))
        }
    }
}

fn survey_of(event: &Event) -> Option<&SurveyNote> {
    if let Event::Surveyed { survey } = event { Some(survey) } else { None }
}

fn count_records(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "record")
}

fn minor(what: impl Into<String>) -> Option<Told> {
    Some(Told { what: what.into(), why: None, weight: Weight::Minor })
}

fn major(what: impl Into<String>) -> Option<Told> {
    Some(Told { what: what.into(), why: None, weight: Weight::Major })
}

fn because(what: &str, why: &str) -> Option<Told> {
    Some(with(what, Some(why.to_owned())))
}

fn with(what: &str, why: Option<String>) -> Told {
    Told { what: what.to_owned(), why, weight: Weight::Major }
}
