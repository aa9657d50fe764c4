//! Where anchors of the journal go, and what signs them.

use crate::aws::anchors::AnchorSettings;
use crate::config::reader::Reader;
use crate::domain::anchor::EVERY_DEFAULT;
use secrecy::SecretString;
use std::path::PathBuf;

/// Three years, which is longer than most investigations look back.
const RETAIN_DAYS_DEFAULT: u32 = 1_095;
/// A key that people type is no key; this is what `openssl rand -hex 16` gives.
const KEY_LENGTH_MIN: usize = 32;

/// A second place for what the journal held.
#[derive(Debug, Clone)]
pub struct AnchorConfig {
    pub place: AnchorPlace,
    pub key: SecretString,
    pub every: u32,
}

/// Where anchors are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnchorPlace {
    Bucket(AnchorSettings),
    Folder(PathBuf),
}

pub(super) fn anchors(r: &mut Reader) -> Option<AnchorConfig> {
    let path = r.text("anchors.path");
    let bucket = r.text("anchors.bucket");
    let prefix = r.text("anchors.prefix").unwrap_or_else(|| "anchors".to_owned());
    let retain_days = r.number("anchors.retain_days", RETAIN_DAYS_DEFAULT, 1);
    let every = r.number("anchors.every", EVERY_DEFAULT, 1);
    let key = r.text("anchors.key");
    let place = match (bucket, path) {
        (Some(bucket), None) => AnchorPlace::Bucket(AnchorSettings { bucket, prefix, retain_days }),
        (None, Some(path)) => AnchorPlace::Folder(PathBuf::from(path)),
        (None, None) => return None,
        (Some(_), Some(_)) => {
            r.reject("anchors.path", "and anchors.bucket exclude each other");
            return None;
        }
    };
    let key = key.unwrap_or_default();
    if key.len() < KEY_LENGTH_MIN {
        let why = "must be at least 32 characters that nobody can guess (openssl rand -hex 32); \
                   without a key anchors prove nothing";
        r.reject("anchors.key", why);
    }
    Some(AnchorConfig { place, key: SecretString::from(key), every })
}
