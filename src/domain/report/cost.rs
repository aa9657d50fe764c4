//! What a reading of the trail scanned and cost, in words.

use crate::domain::case::Case;
use crate::domain::query_cost::{QueryCost, ReadFor, dollars, size};
use crate::domain::spending_step::SpendingStep;

/// Ends a sentence about a reading, in brackets; empty where its source names no figure.
pub(super) fn words(cost: &QueryCost) -> String {
    let mut words = Vec::new();
    if cost.bytes_scanned > 0 {
        words.push(format!("{} scanned", size(cost.bytes_scanned)));
    }
    if cost.microdollars > 0 {
        words.push(format!("about ${}", dollars(cost.microdollars)));
    }
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// A record about what reading costs, in words.
pub(super) fn told(step: &SpendingStep) -> String {
    match step {
        SpendingStep::Read { cost } => format!("read the trail again{}", words(cost)),
        SpendingStep::Expected { scan } => {
            format!("is about to read {}: {}", scan.what(), scan.words())
        }
        SpendingStep::Asked { scan, .. } => format!(
            "did not read {}, which would scan {}, above the limit of {} for one reading",
            scan.what(),
            scan.words(),
            size(scan.ask_above)
        ),
        SpendingStep::Allowed { .. } => "allowed that reading".to_owned(),
        SpendingStep::Begun { .. } => "began the reading that was allowed".to_owned(),
        SpendingStep::Expired { .. } => {
            "let an allowance to read lapse, which was not used in time".to_owned()
        }
        SpendingStep::NotTraced { why } => {
            format!("did not look for who took a change back: {why}")
        }
    }
}

/// What the case has spent in Athena so far, and on what; nothing where its trail costs nothing.
pub(super) fn spent(case: &Case) -> Option<String> {
    let spending = case.spending();
    let expected = spending.expected.as_ref();
    let expected = expected.map(|scan| format!("its window would scan {}", scan.words()));
    if spending.told_at.is_none() {
        return expected;
    }
    let part = |reading: ReadFor| {
        let part = spending.part(reading);
        let queries = if part.queries == 1 { "query" } else { "queries" };
        let told = || {
            format!(
                "{} in {} {queries} for {}",
                size(part.bytes_scanned),
                part.queries,
                reading.words()
            )
        };
        (part.queries > 0).then(told)
    };
    let parts: Vec<String> =
        [ReadFor::Window].into_iter().chain(ReadFor::TOP_UPS).filter_map(part).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
    let (bytes, money) = (size(spending.bytes_scanned), dollars(spending.microdollars));
    let expected = expected.map(|words| format!(" (before: {words})")).unwrap_or_default();
    Some(format!("{bytes} scanned in Athena so far, about ${money}{parts}{expected}"))
}

#[cfg(test)]
mod tests {
    use super::{spent, words};
    use crate::domain::event::Event;
    use crate::domain::query_cost::{QueryCost, QueryRun, ReadFor};
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, opened};
    use crate::domain::spending_step::SpendingStep;

    #[test]
    fn what_a_case_has_spent_names_each_reason() {
        let run = |bytes, reading| QueryRun {
            bytes_scanned: Some(bytes),
            reading,
            ..QueryRun::default()
        };
        let cost = QueryCost {
            executions: vec![
                run(20_000_000, ReadFor::Window),
                run(20_000_000, ReadFor::Window),
                run(1_000_000, ReadFor::NewRecords),
            ],
            bytes_scanned: 41_000_000,
            microdollars: 250,
            ..QueryCost::default()
        };
        let mut case = opened();
        assert_eq!(spent(&case), None);
        let step = Box::new(SpendingStep::Read { cost });
        add(&mut case, Actor::Keyleak, Event::Spending { step });
        assert_eq!(
            spent(&case).unwrap(),
            "41 MB scanned in Athena so far, about $0.0003: 40 MB in 2 queries for its window, in \
             two passes; 1.0 MB in 1 query for new records"
        );
    }

    #[test]
    fn a_trail_that_costs_nothing_has_no_line() {
        let cost = QueryCost { bytes_scanned: 5_000_000, ..QueryCost::default() };
        let mut case = opened();
        let step = Box::new(SpendingStep::Read { cost });
        add(&mut case, Actor::Keyleak, Event::Spending { step });
        assert_eq!(spent(&case), None);
    }

    fn said(bytes_scanned: u64, microdollars: u64) -> String {
        words(&QueryCost { bytes_scanned, microdollars, ..QueryCost::default() })
    }

    #[test]
    fn bytes_and_dollars_are_said_where_they_are_known() {
        assert_eq!(said(0, 0), "");
        assert_eq!(said(1, 0), " (1 kB scanned)");
        assert_eq!(said(40_000_000, 200), " (40 MB scanned, about $0.0002)");
        assert_eq!(said(1_250_000_000, 6_250), " (1.2 GB scanned, about $0.0063)");
        assert_eq!(said(2_000_000_000_000, 9_999_999), " (2.0 TB scanned, about $10.0000)");
    }
}
