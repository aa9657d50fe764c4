//! The two tables: their names, the clients that reach them, and what their errors mean.

use crate::aws::error::{call_error, code, is_throttled};
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::journal::StoreError;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
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
    /// For records: repeats a put only if DynamoDB said that it did not do it.
    pub(super) once: Client,
    /// For finding out, within Slack's three seconds, what became of a write.
    pub(super) look: Client,
    pub(super) read: Client,
}

/// Forbids the SDK to repeat what was cut off: of a later refusal nobody could say any more
/// whether it settles the matter.
#[derive(Debug)]
struct OnlyRefusals;

impl ClassifyRetry for OnlyRefusals {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context.output_or_error().and_then(|answer| answer.err());
        let refusal = failed.and_then(|error| error.as_operation_error());
        let refusal = refusal.and_then(|error| error.downcast_ref::<PutItemError>());
        match (failed, refusal.and_then(ProvideErrorMetadata::code)) {
            (None, _) => RetryAction::NoActionIndicated,
            (Some(_), Some(code)) if is_throttled(code) => RetryAction::NoActionIndicated,
            (Some(_), _) => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only refusals"
    }
}

impl Default for TableNames {
    fn default() -> Self {
        Self { journal: "keyleak-journal".to_owned(), work: "keyleak-work".to_owned() }
    }
}

impl Dynamo {
    pub(super) fn new(config: &SdkConfig) -> Self {
        Self {
            write: Client::from_conf(settings(config, WRITE_MS_MAX, WRITE_MS_MAX).build()),
            once: Client::from_conf(
                settings(config, WRITE_MS_MAX, WRITE_MS_MAX).retry_classifier(OnlyRefusals).build(),
            ),
            look: Client::from_conf(settings(config, LOOK_MS_MAX, LOOK_MS_MAX).build()),
            read: Client::from_conf(settings(config, READ_ATTEMPT_MS_MAX, READ_MS_MAX).build()),
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

fn settings(config: &SdkConfig, attempt_ms: u64, operation_ms: u64) -> Builder {
    let patience = TimeoutConfig::builder()
        .connect_timeout(Duration::from_millis(attempt_ms))
        .operation_attempt_timeout(Duration::from_millis(attempt_ms))
        .operation_timeout(Duration::from_millis(operation_ms))
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(Duration::from_millis(FIRST_WAIT_MS))
        .with_max_backoff(Duration::from_millis(WAIT_MS_MAX));
    Builder::from(config).timeout_config(patience).retry_config(retries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::wire_fake::{Answer, WireFake};

    async fn ask(client: &Client) -> bool {
        let request = client.get_item().table_name("work").key("item", text("brake"));
        request.send().await.is_ok()
    }

    /// What records are put with has its count in the journal's tests; these are the others.
    /// The fake fails a request too many as it fails one too few, so each count is exact. How long
    /// the waits between them are is drawn by chance, below a bound that doubles.
    #[tokio::test]
    async fn what_is_throttled_is_asked_four_times_in_all_whoever_asks() {
        let slow = || Answer::json_error(400, "ThrottlingException");
        let attempts = usize::try_from(ATTEMPTS_MAX).unwrap();
        for patience in ["write", "look", "read"] {
            let client = |dynamo: Dynamo| match patience {
                "write" => dynamo.write,
                "look" => dynamo.look,
                _ => dynamo.read,
            };
            let fake = WireFake::start((0..attempts).map(|_| slow()));
            let dynamo = Dynamo::new(&fake.config().await);
            assert!(!ask(&client(dynamo)).await, "{patience}");
            assert_eq!(fake.seen().len(), attempts, "{patience}");

            let answers = (1..attempts).map(|_| slow()).chain([Answer::ok("{}")]);
            let fake = WireFake::start(answers);
            let dynamo = Dynamo::new(&fake.config().await);
            let last = ask(&client(dynamo)).await;
            assert!(last, "{patience}: the last attempt counts");
        }
    }
}
