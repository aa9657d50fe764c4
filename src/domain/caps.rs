//! How much the bot may begin to change within an hour before a person has to prove who they are.

use crate::domain::ids::CaseId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the caps count over.
const SPAN: SignedDuration = SignedDuration::from_hours(1);
/// A plan that a cap holds up is looked at again no sooner than this.
const PAUSE_MIN: SignedDuration = SignedDuration::from_mins(5);
/// A tally fits into one item of a table; beyond this the oldest entries go, far above any cap.
const ENTRIES_MAX: usize = 2_000;
/// No cap can be set higher, so that the tally can hold what is needed to see that it is reached.
pub const CAP_MAX: u32 = 1_000;

/// The most that may begin within an hour on Slack's word alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Cases in which anything is changed.
    pub cases_per_hour: u32,
    /// Principals that are changed.
    pub principals_per_hour: u32,
}

/// A principal that a case began to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    pub case: CaseId,
    /// Its unique id, such as AIDA…
    pub principal: String,
    pub at: Timestamp,
}

/// What all replicas together began of late; the one with the highest number counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// From 1, without gaps: of two replicas that count at once one has to look again.
    pub number: u64,
    pub begun: Vec<Begun>,
}

/// Whether one more principal may be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Room {
    /// It was counted within the hour.
    Counted,
    /// It may, once this tally is kept.
    Count(Tally),
    Full(Full),
}

/// A cap is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Full {
    pub why: String,
    /// When it is worth to look again.
    pub until: Timestamp,
}

impl Default for Caps {
    fn default() -> Self {
        Self { cases_per_hour: 100, principals_per_hour: 500 }
    }
}

impl Tally {
    /// Whether `case` may begin to change `principal`; who proved themselves is counted all the
    /// same, and not held up.
    pub fn room(
        &self,
        caps: Caps,
        (case, principal): (&CaseId, &str),
        proven: bool,
        now: Timestamp,
    ) -> Room {
        let mut begun: Vec<Begun> = self.recent(now).cloned().collect();
        if begun.iter().any(|one| one.case == *case && one.principal == principal) {
            return Room::Counted;
        }
        let cases: BTreeSet<_> = begun.iter().map(|one| &one.case).collect();
        let one_more = !cases.contains(case);
        let why = if one_more && reached(cases.len(), caps.cases_per_hour) {
            Some(format!("changes were begun in {} cases within the last hour", cases.len()))
        } else if reached(begun.len(), caps.principals_per_hour) {
            Some(format!("changes to {} principals were begun within the last hour", begun.len()))
        } else {
            None
        };
        if let Some(why) = why.filter(|_| !proven) {
            let first = begun.iter().map(|one| one.at).min().unwrap_or(now);
            return Room::Full(Full { why, until: (first + SPAN).max(now + PAUSE_MIN) });
        }
        begun.push(Begun { case: case.clone(), principal: principal.to_owned(), at: now });
        let oldest = begun.len().saturating_sub(ENTRIES_MAX);
        Room::Count(Self { number: self.number.saturating_add(1), begun: begun.split_off(oldest) })
    }

    /// How many cases and how many principals were begun within the last hour.
    pub fn counts(&self, now: Timestamp) -> (usize, usize) {
        let cases: BTreeSet<_> = self.recent(now).map(|one| &one.case).collect();
        (cases.len(), self.recent(now).count())
    }

    fn recent(&self, now: Timestamp) -> impl Iterator<Item = &Begun> {
        self.begun.iter().filter(move |one| one.at + SPAN > now)
    }
}

fn reached(count: usize, cap: u32) -> bool {
    u32::try_from(count).is_ok_and(|count| count >= cap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::at;

    const CAPS: Caps = Caps { cases_per_hour: 2, principals_per_hour: 3 };

    fn case(name: &str) -> CaseId {
        CaseId(name.to_owned())
    }

    /// The tally after these cases began these principals, one a minute.
    fn tally(begun: &[(&str, &str)]) -> Tally {
        let mut tally = Tally::default();
        for (minute, (name, principal)) in begun.iter().enumerate() {
            let now = at(60 * minute as i64);
            let Room::Count(next) = tally.room(CAPS, (&case(name), principal), true, now) else {
                panic!("{name} {principal}");
            };
            tally = next;
        }
        tally
    }

    #[test]
    fn what_was_counted_needs_no_more_room() {
        let tally = tally(&[("a", "1"), ("b", "1"), ("b", "2")]);
        let again = |name, principal| tally.room(CAPS, (&case(name), principal), false, at(300));
        assert_eq!(again("b", "1"), Room::Counted);
        assert!(matches!(again("a", "2"), Room::Full(_)), "the same user in another case is new");
    }

    #[test]
    fn one_case_too_many_waits_until_the_first_is_an_hour_old() {
        let two = tally(&[("a", "1"), ("b", "1")]);
        let Room::Full(full) = two.room(CAPS, (&case("c"), "1"), false, at(120)) else {
            panic!("no room was expected");
        };
        assert_eq!(full.until, at(3_600));
        assert!(full.why.contains("2 cases"), "{}", full.why);
        let later = two.room(CAPS, (&case("c"), "1"), false, at(3_600));
        assert!(matches!(later, Room::Count(tally) if tally.number == 3 && tally.begun.len() == 2));
    }

    #[test]
    fn more_principals_than_the_cap_wait_also_in_one_case() {
        let three = tally(&[("a", "1"), ("a", "2"), ("a", "3")]);
        let room = |proven| three.room(CAPS, (&case("a"), "4"), proven, at(180));
        assert!(matches!(room(false), Room::Full(full) if full.why.contains("3 principals")));
        assert!(matches!(room(true), Room::Count(tally) if tally.counts(at(180)) == (1, 4)));
    }

    #[test]
    fn a_full_tally_is_not_looked_at_every_second() {
        let two = tally(&[("a", "1"), ("b", "1")]);
        let now = at(3_599);
        let room = two.room(CAPS, (&case("c"), "1"), false, now);
        assert!(matches!(room, Room::Full(full) if full.until == now + PAUSE_MIN));
    }

    #[test]
    fn a_tally_is_bounded_whoever_proved_themselves() {
        let begun =
            |number: usize| Begun { case: case("a"), principal: number.to_string(), at: at(0) };
        let full = Tally { number: 7, begun: (0..ENTRIES_MAX).map(begun).collect() };
        let room = full.room(CAPS, (&case("a"), "new"), true, at(1));
        assert!(matches!(room, Room::Count(tally) if tally.begun.len() == ENTRIES_MAX));
    }
}
