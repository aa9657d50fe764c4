//! A reading is allowed in words as by the button: in the channel, and by an operator's order.

use crate::orders::{NOW, give, user};
use crate::stage::Stage;
use jiff::Timestamp;
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::{CaseId, PersonId};
use keyleak::domain::operator::Order;
use keyleak::domain::record::Entry;
use keyleak::domain::scan::Scan;
use keyleak::domain::spending_step::SpendingStep;
use keyleak::drill::people::{APPROVER, KEY_OWNER, REPORTER};
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::flow::operator::NotDone;

const SQL: &str = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

/// A reading of the trail that waits, as the reporter's; its number.
async fn asked(world: &World, case: &CaseId) -> u64 {
    let desk = world.desk().unwrap();
    let scan = Scan {
        sql_sha256: SQL.to_owned(),
        from: Timestamp::UNIX_EPOCH,
        days: None,
        queries: 2,
        is_window: true,
        question: None,
        whole_cut: false,
        bytes: Some(2_000_000_000_000),
        at_most: None,
        ask_above: 1_000_000_000_000,
    };
    let team = load(world, case).await.unwrap().opened_by().team.clone();
    let requester = PersonId { team, user: REPORTER.to_owned() };
    let step = Box::new(SpendingStep::Asked { scan, requester });
    let entry = Entry::own(world.clock.now(), Event::Spending { step });
    let now = desk.ledger.note(case, entry).await.unwrap();
    now.spending().not_allowed().last().unwrap().seq
}

/// Who allowed a reading, in order.
fn allowed(case: &Case) -> Vec<String> {
    let allows = case.records().iter().filter_map(|record| {
        let Event::Spending { step } = &record.event else { return None };
        let is_allowed = matches!(step.as_ref(), SpendingStep::Allowed { .. });
        is_allowed.then(|| record.person().unwrap().user.clone())
    });
    allows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn words_in_the_channel_allow_what_the_button_allows_and_to_nobody_else() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let with_channel = |case: &Case| case.room().channel.is_some() && case.validated();
    let now = until(world, &case, "a channel", with_channel).await.unwrap();
    let channel = now.room().channel.clone().unwrap().0;
    let reading = asked(world, &case).await;
    let typed = async |who: &str, words: &str| {
        world.slack.slash(who, &channel, "/keyleak", words).await.unwrap().body
    };
    for (who, words, said) in [
        (APPROVER, "allow".to_owned(), "say which reading"),
        (REPORTER, format!("allow {reading}"), "Not done:"),
        (KEY_OWNER, format!("allow {reading}"), "the key belongs to you"),
        (APPROVER, format!("allow {}", reading + 1), "no reading of the trail waits"),
        (APPROVER, format!("allow no-such-case {reading}"), "no such open case"),
    ] {
        let heard = typed(who, &words).await;
        assert!(heard.contains(said), "{who}, {words}: {heard}");
    }
    assert!(allowed(&load(world, &case).await.unwrap()).is_empty(), "the negative control");
    let heard = typed(APPROVER, &format!("allow {case} {reading}")).await;
    assert!(heard.contains("is allowed, once"), "{heard}");
    assert_eq!(allowed(&load(world, &case).await.unwrap()), [APPROVER]);
    let heard = typed(APPROVER, &format!("allow {reading}")).await;
    assert!(heard.contains("no reading of the trail waits"), "once: {heard}");
    stage.strike().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_allows_the_reading_whose_sql_was_signed_and_counts_once() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    until(world, &case, "whose key it is", Case::validated).await.unwrap();
    let reading = asked(world, &case).await;
    let order = |reading, sql: &str| {
        let (case, sql_sha256) = (case.clone(), sql.to_owned());
        Order::Allow { case, reading, sql_sha256 }
    };
    for (who, order, hex, said) in [
        ("ana", order(reading, SQL), "1a", "Not done:"),
        ("dan", order(reading, SQL), "1b", "the key belongs to you"),
        ("eve", order(reading, SQL), "1c", "is not mapped to a person"),
        ("bob", order(reading, &"ab".repeat(32)), "1d", "no reading of the trail waits"),
        ("bob", order(reading + 1, SQL), "1e", "no reading of the trail waits"),
    ] {
        let (outcome, _) = give(world, &user(who), order, (NOW, hex)).await;
        let heard = outcome.map_or_else(|error: NotDone| error.to_string(), |()| "done".to_owned());
        assert!(heard.contains(said), "{who}: {heard}");
    }
    assert!(allowed(&load(world, &case).await.unwrap()).is_empty(), "the negative control");
    for _ in 0..2 {
        let (outcome, _) = give(world, &user("bob"), order(reading, SQL), (NOW, "2f")).await;
        outcome.unwrap();
    }
    assert_eq!(allowed(&load(world, &case).await.unwrap()), [APPROVER], "the same order once");
    stage.strike().await;
}
