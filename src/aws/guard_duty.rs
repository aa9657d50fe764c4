//! GuardDuty findings about a key or its user, over the configured regions.

use crate::aws::clients;
use crate::aws::error::call_error;
use crate::aws::listing::endless;
use crate::domain::facts::Alert;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::ports::cloud::{CallClass, CallError};
use aws_config::SdkConfig;
use aws_sdk_guardduty::types::{Condition, Finding, FindingCriteria};
use std::collections::BTreeSet;

const LIST_DETECTORS: &str = "guardduty:ListDetectors";
const LIST_FINDINGS: &str = "guardduty:ListFindings";
const GET_FINDINGS: &str = "guardduty:GetFindings";

/// Every IAM action that this file calls; `manifests/iam/lookup.json` allows these.
pub const CALLS: &[&str] = &[LIST_DETECTORS, LIST_FINDINGS, GET_FINDINGS];

/// Findings of one key in one region; a card shows a handful, and more would tell nothing new.
const FINDINGS_MAX: usize = 200;
/// GuardDuty's own limit for one call.
const FINDINGS_PER_CALL: usize = 50;
/// One detector is the rule; a listing that goes on is broken.
const PAGES_MAX: usize = 20;

/// One client a region.
#[derive(Debug, Clone)]
pub(super) struct GuardDuty {
    regions: Vec<(String, aws_sdk_guardduty::Client)>,
}

impl GuardDuty {
    /// The configured regions, or the one the bot runs in.
    pub(super) fn new(config: &SdkConfig, regions: &[String]) -> Self {
        let own = config.region().map(|region| region.as_ref().to_owned());
        let regions = if regions.is_empty() { own.into_iter().collect() } else { regions.to_vec() };
        let client = |region: String| {
            let config = clients::in_region(config, &region);
            (region, aws_sdk_guardduty::Client::new(&config))
        };
        Self { regions: regions.into_iter().map(client).collect() }
    }

    /// What every region says; a region that cannot be read is named, never left out.
    pub(super) async fn alerts(
        &self,
        key: &AccessKeyId,
        user: Option<&UserName>,
    ) -> Result<Vec<Alert>, CallError> {
        let mut found = Vec::new();
        let mut failed = Vec::new();
        let asked = self.regions.iter();
        let asked = asked
            .map(|(region, client)| async move { (region, alerts_in(client, key, user).await) });
        for (region, answer) in futures_util::future::join_all(asked).await {
            match answer {
                Ok(alerts) => found.extend(
                    alerts
                        .into_iter()
                        .map(|alert| Alert { source: format!("GuardDuty {region}"), ..alert }),
                ),
                Err(error) => failed.push((region, error)),
            }
        }
        if failed.len() == self.regions.len() {
            return Err(whole_failure(failed));
        }
        found.extend(failed.into_iter().map(|(region, error)| Alert {
            source: format!("GuardDuty {region}"),
            title: format!("not read: {error}"),
            severity: None,
            at: None,
        }));
        Ok(found)
    }
}

fn whole_failure(mut failed: Vec<(&String, CallError)>) -> CallError {
    match failed.pop() {
        Some((region, error)) => {
            CallError { message: format!("{} (region {region})", error.message), ..error }
        }
        None => CallError::new(
            CallClass::Other,
            LIST_DETECTORS,
            "no region is configured; set aws.guard_duty_regions",
        ),
    }
}

async fn alerts_in(
    client: &aws_sdk_guardduty::Client,
    key: &AccessKeyId,
    user: Option<&UserName>,
) -> Result<Vec<Alert>, CallError> {
    let mut alerts = Vec::new();
    let detectors = detectors(client).await?;
    if detectors.is_empty() {
        return Err(CallError::new(
            CallClass::NotFound,
            LIST_DETECTORS,
            "GuardDuty is not switched on, so the lack of findings means nothing",
        ));
    }
    for detector in detectors {
        // Two criteria in one call would have to hold both; either is of interest.
        let mut ids = BTreeSet::new();
        let by_key = ("resource.accessKeyDetails.accessKeyId", key.reveal());
        let by_user = user.map(|user| ("resource.accessKeyDetails.userName", user.0.as_str()));
        for (field, value) in [Some(by_key), by_user].into_iter().flatten() {
            ids.extend(finding_ids(client, &detector, field, value).await?);
        }
        let ids: Vec<String> = ids.into_iter().take(FINDINGS_MAX).collect();
        for some in ids.chunks(FINDINGS_PER_CALL) {
            let request = client.get_findings().detector_id(&detector);
            let answer = request.set_finding_ids(Some(some.to_vec())).send().await;
            let answer = answer.map_err(|error| call_error(GET_FINDINGS, &error))?;
            alerts.extend(answer.findings().iter().map(alert));
        }
    }
    Ok(alerts)
}

async fn detectors(client: &aws_sdk_guardduty::Client) -> Result<Vec<String>, CallError> {
    let mut pages = client.list_detectors().into_paginator().send();
    let mut all = Vec::new();
    for _ in 0..PAGES_MAX {
        let Some(page) = pages.next().await else {
            return Ok(all);
        };
        let page = page.map_err(|error| call_error(LIST_DETECTORS, &error))?;
        all.extend(page.detector_ids.unwrap_or_default());
    }
    Err(endless(LIST_DETECTORS, PAGES_MAX))
}

async fn finding_ids(
    client: &aws_sdk_guardduty::Client,
    detector: &str,
    field: &str,
    value: &str,
) -> Result<Vec<String>, CallError> {
    let equals = Condition::builder().equals(value).build();
    let criteria = FindingCriteria::builder().criterion(field, equals).build();
    let request = client.list_findings().detector_id(detector);
    let mut pages = request.finding_criteria(criteria).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| call_error(LIST_FINDINGS, &error))?;
        all.extend(page.finding_ids.unwrap_or_default());
        if all.len() >= FINDINGS_MAX {
            break;
        }
    }
    Ok(all)
}

fn alert(finding: &Finding) -> Alert {
    let title = finding.title().or(finding.r#type());
    Alert {
        source: "GuardDuty".to_owned(),
        title: title.unwrap_or("a finding without a title").to_owned(),
        severity: finding.severity().map(severity),
        at: finding.updated_at().and_then(|at| at.parse().ok()),
    }
}

/// GuardDuty's own bands for its numbers.
fn severity(number: f64) -> String {
    let band = match number {
        number if number >= 9.0 => "critical",
        number if number >= 7.0 => "high",
        number if number >= 4.0 => "medium",
        _ => "low",
    };
    band.to_owned()
}
