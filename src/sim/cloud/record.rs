//! The record that `CloudTrail` makes of a call, in the form of real ones.

use crate::sim::cloud::account::State;
use crate::sim::cloud::calls::{Call, Origin};
use crate::sim::cloud::refusal::Refusal;
use crate::sim::cloud::sessions::{Caller, Who};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// The region whose trail holds IAM's and the global endpoint's calls.
pub(super) const IAM_REGION: &str = "us-east-1";
/// Where the resources of the account are, and the trail of calls about them.
pub(super) const RESOURCE_REGION: &str = "eu-west-1";

/// Puts the record of a call among those that wait for delivery, and gives the id of the call.
pub(super) fn keep(
    state: &mut State,
    origin: &Origin,
    (caller, call): (&Caller, &Call),
    outcome: Result<&Value, &Refusal>,
    now: Timestamp,
) -> Option<String> {
    if outcome.is_err_and(Refusal::is_unauthenticated) {
        return None;
    }
    let mut record = frame(state, origin, caller, now);
    record["eventSource"] = json!(format!("{}.amazonaws.com", call.service));
    record["eventName"] = json!(call.name);
    record["readOnly"] = json!(call.is_read());
    if matches!(call.service, "s3" | "ec2" | "ecs" | "lambda") {
        record["awsRegion"] = json!(RESOURCE_REGION);
    }
    if let Some(region) = &call.region {
        record["awsRegion"] = json!(region);
    }
    record["requestParameters"] = call.parameters();
    record["tlsDetails"]["clientProvidedHostHeader"] = json!(host(call.service));
    if caller.from_console {
        record["sessionCredentialFromConsole"] = json!("true");
    }
    if (call.service, call.name) == ("ses", "SendEmail") {
        record["managementEvent"] = json!(false);
        record["eventCategory"] = json!("Data");
    }
    if call.service == "signin" {
        record["eventType"] = json!("AwsConsoleSignIn");
        record["additionalEventData"] = json!({ "MFAUsed": "No", "MobileVersion": "No" });
    }
    match outcome {
        Ok(response) => record["responseElements"] = response.clone(),
        Err(refusal) => refuse(&mut record, call, refusal),
    }
    if call.name == "AssumeRole" && outcome.is_ok() {
        record["resources"] = json!([{
            "accountId": state.account.0, "type": "AWS::IAM::Role", "ARN": call.resource,
        }]);
    }
    let request_id = record["requestID"].as_str().map(str::to_owned);
    state.outbox.add(now, record, &mut state.chance);
    request_id
}

/// What every record has.
pub(super) fn frame(state: &mut State, origin: &Origin, caller: &Caller, at: Timestamp) -> Value {
    json!({
        "eventVersion": "1.11",
        "userIdentity": identity(state, caller),
        "eventTime": seconds(at),
        "eventSource": null,
        "eventName": null,
        "awsRegion": IAM_REGION,
        "sourceIPAddress": origin.source_ip,
        "userAgent": origin.user_agent,
        "requestParameters": null,
        "responseElements": null,
        "requestID": state.chance.uuid(),
        "eventID": state.chance.uuid(),
        "readOnly": null,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": state.account.0,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
        },
    })
}

/// A moment as records spell it in responses: `Jul 10, 2023 12:24:29 PM`.
pub(super) fn us_date(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%b %-d, %Y %-I:%M:%S %p").to_string()
}

/// The end of a session as STS's records spell it, with one comma more.
pub(super) fn us_expiry(at: Timestamp) -> String {
    let at = at.to_zoned(TimeZone::UTC);
    at.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn refuse(record: &mut Value, call: &Call, refusal: &Refusal) {
    let is_denial = refusal.code == "AccessDenied";
    let is_query = matches!(call.service, "iam" | "sts");
    if is_denial && is_query {
        // IAM and STS do not say what was asked when they deny it.
        record["requestParameters"] = Value::Null;
    }
    let code = if is_query && !is_denial {
        format!("{}Exception", refusal.code)
    } else {
        refusal.code.clone()
    };
    record["errorCode"] = json!(code);
    record["errorMessage"] = json!(refusal.message);
}

fn identity(state: &State, caller: &Caller) -> Value {
    let account = &state.account.0;
    let mut identity = json!({
        "type": "IAMUser",
        "principalId": caller.principal_id,
        "arn": caller.arn,
        "accountId": account,
        "accessKeyId": caller.key_id,
    });
    let issuer = match &caller.who {
        Who::User(user) | Who::Service(user) => {
            identity["userName"] = json!(user.name);
            json!({})
        }
        // Of another account's caller the trail here knows the account and nothing else.
        Who::Foreign(elsewhere) => {
            return json!({
                "type": "AWSAccount", "principalId": caller.principal_id, "accountId": elsewhere,
            });
        }
        Who::Federated(user, _) => {
            identity["type"] = json!("FederatedUser");
            json!({
                "type": "IAMUser", "principalId": user.id, "arn": state.user_arn(user),
                "accountId": account, "userName": user.name,
            })
        }
        Who::Role(role) => {
            identity["type"] = json!("AssumedRole");
            json!({
                "type": "Role", "principalId": role.id, "arn": state.role_arn(role),
                "accountId": account, "userName": role.name,
            })
        }
    };
    if let Some(issued) = caller.issued {
        identity["sessionContext"] = json!({
            "sessionIssuer": issuer,
            "webIdFederationData": {},
            "attributes": { "creationDate": seconds(issued), "mfaAuthenticated": "false" },
        });
        if let Some(source) = &caller.source_identity {
            identity["sessionContext"]["sourceIdentity"] = json!(source);
        }
    }
    identity
}

fn host(service: &str) -> String {
    match service {
        "iam" => "iam.amazonaws.com".to_owned(),
        other => format!("{other}.{IAM_REGION}.amazonaws.com"),
    }
}
