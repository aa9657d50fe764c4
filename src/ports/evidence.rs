//! Where snapshots, cuts of the trail and answers are kept, by the hash of their content.

use async_trait::async_trait;

/// Evidence could not be stored or read; nothing rests on evidence that is not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    #[error("the evidence store cannot be reached: {0}")]
    Unavailable(String),
    #[error("evidence {0} is not in the store")]
    Missing(String),
    #[error("evidence {0} does not have the content its name promises")]
    Altered(String),
}

/// A write-once store; what goes in may be secret and is encrypted at rest by the adapter.
#[async_trait]
pub trait Evidence: Send + Sync {
    /// Stores the bytes durably and returns their SHA-256 in hex, which is their name.
    async fn put(&self, content: &[u8]) -> Result<String, EvidenceError>;
    /// Reads evidence back and checks it against its name.
    async fn get(&self, sha256: &str) -> Result<Vec<u8>, EvidenceError>;
}
