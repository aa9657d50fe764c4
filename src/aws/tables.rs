//! The two tables: their names, the clients that reach them, and what their errors mean.

use crate::aws::error::{call_error, code};
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::journal::StoreError;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sts::config::http::HttpResponse;
use std::error::Error;
use std::time::Duration;

/// Slack waits three seconds for an answer; a write and the look at what became of it must fit.
/// One attempt may take all of it: what is refused at once is repeated, what is silent is looked
/// at.
const WRITE_MS_MAX: u64 = 1_800;
/// What is left of the three seconds to find out what became of a write.
const LOOK_MS_MAX: u64 = 900;
const READ_MS_MAX: u64 = 8_000;
const READ_ATTEMPT_MS_MAX: u64 = 2_500;
/// The SDK waits between attempts: doubled each time, with full jitter.
const ATTEMPTS_MAX: u32 = 4;
const FIRST_WAIT_MS: u64 = 50;
const WAIT_MS_MAX: u64 = 400;

/// What the tables are called in this account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    pub journal: String,
    pub work: String,
}

/// The same DynamoDB, with the patience that each kind of call may have.
#[derive(Debug, Clone)]
pub(super) struct Dynamo {
    pub(super) write: Client,
    /// For finding out, within Slack's three seconds, what became of a write.
    pub(super) look: Client,
    pub(super) read: Client,
}

impl Default for TableNames {
    fn default() -> Self {
        Self { journal: "keyleak-journal".to_owned(), work: "keyleak-work".to_owned() }
    }
}

impl Dynamo {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self {
            write: client(config, WRITE_MS_MAX, WRITE_MS_MAX),
            look: client(config, LOOK_MS_MAX, LOOK_MS_MAX),
            read: client(config, READ_ATTEMPT_MS_MAX, READ_MS_MAX),
        }
    }
}

/// A failed call on a table, in words that say what to do.
pub(super) fn table_error<E>(
    call: &str,
    table: &str,
    error: &SdkError<E, HttpResponse>,
) -> CallError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let failed = call_error(call, error);
    let message = match failed.class {
        CallClass::NotFound => format!(
            "the table {table} does not exist in this account and region; \
             create it with what `keyleak manifest table` prints"
        ),
        CallClass::Throttled => format!("the table {table} is throttled ({})", failed.message),
        CallClass::Denied
        | CallClass::Conflict
        | CallClass::LimitExceeded
        | CallClass::Unavailable
        | CallClass::Other => format!("table {table}: {}", failed.message),
    };
    CallError { message, ..failed }
}

pub(super) fn store_error<E>(
    call: &str,
    table: &str,
    error: &SdkError<E, HttpResponse>,
) -> StoreError
where
    E: ProvideErrorMetadata + Error + 'static,
{
    StoreError(table_error(call, table, error).to_string())
}

/// Whether the condition of a write did not hold, which is an answer and no failure.
pub(super) fn condition_failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    code(error) == Some("ConditionalCheckFailedException")
}

/// A put of text attributes.
pub(super) fn put(client: &Client, table: &str, fields: &[(&str, &str)]) -> PutItemFluentBuilder {
    let request = client.put_item().table_name(table);
    fields.iter().fold(request, |request, (name, value)| request.item(*name, text(value)))
}

pub(super) fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

pub(super) fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn client(config: &SdkConfig, attempt_ms: u64, operation_ms: u64) -> Client {
    let patience = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(attempt_ms))
        .operation_attempt_timeout(Duration::from_millis(attempt_ms))
        .operation_timeout(Duration::from_millis(operation_ms))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(Duration::from_millis(FIRST_WAIT_MS))
        .with_max_backoff(Duration::from_millis(WAIT_MS_MAX));
    let settings = aws_sdk_dynamodb::config::Builder::from(config)
        .timeout_config(patience)
        .retry_config(retries);
    Client::from_conf(settings.build())
}
