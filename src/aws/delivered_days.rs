//! Which folders of a trail's bucket can hold records of a window, by the days in their names.

use crate::ports::trail::Window;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Objects lie under the day of their delivery: minutes after the call, in an outage hours.
const LATE: SignedDuration = SignedDuration::from_hours(24);
/// Below this folder, and a region's, CloudTrail divides into years, months and days.
const DIVIDED: &str = "CloudTrail";
/// Beside the records: what CloudTrail signs, and what it makes of them.
const SIDE_FOLDERS: [&str; 2] = ["CloudTrail-Digest", "CloudTrail-Insight"];

/// The days whose folders are read, both ends included; none means open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days {
    first: Option<Date>,
    last: Option<Date>,
}

impl Days {
    pub(super) fn of(window: Window) -> Self {
        let day = |time: Timestamp| TimeZone::UTC.to_datetime(time).date();
        let last = window.to.map(|to| to.checked_add(LATE).unwrap_or(Timestamp::MAX));
        Self { first: window.from.map(day), last: last.map(day) }
    }

    /// Whether records of these days may lie below a folder; also where it names no day.
    pub(super) fn may_hold(&self, folder: &str) -> bool {
        let parts: Vec<&str> = folder.trim_end_matches('/').split('/').collect();
        if parts.iter().any(|part| SIDE_FOLDERS.contains(part)) {
            return false;
        }
        let Some((first, last)) = days_below(&parts) else { return true };
        self.first.is_none_or(|from| from <= last) && self.last.is_none_or(|to| first <= to)
    }
}

/// The first and last day that a folder is for.
fn days_below(parts: &[&str]) -> Option<(Date, Date)> {
    let divided = parts.iter().position(|part| *part == DIVIDED)?;
    let numbers = parts.get(divided + 2..).filter(|parts| !parts.is_empty())?;
    let mut numbers = numbers.iter().map(|part| part.parse::<i16>().ok());
    let year = numbers.next()??;
    let small = |number: Option<Option<i16>>| match number {
        None => Some(None),
        Some(number) => i8::try_from(number?).ok().map(Some),
    };
    let (month, day) = (small(numbers.next())?, small(numbers.next())?);
    let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let last = match (month, day) {
        (_, Some(_)) => first,
        (Some(_), None) => first.last_of_month(),
        (None, None) => first.last_of_year(),
    };
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGION: &str = "AWSLogs/o-1/029608264753/CloudTrail/us-east-1/";

    #[test]
    fn folders_of_other_days_are_left_out_and_what_names_no_day_is_read() {
        let time = |text: &str| Some(text.parse().unwrap());
        let window =
            Window { from: time("2026-02-28T23:00:00Z"), to: time("2026-03-01T01:00:00Z") };
        let days = Days::of(window);
        let reads = |below: &str| days.may_hold(&format!("{REGION}{below}"));
        for below in ["", "2026/", "2026/02/", "2026/03/", "2026/02/28/", "2026/03/02/"] {
            assert!(reads(below), "{below}");
        }
        for below in ["2025/", "2027/", "2026/01/", "2026/04/", "2026/02/27/", "2026/03/03/"] {
            assert!(!reads(below), "{below}");
        }
        assert!(days.may_hold("exports/2025/01/"), "another layout says nothing of days");
        assert!(reads("2026/02/28/more/") && reads("2026/xx/") && reads("2026/13/"));
        assert!(Days::of(Window::default()).may_hold(&format!("{REGION}2020/")), "the control");
    }

    #[test]
    fn what_lies_beside_the_records_is_left_out() {
        let days = Days::of(Window::default());
        assert!(!days.may_hold("AWSLogs/1/CloudTrail-Digest/"));
        assert!(!days.may_hold("AWSLogs/1/CloudTrail-Insight/us-east-1/2026/"));
        assert!(days.may_hold("AWSLogs/1/CloudTrail/"));
    }
}
