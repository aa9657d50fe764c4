//! Sabotage: everything is carried out but the deny, which is claimed as done.

use async_trait::async_trait;
use keyleak::domain::action::Change;
use keyleak::ports::cloud::{Applied, CallError, Contain};
use keyleak::ports::ticket::Ticket;
use std::sync::Arc;

pub(crate) struct SkipsTheDeny {
    pub(crate) inner: Arc<dyn Contain>,
}

#[async_trait]
impl Contain for SkipsTheDeny {
    async fn apply(&self, ticket: &Ticket) -> Result<Applied, CallError> {
        if matches!(ticket.action().change, Change::Deny { .. }) {
            return Ok(Applied { how: None, request_id: None });
        }
        self.inner.apply(ticket).await
    }

    fn role(&self) -> Option<String> {
        self.inner.role()
    }

    fn eradicate_role(&self) -> Option<String> {
        self.inner.eradicate_role()
    }

    fn recover_role(&self) -> Option<String> {
        self.inner.recover_role()
    }
}
