//! Words about how people work together: how severe the case is, and who does what.

use super::error::CommandError;
use super::{Command, case_and_word, case_name, reason};
use crate::domain::severity::Severity;
use crate::domain::team_step::Role;

/// Slack's ids of members are far shorter.
const MEMBER_LENGTH_MAX: usize = 40;

pub(super) fn severity(text: &str) -> Result<Command, CommandError> {
    let level = |word: &str| match word.eq_ignore_ascii_case("auto") {
        true => Some(None),
        false => Severity::from_word(word).map(Some),
    };
    let (of, severity, words) = case_and_word(text, level).ok_or(CommandError::NoSeverity)?;
    let reason = reason(words).ok_or(CommandError::NoSeverity)?;
    Ok(Command::Grade { of, severity, reason })
}

pub(super) fn take(role: Role, words: &[&str]) -> Result<Command, CommandError> {
    let (of, person) = match words {
        [of @ .., last] if last.starts_with('@') || member(last).is_some() => {
            (of, Some(member(last).ok_or(CommandError::NoRole)?))
        }
        all => (all, None),
    };
    let of = case_name(of).map_err(|_| CommandError::NoRole)?;
    Ok(Command::TakeRole { of, role, person })
}

/// The member whom a word names: as Slack writes a mention, or by the id alone. A name is nobody:
/// two people can have it.
pub(super) fn member(word: &str) -> Option<String> {
    let id = word.trim_start_matches('@');
    let id = id.split('|').next().unwrap_or(id);
    let form = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    let is_id = id.starts_with(['U', 'W']) && (3..=MEMBER_LENGTH_MAX).contains(&id.len());
    (is_id && id.bytes().all(form)).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::CaseName;
    use crate::domain::ids::CaseId;

    #[test]
    fn a_severity_needs_its_reason_and_is_read_in_any_case_of_letters() {
        let severity = Some(Severity::P1);
        let reason = "it reads the customers' data".to_owned();
        let of = Some(CaseName::Case(CaseId("7wml-20261124-1".to_owned())));
        let said = |text: &str| Command::parse(text);
        let wanted = Command::Grade { of: None, severity, reason: reason.clone() };
        assert_eq!(said("severity p1 it reads the customers' data"), Ok(wanted));
        let wanted = Command::Grade { of, severity: None, reason };
        assert_eq!(said("severity 7wml-20261124-1 auto it reads the customers' data"), Ok(wanted));
        for bad in ["severity", "severity P1", "severity P1 why", "severity P5 it is the worst"] {
            assert_eq!(said(bad), Err(CommandError::NoSeverity), "{bad}");
        }
    }

    #[test]
    fn a_role_is_taken_or_given_to_a_member_by_id_and_never_by_name() {
        let of = || Some(CaseName::Case(CaseId("7wml-20261124-1".to_owned())));
        let named = |of, person: Option<&str>| Command::TakeRole {
            of,
            role: Role::Lead,
            person: person.map(str::to_owned),
        };
        for (text, wanted) in [
            ("lead", named(None, None)),
            ("lead 7wml-20261124-1", named(of(), None)),
            ("lead <@U0ANA00001|ana>", named(None, Some("U0ANA00001"))),
            ("lead @U0ANA00001", named(None, Some("U0ANA00001"))),
            ("lead 7wml-20261124-1 <@W0ANA00001>", named(of(), Some("W0ANA00001"))),
        ] {
            assert_eq!(Command::parse(text), Ok(wanted), "{text}");
        }
        for bad in ["lead @ana", "lead <@S0ANA00001>", "lead <@U1|x> <@U2|y> z"] {
            assert_eq!(Command::parse(bad), Err(CommandError::NoRole), "{bad}");
        }
    }
}
