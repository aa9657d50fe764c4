//! Which case a command is about, where it names one.

use super::{CaseName, CommandError, case_id};
use crate::domain::ids::AccessKeyId;

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
