//! Words for the timeline: kept as they were typed, with the case before them where one is named.

use super::error::CommandError;
use super::{Command, NOTE_LENGTH_MAX, case_id, next_word};
use crate::domain::command::CaseName;
use crate::domain::ids::AccessKeyId;

/// How our own cases are called; a note may begin with any other word.
const CASE_PREFIX: &str = "kl-";

/// After the verb: a case, where the first word is one, and the words.
pub(super) fn note(text: &str) -> Result<Command, CommandError> {
    let (_verb, rest) = next_word(text);
    let (first, after) = next_word(rest);
    let key = AccessKeyId::parse(first).ok().map(CaseName::Key);
    let case = || Some(first).filter(|word| word.starts_with(CASE_PREFIX)).and_then(case_id);
    let of = key.or_else(|| case().map(CaseName::Case));
    let words = if of.is_some() { after } else { rest }.trim();
    let fits = (1..=NOTE_LENGTH_MAX).contains(&words.chars().count());
    let text = fits.then(|| words.to_owned()).ok_or(CommandError::NoNote)?;
    Ok(Command::Note { of, text })
}
