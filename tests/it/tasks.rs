//! Tasks of people: taken, given, done, reminded of by the clock, and quiet when they are over.

use crate::people::heard;
use crate::stage::Stage;
use keyleak::domain::announce::card_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase, PostKey};
use keyleak::domain::ids::CaseId;
use keyleak::domain::report::markdown;
use keyleak::domain::task::Task;
use keyleak::domain::task_call::{Because, TaskCall};
use keyleak::domain::tasks::tasks_key;
use keyleak::drill::bot::desk;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use keyleak::drill::players::{load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::worker::Worker;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// A reminder at P1 comes after so long, in the time of the case, and again as late.
const P1_WITHIN: Duration = Duration::from_secs(1_800);

/// What a person is answered to words in the case's channel.
async fn say(world: &World, case: &Case, who: &str, words: &str) -> String {
    let channel = case.room().channel.clone().unwrap().0;
    world.slack.slash(who, &channel, "/keyleak", words).await.unwrap().body
}

async fn carded(world: &World) -> (CaseId, Case) {
    let id = open(world).await.unwrap();
    let ready = |case: &Case| case.validated() && case.room().posted.contains_key(&card_key());
    let case = until(world, &id, "the card", ready).await.unwrap();
    (id, case)
}

/// A message of the case as it is now.
fn shown(world: &World, case: &Case, key: &PostKey) -> Option<Value> {
    let (channel, ts) = case.room().posted.get(key)?;
    world.slack.message(&channel.0, &ts.0)
}

async fn shows(world: &World, id: &CaseId, key: &PostKey, words: &str) -> Value {
    wait(&format!("{} saying {words:?}", key.0), async || {
        let case = load(world, id).await.unwrap();
        Ok(shown(world, &case, key).filter(|seen| seen.to_string().contains(words)))
    })
    .await
    .unwrap()
}

/// The reminders of a task that are in the channel, each by how often it came before.
fn reminders(case: &Case, task: Task) -> Vec<u32> {
    let calls = case.room().posted.keys().filter_map(TaskCall::of_key);
    let of_task = calls.filter(|call| call.task == task);
    let due = of_task.filter_map(|call| match call.because {
        Because::Due(time) => Some(time),
        Because::Given => None,
    });
    due.collect()
}

/// How often each message about tasks is in the channel, whoever posted it.
fn keys(world: &World, case: &Case) -> Vec<String> {
    let channel = case.room().channel.clone().unwrap();
    let key = |message: &Value| {
        let key = message["metadata"]["event_payload"]["key"].as_str()?;
        key.split('/').nth(1).filter(|key| key.starts_with("task")).map(str::to_owned)
    };
    world.slack.messages(&channel.0).iter().filter_map(key).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_taken_given_and_done_by_words_and_buttons_and_shown_wherever_people_look() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, case) = carded(world).await;
    for (who, words, why) in [
        (KEY_OWNER, "task 12", "the key belongs to you"),
        (APPROVER, "task 99", "say which task, by its number"),
        (APPROVER, "task 12 @dan", "by the member id"),
    ] {
        let said = say(world, &case, who, words).await;
        assert!(said.contains(why), "{words}: {said}");
    }
    let owner = say(world, &case, REPORTER, &format!("task 12 <@{KEY_OWNER}>")).await;
    assert!(owner.contains("neither the key's owner"), "{owner}");
    let now = load(world, &id).await.unwrap();
    let refused = |event: &Event| matches!(event, Event::Refused { what, .. } if what == "task");
    let refused = now.records().iter().filter(|one| refused(&one.event)).count();
    assert_eq!(refused, 2, "what was judged is on record, what was not understood is not");
    assert!(now.team().task_given(Task::Bill).is_none(), "and nobody has it");

    say(world, &case, APPROVER, "severity P1 it is in a public repository").await;
    let list = say(world, &case, APPROVER, "tasks").await;
    assert!(list.contains("12. Impact, bill and quotas: nobody"), "{list}");
    let said = say(world, &case, APPROVER, "task 12").await;
    assert!(said.contains("Task 12 (bill and quotas): bob, due "), "{said}");
    let impact = tasks_key(Phase::Impact);
    shows(world, &id, &impact, "Look at the bill and at the quotas of all regions. – bob, due")
        .await;
    shows(world, &id, &card_key(), "1 taken, 0 done").await;
    assert!(say(world, &case, APPROVER, "task 12").await.contains("has this task already"));

    // Given to another, who is rung in the thread of the phase's tasks, once.
    let given = say(world, &case, REPORTER, &format!("task 12 <@{SECOND_APPROVER}|cyn>")).await;
    assert!(given.contains(&format!("{SECOND_APPROVER}, due ")), "not heard of by name: {given}");
    let told = |case: &Case| {
        let calls = case.room().posted.keys().filter_map(TaskCall::of_key);
        calls.filter(|call| call.because == Because::Given).count() == 1
    };
    let now = until(world, &id, "the new owner being told", told).await.unwrap();
    let call = now.room().posted.keys().find_map(TaskCall::of_key).unwrap();
    let message = shown(world, &now, &call.key()).unwrap();
    let (_, parent) = &now.room().posted[&impact];
    assert_eq!(message["thread_ts"].as_str(), Some(parent.0.as_str()), "in its thread");
    assert!(message.to_string().contains(&format!("\"user_id\":\"{SECOND_APPROVER}\"")));

    press(world, &id, (SECOND_APPROVER, "task.done")).await.unwrap();
    let done = |case: &Case| case.team().task_done(Task::Bill).is_some();
    let now = until(world, &id, "the end of the task", done).await.unwrap();
    shows(world, &id, &impact, "done, says cyn at").await;
    world.slack.reload(APPROVER);
    press(world, &id, (APPROVER, "task.take")).await.unwrap();
    let taken = |case: &Case| case.team().task_given(Task::ImpactQuestions).is_some();
    until(world, &id, "the first open task of the card", taken).await.unwrap();
    let said = world.slack.ephemerals(APPROVER);
    assert!(said.is_empty(), "a press that the channel shows is answered by it: {said:?}");
    let report = markdown(&now);
    assert!(report.contains("Tasks of people"), "{report}");
    assert!(report.contains("12 Impact, bill and quotas: done, says cyn"), "{report}");
    assert!(report.contains("gave task 12 (bill and quotas) to cyn, due "), "{report}");
    stage.strike().await;
}

/// Half an hour takes nine seconds here; two workers compete for the case, and one dies.
#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_comes_when_a_task_is_due_once_whoever_works_and_ends_with_it() {
    let mut stage = Stage::set().await;
    let (id, case) = carded(&stage.world).await;
    say(&stage.world, &case, APPROVER, "severity P1 it is in a public repository").await;
    // One is never done; the other is, in time.
    say(&stage.world, &case, APPROVER, "task 4").await;
    say(&stage.world, &case, SECOND_APPROVER, "task 12").await;
    let tracker = TaskTracker::new();
    let second = desk(stage.world.outside(), &|journal| journal).unwrap();
    let second = Worker::new(Arc::new(second), "second".to_owned(), tracker.clone());
    second.start();
    say(&stage.world, &case, SECOND_APPROVER, "task 12 done").await;
    let first = |case: &Case| !reminders(case, Task::SavePlace).is_empty();
    let now = until(&stage.world, &id, "the first reminder", first).await.unwrap();
    let given = now.team().task_given(Task::SavePlace).unwrap();
    let due = given.due.unwrap();
    let within = due.duration_since(given.press.at).as_secs();
    let wanted = P1_WITHIN.as_secs().cast_signed();
    assert!((wanted - 60..=wanted).contains(&within), "{within}");
    let early = now.records().iter().find(|one| {
        let Event::Posted { post, .. } = &one.event else { return false };
        TaskCall::of_key(post).is_some() && one.at < due
    });
    assert!(early.is_none(), "not before it is due: {early:?}");
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    let again = |case: &Case| reminders(case, Task::SavePlace).len() >= 2;
    let now = until(world, &id, "the second reminder", again).await.unwrap();
    assert_eq!(reminders(&now, Task::Bill), [0_u32; 0], "the control: what is done is quiet");
    let mut seen = keys(world, &now);
    seen.sort();
    let all = seen.len();
    seen.dedup();
    assert_eq!(all, seen.len(), "each is in the channel once: {seen:?}");
    shows(world, &id, &card_key(), "OVERDUE: 4 (bob)").await;

    press(world, &id, (APPROVER, "case.close")).await.unwrap();
    let over = until(world, &id, "its end", |case| case.closed_at().is_some()).await.unwrap();
    let before = reminders(&over, Task::SavePlace).len();
    world.clock.sleep(P1_WITHIN * 2).await;
    let over = load(world, &id).await.unwrap();
    assert!(reminders(&over, Task::SavePlace).len() <= before + 1, "and a closed case is quiet");
    let last = over.records().iter().rev().find(|one| {
        let Event::Posted { post, .. } = &one.event else { return false };
        TaskCall::of_key(post).is_some()
    });
    assert!(
        last.is_none_or(
            |one| one.at <= over.closed_at().unwrap() + jiff::SignedDuration::from_mins(5)
        )
    );
    second.shut_down().await;
    stage.strike().await;
}

/// A button that was drawn before somebody else took the task does nothing, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_a_task_at_once_one_has_it_and_the_other_hears_so() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let (id, case) = carded(world).await;
    press(world, &id, (REPORTER, "phase.recovery")).await.unwrap();
    let key = tasks_key(Phase::Recovery);
    let there = |case: &Case| case.room().posted.contains_key(&key);
    let now = until(world, &id, "the tasks of the phase", there).await.unwrap();
    let (channel, ts) = now.room().posted[&key].clone();
    let take = |who| world.slack.click(who, &channel.0, &ts.0, "task.take");
    let (one, other) = tokio::join!(take(APPROVER), take(SECOND_APPROVER));
    assert!(one.unwrap().accepted() && other.unwrap().accepted());
    let taken = |case: &Case| case.team().task_given(Task::Losses).is_some();
    let now = until(world, &id, "an owner", taken).await.unwrap();
    let owner = now.team().task_given(Task::Losses).unwrap().owner.user.clone();
    let other = if owner == APPROVER { SECOND_APPROVER } else { APPROVER };
    heard(world, other, "somebody said something of this task since").await;
    assert!(case.team().task_given(Task::Losses).is_none(), "the control");
    stage.strike().await;
}
