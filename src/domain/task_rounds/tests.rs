//! Reminders of tasks: when they come, and that they end.

use super::*;
use crate::domain::event::Event;
use crate::domain::plan::PlanKind;
use crate::domain::sample::{add, opened, person, plan, run};
use crate::domain::sample_tasks::{by, given, minute, say};
use crate::domain::task::Task;
use crate::domain::tasks::{Standing, lines, standing};
use crate::domain::team_step::TeamStep;

fn due_at(case: &Case, minutes: i64) -> (Vec<Because>, Option<Timestamp>) {
    let round = reminders(case, minute(minutes));
    let calls = round.due.iter().filter_map(|one| TaskCall::of_key(&one.key));
    (calls.map(|call| call.because).collect(), round.next)
}

#[test]
fn what_the_case_shows_is_done_without_a_word_and_nobody_is_reminded_of_it() {
    let mut case = opened();
    given(&mut case, Task::ApprovePlan, 30);
    assert_eq!(due_at(&case, 30).0, [Because::Due(1)], "the control");
    let contains = plan(&case, PlanKind::Containment);
    run(&mut case, contains);
    assert_eq!(standing(&case, Task::ApprovePlan), Standing::Shown);
    assert_eq!(due_at(&case, 30), (Vec::new(), None));
    assert!(lines(&case, None)[0].ends_with("as the case shows"), "{:?}", lines(&case, None));
}

#[test]
fn a_reminder_comes_when_it_is_due_and_twice_more_and_only_the_last_of_what_was_missed() {
    let mut case = opened();
    given(&mut case, Task::Bill, 30);
    assert_eq!(due_at(&case, 29), (Vec::new(), Some(minute(30))));
    assert_eq!(due_at(&case, 30), (vec![Because::Due(1)], Some(minute(60))));
    assert_eq!(due_at(&case, 89), (vec![Because::Due(2)], Some(minute(90))));
    assert_eq!(due_at(&case, 9_000), (vec![Because::Due(3)], None), "and then no more");
}

#[test]
fn nobody_is_reminded_of_what_is_done_taken_by_another_or_closed() {
    let mut case = opened();
    given(&mut case, Task::Bill, 30);
    let first = reminders(&case, minute(30)).due.remove(0).key;
    let mut done = case.clone();
    say(&mut done, "ana", TeamStep::TaskDone { task: Task::Bill });
    assert_eq!(due_at(&done, 9_000), (Vec::new(), None));
    let mut other = case.clone();
    given(&mut other, Task::Bill, 45);
    assert_eq!(due_at(&other, 30).0, [], "the new owner's time counts");
    assert_ne!(first, reminders(&other, minute(45)).due.remove(0).key, "who is told anew");
    let mut closed = case.clone();
    add(&mut closed, by("bob"), Event::Closed { reason: None });
    assert_eq!(due_at(&closed, 9_000), (Vec::new(), None));
    assert_eq!(due_at(&case, 30).0, [Because::Due(1)], "the control");
    let mut timeless = opened();
    let step = TeamStep::TaskGiven { task: Task::Bill, person: person("ana"), due: None };
    say(&mut timeless, "bob", step);
    assert_eq!(due_at(&timeless, 9_000), (Vec::new(), None), "without a time, no reminder");
}
