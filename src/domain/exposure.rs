//! Since when a key has been exposed, as its own uses tell: the first that is unlike its owner's.
//!
//! Needs: a time that people can check and correct, never a guess in silence. A key that runs
//! something comes from the same few sources day after day; whoever found it comes from another.
//! Where the trail is too short or the key too irregular to tell the two apart, nothing is claimed.

use crate::domain::key_use::{FirstUse, KeyUses, Source};
use crate::domain::record::Press;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The first days of use that are taken to be the owner's.
const BASELINE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A key that runs something is seen within days; one that woke up later may have been woken.
const IDLE_MAX: SignedDuration = SignedDuration::from_hours(3 * 24);
/// So many regular sources are named.
const OWN_SHOWN_MAX: usize = 3;
/// Since when the key of a case is exposed, as far as is known, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    pub since: Option<Timestamp>,
    pub basis: Basis,
}

/// What a time of exposure rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// Nobody said it and the trail was not looked at yet.
    Nothing,
    /// The trail was, with this result.
    Trail { why: String },
    /// Somebody said so, or said that it is not known.
    Person(Press),
}

/// What the trail tells of the time of exposure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExposureFinding {
    /// The first use that is unlike the owner's, where one can be told.
    pub since: Option<Timestamp>,
    /// Why this time, or why none.
    pub why: String,
    /// CloudTrail's id of that use.
    pub event_id: Option<String>,
}

/// The uses of a key that a trail shows.
#[derive(Debug, Clone, Copy)]
pub struct Uses<'a> {
    pub all: &'a KeyUses,
    /// There are more than these.
    pub truncated: bool,
    /// Since when the trail was looked at.
    pub looked_from: Timestamp,
}

impl Exposure {
    /// Whether a reading of the trail knows better: the first that tells a time, and any that
    /// tells an earlier one than another reading did. Records come late and out of order, so the
    /// first uses may be told last.
    pub fn is_bettered_by(&self, found: Option<Timestamp>) -> bool {
        match &self.basis {
            Basis::Nothing => true,
            Basis::Trail { .. } => {
                found.is_some_and(|found| self.since.is_none_or(|since| found < since))
            }
            Basis::Person(_) => false,
        }
    }

    /// Whether the trail told of an earlier time than it did before.
    pub fn is_moved_back_by(&self, found: Option<Timestamp>) -> bool {
        self.since.is_some() && self.is_bettered_by(found)
    }

    /// Whether the trail showed a use that is unlike the owner's.
    pub fn told_by_trail(&self) -> bool {
        self.since.is_some() && matches!(self.basis, Basis::Trail { .. })
    }

    /// The person on whose word the time rests, if it rests on one.
    pub fn said_by(&self) -> Option<&Press> {
        match &self.basis {
            Basis::Person(press) => Some(press),
            Basis::Nothing | Basis::Trail { .. } => None,
        }
    }

    /// What a case knows when it is opened.
    pub fn at_opening(since: Option<Timestamp>, by: Press) -> Self {
        let basis = if since.is_some() { Basis::Person(by) } else { Basis::Nothing };
        Self { since, basis }
    }
}

impl ExposureFinding {
    pub fn unknown(why: impl Into<String>) -> Self {
        Self { since: None, why: why.into(), event_id: None }
    }
}

/// Finds the first use that comes from none of the key's own sources, or says why it cannot.
pub fn first_unlike(given: Uses<'_>) -> ExposureFinding {
    let uses = given.all;
    let (Some(first), Some(last)) = (uses.first, uses.last) else {
        return ExposureFinding::unknown("the trail shows no use of the key");
    };
    if given.truncated {
        return ExposureFinding::unknown(
            "the key was used too often for all its uses to be compared",
        );
    }
    if first - IDLE_MAX > given.looked_from {
        return ExposureFinding::unknown(
            "the key came into use only lately, and perhaps not by its owner",
        );
    }
    let baseline_ends = first + BASELINE;
    if last < baseline_ends {
        return ExposureFinding::unknown("the trail shows less than a week of the key's use");
    }
    let (own, others): (Vec<_>, Vec<_>) =
        uses.sources.iter().partition(|(_, uses)| uses.is_regular_before(baseline_ends));
    if own.is_empty() {
        return ExposureFinding::unknown(
            "the key was used from no source regularly, so none is unlike",
        );
    }
    let own: Vec<&Source> = own.into_iter().map(|(source, _)| source).collect();
    match others.into_iter().min_by(|(_, one), (_, other)| one.first.cmp(&other.first)) {
        Some((source, uses)) => found(source, &uses.first, &own),
        None if uses.elsewhere > 0 => ExposureFinding::unknown(
            "the key was used from too many sources for all of them to be compared",
        ),
        None => ExposureFinding::unknown(
            "the trail shows no use so far that is unlike the key's regular ones",
        ),
    }
}

fn found(source: &Source, unlike: &FirstUse, own: &[&Source]) -> ExposureFinding {
    let Source { address, agent } = source;
    let call = unlike.call.as_deref().unwrap_or("a call");
    // Named, so that somebody who knows the owner can tell whether they are the owner's.
    let shown = own.iter().take(OWN_SHOWN_MAX);
    let shown: Vec<_> =
        shown.map(|Source { address, agent }| format!("{address} by {agent}")).collect();
    let more = match own.len().saturating_sub(OWN_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let regular = format!("{}{more}", shown.join(", "));
    ExposureFinding {
        since: Some(unlike.at),
        why: format!(
            "{call} from {address} by {agent} is the first use unlike the regular ones, from \
             {regular}"
        ),
        event_id: unlike.event_id.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trail_row::{TrailRow, format_time};
    use proptest::prelude::*;

    const DAY: i64 = 24 * 60 * 60;

    fn used(second: i64, address: &str, agent: &str) -> TrailRow {
        TrailRow {
            event_time: format_time(Timestamp::from_second(1_790_000_000 + second).unwrap()),
            event_id: Some(format!("e{second}")),
            event_name: Some("ListBuckets".to_owned()),
            source_ip: Some(address.to_owned()),
            user_agent: Some(agent.to_owned()),
            reach: Some("key".to_owned()),
            ..TrailRow::default()
        }
    }

    /// Ten days of a build server that reads a bucket every morning.
    fn mornings() -> Vec<TrailRow> {
        let version = |day| format!("aws-cli/2.{day} Python/3.11");
        (0..10).map(|day| used(day * DAY, "198.51.100.7", &version(day))).collect()
    }

    fn finding(rows: &[TrailRow]) -> ExposureFinding {
        told(rows, false)
    }

    fn told(rows: &[TrailRow], truncated: bool) -> ExposureFinding {
        let looked_from = Timestamp::from_second(1_790_000_000).unwrap();
        let mut all = KeyUses::default();
        rows.iter().for_each(|row| all.see(row));
        first_unlike(Uses { all: &all, truncated, looked_from })
    }

    fn since(rows: &[TrailRow]) -> Option<i64> {
        finding(rows).since.map(|since| since.as_second() - 1_790_000_000)
    }

    #[test]
    fn the_first_use_from_elsewhere_is_found_whatever_order_the_rows_are_in() {
        let mut rows = mornings();
        rows.push(used(9 * DAY + 7, "203.0.113.9", "Boto3/1.26"));
        rows.push(used(8 * DAY + 60, "203.0.113.9", "Boto3/1.28"));
        rows.reverse();
        let told = finding(&rows);
        assert_eq!(since(&rows), Some(8 * DAY + 60));
        assert_eq!(told.event_id.as_deref(), Some("e691260"));
        assert!(told.why.contains("ListBuckets from 203.0.113.9 by Boto3"), "{}", told.why);
    }

    #[test]
    fn another_program_at_the_same_address_is_unlike_and_another_version_is_not() {
        let mut rows = mornings();
        assert_eq!(since(&rows), None, "only versions differ");
        rows.push(used(8 * DAY + 5, "198.51.100.7", "python-requests/2.31"));
        assert_eq!(since(&rows), Some(8 * DAY + 5));
    }

    #[test]
    fn somebody_elses_first_days_do_not_make_a_source_the_owners() {
        let mut rows = mornings();
        rows.push(used(5 * DAY, "203.0.113.9", "Boto3/1.26"));
        rows.push(used(6 * DAY, "203.0.113.9", "Boto3/1.26"));
        assert_eq!(since(&rows), Some(5 * DAY), "two days are too few");
    }

    #[test]
    fn an_address_that_changes_within_its_ipv6_network_stays_the_same_source() {
        let rows: Vec<_> = (0..10)
            .map(|day| used(day * DAY, &format!("2001:db8:1:2::{day:x}"), "Terraform/1.9"))
            .collect();
        assert_eq!(since(&rows), None);
    }

    #[test]
    fn what_a_service_did_on_its_behalf_or_another_key_signed_is_not_a_use() {
        let mut rows = mornings();
        let mut service = used(8 * DAY, "cloudformation.amazonaws.com", "cloudformation");
        service.invoked_by = Some("cloudformation.amazonaws.com".to_owned());
        let mut other = used(8 * DAY, "203.0.113.9", "Boto3/1.26");
        other.reach = Some("address".to_owned());
        rows.extend([service, other]);
        assert_eq!(since(&rows), None);
    }

    #[test]
    fn where_nothing_can_be_compared_the_reason_is_said() {
        let week = &mornings()[..6];
        let wandering: Vec<_> =
            (0..10).map(|day| used(day * DAY, &format!("192.0.2.{day}"), "aws-cli/2")).collect();
        let late: Vec<_> =
            (4..14).map(|day| used(day * DAY, "203.0.113.9", "Boto3/1.26")).collect();
        let cases: [(&[TrailRow], bool, &str); 6] = [
            (&[], false, "no use of the key"),
            (week, false, "less than a week"),
            (&wandering, false, "no source regularly"),
            (&late, false, "only lately"),
            (&mornings(), false, "no use so far"),
            (&mornings(), true, "too often"),
        ];
        for (rows, truncated, reason) in cases {
            let told = told(rows, truncated);
            assert_eq!(told.since, None, "{reason}");
            assert!(told.why.contains(reason), "{}", told.why);
        }
    }

    #[test]
    fn what_a_caller_says_of_itself_is_cut_and_made_plain() {
        let mut rows = mornings();
        rows.push(used(8 * DAY, "203.0.113.9", &format!("\u{1b}[31m{}", "x".repeat(9_000))));
        let told = finding(&rows);
        assert!(told.why.len() < 200 && !told.why.contains('\u{1b}'), "{}", told.why);
    }

    proptest! {
        /// Whatever the owner does besides, an intruder from a fresh address is never missed late:
        /// the time found is the intruder's first use, or an earlier one.
        #[test]
        fn an_intruder_never_begins_before_the_time_that_is_found(
            first in 7 * DAY..14 * DAY,
            more in prop::collection::vec(0..DAY, 0..8),
            stray in prop::collection::vec((0..14 * DAY, 0..20u8), 0..8),
        ) {
            let mut rows = mornings();
            let mut clock = first;
            rows.push(used(clock, "203.0.113.9", "Boto3/1.26"));
            for step in more {
                clock += step;
                rows.push(used(clock, "203.0.113.9", "Boto3/1.26"));
            }
            rows.extend(stray.iter().map(|(at, host)| {
                used(*at, &format!("192.0.2.{host}"), "aws-cli/2")
            }));
            let found = since(&rows);
            prop_assert!(found.is_some_and(|found| found <= first), "{found:?} after {first}");
        }
    }
}
