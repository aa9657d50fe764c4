//! `/keyleak ask`: what the trail is asked by name, by whom, and where the answer goes.

use crate::bureau::{APPROVER, ASKER, Bureau, caller};
use crate::cancel::NeverRead;
use crate::own_questions::example;
use crate::simulated::{QUICK, ground};
use crate::stage::Stage;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::inquiry::WAITING_MAX;
use keyleak::drill::people::REPORTER;
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::flow::inquire::say;
use keyleak::flow::spoken::Speaker;
use keyleak::ports::trail::Answer;
use keyleak::trail::investigator::Investigator;
use keyleak::trail::own_questions::catalogue;
use std::sync::Arc;
use std::time::Duration;

/// How often a question is asked again while the trail is late.
const TRIES_MAX: usize = 40;

async fn typed(world: &World, channel: &str, text: &str) -> String {
    let delivery = world.slack.slash(REPORTER, channel, "/keyleak", text).await.unwrap();
    assert!(delivery.accepted(), "{text}: {}", delivery.body);
    delivery.body
}

/// What people asked by name, and who.
fn asked(case: &Case) -> Vec<(String, Vec<String>)> {
    let one = |(press, ids): &(keyleak::domain::record::Press, Vec<String>)| {
        (press.by.user.clone(), ids.clone())
    };
    case.inquiries().iter().map(one).collect()
}

fn answered(case: &Case, asked: u64) -> Vec<&str> {
    let of = case.answers().iter().filter(|(_, answer)| answer.asked == asked);
    of.map(|(_, answer)| answer.question.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_named_is_answered_in_the_channel_and_it_is_written_down_who_asked() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let with_channel = |case: &Case| case.room().channel.is_some() && case.validated();
    let now = until(world, &case, "a channel", with_channel).await.unwrap();
    let channel = now.room().channel.clone().unwrap().0;

    let list = typed(world, &world.lobby, "ask").await;
    for part in ["Q10", "Scope: ", "Q50", "(once contained)"] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let outside = typed(world, &world.lobby, "ask Q10").await;
    assert!(outside.contains("no open case is meant"), "{outside}");
    let unknown = typed(world, &channel, "ask Q10 Q99 nonsense").await;
    assert!(unknown.contains("there is no question Q99, nonsense"), "{unknown}");
    let early = typed(world, &channel, "ask Q50").await;
    assert!(early.contains("Q50 cannot be asked: nothing is contained yet"), "{early}");
    assert_eq!(asked(&load(world, &case).await.unwrap()), [], "nothing of that was asked");

    let said = typed(world, &channel, "ask timeline q10 Q01").await;
    assert!(said.contains("Asked of case") && said.contains("Q10, Q01"), "{said}");
    let is_over = |case: &Case| case.inquiries().iter().all(|(by, _)| case.is_answered(by.seq));
    let now = until(world, &case, "the answers", is_over).await.unwrap();
    assert_eq!(asked(&now), [(REPORTER.to_owned(), vec!["Q10".to_owned(), "Q01".to_owned()])]);
    let seq = now.inquiries()[0].0.seq;
    assert_eq!(answered(&now, seq), ["Q10", "Q01"], "each once, and no other");
    assert!(now.presses(Phase::Scope).is_empty(), "no phase was pressed for it");

    let named = format!("{case} Q10");
    let elsewhere = typed(world, &world.lobby, &format!("ask {named}")).await;
    assert!(elsewhere.contains("Asked of case"), "where the case is named: {elsewhere}");
    shown(world, &case, (&channel, seq)).await;
    stage.strike().await;
}

/// Waits for the words and the table in the channel.
async fn shown(world: &World, case: &CaseId, (channel, seq): (&str, u64)) {
    let posted = |case: &Case| {
        let answers = case.answers().iter().filter(|(_, answer)| answer.asked == seq);
        let mut with_rows = answers.filter(|(_, answer)| answer.rows > 0).peekable();
        let key = |seq: u64| keyleak::domain::event::PostKey(format!("answer-{seq}"));
        with_rows.peek().is_some()
            && with_rows.all(|(seq, _)| case.room().posted.contains_key(&key(*seq)))
    };
    until(world, case, "the answers posted", posted).await.unwrap();
    let messages: String =
        world.slack.messages(channel).iter().map(|message| message.to_string()).collect();
    assert!(messages.contains("asks the trail: Q10, Q01."), "{messages}");
    assert!(messages.contains("Q10: what key"), "{messages}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_open_a_case_asks_nothing() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let with_channel = |case: &Case| case.room().channel.is_some();
    until(world, &case, "a channel", with_channel).await.unwrap();
    let stranger = keyleak::drill::people::OUTSIDER;
    let text = format!("ask {case} Q10");
    let delivery = world.slack.slash(stranger, &world.lobby, "/keyleak", &text).await;
    if let Ok(delivery) = delivery {
        assert!(delivery.body.contains("Not done"), "{}", delivery.body);
    }
    assert_eq!(asked(&load(world, &case).await.unwrap()), []);
    stage.strike().await;
}

/// Asks the question of one's own by its name, and brings the answer that was kept.
async fn by_name(bureau: &Bureau, case: &CaseId) -> Answer {
    let said = say(&bureau.desk, case, &speaker(APPROVER), &words("night_calls")).await.unwrap();
    assert!(said.contains(": ACME1."), "{said}");
    let kept = |now: &Case| {
        let (press, _) = now.inquiries().last()?;
        let (_, note) = now.answers().iter().find(|(_, answer)| answer.asked == press.seq)?;
        now.is_answered(press.seq).then(|| note.answer_sha256.clone())
    };
    let hash = bureau.wait(case, "its answer", kept).await;
    let content = bureau.desk.evidence.get(&hash).await.unwrap();
    serde_json::from_slice(&content).unwrap()
}

fn speaker(user: &str) -> Speaker {
    Speaker { caller: caller(user), delivery: None }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_ones_own_is_asked_with_its_phase_and_by_its_name() {
    let ground = ground(7, QUICK).await;
    let folder = tempfile::tempdir().unwrap();
    let text = example().replace("< '06'", "< '99'");
    std::fs::write(folder.path().join("own.sql"), text).unwrap();
    let catalogue = catalogue(Some(folder.path())).unwrap();
    let own = |local| Arc::new(Investigator::asking(local, catalogue)) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, own).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let phase = ButtonAction::Phase { case: case.clone(), phase: Phase::Scope };
    bureau.press(ASKER, phase).await;
    let pressed = |now: &Case| {
        let seq = now.presses(Phase::Scope).last()?.seq;
        now.is_answered(seq).then_some(seq)
    };
    let pressed = bureau.wait(&case, "the scope", pressed).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(answered(&now, pressed).contains(&"ACME1"), "{:?}", answered(&now, pressed));

    // The trail is late: what the thief called may not be delivered yet.
    let mut answer = by_name(&bureau, &case).await;
    for _ in 0..TRIES_MAX {
        if !answer.rows.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
        answer = by_name(&bureau, &case).await;
    }
    assert!(!answer.rows.is_empty());
    assert!(answer.own_sql.unwrap().contains("-- id: ACME1"), "the SQL is kept with the answer");
    bureau.checked_chain(&case).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_than_a_few_commands_wait_and_they_can_be_cancelled() {
    let ground = ground(7, QUICK).await;
    let source = NeverRead::default();
    let endless = |_| Arc::new(Investigator::new(source)) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, endless).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let ask = async || say(&bureau.desk, &case, &speaker(ASKER), &words("Q10")).await.unwrap();
    for _ in 0..WAITING_MAX {
        assert!(ask().await.starts_with("Asked"));
    }
    let full = ask().await;
    assert!(full.contains("Not done: 5 commands wait for their answers already"), "{full}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.inquiries().len(), WAITING_MAX);
    let refused = |event: &Event| matches!(event, Event::Refused { what, .. } if what == "ask");
    assert!(now.records().iter().any(|record| refused(&record.event)), "and it is on record");

    let seq = now.inquiries()[0].0.seq;
    bureau.press(ASKER, ButtonAction::CancelQuestions { case: case.clone(), asked: seq }).await;
    bureau.wait(&case, "it is over", |now| now.is_cancelled(seq).then_some(())).await;
    assert!(ask().await.starts_with("Asked"), "then another may be asked");
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_trail_there_is_nothing_to_ask() {
    let ground = ground(7, QUICK).await;
    let bureau = Bureau::open_beside(&ground, |rights| rights, |_| None).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let said = say(&bureau.desk, &case, &speaker(ASKER), &words("Q10")).await.unwrap();
    assert!(said.contains("sets trail.paths, trail.athena or"), "{said}");
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(asked(&now), []);
    bureau.close().await;
}
