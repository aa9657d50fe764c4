//! The journal on DynamoDB: one partition a case, a record put once and never again.

use crate::aws::tables::{
    Dynamo, TableNames, condition_failed, put, store_error, table_error, text,
};
use crate::domain::digest::canonical;
use crate::domain::ids::CaseId;
use crate::domain::record::Record;
use crate::ports::cloud::CallClass;
use crate::ports::journal::{AppendError, Journal, StoreError};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

const PUT_ITEM: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";

/// Every IAM action that this file calls on the journal; `manifests/iam/bot.json` allows these.
pub const CALLS: &[&str] = &[PUT_ITEM, QUERY];

/// The partition key: the case.
const CASE: &str = "case";
/// The sort key: the sequence number, padded so that text sorts as numbers do.
const SEQ: &str = "seq";
/// The record's canonical JSON, byte for byte.
const RECORD: &str = "record";
/// What the sort key is padded to; a case never has a million million records.
const SEQ_DIGITS: usize = 12;
/// DynamoDB takes 400 KB an item, names and keys included; the rest of the item is under 1 KB.
const RECORD_BYTES_MAX: usize = 398 * 1024;
/// A page is at most 1 MB; a case of this many pages is broken.
const PAGES_MAX: usize = 10_000;

/// The decision log in the table `journal`.
#[derive(Debug, Clone)]
pub struct DynamoJournal {
    dynamo: Dynamo,
    table: String,
}

impl DynamoJournal {
    pub fn new(config: &SdkConfig, tables: &TableNames) -> Self {
        Self { dynamo: Dynamo::new(config), table: tables.journal.clone() }
    }

    /// What stands at a record's place now, read consistently.
    async fn standing(&self, record: &Record) -> Result<Option<String>, StoreError> {
        // A query, not a get: the writer's role may put and query, and nothing else.
        let answer = self
            .dynamo
            .look
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("#case = :case AND #seq = :seq")
            .expression_attribute_names("#case", CASE)
            .expression_attribute_names("#seq", SEQ)
            .expression_attribute_values(":case", text(&record.case.0))
            .expression_attribute_values(":seq", text(&sort_key(record.seq)))
            .send()
            .await
            .map_err(|error| store_error(QUERY, &self.table, &error))?;
        answer.items().first().map(record_text).transpose()
    }
}

#[async_trait]
impl Journal for DynamoJournal {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        let line = record_line(record)?;
        let fields = [
            (CASE, record.case.0.as_str()),
            (SEQ, &sort_key(record.seq)),
            (RECORD, &line),
            ("at", &record.at.to_string()),
            ("kind", &kind(record)),
            ("hash", &record.hash),
        ];
        let request = put(&self.dynamo.write, &self.table, &fields)
            .condition_expression("attribute_not_exists(#case)")
            .expression_attribute_names("#case", CASE);
        let Err(error) = request.send().await else {
            return Ok(());
        };
        let refused = condition_failed(&error);
        let failed = table_error(PUT_ITEM, &self.table, &error);
        if matches!(failed.class, CallClass::Denied | CallClass::NotFound) {
            return Err(AppendError::Refused(failed.to_string()));
        }
        // An earlier attempt may have got through before a later one failed: the table knows.
        match self.standing(record).await {
            Ok(Some(standing)) if standing == line => Ok(()),
            Ok(Some(_)) => Err(AppendError::Conflict),
            // DynamoDB answered, and what it answered was no: nothing of ours is under way.
            Ok(None) if failed.class != CallClass::Unavailable => {
                Err(AppendError::Refused(failed.to_string()))
            }
            Ok(None) => Err(AppendError::Unavailable(failed.to_string())),
            Err(_) if refused => Err(AppendError::Unavailable(
                "a record stands at this place and cannot be read back".to_owned(),
            )),
            Err(_) => Err(AppendError::Unavailable(failed.to_string())),
        }
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        let mut lines = Vec::new();
        let mut start: Option<HashMap<String, AttributeValue>> = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .dynamo
                .read
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#case = :case AND #seq > :after")
                .projection_expression("#record")
                .expression_attribute_names("#case", CASE)
                .expression_attribute_names("#seq", SEQ)
                .expression_attribute_names("#record", RECORD)
                .expression_attribute_values(":case", text(&case.0))
                .expression_attribute_values(":after", text(&sort_key(after)))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| store_error(QUERY, &self.table, &error))?;
            for item in page.items() {
                lines.push(record_text(item)?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(lines);
            }
        }
        Err(StoreError(format!("the journal of case {case} does not end after {PAGES_MAX} pages")))
    }
}

fn sort_key(seq: u64) -> String {
    format!("{seq:0SEQ_DIGITS$}")
}

/// The record as it is stored: the very text that its hash was made from.
fn record_line(record: &Record) -> Result<String, AppendError> {
    let line = canonical(record);
    if line.len() > RECORD_BYTES_MAX {
        return Err(AppendError::Refused(format!(
            "the record has {} bytes and a DynamoDB item holds {RECORD_BYTES_MAX}; \
             values of this size belong in the evidence store",
            line.len()
        )));
    }
    String::from_utf8(line).map_err(|error| AppendError::Refused(error.to_string()))
}

fn record_text(item: &HashMap<String, AttributeValue>) -> Result<String, StoreError> {
    let record = item.get(RECORD).and_then(|value| value.as_s().ok());
    // An item that is not ours must show when the chain is checked, so it is not left out.
    Ok(record.cloned().unwrap_or_default())
}

/// The event's kind, for whoever reads the table by hand.
fn kind(record: &Record) -> String {
    let event = serde_json::to_value(&record.event).unwrap_or_default();
    let kind = event.get("kind").and_then(|kind| kind.as_str());
    kind.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::wire_fake::{Answer, WireFake, case_id, record};
    use serde_json::json;
    use std::time::{Duration, Instant};

    async fn journal(fake: &WireFake) -> DynamoJournal {
        DynamoJournal::new(&fake.config().await, &TableNames::default())
    }

    fn standing(record: Option<&Record>) -> Answer {
        let line = |record| String::from_utf8(canonical(record)).unwrap();
        let items: Vec<_> =
            record.iter().map(|record| json!({"record": {"S": line(*record)}})).collect();
        Answer::ok(&json!({"Items": items, "Count": items.len()}).to_string())
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
        let slow = || Answer::json_error(400, "ProvisionedThroughputExceededException");
        let fake = WireFake::start([slow(), slow(), Answer::ok("{}")]);
        assert_eq!(journal(&fake).await.append(&record("a", None)).await, Ok(()));
        assert_eq!(fake.operations(), ["PutItem", "PutItem", "PutItem"]);
    }

    #[tokio::test]
    async fn a_write_throttled_to_the_end_is_not_called_stored() {
        let slow = || Answer::json_error(400, "ProvisionedThroughputExceededException");
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
    async fn a_record_that_no_item_can_hold_is_refused_before_it_is_sent() {
        let fake = WireFake::start([]);
        let outcome = journal(&fake).await.append(&record(&"x".repeat(410_000), None)).await;
        let Err(AppendError::Refused(why)) = outcome else {
            panic!("{outcome:?}");
        };
        assert!(why.contains("evidence store"), "{why}");
    }

    #[tokio::test]
    async fn a_journal_is_read_consistently_to_its_last_page() {
        let (first, second) = (record("a", None), record("b", None));
        let line = |record: &Record| String::from_utf8(canonical(record)).unwrap();
        let key = json!({"case": {"S": "c"}, "seq": {"S": "000000000008"}});
        let page = json!({"Items": [{"record": {"S": line(&first)}}], "LastEvaluatedKey": key});
        let fake = WireFake::start([Answer::ok(&page.to_string()), standing(Some(&second))]);
        let lines = journal(&fake).await.read(&case_id(), 7).await.unwrap();
        assert_eq!(lines, [line(&first), line(&second)]);
        let seen = fake.seen();
        let query = seen[0].json();
        assert_eq!(query["ConsistentRead"], true);
        assert_eq!(query["ExpressionAttributeValues"][":after"]["S"], "000000000007");
        assert_eq!(seen[1].json()["ExclusiveStartKey"], key);
    }
}
