//! The record of a case: every decision in its chain, and messages only views of it.

use crate::chat_traps::house::{House, is, told};
use crate::freeze::move_brake;
use keyleak::domain::announce::card_key;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::plan_state::PlanStatus;
use keyleak::domain::record::check_chain;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER, SECOND_APPROVER};
use rusqlite::Connection;

/// What people decided was missing from the chain of the record.
#[tokio::test(flavor = "multi_thread")]
async fn bernstein_4561_every_decision_of_a_person_is_in_the_chain_with_who_made_it() {
    let house = House::open().await;
    let case = house.planned().await;
    move_brake(&house.world, true).await;
    house.until(&case, "the freeze", Case::is_frozen).await;
    house.press(&case, KEY_OWNER, "plan.approve").await;
    house.approve(&case).await;
    house.press(&case, APPROVER, "plan.withdraw").await;
    house.until(&case, "open again", is(1, PlanStatus::Proposed)).await;
    house.press(&case, SECOND_APPROVER, "plan.deny").await;
    let now = house.until(&case, "the no", is(1, PlanStatus::Denied)).await;
    let mut decided = Vec::new();
    for record in now.records() {
        let event = serde_json::to_value(&record.event).unwrap();
        let kind = event["kind"].as_str().unwrap().to_owned();
        if !["refused", "approved", "withdrawn", "denied"].contains(&kind.as_str()) {
            continue;
        }
        let person = record.person().unwrap();
        assert!(record.delivery.is_some() && record.place.is_some(), "{record:?}");
        decided.push((kind, person.user.as_str()));
    }
    let wanted = [
        ("refused".to_owned(), KEY_OWNER),
        ("approved".to_owned(), APPROVER),
        ("withdrawn".to_owned(), APPROVER),
        ("denied".to_owned(), SECOND_APPROVER),
    ];
    assert_eq!(decided, wanted);
    let mut lines = house.desk().ledger.journal().read(&case, 0).await.unwrap();
    assert!(check_chain(&case, &lines).is_ok());
    lines.remove(lines.len() / 2);
    assert!(check_chain(&case, &lines).is_err(), "the control: one record is gone");
    house.strike().await;
}

/// Rows of the timeline could be edited and deleted.
#[tokio::test(flavor = "multi_thread")]
async fn dispatch_6067_no_record_can_be_edited_or_deleted() {
    let house = House::open().await;
    let case = house.planned().await;
    let store = Connection::open(&house.world.journal).unwrap();
    let rows = |of: &str| -> i64 {
        store
            .query_row("SELECT count(*) FROM journal WHERE case_id = ?1", [of], |row| row.get(0))
            .unwrap()
    };
    assert!(rows(&case.0) > 3, "the control: it is this journal");
    for change in ["UPDATE journal SET record = '{}'", "DELETE FROM journal"] {
        let refused = store.execute(change, []).unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{change}: {refused}");
    }
    let other = "INSERT INTO journal (case_id, seq, record) VALUES (?1, 1, '{}')";
    assert!(store.execute(other, [&case.0]).is_err(), "no record takes the place of another");
    drop(store);
    house.strike().await;
}

/// A message was the record, and what somebody did to it was done to the decision.
#[tokio::test(flavor = "multi_thread")]
async fn caipe_1375_a_card_is_only_a_view_and_is_drawn_again_when_it_is_deleted() {
    let house = House::open().await;
    let slack = &house.world.slack;
    let case = house.planned().await;
    house.approve(&case).await;
    let now = house.until(&case, "done", is(1, PlanStatus::Done)).await;
    let (place, old) = now.room().posted[&card_key()].clone();
    slack.delete_message(&place.0, &old.0);
    let again = |case: &Case| case.room().posted[&card_key()].1 != old;
    house.say(REPORTER, &place.0, "summary").await;
    let now = house.until(&case, "another card", again).await;
    assert!(house.card(&now).contains("Exposed key"));
    assert_eq!(told(&now, |event| matches!(event, Event::Approved { .. })), 1);
    house.strike().await;
}
