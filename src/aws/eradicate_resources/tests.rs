//! What is asked of S3 and Cloud Control to delete each type, and what becomes of their answers.

use super::*;
use crate::aws::wire_fake::{Answer, Seen, WireFake};
use crate::domain::ids::AccountId;
use serde_json::json;

async fn deleted(
    (of, id): (ResourceType, &str),
    answers: Vec<Answer>,
) -> (Result<Applied, CallError>, Vec<Seen>) {
    let account = AccountId("123456789012".to_owned());
    let name = ResourceName { of, account, region: "eu-west-1".to_owned(), id: id.to_owned() };
    let fake = WireFake::start(answers);
    let outcome = delete(&fake.config().await, &name).await;
    (outcome, fake.seen())
}

fn progress(status: &str, code: Option<&str>) -> Answer {
    let mut event = json!({ "RequestToken": "token-1", "OperationStatus": status });
    if let Some(code) = code {
        event["ErrorCode"] = json!(code);
    }
    Answer::ok(&json!({ "ProgressEvent": event }).to_string())
}

/// As S3 has it, which speaks XML of its own.
fn s3_error(status: u16, code: &str) -> Answer {
    let body = format!("<Error><Code>{code}</Code><Message>as scripted</Message></Error>");
    Answer::Say { status, body }
}

#[tokio::test]
async fn each_type_is_deleted_by_name_in_its_region_and_the_end_is_waited_for() {
    let service = "arn:aws:ecs:eu-west-1:123456789012:service/farm/miner|farm";
    for (of, id, identifier) in [
        (ResourceType::Instance, "i-1", "i-1"),
        (ResourceType::Function, "miner", "miner"),
        (ResourceType::EventSource, "0a-1", "0a-1"),
        (ResourceType::Service, "farm/miner", service),
    ] {
        let answers = vec![progress("IN_PROGRESS", None), progress("SUCCESS", None)];
        let (outcome, seen) = deleted((of, id), answers).await;
        let applied = outcome.unwrap();
        assert_eq!(applied.how.as_deref(), Some("deleted"));
        assert_eq!(applied.request_id.as_deref(), Some("request-1"));
        let operations: Vec<String> = seen.iter().map(Seen::operation).collect();
        assert_eq!(operations, ["DeleteResource", "GetResourceRequestStatus"]);
        let asked = seen[0].json();
        assert_eq!(asked["TypeName"], of.type_name());
        assert_eq!(asked["Identifier"], identifier);
        let region = &seen[0].headers["authorization"];
        assert!(region.contains("/eu-west-1/cloudcontrolapi/"), "{region}");
    }
}

#[tokio::test]
async fn an_earlier_request_is_waited_for_and_what_is_gone_is_not_found() {
    let function = (ResourceType::Function, "miner");
    let busy = || Answer::json_error(400, "ConcurrentOperationException");
    let gone = Answer::json_error(400, "ResourceNotFoundException");
    let (outcome, seen) = deleted(function, vec![busy(), busy(), gone]).await;
    assert_eq!(outcome.unwrap_err().class, CallClass::NotFound, "which is a done step");
    assert_eq!(seen.len(), 3);
    for (code, class) in [
        ("NotFound", CallClass::NotFound),
        ("AccessDenied", CallClass::Denied),
        ("NotStabilized", CallClass::Unavailable),
        ("InvalidRequest", CallClass::Other),
    ] {
        let (outcome, _) = deleted(function, vec![progress("FAILED", Some(code))]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.class, error.call.as_str()), (class, DELETE_RESOURCE), "{code}");
    }
}

#[tokio::test]
async fn a_bucket_is_deleted_by_one_call_and_one_that_is_not_empty_is_explained_and_kept() {
    let loot = (ResourceType::Bucket, "loot");
    let (outcome, seen) = deleted(loot, vec![Answer::ok("")]).await;
    assert_eq!(outcome.unwrap().how.as_deref(), Some("deleted"));
    assert!(seen.len() == 1 && seen[0].line.starts_with("DELETE "), "{seen:?}");
    assert_eq!(seen[0].headers["x-amz-expected-bucket-owner"], "123456789012");

    let full = s3_error(409, "BucketNotEmpty");
    let (outcome, seen) = deleted(loot, vec![full]).await;
    let error = outcome.unwrap_err();
    assert_eq!((error.class, error.class.retryable()), (CallClass::Other, false));
    assert!(error.message.contains("copy it out"), "{error}");
    assert_eq!(seen.len(), 1, "nothing is emptied for it");
    let gone = s3_error(404, "NoSuchBucket");
    let (outcome, _) = deleted(loot, vec![gone]).await;
    assert_eq!(outcome.unwrap_err().class, CallClass::NotFound);
}
