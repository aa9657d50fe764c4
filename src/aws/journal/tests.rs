//! What the journal says to DynamoDB and makes of its answers, pinned at HTTP level.

use super::*;
use crate::aws::wire_fake::{Answer, WireFake, case_id, record};
use crate::domain::digest::sha256_hex;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// An evidence store of this process; `None` is one that cannot be reached.
#[derive(Default)]
struct Shelf(Mutex<Option<BTreeMap<String, Vec<u8>>>>);

#[async_trait]
impl Evidence for Shelf {
    async fn put(&self, content: &[u8]) -> Result<String, EvidenceError> {
        let mut shelf = self.0.lock().unwrap();
        let away = || EvidenceError::Unavailable("away".to_owned());
        let sha256 = sha256_hex(content);
        shelf.as_mut().ok_or_else(away)?.insert(sha256.clone(), content.to_vec());
        Ok(sha256)
    }

    async fn get(&self, sha256: &str) -> Result<Vec<u8>, EvidenceError> {
        let shelf = self.0.lock().unwrap();
        let shelf = shelf.as_ref().ok_or(EvidenceError::Unavailable("away".to_owned()))?;
        shelf.get(sha256).cloned().ok_or(EvidenceError::Missing(sha256.to_owned()))
    }
}

fn shelf() -> Arc<Shelf> {
    Arc::new(Shelf(Mutex::new(Some(BTreeMap::new()))))
}

async fn journal(fake: &WireFake) -> DynamoJournal {
    journal_beside(fake, shelf()).await
}

async fn journal_beside(fake: &WireFake, evidence: Arc<Shelf>) -> DynamoJournal {
    DynamoJournal::new(&fake.config().await, &TableNames::default(), evidence)
}

fn standing(record: Option<&Record>) -> Answer {
    let line = |record| String::from_utf8(canonical(record)).unwrap();
    let item = |record| json!({"seq": {"S": SEQ_ONE}, "record": {"S": line(record)}});
    let items: Vec<_> = record.into_iter().map(item).collect();
    Answer::ok(&json!({"Items": items, "Count": items.len()}).to_string())
}

/// What the first record of a case is stored under.
const SEQ_ONE: &str = "000000000001";

/// More than an item holds; every character has two bytes.
fn large() -> Record {
    record(&"é".repeat(RECORD_BYTES_MAX / 2), None)
}

fn item_of(large: &Record) -> Answer {
    let sha256 = sha256_hex(&canonical(large));
    let item = json!({"seq": {"S": SEQ_ONE}, "record_sha256": {"S": sha256}});
    Answer::ok(&json!({"Items": [item], "Count": 1}).to_string())
}

fn slow() -> Answer {
    Answer::json_error(400, "ProvisionedThroughputExceededException")
}

fn refused() -> Answer {
    Answer::json_error(400, "ConditionalCheckFailedException")
}

#[tokio::test]
async fn a_record_is_put_once_under_its_case_and_padded_number() {
    let fake = WireFake::start([Answer::ok("{}")]);
    let first = record("a", None);
    journal(&fake).await.append(&first).await.unwrap();
    let put = fake.seen()[0].json();
    assert_eq!(put["TableName"], "keyleak-journal");
    assert_eq!(put["ConditionExpression"], "attribute_not_exists(#case)");
    assert_eq!(put["Item"]["case"]["S"], case_id().0);
    assert_eq!(put["Item"]["seq"]["S"], "000000000001");
    assert_eq!(put["Item"]["kind"]["S"], "opened");
    assert_eq!(put["Item"]["hash"]["S"], first.hash);
    let line = put["Item"]["record"]["S"].as_str().unwrap();
    assert_eq!(line.as_bytes(), canonical(&first));
}

#[tokio::test]
async fn the_identical_record_again_is_success() {
    let first = record("a", None);
    let fake = WireFake::start([refused(), standing(Some(&first))]);
    assert_eq!(journal(&fake).await.append(&first).await, Ok(()));
    assert_eq!(fake.seen()[1].json()["ConsistentRead"], true);
}

#[tokio::test]
async fn another_record_at_the_same_place_is_a_conflict() {
    let other = record("b", None);
    let fake = WireFake::start([refused(), standing(Some(&other))]);
    let outcome = journal(&fake).await.append(&record("a", None)).await;
    assert_eq!(outcome, Err(AppendError::Conflict));
}

#[tokio::test]
async fn a_write_that_got_through_without_an_answer_is_found() {
    let first = record("a", None);
    let late = Answer::Stall(Duration::from_millis(2_500));
    let fake = WireFake::start([late, standing(Some(&first))]);
    let begun = Instant::now();
    assert_eq!(journal(&fake).await.append(&first).await, Ok(()));
    assert_eq!(fake.operations(), ["PutItem", "Query"]);
    assert!(begun.elapsed() < Duration::from_secs(3), "Slack waits three seconds");
}

#[tokio::test]
async fn a_write_whose_outcome_is_unknown_is_never_called_stored() {
    let late = Answer::Stall(Duration::from_millis(2_500));
    let fake = WireFake::start([late, standing(None)]);
    let outcome = journal(&fake).await.append(&record("a", None)).await;
    assert_eq!(fake.operations(), ["PutItem", "Query"]);
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_throttled_write_is_repeated_and_then_stands() {
    let fake = WireFake::start([slow(), slow(), Answer::ok("{}")]);
    assert_eq!(journal(&fake).await.append(&record("a", None)).await, Ok(()));
    assert_eq!(fake.operations(), ["PutItem", "PutItem", "PutItem"]);
}

#[tokio::test]
async fn a_write_throttled_to_the_end_is_not_called_stored() {
    let script = [slow(), slow(), slow(), slow(), standing(None)];
    let fake = WireFake::start(script);
    let outcome = journal(&fake).await.append(&record("a", None)).await;
    let Err(AppendError::Refused(why)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(why.contains("throttled"), "{why}");
}

#[tokio::test]
async fn a_missing_table_is_named_with_the_command_that_prints_it() {
    let fake = WireFake::start([Answer::json_error(400, "ResourceNotFoundException")]);
    let outcome = journal(&fake).await.append(&record("a", None)).await;
    let Err(AppendError::Refused(why)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(why.contains("keyleak-journal"), "{why}");
    assert!(why.contains("keyleak manifest table"), "{why}");
}

#[tokio::test]
async fn a_put_that_was_cut_off_and_left_nothing_is_tried_once_more() {
    let fake = WireFake::start([Answer::HangUp, standing(None), Answer::ok("{}")]);
    assert_eq!(journal(&fake).await.append(&record("a", None)).await, Ok(()));
    assert_eq!(fake.operations(), ["PutItem", "Query", "PutItem"]);
}

#[tokio::test]
async fn what_was_cut_off_may_still_come_whatever_is_answered_later() {
    let throttled = || [slow(), slow(), slow(), slow(), standing(None)];
    let script = [Answer::HangUp, standing(None)].into_iter().chain(throttled());
    let fake = WireFake::start(script);
    let outcome = journal(&fake).await.append(&record("a", None)).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
    let fake = WireFake::start(throttled());
    let outcome = journal(&fake).await.append(&record("a", None)).await;
    assert!(matches!(outcome, Err(AppendError::Refused(_))), "only refusals: {outcome:?}");
}

#[tokio::test]
async fn an_internal_error_settles_nothing_until_it_is_looked_at() {
    let first = record("a", None);
    let broken = || Answer::json_error(500, "InternalServerError");
    let fake = WireFake::start([broken(), standing(Some(&first))]);
    assert_eq!(journal(&fake).await.append(&first).await, Ok(()));
    assert_eq!(fake.operations(), ["PutItem", "Query"]);
    let fake = WireFake::start([broken(), standing(None), broken(), standing(None)]);
    let outcome = journal(&fake).await.append(&first).await;
    assert!(matches!(outcome, Err(AppendError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_record_that_no_item_can_hold_lies_in_the_evidence_store_under_its_hash() {
    let (evidence, large) = (shelf(), large());
    let fake = WireFake::start([Answer::ok("{}"), item_of(&large), refused(), item_of(&large)]);
    let journal = journal_beside(&fake, Arc::clone(&evidence)).await;
    journal.append(&large).await.unwrap();
    let item = fake.seen()[0].json()["Item"].clone();
    assert_eq!(item["record_sha256"]["S"], sha256_hex(&canonical(&large)));
    assert_eq!((&item["record"], &item["hash"]["S"]), (&json!(null), &json!(large.hash)));
    let lines = journal.read(&case_id(), 0).await.unwrap();
    assert_eq!(lines, [String::from_utf8(canonical(&large)).unwrap()], "byte for byte");
    assert_eq!(journal.append(&large).await, Ok(()), "and the identical one again is success");
}

#[tokio::test]
async fn a_large_record_is_refused_while_the_evidence_store_is_away_and_nothing_is_put() {
    let fake = WireFake::start([]);
    let outcome = journal_beside(&fake, Arc::default()).await.append(&large()).await;
    let Err(AppendError::Refused(why)) = outcome else {
        panic!("{outcome:?}");
    };
    assert!(why.contains("away"), "{why}");
}

#[tokio::test]
async fn a_large_record_that_is_gone_shows_and_one_out_of_reach_is_an_error() {
    let large = large();
    let fake = WireFake::start([item_of(&large), item_of(&large)]);
    let gone = journal(&fake).await.read(&case_id(), 0).await;
    assert_eq!(gone.unwrap(), [""], "a line that no check takes for a record");
    let away = journal_beside(&fake, Arc::default()).await.read(&case_id(), 0).await;
    assert!(away.unwrap_err().to_string().contains("away"));
}

#[tokio::test]
async fn a_journal_is_read_consistently_to_its_last_page() {
    let (first, second) = (record("a", None), record("b", None));
    let line = |record: &Record| String::from_utf8(canonical(record)).unwrap();
    let key = json!({"case": {"S": "c"}, "seq": {"S": "000000000008"}});
    let item = |seq: u64, record: &Record| {
        let seq = format!("{seq:012}");
        json!({"seq": {"S": seq}, "record": {"S": line(record)}})
    };
    let page = json!({"Items": [item(8, &first)], "LastEvaluatedKey": key}).to_string();
    let last = json!({"Items": [item(9, &second)]}).to_string();
    let fake = WireFake::start([Answer::ok(&page), Answer::ok(&last)]);
    let lines = journal(&fake).await.read(&case_id(), 7).await.unwrap();
    assert_eq!(lines, [line(&first), line(&second)]);
    let seen = fake.seen();
    let query = seen[0].json();
    assert_eq!(query["ConsistentRead"], true);
    assert_eq!(query["ExpressionAttributeValues"][":after"]["S"], "000000000007");
    assert_eq!(seen[1].json()["ExclusiveStartKey"], key);
}
