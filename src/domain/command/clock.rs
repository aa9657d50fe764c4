//! Words that start or stop the clock of a reporting duty.

use super::error::CommandError;
use super::{Command, case_and_word, next_word, reason};
use crate::domain::regime::Regime;
use jiff::Timestamp;

/// The time is when people knew, which may be before they typed.
pub(super) fn clock(text: &str) -> Result<Command, CommandError> {
    let (of, regime, words) =
        case_and_word(text, Regime::from_word).ok_or(CommandError::NoClock)?;
    let (first, rest) = next_word(words);
    if first.eq_ignore_ascii_case("stop") {
        let reason = reason(rest.trim()).ok_or(CommandError::NoClock)?;
        return Ok(Command::StopClock { of, regime, reason });
    }
    let (since, words) = match first.parse::<Timestamp>() {
        Ok(since) => (Some(since), rest.trim()),
        Err(_) => (None, words),
    };
    let reason = reason(words).ok_or(CommandError::NoClock)?;
    Ok(Command::StartClock { of, regime, since, reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_begins_now_or_when_people_knew_and_ends_by_words() {
        let regime = Regime::Gdpr;
        let reason = || "personal data was read".to_owned();
        let since: Timestamp = "2026-11-20T08:00Z".parse().unwrap();
        let started = |since| Command::StartClock { of: None, regime, since, reason: reason() };
        let said = Command::parse;
        assert_eq!(said("clock gdpr personal data was read"), Ok(started(None)));
        let dated = "clock GDPR 2026-11-20T08:00Z personal data was read";
        assert_eq!(said(dated), Ok(started(Some(since))));
        let stopped = Command::StopClock { of: None, regime, reason: reason() };
        assert_eq!(said("clock gdpr stop personal data was read"), Ok(stopped));
        for bad in ["clock", "clock gdpr", "clock gdpr why", "clock ccpa it is in California"] {
            assert_eq!(said(bad), Err(CommandError::NoClock), "{bad}");
        }
    }
}
