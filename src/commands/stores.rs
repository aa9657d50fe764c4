//! The journal, the work tables and the evidence store that the configuration names.

use crate::aws::anchors::S3Anchors;
use crate::aws::clients;
use crate::aws::evidence::S3Evidence;
use crate::aws::journal::DynamoJournal;
use crate::aws::work::DynamoWork;
use crate::commands::CommandError;
use crate::config::anchors::{AnchorConfig, AnchorPlace};
use crate::config::{Config, EvidenceConfig, JournalConfig, SlackConfig};
use crate::flow::desk::Notary;
use crate::ports::anchors::Anchors;
use crate::ports::evidence::Evidence;
use crate::ports::journal::{Journal, Work};
use crate::slack::web::{SLACK_API_URL, SlackSettings};
use crate::store::anchor_folder::AnchorFolder;
use crate::store::folder::Folder;
use crate::store::sqlite::{OpenError, Sqlite};
use aws_config::SdkConfig;
use std::path::Path;
use std::sync::Arc;

/// Where decisions are kept.
pub struct Stores {
    pub journal: Arc<dyn Journal>,
    pub work: Arc<dyn Work>,
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stores")
    }
}

/// Opens the journal that the configuration names; records that are too big for a table lie in
/// the evidence store.
pub fn journal(config: &Config, sdk: &SdkConfig) -> Result<Stores, CommandError> {
    match &config.journal {
        JournalConfig::Sqlite(path) => sqlite(path),
        JournalConfig::DynamoDb(tables) => {
            let evidence = evidence(&config.evidence, sdk)?;
            Ok(Stores {
                journal: Arc::new(DynamoJournal::new(sdk, tables, evidence)),
                work: Arc::new(DynamoWork::new(sdk, tables)),
            })
        }
    }
}

/// Opens a SQLite journal that must be there, such as the one that a drill leaves, to read it.
pub fn kept(path: &Path) -> Result<Stores, CommandError> {
    if !path.exists() {
        return Err(CommandError::Setup(format!("there is no journal {}", path.display())));
    }
    opened(Sqlite::open_to_read(path))
}

/// Opens a SQLite journal.
pub fn sqlite(path: &Path) -> Result<Stores, CommandError> {
    opened(Sqlite::open(path))
}

fn opened(store: Result<Sqlite, OpenError>) -> Result<Stores, CommandError> {
    let store = Arc::new(store.map_err(|error| CommandError::Setup(error.to_string()))?);
    Ok(Stores { journal: Arc::clone(&store) as Arc<dyn Journal>, work: store })
}

/// Opens the evidence store that the configuration names.
pub fn evidence(
    config: &EvidenceConfig,
    sdk: &SdkConfig,
) -> Result<Arc<dyn Evidence>, CommandError> {
    match config {
        EvidenceConfig::Bucket(settings) => Ok(Arc::new(S3Evidence::new(sdk, settings.clone()))),
        EvidenceConfig::Folder(path) => {
            let folder = Folder::open(path);
            Ok(Arc::new(folder.map_err(|error| CommandError::Setup(error.to_string()))?))
        }
    }
}

/// Where anchors are kept and what signs them, if a place is configured.
pub fn notary(
    config: Option<&AnchorConfig>,
    sdk: &SdkConfig,
) -> Result<Option<Notary>, CommandError> {
    let Some(config) = config else { return Ok(None) };
    let anchors: Arc<dyn Anchors> = match &config.place {
        AnchorPlace::Bucket(settings) => Arc::new(S3Anchors::new(sdk, settings.clone())),
        AnchorPlace::Folder(path) => {
            let folder = AnchorFolder::open(path);
            Arc::new(folder.map_err(|error| CommandError::Setup(error.to_string()))?)
        }
    };
    Ok(Some(Notary { anchors, key: config.key.clone(), every: config.every }))
}

/// Every address that is neither Slack's nor AWS's own: it is written into each case.
pub fn endpoints(config: &SlackConfig, sdk: &SdkConfig) -> Vec<String> {
    let mut endpoints = clients::endpoints(sdk);
    if config.api_url != SLACK_API_URL {
        endpoints.push(format!("Slack: {}", config.api_url));
    }
    endpoints
}

/// How Slack is reached.
pub fn slack(config: &SlackConfig) -> SlackSettings {
    SlackSettings {
        api_url: config.api_url.clone(),
        bot_token: config.bot_token.clone(),
        team_id: config.team_id.clone(),
        app_id: config.app_id.clone(),
    }
}

/// The SDK's configuration, for a journal that needs it.
pub async fn sdk(region: Option<String>) -> SdkConfig {
    clients::load(region).await
}
