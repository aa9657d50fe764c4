//! The form that opens a case: what may stand in each field, and what is wrong with it.

use crate::domain::bedrock_key::user_of;
use crate::domain::command::Command;
use crate::domain::command::error::CommandError;
use crate::domain::ids::AccessKeyId;
use crate::domain::secret::{holds_bedrock_key, holds_secret};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is kept of a free text; the journal is no place for documents.
pub const FREE_TEXT_LENGTH_MAX: usize = 1_000;

/// The form as it was filled in.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct IntakeForm {
    pub keys: String,
    pub found_where: Option<String>,
    pub exposed_since: Option<Timestamp>,
    pub note: Option<String>,
    pub file: Option<GivenFile>,
}

/// A file that somebody gave, as Slack names it; its content is not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenFile {
    pub id: String,
    pub name: String,
}

/// What stands in the form when it opens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IntakeStart {
    pub keys: Vec<AccessKeyId>,
    pub found_where: Option<String>,
    /// What the person is told above the fields.
    pub told: Option<String>,
}

/// A form that can be acted on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intake {
    /// None only where there is a file to read them from.
    pub keys: Vec<AccessKeyId>,
    pub found_where: Option<String>,
    pub exposed_since: Option<Timestamp>,
    pub note: Option<String>,
    pub file: Option<GivenFile>,
}

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeField {
    Keys,
    File,
    FoundWhere,
    ExposedSince,
    Note,
}

/// What is wrong with a field, as it is shown under it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    #[error(transparent)]
    Keys(#[from] CommandError),
    #[error("give the access key id (AKIA… or ASIA…), or a file with ids")]
    NoKey,
    #[error("that time has not come yet; when was the key first exposed?")]
    Future,
    #[error("at most {FREE_TEXT_LENGTH_MAX} characters, please")]
    TooLong,
}

impl std::fmt::Debug for IntakeForm {
    /// People paste secrets into forms, so the fields are not printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IntakeForm(…)")
    }
}

impl IntakeForm {
    /// Checks every field and reports all that is wrong, so that the form is corrected once.
    pub fn check(self, now: Timestamp) -> Result<Intake, Vec<(IntakeField, IntakeError)>> {
        let mut wrong = Vec::new();
        let only_a_file = self.file.is_some() && self.keys.trim().is_empty();
        let keys = match keys(&self.keys) {
            Ok(keys) => keys,
            Err(_) if only_a_file => Vec::new(),
            Err(error) => {
                wrong.push((IntakeField::Keys, error));
                Vec::new()
            }
        };
        if self.exposed_since.is_some_and(|since| since > now) {
            wrong.push((IntakeField::ExposedSince, IntakeError::Future));
        }
        for (field, text) in
            [(IntakeField::FoundWhere, &self.found_where), (IntakeField::Note, &self.note)]
        {
            if let Err(error) = check_text(text.as_deref().unwrap_or_default()) {
                wrong.push((field, error));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Ok(Intake {
            keys,
            found_where: said(self.found_where),
            exposed_since: self.exposed_since,
            note: said(self.note),
            file: self.file,
        })
    }
}

fn keys(text: &str) -> Result<Vec<AccessKeyId>, IntakeError> {
    match Command::parse(text)? {
        Command::Open { keys } => Ok(keys),
        Command::Ask
        | Command::Help
        | Command::List
        | Command::Exposed { .. }
        | Command::BreakGlass { .. }
        | Command::Review { .. }
        | Command::RotateOwner { .. }
        | Command::Adjust { .. }
        | Command::Undo { .. }
        | Command::Replace { .. }
        | Command::Impact { .. }
        | Command::Status { .. }
        | Command::AskTrail { .. }
        | Command::AskInSql { .. }
        | Command::Reopen { .. }
        | Command::Allow { .. }
        | Command::Note { .. }
        | Command::Summary { .. }
        | Command::Grade { .. }
        | Command::StartClock { .. }
        | Command::StopClock { .. }
        | Command::NameCause { .. }
        | Command::Task { .. }
        | Command::Tasks { .. }
        | Command::TakeRole { .. } => Err(IntakeError::NoKey),
    }
}

fn check_text(text: &str) -> Result<(), IntakeError> {
    if holds_bedrock_key(text) {
        return Err(IntakeError::Keys(CommandError::BedrockKey { of: user_of(text) }));
    }
    if holds_secret(text) {
        return Err(IntakeError::Keys(CommandError::Secret));
    }
    if text.chars().count() > FREE_TEXT_LENGTH_MAX {
        return Err(IntakeError::TooLong);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    fn form(keys: &str) -> IntakeForm {
        IntakeForm { keys: keys.to_owned(), ..IntakeForm::default() }
    }

    fn now() -> Timestamp {
        "2026-11-24T05:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_filled_form_is_taken_and_blank_fields_are_none() {
        let filled = IntakeForm {
            found_where: Some(" ".to_owned()),
            note: Some("seen in a gist".to_owned()),
            exposed_since: Some(now()),
            ..form("AKIAQNZGKIQY56JQ7WML")
        };
        let intake = filled.check(now()).unwrap();
        assert_eq!(intake.keys.len(), 1);
        assert_eq!(intake.found_where, None);
        assert_eq!(intake.note.as_deref(), Some("seen in a gist"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_and_no_secret_is_echoed() {
        let filled = IntakeForm {
            found_where: Some(format!("gist with {SECRET}")),
            note: Some("x".repeat(1_001)),
            exposed_since: Some(now() + jiff::SignedDuration::from_secs(1)),
            ..form("help")
        };
        assert!(!format!("{filled:?}").contains("wJalr"));
        let wrong = filled.check(now()).unwrap_err();
        let expected = [
            (IntakeField::Keys, IntakeError::NoKey),
            (IntakeField::ExposedSince, IntakeError::Future),
            (IntakeField::FoundWhere, IntakeError::Keys(CommandError::Secret)),
            (IntakeField::Note, IntakeError::TooLong),
        ];
        assert_eq!(wrong, expected);
        assert!(!format!("{wrong:?}").contains("wJalr"));
    }
}
