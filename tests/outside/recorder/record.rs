//! One exchange as the record CloudTrail makes of it, or none where CloudTrail makes none.

use super::Exchange;
use super::identity::People;
use super::wire::{Call, Refusal, Service};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Refusals before anybody was recognised; CloudTrail records authenticated requests only.
const NOT_AUTHENTICATED: [&str; 14] = [
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];
/// How the names of calls that change nothing begin.
const READS: [&str; 7] = ["Get", "List", "Describe", "Head", "Simulate", "Generate", "Lookup"];
/// Calls whose answer is recorded although their name begins like a read.
const MINTS: [&str; 3] = ["AssumeRole", "GetSessionToken", "GetFederationToken"];

/// The record of an exchange that CloudTrail would have seen.
pub(super) fn write(exchange: &Exchange, call: &Call, people: &People) -> Option<Value> {
    if let Err(refusal) = &call.outcome
        && NOT_AUTHENTICATED.contains(&refusal.code.as_str())
    {
        return None;
    }
    let identity = people.identity(&call.key);
    let account = identity["accountId"].clone();
    let is_read = is_read(&call.name);
    let mut record = json!({
        "eventVersion": if call.service == Service::Iam { "1.09" } else { "1.08" },
        "userIdentity": identity,
        "eventTime": exchange.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": call.service.source(),
        "eventName": call.name,
        // IAM is one service for the whole world, and its trail lies in one region.
        "awsRegion": if call.service == Service::Iam { "us-east-1" } else { &call.region },
        "sourceIPAddress": exchange.source_ip,
        "userAgent": header(exchange, "user-agent"),
        "requestParameters": call.parameters,
        "responseElements": null,
        "requestID": call.request_id,
        "eventID": event_id(&call.request_id),
        "readOnly": is_read,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": header(exchange, "host"),
        },
    });
    match &call.outcome {
        Ok(answer) if !is_read || MINTS.contains(&call.name.as_str()) => {
            record["responseElements"] = answer.clone();
        }
        Ok(_) => {}
        Err(refusal) => refuse(&mut record, call.service, refusal),
    }
    Some(record)
}

/// Whose role somebody of another account assumes gets a record too, which knows of the caller the
/// account and nothing else.
pub(super) fn as_the_owner_of_the_role_sees_it(record: &Value) -> Option<Value> {
    let role = record["requestParameters"]["roleArn"].as_str()?;
    let owner = role.split(':').nth(4)?;
    let caller = &record["userIdentity"];
    if record["eventName"] != "AssumeRole" || record["errorCode"].is_string() {
        return None;
    }
    (caller["accountId"] != owner).then(|| {
        let mut copy = record.clone();
        copy["recipientAccountId"] = json!(owner);
        copy["userIdentity"] = json!({
            "type": "AWSAccount",
            "principalId": caller["principalId"],
            "accountId": caller["accountId"],
        });
        copy["sharedEventID"] = record["eventID"].clone();
        copy["eventID"] = json!(event_id(&format!("{owner} {}", record["eventID"])));
        copy
    })
}

fn refuse(record: &mut Value, service: Service, refusal: &Refusal) {
    let is_denial = refusal.code.starts_with("AccessDenied");
    let is_query = matches!(service, Service::Iam | Service::Sts);
    if is_denial && is_query {
        // IAM and STS do not say what was asked when they deny it.
        record["requestParameters"] = Value::Null;
    }
    let code = if is_query && !is_denial && !refusal.code.ends_with("Exception") {
        format!("{}Exception", refusal.code)
    } else {
        refusal.code.clone()
    };
    record["errorCode"] = json!(code);
    record["errorMessage"] = json!(refusal.message);
}

fn is_read(name: &str) -> bool {
    let mints = matches!(name, "GetSessionToken" | "GetFederationToken");
    name == "AssumeRole" || (!mints && READS.iter().any(|prefix| name.starts_with(prefix)))
}

fn header<'a>(exchange: &'a Exchange, name: &str) -> &'a str {
    exchange.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn event_id(request_id: &str) -> String {
    let hash = hex::encode(Sha256::digest(request_id));
    let (a, b, c, d, e) = (&hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32]);
    format!("{a}-{b}-4{c}-a{d}-{e}")
}
