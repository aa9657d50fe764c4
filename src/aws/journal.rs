//! The journal on DynamoDB: one partition a case, a record put once and never again.

use crate::aws::tables::{
    Dynamo, TableNames, condition_failed, put, store_error, table_error, text,
};
use crate::domain::digest::canonical;
use crate::domain::ids::CaseId;
use crate::domain::record::Record;
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::evidence::{Evidence, EvidenceError};
use crate::ports::journal::{AppendError, Journal, StoreError, StoredLines};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

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
/// In the place of a record that no item can hold: its SHA-256, its name in the evidence store.
const RECORD_SHA256: &str = "record_sha256";
/// What the sort key is padded to; a case never has a million million records.
const SEQ_DIGITS: usize = 12;
/// DynamoDB takes 400 KB an item, names and keys included, which are under 1 KB here. What is
/// bigger than this goes to the evidence store; the margin is for what later versions add.
const RECORD_BYTES_MAX: usize = 384 * 1024;
/// A page is at most 1 MB; a case of this many pages is broken.
const PAGES_MAX: usize = 10_000;
/// A put that was cut off is looked for and tried once more; then the person is told.
const TRIES_MAX: usize = 2;
/// Slack waits three seconds, and the answer has to travel.
const APPEND_TIME_MAX: Duration = Duration::from_millis(2_800);

type Item = HashMap<String, AttributeValue>;

/// The decision log in the table `journal`, and its largest records in the evidence store.
#[derive(Clone)]
pub struct DynamoJournal {
    dynamo: Dynamo,
    table: String,
    evidence: Arc<dyn Evidence>,
}

/// A record as its item holds it.
struct Kept {
    attribute: &'static str,
    value: String,
}

/// Why a put did not do it.
enum NotPut {
    /// What came of it is known.
    Settled(AppendError),
    /// It was cut off before an answer, and its record is not there yet; it may still come.
    CutOff(CallError),
    /// The same, with no time left for another.
    TooLate(CallError),
}

impl DynamoJournal {
    /// The journal of these tables; what is too big for an item is kept as evidence, by its hash.
    pub fn new(config: &SdkConfig, tables: &TableNames, evidence: Arc<dyn Evidence>) -> Self {
        Self { dynamo: Dynamo::new(config), table: tables.journal.clone(), evidence }
    }

    /// The record as its item will hold it; a large one is in the evidence store before that.
    async fn keep(&self, record: &Record) -> Result<Kept, AppendError> {
        let line = canonical(record);
        if line.len() <= RECORD_BYTES_MAX {
            let value = String::from_utf8(line);
            let value = value.map_err(|error| AppendError::Refused(error.to_string()))?;
            return Ok(Kept { attribute: RECORD, value });
        }
        // Nothing of the record is in the table yet, so a failure here is a refusal.
        let value = self.evidence.put(&line).await;
        let value = value.map_err(|error| {
            AppendError::Refused(format!(
                "the record has {} bytes, more than an item holds, and {error}",
                line.len()
            ))
        })?;
        Ok(Kept { attribute: RECORD_SHA256, value })
    }

    async fn put(&self, record: &Record, kept: &Kept) -> Result<(), AppendError> {
        let mut cut_off = None;
        for _ in 0..TRIES_MAX {
            match self.put_once(record, kept).await {
                Ok(()) => return Ok(()),
                // An earlier put is still under way somewhere, so a later refusal settles nothing.
                Err(NotPut::Settled(AppendError::Refused(why))) if cut_off.is_some() => {
                    return Err(AppendError::Unavailable(why));
                }
                Err(NotPut::Settled(outcome)) => return Err(outcome),
                Err(NotPut::TooLate(error)) => {
                    return Err(AppendError::Unavailable(error.to_string()));
                }
                Err(NotPut::CutOff(error)) => cut_off = Some(error),
            }
        }
        let why = cut_off.map_or_else(String::new, |error| error.to_string());
        Err(AppendError::Unavailable(why))
    }

    /// One conditional put, and a look at what became of it where the answer does not say.
    async fn put_once(&self, record: &Record, kept: &Kept) -> Result<(), NotPut> {
        let fields = [
            (CASE, record.case.0.as_str()),
            (SEQ, &sort_key(record.seq)),
            (kept.attribute, &kept.value),
            ("at", &record.at.to_string()),
            ("kind", &kind(record)),
            ("hash", &record.hash),
        ];
        let request = put(&self.dynamo.once, &self.table, &fields)
            .condition_expression("attribute_not_exists(#case)")
            .expression_attribute_names("#case", CASE);
        let Err(error) = request.send().await else {
            return Ok(());
        };
        let refused = condition_failed(&error);
        let failed = table_error(PUT_ITEM, &self.table, &error);
        if matches!(failed.class, CallClass::Denied | CallClass::NotFound) {
            return Err(NotPut::Settled(AppendError::Refused(failed.to_string())));
        }
        match self.standing(record).await {
            Ok(Some(item)) if is_kept(&item, kept) => Ok(()),
            Ok(Some(_)) => Err(NotPut::Settled(AppendError::Conflict)),
            // DynamoDB answered, and what it answered was no: nothing of ours is under way.
            Ok(None) if failed.class != CallClass::Unavailable => {
                Err(NotPut::Settled(AppendError::Refused(failed.to_string())))
            }
            Ok(None) if matches!(error, SdkError::TimeoutError(_)) => Err(NotPut::TooLate(failed)),
            Ok(None) => Err(NotPut::CutOff(failed)),
            Err(_) if refused => Err(NotPut::Settled(AppendError::Unavailable(
                "a record stands at this place and cannot be read back".to_owned(),
            ))),
            Err(_) => Err(NotPut::TooLate(failed)),
        }
    }

    /// What stands at a record's place now, read consistently.
    async fn standing(&self, record: &Record) -> Result<Option<Item>, StoreError> {
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
        Ok(answer.items.unwrap_or_default().into_iter().next())
    }

    /// The record that an item holds, from the evidence store if it lies there.
    async fn line(&self, item: &Item) -> Result<String, StoreError> {
        if let Some(line) = text_of(item, RECORD) {
            return Ok(line.to_owned());
        }
        // What is not there or not ours must show when the chain is checked, so it is not left out.
        let Some(sha256) = text_of(item, RECORD_SHA256) else {
            return Ok(String::new());
        };
        match self.evidence.get(sha256).await {
            Ok(content) => Ok(String::from_utf8_lossy(&content).into_owned()),
            Err(error @ (EvidenceError::Missing(_) | EvidenceError::Altered(_))) => {
                tracing::error!(%error, "a record lies in the evidence store and cannot be read");
                Ok(String::new())
            }
            Err(error @ EvidenceError::Unavailable(_)) => Err(StoreError(error.to_string())),
        }
    }
}

impl std::fmt::Debug for DynamoJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DynamoJournal({})", self.table)
    }
}

#[async_trait]
impl Journal for DynamoJournal {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        let kept = self.keep(record).await?;
        let putting = tokio::time::timeout(APPEND_TIME_MAX, self.put(record, &kept));
        let late = || format!("DynamoDB did not answer within {} ms", APPEND_TIME_MAX.as_millis());
        putting.await.unwrap_or_else(|_| Err(AppendError::Unavailable(late())))
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        let mut stored = StoredLines::after(after);
        let mut start: Option<Item> = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .dynamo
                .read
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#case = :case AND #seq > :after")
                .projection_expression("#seq, #record, #record_sha256")
                .expression_attribute_names("#case", CASE)
                .expression_attribute_names("#seq", SEQ)
                .expression_attribute_names("#record", RECORD)
                .expression_attribute_names("#record_sha256", RECORD_SHA256)
                .expression_attribute_values(":case", text(&case.0))
                .expression_attribute_values(":after", text(&sort_key(after)))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| store_error(QUERY, &self.table, &error))?;
            for item in page.items() {
                let seq = text_of(item, SEQ).and_then(|seq| seq.parse().ok()).unwrap_or_default();
                stored.push(seq, self.line(item).await?);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(stored.into_lines());
            }
        }
        Err(StoreError(format!("the journal of case {case} does not end after {PAGES_MAX} pages")))
    }
}

fn sort_key(seq: u64) -> String {
    format!("{seq:0SEQ_DIGITS$}")
}

fn is_kept(item: &Item, kept: &Kept) -> bool {
    text_of(item, kept.attribute) == Some(kept.value.as_str())
}

fn text_of<'a>(item: &'a Item, attribute: &str) -> Option<&'a str> {
    item.get(attribute)?.as_s().ok().map(String::as_str)
}

/// The event's kind, for whoever reads the table by hand.
fn kind(record: &Record) -> String {
    let event = serde_json::to_value(&record.event).unwrap_or_default();
    let kind = event.get("kind").and_then(|kind| kind.as_str());
    kind.unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests;
