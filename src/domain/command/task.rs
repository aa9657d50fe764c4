//! Words that take a task, give it to somebody, or say that it is done.

use super::error::CommandError;
use super::team::member;
use super::{Command, case_and_word, case_name, words};
use crate::domain::task::Task;

/// What becomes of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskWord {
    Take,
    Give { person: String },
    Done,
}

pub(super) fn task(text: &str) -> Result<Command, CommandError> {
    let number = |word: &str| Task::of_number(word.trim_start_matches('#').parse().ok()?);
    let (of, task, rest) = case_and_word(text, number).ok_or(CommandError::NoTask)?;
    let rest: Vec<&str> = words(rest).collect();
    let word = match rest.as_slice() {
        [] => TaskWord::Take,
        [done] if done.eq_ignore_ascii_case("done") => TaskWord::Done,
        [who] => TaskWord::Give { person: member(who).ok_or(CommandError::NoTask)? },
        [_, _, ..] => return Err(CommandError::NoTask),
    };
    Ok(Command::Task { of, task, word })
}

pub(super) fn list(words: &[&str]) -> Result<Command, CommandError> {
    let of = case_name(words).map_err(|_| CommandError::NoTask)?;
    Ok(Command::Tasks { of })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::CaseName;
    use crate::domain::ids::CaseId;

    #[test]
    fn a_task_is_taken_given_or_done_by_its_number() {
        let of = || Some(CaseName::Case(CaseId("7wml-20261124-1".to_owned())));
        let task = Task::Bill;
        let give = || TaskWord::Give { person: "U0ANA00001".to_owned() };
        for (text, wanted) in [
            ("task 12", Command::Task { of: None, task, word: TaskWord::Take }),
            ("task #12 DONE", Command::Task { of: None, task, word: TaskWord::Done }),
            ("task 12 <@U0ANA00001|ana>", Command::Task { of: None, task, word: give() }),
            ("task 7wml-20261124-1 12", Command::Task { of: of(), task, word: TaskWord::Take }),
            ("task 7wml-20261124-1 12 @U0ANA00001", Command::Task { of: of(), task, word: give() }),
            ("task", Command::Tasks { of: None }),
            ("tasks", Command::Tasks { of: None }),
            ("tasks 7wml-20261124-1", Command::Tasks { of: of() }),
        ] {
            assert_eq!(Command::parse(text), Ok(wanted), "{text}");
        }
        for bad in ["task 0", "task 34", "task 12 @ana", "task 12 <@S0ANA00001>", "task ana 12 x"] {
            assert_eq!(Command::parse(bad), Err(CommandError::NoTask), "{bad}");
        }
    }
}
