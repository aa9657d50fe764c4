//! Words that say what let the key out.

use super::error::CommandError;
use super::{Command, case_and_word, reason};
use crate::domain::cause::Cause;

pub(super) fn cause(text: &str) -> Result<Command, CommandError> {
    let (of, cause, words) = case_and_word(text, Cause::from_word).ok_or(CommandError::NoCause)?;
    let reason = reason(words).ok_or(CommandError::NoCause)?;
    Ok(Command::NameCause { of, cause, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_one_of_the_playbook_s_and_needs_its_reason() {
        let reason = "it stood in a public repository".to_owned();
        let wanted = Command::NameCause { of: None, cause: Cause::Code, reason };
        let said = Command::parse("cause CODE it stood in a public repository");
        assert_eq!(said, Ok(wanted));
        for bad in ["cause", "cause code", "cause code why", "cause fate it had to happen"] {
            assert_eq!(Command::parse(bad), Err(CommandError::NoCause), "{bad}");
        }
    }
}
