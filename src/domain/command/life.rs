//! The words about how long a key was exposed, and that a case goes on.

use super::error::CommandError;
use super::{Command, case_id, case_name, next_word, reason};
use jiff::Timestamp;

pub(super) fn exposed(words: &[&str]) -> Result<Command, CommandError> {
    // Only a time with its zone is one: anything else is another time elsewhere.
    let (of, since) = match words {
        [of @ .., last] if last.eq_ignore_ascii_case("unknown") => (of, None),
        [of @ .., day, hour] if format!("{day}T{hour}").parse::<Timestamp>().is_ok() => {
            (of, format!("{day}T{hour}").parse().ok())
        }
        [of @ .., last] => (of, Some(last.parse().map_err(|_| CommandError::NoTime)?)),
        [] => return Err(CommandError::NoTime),
    };
    Ok(Command::Exposed { of: case_name(of)?, since })
}

/// A key may have had many cases, so that only a case's own id will do.
pub(super) fn reopen(text: &str) -> Result<Command, CommandError> {
    let (_verb, rest) = next_word(text);
    let (id, why) = next_word(rest);
    let of = case_id(id).filter(|of| of.0.contains('-')).ok_or(CommandError::NoReopening)?;
    let reason = reason(why.trim()).ok_or(CommandError::NoReopening)?;
    Ok(Command::Reopen { of, reason })
}
