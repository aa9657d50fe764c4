//! Which days a reading takes, and whom it looks for there.

use super::*;
use crate::domain::trail_row::Sighting;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// From a time on, as of noon on the 20th of August.
fn span(from: &str) -> Span {
    Span { from: at(from), to: None, first: day_of(at(from)), last: day("2026-08-21") }
}

fn told(spans: &[(Span, ReadFor)]) -> Vec<(String, ReadFor)> {
    spans.iter().map(|(span, why)| (span.words(), *why)).collect()
}

const FROM: &str = "2026-08-05T10:00:00Z";

#[test]
fn the_first_reading_takes_all_days_and_the_next_none_that_is_over() {
    let settled = day("2026-08-19");
    let all = missing(None, span(FROM), settled);
    assert_eq!(told(&all), [("2026-08-05 to 2026-08-19".to_owned(), ReadFor::Window)]);
    let known = Known::after(span(FROM), settled);
    assert_eq!(missing(Some(known), span(FROM), settled), []);
    let open = open_days(span(FROM), settled).unwrap();
    assert_eq!(open.words(), "2026-08-20 to 2026-08-21");
}

#[test]
fn a_day_that_is_over_since_is_read_once_more_and_listed() {
    let known = Known::after(span(FROM), day("2026-08-17"));
    let since = missing(Some(known), span(FROM), day("2026-08-19"));
    assert_eq!(told(&since), [("2026-08-18 to 2026-08-19".to_owned(), ReadFor::NewRecords)]);
}

#[test]
fn a_wider_window_takes_only_the_days_before_and_what_was_filed_late() {
    let settled = day("2026-08-19");
    let known = Known::after(span(FROM), settled);
    let wider = missing(Some(known), span("2026-07-01T00:00:00Z"), settled);
    assert_eq!(told(&wider), [("2026-07-01 to 2026-08-06".to_owned(), ReadFor::Window)]);
    assert_eq!(wider[0].0.to, Some(at(FROM)), "later events were read");
}

#[test]
fn a_window_of_today_has_no_day_that_is_over() {
    let today = span("2026-08-20T08:00:00Z");
    assert_eq!(missing(None, today, day("2026-08-19")), []);
    let known = Known::after(today, day("2026-08-19"));
    assert_eq!((known.span(), missing(Some(known), today, day("2026-08-19"))), (None, vec![]));
    let next = missing(Some(known), today, day("2026-08-20"));
    assert_eq!(told(&next), [("2026-08-20 to 2026-08-20".to_owned(), ReadFor::NewRecords)]);
}

fn held(settled: Vec<Sighting>, open: Vec<Sighting>) -> HeldCallers {
    let callers = |rows| Arc::new(Callers { rows, ..Callers::default() });
    HeldCallers {
        known: Known::after(span(FROM), day("2026-08-19")),
        settled: callers(settled),
        open: Some(callers(open)),
        owed: QueryCost::default(),
    }
}

fn seen(key: &str, address: &str) -> Sighting {
    Sighting {
        access_key_id: Some(key.to_owned()),
        addresses: Some(format!("192.0.2.9 {address}")),
        ..Sighting::default()
    }
}

fn subject(keys: &[&str], addresses: &[&str], targets: &[&str]) -> Subject {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Subject {
        key_id: "AKIA".to_owned(),
        keys: texts(keys),
        addresses: texts(addresses),
        targets: texts(targets),
        accounts: texts(&["123456789012"]),
        ..Subject::default()
    }
}

#[test]
fn only_who_was_seen_on_days_that_are_over_is_looked_for_there_again() {
    let held = held(vec![seen("OLD", "198.51.100.1")], vec![seen("NEW", "198.51.100.2")]);
    let asked = subject(&[], &[], &[]);
    let now = subject(&["OLD", "NEW"], &["198.51.100.1", "198.51.100.2"], &[]);
    let added = added(&now, &asked, Some(&held)).unwrap();
    assert_eq!((added.keys, added.addresses), (vec!["OLD".into()], vec!["198.51.100.1".into()]));
    let young = subject(&["NEW"], &["198.51.100.2"], &[]);
    assert_eq!(super::added(&young, &asked, Some(&held)), None);
    // Where nobody can say who was seen, everybody new is looked for.
    assert!(super::added(&young, &asked, None).is_some());
    assert_eq!(super::added(&now, &now, None), None, "nobody is new");
}

#[test]
fn what_was_there_before_is_a_new_target_and_what_was_made_since_is_none() {
    let made = Sighting {
        event_name: Some("CreateUser".to_owned()),
        minted_arn: Some("arn:aws:iam::123456789012:user/back/door".to_owned()),
        ..Sighting::default()
    };
    let held = held(Vec::new(), vec![made]);
    let asked = subject(&[], &[], &["ci"]);
    let now = subject(&[], &[], &["ci", "door", "deploy"]);
    assert_eq!(added(&now, &asked, Some(&held)).unwrap().targets, ["deploy"]);
}

#[test]
fn a_row_that_was_filed_twice_is_kept_once_and_one_that_is_there_twice_twice() {
    let row = |id: &str| TrailRow { event_id: Some(id.to_owned()), ..TrailRow::default() };
    let reached = TrailRow { reach: Some("address".to_owned()), ..row("a") };
    let one = Rows::new(vec![row("a"), row("b")], false);
    let other = Rows::new(vec![reached, row("c"), row("c")], true);
    let both = one.with(&other);
    let ids: Vec<&str> = both.rows.iter().filter_map(|row| row.event_id.as_deref()).collect();
    assert_eq!((ids, both.truncated), (vec!["a", "b", "c", "c"], true));
}

#[test]
fn so_many_windows_are_kept_and_no_more() {
    let mut memory = Memory::default();
    for number in 0..=HELD_MAX {
        let from = at("2026-08-05T10:00:00Z") + jiff::SignedDuration::from_secs(number as i64);
        let mut one = held(Vec::new(), Vec::new());
        one.known.from = from;
        memory.keep_callers(one);
    }
    assert_eq!(memory.callers.len(), HELD_MAX);
}
