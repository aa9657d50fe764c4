//! Everything that was kept of a case: journal, evidence and anchors, wherever they lie.

use crate::cli::Whereabouts;
use crate::commands::{CommandError, stores};
use crate::config;
use crate::domain::anchor::Anchor;
use crate::domain::ids::CaseId;
use crate::domain::record::Tampering;
use crate::domain::verdict::{Intact, judge};
use crate::ports::anchors::Anchors;
use crate::ports::evidence::Evidence;
use crate::ports::journal::Journal;
use crate::store::anchor_folder::{ANCHOR_KEY_FILE, AnchorFolder};
use crate::store::folder::Folder;
use secrecy::{ExposeSecret, SecretString};
use std::path::Path;
use std::sync::Arc;

/// Where a drill keeps its evidence, its anchors and what signs them, beside its journal.
const EVIDENCE: &str = "evidence";
const ANCHORS: &str = "anchors";

/// What was kept.
pub struct Archive {
    pub journal: Arc<dyn Journal>,
    pub evidence: Option<Arc<dyn Evidence>>,
    pub anchors: Option<Arc<dyn Anchors>>,
    /// What the anchors are signed with, where it is known.
    pub key: Option<SecretString>,
}

/// The records and anchors of one case.
#[derive(Debug, Clone)]
pub struct Kept {
    pub lines: Vec<String>,
    pub anchors: Vec<Anchor>,
}

impl Archive {
    /// Opens what the configuration names, or what lies beside a SQLite journal.
    pub async fn open(at: &Whereabouts) -> Result<Self, CommandError> {
        let key = at.anchor_key.as_deref().map(read_key).transpose()?;
        if let Some(journal) = &at.journal {
            return beside(journal, key);
        }
        // Reading what was kept needs none of Slack's secrets.
        let config = config::load_for_setup(at.config.as_deref())?;
        let sdk = stores::sdk(config.aws.region.clone()).await;
        let notary = stores::notary(config.anchors.as_ref(), &sdk)?;
        Ok(Self {
            journal: stores::journal(&config, &sdk)?.journal,
            evidence: Some(stores::evidence(&config.evidence, &sdk)?),
            key: key.or_else(|| notary.as_ref().map(|notary| notary.key.clone())),
            anchors: notary.map(|notary| notary.anchors),
        })
    }

    /// Reads the records and the anchors of a case.
    pub async fn read(&self, case: &CaseId) -> Result<Kept, CommandError> {
        let setup =
            |error: crate::ports::journal::StoreError| CommandError::Setup(error.to_string());
        // Anchors first: one that is made meanwhile would name records that were not read yet.
        let anchors = match &self.anchors {
            Some(anchors) => anchors.read(case).await.map_err(setup)?,
            None => Vec::new(),
        };
        let lines = self.journal.read(case, 0).await.map_err(setup)?;
        if lines.is_empty() {
            let words =
                format!("there is no case {case} in this journal; `keyleak cases` lists them");
            return Err(CommandError::Setup(words));
        }
        Ok(Kept { lines, anchors })
    }
}

impl Kept {
    /// Whether it is as it was written.
    pub fn judged(&self, case: &CaseId, key: Option<&SecretString>) -> Result<Intact, Tampering> {
        let key = key.map(|key| key.expose_secret().as_bytes());
        judge(case, &self.lines, &self.anchors, key)
    }
}

impl std::fmt::Debug for Archive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Archive")
    }
}

fn beside(journal: &Path, key: Option<SecretString>) -> Result<Archive, CommandError> {
    let stores = stores::kept(journal)?;
    let folder = journal.parent().unwrap_or_else(|| Path::new("."));
    let setup = |error: &dyn std::fmt::Display| CommandError::Setup(error.to_string());
    let evidence = folder.join(EVIDENCE);
    let evidence: Option<Arc<dyn Evidence>> = match evidence.is_dir() {
        true => Some(Arc::new(Folder::open(&evidence).map_err(|error| setup(&error))?)),
        false => None,
    };
    let anchors = folder.join(ANCHORS);
    let anchors: Option<Arc<dyn Anchors>> = match anchors.is_dir() {
        true => Some(Arc::new(AnchorFolder::open(&anchors).map_err(|error| setup(&error))?)),
        false => None,
    };
    let own_key = folder.join(ANCHOR_KEY_FILE);
    let key = match key {
        None if own_key.is_file() => Some(read_key(&own_key)?),
        other => other,
    };
    Ok(Archive { journal: stores.journal, evidence, anchors, key })
}

/// Reads the key that anchors are signed with; it is never an argument, which others could see.
pub fn read_key(path: &Path) -> Result<SecretString, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::Setup(format!("the anchors' key {} cannot be read: {error}", path.display()))
    })?;
    let key = text.trim();
    if key.is_empty() {
        return Err(CommandError::Setup(format!(
            "the anchors' key {} is empty: with it anybody could have signed the anchors",
            path.display()
        )));
    }
    Ok(SecretString::from(key.to_owned()))
}
