//! `keyleak manifest`: prints what to install, with the names of this configuration.

use crate::aws::manifests::{self, ManifestNames};
use crate::aws::tables::TableNames;
use crate::cli::setup::{Manifest, ManifestArguments};
use crate::commands::CommandError;
use crate::config::anchors::AnchorPlace;
use crate::config::trail::TrailConfig;
use crate::config::transport::Transport;
use crate::config::{self, Config, EvidenceConfig, JournalConfig};
use crate::slack::manifest as app;

/// The text of a manifest; what is not configured yet stands in it under its default name.
pub fn manifest(arguments: &ManifestArguments) -> Result<String, CommandError> {
    let config = config::load_for_setup(arguments.config.as_deref())?;
    match arguments.what {
        Manifest::Slack => slack(&config, arguments.url.as_deref()),
        Manifest::Iam => Ok(iam(&config)),
        Manifest::Table => tables(&config),
        Manifest::Scp => Ok(manifests::quarantine(&config.aws)),
        Manifest::Preflight => Ok(manifests::preflight(&config.aws)),
    }
}

fn slack(config: &Config, url: Option<&str>) -> Result<String, CommandError> {
    match (&config.slack.transport, url) {
        (Transport::Socket(_), None) => return Ok(app::for_socket_mode()),
        (Transport::Socket(_), Some(_)) => {
            return Err(CommandError::Setup(
                "slack.transport is \"socket\", so that Slack needs no address; leave --url out"
                    .to_owned(),
            ));
        }
        (Transport::Http, _) => {}
    }
    let url = match url {
        Some(url) => app::public_url(url)
            .map_err(|error| CommandError::Setup(format!("--url is {url}; it {error}")))?,
        None => config.public_url.clone().unwrap_or_else(|| app::PLACEHOLDER_URL.to_owned()),
    };
    Ok(app::app(&url).trim_end().to_owned())
}

fn iam(config: &Config) -> String {
    let tables = match &config.journal {
        JournalConfig::DynamoDb(tables) => tables.clone(),
        JournalConfig::Sqlite(_) => TableNames::default(),
    };
    manifests::policies(&ManifestNames {
        tables: &tables,
        deny_policy_arn: &config.rules.plans.deny_policy_arn,
        aws: &config.aws,
        evidence: match &config.evidence {
            EvidenceConfig::Bucket(settings) => Some(settings),
            EvidenceConfig::Folder(_) => None,
        },
        anchors: match config.anchors.as_ref().map(|anchors| &anchors.place) {
            Some(AnchorPlace::Bucket(settings)) => Some(settings),
            Some(AnchorPlace::Folder(_)) | None => None,
        },
        athena: match &config.trail {
            TrailConfig::Athena(settings, _) => Some(settings),
            TrailConfig::None | TrailConfig::Paths(_) | TrailConfig::EventHistory(_) => None,
        },
    })
}

fn tables(config: &Config) -> Result<String, CommandError> {
    match &config.journal {
        JournalConfig::DynamoDb(tables) => Ok(manifests::tables(tables)),
        JournalConfig::Sqlite(path) => Err(CommandError::Setup(format!(
            "journal.store is \"sqlite\": {} needs no table; keyleak makes it at the first start",
            path.display()
        ))),
    }
}
