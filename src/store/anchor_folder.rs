//! Anchors in a folder: one file of JSON lines per case, which only grows.
//!
//! A folder on the journal's own disk shows what somebody did to the journal alone; put it on
//! another host, or on write-once storage, against somebody who owns this one.

use crate::domain::anchor::Anchor;
use crate::domain::digest::canonical;
use crate::domain::ids::CaseId;
use crate::ports::anchors::Anchors;
use crate::ports::journal::StoreError;
use async_trait::async_trait;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// A case is anchored a few dozen times; a file with more lines than this is not ours.
const ANCHORS_MAX: usize = 100_000;

/// Where a drill keeps what its anchors are signed with, beside its journal.
pub const ANCHOR_KEY_FILE: &str = "anchors.key";

/// The folder with the anchors of every case.
#[derive(Debug, Clone)]
pub struct AnchorFolder {
    path: PathBuf,
}

impl AnchorFolder {
    /// Uses a folder, making it if it is not there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(path).map_err(|error| unusable(path, &error))?;
        Ok(Self { path: path.to_owned() })
    }

    fn file(&self, case: &CaseId) -> Result<PathBuf, StoreError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if case.0.is_empty() || !case.0.bytes().all(plain) {
            return Err(StoreError(format!("{case} is not the name of a case")));
        }
        Ok(self.path.join(format!("{case}.jsonl")))
    }

    fn append(&self, anchor: &Anchor) -> Result<(), StoreError> {
        let path = self.file(&anchor.case)?;
        // A line break first, so that a line that a crash cut off spoils no other.
        let line = [b"\n", canonical(anchor).as_slice(), b"\n"].concat();
        let mut options = std::fs::OpenOptions::new();
        let appended = options.append(true).create(true).open(&path).and_then(|mut file| {
            // One write, so that two processes do not mix their lines.
            file.write_all(&line)?;
            file.sync_all()
        });
        appended.map_err(|error| unusable(&path, &error))
    }

    fn load(&self, case: &CaseId) -> Result<Vec<Anchor>, StoreError> {
        let path = self.file(case)?;
        match std::fs::File::open(&path) {
            Ok(file) => lines(file).map_err(|error| unusable(&path, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(unusable(&path, &error)),
        }
    }
}

#[async_trait]
impl Anchors for AnchorFolder {
    async fn keep(&self, anchor: &Anchor) -> Result<(), StoreError> {
        let (folder, anchor) = (self.clone(), anchor.clone());
        on_a_thread(move || folder.append(&anchor)).await
    }

    async fn read(&self, case: &CaseId) -> Result<Vec<Anchor>, StoreError> {
        let (folder, case) = (self.clone(), case.clone());
        on_a_thread(move || folder.load(&case)).await
    }
}

/// Reads anchors from JSON lines; an unreadable line is an error, since it may hide an anchor.
pub fn lines(file: std::fs::File) -> std::io::Result<Vec<Anchor>> {
    let mut anchors = Vec::new();
    for line in BufReader::new(file).lines().take(ANCHORS_MAX) {
        let line = line?;
        match serde_json::from_str::<Anchor>(&line) {
            Ok(anchor) => anchors.push(anchor),
            // A line that a crash cut off was never kept: keeping it failed.
            Err(error) if error.is_eof() => {}
            Err(error) => return Err(error.into()),
        }
    }
    anchors.sort_by_key(|anchor| anchor.from);
    Ok(anchors)
}

async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let outcome = tokio::task::spawn_blocking(work).await;
    outcome.map_err(|error| StoreError(error.to_string()))?
}

fn unusable(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError(format!("the anchors in {} cannot be used: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Seek, Write};

    /// What is read of a file with this text.
    fn read(text: &str) -> std::io::Result<usize> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file.rewind().unwrap();
        lines(file).map(|anchors| anchors.len())
    }

    #[test]
    fn a_line_that_was_cut_off_was_never_kept_and_any_other_is_read_or_refused() {
        let anchor = concat!(
            r#"{"case":"kl-1","from":1,"hashes":["a"],"#,
            r#""at":"2026-01-01T00:00:00Z","signature":"b"}"#
        );
        assert_eq!(read(&format!("\n{anchor}\n{}", &anchor[..40])).unwrap(), 1);
        assert_eq!(read(&format!("{anchor} \n{anchor}\t\r\n")).unwrap(), 2, "blanks hide nothing");
        for hidden in [format!("{anchor}x\n"), format!("x{anchor}\n"), "{}\n".to_owned()] {
            assert!(read(&hidden).is_err(), "{hidden}");
        }
    }
}
