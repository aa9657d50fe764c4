//! `/keyleak ask SELECT …`: who may, what comes of it, and that it reaches nothing but the case.

use crate::bureau::{APPROVER, ASKER, Bureau, caller};
use crate::simulated::{QUICK, ground};
use crate::stage::Stage;
use keyleak::domain::case::Case;
use keyleak::domain::free_sql;
use keyleak::domain::ids::CaseId;
use keyleak::drill::people::{APPROVER as PLAYER, REPORTER};
use keyleak::drill::players::{load, open, until};
use keyleak::drill::world::World;
use keyleak::flow::inquire::say_sql;
use keyleak::flow::spoken::Speaker;
use keyleak::ports::trail::{Answer, Cell};
use keyleak::sim::attacker::Operation;
use std::time::Duration;

/// How often the table is asked while the trail is late.
const TRIES_MAX: usize = 40;
/// As Slack sends it: three characters are entities.
const TYPED: &str = "ask SELECT source_ip, count(*) AS calls FROM case_table \
    WHERE reach &lt;&gt; ‘address’ GROUP BY source_ip \
    ORDER BY calls DESC NULLS LAST, source_ip ASC NULLS LAST";
/// The same as it is asked.
const ASKED: &str = "SELECT source_ip, count(*) AS calls FROM case_table \
    WHERE reach <> 'address' GROUP BY source_ip \
    ORDER BY calls DESC NULLS LAST, source_ip ASC NULLS LAST";

async fn typed(world: &World, (who, channel): (&str, &str), text: &str) -> String {
    let delivery = world.slack.slash(who, channel, "/keyleak", text).await.unwrap();
    assert!(delivery.accepted(), "{text}: {}", delivery.body);
    delivery.body
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_that_a_person_types_is_answered_in_the_channel_and_kept_with_who_asked() {
    let stage = Stage::set().await;
    let world = &stage.world;
    let case = open(world).await.unwrap();
    let with_channel = |case: &Case| case.room().channel.is_some() && case.validated();
    let now = until(world, &case, "a channel", with_channel).await.unwrap();
    let channel = now.room().channel.clone().unwrap().0;

    let refused = typed(world, (REPORTER, &channel), TYPED).await;
    assert!(refused.contains("people.sql_askers"), "{refused}");
    let outside = typed(world, (PLAYER, &world.lobby), TYPED).await;
    assert!(outside.contains("no open case is meant"), "{outside}");
    for (wrong, why) in [
        ("ask SELECT name FROM sqlite_master", "case_table"),
        ("ask SELECT 1 AS n; DELETE FROM case_table", "one SELECT"),
        ("ask SELECT nonsense FROM case_table", "there is no column nonsense"),
        (&format!("ask SELECT '{}' AS n FROM case_table", "x".repeat(2_000)), "too long"),
    ] {
        let said = typed(world, (PLAYER, &channel), wrong).await;
        assert!(said.contains(why), "{wrong}: {said}");
    }
    let secret = "ask SELECT 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' AS n FROM case_table";
    let said = typed(world, (PLAYER, &channel), secret).await;
    assert!(said.contains("secret key"), "{said}");
    let now = load(world, &case).await.unwrap();
    assert_eq!(now.inquiries().len(), 0, "nothing of that was asked");
    let records: String =
        now.records().iter().map(|record| format!("{:?}", record.event)).collect();
    assert!(!records.contains("wJalrXUtnFEMI"), "and a secret is nowhere");

    let said = typed(world, (PLAYER, &channel), TYPED).await;
    let id = free_sql::id(ASKED);
    assert!(said.contains(&id), "{said}");
    let is_over = |case: &Case| case.inquiries().iter().all(|(by, _)| case.is_answered(by.seq));
    let now = until(world, &case, "the answer", is_over).await.unwrap();
    let (press, ids) = &now.inquiries()[0];
    assert_eq!((press.by.user.as_str(), ids.as_slice()), (PLAYER, [id.clone()].as_slice()));
    assert_eq!(free_sql::asked(&now, &id), Some(ASKED), "entities and quotes as they were meant");
    shown(world, (&case, &channel), &id).await;
    stage.strike().await;
}

/// Waits for the SQL and the table in the channel.
async fn shown(world: &World, (case, channel): (&CaseId, &str), id: &str) {
    let posted = |case: &Case| {
        let mut answers = case.answers().iter().filter(|(_, answer)| answer.question == id);
        let key = |seq: u64| keyleak::domain::event::PostKey(format!("answer-{seq}"));
        answers.any(|(seq, _)| case.room().posted.contains_key(&key(*seq)))
    };
    until(world, case, "the answer posted", posted).await.unwrap();
    let messages: String =
        world.slack.messages(channel).iter().map(|message| message.to_string()).collect();
    assert!(messages.contains("in SQL of their own: SELECT source_ip"), "{messages}");
    assert!(messages.contains(&format!("{id}: what key")), "{messages}");
}

fn speaker(user: &str) -> Speaker {
    Speaker { caller: caller(user), delivery: None }
}

async fn answer(bureau: &Bureau, case: &CaseId, sql: &str) -> Result<Answer, String> {
    let said = say_sql(&bureau.desk, case, &speaker(APPROVER), sql).await.unwrap();
    assert!(said.contains("Asked of case"), "{said}");
    let id = free_sql::id(sql);
    let told = |now: &Case| {
        let kept = now.answers().iter().find(|(_, answer)| answer.question == id);
        let failed = now.questions_failed().iter().find(|(_, question, _)| *question == id);
        let kept = kept.map(|(_, answer)| Ok(answer.answer_sha256.clone()));
        kept.or_else(|| failed.map(|(_, _, why)| Err(why.clone())))
    };
    let hash = bureau.wait(case, "its answer", told).await?;
    let content = bureau.desk.evidence.get(&hash).await.unwrap();
    Ok(serde_json::from_slice(&content).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_returns_what_the_case_table_has_and_no_more_than_its_limit() {
    let ground = ground(7, QUICK).await;
    for operation in [Operation::GetCallerIdentity, Operation::ListUsers, Operation::ListBuckets] {
        assert!(ground.attacker.call(ground.key(), &operation).await.worked());
    }
    let bureau = Bureau::open(&ground).await;
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    let refused = say_sql(&bureau.desk, &case, &speaker(ASKER), ASKED).await.unwrap();
    assert!(refused.contains("people.sql_askers"), "{refused}");

    // The trail is late: what the thief called may not be delivered yet.
    let mut all = Answer::default();
    for wait in 0..TRIES_MAX {
        let count = format!("SELECT count(*) AS n{wait} FROM case_table");
        all = answer(&bureau, &case, &count).await.unwrap();
        assert_eq!(all.own_sql.as_deref(), Some(count.as_str()));
        if matches!(all.rows[0][0], Cell::Integer(rows) if rows >= 3) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(matches!(all.rows[0][0], Cell::Integer(rows) if rows >= 3), "{all:?}");
    let joins: String = (0..20).map(|n| format!(", case_table AS t{n}")).collect();
    let many = format!("SELECT t.event_name AS call FROM case_table AS t{joins}");
    let many = answer(&bureau, &case, &many).await.unwrap();
    assert!(many.rows.len() <= 10_000, "{}", many.rows.len());
    assert!(many.truncated, "{} of 3^21 rows or more", many.rows.len());
    bureau.checked_chain(&case).await;
    bureau.close().await;
}
