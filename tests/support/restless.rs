//! The story with somebody in it who never rests.

use crate::bureau::{Bureau, is_contained, journal};
use crate::ground::Ground;
use crate::story::approve;
use crate::thief::Thief;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan::PlanKind;
use std::time::Duration;

/// How long the thief goes on trying after the case says "contained", on its clock.
const AFTERWARDS: Duration = Duration::from_secs(5);
/// What the thief has done before anybody notices.
const CALLS_MIN: usize = 5;

/// Somebody who changes something every 200 ms is contained after one approval.
pub(crate) async fn restless_thief_is_contained(ground: &Ground) {
    let thief = Thief::at_work(ground);
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

fn approvals(case: &Case) -> usize {
    let records = case.records().iter();
    records.filter(|record| matches!(record.event, Event::Approved { .. })).count()
}
