//! Leases that everybody gets: the sabotage that makes a hold cover every effect.

use crate::bot::say;
use crate::orders::RENEWED;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::brake::Brake;
use keyleak::domain::caps::Tally;
use keyleak::domain::ids::CaseId;
use keyleak::domain::one_time_code::CodeBook;
use keyleak::ports::journal::{Brakes, Claim, Codes, Inbox, Kept, Lease, Listed, StoreError, Work};
use std::sync::Arc;

/// Claims and leases as they should be, except that everybody gets every lease.
pub(crate) struct Generous(pub(crate) Arc<dyn Work>);

#[async_trait]
impl Brakes for Generous {
    async fn brake(&self) -> Result<Option<Brake>, StoreError> {
        self.0.brake().await
    }

    async fn move_brake(&self, brake: &Brake) -> Result<bool, StoreError> {
        self.0.move_brake(brake).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.0.tally().await
    }

    async fn count(&self, tally: &Tally) -> Result<bool, StoreError> {
        self.0.count(tally).await
    }
}

#[async_trait]
impl Codes for Generous {
    async fn code_book(&self, person: &str) -> Result<CodeBook, StoreError> {
        self.0.code_book(person).await
    }

    async fn keep_codes(&self, person: &str, book: &CodeBook) -> Result<bool, StoreError> {
        self.0.keep_codes(person, book).await
    }
}

#[async_trait]
impl Inbox for Generous {
    async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        self.0.keep(kept).await
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        self.0.kept().await
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.0.forget(id).await
    }
}

#[async_trait]
impl Work for Generous {
    async fn claim_key(&self, key_digest: &str, case: &CaseId) -> Result<CaseId, StoreError> {
        self.0.claim_key(key_digest, case).await
    }

    async fn release_key(&self, key_digest: &str, case: &CaseId) -> Result<(), StoreError> {
        self.0.release_key(key_digest, case).await
    }

    async fn list_open(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        self.0.list_open(case, now).await
    }

    async fn unlist(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        self.0.unlist(case, now).await
    }

    async fn open_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.0.open_cases().await
    }

    async fn cases_since(&self, since: Timestamp) -> Result<Vec<Listed>, StoreError> {
        self.0.cases_since(since).await
    }

    async fn all_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.0.all_cases().await
    }

    async fn lease(
        &self,
        case: &CaseId,
        holder: &str,
        _: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        say(RENEWED);
        Ok(Claim::Mine(Lease { case: case.clone(), holder: holder.to_owned(), until }))
    }

    async fn take_over(
        &self,
        seen: &Lease,
        holder: &str,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        self.lease(&seen.case, holder, until - SignedDuration::from_secs(1), until).await?;
        Ok(None)
    }

    async fn release(&self, _: &Lease) -> Result<(), StoreError> {
        Ok(())
    }
}
