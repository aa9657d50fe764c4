//! What Secrets Manager keeps of a secret: versions, of which the last one is current.

use crate::ports::key_making::{NewKey, SecretState};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// One secret, which holds keys and nothing else.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    plan_hash: String,
    created: Timestamp,
    current: Option<String>,
    versions: BTreeMap<String, (String, SecretString)>,
}

impl Secret {
    /// A secret without a version, tagged with a plan.
    pub(super) fn empty(plan_hash: &str, created: Timestamp) -> Self {
        let plan_hash = plan_hash.to_owned();
        Self { plan_hash, created, current: None, versions: BTreeMap::new() }
    }

    pub(super) fn put(&mut self, version: &str, key: &NewKey) {
        let kept = (key.id.reveal().to_owned(), key.secret.clone());
        self.versions.insert(version.to_owned(), kept);
        self.current = Some(version.to_owned());
    }

    pub(super) fn described(&self) -> SecretState {
        SecretState {
            plan_hash: Some(self.plan_hash.clone()),
            created: Some(self.created),
            current: self.current.clone(),
        }
    }

    /// The id and the secret of the key that readers get.
    pub(super) fn read(&self) -> Option<(&str, &str)> {
        let (id, secret) = self.versions.get(self.current.as_ref()?)?;
        Some((id, secret.expose_secret()))
    }
}
