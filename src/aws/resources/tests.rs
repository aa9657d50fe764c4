//! What is asked of S3 and Cloud Control, and what becomes of their answers.

use super::*;
use crate::aws::wire_fake::{Answer, Seen, WireFake};
use crate::domain::bucket_policy::BucketDeny;
use crate::domain::ids::{AccountId, CaseId};

const ROLE: &str = "arn:aws:iam::123456789012:role/keyleak-contain";
const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"open","Effect":"Allow",
    "Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::loot/*"}]}"#;

fn name(of: ResourceType, id: &str) -> ResourceName {
    let account = AccountId("123456789012".to_owned());
    ResourceName { of, account, region: "eu-west-1".to_owned(), id: id.to_owned() }
}

fn described(properties: &Value) -> Answer {
    let properties = properties.to_string();
    let description = json!({ "Identifier": "x", "Properties": properties });
    Answer::ok(&json!({ "TypeName": "x", "ResourceDescription": description }).to_string())
}

fn progress(status: &str, code: Option<&str>) -> Answer {
    let mut event = json!({ "RequestToken": "token-1", "OperationStatus": status });
    if let Some(code) = code {
        event["ErrorCode"] = json!(code);
        event["StatusMessage"] = json!("about AKIAQNZGKIQY56JQ7WML");
    }
    Answer::ok(&json!({ "ProgressEvent": event }).to_string())
}

async fn changed(
    name: &ResourceName,
    change: &ResourceChange,
    answers: Vec<Answer>,
) -> (Result<Applied, CallError>, Vec<Seen>) {
    let fake = WireFake::start(answers);
    let outcome = carry_out(&fake.config().await, name, change).await;
    (outcome, fake.seen())
}

fn instance(groups: &[&str]) -> Value {
    json!({ "InstanceId": "i-1", "VpcId": "vpc-1", "SecurityGroupIds": groups,
            "UserData": "secret", "Tags": [{ "Key": "owner", "Value": "web" }] })
}

#[tokio::test]
async fn an_instance_is_read_with_its_groups_and_tags_and_nothing_else_of_it_is_kept() {
    let fake = WireFake::start([described(&instance(&["sg-1", "sg-2"]))]);
    let resources = Resources::new(&fake.config().await);
    let found = resources.read(&name(ResourceType::Instance, "i-1")).await.unwrap();
    let groups = vec!["sg-1".to_owned(), "sg-2".to_owned()];
    assert_eq!(found.state, OfResource::Instance { groups, vpc: Some("vpc-1".to_owned()) });
    assert_eq!(found.detail.arn, "arn:aws:ec2:eu-west-1:123456789012:instance/i-1");
    assert_eq!(found.detail.tags["owner"], "web");
    assert!(!format!("{found:?}").contains("secret"));
    let asked = fake.seen()[0].json();
    assert_eq!(
        (&asked["TypeName"], &asked["Identifier"]),
        (&"AWS::EC2::Instance".into(), &"i-1".into())
    );
    let region = &fake.seen()[0].headers["authorization"];
    assert!(region.contains("/eu-west-1/cloudcontrolapi/"), "the region of the resource: {region}");
}

#[tokio::test]
async fn an_instance_is_isolated_by_one_patch_and_the_end_of_it_is_waited_for() {
    let change = ResourceChange::Isolate { group: "sg-iso".to_owned() };
    let answers = vec![
        described(&instance(&["sg-1"])),
        progress("IN_PROGRESS", None),
        progress("SUCCESS", None),
    ];
    let (outcome, seen) = changed(&name(ResourceType::Instance, "i-1"), &change, answers).await;
    assert_eq!(outcome.unwrap().request_id.as_deref(), Some("request-1"));
    let operations: Vec<String> = seen.iter().map(Seen::operation).collect();
    assert_eq!(operations, ["GetResource", "UpdateResource", "GetResourceRequestStatus"]);
    let patch: Value =
        serde_json::from_str(seen[1].json()["PatchDocument"].as_str().unwrap()).unwrap();
    let wanted = json!([{ "op": "add", "path": "/SecurityGroupIds", "value": ["sg-iso"] }]);
    assert_eq!(patch, wanted);
    assert_eq!(seen[2].json()["RequestToken"], "token-1");
}

#[tokio::test]
async fn a_function_is_stopped_and_gets_back_what_it_had_or_nothing() {
    let function = name(ResourceType::Function, "miner");
    let had =
        |reserved: Option<u32>| described(&json!({ "ReservedConcurrentExecutions": reserved }));
    let path = "/ReservedConcurrentExecutions";
    let add = |value: u32| json!([{ "op": "add", "path": path, "value": value }]);
    let remove = json!([{ "op": "remove", "path": path }]);
    for (before, change, wanted) in [
        (None, ResourceChange::StopFunction, add(0)),
        (Some(0), ResourceChange::PutConcurrency { reserved: Some(7) }, add(7)),
        (Some(0), ResourceChange::PutConcurrency { reserved: None }, remove),
    ] {
        let answers = vec![had(before), progress("SUCCESS", None)];
        let (outcome, seen) = changed(&function, &change, answers).await;
        assert!(outcome.is_ok(), "{outcome:?}");
        let patch = seen[1].json()["PatchDocument"].as_str().unwrap().to_owned();
        assert_eq!(serde_json::from_str::<Value>(&patch).unwrap(), wanted);
    }
}

#[tokio::test]
async fn what_is_so_already_is_not_changed_again() {
    let change = ResourceChange::Isolate { group: "sg-iso".to_owned() };
    let answers = vec![described(&instance(&["sg-iso"]))];
    let (outcome, seen) = changed(&name(ResourceType::Instance, "i-1"), &change, answers).await;
    assert_eq!(outcome.unwrap().how.as_deref(), Some(StepResult::WAS_SO));
    assert_eq!(seen.len(), 1, "looked at, and left");
}

#[tokio::test]
async fn each_end_of_a_request_has_the_class_that_decides_what_to_do() {
    let change = ResourceChange::Isolate { group: "sg-iso".to_owned() };
    for (code, class) in [
        ("AccessDenied", CallClass::Denied),
        ("NotFound", CallClass::NotFound),
        ("Throttling", CallClass::Throttled),
        ("ResourceConflict", CallClass::Conflict),
        ("ServiceLimitExceeded", CallClass::LimitExceeded),
        ("ServiceInternalError", CallClass::Unavailable),
        ("NotUpdatable", CallClass::Other),
    ] {
        let answers = vec![described(&instance(&["sg-1"])), progress("FAILED", Some(code))];
        let (outcome, _) = changed(&name(ResourceType::Instance, "i-1"), &change, answers).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.class, class, "{code}");
        assert!(!error.message.contains("AKIAQNZGKIQY"), "masked: {error}");
    }
    let busy = Answer::json_error(400, "ConcurrentOperationException");
    let answers = vec![described(&instance(&["sg-1"])), busy];
    let (outcome, _) = changed(&name(ResourceType::Instance, "i-1"), &change, answers).await;
    assert_eq!(outcome.unwrap_err().class, CallClass::Conflict);
}

#[tokio::test]
async fn a_bucket_keeps_its_policy_and_gets_the_deny_and_only_in_the_planned_account() {
    let bucket = name(ResourceType::Bucket, "loot");
    let deny = BucketDeny::new(&CaseId("kl-1".to_owned()), &bucket.arn(), vec![ROLE.to_owned()]);
    let close = ResourceChange::CloseBucket { deny: deny.clone() };
    let (outcome, seen) = changed(&bucket, &close, vec![Answer::ok(OPEN), Answer::ok("")]).await;
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(seen[0].line.starts_with("GET /loot/?policy"), "{}", seen[0].line);
    assert!(seen[1].line.starts_with("PUT /loot/?policy"), "{}", seen[1].line);
    assert!(seen.iter().all(|one| one.headers["x-amz-expected-bucket-owner"] == "123456789012"));
    assert!(deny.is_in(&seen[1].body) && seen[1].body.contains("\"open\""), "{}", seen[1].body);
}

#[tokio::test]
async fn a_bucket_without_a_policy_gets_one_and_loses_it_again() {
    let bucket = name(ResourceType::Bucket, "loot");
    let deny = BucketDeny::new(&CaseId("kl-1".to_owned()), &bucket.arn(), vec![ROLE.to_owned()]);
    let none = Answer::Say {
        status: 404,
        body: "<Error><Code>NoSuchBucketPolicy</Code><Message>none</Message></Error>".to_owned(),
    };
    let close = ResourceChange::CloseBucket { deny };
    let (outcome, seen) = changed(&bucket, &close, vec![none, Answer::ok("")]).await;
    assert!(outcome.is_ok() && seen[1].line.starts_with("PUT"), "{outcome:?}");
    let back = ResourceChange::PutBucketPolicy { document: None };
    let (outcome, seen) = changed(&bucket, &back, vec![Answer::ok("")]).await;
    assert!(outcome.is_ok() && seen[0].line.starts_with("DELETE /loot/?policy"), "{seen:?}");
}

#[tokio::test]
async fn a_bucket_is_read_with_its_owner_tag_and_without_the_right_to_that_nobody_is_known() {
    let tagged =
        "<Tagging><TagSet><Tag><Key>owner</Key><Value>web</Value></Tag></TagSet></Tagging>";
    let error = |status, code: &str| Answer::Say {
        status,
        body: format!("<Error><Code>{code}</Code><Message>no</Message></Error>"),
    };
    let busy = error(503, "SlowDown");
    for (answer, owner) in [
        (Answer::ok(tagged), Ok(Some("web"))),
        (error(404, "NoSuchTagSet"), Ok(None)),
        (error(403, "AccessDenied"), Ok(None)),
        (busy, Err(CallClass::Throttled)),
    ] {
        let fake = WireFake::start([Answer::ok(OPEN), answer]);
        let resources = Resources::new(&fake.config().await);
        let found = resources.read(&name(ResourceType::Bucket, "loot")).await;
        let told = found.as_ref().map(|found| found.detail.tags.get("owner").map(String::as_str));
        assert_eq!(told.map_err(|error| error.class), owner);
        assert!(fake.seen()[1].line.starts_with("GET /loot/?tagging"), "{:?}", fake.seen());
        assert_eq!(fake.seen()[1].headers["x-amz-expected-bucket-owner"], "123456789012");
    }
}

#[tokio::test]
async fn what_one_property_stops_is_set_by_one_patch_and_a_service_is_named_with_its_cluster() {
    let service = "arn:aws:ecs:eu-west-1:123456789012:service/farm/miner|farm";
    for (of, id, identifier, property, was, off) in [
        (ResourceType::EventSource, "0a1b", "0a1b", "Enabled", json!(true), json!(false)),
        (ResourceType::Service, "farm/miner", service, "DesiredCount", json!(3), json!(0)),
    ] {
        let value = serde_json::from_value(was.clone()).unwrap();
        let back = ResourceChange::SwitchBack { of, value };
        for (change, now, wanted) in
            [(ResourceChange::SwitchOff { of }, &was, &off), (back, &off, &was)]
        {
            let answers = vec![described(&json!({ property: now })), progress("SUCCESS", None)];
            let (outcome, seen) = changed(&name(of, id), &change, answers).await;
            assert!(outcome.is_ok(), "{outcome:?}");
            let asked = seen[1].json();
            assert_eq!(
                (&asked["Identifier"], &asked["TypeName"]),
                (&identifier.into(), &of.type_name().into())
            );
            let patch: Value =
                serde_json::from_str(asked["PatchDocument"].as_str().unwrap()).unwrap();
            let path = format!("/{property}");
            assert_eq!(patch, json!([{ "op": "add", "path": path, "value": wanted }]));
        }
        let answers = vec![described(&json!({ "Other": 1 }))];
        let (outcome, seen) =
            changed(&name(of, id), &ResourceChange::SwitchOff { of }, answers).await;
        assert!(outcome.unwrap_err().message.contains(property), "what is not told is not guessed");
        assert_eq!(seen.len(), 1);
    }
}
