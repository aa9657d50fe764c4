//! A trail of any number of records in CloudTrail's layout, the same for the same number.

use crate::chance::Chance;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

/// The key that leaked: `ci-deploy` uses it lawfully, and from a certain day the actor does too.
pub(crate) const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const ACCOUNT: &str = "029608264753";
const REGIONS: [&str; 4] = ["us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2"];
/// CloudTrail delivers every five minutes or so, with as many records as there were.
const OBJECT_RECORDS: std::ops::RangeInclusive<usize> = 5..=50;
const DAYS: i64 = 15;
const BEGIN: &str = "2026-08-01T00:00:00Z";
/// Callers other than the key's owner: people, workloads on roles, and services.
const CALLERS: usize = 400;
/// One record in so many is of the leaked key or what grew out of it.
const OURS_EVERY: usize = 400;
const SERVED: [(&str, &str, bool); 12] = [
    ("ec2.amazonaws.com", "DescribeInstances", true),
    ("sts.amazonaws.com", "GetCallerIdentity", true),
    ("s3.amazonaws.com", "GetObject", true),
    ("s3.amazonaws.com", "PutObject", false),
    ("kms.amazonaws.com", "Decrypt", true),
    ("logs.amazonaws.com", "CreateLogStream", false),
    ("dynamodb.amazonaws.com", "DescribeTable", true),
    ("ecr.amazonaws.com", "BatchGetImage", true),
    ("lambda.amazonaws.com", "ListFunctions20150331", true),
    ("iam.amazonaws.com", "GetRole", true),
    ("secretsmanager.amazonaws.com", "GetSecretValue", true),
    ("ec2.amazonaws.com", "CreateTags", false),
];
/// What the actor does, over and over.
const RAIDED: [(&str, &str, bool); 8] = [
    ("sts.amazonaws.com", "GetCallerIdentity", true),
    ("iam.amazonaws.com", "ListUsers", true),
    ("s3.amazonaws.com", "ListBuckets", true),
    ("s3.amazonaws.com", "GetObject", true),
    ("secretsmanager.amazonaws.com", "GetSecretValue", true),
    ("ec2.amazonaws.com", "RunInstances", false),
    ("iam.amazonaws.com", "CreateUser", false),
    ("sts.amazonaws.com", "GetSessionToken", true),
];

const AGENT: &str = "Boto3/1.35.36 md/Botocore#1.35.36 ua/2.0 os/linux#6.1.102-111.182.amzn2023 \
    md/arch#x86_64 lang/python#3.12.6 md/pyimpl#CPython cfg/retry-mode#legacy";

/// What was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) records: usize,
    pub(crate) objects: usize,
    /// Bytes on disk, and of the texts in them.
    pub(crate) packed: u64,
    pub(crate) unpacked: u64,
}

/// Writes the trail below a folder.
pub(crate) fn write(folder: &Path, records: usize) -> std::io::Result<Written> {
    let mut dice = Chance::of(1);
    let mut written = Written { records, objects: 0, packed: 0, unpacked: 0 };
    let begin: Timestamp = BEGIN.parse().map_err(std::io::Error::other)?;
    let step_ms = DAYS * 24 * 60 * 60 * 1_000 / i64::try_from(records.max(1)).unwrap_or(i64::MAX);
    let mut number = 0;
    while number < records {
        let few = *OBJECT_RECORDS.start();
        let many = (few + dice.below(OBJECT_RECORDS.end() - few + 1)).min(records - number);
        let region = REGIONS[dice.below(REGIONS.len())];
        let at = |number: usize| begin + SignedDuration::from_millis(step_ms * number as i64);
        let lines: Vec<String> =
            (number..number + many).map(|one| record((one, at(one)), region, &mut dice)).collect();
        let text = format!("{{\"Records\":[{}]}}", lines.join(","));
        written.unpacked += text.len() as u64;
        written.packed += deliver(folder, (at(number), region), (written.objects, &text))?;
        written.objects += 1;
        number += many;
    }
    Ok(written)
}

fn deliver(
    folder: &Path,
    (at, region): (Timestamp, &str),
    (number, text): (usize, &str),
) -> std::io::Result<u64> {
    let day = at.strftime("%Y/%m/%d");
    let folder = folder.join(format!("AWSLogs/{ACCOUNT}/CloudTrail/{region}/{day}"));
    fs::create_dir_all(&folder)?;
    let stamp = at.strftime("%Y%m%dT%H%MZ");
    let path = folder.join(format!("{ACCOUNT}_CloudTrail_{region}_{stamp}_{number:016}.json.gz"));
    let mut packed = GzEncoder::new(BufWriter::new(File::create(&path)?), Compression::new(6));
    packed.write_all(text.as_bytes())?;
    packed.finish()?.flush()?;
    Ok(fs::metadata(&path)?.len())
}

fn record((number, at): (usize, Timestamp), region: &str, dice: &mut Chance) -> String {
    let is_ours = dice.below(OURS_EVERY) == 0;
    let (caller, calls) = match is_ours {
        true => (ours(number, dice), &RAIDED[..]),
        false => (caller(dice.below(CALLERS), at), &SERVED[..]),
    };
    let (source, name, reads) = calls[dice.below(calls.len())];
    let address = match is_ours {
        true => format!("198.51.100.{}", 20 + dice.below(3)),
        false => format!("203.0.113.{}", dice.below(200)),
    };
    let refused = dice.below(20) == 0;
    let (request, response) = parts((name, number), dice);
    let data = matches!(name, "GetObject" | "PutObject");
    let mut record = json!({
        "eventVersion": "1.11",
        "userIdentity": caller,
        "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": address,
        "userAgent": AGENT,
        "requestParameters": request,
        "responseElements": if refused { Value::Null } else { response },
        "requestID": format!("{}-{:04x}-4{:03x}-8{:03x}-{:012x}", hex8(dice), dice.below(65_536),
            dice.below(4_096), dice.below(4_096), dice.below(1 << 48)),
        "eventID": format!("{}-{:04x}-4{:03x}-9{:03x}-{number:012x}", hex8(dice),
            dice.below(65_536), dice.below(4_096), dice.below(4_096)),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": !data,
        "recipientAccountId": ACCOUNT,
        "eventCategory": if data { "Data" } else { "Management" },
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": format!("{}.{region}.amazonaws.com",
                source.split('.').next().unwrap_or_default()),
        },
    });
    if refused {
        record["errorCode"] = json!("AccessDenied");
        record["errorMessage"] = json!(format!(
            "User is not authorized to perform: {}:{name} because no policy allows it",
            source.split('.').next().unwrap_or_default()
        ));
    }
    record.to_string()
}

fn hex8(dice: &mut Chance) -> String {
    format!("{:08x}", dice.below(1 << 32))
}

/// The leaked key, or the session or the user that grew out of it.
fn ours(number: usize, dice: &mut Chance) -> Value {
    let user = |name: &str, id: &str, key: &str| {
        json!({
            "type": "IAMUser", "principalId": id, "accountId": ACCOUNT, "accessKeyId": key,
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}"), "userName": name,
        })
    };
    match dice.below(4) {
        0 if number > 1_000 => user("ci-deploy", "AIDAQNZGKIQY5EXAMPLE1", "ASIAQNZGKIQY5SESSION"),
        _ => user("ci-deploy", "AIDAQNZGKIQY5EXAMPLE1", KEY),
    }
}

fn caller(number: usize, at: Timestamp) -> Value {
    let hour = at.strftime("%Y-%m-%dT%H:00:00Z").to_string();
    match number % 4 {
        0 => json!({
            "type": "IAMUser", "principalId": format!("AIDAUSER{number:013}"),
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/people/user-{number}"),
            "accountId": ACCOUNT, "accessKeyId": format!("AKIAUSER{number:012}"),
            "userName": format!("user-{number}"),
        }),
        1 => json!({
            "type": "AWSService", "invokedBy": format!("service-{number}.amazonaws.com"),
        }),
        _ => json!({
            "type": "AssumedRole",
            "principalId": format!("AROAROLE{number:013}:worker-{number}"),
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/role-{number}/worker-{number}"),
            "accountId": ACCOUNT,
            "accessKeyId": format!("ASIA{number:016}"),
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": format!("AROAROLE{number:013}"),
                    "arn": format!("arn:aws:iam::{ACCOUNT}:role/service/role-{number}"),
                    "accountId": ACCOUNT, "userName": format!("role-{number}"),
                },
                "webIdFederationData": {},
                "attributes": { "creationDate": hour, "mfaAuthenticated": "false" },
            },
        }),
    }
}

fn parts((name, number): (&str, usize), dice: &mut Chance) -> (Value, Value) {
    match name {
        "DescribeInstances" => (
            json!({ "instancesSet": {}, "filterSet": { "items": [
                { "name": "instance-state-name",
                    "valueSet": { "items": [{ "value": "running" }] } },
                { "name": "tag:environment", "valueSet": { "items": [{ "value": "production" }] } },
            ] } }),
            Value::Null,
        ),
        "GetObject" | "PutObject" => (
            json!({
                "bucketName": format!("data-{}", dice.below(50)), "Host": "s3.amazonaws.com",
                "key": format!("year=2026/month=08/part-{:08x}.parquet", dice.below(1 << 32)),
            }),
            json!({ "x-amz-server-side-encryption": "AES256" }),
        ),
        "GetSecretValue" => (json!({ "secretId": format!("app/{}", dice.below(80)) }), Value::Null),
        "RunInstances" => (
            json!({ "instanceType": "p4d.24xlarge", "minCount": 1, "maxCount": 1,
                "instancesSet": { "items": [{ "imageId": "ami-0abcdef1234567890",
                    "minCount": 1, "maxCount": 1 }] } }),
            json!({ "instancesSet": { "items": [
                { "instanceId": format!("i-{number:017x}"), "imageId": "ami-0abcdef1234567890" },
            ] } }),
        ),
        "CreateUser" => (
            json!({ "userName": format!("backup-{number}") }),
            json!({ "user": { "userName": format!("backup-{number}"), "path": "/",
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/backup-{number}"),
                "userId": format!("AIDAMADE{number:013}"), "createDate": "Aug 1, 2026" } }),
        ),
        "GetSessionToken" => (
            json!({ "durationSeconds": 3_600 }),
            json!({ "credentials": { "accessKeyId": "ASIAQNZGKIQY5SESSION",
                "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLE",
                "expiration": "Aug 20, 2026, 10:00:00 AM" } }),
        ),
        _ => (
            json!({ "maxResults": 100, "nextToken": format!("{:032x}", dice.below(1 << 62)) }),
            Value::Null,
        ),
    }
}
