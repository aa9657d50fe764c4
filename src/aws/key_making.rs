//! The calls that make a key and keep its secret in Secrets Manager, each once and as it is asked.

use crate::aws::error::{call_error, code};
use crate::aws::session::TicketRights;
use crate::aws::users;
use crate::domain::facts::KeyState;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::key_making::{KeyMaker, NewKey, Purpose, SecretState};
use async_trait::async_trait;
use aws_config::retry::RetryConfig;
use aws_sdk_iam::operation::RequestId;
use aws_sdk_secretsmanager::types::Tag;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

const CREATE_ACCESS_KEY: &str = "iam:CreateAccessKey";
const DELETE_ACCESS_KEY: &str = "iam:DeleteAccessKey";
const LAST_USED: &str = "iam:GetAccessKeyLastUsed";
const LIST_ACCESS_KEYS: &str = "iam:ListAccessKeys";
const CREATE_SECRET: &str = "secretsmanager:CreateSecret";
const DESCRIBE_SECRET: &str = "secretsmanager:DescribeSecret";
const PUT_SECRET: &str = "secretsmanager:PutSecretValue";
const TAG_SECRET: &str = "secretsmanager:TagResource";

/// Every action that this file calls; `manifests/iam/recover.json` allows these.
pub const CALLS: &[&str] =
    &[CREATE_ACCESS_KEY, DELETE_ACCESS_KEY, LAST_USED, CREATE_SECRET, DESCRIBE_SECRET, PUT_SECRET];
/// What others call for this file: `aws::users`, and Secrets Manager where a secret has tags.
pub const CALLS_BESIDE: &[&str] = &[LIST_ACCESS_KEYS, TAG_SECRET];

/// What the tags of a secret are called, by which it is known again.
const CASE_TAG: &str = "keyleak:case";
const PLAN_TAG: &str = "keyleak:plan";
/// The version that readers get who ask for none.
const CURRENT: &str = "AWSCURRENT";

/// Makes keys with the rights of one ticket.
#[derive(Debug)]
pub(super) struct AwsKeyMaker {
    iam: aws_sdk_iam::Client,
    secrets: aws_sdk_secretsmanager::Client,
}

impl AwsKeyMaker {
    /// Clients that repeat nothing: a key that is made twice for want of an answer is one too many.
    pub(super) fn new(rights: &TicketRights) -> Self {
        let once = rights.config.to_builder().retry_config(RetryConfig::disabled()).build();
        Self {
            iam: aws_sdk_iam::Client::new(&once),
            secrets: aws_sdk_secretsmanager::Client::new(&once),
        }
    }
}

#[async_trait]
impl KeyMaker for AwsKeyMaker {
    async fn secret(&self, name: &str) -> Result<Option<SecretState>, CallError> {
        let found = match self.secrets.describe_secret().secret_id(name).send().await {
            Ok(found) => found,
            Err(error) if code(&error) == Some("ResourceNotFoundException") => return Ok(None),
            Err(error) => return Err(call_error(DESCRIBE_SECRET, &error)),
        };
        let tag = |tag: &&Tag| tag.key() == Some(PLAN_TAG);
        let plan_hash = found.tags().iter().find(tag).and_then(Tag::value).map(str::to_owned);
        let stages = found.version_ids_to_stages().into_iter().flatten();
        let current = stages
            .filter(|(_, stages)| stages.iter().any(|stage| stage == CURRENT))
            .map(|(version, _)| version.clone())
            .next();
        let created = found.created_date().map(aws_sdk_iam::primitives::DateTime::secs);
        let created = created.and_then(|seconds| Timestamp::from_second(seconds).ok());
        Ok(Some(SecretState { plan_hash, created, current }))
    }

    async fn create_secret(&self, name: &str, of: Purpose<'_>) -> Result<(), CallError> {
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let create = self
            .secrets
            .create_secret()
            .name(name)
            .description("The key in the place of a leaked one; made by keyleak")
            .tags(tag(CASE_TAG, &of.case.0))
            .tags(tag(PLAN_TAG, of.plan_hash));
        let made = create.send().await;
        made.map(drop).map_err(|error| call_error(CREATE_SECRET, &error))
    }

    async fn keys(&self, user: &UserName) -> Result<Vec<KeyState>, CallError> {
        users::access_keys(&self.iam, user).await
    }

    async fn was_used(&self, key: &AccessKeyId) -> Result<bool, CallError> {
        let asked = self.iam.get_access_key_last_used().access_key_id(key.reveal()).send().await;
        let told = asked.map_err(|error| call_error(LAST_USED, &error))?;
        let used = told.access_key_last_used();
        Ok(used.is_some_and(|used| used.last_used_date().is_some()))
    }

    async fn create_key(&self, user: &UserName) -> Result<NewKey, CallError> {
        let made = self.iam.create_access_key().user_name(&user.0).send().await;
        let made = made.map_err(|error| call_error(CREATE_ACCESS_KEY, &error))?;
        let key = made.access_key().and_then(|key| {
            let id = AccessKeyId::from_record(key.access_key_id())?;
            Some(NewKey { id, secret: SecretString::from(key.secret_access_key()) })
        });
        key.ok_or_else(|| {
            let message = "AWS made a key and did not say which";
            CallError::new(CallClass::Unavailable, CREATE_ACCESS_KEY, message)
        })
    }

    async fn delete_key(&self, user: &UserName, key: &AccessKeyId) -> Result<(), CallError> {
        let delete = self.iam.delete_access_key().user_name(&user.0);
        match delete.access_key_id(key.reveal()).send().await {
            Ok(_) => Ok(()),
            Err(error) if code(&error) == Some("NoSuchEntity") => Ok(()),
            Err(error) => Err(call_error(DELETE_ACCESS_KEY, &error)),
        }
    }

    async fn put(
        &self,
        secret: &str,
        version: &str,
        key: &NewKey,
    ) -> Result<Option<String>, CallError> {
        let content = json!({
            "AccessKeyId": key.id.reveal(),
            "SecretAccessKey": key.secret.expose_secret(),
        });
        let put = self.secrets.put_secret_value().secret_id(secret).client_request_token(version);
        let kept = put.secret_string(content.to_string()).send().await;
        let kept = kept.map_err(|error| call_error(PUT_SECRET, &error))?;
        Ok(kept.request_id().map(str::to_owned))
    }
}

#[cfg(test)]
mod tests;
