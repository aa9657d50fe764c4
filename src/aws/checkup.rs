//! What AWS tells `doctor` about the set-up; nothing of it is changed by a look.

pub mod athena;
pub mod buckets;
pub mod history;
pub mod roles;
pub mod tables;

use crate::aws::error::call_error;
use crate::domain::checkup::Trouble;
use crate::domain::checkup::roles::Identity;
use crate::domain::ids::AccountId;
use crate::ports::clock::Clock;
use crate::ports::cloud::{CallClass, CallError};
use aws_config::SdkConfig;
use aws_sdk_sts::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, PoisonError};

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// What is asked with the bot's own rights beside what it lives by; `manifests/iam/doctor.json`
/// allows it, and without it these looks are told as not made.
pub const CALLS: &[&str] = &[
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "iam:GetRole",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:ListBucket",
];

/// Reads the time that AWS says it is, from the answer's head.
#[derive(Debug, Clone, Default)]
struct Told(Arc<Mutex<Option<Timestamp>>>);

impl Intercept for Told {
    fn name(&self) -> &'static str {
        "the time at AWS"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date");
        let told = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = told;
        Ok(())
    }
}

/// Whose credentials these are, and how far the clock here is ahead of AWS's.
pub async fn identity(
    config: &SdkConfig,
    clock: Clock,
) -> (Result<Identity, Trouble>, Option<SignedDuration>) {
    let told = Told::default();
    let sts = aws_sdk_sts::Client::new(config);
    let asked = sts.get_caller_identity().customize().interceptor(told.clone()).send().await;
    let theirs = *told.0.lock().unwrap_or_else(PoisonError::into_inner);
    let ahead = theirs.map(|theirs| clock.now().duration_since(theirs));
    let asked = asked.map_err(|error| trouble(call_error(GET_CALLER_IDENTITY, &error)));
    let identity = asked.map(|told| Identity {
        arn: told.arn().unwrap_or_default().to_owned(),
        account: AccountId(told.account().unwrap_or_default().to_owned()),
    });
    (identity, ahead)
}

/// What a failed call means for the set-up.
fn trouble(error: CallError) -> Trouble {
    match error.class {
        CallClass::NotFound => Trouble::Missing,
        CallClass::Denied => Trouble::Denied { right: error.call, why: error.message },
        CallClass::Throttled
        | CallClass::Conflict
        | CallClass::LimitExceeded
        | CallClass::Unavailable
        | CallClass::Other => Trouble::Silent(error.message),
    }
}
