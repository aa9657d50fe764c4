//! Questions of the trail among the words of a command.

use super::{Command, CommandError, case_name};
use crate::domain::ids::AccessKeyId;
use crate::domain::question::{QUESTIONS_MAX, is_word};

/// A case has a dash in its name and a question has none, so that the two are told apart.
pub(super) fn ask(words: &[&str]) -> Result<Command, CommandError> {
    let (of, named) = match words {
        [first, rest @ ..] if first.contains('-') || AccessKeyId::parse(first).is_ok() => {
            (case_name(&[first])?, rest)
        }
        all => (None, all),
    };
    let mut questions: Vec<String> = Vec::new();
    for word in named {
        if !is_word(word) {
            return Err(CommandError::NoQuestions);
        }
        if !questions.iter().any(|known| known == word) {
            questions.push((*word).to_owned());
        }
    }
    match questions.len() > QUESTIONS_MAX {
        true => Err(CommandError::NoQuestions),
        false => Ok(Command::AskTrail { of, questions }),
    }
}

/// The number is that of the record, so that nobody allows another reading than the one they saw.
pub(super) fn allow(words: &[&str]) -> Result<Command, CommandError> {
    let [of @ .., reading] = words else { return Err(CommandError::NoReading) };
    let reading = reading.parse().map_err(|_| CommandError::NoReading)?;
    let of = case_name(of).map_err(|_| CommandError::NoReading)?;
    Ok(Command::Allow { of, reading })
}
