//! The second place: where anchors are kept, out of reach of whoever can write the journal.

use crate::domain::anchor::Anchor;
use crate::domain::ids::CaseId;
use crate::ports::journal::StoreError;
use async_trait::async_trait;

/// Anchors only ever come on top; keeping the same one twice is no error.
#[async_trait]
pub trait Anchors: Send + Sync {
    /// Keeps an anchor, durably before it returns.
    async fn keep(&self, anchor: &Anchor) -> Result<(), StoreError>;
    /// Every anchor of a case, in the order of the records they speak of.
    async fn read(&self, case: &CaseId) -> Result<Vec<Anchor>, StoreError>;
}
