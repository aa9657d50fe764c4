//! The trail that the configuration names.

use crate::aws::athena::AthenaTrail;
use crate::aws::athena_table::{AthenaSettingError, AthenaSettings};
use crate::aws::clients::{self, AwsSettings};
use crate::aws::event_history::AwsEventHistory;
use crate::aws::other_logs::AthenaLogs;
use crate::commands::CommandError;
use crate::config::Config;
use crate::config::trail::TrailConfig;
use crate::ports::clock::Clock;
use crate::ports::trail::Trail;
use crate::trail::address_books::AddressBooks;
use crate::trail::event_history::HistoryTrail;
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use crate::trail::own_questions;
use crate::trail::quick::QuickFirst;
use aws_config::SdkConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// A query is stopped by one call; whoever ends the process waits no longer for that.
const STOPPING_MAX: Duration = Duration::from_secs(5);

/// Waits until the queries that nobody waits for any more are stopped.
pub async fn let_go(tasks: &TaskTracker) {
    tasks.close();
    if tokio::time::timeout(STOPPING_MAX, tasks.wait()).await.is_err() {
        tracing::warn!("a query may go on in Athena, up to the limit of its workgroup");
    }
}

/// Opens it; `None` where none is configured.
pub async fn configured(
    config: &Config,
    sdk: &SdkConfig,
    tasks: &TaskTracker,
) -> Result<Option<Arc<dyn Trail>>, CommandError> {
    let catalogue = own_questions::catalogue(config.questions.as_deref())
        .map_err(|error| CommandError::Setup(error.to_string()))?;
    let books = AddressBooks::open(&config.addresses)
        .map_err(|error| CommandError::Setup(error.to_string()))?;
    let books = Arc::new(books);
    Ok(match &config.trail {
        TrailConfig::None => None,
        TrailConfig::Paths(paths) => {
            let local = Investigator::asking(LocalTrail::new(paths.clone()), catalogue);
            Some(Arc::new(local.knowing(books)))
        }
        TrailConfig::Athena(settings, history) => {
            let lookup = looking(config, sdk).await;
            let logs = AthenaLogs::new(&lookup, &config.logs, Clock::real(), tasks);
            let logs = Arc::new(logs.map_err(unusable)?);
            let source = in_athena(&lookup, settings, tasks)?;
            let cuts = Arc::new(source.whole_cuts());
            let whole = Investigator::asking(source, catalogue.clone());
            let whole = whole.beside(logs).asking_whole_cuts(cuts).knowing(Arc::clone(&books));
            match history {
                None => Some(Arc::new(whole) as Arc<dyn Trail>),
                Some(regions) => {
                    let quick = event_history(sdk, &config.aws, regions).await;
                    let quick = Investigator::asking(quick, catalogue).knowing(books);
                    Some(Arc::new(QuickFirst::new(quick, whole)))
                }
            }
        }
        TrailConfig::EventHistory(regions) => {
            let source = event_history(sdk, &config.aws, regions).await;
            Some(Arc::new(Investigator::asking(source, catalogue).knowing(books)))
        }
    })
}

/// Who looks at the trail: the lookup role, where there is one.
pub(super) async fn looking(config: &Config, sdk: &SdkConfig) -> SdkConfig {
    match &config.aws.lookup_role {
        Some(role) => clients::with_role(sdk, role, "keyleak-athena").await,
        None => sdk.clone(),
    }
}

/// The table of the trail, as whoever looks at it.
pub(super) fn in_athena(
    lookup: &SdkConfig,
    settings: &AthenaSettings,
    tasks: &TaskTracker,
) -> Result<AthenaTrail, CommandError> {
    AthenaTrail::new(lookup, settings.clone(), Clock::real(), tasks.clone()).map_err(unusable)
}

fn unusable(error: AthenaSettingError) -> CommandError {
    CommandError::Setup(error.to_string())
}

/// CloudTrail's event history of every account that the settings name.
pub(super) async fn event_history(
    sdk: &SdkConfig,
    aws: &AwsSettings,
    regions: &[String],
) -> HistoryTrail {
    let clock = Clock::real();
    let history = AwsEventHistory::new(sdk, aws, regions, clock).await;
    HistoryTrail::new(Arc::new(history), clock)
}
