//! Alarms that would have told of this sooner, as one template that people install.

use crate::domain::case::Case;
use crate::domain::report::shape_parts::Alerts;
use serde_json::{Value, json};

/// Where an alarm stands in the template, what it tells of, and the events that it waits for.
type Alarm = (&'static str, &'static str, Value);

/// The alarms of a case. Nothing of it is in them: the key's id is a parameter, so that it need
/// not be written down here.
pub(super) fn alerts(_case: &Case) -> Alerts {
    let alarms = alarms();
    let mut resources = json!({
        "Topic": { "Type": "AWS::SNS::Topic" },
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": { "Ref": "Topic" },
                "Protocol": "email",
                "Endpoint": { "Ref": "Email" },
            },
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{ "Ref": "Topic" }],
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Effect": "Allow",
                        "Principal": { "Service": "events.amazonaws.com" },
                        "Action": "sns:Publish",
                        "Resource": { "Ref": "Topic" },
                    }],
                },
            },
        },
    });
    for (name, tells, pattern) in &alarms {
        resources[name] = json!({
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": tells,
                "State": "ENABLED",
                "EventPattern": pattern,
                "Targets": [{ "Id": "topic", "Arn": { "Ref": "Topic" } }],
            },
        });
    }
    let template = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Alarms on leaked access keys. CloudTrail must log management events here; \
                        IAM's events come in us-east-1 alone, so install it there too.",
        "Parameters": {
            "Email": { "Type": "String", "Description": "Who is told" },
            "ExposedKeyId": {
                "Type": "String",
                "Description": "The id of the exposed key, never its secret",
                "AllowedPattern": "A(K|S)IA[A-Z0-9]{16}",
            },
        },
        "Resources": resources,
    });
    Alerts {
        covers: alarms.iter().map(|(_, tells, _)| (*tells).to_owned()).collect(),
        cloud_formation: serde_json::to_string_pretty(&template).unwrap_or_default(),
    }
}

fn alarms() -> Vec<Alarm> {
    let calls = |source: &str, names: &[&str]| {
        json!({
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": { "eventSource": [source], "eventName": names },
        })
    };
    vec![
        (
            "ExposedKeyUsed",
            "The exposed key is used, or tried",
            json!({ "detail": { "userIdentity": { "accessKeyId": [{ "Ref": "ExposedKeyId" }] } } }),
        ),
        (
            "KeyExposedByHealth",
            "AWS found an access key in a public place",
            json!({
                "source": ["aws.health"],
                "detail": {
                    "eventTypeCode": [
                        "AWS_RISK_CREDENTIALS_EXPOSED",
                        "AWS_RISK_CREDENTIALS_COMPROMISED",
                    ],
                },
            }),
        ),
        (
            "GuardDutyFinding",
            "GuardDuty finds a credential misused",
            json!({
                "source": ["aws.guardduty"],
                "detail": { "resource": { "resourceType": ["AccessKey"] } },
            }),
        ),
        (
            "LongTermKeyMade",
            "Somebody makes a long-term credential",
            calls(
                "iam.amazonaws.com",
                &[
                    "CreateAccessKey",
                    "CreateLoginProfile",
                    "CreateServiceSpecificCredential",
                    "CreateUser",
                ],
            ),
        ),
        (
            "TrailTouched",
            "Somebody stops or changes a trail",
            calls(
                "cloudtrail.amazonaws.com",
                &["DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"],
            ),
        ),
        (
            "SessionMinted",
            "A long-term key mints a session that outlives it",
            calls("sts.amazonaws.com", &["GetFederationToken", "GetSessionToken"]),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sample::{KEY, opened};

    #[test]
    fn the_template_names_every_alarm_and_nothing_of_the_case() {
        let alerts = alerts(&opened());
        let template: Value = serde_json::from_str(&alerts.cloud_formation).unwrap();
        let rules = template["Resources"].as_object().unwrap().values();
        let rules = rules.filter(|one| one["Type"] == "AWS::Events::Rule");
        let told: Vec<String> = rules
            .map(|rule| rule["Properties"]["Description"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(told.len(), alerts.covers.len());
        assert!(alerts.covers.iter().all(|covered| told.contains(covered)));
        assert!(!alerts.cloud_formation.contains(KEY));
    }
}
