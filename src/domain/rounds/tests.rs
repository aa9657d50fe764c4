//! The clock as people would say it: how often, what is late, and what a close ends.

use super::*;
use crate::domain::event::{Event, Phase};
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::record::{Actor, Entry};
use crate::domain::sample::{at, opened, person};
use crate::domain::severity::Severity;
use crate::domain::team_step::TeamStep;
use std::collections::BTreeMap;

const MINUTE: i64 = 60;

fn conduct() -> Conduct {
    let (p1, p2) = (SignedDuration::from_mins(30), SignedDuration::from_hours(2));
    let updates = BTreeMap::from([(Severity::P1, p1), (Severity::P2, p2)]);
    Conduct { updates, ..Conduct::default() }
}

fn write(case: &mut Case, when: Timestamp, event: Event) {
    let ana = Actor::Person { person: person("ana"), name: None };
    let entry = Entry { at: when, actor: ana, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

fn graded(case: &mut Case, minute: i64, severity: Severity) {
    let step = TeamStep::Graded { severity: Some(severity), reason: "as we see it".to_owned() };
    write(case, at(minute * MINUTE), Event::Team { step: Box::new(step) });
}

fn post(case: &mut Case, minute: i64, post: PostKey) {
    let (channel, message) = (ChannelId("C1".to_owned()), MessageTs("1.0".to_owned()));
    let event = Event::Posted { post, channel, message, repeat_possible: false };
    write(case, at(minute * MINUTE), event);
}

/// Which updates a process that always runs says in the first hours, by the minute of each.
fn said(case: &mut Case, minutes: std::ops::RangeInclusive<i64>) -> Vec<i64> {
    let mut said = Vec::new();
    for minute in minutes {
        let due = update(case, &conduct(), at(minute * MINUTE + 1)).due;
        for owed in due {
            if !case.room().posted.contains_key(&owed.key) {
                post(case, minute, owed.key);
                said.push(minute);
            }
        }
    }
    said
}

#[test]
fn p1_is_told_every_half_hour_and_p2_every_two_hours_and_p3_never() {
    for (severity, minutes) in [
        (Severity::P1, vec![30, 60, 90, 120, 150, 180, 210, 240]),
        (Severity::P2, vec![120, 240]),
        (Severity::P3, vec![]),
        (Severity::P4, vec![]),
    ] {
        let mut case = opened();
        graded(&mut case, 1, severity);
        assert_eq!(said(&mut case, 1..=245), minutes, "{severity:?}");
    }
}

#[test]
fn who_was_away_says_what_is_late_once_and_who_comes_second_says_nothing() {
    let mut case = opened();
    graded(&mut case, 1, Severity::P1);
    let late = update(&case, &conduct(), at(200 * MINUTE));
    assert_eq!(late.due.len(), 1, "{late:?}");
    assert_eq!(late.due[0].key, clock_key(at(1 + 180 * MINUTE)), "the last of those missed");
    assert_eq!(late.next, Some(at(1 + 210 * MINUTE)));
    assert_eq!(update(&case, &conduct(), at(201 * MINUTE)).due, late.due, "the same for another");
    post(&mut case, 201, late.due[0].key.clone());
    assert_eq!(said(&mut case, 201..=209), [0i64; 0], "it is there");
    assert_eq!(told(&case), late.due, "and can be read again");
}

#[test]
fn a_milestone_says_it_too_and_a_new_severity_owes_nothing_for_the_time_before() {
    let mut case = opened();
    graded(&mut case, 1, Severity::P1);
    write(&mut case, at(61 * MINUTE), Event::PhasePressed { phase: Phase::Scope });
    assert_eq!(said(&mut case, 61..=89), [0i64; 0], "the phase change after the mark was told");
    assert_eq!(said(&mut case, 90..=92), [90]);
    let mut case = opened();
    graded(&mut case, 70, Severity::P1);
    assert_eq!(said(&mut case, 70..=95), [90], "not for minute 60");
}

#[test]
fn a_closed_case_is_summed_up_no_more() {
    let mut case = opened();
    graded(&mut case, 1, Severity::P1);
    write(&mut case, at(40 * MINUTE), Event::Closed { reason: None });
    let round = update(&case, &conduct(), at(300 * MINUTE));
    assert_eq!(round, Round::default());
}
