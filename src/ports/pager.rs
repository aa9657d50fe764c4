//! Whoever is called when chat is not enough.

use crate::domain::page::Page;
use async_trait::async_trait;

/// Why a page was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct NotPaged {
    pub why: String,
    /// The same page may be taken later.
    pub retryable: bool,
}

/// A way to call people who do not look at Slack.
#[async_trait]
pub trait Pager: Send + Sync {
    /// Sends a page; the status with which it was taken.
    async fn page(&self, page: &Page) -> Result<u16, NotPaged>;
}
