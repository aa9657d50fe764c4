//! What was taken in for a timeline and is still to be done, as the inbox keeps it.

use crate::domain::capture::CapturedWords;
use crate::domain::digest::sha256_hex;
use crate::domain::ids::{CaseId, ChannelId, MessageTs};
use crate::domain::record::Actor;
use crate::flow::desk::Desk;
use crate::flow::ledger::LedgerError;
use crate::ports::journal::{Kept, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hasher, RandomState};

/// Something to be put into a timeline, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "timeline", rename_all = "snake_case")]
pub(super) enum Wish {
    Add { by: Actor, at: Spot, thread: Option<MessageTs>, origin: Origin },
    Note { by: Actor, case: CaseId, words: CapturedWords, origin: Origin },
    Changed { at: Spot, change: Change, origin: Origin },
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    pub channel: ChannelId,
    pub ts: MessageTs,
}

/// What Slack says of a message that somebody changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    Edited { at: Timestamp, words: CapturedWords },
    Deleted { at: Timestamp },
}

/// The delivery that brought it, and what its words are salted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) delivery: String,
    pub(super) asked_at: Timestamp,
    pub(super) salt: String,
}

/// Whether a message waits to be put into a timeline.
pub(super) async fn is_on_its_way(desk: &Desk, spot: &Spot) -> Result<bool, LedgerError> {
    let kept = desk.work.kept().await.map_err(|error| unreachable(&error))?;
    let wishes = kept.iter().filter_map(|kept| serde_json::from_str::<Wish>(&kept.what).ok());
    Ok(wishes.into_iter().any(|wish| match wish {
        Wish::Add { at, .. } => at == *spot,
        Wish::Note { .. } | Wish::Changed { .. } => false,
    }))
}

pub(super) fn origin(desk: &Desk, delivery: Option<String>, about: &str) -> Origin {
    let delivery = delivery.unwrap_or_else(|| format!("timeline:{}", sha256_hex(about.as_bytes())));
    Origin { delivery, asked_at: desk.clock.now(), salt: salt() }
}

/// What nobody outside this process can tell: a hash under keys of the system's own randomness.
fn salt() -> String {
    let unknown = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", unknown(), unknown())
}

/// Keeps a wish under the name of its delivery; one that is there already stays, with its salt.
pub(super) async fn keep(desk: &Desk, wish: &Wish) -> Result<(), LedgerError> {
    let origin = match wish {
        Wish::Add { origin, .. } | Wish::Note { origin, .. } | Wish::Changed { origin, .. } => {
            origin
        }
    };
    let id = sha256_hex(origin.delivery.as_bytes());
    let there = desk.work.kept().await.map_err(|error| unreachable(&error))?;
    if there.iter().any(|kept| kept.id == id) {
        return Ok(());
    }
    let what = serde_json::to_string(wish);
    let what = what.map_err(|error| LedgerError::Unreachable(error.to_string()))?;
    desk.work.keep(&Kept { id, what }).await.map_err(|error| unreachable(&error))
}

pub(super) fn unreachable(error: &StoreError) -> LedgerError {
    LedgerError::Unreachable(error.0.clone())
}
