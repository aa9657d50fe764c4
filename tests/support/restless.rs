//! The story with somebody in it who never rests.

use crate::bureau::{Bureau, honest, is_contained, journal};
use crate::ground::Ground;
use crate::skips_the_deny::SkipsTheDeny;
use crate::story::{approve, watched_in_vain};
use crate::thief::Thief;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanKind;
use keyleak::ports::cloud::Contain;
use std::sync::Arc;
use std::time::Duration;

/// How long the thief goes on trying after the case says "contained", on its clock.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// What the thief has done before anybody notices.
const CALLS_MIN: usize = 5;

/// Somebody who changes something every 200 ms is contained after one approval.
pub(crate) async fn restless_thief_is_contained(ground: &Ground) {
    thief_is_contained(ground, Thief::at_work(ground)).await;
}

/// The same of one who spends every other turn on taking the deny off again, as far as there is a
/// turn left: the bot may be quicker.
pub(crate) async fn reverting_thief_is_contained(ground: &Ground) {
    let deny = Some(ground.deny_policy_arn.clone());
    thief_is_contained(ground, Thief::who_takes_off(ground, deny)).await;
}

async fn thief_is_contained(ground: &Ground, thief: Thief) {
    while thief.allowed_since(ground.since).len() <= CALLS_MIN {
        ground.clock.sleep(Duration::from_millis(100)).await;
    }
    let bureau = Bureau::open(ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    bureau.wait(&case, "contained", is_contained).await;
    let contained_at = ground.clock.now();
    ground.clock.sleep(AFTERWARDS).await;
    thief.rest().await;

    let now = bureau.desk.ledger.load(&case).await.expect("the case is readable");
    let allowed = thief.allowed_since(contained_at);
    assert!(allowed.is_empty(), "allowed after \"contained\": {allowed:?}\n{}", journal(&now));
    let working = thief.try_all().await;
    assert!(working.is_empty(), "still working: {working:?}\n{}", journal(&now));
    let before = thief.allowed_since(ground.since).len();
    assert!(before > CALLS_MIN && thief.credentials() > 5, "it was a busy thief: {before} calls");
    assert_eq!(approvals(&now), 1, "one approval\n{}", journal(&now));
    bureau.close().await;
}

/// Sabotage: every deny is skipped and claimed as done. The check above goes red, and the bot does
/// not say "contained".
pub(crate) async fn restless_thief_goes_on_without_the_deny(ground: &Ground) {
    let thief = Thief::at_work(ground);
    let skips = |inner| Arc::new(SkipsTheDeny { inner }) as Arc<dyn Contain>;
    let bureau = Bureau::open_with(ground, skips, honest).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    approve(&bureau, &case, PlanKind::Containment).await;
    let now = watched_in_vain(&bureau, &case, ground).await;
    thief.rest().await;
    assert!(is_contained(&now).is_none(), "it is not contained:\n{}", journal(&now));
    assert!(!thief.try_all().await.is_empty(), "the thief's sessions work on");
    bureau.close().await;
}

fn approvals(case: &Case) -> usize {
    let records = case.records().iter();
    records.filter(|record| matches!(record.event, Event::Approved { .. })).count()
}
