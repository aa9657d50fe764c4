//! What lies in an export: its files by name, and its evidence by hash (answers, and the words of
//! the timeline).

use crate::domain::digest::sha256_hex;
use crate::ports::evidence::{Evidence, EvidenceError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The records, one a line, byte for byte as the journal holds them.
pub(super) const RECORDS: &str = "records.jsonl";
/// The anchors, one a line.
pub(super) const ANCHORS: &str = "anchors.jsonl";
/// The folders of an export with objects that records name.
const FOLDERS: [&str; 2] = ["queries", "timeline"];

/// Which file holds which content.
#[derive(Debug)]
pub(super) struct ExportedEvidence(BTreeMap<String, PathBuf>);

impl ExportedEvidence {
    /// Looks through an export's folder, or through the one that its records lie in.
    pub(super) fn open(export: &Path) -> std::io::Result<Self> {
        let root = if export.is_dir() { Some(export) } else { export.parent() };
        let mut files = BTreeMap::new();
        let folders = root.into_iter().flat_map(|root| FOLDERS.map(|name| root.join(name)));
        for folder in folders.filter(|folder| folder.is_dir()) {
            for file in std::fs::read_dir(folder)? {
                let path = file?.path();
                if path.extension().is_some_and(|ending| ending == "json") {
                    files.insert(sha256_hex(&std::fs::read(&path)?), path);
                }
            }
        }
        Ok(Self(files))
    }
}

#[async_trait]
impl Evidence for ExportedEvidence {
    async fn put(&self, _content: &[u8]) -> Result<String, EvidenceError> {
        Err(EvidenceError::Unavailable("an export takes nothing in".to_owned()))
    }

    async fn get(&self, sha256: &str) -> Result<Vec<u8>, EvidenceError> {
        let path = self.0.get(sha256).ok_or_else(|| EvidenceError::Missing(sha256.to_owned()))?;
        let content =
            std::fs::read(path).map_err(|error| EvidenceError::Unavailable(error.to_string()))?;
        match sha256_hex(&content) == sha256 {
            true => Ok(content),
            false => Err(EvidenceError::Altered(sha256.to_owned())),
        }
    }
}
