//! What each sub-command does: puts the adapters together and says how it ended.

pub mod archive;
pub mod ask;
pub mod cases;
pub mod drill;
pub mod export;
pub mod manifest;
mod messages;
pub mod orders;
pub mod reconcile;
pub mod restore;
pub mod serve;
pub mod stores;
pub mod trails;
pub mod verify;

use crate::config::reader::ConfigErrors;
use crate::flow::ledger::LedgerError;

/// Why a command did not do what it was asked; the text says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    #[error("{0}")]
    Setup(String),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Trail(#[from] crate::trail::command_line::CommandError),
    /// The command did its work, and what it found is not good.
    #[error("{0}")]
    Found(String),
}
