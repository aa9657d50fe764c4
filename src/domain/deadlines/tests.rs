//! Clocks of duties as people would say it: reminders in time, once, and an end by words.

use super::*;
use crate::domain::duties::lines;
use crate::domain::event::Event;
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::record::{Actor, Entry};
use crate::domain::sample::{at, opened, person};
use crate::domain::team_step::TeamStep;

const HOUR: i64 = 3_600;

fn write(case: &mut Case, when: Timestamp, event: Event) {
    let ana = Actor::Person { person: person("ana"), name: Some("Ana".to_owned()) };
    let entry = Entry { at: when, actor: ana, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

fn started(regime: Regime, since: Timestamp) -> Case {
    let mut case = opened();
    let reason = "personal data was read".to_owned();
    let step = Box::new(TeamStep::ClockStarted { regime, since, reason });
    write(&mut case, at(10), Event::Team { step });
    case
}

/// What is said in so many hours by a process that always runs, by the hour of each.
fn said(case: &mut Case, hours: i64) -> Vec<(i64, String)> {
    let mut said = Vec::new();
    for hour in 0..=hours {
        let now = at(10 + hour * HOUR);
        for owed in reminders(case, now).due {
            if case.room().posted.contains_key(&owed.key) {
                continue;
            }
            let What::Legal(words) = owed.what else { panic!("another message") };
            said.push((hour, words.split(' ').take(2).collect::<Vec<_>>().join(" ")));
            let (channel, message) = (ChannelId("C1".to_owned()), MessageTs("1.0".to_owned()));
            let event = Event::Posted { post: owed.key, channel, message, repeat_possible: false };
            write(case, now, event);
        }
    }
    said
}

#[test]
fn people_are_reminded_before_each_stage_runs_out_and_when_it_has() {
    let mut case = started(Regime::Nis2, at(10));
    let told: Vec<_> = said(&mut case, 80);
    let told: Vec<_> = told.iter().map(|(hour, words)| (*hour, words.as_str())).collect();
    let wanted =
        [(18, "early warning"), (24, "RUN OUT:"), (54, "incident notification"), (72, "RUN OUT:")];
    assert_eq!(told, wanted);
    assert_eq!(given(&case).len(), 4);
}

#[test]
fn a_clock_that_is_stopped_or_whose_case_is_closed_reminds_nobody() {
    let mut case = started(Regime::Gdpr, at(10));
    let reason = "Legal: no personal data".to_owned();
    let step = Box::new(TeamStep::ClockStopped { regime: Regime::Gdpr, reason });
    write(&mut case, at(20), Event::Team { step });
    assert_eq!(reminders(&case, at(100 * HOUR)), Round::default());
    assert_eq!(lines(&case, None), [""; 0]);
    let mut case = started(Regime::Gdpr, at(10));
    write(&mut case, at(20), Event::Closed { reason: None });
    assert_eq!(reminders(&case, at(100 * HOUR)), Round::default());
}

#[test]
fn a_clock_whose_time_was_over_when_it_was_started_says_so_at_once_and_once() {
    let mut case = started(Regime::Gdpr, at(10 - 100 * HOUR));
    assert_eq!(said(&mut case, 50), [(0, "RUN OUT:".to_owned())]);
    let line = lines(&case, Some(at(20))).join("");
    assert!(line.contains("started by Ana") && line.contains("RUN OUT"), "{line}");
}

#[test]
fn who_was_away_tells_the_last_of_what_was_missed() {
    let case = started(Regime::Nis2, at(10));
    let late = reminders(&case, at(10 + 60 * HOUR));
    assert_eq!(late.due.len(), 1);
    assert_eq!(late.due[0].key.0, "clock-2-1-soon");
    assert_eq!(late.next, Some(at(10 + 72 * HOUR)));
}
