//! Which messages a case owes its channel: derived from the records, each with a key of its own.

pub mod beside;
mod decisions;
mod phases;
mod questions;
mod read_back;
mod reopened;
mod spending;
mod team;

use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::elsewhere::is_elsewhere;
use crate::domain::event::{Event, Phase, PostKey};
use crate::domain::facts::{Fact, Finding};
use crate::domain::milestones::{Point, milestones};
use crate::domain::plan::{PlanNumber, Step};
use crate::domain::reconciliation::{Reconciliation, Verdict};
use crate::domain::record::Record;
use crate::domain::recovering;
use crate::domain::recovery_step::RecoveryStep;
use crate::domain::report::witness_lines;
use crate::domain::rung::Call;
use crate::domain::step_result::StepResult;
use crate::domain::task_call::TaskCall;
use crate::domain::time_words::utc;
use std::collections::BTreeSet;

/// Steps that one notice names; the plan's card has all of them.
const STEPS_SHOWN_MAX: usize = 10;

/// A message that the case owes its channel, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    pub key: PostKey,
    pub what: What,
}

/// What the message shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The status card, pinned and kept current.
    Card,
    /// All that is known of the key, in the thread of the card, kept current.
    Details,
    /// A plan, kept current.
    Plan(PlanNumber),
    /// Why a plan goes its way and which others there are, in its thread.
    Ways(PlanNumber),
    /// The story up to a record.
    Summary(u64),
    /// What changed since people were told last, as of a point.
    Update(Point),
    /// People are called to a plan that waits.
    Rung(Call),
    /// Plain words about a reporting duty, for the eyes of Legal.
    Legal(String),
    /// The tasks of a phase, kept current.
    Checklist(Phase),
    /// Somebody is told of a task, in the thread of its phase's.
    Task(TaskCall),
    /// What to write to AWS about a key that is somebody else's.
    Letter,
    /// The losses and what becomes of them, kept current.
    Recovery,
    /// The nine impact questions and what people answered, kept current.
    Impact,
    /// How far the questions are that a record asks, kept current.
    Progress(u64),
    /// The answer that a record holds, as a table.
    Answer(u64),
    /// The whole of that answer, as a file in the thread of its table.
    Rows(u64),
    /// Plain words that somebody must notice.
    Notice(String),
    /// The same, and every approver is rung.
    Alarm(String),
    /// The report as a file, as of the record that asked for it.
    Report(u64),
}

/// The card's key; its message is the one that is pinned.
pub fn card_key() -> PostKey {
    PostKey("card".to_owned())
}

/// The key of the message that shows a plan.
pub fn plan_key(plan: PlanNumber) -> PostKey {
    PostKey(format!("plan-{}", plan.0))
}

/// The key of the message that shows the recovery.
pub fn recovery_key() -> PostKey {
    PostKey("recovery".to_owned())
}

/// The key of the message that shows the impact questions.
pub fn impact_key() -> PostKey {
    PostKey("impact".to_owned())
}

/// The key of the message that shows how far the questions of a record are.
pub fn asked_key(seq: u64) -> PostKey {
    PostKey(format!("asked-{seq}"))
}

/// The key of the message that shows the answer of a record.
pub fn answer_key(seq: u64) -> PostKey {
    PostKey(format!("answer-{seq}"))
}

/// Everything owed so far, in the order it came up.
pub fn announcements(case: &Case) -> Vec<Announcement> {
    let mut owed = vec![Announcement { key: card_key(), what: What::Card }];
    let mut milestones = milestones(case).into_iter().peekable();
    let mut drifts: Vec<Drift> = Vec::new();
    let mut capped: BTreeSet<PlanNumber> = BTreeSet::new();
    for record in case.records() {
        if let Event::ReadBack { drifts: seen, .. } = &record.event {
            if *seen == drifts {
                continue;
            }
            drifts.clone_from(seen);
        }
        // Looked at again every few minutes, and rung for once.
        if let Event::Capped { plan, .. } = &record.event
            && !capped.insert(*plan)
        {
            continue;
        }
        if let Event::Reopened { reason } = &record.event {
            owed = reopened::owed(case, (record, reason));
            continue;
        }
        owed.extend(said(record));
        owed.extend(beside::of(case, record, &owed));
        owed.extend(phases::tasks(record, &owed));
        owed.extend(questions::about(case, record));
        owed.extend(read_back::found_changed(case, record));
        owed.extend(spending::about(case, record));
        let is_first = owed.iter().all(|owed| owed.what != What::Letter);
        owed.extend(to_aws(record).filter(|_| is_first));
        owed.extend(recovery(case, record));
        owed.extend(impact(record));
        owed.extend(last_words(record));
        owed.extend(team::about(case, record));
        owed.extend(team::unreached(record));
        let milestone = milestones.next_if(|point| point.seq == record.seq);
        let asked = matches!(record.event, Event::SummaryAsked);
        let summary = milestone.map(What::Update);
        let summary = summary.or_else(|| asked.then_some(What::Summary(record.seq)));
        owed.extend(summary.map(|what| {
            let key = PostKey(format!("summary-{}", record.seq));
            Announcement { key, what }
        }));
    }
    owed
}

/// The letter to AWS, where the key turns out to be somebody else's.
fn to_aws(record: &Record) -> Option<Announcement> {
    let Event::Found { finding: Finding::Account(Fact::Known(found)) } = &record.event else {
        return None;
    };
    let key = PostKey(format!("letter-{}", record.seq));
    is_elsewhere(found).then_some(Announcement { key, what: What::Letter })
}

/// The card of the recovery, by the first who asks for it; and what a closed case leaves open.
#[expect(clippy::wildcard_enum_match_arm, reason = "two kinds of record bear on the recovery")]
fn recovery(case: &Case, record: &Record) -> Option<Announcement> {
    match &record.event {
        Event::PhasePressed { phase: Phase::Recovery } => {
            Some(Announcement { key: recovery_key(), what: What::Recovery })
        }
        Event::Closed { .. } => {
            let open = recovering::open(case);
            let key = PostKey(format!("open-{}", record.seq));
            let what = What::Notice(format!("Closed with open ends: {}.", open.join("; ")));
            (!open.is_empty()).then_some(Announcement { key, what })
        }
        _ => None,
    }
}

/// The card of the impact questions, by the first who asks for it or answers one.
fn impact(record: &Record) -> Option<Announcement> {
    let pressed = matches!(record.event, Event::PhasePressed { phase: Phase::Impact });
    let answered = matches!(record.event, Event::Impact { .. });
    (pressed || answered).then(|| Announcement { key: impact_key(), what: What::Impact })
}

/// The report of a closed case, once AWS's own log was asked about it.
fn last_words(record: &Record) -> Option<Announcement> {
    let asked = matches!(record.event, Event::Reconciled { .. } | Event::NotReconciled { .. });
    let key = PostKey(format!("report-{}", record.seq));
    asked.then_some(Announcement { key, what: What::Report(record.seq) })
}

/// The message that a record owes by itself.
#[expect(clippy::wildcard_enum_match_arm, reason = "most records owe words or nothing")]
fn said(record: &Record) -> Option<Announcement> {
    let keyed = |name: &str, what: What| {
        Some(Announcement { key: PostKey(format!("{name}-{}", record.seq)), what })
    };
    match &record.event {
        Event::Proposed { plan, .. } => {
            Some(Announcement { key: plan_key(plan.number), what: What::Plan(plan.number) })
        }
        Event::GlassBroken { plan, reason, .. } => keyed(
            "alarm",
            What::Alarm(format!(
                "BREAK-GLASS: {} let plan {} run alone: {reason}\nAnother approver has to look at \
                 it: /keyleak review {} and what came of it.",
                record.actor_shown(),
                plan.0,
                plan.0
            )),
        ),
        Event::Capped { plan, why, until } => keyed(
            "alarm",
            What::Alarm(format!(
                "HELD UP BY A CAP: {why}, by all cases together, and no more are allowed on \
                 Slack's word alone. Look whether I run wild (`keyleak freeze` stops me). If all \
                 is well, an approver lets plan {} go on with `keyleak approve {} {}`, which \
                 proves who they are, or with a one-time code under the plan; else I look again \
                 at {}.",
                plan.0,
                record.case,
                plan.0,
                utc(*until)
            )),
        ),
        Event::Reconciled { result } if result.verdict() == Verdict::Differs => {
            keyed("alarm", What::Alarm(differs(result)))
        }
        Event::Answered { answer } if answer.rows == 0 => None,
        Event::Answered { .. } => {
            Some(Announcement { key: answer_key(record.seq), what: What::Answer(record.seq) })
        }
        Event::ReportAsked => keyed("report", What::Report(record.seq)),
        _ => {
            let words = decisions::words(record).or_else(|| words(&record.event))?;
            keyed("notice", What::Notice(words))
        }
    }
}

/// What the bot did or found, in plain words.
#[expect(clippy::wildcard_enum_match_arm, reason = "most records show on the card alone")]
fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::NotProposed { why, eradication: true } => format!("Not deleted: {why}"),
        Event::NotProposed { why, .. } => format!("No plan: {why}"),
        Event::Expired { plan } => format!(
            "Plan {} expired without enough approvals. Its card says how to have a new one.",
            plan.0
        ),
        Event::Voided { plan, why } => format!("Plan {} is void: {why}", plan.0),
        Event::Covered { steps, .. } => covered(steps),
        Event::Outcome {
            plan, step, result: StepResult::Failed { why, retryable, .. }, ..
        } => {
            let next = if *retryable { "I try again." } else { "Somebody must look." };
            format!("Step {} of plan {} failed: {why}. {next}", step + 1, plan.0)
        }
        Event::Reapply { reverter, racing: true, .. } => {
            format!("{reverter} took the containment back. I put it in force again at once.")
        }
        Event::Reapply { reverter, .. } => format!(
            "{reverter} belongs to the actor and took the containment back. I put it in force \
             again under the first approval."
        ),
        Event::OpenEnds { ends, .. } if !ends.is_empty() => format!(
            "Not contained: the actor still holds what this plan cannot end: {}.",
            ends.join("; ")
        ),
        Event::Held { plan } => {
            format!(
                "Plan {} holds: what was done was read back on schedule and is in force.",
                plan.0
            )
        }
        Event::Contained { as_of, .. } => format!(
            "Contained as of {as_of}: the trail is complete past the last step, and neither it nor \
             IAM's inventory shows anything more of its credentials. What it made or changed and \
             is not stopped stands on the plan's card."
        ),
        Event::WatchEnded { .. } => "The watch is over; nothing was reverted.".to_owned(),
        Event::HandedOver { from, action } => format!(
            "Case {from} was undone. What this case needs too stays in force, and the undo of this \
             case gives it back: {}.",
            action.sentence()
        ),
        Event::Recovery { step } => return lost(step),
        Event::SurveyFailed { why } => format!("The trail could not be read: {why}"),
        Event::QuestionFailed { question, why, .. } => {
            format!("Question {question} has no answer: {why}")
        }
        Event::Reconciled { result } => format!("{}.", witness_lines(result).join(". ")),
        Event::NotReconciled { why } => {
            format!("The journal was not compared with AWS's own log: {why}.")
        }
        Event::Braked { brake } if brake.frozen => format!(
            "FROZEN: {} has stopped every change by this bot, in all cases: {}. Decisions are \
             still taken and kept; they are carried out after `keyleak thaw`.",
            brake.name, brake.why
        ),
        Event::Braked { brake } => format!(
            "{} has lifted the freeze: {}. What was decided is carried out now.",
            brake.name, brake.why
        ),
        _ => return None,
    })
}

/// What a reading found lost. Names stand on the card alone: the actor may have chosen them.
fn lost(step: &RecoveryStep) -> Option<String> {
    if let RecoveryStep::NotMade { why } = step {
        return Some(format!("keyleak makes no key: {why}. Recovery has the commands for people."));
    }
    let RecoveryStep::Found { losses, again, in_all, .. } = step else { return None };
    let mut said = Vec::new();
    if !losses.is_empty() {
        let read = losses.iter().filter(|loss| loss.kind.is_read()).count();
        let all = *in_all as usize;
        let more = if all > losses.len() { format!(", the first of {all}") } else { String::new() };
        said.push(format!(
            "The trail shows {read} secrets (or what may hold one) read and {} things destroyed by \
             the actor{more}. Recovery lists them.",
            losses.len() - read
        ));
    }
    let numbers: Vec<String> = again.iter().map(|again| again.loss.to_string()).collect();
    if !numbers.is_empty() {
        said.push(format!("The actor came back to loss {}; it is open.", numbers.join(", ")));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

fn differs(result: &Reconciliation) -> String {
    format!(
        "ALARM: {}.\nFind out who acts with the bot's rights, or who changed this journal; \
         `keyleak freeze` stops the bot itself, and `keyleak reconcile` compares again.",
        witness_lines(result).join(".\n")
    )
}

fn covered(steps: &[Step]) -> String {
    let lifts = |step: &Step| !step.action.contains();
    let why = if steps.iter().any(lifts) {
        "What I stopped on suspicion was not the actor's, so I take it back"
    } else if steps.iter().any(|step| step.provisional) {
        "The actor is still at work, and this is so new that the trail does not tell yet who made \
         it. I stop it, and lift that when it was somebody else"
    } else {
        "The actor took more. The standing approval covers it, so I do the same there"
    };
    let shown = steps.iter().take(STEPS_SHOWN_MAX).map(|step| step.action.sentence());
    let shown: Vec<String> = shown.collect();
    let more = match steps.len().saturating_sub(STEPS_SHOWN_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("{why}: {}{more}.", shown.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::PlanKind;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, opened, plan, run};

    #[test]
    fn what_a_read_back_finds_is_told_by_the_kind_of_plan_and_no_plan_is_promised_for_an_undo() {
        let told = |kind: PlanKind| {
            let mut case = opened();
            let contain = plan(&case, PlanKind::Containment);
            run(&mut case, contain);
            let next = plan(&case, kind);
            let plan = next.number;
            run(&mut case, next);
            let what = "user ci: access keys differ".to_owned();
            let drifts = vec![Drift { plan, step: None, what, by: None }];
            add(&mut case, Actor::Keyleak, Event::ReadBack { plan, check: 0, drifts });
            let notices = announcements(&case).into_iter().filter_map(|owed| {
                let What::Notice(text) = owed.what else { return None };
                text.contains("user ci: access keys differ").then_some(text)
            });
            notices.collect::<Vec<_>>().join("\n")
        };
        assert!(told(PlanKind::FollowUp).contains("A plan to put it back waits for approval"));
        for kind in [PlanKind::Undo, PlanKind::Eradication, PlanKind::Replacement] {
            let told = told(kind);
            assert!(told.contains("plan 2") && !told.contains("waits for approval"), "{told}");
        }
        assert_eq!(told(PlanKind::Undo).lines().count(), 1, "once");
    }
}
