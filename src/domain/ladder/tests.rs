//! The ladder as people would say it: who is called when, what ends it, and how often.

use super::*;
use crate::domain::conduct::{Conduct, Ladder};
use crate::domain::event::{Event, PostKey};
use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::record::{Actor, Entry};
use crate::domain::sample::{at, opened, person, plan, propose};
use crate::domain::team_step::{PageOutcome, TeamStep};

/// The sample's plan is proposed at this second.
const PROPOSED: i64 = 50;

fn set(users: &[&str]) -> std::collections::BTreeSet<String> {
    users.iter().map(|user| (*user).to_owned()).collect()
}

fn policy() -> Policy {
    let ladder = Ladder {
        remind_after: Some(SignedDuration::from_mins(5)),
        next_after: Some(SignedDuration::from_mins(15)),
        next: set(&["nik", "noa"]),
        page_after: Some(SignedDuration::from_mins(30)),
    };
    Policy {
        team: "T1".to_owned(),
        approvers: set(&["ana", "bob", "cyn"]),
        conduct: Conduct { ladder, ..Conduct::default() },
        ..Policy::default()
    }
}

fn write(case: &mut Case, when: Timestamp, actor: Actor, event: Event) {
    let entry = Entry { at: when, actor, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

fn posted(case: &mut Case, when: Timestamp, post: PostKey) {
    let (channel, message) = (ChannelId("C1".to_owned()), MessageTs("1.0".to_owned()));
    let event = Event::Posted { post, channel, message, repeat_possible: false };
    write(case, when, Actor::Keyleak, event);
}

fn waits() -> (Case, PlanNumber, String) {
    let mut case = opened();
    let plan = Plan { expires_at: at(PROPOSED + 3_600), ..plan(&case, PlanKind::Containment) };
    let (number, hash) = propose(&mut case, plan);
    (case, number, hash)
}

fn minute(minutes: i64) -> Timestamp {
    at(PROPOSED + 60 * minutes)
}

/// The calls of an hour and a half, by the minute, of a process that always runs.
fn calls(case: &mut Case, policy: &Policy) -> Vec<(i64, Rung)> {
    let mut made = Vec::new();
    for m in 0..=90 {
        let due = rungs(case, policy, minute(m)).due;
        for owed in due {
            if !case.room().posted.contains_key(&owed.key) {
                made.push((m, Call::of_key(&owed.key).unwrap().rung));
                posted(case, minute(m), owed.key);
            }
        }
    }
    made
}

#[test]
fn approvers_are_called_again_then_the_next_people_and_nobody_after_that() {
    let (mut case, ..) = waits();
    assert_eq!(calls(&mut case, &policy()), [(5, Rung::Again), (15, Rung::Next)]);
    assert_eq!(made(&case).len(), 2);
    assert_eq!(called_in(&case, &policy(), minute(14)), []);
    assert_eq!(called_in(&case, &policy(), minute(15)), [person("nik"), person("noa")]);
    assert_eq!(called_in(&case, &policy(), minute(60)), [], "the plan is too old to be decided");
}

#[test]
fn where_a_list_is_empty_that_rung_is_off() {
    let (mut case, ..) = waits();
    let mut nobody = policy();
    nobody.conduct.ladder.next.clear();
    assert_eq!(calls(&mut case, &nobody), [(5, Rung::Again)]);
    let (mut case, ..) = waits();
    let alone = Policy { approvers: set(&["ana"]), ..policy() };
    assert_eq!(calls(&mut case, &alone), [(15, Rung::Next)], "ana asked for it");
    let (mut case, ..) = waits();
    let off = Policy { conduct: Conduct::default(), ..policy() };
    assert_eq!(calls(&mut case, &off), []);
    assert_eq!(next_page(&case, &off, minute(40)), Due::Nothing);
}

#[test]
fn a_decision_stops_the_ladder_at_once() {
    let bob = || Actor::Person { person: person("bob"), name: None };
    let (mut case, plan, hash) = waits();
    write(&mut case, minute(4), bob(), Event::Approved { plan, hash });
    assert_eq!(calls(&mut case, &policy()), []);
    assert_eq!(next_page(&case, &policy(), minute(40)), Due::Nothing);
    let (mut case, plan, _) = waits();
    assert_eq!(rungs(&case, &policy(), minute(6)).due.len(), 1);
    write(&mut case, minute(6), bob(), Event::Denied { plan, reason: None });
    assert_eq!(rungs(&case, &policy(), minute(16)), Round::default());
    let (mut case, ..) = waits();
    write(&mut case, minute(6), bob(), Event::Closed { reason: None });
    assert_eq!(rungs(&case, &policy(), minute(16)), Round::default());
}

#[test]
fn who_was_away_makes_one_call_for_both_that_are_late() {
    let (mut case, ..) = waits();
    let late = rungs(&case, &policy(), minute(20));
    assert_eq!(late.due.len(), 1);
    assert_eq!(Call::of_key(&late.due[0].key).unwrap().rung, Rung::Next);
    posted(&mut case, minute(20), late.due[0].key.clone());
    assert_eq!(calls(&mut case, &policy()), [(5, Rung::Again)], "time does not run backwards");
}

#[test]
fn a_page_is_tried_four_times_at_most_and_not_again_once_it_was_taken() {
    let step = |step| Event::Team { step: Box::new(step) };
    let (mut case, plan, _) = waits();
    assert_eq!(next_page(&case, &policy(), minute(29)), Due::At(minute(30)));
    let mut tries = Vec::new();
    for second in 0..3_600 {
        let now = at(PROPOSED + second);
        if let Due::Now(due) = next_page(&case, &policy(), now) {
            tries.push(second);
            let tried = TeamStep::PageTried { plan, attempt: due.attempt };
            write(&mut case, now, Actor::Keyleak, step(tried));
            let last = due.attempt == PAGES_MAX;
            let outcome = PageOutcome::Failed { why: "HTTP 503".to_owned(), last };
            write(&mut case, now, Actor::Keyleak, step(TeamStep::Paged { plan, outcome }));
        }
    }
    assert_eq!(tries, [1_800, 1_810, 1_870, 2_170]);
    let (mut case, plan, _) = waits();
    let tried = TeamStep::PageTried { plan, attempt: 1 };
    write(&mut case, minute(30), Actor::Keyleak, step(tried));
    let again = Due::Now(PageDue { plan, attempt: 2 });
    assert_eq!(next_page(&case, &policy(), minute(31)), again, "who tried it died before the end");
    let sent = TeamStep::Paged { plan, outcome: PageOutcome::Sent { status: 202 } };
    write(&mut case, minute(31), Actor::Keyleak, step(sent));
    assert_eq!(next_page(&case, &policy(), minute(50)), Due::Nothing);
}

#[test]
fn a_page_holds_no_whole_key_id_and_says_where_to_go() {
    let (mut case, plan, _) = waits();
    let made = Event::ChannelMade { channel: ChannelId("C0CASE".to_owned()), name: "x".to_owned() };
    write(&mut case, minute(1), Actor::Keyleak, made);
    let page = crate::domain::page::Page::of(&case, case.plan(plan).unwrap(), "T1");
    let sent = serde_json::to_string(&page).unwrap();
    assert!(!sent.contains(crate::domain::sample::KEY), "{sent}");
    assert_eq!(page.key_last_four, "7WML");
    assert_eq!(page.link.as_deref(), Some("https://app.slack.com/client/T1/C0CASE"));
    assert_eq!((page.severity, page.plan, page.drill), ("P3", 1, false));
    assert_eq!(page.dedup_key, "kl-1/plan-1");
}
