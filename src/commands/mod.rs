//! What each sub-command does: puts the adapters together and says how it ended.

pub mod archive;
pub mod ask;
mod captured;
pub mod cases;
pub mod doctor;
pub mod drill;
pub mod export;
mod exported_evidence;
mod fetched;
pub mod investigate;
pub mod manifest;
mod messages;
pub mod named_queries;
pub mod one_time_code;
pub mod orders;
mod progress;
pub mod reconcile;
pub mod report;
pub mod restore;
pub mod serve;
pub mod stores;
pub mod trails;
pub mod verify;

use crate::config::reader::ConfigErrors;
use crate::flow::ledger::LedgerError;
use crate::trail::command_line::{Ending, Investigated};

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
    /// A signal ended it.
    #[error("broken off; nothing of it is left")]
    BrokenOff(i32),
    /// The command did its work, and what it found is not good.
    #[error("{0}")]
    Found(String),
}

impl CommandError {
    /// The exit status: 2 where the command line is wrong, as everywhere, and 1 otherwise.
    pub fn status(&self) -> u8 {
        match self {
            Self::Trail(error) if error.is_usage() => 2,
            // As a shell has it.
            Self::BrokenOff(signal) => u8::try_from(128 + signal).unwrap_or(1),
            Self::Config(_)
            | Self::Setup(_)
            | Self::Ledger(_)
            | Self::Trail(_)
            | Self::Found(_) => 1,
        }
    }
}

/// What a command leaves that was carried out.
#[derive(Debug)]
pub struct Done {
    /// What it prints.
    pub text: String,
    /// What it says beside that, on standard error.
    pub notes: Vec<String>,
    /// The exit status.
    pub status: u8,
}

impl From<String> for Done {
    fn from(text: String) -> Self {
        Self { text, notes: Vec::new(), status: 0 }
    }
}

impl From<Investigated> for Done {
    fn from(done: Investigated) -> Self {
        let status = match done.ending {
            Ending::Whole => 0,
            Ending::NoRecords => 3,
            Ending::InPart => 4,
            Ending::Unsettled => 5,
        };
        Self { text: done.text, notes: done.notes, status }
    }
}
