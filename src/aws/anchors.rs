//! Anchors on S3 under Object Lock: written once, and kept even from an administrator for a time.
//!
//! Object Lock keeps versions: anybody with the right may still put a delete marker or another
//! version over one. So every version is read, and none can be hidden.

use crate::aws::clients;
use crate::aws::error::{call_error, code};
use crate::aws::listing::endless;
use crate::domain::anchor::Anchor;
use crate::domain::digest::canonical;
use crate::domain::ids::CaseId;
use crate::ports::anchors::Anchors;
use crate::ports::journal::StoreError;
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{ChecksumAlgorithm, ObjectLockMode, ObjectVersion};

const PUT_OBJECT: &str = "s3:PutObject";
const GET_OBJECT: &str = "s3:GetObject";
const LIST_OBJECT_VERSIONS: &str = "s3:ListObjectVersions";

/// Every call that this file makes, by its API name.
pub const CALLS: &[&str] = &[PUT_OBJECT, GET_OBJECT, LIST_OBJECT_VERSIONS];
/// What S3 asks for: listing goes by another name, and retention and versions need their own right.
pub const PERMISSIONS: &[&str] =
    &[PUT_OBJECT, "s3:PutObjectRetention", GET_OBJECT, GET_VERSION, LIST_VERSIONS];

const GET_VERSION: &str = "s3:GetObjectVersion";
const LIST_VERSIONS: &str = "s3:ListBucketVersions";

/// A thousand anchors a page; a case has some dozens.
const PAGES_MAX: usize = 100;
/// Digits of a sequence number in an object's name, so that names sort as numbers do.
const SEQ_DIGITS: usize = 12;
const SECONDS_A_DAY: i64 = 86_400;

/// Where anchors go. The bucket must have Object Lock switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorSettings {
    pub bucket: String,
    /// Put before every name, without a slash at its end.
    pub prefix: String,
    /// How long nobody can delete an anchor.
    pub retain_days: u32,
}

/// The anchors of every case in one bucket.
#[derive(Debug, Clone)]
pub struct S3Anchors {
    client: aws_sdk_s3::Client,
    settings: AnchorSettings,
}

impl S3Anchors {
    pub fn new(config: &SdkConfig, settings: AnchorSettings) -> Self {
        Self { client: clients::s3(config), settings }
    }

    fn folder(&self, case: &CaseId) -> String {
        match self.settings.prefix.trim_matches('/') {
            "" => format!("{case}/"),
            prefix => format!("{prefix}/{case}/"),
        }
    }

    /// Two replicas may sign the same records at different times, so the content is in the name.
    fn name(&self, anchor: &Anchor) -> String {
        let mark = anchor.signature.get(..16).unwrap_or_default();
        format!("{}{:0SEQ_DIGITS$}-{mark}.json", self.folder(&anchor.case), anchor.from)
    }

    /// Every version of every anchor of a case, also of those that a delete marker hides.
    async fn versions(&self, case: &CaseId) -> Result<Vec<ObjectVersion>, StoreError> {
        let mut versions = Vec::new();
        let (mut key, mut version) = (None, None);
        for _ in 0..PAGES_MAX {
            let request = self.client.list_object_versions().bucket(&self.settings.bucket);
            let request = request.prefix(self.folder(case));
            let page = request
                .set_key_marker(key)
                .set_version_id_marker(version)
                .send()
                .await
                .map_err(|error| StoreError(call_error(LIST_VERSIONS, &error).to_string()))?;
            versions.extend(page.versions.unwrap_or_default());
            (key, version) = (page.next_key_marker, page.next_version_id_marker);
            if key.is_none() {
                return Ok(versions);
            }
        }
        Err(StoreError(endless(LIST_OBJECT_VERSIONS, PAGES_MAX).to_string()))
    }

    async fn anchor(&self, of: ObjectVersion) -> Result<Anchor, StoreError> {
        let name = of.key.unwrap_or_default();
        let request = self.client.get_object().bucket(&self.settings.bucket).key(&name);
        // S3 asks for another right where a version is named.
        let right = if of.version_id.is_some() { GET_VERSION } else { GET_OBJECT };
        let answer = request
            .set_version_id(of.version_id)
            .send()
            .await
            .map_err(|error| StoreError(call_error(right, &error).to_string()))?;
        let content = answer.body.collect().await;
        let content = content.map_err(|error| StoreError(error.to_string()))?.to_vec();
        serde_json::from_slice(&content)
            .map_err(|error| StoreError(format!("{name} is no anchor: {error}")))
    }
}

#[async_trait]
impl Anchors for S3Anchors {
    async fn keep(&self, anchor: &Anchor) -> Result<(), StoreError> {
        let days = i64::from(self.settings.retain_days);
        let until = anchor.at.as_second().saturating_add(days * SECONDS_A_DAY);
        let answer = self
            .client
            .put_object()
            .bucket(&self.settings.bucket)
            .key(self.name(anchor))
            .if_none_match("*")
            .object_lock_mode(ObjectLockMode::Compliance)
            .object_lock_retain_until_date(DateTime::from_secs(until))
            // S3 takes a retention only with a checksum of the content.
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(canonical(anchor)))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // Kept before: the name holds part of the signature, so what is there is this.
            Err(error) if code(&error) == Some("PreconditionFailed") => Ok(()),
            Err(error) => Err(StoreError(call_error(PUT_OBJECT, &error).to_string())),
        }
    }

    async fn read(&self, case: &CaseId) -> Result<Vec<Anchor>, StoreError> {
        let mut anchors = Vec::new();
        for version in self.versions(case).await? {
            anchors.push(self.anchor(version).await?);
        }
        anchors.sort_by_key(|anchor| anchor.from);
        Ok(anchors)
    }
}
