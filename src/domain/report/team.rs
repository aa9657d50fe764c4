//! How people work together on a case, in words: severity and its reason, and who does what.

use crate::domain::case::Case;
use crate::domain::report::name_of;
use crate::domain::team::Grade;
use crate::domain::team_step::{Role, TeamStep};
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

/// What a step says, and why.
pub(super) fn told(case: &Case, step: &TeamStep) -> (String, Option<String>) {
    match step {
        TeamStep::Graded { severity: Some(severity), reason } => {
            (format!("set the severity to {}", severity.word()), Some(reason.clone()))
        }
        TeamStep::Graded { severity: None, reason } => {
            ("left the severity to the facts".to_owned(), Some(reason.clone()))
        }
        TeamStep::Took { role, person } => {
            (format!("named {} as {}", name_of(case, person), role.word()), None)
        }
    }
}
