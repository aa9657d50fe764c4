//! The regions of an account whose event history is read, and the pace at which each may be asked.

use crate::aws::clients;
use crate::aws::error::call_error;
use crate::aws::listing::{PAGES_MAX, endless};
use crate::domain::ids::AccountId;
use crate::ports::clock::{Clock, Mark};
use crate::ports::cloud::CallError;
use crate::ports::trail::Skipped;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_account::types::RegionOptStatus;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, OnceCell};

const LIST_REGIONS: &str = "account:ListRegions";
/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[LIST_REGIONS];

/// CloudTrail answers two requests a second, in each account and region.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(500);

/// The way into the histories of one account.
pub(super) struct Way {
    pub(super) account: Option<AccountId>,
    config: SdkConfig,
    /// Named by the settings; without any, every enabled one is.
    named: Vec<String>,
    enabled: OnceCell<Vec<String>>,
    known: Mutex<BTreeMap<String, Arc<Region>>>,
    clock: Clock,
}

/// One region of one account.
pub(super) struct Region {
    pub(super) name: String,
    pub(super) client: aws_sdk_cloudtrail::Client,
    pace: Pace,
}

/// Keeps requests apart, whoever sends them.
struct Pace {
    clock: Clock,
    last: Mutex<Option<Mark>>,
}

impl Way {
    pub(super) fn new(
        config: SdkConfig,
        account: Option<AccountId>,
        named: &[String],
        clock: Clock,
    ) -> Self {
        let (enabled, known) = (OnceCell::new(), Mutex::default());
        Self { account, config, named: named.to_vec(), enabled, known, clock }
    }

    pub(super) fn name(&self) -> String {
        match &self.account {
            Some(account) => format!("account {account}"),
            None => "keyleak's own account".to_owned(),
        }
    }

    /// Every region to look in; beside them, why they may not be all.
    pub(super) async fn regions(&self) -> (Vec<Arc<Region>>, Option<Skipped>) {
        let (names, untold) = match self.named.is_empty() {
            false => (self.named.clone(), None),
            true => match self.enabled.get_or_try_init(|| self.list()).await {
                Ok(names) => (names.clone(), None),
                Err(error) => (self.likely(), Some(self.untold(&error))),
            },
        };
        let mut known = self.known.lock().await;
        let region = |name: String| {
            let made = known.entry(name.clone());
            Arc::clone(made.or_insert_with(|| Arc::new(self.region(name))))
        };
        (names.into_iter().map(region).collect(), untold)
    }

    async fn list(&self) -> Result<Vec<String>, CallError> {
        let client = aws_sdk_account::Client::new(&self.config);
        let mut names = BTreeSet::new();
        let mut next = None;
        for _ in 0..PAGES_MAX {
            let request = client
                .list_regions()
                .region_opt_status_contains(RegionOptStatus::Enabled)
                .region_opt_status_contains(RegionOptStatus::EnabledByDefault);
            let page = request.set_next_token(next.take()).send().await;
            let page = page.map_err(|error| call_error(LIST_REGIONS, &error))?;
            names.extend(page.regions().iter().filter_map(|region| region.region_name.clone()));
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(names.into_iter().collect());
            }
        }
        Err(endless(LIST_REGIONS, PAGES_MAX))
    }

    /// Where IAM is recorded, and where the bot is.
    fn likely(&self) -> Vec<String> {
        let own = self.config.region().map(|region| region.as_ref().to_owned());
        let of_iam = match own.as_deref() {
            Some(own) if own.starts_with("cn-") => "cn-north-1",
            Some(own) if own.starts_with("us-gov-") => "us-gov-west-1",
            Some(_) | None => "us-east-1",
        };
        let likely: BTreeSet<String> = own.into_iter().chain([of_iam.to_owned()]).collect();
        likely.into_iter().collect()
    }

    fn untold(&self, error: &CallError) -> Skipped {
        let looked_in = self.likely().join(" and ");
        Skipped {
            reason: format!(
                "only {looked_in} were looked in, because the enabled regions are not known \
                 ({error}); name them with trail.event_history.regions"
            ),
            count: 1,
            example: self.name(),
        }
    }

    /// The SDK does not repeat by itself: it knows nothing of the pace.
    fn region(&self, name: String) -> Region {
        let config = clients::in_region(&self.config, &name);
        let config = config.into_builder().retry_config(RetryConfig::disabled()).build();
        let client = aws_sdk_cloudtrail::Client::new(&config);
        Region { name, client, pace: Pace { clock: self.clock, last: Mutex::default() } }
    }
}

impl Region {
    /// Waits until one more request may be sent.
    pub(super) async fn turn(&self) {
        self.pace.turn().await;
    }

    /// Sends nothing for a while.
    pub(super) async fn rest(&self, span: Duration) {
        self.pace.clock.sleep(span).await;
    }
}

impl Pace {
    async fn turn(&self) {
        // Held while waiting: whoever comes later goes later.
        let mut last = self.last.lock().await;
        if let Some(last) = last.as_ref() {
            let age = self.clock.age(last);
            let between = SignedDuration::try_from(BETWEEN_REQUESTS).unwrap_or_default();
            if let Ok(left) = Duration::try_from(between.saturating_sub(age)) {
                self.clock.sleep(left).await;
            }
        }
        *last = Some(self.clock.mark());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use tokio::time::Instant;

    #[tokio::test]
    async fn at_most_two_requests_a_second_go_out_however_many_want_to() {
        const SPEED: u32 = 10;
        let clock = Clock::fast("2026-08-20T10:00:00Z".parse().unwrap(), SPEED);
        let pace = Pace { clock, last: Mutex::default() };
        let begun = Instant::now();
        let turns = (0..7).map(|_| async {
            pace.turn().await;
            begun.elapsed()
        });
        let mut sent = join_all(turns).await;
        sent.sort();
        for two in sent.windows(2) {
            assert!((two[1] - two[0]) * SPEED >= Duration::from_millis(490), "{sent:?}");
        }
        assert!(sent[0] * SPEED < Duration::from_millis(490), "the first one waits for nobody");
    }

    #[tokio::test]
    async fn the_region_of_iam_is_always_likely() {
        let likely = |region: &'static str| {
            let config = SdkConfig::builder().region(aws_config::Region::new(region)).build();
            Way::new(config, None, &[], Clock::real()).likely()
        };
        assert_eq!(likely("eu-west-1"), ["eu-west-1", "us-east-1"]);
        assert_eq!(likely("us-east-1"), ["us-east-1"]);
        assert_eq!(likely("cn-northwest-1"), ["cn-north-1", "cn-northwest-1"]);
        assert_eq!(likely("us-gov-east-1"), ["us-gov-east-1", "us-gov-west-1"]);
    }
}
