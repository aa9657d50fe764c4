//! CloudTrail's event history by `LookupEvents`: account by account, in every enabled region, as
//! fast as CloudTrail lets anybody ask.

use crate::aws::clients::{self, AwsSettings};
use crate::aws::error::{call_error, trail_error};
use crate::aws::history_regions::{Region, Way};
use crate::aws::listing::time;
use crate::domain::ids::AccountId;
use crate::ports::clock::Clock;
use crate::ports::cloud::{CallClass, CallError};
use crate::ports::event_history::{About, EventHistory, Found, Search};
use crate::ports::trail::{Skipped, TrailError, Window};
use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use aws_smithy_types::DateTime;
use futures_util::future::join_all;
use jiff::Timestamp;
use serde_json::Value;
use std::time::Duration;

const LOOKUP_EVENTS: &str = "cloudtrail:LookupEvents";
/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[LOOKUP_EVENTS];

/// CloudTrail's own limit for a page.
const PAGE_EVENTS_MAX: i32 = 50;
/// Pages of one search in one region: 5,000 events, which take 50 seconds.
const PAGES_MAX: usize = 100;
/// The role's sessions appear in the trail under this name.
const SESSION_NAME: &str = "keyleak-history";
/// Others use up the same two requests a second; who is refused waits longer each time.
const THROTTLED_WAITS_S: [u64; 5] = [1, 2, 4, 8, 16];
/// A region that does not answer is asked once more, so that it does not hold up the others.
const AWAY_WAITS_S: [u64; 1] = [1];

/// The histories of the bot's own account, and of each that the settings name.
pub struct AwsEventHistory {
    ways: Vec<Way>,
}

impl AwsEventHistory {
    /// Each account with its own lookup role; `regions` are looked in, or every enabled one where
    /// none is named.
    pub async fn new(
        config: &SdkConfig,
        settings: &AwsSettings,
        regions: &[String],
        clock: Clock,
    ) -> Self {
        let own = match &settings.lookup_role {
            Some(role) => clients::with_role(config, role, SESSION_NAME).await,
            None => config.clone(),
        };
        let mut ways = vec![Way::new(own, settings.own_account(), regions, clock)];
        for (id, account) in &settings.accounts {
            let config = clients::with_role(config, &account.lookup_role, SESSION_NAME).await;
            ways.push(Way::new(config, Some(id.clone()), regions, clock));
        }
        Self { ways }
    }

    /// The ways into an account: the one that is known to lead there, or the bot's own where it is
    /// not known which account that is; all where nobody says which account.
    fn ways(&self, account: Option<&AccountId>) -> Result<Vec<&Way>, TrailError> {
        let Some(account) = account else {
            return Ok(self.ways.iter().collect());
        };
        let known = self.ways.iter().find(|way| way.account.as_ref() == Some(account));
        let way = known.or_else(|| self.ways.iter().find(|way| way.account.is_none()));
        way.map(|way| vec![way]).ok_or_else(|| TrailError::Unreadable {
            place: format!("CloudTrail's event history of account {account}"),
            reason: format!("no settings lead there; add [aws.accounts.{account}]"),
        })
    }
}

#[async_trait]
impl EventHistory for AwsEventHistory {
    async fn look_up(&self, search: &Search, window: Window) -> Result<Found, TrailError> {
        let mut all = Found::default();
        let mut error = None;
        for way in self.ways(search.account.as_ref())? {
            let (regions, untold) = way.regions().await;
            all.unread.extend(untold);
            let looks = regions.iter().map(|region| look_in(region, &search.about, window));
            for (region, looked) in regions.iter().zip(join_all(looks).await) {
                match looked {
                    Ok((records, truncated)) => {
                        all.records.extend(records);
                        all.truncated |= truncated;
                        all.regions.push(region.name.clone());
                    }
                    Err(failed) => {
                        all.unread.push(unread(way, region, &failed));
                        error = Some(trail_error(&failed, place(region)));
                    }
                }
            }
        }
        all.regions.sort();
        all.regions.dedup();
        match error {
            Some(error) if all.regions.is_empty() => Err(error),
            Some(_) | None => Ok(all),
        }
    }

    async fn delivered_to(
        &self,
        account: Option<&AccountId>,
    ) -> Result<Option<Timestamp>, TrailError> {
        let mut slowest = Some(Timestamp::MAX);
        for way in self.ways(account)? {
            let (regions, _) = way.regions().await;
            let newest = regions.iter().map(|region| newest_in(region));
            for (region, newest) in regions.iter().zip(join_all(newest).await) {
                match newest {
                    Ok(newest) => slowest = slowest.min(newest),
                    // Where keyleak is never let in it is told with each search, and nothing more
                    // will come from there; whoever is away for now may be behind all others.
                    Err(failed) if failed.class == CallClass::Denied => {}
                    Err(failed) => return Err(trail_error(&failed, place(region))),
                }
            }
        }
        Ok(slowest.filter(|slowest| *slowest < Timestamp::MAX))
    }
}

/// Every page of a search in one region, the newest events first; whether there were more.
async fn look_in(
    region: &Region,
    about: &About,
    window: Window,
) -> Result<(Vec<String>, bool), CallError> {
    let mut records = Vec::new();
    let mut next = None;
    for _ in 0..PAGES_MAX {
        let page = page(region, Some(about), window, (PAGE_EVENTS_MAX, next.take())).await?;
        let texts = page.events().iter().filter_map(|event| event.cloud_trail_event());
        records.extend(texts.filter_map(without_tokens));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok((records, false));
        }
    }
    Ok((records, true))
}

/// The newest event of anybody. There always is one: looking is recorded as well.
async fn newest_in(region: &Region) -> Result<Option<Timestamp>, CallError> {
    let page = page(region, None, Window::default(), (1, None)).await?;
    Ok(page.events().first().and_then(|event| event.event_time()).and_then(time))
}

/// One page, when it is its turn.
async fn page(
    region: &Region,
    about: Option<&About>,
    window: Window,
    (events_max, next): (i32, Option<String>),
) -> Result<LookupEventsOutput, CallError> {
    let attribute = about.map(attribute).transpose()?;
    let at = |time: Option<Timestamp>| time.map(|time| DateTime::from_secs(time.as_second()));
    let mut refused = 0;
    loop {
        region.turn().await;
        let request = region.client.lookup_events().max_results(events_max);
        let request = request.set_lookup_attributes(attribute.clone().map(|one| vec![one]));
        let request = request.set_start_time(at(window.from)).set_end_time(at(window.to));
        let answer = request.set_next_token(next.clone()).send().await;
        let error = match answer {
            Ok(page) => return Ok(page),
            Err(error) => call_error(LOOKUP_EVENTS, &error),
        };
        let waits = match error.class {
            CallClass::Throttled => &THROTTLED_WAITS_S[..],
            CallClass::Unavailable => &AWAY_WAITS_S[..],
            CallClass::Conflict
            | CallClass::Denied
            | CallClass::NotFound
            | CallClass::LimitExceeded
            | CallClass::Other => &[],
        };
        let Some(wait) = waits.get(refused) else {
            return Err(error);
        };
        refused += 1;
        region.rest(Duration::from_secs(*wait)).await;
    }
}

fn attribute(about: &About) -> Result<LookupAttribute, CallError> {
    let (key, value) = match about {
        About::Key(id) => (LookupAttributeKey::AccessKeyId, id.as_str()),
        About::User(name) => (LookupAttributeKey::Username, name.as_str()),
        About::Resource(name) => (LookupAttributeKey::ResourceName, name.as_str()),
        About::Call(name) => (LookupAttributeKey::EventName, *name),
    };
    let attribute = LookupAttribute::builder().attribute_key(key).attribute_value(value);
    attribute
        .build()
        .map_err(|error| CallError::new(CallClass::Other, LOOKUP_EVENTS, error.to_string()))
}

/// The record without what a session signs with; none where it is no JSON.
fn without_tokens(text: &str) -> Option<String> {
    const TOKEN: &str = "sessionToken";
    let mut record: Value = serde_json::from_str(text).ok()?;
    if text.contains(TOKEN) {
        for part in ["responseElements", "requestParameters", "additionalEventData"] {
            remove(&mut record[part], TOKEN);
        }
    }
    Some(record.to_string())
}

fn remove(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => {
            members.remove(name);
            members.values_mut().for_each(|below| remove(below, name));
        }
        Value::Array(items) => items.iter_mut().for_each(|below| remove(below, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn unread(way: &Way, region: &Region, error: &CallError) -> Skipped {
    Skipped {
        reason: format!("region {} was not read: {error}", region.name),
        count: 1,
        example: way.name(),
    }
}

fn place(region: &Region) -> String {
    format!("CloudTrail's event history in {}", region.name)
}

impl std::fmt::Debug for AwsEventHistory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsEventHistory").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
