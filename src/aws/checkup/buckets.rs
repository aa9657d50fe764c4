//! Looks at the bucket of the evidence or of the anchors; nothing is written to either.

use crate::aws::checkup::trouble;
use crate::aws::clients;
use crate::aws::error::{call_error, code};
use crate::domain::checkup::Trouble;
use crate::domain::checkup::buckets::Seen;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ObjectLockEnabled, ServerSideEncryption};
use aws_sdk_sts::config::http::HttpResponse;

const LIST_BUCKET: &str = "s3:ListBucket";
const PUT_OBJECT: &str = "s3:PutObject";
const GET_VERSIONING: &str = "s3:GetBucketVersioning";
const GET_ENCRYPTION: &str = "s3:GetEncryptionConfiguration";
const GET_PUBLIC: &str = "s3:GetBucketPublicAccessBlock";
const GET_LOCK: &str = "s3:GetBucketObjectLockConfiguration";

/// The name of an object that nobody writes.
const NOBODYS: &str = "keyleak-doctor";
/// No content has this hash, so that a put which asks for it writes nothing; S3 weighs it only for
/// whoever may put.
const NO_CONTENT: &str = "\"00000000000000000000000000000000\"";
const NOT_MET: [&str; 3] = ["NoSuchKey", "PreconditionFailed", "ConditionalRequestConflict"];

/// A bucket as the settings name it.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub bucket: &'a str,
    pub prefix: &'a str,
    pub kms_key: Option<&'a str>,
    /// Whether a put is asked for; never where what is written cannot be deleted.
    pub asks_to_put: bool,
}

/// Looks at a bucket.
pub async fn bucket(config: &SdkConfig, named: Named<'_>) -> Seen {
    let client = clients::s3(config);
    let may_put = async {
        match named.asks_to_put {
            true => Some(may_put(&client, named).await),
            false => None,
        }
    };
    let (there, may_put, public, encrypted, versions, lock) = tokio::join!(
        Box::pin(there(&client, named.bucket)),
        Box::pin(may_put),
        Box::pin(is_closed_to_the_public(&client, named.bucket)),
        Box::pin(is_encrypted(&client, named.bucket)),
        Box::pin(keeps_versions(&client, named.bucket)),
        Box::pin(has_object_lock(&client, named.bucket)),
    );
    // Who may not list it knows from the other answers that it is there.
    let looks = [&public, &encrypted, &versions, &lock];
    let known = looks.iter().any(|look| look.is_ok()) || matches!(may_put, Some(Ok(())));
    let there = match there {
        Err(Trouble::Denied { .. }) if known => Ok(()),
        there => there,
    };
    Seen {
        there,
        may_put,
        is_closed_to_the_public: public,
        is_encrypted: encrypted,
        keeps_versions: versions,
        has_object_lock: lock,
    }
}

async fn there(client: &Client, bucket: &str) -> Result<(), Trouble> {
    let asked = client.head_bucket().bucket(bucket).send().await.map(drop);
    asked.map_err(|error| trouble(call_error(LIST_BUCKET, &error)))
}

async fn may_put(client: &Client, named: Named<'_>) -> Result<(), Trouble> {
    let key = match named.prefix.trim_matches('/') {
        "" => NOBODYS.to_owned(),
        prefix => format!("{prefix}/{NOBODYS}"),
    };
    let encryption = match named.kms_key {
        Some(_) => ServerSideEncryption::AwsKms,
        None => ServerSideEncryption::Aes256,
    };
    let request = client.put_object().bucket(named.bucket).key(key).if_match(NO_CONTENT);
    let request = request.server_side_encryption(encryption);
    let request = request.set_ssekms_key_id(named.kms_key.map(str::to_owned));
    match request.body(ByteStream::from_static(b"")).send().await {
        Ok(_) => Ok(()),
        Err(error) if code(&error).is_some_and(|code| NOT_MET.contains(&code)) => Ok(()),
        Err(error) => Err(trouble(call_error(PUT_OBJECT, &error))),
    }
}

async fn is_closed_to_the_public(client: &Client, bucket: &str) -> Result<bool, Trouble> {
    let asked = client.get_public_access_block().bucket(bucket).send().await;
    let told = answered(GET_PUBLIC, asked, "NoSuchPublicAccessBlockConfiguration")?;
    let blocks = told.and_then(|told| told.public_access_block_configuration);
    let all = |blocks: aws_sdk_s3::types::PublicAccessBlockConfiguration| {
        [
            blocks.block_public_acls,
            blocks.ignore_public_acls,
            blocks.block_public_policy,
            blocks.restrict_public_buckets,
        ]
        .iter()
        .all(|block| *block == Some(true))
    };
    Ok(blocks.is_some_and(all))
}

async fn is_encrypted(client: &Client, bucket: &str) -> Result<bool, Trouble> {
    let asked = client.get_bucket_encryption().bucket(bucket).send().await;
    let missing = "ServerSideEncryptionConfigurationNotFoundError";
    Ok(answered(GET_ENCRYPTION, asked, missing)?.is_some())
}

async fn keeps_versions(client: &Client, bucket: &str) -> Result<bool, Trouble> {
    let asked = client.get_bucket_versioning().bucket(bucket).send().await;
    let told = answered(GET_VERSIONING, asked, "")?;
    let status = told.and_then(|told| told.status);
    Ok(status == Some(BucketVersioningStatus::Enabled))
}

async fn has_object_lock(client: &Client, bucket: &str) -> Result<bool, Trouble> {
    let asked = client.get_object_lock_configuration().bucket(bucket).send().await;
    let told = answered(GET_LOCK, asked, "ObjectLockConfigurationNotFoundError")?;
    let lock = told.and_then(|told| told.object_lock_configuration);
    let lock = lock.and_then(|lock| lock.object_lock_enabled);
    Ok(lock == Some(ObjectLockEnabled::Enabled))
}

/// What was answered; none where S3 says by this code that nothing is set.
fn answered<T, E>(
    call: &str,
    asked: Result<T, SdkError<E, HttpResponse>>,
    not_set: &str,
) -> Result<Option<T>, Trouble>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match asked {
        Ok(told) => Ok(Some(told)),
        Err(error) if code(&error) == Some(not_set) => Ok(None),
        Err(error) => Err(trouble(call_error(call, &error))),
    }
}
