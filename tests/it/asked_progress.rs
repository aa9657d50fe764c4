//! What a phase's button asks, and the one message that says how far it is.

use crate::answer_files::told_all;
use crate::stage::Stage;
use keyleak::domain::announce::asked_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::question::{Question, Times};
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{load, open, press, until, wait};
use keyleak::drill::world::World;
use keyleak::sim::slack::faults::Fault;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// A message is redrawn at most so often.
const REDRAWN_EVERY_S: i64 = 2;

/// Presses a phase, and waits until it is over; the record of the press.
async fn pressed(world: &World, id: &CaseId, phase: Phase) -> (Case, u64) {
    press(world, id, (REPORTER, &format!("phase.{}", phase.slug()))).await.unwrap();
    let over =
        |case: &Case| case.presses(phase).last().is_some_and(|press| case.is_answered(press.seq));
    let now = until(world, id, "the answers", over).await.unwrap();
    let seq = now.presses(phase).last().unwrap().seq;
    (now, seq)
}

/// The questions that a press brought to an end, with or without an answer.
fn asked(case: &Case, seq: u64) -> BTreeSet<String> {
    let answered = case.answers().iter().filter(|(_, answer)| answer.asked == seq);
    let answered = answered.map(|(_, answer)| answer.question.clone());
    let failed = case.records().iter().filter_map(|record| {
        let Event::QuestionFailed { asked, question, .. } = &record.event else { return None };
        (*asked == seq).then(|| question.clone())
    });
    answered.chain(failed).collect()
}

/// The message about the questions of a record.
async fn message(world: &World, id: &CaseId, seq: u64) -> Value {
    let posted = |case: &Case| case.room().posted.contains_key(&asked_key(seq));
    let now = until(world, id, "the message", posted).await.unwrap();
    let (channel, ts) = &now.room().posted[&asked_key(seq)];
    world.slack.message(&channel.0, &ts.0).unwrap()
}

/// The message, once it says these words.
async fn says(world: &World, id: &CaseId, (seq, words): (u64, &str)) -> Value {
    let said = async || {
        let message = message(world, id, seq).await;
        Ok(message.to_string().contains(words).then_some(message))
    };
    wait(&format!("{words:?} in the message"), said).await.unwrap()
}

fn posts_of(world: &World, key: &str) -> usize {
    let calls = world.slack.calls();
    let is_it = |args: &Value| {
        let posted = &args["metadata"]["event_payload"]["key"];
        posted.as_str().is_some_and(|posted| posted.ends_with(key))
    };
    calls.iter().filter(|call| call.method == "chat.postMessage" && is_it(&call.args)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_phase_asks_exactly_its_own_questions_and_says_so_in_one_message() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let id = open(world).await.unwrap();
    until(world, &id, "validation", |case| case.validated() && told_all(case)).await.unwrap();
    let mut seen = Vec::new();
    for phase in [Phase::Scope, Phase::Impact, Phase::Eradication] {
        let (now, seq) = pressed(world, &id, phase).await;
        let trail = world.desk().unwrap().trail.clone().unwrap();
        // Nothing is contained, so that what is asked about the time after it is not asked.
        let times = Times { exposed_since: now.exposed_since(), contained_at: None };
        let of = |phase: Phase| -> BTreeSet<String> {
            let all = trail.catalogue().iter();
            let own = all.filter(|question| question.phase == phase.slug());
            // No table of another log is set here.
            let has_table = |question: &&Question| trail.lacks(question).is_none();
            let can = own.filter(has_table).filter(|question| question.at(&times).is_ok());
            can.map(|question| question.id.clone()).collect()
        };
        let mut wanted = of(phase);
        if phase == Phase::Scope {
            wanted.extend(of(Phase::Validation));
        }
        assert_eq!(asked(&now, seq), wanted, "{phase:?}");
        assert!(wanted.len() >= 2, "{wanted:?}");
        let shown = says(world, &id, (seq, "Done after ")).await.to_string();
        assert!(shown.contains(&format!("{} questions asked.", wanted.len())), "{shown}");
        assert!(shown.contains("asks the trail all questions of"), "{shown}");
        assert!(!shown.contains("question.cancel"), "nothing to cancel any more: {shown}");
        seen.push(wanted);
    }
    assert!(seen[0].is_disjoint(&seen[1]) && seen[1].is_disjoint(&seen[2]), "{seen:?}");
    let none = load(world, &id).await.unwrap();
    press(world, &id, (REPORTER, "phase.recovery")).await.unwrap();
    let later = |case: &Case| case.seq() > none.seq() && told_all(case);
    let now = until(world, &id, "the recovery's card", later).await.unwrap();
    let seq = now.presses(Phase::Recovery).last().unwrap().seq;
    assert!(!now.room().posted.contains_key(&asked_key(seq)), "the control: it asks nothing");
    stage.strike().await;
}

/// The message is posted once and updated in place, seldom; a bot that is started again in the
/// middle goes on in the same one.
#[tokio::test(flavor = "multi_thread")]
async fn progress_is_one_message_updated_in_place_also_by_a_bot_that_is_started_again() {
    let mut stage = Stage::set_at_ease().await;
    let id = open(&stage.world).await.unwrap();
    let ready = |case: &Case| case.validated() && told_all(case);
    until(&stage.world, &id, "validation", ready).await.unwrap();
    // Slack takes its time, so that there is something to see in between.
    stage.world.slack.delay("chat.postMessage", Duration::from_millis(20));
    press(&stage.world, &id, (REPORTER, "phase.scope")).await.unwrap();
    let begun = |case: &Case| {
        let seq = case.presses(Phase::Scope).last().map(|press| press.seq);
        seq.is_some_and(|seq| case.room().posted.contains_key(&asked_key(seq)))
    };
    let now = until(&stage.world, &id, "the message", begun).await.unwrap();
    let seq = now.presses(Phase::Scope).last().unwrap().seq;
    stage.world.slack.script("chat.update", &Fault::ResetAfter, 1);
    stage.world.restart_bot().await.unwrap();
    let world = &stage.world;
    let over = |case: &Case| case.is_answered(seq) && told_all(case);
    until(world, &id, "the answers", over).await.unwrap();
    says(world, &id, (seq, "Done after ")).await;
    assert_eq!(posts_of(world, &format!("/asked-{seq}")), 1, "one message");
    let (_, ts) = load(world, &id).await.unwrap().room().posted[&asked_key(seq)].clone();
    let updates = world.slack.calls().into_iter().filter(|call| {
        call.method == "chat.update" && call.args["ts"] == ts.0.as_str() && call.outcome == "ok"
    });
    let times: Vec<i64> = updates.map(|call| call.at.as_millisecond()).collect();
    assert!(!times.is_empty(), "it was updated in place");
    let apart = times.windows(2).map(|pair| pair[1] - pair[0]).min();
    // The new bot does not know when the old one drew, so that once it may come sooner.
    let soon = times.windows(2).filter(|pair| pair[1] - pair[0] < REDRAWN_EVERY_S * 1_000).count();
    assert!(soon <= 1, "{apart:?} ms apart: {times:?}");
    stage.strike().await;
}
