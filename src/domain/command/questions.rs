//! Questions of the trail among the words of a command.

use super::error::CommandError;
use super::{Command, case_name, next_word};
use crate::domain::ids::AccessKeyId;
use crate::domain::question::{QUESTIONS_MAX, SQL_LENGTH_MAX, is_word};

/// A case has a dash in its name and a question has none, so that the two are told apart.
pub(super) fn ask(words: &[&str]) -> Result<Command, CommandError> {
    let (of, named) = match words {
        [first, rest @ ..] if names_case(first) => (case_name(&[first])?, rest),
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

/// The case, where one is named, and the SQL after it, where the command asks in SQL.
pub(super) fn in_sql(text: &str) -> Option<(Option<&str>, &str)> {
    let (verb, rest) = next_word(text);
    if !verb.eq_ignore_ascii_case("ask") {
        return None;
    }
    let (first, after) = next_word(rest);
    if is_select(first) {
        return Some((None, rest));
    }
    let begins = is_select(next_word(after).0);
    (begins && names_case(first)).then_some((Some(first), after))
}

/// Slack writes three characters as entities, and phones set typographic quotes around a value.
pub(super) fn ask_in_sql(of: Option<&str>, sql: &str) -> Result<Command, CommandError> {
    let of = match of {
        Some(word) => case_name(&[word])?,
        None => None,
    };
    let sql = sql.trim_matches(|c: char| c == '`' || c.is_whitespace());
    let sql = sql.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let sql = sql.replace(['‘', '’'], "'").replace(['“', '”'], "\"");
    match sql.chars().count() > SQL_LENGTH_MAX {
        true => Err(CommandError::LongSql),
        false => Ok(Command::AskInSql { of, sql }),
    }
}

fn is_select(word: &str) -> bool {
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}

fn names_case(word: &str) -> bool {
    word.contains('-') || AccessKeyId::parse(word).is_ok()
}
