//! The cut as one file, a JSON object a line: its rows, its hash, and the rows out of it again.

use crate::domain::trail_row::TrailRow;
use crate::ports::trail::TrailError;
use sha2::{Digest, Sha256};

/// The cut as one file: a JSON object a line, rows in their total order.
pub(super) fn evidence(rows: impl Iterator<Item = TrailRow>) -> Result<Vec<u8>, serde_json::Error> {
    let mut file = Vec::new();
    for row in rows {
        serde_json::to_writer(&mut file, &row)?;
        file.push(b'\n');
    }
    Ok(file)
}

/// The SHA-256 of the evidence file, row by row.
#[derive(Debug, Default)]
pub(super) struct EvidenceHash {
    hash: Sha256,
    line: Vec<u8>,
}

impl EvidenceHash {
    pub(super) fn see(&mut self, row: &TrailRow) -> Result<(), serde_json::Error> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, row)?;
        self.line.push(b'\n');
        self.hash.update(&self.line);
        Ok(())
    }

    /// In lower-case hex.
    pub(super) fn finish(self) -> String {
        hex::encode(self.hash.finalize())
    }
}

/// The rows of an evidence file, each read when it is wanted.
pub(super) struct Lines {
    file: Vec<u8>,
    at: usize,
}

impl Lines {
    pub(super) fn of(file: Vec<u8>) -> Self {
        Self { file, at: 0 }
    }
}

impl Iterator for Lines {
    type Item = Result<TrailRow, TrailError>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.file.get(self.at..).filter(|left| !left.is_empty())?;
        let length = memchr::memchr(b'\n', left).map_or(left.len(), |end| end + 1);
        self.at += length;
        Some(
            serde_json::from_slice(&left[..length])
                .map_err(|error| TrailError::Internal { reason: error.to_string() }),
        )
    }
}
