//! Words that change what a plan holds, or take steps of it back.

use super::error::CommandError;
use super::text::is_mark;
use super::{Command, case_name};
use crate::domain::plan::StepAddress;
use crate::domain::wanted::Wanted;
use crate::domain::way::Way;

/// Names of IAM hold commas, so that they are told apart by blanks alone.
pub(super) fn adjust(verb: &str, text: &str) -> Result<Command, CommandError> {
    let said: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).skip(1).collect();
    let (of, what) = match said.as_slice() {
        [what] => (None, *what),
        [of, what] => (case_name(&[of.trim_matches(is_mark)])?, *what),
        [] | [_, _, ..] => return Err(CommandError::NoAdjustment),
    };
    let what = what.trim_matches(['`', '"', '\'', '<', '>']);
    let wanted = match verb {
        "leave-out" => Wanted::LeaveOut(what.to_owned()),
        "take-in" => Wanted::TakeIn(what.to_owned()),
        _ => Wanted::Choose(Way::from_slug(what).ok_or(CommandError::NoAdjustment)?),
    };
    Ok(Command::Adjust { of, wanted })
}

pub(super) fn undo(words: &[&str]) -> Result<Command, CommandError> {
    let step = |word: &&&str| StepAddress::parse(word).is_some();
    let first = words.iter().position(|word| step(&word) || word.eq_ignore_ascii_case("all"));
    let (of, steps) = words.split_at(first.ok_or(CommandError::NoSteps)?);
    let steps = match steps {
        [all] if all.eq_ignore_ascii_case("all") => Vec::new(),
        steps => {
            let steps: Option<Vec<_>> = steps.iter().map(|word| StepAddress::parse(word)).collect();
            steps.ok_or(CommandError::NoSteps)?
        }
    };
    Ok(Command::Undo { of: case_name(of)?, steps })
}
