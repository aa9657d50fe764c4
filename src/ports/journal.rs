//! Where decisions are kept and work is claimed: the journal only grows, all else can be lost.

use crate::domain::brake::Brake;
use crate::domain::caps::Tally;
use crate::domain::ids::CaseId;
use crate::domain::one_time_code::CodeBook;
use crate::domain::record::Record;
use async_trait::async_trait;
use jiff::Timestamp;

/// Why an append did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Another record has this sequence number: read on, judge again, append again.
    #[error("another record came first")]
    Conflict,
    /// The store refused it: the record is not there and will not be.
    #[error("the journal refused the record: {0}")]
    Refused(String),
    /// The store did not answer: the record may or may not be there.
    #[error("the journal did not answer: {0}")]
    Unavailable(String),
}

/// The store could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal cannot be reached: {0}")]
pub struct StoreError(pub String);

/// The stored lines of a case's journal, with an empty one where numbers are left out: a record
/// that was moved to another number must not pass for the one that belongs there.
#[derive(Debug, Default)]
pub struct StoredLines {
    lines: Vec<String>,
    last: u64,
}

impl StoredLines {
    /// None yet; the first is to have the number after this one.
    pub fn after(seq: u64) -> Self {
        Self { lines: Vec::new(), last: seq }
    }

    /// The next line, in the order of the numbers they are stored under.
    pub fn push(&mut self, seq: u64, line: String) {
        if seq != self.last.saturating_add(1) {
            self.lines.push(String::new());
        }
        self.last = seq;
        self.lines.push(line);
    }

    pub fn into_lines(self) -> Vec<String> {
        self.lines
    }
}

/// A claim on a case's work, valid until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub case: CaseId,
    /// Who holds it: one running process.
    pub holder: String,
    pub until: Timestamp,
}

/// A case in the index, and when it was first listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub case: CaseId,
    pub at: Timestamp,
}

/// What came of asking for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    Mine(Lease),
    /// Another process holds it; this is the lease as it stands.
    Theirs(Lease),
}

/// The decision log: one partition per case, append-only, conditional on the sequence number.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Stores a record if no record has its case and sequence number yet, durably before it
    /// returns. Storing the identical record again succeeds.
    async fn append(&self, record: &Record) -> Result<(), AppendError>;
    /// The records after `after` in order, as their canonical JSON texts, read consistently; an
    /// empty text stands where numbers are left out.
    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError>;
}

/// The brakes on all changes, shared by every replica: the one that people move, and the tally
/// that the caps go by. What is written of the former is never taken away.
#[async_trait]
pub trait Brakes: Send + Sync {
    /// The newest move of the brake, read consistently; none when it was never touched.
    async fn brake(&self) -> Result<Option<Brake>, StoreError>;
    /// Keeps a move of the brake if none has its number yet; whether it was kept.
    async fn move_brake(&self, brake: &Brake) -> Result<bool, StoreError>;
    /// What all replicas began of late, read consistently.
    async fn tally(&self) -> Result<Tally, StoreError>;
    /// Keeps the tally in the place of the one with the number before it; whether it was kept.
    async fn count(&self, tally: &Tally) -> Result<bool, StoreError>;
}

/// Something that a person was promised and that only Slack can tell the rest of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: String,
    pub what: String,
}

/// What was taken in and is still to be read; it is what is durable before the person hears 200.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Keeps it, in the place of what was kept under this id.
    async fn keep(&self, kept: &Kept) -> Result<(), StoreError>;
    /// Everything that is kept.
    async fn kept(&self) -> Result<Vec<Kept>, StoreError>;
    /// It is done, and needs to be kept no longer.
    async fn forget(&self, id: &str) -> Result<(), StoreError>;
}

/// What one-time codes came to, shared by every replica.
#[async_trait]
pub trait Codes: Send + Sync {
    /// What this person's came to of late, read consistently.
    async fn code_book(&self, person: &str) -> Result<CodeBook, StoreError>;
    /// Keeps the book in the place of the one with the number before it; whether it was kept.
    async fn keep_codes(&self, person: &str, book: &CodeBook) -> Result<bool, StoreError>;
}

/// Claims and the index of open cases; losing all of it loses no decision.
#[async_trait]
pub trait Work: Brakes + Inbox + Codes {
    /// Makes `case` the one open case of a key, unless another is; returns the case that is.
    /// `key_digest` is a hash, so that this table holds no key id; that of a channel's name claims
    /// the name.
    async fn claim_key(&self, key_digest: &str, case: &CaseId) -> Result<CaseId, StoreError>;
    /// Ends the claim, if `case` still holds it.
    async fn release_key(&self, key_digest: &str, case: &CaseId) -> Result<(), StoreError>;
    /// Lists a case as having work to do (at first, and again when it is reopened).
    async fn list_open(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError>;
    /// Takes a case off that list.
    async fn unlist(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError>;
    /// The cases with work to do; may lag behind, so it is for discovery only.
    async fn open_cases(&self) -> Result<Vec<CaseId>, StoreError>;
    /// The cases that had work to do at any time since then, oldest first; may lag behind.
    async fn cases_since(&self, since: Timestamp) -> Result<Vec<Listed>, StoreError>;
    /// All cases ever listed, newest last, for `keyleak cases`.
    async fn all_cases(&self) -> Result<Vec<CaseId>, StoreError>;
    /// Takes or renews the lease on a case's work, if it is free, ours, or over by our clock.
    async fn lease(
        &self,
        case: &CaseId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError>;
    /// Takes a lease over that still stands exactly as it was `seen`, whatever it says of its end:
    /// for one that was not renewed while it was watched, because clocks disagree.
    async fn take_over(
        &self,
        seen: &Lease,
        holder: &str,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError>;
    /// Gives a lease back early.
    async fn release(&self, lease: &Lease) -> Result<(), StoreError>;
}
