//! Looks whether CloudTrail's event history may be read: one event of the last hour is asked for.

use crate::aws::checkup::trouble;
use crate::aws::clients;
use crate::aws::error::call_error;
use crate::domain::checkup::Trouble;
use aws_config::SdkConfig;
use aws_sdk_account::types::RegionOptStatus;

const LOOKUP_EVENTS: &str = "cloudtrail:LookupEvents";
const LIST_REGIONS: &str = "account:ListRegions";

/// Asks in the first of the named regions; where none is named every enabled one is, so that the
/// list of them has to be readable too.
pub async fn history(config: &SdkConfig, regions: &[String]) -> Result<(), Trouble> {
    let asked = match regions.first() {
        Some(region) => clients::in_region(config, region),
        None => {
            let client = aws_sdk_account::Client::new(config);
            let enabled =
                client.list_regions().region_opt_status_contains(RegionOptStatus::Enabled);
            let listed = enabled.max_results(1).send().await;
            listed.map_err(|error| trouble(call_error(LIST_REGIONS, &error)))?;
            config.clone()
        }
    };
    let client = aws_sdk_cloudtrail::Client::new(&asked);
    let found = client.lookup_events().max_results(1).send().await;
    found.map(drop).map_err(|error| trouble(call_error(LOOKUP_EVENTS, &error)))
}
