//! Claims, leases and the list of open cases on DynamoDB: conditional writes, and never a scan.

use crate::aws::tables::{Dynamo, TableNames, condition_failed, number, put, store_error, text};
use crate::domain::ids::CaseId;
use crate::ports::journal::{Claim, Lease, Listed, StoreError, Work};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use std::collections::HashMap;

const PUT_ITEM: &str = "dynamodb:PutItem";
const GET_ITEM: &str = "dynamodb:GetItem";
const UPDATE_ITEM: &str = "dynamodb:UpdateItem";
const DELETE_ITEM: &str = "dynamodb:DeleteItem";
const QUERY: &str = "dynamodb:Query";

/// Every IAM action that this file calls on the work table; `manifests/iam/bot.json` allows these.
pub const CALLS: &[&str] = &[PUT_ITEM, GET_ITEM, UPDATE_ITEM, DELETE_ITEM, QUERY];

/// The partition key: `key#<digest>`, `lease#<case>`, `codes#<person>`, `open`, `cases`, `brake`,
/// `tally` or `inbox`.
pub(super) const ITEM: &str = "item";
/// The sort key: the case in the two lists, the number of a move of the brake, and `-` where a
/// partition holds one item.
pub(super) const PART: &str = "part";
pub(super) const SINGLE: &str = "-";
const OPEN: &str = "open";
const CASES: &str = "cases";
const LISTED_AT: &str = "listed_at_ms";
const UNLISTED_AT: &str = "unlisted_at_ms";
/// A claim that is released while another asks for it is asked for again, this often.
const CLAIMS_MAX: usize = 4;
/// A page is at most 1 MB, some ten thousand cases.
const PAGES_MAX: usize = 1_000;

/// What can be lost without losing a decision, in the table `work`.
#[derive(Debug, Clone)]
pub struct DynamoWork {
    pub(super) dynamo: Dynamo,
    pub(super) table: String,
}

pub(super) type Item = HashMap<String, AttributeValue>;

impl DynamoWork {
    pub fn new(config: &SdkConfig, tables: &TableNames) -> Self {
        Self { dynamo: Dynamo::new(config), table: tables.work.clone() }
    }

    pub(super) async fn get(&self, item: &str) -> Result<Option<Item>, StoreError> {
        let request = self.dynamo.look.get_item().table_name(&self.table);
        let answer = request
            .consistent_read(true)
            .key(ITEM, text(item))
            .key(PART, text(SINGLE))
            .send()
            .await
            .map_err(|error| store_error(GET_ITEM, &self.table, &error))?;
        Ok(answer.item)
    }

    /// Removes an item if its attribute still says so; somebody else's stays.
    async fn remove_if(&self, item: &str, name: &str, value: &str) -> Result<(), StoreError> {
        let request = self.dynamo.write.delete_item().table_name(&self.table);
        let answer = request
            .key(ITEM, text(item))
            .key(PART, text(SINGLE))
            .condition_expression("#name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", text(value))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if condition_failed(&error) => Ok(()),
            Err(error) => Err(store_error(DELETE_ITEM, &self.table, &error)),
        }
    }

    pub(super) async fn partition(&self, item: &str) -> Result<Vec<Item>, StoreError> {
        let mut items = Vec::new();
        let mut start: Option<Item> = None;
        for _ in 0..PAGES_MAX {
            let request = self.dynamo.read.query().table_name(&self.table);
            let page = request
                .key_condition_expression("#item = :item")
                .expression_attribute_names("#item", ITEM)
                .expression_attribute_values(":item", text(item))
                .set_exclusive_start_key(start.take())
                .send()
                .await
                .map_err(|error| store_error(QUERY, &self.table, &error))?;
            items.extend(page.items.unwrap_or_default());
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(items);
            }
        }
        Err(StoreError(format!("the list {item} does not end after {PAGES_MAX} pages")))
    }

    /// The write of a lease; the condition is the caller's.
    fn put_lease(&self, lease: &Lease) -> UpdateItemFluentBuilder {
        let request = self.dynamo.write.update_item().table_name(&self.table);
        request
            .key(ITEM, text(&lease_item(&lease.case)))
            .key(PART, text(SINGLE))
            .update_expression("SET #holder = :holder, #until = :until")
            .expression_attribute_names("#holder", "holder")
            .expression_attribute_names("#until", "until_ms")
            .expression_attribute_values(":holder", text(&lease.holder))
            .expression_attribute_values(":until", number(lease.until.as_millisecond()))
    }

    /// Remembers when a case was first listed, or when its work ended.
    async fn remember(&self, case: &CaseId, how: &str, now: Timestamp) -> Result<(), StoreError> {
        let request = self.dynamo.write.update_item().table_name(&self.table);
        request
            .key(ITEM, text(CASES))
            .key(PART, text(&case.0))
            .update_expression(how)
            .expression_attribute_names("#listed", LISTED_AT)
            .expression_attribute_names("#unlisted", UNLISTED_AT)
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .send()
            .await
            .map_err(|error| store_error(UPDATE_ITEM, &self.table, &error))?;
        Ok(())
    }
}

#[async_trait]
impl Work for DynamoWork {
    async fn claim_key(&self, key_digest: &str, case: &CaseId) -> Result<CaseId, StoreError> {
        let item = format!("key#{key_digest}");
        for _ in 0..CLAIMS_MAX {
            let fields = [(ITEM, item.as_str()), (PART, SINGLE), ("case", &case.0)];
            let request = put(&self.dynamo.write, &self.table, &fields)
                .condition_expression("attribute_not_exists(#item) OR #case = :case")
                .expression_attribute_names("#item", ITEM)
                .expression_attribute_names("#case", "case")
                .expression_attribute_values(":case", text(&case.0));
            match request.send().await {
                Ok(_) => return Ok(case.clone()),
                Err(error) if condition_failed(&error) => {}
                Err(error) => return Err(store_error(PUT_ITEM, &self.table, &error)),
            }
            let standing = self.get(&item).await?;
            if let Some(holder) = standing.and_then(|item| text_of(&item, "case")) {
                return Ok(CaseId(holder));
            }
        }
        Err(StoreError("the key's case is being closed and reopened; press again".to_owned()))
    }

    async fn release_key(&self, key_digest: &str, case: &CaseId) -> Result<(), StoreError> {
        let item = format!("key#{key_digest}");
        self.remove_if(&item, "case", &case.0).await
    }

    async fn list_open(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        let first = "SET #listed = if_not_exists(#listed, :now) REMOVE #unlisted";
        self.remember(case, first, now).await?;
        let fields = [(ITEM, OPEN), (PART, case.0.as_str())];
        let request = put(&self.dynamo.write, &self.table, &fields);
        let answer = request.send().await;
        answer.map_err(|error| store_error(PUT_ITEM, &self.table, &error))?;
        Ok(())
    }

    async fn unlist(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        let first = "SET #unlisted = if_not_exists(#unlisted, :now), \
                     #listed = if_not_exists(#listed, :now)";
        self.remember(case, first, now).await?;
        let request = self.dynamo.write.delete_item().table_name(&self.table);
        let request = request.key(ITEM, text(OPEN)).key(PART, text(&case.0));
        let answer = request.send().await;
        answer.map_err(|error| store_error(DELETE_ITEM, &self.table, &error))?;
        Ok(())
    }

    async fn open_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        let items = self.partition(OPEN).await?;
        let cases = items.iter().filter_map(|item| text_of(item, PART));
        Ok(cases.map(CaseId).collect())
    }

    async fn cases_since(&self, since: Timestamp) -> Result<Vec<Listed>, StoreError> {
        let items = self.partition(CASES).await?;
        let since_ms = since.as_millisecond();
        let ended = |item: &Item| milliseconds_of(item, UNLISTED_AT);
        let mut listed: Vec<Listed> = items
            .iter()
            .filter(|item| ended(item).is_none_or(|ended| ended >= since_ms))
            .filter_map(|item| {
                let at = milliseconds_of(item, LISTED_AT).unwrap_or_default();
                let at = Timestamp::from_millisecond(at).ok()?;
                Some(Listed { case: CaseId(text_of(item, PART)?), at })
            })
            .collect();
        listed.sort_by(|one, other| (one.at, &one.case).cmp(&(other.at, &other.case)));
        Ok(listed)
    }

    async fn all_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        let items = self.partition(CASES).await?;
        let mut cases: Vec<(i64, String)> = items
            .iter()
            .filter_map(|item| Some((milliseconds_of(item, LISTED_AT)?, text_of(item, PART)?)))
            .collect();
        cases.sort();
        Ok(cases.into_iter().map(|(_, case)| CaseId(case)).collect())
    }

    async fn lease(
        &self,
        case: &CaseId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        let lease = Lease { case: case.clone(), holder: holder.to_owned(), until };
        for _ in 0..CLAIMS_MAX {
            let request = self.put_lease(&lease).condition_expression(
                "attribute_not_exists(#item) OR #holder = :holder OR #until <= :now",
            );
            let answer = request
                .expression_attribute_names("#item", ITEM)
                .expression_attribute_values(":now", number(now.as_millisecond()))
                .send()
                .await;
            match answer {
                Ok(_) => return Ok(Claim::Mine(lease)),
                Err(error) if condition_failed(&error) => {}
                Err(error) => return Err(store_error(UPDATE_ITEM, &self.table, &error)),
            }
            let standing = self.get(&lease_item(case)).await?;
            if let Some(standing) = standing.and_then(|item| lease_of(case, &item)) {
                return Ok(Claim::Theirs(standing));
            }
        }
        Err(StoreError("the lease is being given back and taken again".to_owned()))
    }

    async fn take_over(
        &self,
        seen: &Lease,
        holder: &str,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let lease = Lease { case: seen.case.clone(), holder: holder.to_owned(), until };
        let request = self
            .put_lease(&lease)
            .condition_expression("#holder = :seen_holder AND #until = :seen_until");
        let answer = request
            .expression_attribute_values(":seen_holder", text(&seen.holder))
            .expression_attribute_values(":seen_until", number(seen.until.as_millisecond()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Some(lease)),
            Err(error) if condition_failed(&error) => Ok(None),
            Err(error) => Err(store_error(UPDATE_ITEM, &self.table, &error)),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let item = lease_item(&lease.case);
        self.remove_if(&item, "holder", &lease.holder).await
    }
}

fn lease_item(case: &CaseId) -> String {
    format!("lease#{case}")
}

fn lease_of(case: &CaseId, item: &Item) -> Option<Lease> {
    let until = item.get("until_ms")?.as_n().ok()?.parse().ok()?;
    let until = Timestamp::from_millisecond(until).ok()?;
    Some(Lease { case: case.clone(), holder: text_of(item, "holder")?, until })
}

pub(super) fn text_of(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn milliseconds_of(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
