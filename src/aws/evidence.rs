//! Evidence on S3: encrypted, written once, named by the hash of its content.

use crate::aws::clients;
use crate::aws::error::{call_error, code};
use crate::domain::digest::sha256_hex;
use crate::ports::evidence::{Evidence, EvidenceError};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ServerSideEncryption;
use std::time::Duration;

const PUT_OBJECT: &str = "s3:PutObject";
const GET_OBJECT: &str = "s3:GetObject";

/// Every IAM action that this file calls; `manifests/iam/bot.json` allows these.
pub const CALLS: &[&str] = &[PUT_OBJECT, GET_OBJECT];

/// What S3 checks on the caller's behalf: the key of an encrypted bucket, and whether an object
/// that is not there may be called missing.
pub const CALLS_BY_S3: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey", "s3:ListBucket"];

/// A cut of a large trail is some hundred megabytes, over a slow line.
const TRANSFER_SECONDS_MAX: u64 = 120;
/// What is read back whole into memory; a cut is far below it.
const CONTENT_BYTES_MAX: i64 = 1024 * 1024 * 1024;
/// Length of a SHA-256 in hex.
const NAME_CHARS: usize = 64;

/// Where evidence goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceSettings {
    pub bucket: String,
    /// Put before every name, without a slash at its end.
    pub prefix: String,
    /// Encrypts with this KMS key; with S3's own key where there is none.
    pub kms_key: Option<String>,
}

/// The evidence store in one bucket.
#[derive(Debug, Clone)]
pub struct S3Evidence {
    client: aws_sdk_s3::Client,
    settings: EvidenceSettings,
}

impl S3Evidence {
    pub fn new(config: &SdkConfig, settings: EvidenceSettings) -> Self {
        let patience = TimeoutConfig::builder()
            .operation_attempt_timeout(Duration::from_secs(TRANSFER_SECONDS_MAX))
            .operation_timeout(Duration::from_secs(2 * TRANSFER_SECONDS_MAX));
        let mut timeouts = patience.build();
        if let Some(general) = config.timeout_config() {
            timeouts.take_defaults_from(general);
        }
        let config = config.clone().into_builder().timeout_config(timeouts);
        Self { client: clients::s3(&config.build()), settings }
    }

    fn object_key(&self, sha256: &str) -> String {
        match self.settings.prefix.trim_matches('/') {
            "" => sha256.to_owned(),
            prefix => format!("{prefix}/{sha256}"),
        }
    }
}

#[async_trait]
impl Evidence for S3Evidence {
    async fn put(&self, content: &[u8]) -> Result<String, EvidenceError> {
        let sha256 = sha256_hex(content);
        let encryption = match &self.settings.kms_key {
            Some(_) => ServerSideEncryption::AwsKms,
            None => ServerSideEncryption::Aes256,
        };
        let answer = self
            .client
            .put_object()
            .bucket(&self.settings.bucket)
            .key(self.object_key(&sha256))
            .if_none_match("*")
            .server_side_encryption(encryption)
            .set_ssekms_key_id(self.settings.kms_key.clone())
            .body(ByteStream::from(content.to_vec()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(sha256),
            // The name is the hash of the content, so what is there is this; get checks it.
            Err(error) if code(&error) == Some("PreconditionFailed") => Ok(sha256),
            Err(error) => {
                Err(EvidenceError::Unavailable(call_error(PUT_OBJECT, &error).to_string()))
            }
        }
    }

    async fn get(&self, sha256: &str) -> Result<Vec<u8>, EvidenceError> {
        let missing = || EvidenceError::Missing(sha256.to_owned());
        if !is_name(sha256) {
            return Err(missing());
        }
        let request = self.client.get_object().bucket(&self.settings.bucket);
        let answer = match request.key(self.object_key(sha256)).send().await {
            Ok(answer) => answer,
            Err(error) if code(&error) == Some("NoSuchKey") => return Err(missing()),
            Err(error) => {
                return Err(EvidenceError::Unavailable(call_error(GET_OBJECT, &error).to_string()));
            }
        };
        if answer.content_length().is_some_and(|bytes| bytes > CONTENT_BYTES_MAX) {
            return Err(EvidenceError::Altered(sha256.to_owned()));
        }
        let content = answer.body.collect().await;
        let content = content.map_err(|error| EvidenceError::Unavailable(error.to_string()))?;
        let content = content.to_vec();
        if sha256_hex(&content) != sha256 {
            return Err(EvidenceError::Altered(sha256.to_owned()));
        }
        Ok(content)
    }
}

fn is_name(sha256: &str) -> bool {
    sha256.len() == NAME_CHARS && sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
}
