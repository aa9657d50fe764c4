//! What a reading of the trail would scan, said before it is begun.

use crate::domain::other_log::OtherLog;
use crate::domain::query_cost::{
    BYTES_PER_MICRODOLLAR, QueryCost, QueryRun, ReadFor, dollars, size,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A reading that is not begun yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// SHA-256, in hex, over the SQL of every query, with the window and the days in it.
    pub sql_sha256: String,
    /// From when on events are wanted.
    pub from: Timestamp,
    /// The days of the table, such as `2026-08-01 to 2026-08-19`; none where it is not cut so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<String>,
    pub queries: u32,
    /// Whether days that are over are read, which is done once for a window.
    pub is_window: bool,
    /// The question that is asked of another log, or of the whole cut; none where the trail itself
    /// is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Whether a table of the whole cut is made for it, which serves every other question too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_cut: bool,
    /// What earlier queries of this table make likely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What the workgroup lets through at most, all queries together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u64>,
    /// What one reading may scan by itself.
    pub ask_above: u64,
}

/// What a reading would scan, and what it cost to find that out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    pub scan: Scan,
    pub cost: QueryCost,
    /// The bytes above which a query is stopped, where one of these is likely to be.
    pub stopped_above: Option<u64>,
}

impl Scan {
    /// Whether somebody has to allow it: it is above the limit, or nobody can say that it is not.
    pub fn needs_allowance(&self) -> bool {
        self.foreseen().is_none_or(|bytes| bytes > self.ask_above)
    }

    /// What is likely, and never more than the workgroup lets through.
    fn foreseen(&self) -> Option<u64> {
        match (self.bytes, self.at_most) {
            (Some(bytes), Some(at_most)) => Some(bytes.min(at_most)),
            (bytes, at_most) => bytes.or(at_most),
        }
    }

    /// How much, of what.
    pub fn words(&self) -> String {
        let money = |bytes: u64| dollars(bytes.div_ceil(BYTES_PER_MICRODOLLAR));
        let much = match (self.bytes, self.foreseen()) {
            (Some(_), Some(bytes)) => format!("about {} (${})", size(bytes), money(bytes)),
            (None, Some(bytes)) => {
                format!("at most {} (${}), where the workgroup stops it", size(bytes), money(bytes))
            }
            (_, None) => {
                "nobody can say how much, since its workgroup has no byte limit,".to_owned()
            }
        };
        let days = match &self.days {
            Some(days) => format!("the days {days}"),
            None => "the whole table".to_owned(),
        };
        let queries = if self.queries == 1 { "query" } else { "queries" };
        format!("{much} of {days} in {} {queries}", self.queries)
    }

    /// Whether this takes the other's place where both wait to be allowed.
    pub(super) fn replaces(&self, other: &Self) -> bool {
        match (self.whole_cut, other.whole_cut) {
            (true, true) => true,
            (false, false) => self.question == other.question,
            (true, false) | (false, true) => false,
        }
    }

    /// What is read, as people call it.
    pub fn what(&self) -> String {
        match &self.question {
            Some(_) if self.whole_cut => "the whole cut".to_owned(),
            Some(question) => format!("question {question} of another log"),
            None => "the trail".to_owned(),
        }
    }
}

/// What a day of the trail's table weighs, as these queries tell; those of today tell too little,
/// and those of other logs nothing.
pub fn bytes_a_day<'a>(runs: impl Iterator<Item = &'a QueryRun>) -> Option<u64> {
    weighed(runs.filter(|run| run.reading != ReadFor::OtherLogs), |days, run| {
        // Two or fewer are mostly today and tomorrow, unless it was to find this out.
        (days > 2 || run.reading == ReadFor::Estimate).then_some(days)
    })
}

/// What a day of another log's table weighs, as the queries of this log tell.
pub fn bytes_a_day_of<'a>(log: OtherLog, runs: impl Iterator<Item = &'a QueryRun>) -> Option<u64> {
    let of_log = runs.filter(|run| run.log.as_deref() == Some(log.slug()));
    // Each ends tomorrow, when nothing is there yet.
    weighed(of_log, |days, _| Some(over_by(days.saturating_sub(1))))
}

/// By how many days such a query is divided that names so many until today, which is in the middle:
/// better too much a day than too little.
pub fn over_by(days: u64) -> u64 {
    days.saturating_sub(1).max(1)
}

fn weighed<'a>(
    runs: impl Iterator<Item = &'a QueryRun>,
    days_of: impl Fn(u64, &QueryRun) -> Option<u64>,
) -> Option<u64> {
    let whole = runs.filter_map(|run| {
        let days = days_of(days_in(run.days.as_deref()?)?, run)?;
        // One that was answered from an earlier run says nothing.
        Some((days, run.bytes_scanned.filter(|bytes| *bytes > 0)?))
    });
    let (days, bytes) = whole.fold((0_u64, 0_u64), |(days, bytes), (more, scanned)| {
        (days.saturating_add(more), bytes.saturating_add(scanned))
    });
    (days > 0).then(|| bytes / days)
}

/// How many days `2026-08-01 to 2026-08-19` are.
fn days_in(words: &str) -> Option<u64> {
    let (first, last) = words.split_once(" to ")?;
    let (first, last): (Date, Date) = (first.parse().ok()?, last.parse().ok()?);
    let days = first.until(last).ok()?.get_days() + 1;
    u64::try_from(days).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(bytes: Option<u64>, at_most: Option<u64>) -> Scan {
        Scan {
            sql_sha256: "ab".repeat(32),
            from: Timestamp::UNIX_EPOCH,
            days: Some("2026-08-01 to 2026-08-21".to_owned()),
            queries: 4,
            is_window: true,
            question: None,
            whole_cut: false,
            bytes,
            at_most,
            ask_above: 1_000_000_000,
        }
    }

    #[test]
    fn what_is_above_the_limit_or_not_known_needs_somebody() {
        for (bytes, at_most, needs) in [
            (Some(1_000_000_000), None, false),
            (Some(1_000_000_001), None, true),
            (None, Some(1_000_000_000), false),
            (None, Some(2_000_000_000), true),
            (Some(9_000_000_000), Some(1_000_000_000), false),
            (None, None, true),
        ] {
            assert_eq!(scan(bytes, at_most).needs_allowance(), needs, "{bytes:?} {at_most:?}");
        }
    }

    #[test]
    fn words_say_what_is_likely_what_is_possible_and_what_nobody_knows() {
        let told = "about 30 GB ($0.1500) of the days 2026-08-01 to 2026-08-21 in 4 queries";
        assert_eq!(scan(Some(30_000_000_000), None).words(), told);
        let told = scan(None, Some(400_000_000_000)).words();
        assert!(told.starts_with("at most 400 GB ($2.0000), where the workgroup"), "{told}");
        assert!(scan(None, None).words().starts_with("nobody can say"));
    }

    #[test]
    fn a_table_of_the_whole_cut_waits_once_whichever_question_it_was_for() {
        let whole = |question: &str, whole_cut| Scan {
            question: Some(question.to_owned()),
            whole_cut,
            ..scan(None, None)
        };
        assert!(whole("Q10", true).replaces(&whole("Q11", true)));
        assert!(!whole("Q10", true).replaces(&scan(None, None)));
        assert!(!whole("Q10", true).replaces(&whole("Q10", false)));
        assert!(!whole("Q43", false).replaces(&whole("Q44", false)));
        assert!(whole("Q10", true).what().contains("whole cut"));
    }

    #[test]
    fn a_day_weighs_what_whole_days_weighed() {
        let run = |days: &str, bytes| QueryRun {
            days: Some(days.to_owned()),
            bytes_scanned: bytes,
            ..QueryRun::default()
        };
        let runs = [
            run("2026-08-01 to 2026-08-10", Some(10_000)),
            run("2026-08-01 to 2026-08-10", Some(0)),
            run("2026-08-20 to 2026-08-21", Some(1)),
            run("everything", Some(7)),
            run("2026-08-11 to 2026-08-20", Some(30_000)),
        ];
        assert_eq!(bytes_a_day(runs.iter()), Some(2_000));
        assert_eq!(bytes_a_day(runs[2..4].iter()), None);
    }

    #[test]
    fn another_log_is_weighed_by_its_own_queries_alone_and_weighs_nothing_of_the_trail() {
        let run = |log: Option<OtherLog>, days: &str, bytes| QueryRun {
            days: Some(days.to_owned()),
            bytes_scanned: Some(bytes),
            reading: ReadFor::OtherLogs,
            log: log.map(|log| log.slug().to_owned()),
            ..QueryRun::default()
        };
        let flows = Some(OtherLog::VpcFlow);
        // Up to yesterday, today and tomorrow.
        let runs = [
            run(flows, "2026-08-01 to 2026-08-12", 10_000),
            run(Some(OtherLog::S3Access), "2026-08-01 to 2026-08-12", 7),
            run(None, "2026-08-01 to 2026-08-12", 7),
        ];
        assert_eq!(bytes_a_day_of(OtherLog::VpcFlow, runs.iter()), Some(1_000));
        assert_eq!(bytes_a_day_of(OtherLog::Resolver, runs.iter()), None);
        assert_eq!(bytes_a_day(runs.iter()), None);
        // Of today alone there is no more than it has had so far.
        let today = [run(flows, "2026-08-11 to 2026-08-12", 300)];
        assert_eq!(bytes_a_day_of(OtherLog::VpcFlow, today.iter()), Some(300));
    }
}
