//! Brakes on DynamoDB: a move is an item of its own; the tally is one, and each person's codes.

use crate::aws::tables::{condition_failed, put, store_error, text};
use crate::aws::work::{DynamoWork, ITEM, PART, SINGLE, text_of};
use crate::domain::brake::Brake;
use crate::domain::caps::Tally;
use crate::domain::one_time_code::CodeBook;
use crate::ports::journal::{Brakes, Codes, StoreError};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;

const PUT_ITEM: &str = "dynamodb:PutItem";
const QUERY: &str = "dynamodb:Query";

/// Every IAM action that this file calls on the work table.
pub const CALLS: &[&str] = &[PUT_ITEM, QUERY];

/// The partition of the moves, and the attribute that holds one.
const BRAKE: &str = "brake";
/// The partition of the tally, and the attributes that hold it and its number.
const TALLY: &str = "tally";
const NUMBER: &str = "number";
/// What the partition of a person's one-time codes begins with, and the attribute that holds them.
const CODES: &str = "codes";
/// Numbers sort as text when they are as long as the longest.
const NUMBER_DIGITS: usize = 20;

#[async_trait]
impl Brakes for DynamoWork {
    async fn brake(&self) -> Result<Option<Brake>, StoreError> {
        let request = self.dynamo.look.query().table_name(&self.table);
        let newest = request
            .key_condition_expression("#item = :item")
            .expression_attribute_names("#item", ITEM)
            .expression_attribute_values(":item", text(BRAKE))
            .consistent_read(true)
            .scan_index_forward(false)
            .limit(1)
            .send()
            .await
            .map_err(|error| store_error(QUERY, &self.table, &error))?;
        let Some(item) = newest.items.unwrap_or_default().into_iter().next() else {
            return Ok(None);
        };
        // A brake that cannot be read counts as on: whoever asks gets an error, and begins nothing.
        let text = text_of(&item, BRAKE).unwrap_or_default();
        serde_json::from_str(&text).map(Some).map_err(|error| {
            StoreError(format!("the newest move of the brake cannot be read: {error}"))
        })
    }

    async fn move_brake(&self, brake: &Brake) -> Result<bool, StoreError> {
        let moved = serde_json::to_string(brake).map_err(|error| StoreError(error.to_string()))?;
        let part = format!("{:0NUMBER_DIGITS$}", brake.number);
        let fields = [(ITEM, BRAKE), (PART, part.as_str()), (BRAKE, moved.as_str())];
        let request = put(&self.dynamo.write, &self.table, &fields)
            .condition_expression("attribute_not_exists(#item)")
            .expression_attribute_names("#item", ITEM);
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(store_error(PUT_ITEM, &self.table, &error)),
        }
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        let Some(item) = self.get(TALLY).await? else {
            return Ok(Tally::default());
        };
        let text = text_of(&item, TALLY).unwrap_or_default();
        serde_json::from_str(&text)
            .map_err(|error| StoreError(format!("the tally of changes cannot be read: {error}")))
    }

    async fn count(&self, tally: &Tally) -> Result<bool, StoreError> {
        let kept = serde_json::to_string(tally).map_err(|error| StoreError(error.to_string()))?;
        self.replace((TALLY, TALLY, &kept), tally.number).await
    }
}

#[async_trait]
impl Codes for DynamoWork {
    async fn code_book(&self, person: &str) -> Result<CodeBook, StoreError> {
        let Some(item) = self.get(&item_of(person)).await? else {
            return Ok(CodeBook::default());
        };
        // A book that cannot be read lets no code count.
        let text = text_of(&item, CODES).unwrap_or_default();
        serde_json::from_str(&text).map_err(|error| {
            StoreError(format!("what became of earlier one-time codes cannot be read: {error}"))
        })
    }

    async fn keep_codes(&self, person: &str, book: &CodeBook) -> Result<bool, StoreError> {
        let kept = serde_json::to_string(book).map_err(|error| StoreError(error.to_string()))?;
        self.replace((&item_of(person), CODES, &kept), book.number).await
    }
}

fn item_of(person: &str) -> String {
    format!("{CODES}#{person}")
}

impl DynamoWork {
    /// Puts an item in the place of the one with the number before it; whether it was put.
    async fn replace(
        &self,
        (item, attribute, kept): (&str, &str, &str),
        number: u64,
    ) -> Result<bool, StoreError> {
        let as_number = |number: u64| AttributeValue::N(number.to_string());
        let fields = [(ITEM, item), (PART, SINGLE), (attribute, kept)];
        let request = put(&self.dynamo.write, &self.table, &fields)
            .item(NUMBER, as_number(number))
            .expression_attribute_names("#number", NUMBER);
        let request = match number.saturating_sub(1) {
            0 => request.condition_expression("attribute_not_exists(#number)"),
            before => request
                .condition_expression("#number = :before")
                .expression_attribute_values(":before", as_number(before)),
        };
        match request.send().await {
            Ok(_) => Ok(true),
            Err(error) if condition_failed(&error) => Ok(false),
            Err(error) => Err(store_error(PUT_ITEM, &self.table, &error)),
        }
    }
}
