//! `keyleak investigate` names the ATT&CK techniques of what it found, and of nothing else.

use keyleak::trail::command_line::{Format, InvestigateArguments, OwnQuestions, investigate};
use serde_json::{Value, json};
use std::path::Path;

const KEY: &str = "AKIAZZZZLEAKEDKEY234";
const OTHER: &str = "AKIAZZZZANOTHERKEY22";

fn record(key: &str, call: (&str, &str), id: &str) -> Value {
    json!({
        "eventTime": "2026-08-01T10:00:00Z",
        "eventSource": format!("{}.amazonaws.com", call.0),
        "eventName": call.1,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli",
        "eventID": id,
        "readOnly": false,
        "recipientAccountId": "111122223333",
        "requestParameters": { "name": "audit" },
        "responseElements": null,
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAOWNER",
            "arn": "arn:aws:iam::111122223333:user/ci",
            "accountId": "111122223333",
            "accessKeyId": key,
            "userName": "ci",
        },
    })
}

async fn investigated(folder: &Path, key: &str, format: Format) -> String {
    let arguments = InvestigateArguments {
        key: key.to_owned(),
        trail: vec![folder.to_owned()],
        event_history: false,
        region: Vec::new(),
        from: None,
        to: None,
        exposed_since: None,
        contained_at: None,
        query: vec!["Q31,Q40".to_owned()],
        format,
        addresses: Vec::new(),
        own: OwnQuestions::default(),
    };
    investigate(&arguments, "2026-08-02T00:00:00Z".parse().unwrap()).await.unwrap().text
}

#[tokio::test]
async fn a_finding_carries_its_techniques_in_both_releases_and_no_finding_carries_none() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = record(KEY, ("cloudtrail", "StopLogging"), "1");
    let listed = record(OTHER, ("iam", "ListUsers"), "2");
    let records = json!({ "Records": [stopped, listed] }).to_string();
    let within = folder.path().join("AWSLogs/111122223333/CloudTrail/us-east-1");
    std::fs::create_dir_all(&within).unwrap();
    std::fs::write(within.join("a.json"), records).unwrap();

    let told = investigated(folder.path(), KEY, Format::Json).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["answers"]["Q40"].as_array().unwrap().len(), 1, "{told}");
    let moved = json!({
        "v18": { "id": "T1562.008", "name": "Impair Defenses: Disable or Modify Cloud Logs" },
        "v19": {
            "id": "T1685.002",
            "name": "Disable or Modify Tools: Disable or Modify Cloud Log",
        },
    });
    assert!(told["attack"]["Q40"].as_array().unwrap().contains(&moved), "{told}");
    assert_eq!(told["attack"].as_object().unwrap().len(), 1, "Q31 found nothing: {told}");
    let line = "T1562.008 Impair Defenses: Disable or Modify Cloud Logs (v19: T1685.002";
    let table = investigated(folder.path(), KEY, Format::Table).await;
    assert!(table.contains(line) && !table.contains("T1530"), "{table}");

    let told = investigated(folder.path(), OTHER, Format::Json).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["attack"], json!({}), "{told}");
    assert!(!investigated(folder.path(), OTHER, Format::Table).await.contains("ATT&CK"));
}
