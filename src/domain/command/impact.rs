//! Words about the nine impact questions: where they stand, or a person's answer to one.

use super::error::CommandError;
use super::{Command, case_and_word, case_name, next_word, reason, words};
use crate::domain::impact::{ImpactQuestion, ImpactVerdict, ImpactWord};

pub(super) fn impact(text: &str) -> Result<Command, CommandError> {
    let question = |word: &str| ImpactQuestion::from_slug(&word.to_ascii_lowercase());
    let Some((of, question, rest)) = case_and_word(text, question) else {
        let named: Vec<&str> = words(text).skip(1).collect();
        let of = case_name(&named).map_err(|_| CommandError::NoImpact)?;
        return Ok(Command::Impact { of, word: None });
    };
    let (verdict, why) = next_word(rest);
    let verdict = ImpactVerdict::from_word(verdict).ok_or(CommandError::NoImpact)?;
    let why = match why.trim() {
        "" => None,
        why => Some(reason(why).ok_or(CommandError::NoImpact)?),
    };
    Ok(Command::Impact { of, word: Some(ImpactWord { question, verdict, why }) })
}
