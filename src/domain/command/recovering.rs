//! Words about the recovery: who sees to a loss, and what takes the place of the key.

use super::error::CommandError;
use super::{Command, OWNER_LENGTH_MAX, USER_LENGTH_MAX, case_and_word, next_word, reason};
use crate::domain::ids::UserName;
use crate::domain::recovery_step::Replacement;

pub(super) fn rotate_owner(text: &str) -> Result<Command, CommandError> {
    let number = |word: &str| word.parse().ok();
    let (of, loss, owner) = case_and_word(text, number).ok_or(CommandError::NoOwner)?;
    let fits = (1..=OWNER_LENGTH_MAX).contains(&owner.chars().count());
    let owner = fits.then(|| owner.to_owned()).ok_or(CommandError::NoOwner)?;
    Ok(Command::RotateOwner { of, loss, owner })
}

pub(super) fn replace(text: &str) -> Result<Command, CommandError> {
    let with = |word: &str| match word.to_ascii_lowercase().as_str() {
        "role" => Some(Replacement::Role),
        "key" => Some(Replacement::Key),
        _ => None,
    };
    let (of, with, words) = case_and_word(text, with).ok_or(CommandError::NoReplacement)?;
    let (user, words) = match with {
        Replacement::Key => for_user(words),
        Replacement::Role => (None, words),
    };
    let reason = reason(words).ok_or(CommandError::NoReplacement)?;
    Ok(Command::Replace { of, with, user, reason })
}

/// The user that is named first, with `for user` before it, and what follows.
fn for_user(words: &str) -> (Option<UserName>, &str) {
    let (first, after) = next_word(words);
    let (second, after) = next_word(after);
    let (name, after) = next_word(after);
    let is_named = first.eq_ignore_ascii_case("for") && second.eq_ignore_ascii_case("user");
    match is_named && (1..=USER_LENGTH_MAX).contains(&name.len()) {
        true => (Some(UserName(name.to_owned())), after.trim()),
        false => (None, words),
    }
}
