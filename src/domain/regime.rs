//! The reporting duties whose time may run after a leak, and when each of their stages is due.
//!
//! keyleak decides none of it: a person starts and stops a clock, and Legal says whether it runs.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

/// A duty to report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    Gdpr,
    UkGdpr,
    Nis2,
    Dora,
    Sec,
    Hipaa,
}

/// A part of a duty, and how long after its clock began it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    pub what: &'static str,
    pub after: Wait,
}

/// How long: months and business days are not so many hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    Hours(i64),
    Months(i64),
    /// Saturdays and Sundays do not count; holidays, which differ, do.
    BusinessDays(u32),
}

const fn stage(what: &'static str, after: Wait) -> Stage {
    Stage { what, after }
}

impl Regime {
    pub const ALL: [Self; 6] =
        [Self::Gdpr, Self::UkGdpr, Self::Nis2, Self::Dora, Self::Sec, Self::Hipaa];

    /// As people type it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gdpr => "gdpr",
            Self::UkGdpr => "uk-gdpr",
            Self::Nis2 => "nis2",
            Self::Dora => "dora",
            Self::Sec => "sec",
            Self::Hipaa => "hipaa",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|regime| regime.word().eq_ignore_ascii_case(word))
    }

    /// Its name, and what starts its time.
    pub fn title(self) -> &'static str {
        match self {
            Self::Gdpr => "GDPR, from awareness of a breach of personal data",
            Self::UkGdpr => "UK GDPR, from awareness of a breach of personal data",
            Self::Nis2 => "NIS2, from awareness of a significant incident",
            Self::Dora => "DORA, from the classification as a major incident",
            Self::Sec => "SEC Form 8-K, from the finding that it is material",
            Self::Hipaa => "HIPAA, from the discovery of a breach",
        }
    }

    /// What is due, in order.
    pub fn stages(self) -> &'static [Stage] {
        const AUTHORITY: [Stage; 1] = [stage("notice to the authority", Wait::Hours(72))];
        const NIS2: [Stage; 3] = [
            stage("early warning", Wait::Hours(24)),
            stage("incident notification", Wait::Hours(72)),
            stage("final report", Wait::Months(1)),
        ];
        const DORA: [Stage; 3] = [
            stage("initial notification", Wait::Hours(4)),
            stage("intermediate report", Wait::Hours(72)),
            stage("final report", Wait::Months(1)),
        ];
        const SEC: [Stage; 1] = [stage("Form 8-K", Wait::BusinessDays(4))];
        const HIPAA: [Stage; 1] = [stage("notice to those affected", Wait::Hours(60 * 24))];
        match self {
            Self::Gdpr | Self::UkGdpr => &AUTHORITY,
            Self::Nis2 => &NIS2,
            Self::Dora => &DORA,
            Self::Sec => &SEC,
            Self::Hipaa => &HIPAA,
        }
    }
}

impl Wait {
    /// The time so long after another, in UTC.
    pub fn after(self, since: Timestamp) -> Timestamp {
        match self {
            Self::Hours(hours) => since + SignedDuration::from_hours(hours),
            Self::Months(months) => {
                let zoned = since.to_zoned(TimeZone::UTC);
                let later = zoned.checked_add(Span::new().months(months));
                later.map_or(since, |later| later.timestamp())
            }
            Self::BusinessDays(days) => {
                let (mut at, mut left) = (since, days);
                while left > 0 {
                    at += SignedDuration::from_hours(24);
                    let weekday = at.to_zoned(TimeZone::UTC).weekday();
                    if !matches!(weekday, Weekday::Saturday | Weekday::Sunday) {
                        left -= 1;
                    }
                }
                at
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_is_due_when_its_duty_says() {
        // A Friday.
        let since: Timestamp = "2026-11-27T22:30:00Z".parse().unwrap();
        let due = |regime: Regime| -> Vec<String> {
            regime.stages().iter().map(|stage| stage.after.after(since).to_string()).collect()
        };
        assert_eq!(due(Regime::Gdpr), ["2026-11-30T22:30:00Z"]);
        assert_eq!(due(Regime::UkGdpr), due(Regime::Gdpr));
        let nis2 = ["2026-11-28T22:30:00Z", "2026-11-30T22:30:00Z", "2026-12-27T22:30:00Z"];
        assert_eq!(due(Regime::Nis2), nis2);
        let dora = ["2026-11-28T02:30:00Z", "2026-11-30T22:30:00Z", "2026-12-27T22:30:00Z"];
        assert_eq!(due(Regime::Dora), dora);
        assert_eq!(due(Regime::Sec), ["2026-12-03T22:30:00Z"], "four days without the weekend");
        assert_eq!(due(Regime::Hipaa), ["2027-01-26T22:30:00Z"]);
        let leap: Timestamp = "2028-01-31T00:00:00Z".parse().unwrap();
        assert_eq!(Wait::Months(1).after(leap).to_string(), "2028-02-29T00:00:00Z");
    }

    #[test]
    fn a_duty_is_read_as_it_is_written() {
        for regime in Regime::ALL {
            assert_eq!(Regime::from_word(&regime.word().to_uppercase()), Some(regime));
        }
        assert_eq!(Regime::from_word("tuesday"), None);
    }
}
