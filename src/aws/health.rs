//! AWS Health events about exposed credentials that name a key.

use crate::aws::clients;
use crate::aws::error::call_error;
use crate::aws::listing::{endless, time};
use crate::domain::facts::Alert;
use crate::domain::ids::AccessKeyId;
use crate::ports::cloud::CallError;
use aws_config::SdkConfig;
use aws_sdk_health::types::{EntityFilter, Event, EventFilter};
use std::collections::BTreeMap;

const DESCRIBE_EVENTS: &str = "health:DescribeEvents";
const DESCRIBE_AFFECTED_ENTITIES: &str = "health:DescribeAffectedEntities";

/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[DESCRIBE_EVENTS, DESCRIBE_AFFECTED_ENTITIES];

/// AWS Health is one service for the whole partition, and this is where it answers.
const REGION: &str = "us-east-1";
/// What AWS Health calls a credential that AWS found in the open.
const EVENT_TYPES: &[&str] = &[
    "AWS_RISK_CREDENTIALS_COMPROMISED",
    "AWS_RISK_CREDENTIALS_EXPOSED",
    "AWS_RISK_CREDENTIALS_EXPOSURE_SUSPECTED",
];
/// AWS Health's own limit for one call.
const EVENTS_PER_CALL: usize = 10;
/// Exposure events are rare; a listing that goes on is broken.
const PAGES_MAX: usize = 20;

/// The partition's one AWS Health.
#[derive(Debug, Clone)]
pub(super) struct Health {
    client: aws_sdk_health::Client,
}

impl Health {
    pub(super) fn new(config: &SdkConfig) -> Self {
        let config = clients::in_region(config, REGION);
        Self { client: aws_sdk_health::Client::new(&config) }
    }

    /// The exposure events that name this key.
    pub(super) async fn alerts(&self, key: &AccessKeyId) -> Result<Vec<Alert>, CallError> {
        let events = self.events().await?;
        let arns: Vec<String> = events.keys().cloned().collect();
        let mut alerts = Vec::new();
        for some in arns.chunks(EVENTS_PER_CALL) {
            let named = self.naming(some, key).await?;
            let of_key = named.iter().filter_map(|arn| events.get(arn));
            alerts.extend(of_key.map(alert));
        }
        Ok(alerts)
    }

    async fn events(&self) -> Result<BTreeMap<String, Event>, CallError> {
        let codes = EVENT_TYPES.iter().map(|code| (*code).to_owned()).collect();
        let filter = EventFilter::builder().set_event_type_codes(Some(codes));
        let request = self.client.describe_events().filter(filter.build());
        let mut pages = request.into_paginator().send();
        let mut all = BTreeMap::new();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else {
                return Ok(all);
            };
            let page = page.map_err(|error| call_error(DESCRIBE_EVENTS, &error))?;
            for event in page.events.unwrap_or_default() {
                if let Some(arn) = event.arn() {
                    all.insert(arn.to_owned(), event);
                }
            }
        }
        Err(endless(DESCRIBE_EVENTS, PAGES_MAX))
    }

    /// Which of these events are about this key.
    async fn naming(&self, events: &[String], key: &AccessKeyId) -> Result<Vec<String>, CallError> {
        let filter = EntityFilter::builder()
            .set_event_arns(Some(events.to_vec()))
            .entity_values(key.reveal())
            .build()
            .map_err(|error| {
                CallError::new(
                    crate::ports::cloud::CallClass::Other,
                    DESCRIBE_AFFECTED_ENTITIES,
                    error.to_string(),
                )
            })?;
        let request = self.client.describe_affected_entities().filter(filter);
        let mut pages = request.into_paginator().send();
        let mut named = Vec::new();
        for _ in 0..PAGES_MAX {
            let Some(page) = pages.next().await else {
                named.sort();
                named.dedup();
                return Ok(named);
            };
            let page = page.map_err(|error| call_error(DESCRIBE_AFFECTED_ENTITIES, &error))?;
            let entities = page.entities.unwrap_or_default();
            named.extend(entities.into_iter().filter_map(|entity| entity.event_arn));
        }
        Err(endless(DESCRIBE_AFFECTED_ENTITIES, PAGES_MAX))
    }
}

fn alert(event: &Event) -> Alert {
    let title = event.event_type_code().unwrap_or("an event without a type");
    Alert {
        source: "AWS Health".to_owned(),
        title: title.to_owned(),
        severity: None,
        at: event.start_time().and_then(time),
    }
}
