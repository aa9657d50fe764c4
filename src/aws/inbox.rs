//! What is still to be read, on DynamoDB: an item each, in one partition.

use crate::aws::tables::{put, store_error, text};
use crate::aws::work::{DynamoWork, ITEM, PART, text_of};
use crate::ports::journal::{Inbox, Kept, StoreError};
use async_trait::async_trait;

const PUT_ITEM: &str = "dynamodb:PutItem";
const DELETE_ITEM: &str = "dynamodb:DeleteItem";

/// The partition, and the attribute that holds what is kept.
const INBOX: &str = "inbox";
const WHAT: &str = "what";

#[async_trait]
impl Inbox for DynamoWork {
    async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        let fields = [(ITEM, INBOX), (PART, kept.id.as_str()), (WHAT, kept.what.as_str())];
        let answer = put(&self.dynamo.write, &self.table, &fields).send().await;
        answer.map_err(|error| store_error(PUT_ITEM, &self.table, &error))?;
        Ok(())
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        let items = self.partition(INBOX).await?;
        let kept = items
            .iter()
            .filter_map(|item| Some(Kept { id: text_of(item, PART)?, what: text_of(item, WHAT)? }));
        Ok(kept.collect())
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        let request = self.dynamo.write.delete_item().table_name(&self.table);
        let answer = request.key(ITEM, text(INBOX)).key(PART, text(id)).send().await;
        answer.map_err(|error| store_error(DELETE_ITEM, &self.table, &error))?;
        Ok(())
    }
}
