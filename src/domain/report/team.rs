//! How people work together on a case, in words: severity and its reason, and who does what.

use crate::domain::case::Case;
use crate::domain::names::name_of;
use crate::domain::team::Grade;
use crate::domain::team_step::{PageOutcome, Role, TeamStep};
use crate::domain::time_words::utc;

/// The severity now, and why.
pub(super) fn severity(case: &Case) -> String {
    let grade = case.team().grades().last();
    grade.map_or_else(|| case.team().severity().word().to_owned(), graded)
}

fn graded(grade: &Grade) -> String {
    let (word, why) = (grade.severity.word(), &grade.why);
    match &grade.by {
        None => format!("{word}, because {why}"),
        Some(by) => format!("{word} by the word of {by}: {why}"),
    }
}

/// Each severity that the case had, and from when on.
pub(super) fn history(case: &Case) -> Vec<String> {
    let line =
        |grade: &Grade| format!("{} from record {}: {}", utc(grade.at), grade.seq, graded(grade));
    case.team().grades().iter().map(line).collect()
}

/// Who does what; whoever opened the case leads it until somebody takes that.
pub(super) fn roles(case: &Case) -> Vec<String> {
    let role = |role: Role| {
        let (who, how) = match (case.team().role(role), role) {
            (Some((person, press)), _) => {
                let how = if press.by == *person { "" } else { ", asked by somebody else" };
                (name_of(case, person), format!("since {}{how}", utc(press.at)))
            }
            (None, Role::Lead) => (name_of(case, case.opened_by()), "opened the case".to_owned()),
            (None, Role::Scribe) => return "Scribe: nobody".to_owned(),
        };
        let word = if role == Role::Lead { "Lead" } else { "Scribe" };
        format!("{word}: {who} ({how})")
    };
    Role::ALL.map(role).into()
}

/// What a step says, and why; nothing of one that only keeps the books.
pub(super) fn told(case: &Case, step: &TeamStep) -> Option<(String, Option<String>)> {
    Some(match step {
        TeamStep::Graded { severity: Some(severity), reason } => {
            (format!("set the severity to {}", severity.word()), Some(reason.clone()))
        }
        TeamStep::Graded { severity: None, reason } => {
            ("left the severity to the facts".to_owned(), Some(reason.clone()))
        }
        TeamStep::Took { role, person } => {
            (format!("named {} as {}", name_of(case, person), role.word()), None)
        }
        TeamStep::OwnerSaid { answer } => {
            (format!("answers as the key's owner: {}", answer.words()), None)
        }
        TeamStep::ClockStarted { regime, since, reason } => {
            let what = format!("started the clock {} as of {}", regime.word(), utc(*since));
            (what, Some(reason.clone()))
        }
        TeamStep::ClockStopped { regime, reason } => {
            (format!("stopped the clock {}", regime.word()), Some(reason.clone()))
        }
        TeamStep::CauseNamed { cause, reason } => {
            (format!("named the root cause: {}", cause.word()), Some(reason.clone()))
        }
        TeamStep::TaskGiven { task, person, due } => {
            let due = due.map(|due| format!(", due {}", utc(due))).unwrap_or_default();
            let (number, title) = (task.number(), task.title());
            (format!("gave task {number} ({title}) to {}{due}", name_of(case, person)), None)
        }
        TeamStep::TaskDone { task } => {
            (format!("says that task {} ({}) is done", task.number(), task.title()), None)
        }
        TeamStep::PageTried { .. } => return None,
        TeamStep::Paged { plan, outcome: PageOutcome::Sent { status } } => {
            let taken = format!("it was taken with HTTP {status}");
            (format!("paged somebody about plan {}", plan.0), Some(taken))
        }
        TeamStep::Paged { plan, outcome: PageOutcome::Failed { why, last } } => {
            let then = if *last { "NOBODY was reached" } else { "tried again" };
            (format!("could not page anybody about plan {}, {then}", plan.0), Some(why.clone()))
        }
    })
}
