//! Which case a command is about, where it names one, and the words that come after.

use super::error::CommandError;
use super::text::next_word;
use super::{CaseName, REASON_LENGTH_MAX, REASON_LENGTH_MIN, case_id};
use crate::domain::ids::AccessKeyId;
use crate::domain::plan::PlanNumber;

/// The case or key that these words name; none where there are no words.
pub(super) fn case_name(words: &[&str]) -> Result<Option<CaseName>, CommandError> {
    match words {
        [] => Ok(None),
        [word] => match AccessKeyId::parse(word) {
            Ok(key) => Ok(Some(CaseName::Key(key))),
            Err(_) => case_id(word)
                .map(|case| Some(CaseName::Case(case)))
                .ok_or(CommandError::UnknownWord { position: 2 }),
        },
        [_, _, ..] => Err(CommandError::UnknownWord { position: 3 }),
    }
}

/// The case, where one is named, the number of a plan, and the words as they were typed: somebody
/// will read them a year later.
pub(super) fn plan_and_why(
    text: &str,
) -> Result<(Option<CaseName>, PlanNumber, String), CommandError> {
    let number = |word: &str| word.parse().ok();
    let (of, number, words) = case_and_word(text, number).ok_or(CommandError::NoReason)?;
    Ok((of, PlanNumber(number), reason(words).ok_or(CommandError::NoReason)?))
}

/// After the verb: a case, where one is named, a word that `read` understands, and what follows.
pub(super) fn case_and_word<T>(
    text: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Option<(Option<CaseName>, T, &str)> {
    let (_verb, rest) = next_word(text);
    let (first, after) = next_word(rest);
    if let Some(found) = read(first) {
        return Some((None, found, after.trim()));
    }
    let of = case_name(&[first]).ok()?;
    let (second, after) = next_word(after);
    Some((of, read(second)?, after.trim()))
}

/// Words that say something and fit on a card.
pub(super) fn reason(words: &str) -> Option<String> {
    let fits = (REASON_LENGTH_MIN..=REASON_LENGTH_MAX).contains(&words.chars().count());
    fits.then(|| words.to_owned())
}
