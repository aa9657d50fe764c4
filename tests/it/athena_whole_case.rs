//! A case whose cut has more rows than are read: asked whole, paid for in the open, within what a
//! reading may scan, and with no table left when it is closed.

use crate::athena_cost::{ASK_ABOVE, fill_the_past, trail_with};
use crate::athena_whole_cut::{CALLS_A_DAY, ROWS_MAX, asking, back, deliver, made, with_tables};
use crate::bureau::{APPROVER, ASKER, Bureau, is_contained, journal};
use crate::counting_athena::CountingAthena;
use crate::ground::Ground;
use crate::simulated::{QUICK, ground};
use crate::story;
use keyleak::aws::athena_table::AthenaSettings;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::{Event, Phase};
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::domain::query_cost::ReadFor;
use keyleak::domain::spending::Waiting;
use keyleak::domain::spending_step::SpendingStep;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// A simulated account in which the key called more often than is read.
async fn busy() -> (Ground, CountingAthena) {
    let ground = ground(74, QUICK).await;
    fill_the_past(&ground);
    for days in 2..6 {
        let day = (back(ground.clock.now(), days), "busy");
        deliver(&ground.trail, &ground.key().access_key_id, day, 5 * CALLS_A_DAY);
    }
    let athena = CountingAthena::over(&ground.trail).await;
    (ground, athena)
}

async fn bureau(ground: &Ground, athena: &CountingAthena, ask_above: u64) -> Bureau {
    let change = |settings| {
        // The callers are more here, and the calls more still.
        AthenaSettings { ask_above, rows_max: 5 * ROWS_MAX, ..with_tables(settings) }
    };
    let trail = trail_with(athena, (ground.clock, TaskTracker::new()), change).await;
    Bureau::open_with(ground, |rights| rights, |_| Arc::new(asking(&trail)) as Arc<_>).await
}

async fn press(bureau: &Bureau, case: &CaseId) -> Case {
    let button = ButtonAction::Phase { case: case.clone(), phase: Phase::Impact };
    bureau.press(ASKER, button).await;
    let answered = |case: &Case| {
        let press = case.presses(Phase::Impact).last()?;
        case.is_answered(press.seq).then_some(())
    };
    bureau.wait(case, "the answers", answered).await;
    bureau.desk.ledger.load(case).await.unwrap()
}

/// How many of the answers that hang on a record are of a part of the cut, and of all of it.
fn parts_and_wholes(case: &Case, asked: u64) -> (usize, usize) {
    let answers = case.answers().iter().filter(|(_, answer)| answer.asked == asked);
    let (parts, wholes): (Vec<_>, Vec<_>) = answers
        .partition(|(_, answer)| answer.view.as_ref().expect("what was looked at").truncated);
    (parts.len(), wholes.len())
}

fn pressed(case: &Case) -> u64 {
    case.presses(Phase::Impact).last().unwrap().seq
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_asks_its_whole_cut_lists_what_that_cost_and_leaves_no_table_behind() {
    let (ground, athena) = busy().await;
    let bureau = bureau(&ground, &athena, ASK_ABOVE).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let now = press(&bureau, &case).await;
    let (parts, wholes) = parts_and_wholes(&now, pressed(&now));
    assert!(parts == 0 && wholes > 5, "{parts} {wholes}\n{}", journal(&now));
    assert!(!athena.tables().is_empty());
    story::closed_and_compared(&bureau, &case).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(athena.tables(), Vec::<String>::new());
    // All that was scanned is in the case's sum, and this part of it has its reason.
    let runs = athena.runs();
    let spending = now.spending();
    let scanned: u64 = runs.iter().map(|run| run.bytes).sum();
    assert_eq!(spending.bytes_scanned, scanned, "{spending:?}\n{}", journal(&now));
    let of_tables: u64 = made(&runs).iter().map(|run| run.bytes).sum();
    assert!(of_tables > 0 && spending.part(ReadFor::WholeCut).bytes_scanned > of_tables);
    let told =
        |step: &SpendingStep| matches!(step, SpendingStep::Expected { scan } if scan.whole_cut);
    let steps = now.records().iter().filter(|record| {
        let Event::Spending { step } = &record.event else { return false };
        told(step)
    });
    assert_eq!(steps.count(), 1, "what it would scan is told before: {}", journal(&now));
    bureau.close().await;
}

/// The whole cut, once it waits for an approver.
async fn waits(bureau: &Bureau, case: &CaseId) -> Waiting {
    let waits = |case: &Case| case.spending().not_allowed().find(|one| one.scan.whole_cut).cloned();
    bureau.wait(case, "the whole cut waits", waits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn above_the_limit_answers_are_of_what_was_read_until_an_approver_allows_the_rest() {
    let (ground, athena) = busy().await;
    let day = back(ground.clock.now(), 5).strftime("%Y/%m/%d").to_string();
    let a_day = athena.bytes_of((&day, &day));
    let bureau = bureau(&ground, &athena, 8 * a_day).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let reading = |case: &Case| case.spending().not_allowed().next().cloned();
    let reading = bureau.wait(&case, "its window waits", reading).await;
    let allow = |seq| ButtonAction::AllowReading { case: case.clone(), seq };
    bureau.press(APPROVER, allow(reading.seq)).await;
    let read = |case: &Case| case.survey().is_some().then_some(());
    bureau.wait(&case, "it is read", read).await;

    let now = press(&bureau, &case).await;
    let (parts, wholes) = parts_and_wholes(&now, pressed(&now));
    assert!(parts > 5 && wholes == 0, "{parts} {wholes}\n{}", journal(&now));
    let (_, answer) = now.answers().last().unwrap();
    assert!(answer.sentence.contains("only these were asked: it would scan"), "{answer:?}");
    assert!(athena.tables().is_empty(), "nothing is made");
    let waiting = waits(&bureau, &case).await;
    let all = now.spending().not_allowed().filter(|one| one.scan.whole_cut);
    assert_eq!(all.count(), 1, "once for all of them");

    bureau.press(APPROVER, allow(waiting.seq)).await;
    let done = |case: &Case| {
        let wanted = SpendingStep::Allowed { sql_sha256: waiting.scan.sql_sha256.clone() };
        let allowed = case.records().iter().find(|record| {
            let Event::Spending { step } = &record.event else { return false };
            **step == wanted
        })?;
        case.is_answered(allowed.seq).then_some(allowed.seq)
    };
    let allowed = bureau.wait(&case, "all are asked again", done).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(parts_and_wholes(&now, allowed), (0, parts), "{}", journal(&now));
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_being_made_is_stopped_when_its_questions_are_cancelled() {
    let (ground, athena) = busy().await;
    let bureau = bureau(&ground, &athena, ASK_ABOVE).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let looked = |case: &Case| case.survey().is_some().then_some(());
    bureau.wait(&case, "the first look is over", looked).await;
    athena.hold_making();
    let phase = Phase::Impact;
    bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase }).await;
    let making = |_: &Case| made(&athena.runs()).first().map(|run| run.id.clone());
    let query = bureau.wait(&case, "a table is being made", making).await;
    assert_eq!(athena.stopped(), Vec::<String>::new(), "somebody waits for it");
    let asked = pressed(&bureau.desk.ledger.load(&case).await.unwrap());
    bureau.press(ASKER, ButtonAction::CancelQuestions { case: case.clone(), asked }).await;
    let stopped = |_: &Case| athena.stopped().contains(&query).then_some(());
    bureau.wait(&case, "it is stopped", stopped).await;
    bureau.close().await;
}
