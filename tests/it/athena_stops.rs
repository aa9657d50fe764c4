//! Queries in Athena that nobody waits for any more are stopped, and a click that is repeated
//! while its query runs starts no other.

use crate::athena_cost::{ASK_ABOVE, told_trail};
use crate::bureau::{APPROVER, ASKER, Bureau};
use crate::counting_athena::CountingAthena;
use crate::ground::Ground;
use crate::simulated::{QUICK, ground};
use keyleak::aws::athena_days::DayColumns;
use keyleak::commands::trails::let_go;
use keyleak::domain::button::ButtonAction;
use keyleak::domain::case::Case;
use keyleak::domain::event::Phase;
use keyleak::domain::ids::CaseId;
use keyleak::trail::investigator::Investigator;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// A bot whose trail is in Athena.
async fn opened() -> (Ground, CountingAthena, Bureau, TaskTracker) {
    let ground = ground(73, QUICK).await;
    let athena = CountingAthena::over(&ground.trail).await;
    let tasks = TaskTracker::new();
    let trail = told_trail(&athena, &ground, (DayColumns::None, tasks.clone(), ASK_ABOVE)).await;
    let trail = |_| Arc::new(Investigator::new(trail)) as Arc<_>;
    let bureau = Bureau::open_with(&ground, |rights| rights, trail).await;
    (ground, athena, bureau, tasks)
}

/// A case whose scope is being read by queries that go on and on, and how many were run before.
async fn reading(ground: &Ground, athena: &CountingAthena, bureau: &Bureau) -> (CaseId, usize) {
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let looked = |case: &Case| case.survey().is_some().then_some(());
    bureau.wait(&case, "the first look is over", looked).await;
    let before = athena.runs().len();
    athena.hold(true);
    ask(bureau, &case).await;
    let runs = |_: &Case| (athena.runs().len() > before).then_some(());
    bureau.wait(&case, "a query runs", runs).await;
    (case, before)
}

async fn ask(bureau: &Bureau, case: &CaseId) {
    bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase: Phase::Scope }).await;
}

fn ids(athena: &CountingAthena) -> Vec<String> {
    athena.runs().into_iter().map(|run| run.id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queries_of_a_case_that_is_closed_are_stopped() {
    let (ground, athena, bureau, _tasks) = opened().await;
    let (case, before) = reading(&ground, &athena, &bureau).await;
    let running = ids(&athena).split_off(before);
    assert_eq!(athena.stopped(), Vec::<String>::new(), "somebody waits for them");
    bureau.press(APPROVER, ButtonAction::Close { case: case.clone() }).await;
    let stopped = |_: &Case| {
        let stopped = athena.stopped();
        running.iter().all(|id| stopped.contains(id)).then_some(())
    };
    bureau.wait(&case, "they are stopped", stopped).await;
    bureau.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queries_of_a_bot_that_ends_are_stopped_before_it_is_gone() {
    let (ground, athena, bureau, tasks) = opened().await;
    let (_, before) = reading(&ground, &athena, &bureau).await;
    bureau.close().await;
    let_go(&tasks).await;
    assert_eq!(athena.stopped(), ids(&athena).split_off(before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_is_repeated_while_its_query_runs_starts_no_other() {
    let (ground, athena, bureau, _tasks) = opened().await;
    let (case, _) = reading(&ground, &athena, &bureau).await;
    for _ in 0..3 {
        ask(&bureau, &case).await;
    }
    athena.hold(false);
    let answered = |case: &Case| {
        let presses = case.presses(Phase::Scope);
        presses.iter().all(|press| case.is_answered(press.seq)).then_some(presses.len())
    };
    assert_eq!(bureau.wait(&case, "all are answered", answered).await, 4);
    let once = ids(&athena);
    // Negative control: who asks once it is answered wants to know what came since.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ids(&athena), once);
    ask(&bureau, &case).await;
    assert_eq!(bureau.wait(&case, "it is answered", answered).await, 5);
    assert!(ids(&athena).len() > once.len(), "{once:?}");
    bureau.close().await;
}
