//! The tasks of a case: who has which until when, and what is done.
//!
//! A task holds up nothing. What the case shows to be done by itself is done, whoever had it.

use crate::domain::case::Case;
use crate::domain::event::{Event, Phase, PostKey};
use crate::domain::hardening;
use crate::domain::impact_state;
use crate::domain::names::name_of;
use crate::domain::record::{Press, Record};
use crate::domain::recovering;
use crate::domain::task::Task;
use crate::domain::team::Given;
use crate::domain::team_step::TeamStep;
use crate::domain::time_words::utc;
use jiff::Timestamp;

const TASKS: &str = "tasks-";
/// Names on one line of the card.
const OVERDUE_SHOWN_MAX: usize = 4;

/// How it stands with a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing<'a> {
    Open,
    Given(&'a Given),
    /// Somebody says so.
    Done(&'a Press),
    /// The case shows it.
    Shown,
}

/// The key of the message with the tasks of a phase.
pub fn tasks_key(phase: Phase) -> PostKey {
    PostKey(format!("{TASKS}{}", phase.slug()))
}

pub fn standing(case: &Case, task: Task) -> Standing<'_> {
    let team = case.team();
    match (team.task_done(task), team.task_given(task)) {
        (Some(press), _) => Standing::Done(press),
        (None, _) if is_shown(case, task) => Standing::Shown,
        (None, Some(given)) => Standing::Given(given),
        (None, None) => Standing::Open,
    }
}

/// Whether the case itself shows that there is nothing left to do.
#[expect(clippy::wildcard_enum_match_arm, reason = "the case shows the end of few tasks")]
fn is_shown(case: &Case, task: Task) -> bool {
    match task {
        Task::ImpactQuestions => impact_state::open(case).is_empty(),
        Task::ApprovePlan => case.standing_containment().is_some(),
        Task::Losses => {
            let tally = recovering::tally(case);
            tally.read + tally.destroyed > 0 && !tally.is_open()
        }
        Task::OwnerConfirms => recovering::is_confirmed(case),
        Task::Hardening => {
            let all = hardening::checklist(case);
            !all.is_empty() && all.iter().all(|item| item.done.is_some())
        }
        Task::CloseCase => case.closed_at().is_some(),
        _ => false,
    }
}

/// The last record by which somebody said something of the task; a button that was drawn before it
/// is old.
pub fn last_word(case: &Case, task: Task) -> u64 {
    let team = case.team();
    let given = team.task_given(task).map(|given| given.press.seq);
    given.max(team.task_done(task).map(|press| press.seq)).unwrap_or(0)
}

/// The tasks that people have and have not done.
pub fn under_way(case: &Case) -> impl Iterator<Item = (Task, &Given)> {
    Task::all().filter_map(|task| match standing(case, task) {
        Standing::Given(given) => Some((task, given)),
        Standing::Open | Standing::Done(_) | Standing::Shown => None,
    })
}

fn is_overdue(given: &Given, now: Timestamp) -> bool {
    given.due.is_some_and(|due| due <= now)
}

/// How it stands with a task, in words; none where nobody has it yet.
pub fn words(case: &Case, task: Task, now: Option<Timestamp>) -> Option<String> {
    Some(match standing(case, task) {
        Standing::Open => return None,
        Standing::Shown => "done, as the case shows".to_owned(),
        Standing::Done(press) => format!("done, says {} at {}", press.name, utc(press.at)),
        Standing::Given(given) => {
            let due = given.due.map(|due| format!(", due {}", utc(due))).unwrap_or_default();
            let late = now.is_some_and(|now| is_overdue(given, now));
            let late = if late { ", OVERDUE" } else { "" };
            format!("{}{due}{late}", name_of(case, &given.owner))
        }
    })
}

/// Every task that somebody said something of, as a line.
pub fn lines(case: &Case, now: Option<Timestamp>) -> Vec<String> {
    let line = |task: Task| {
        let said = words(case, task, now).filter(|_| last_word(case, task) > 0)?;
        Some(format!("{} {}, {}: {said}", task.number(), task.phase().title(), task.title()))
    };
    Task::all().filter_map(line).collect()
}

/// How far the tasks are, in one line for the card; none before anybody has one.
pub fn tally(case: &Case, now: Timestamp) -> Option<String> {
    let done = Task::all().filter(|task| case.team().task_done(*task).is_some()).count();
    let all: Vec<(Task, &Given)> = under_way(case).collect();
    if done + all.len() == 0 {
        return None;
    }
    let late = all.iter().filter(|(_, given)| is_overdue(given, now));
    let late = late.map(|(task, given)| (task.number(), name_of(case, &given.owner)));
    let late: Vec<String> = late.map(|(number, who)| format!("{number} ({who})")).collect();
    let mut said = format!("{} taken, {done} done", all.len());
    if !late.is_empty() {
        let shown: Vec<&str> = late.iter().take(OVERDUE_SHOWN_MAX).map(String::as_str).collect();
        let more = late.len().saturating_sub(OVERDUE_SHOWN_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        said.push_str(&format!("; OVERDUE: {}{more}", shown.join(", ")));
    }
    Some(said)
}

/// The phase of which a record makes people look at the tasks.
pub fn shows(record: &Record) -> Option<Phase> {
    let Event::Team { step } = &record.event else { return None };
    match step.as_ref() {
        TeamStep::TaskGiven { task, .. } | TeamStep::TaskDone { task } => Some(task.phase()),
        TeamStep::Graded { .. }
        | TeamStep::CauseNamed { .. }
        | TeamStep::Took { .. }
        | TeamStep::PageTried { .. }
        | TeamStep::Paged { .. }
        | TeamStep::OwnerSaid { .. }
        | TeamStep::ClockStarted { .. }
        | TeamStep::ClockStopped { .. } => None,
    }
}

#[cfg(test)]
mod tests;
