//! A cut with more rows than are read is asked whole, in tables that Athena makes of it, once.

use crate::athena_cost::trail_with;
use crate::counting_athena::{CountingAthena, Run};
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use keyleak::aws::athena::AthenaTrail;
use keyleak::aws::athena_table::AthenaSettings;
use keyleak::domain::question::Times;
use keyleak::ports::clock::Clock;
use keyleak::ports::trail::{Answer, SurveyRequest, Trail, Window};
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const NEW_KEY: &str = "AKIAQNZGKIQY56JQNEW1";
const NOW: &str = "2026-08-20T10:00:00Z";
/// So many rows are read; the callers are fewer, and the calls of the key more.
pub(crate) const ROWS_MAX: usize = 60;
pub(crate) const CALLS_A_DAY: usize = 60;

/// Calls of many kinds, so that many questions have rows.
const CALLS: [(&str, &str, &str, &str); 10] = [
    ("s3.amazonaws.com", "GetObject", r#"{"bucketName":"pay","key":"K"}"#, "null"),
    ("s3.amazonaws.com", "DeleteObject", r#"{"bucketName":"pay","key":"K"}"#, "null"),
    ("s3.amazonaws.com", "ListBuckets", "null", "null"),
    ("secretsmanager.amazonaws.com", "GetSecretValue", r#"{"secretId":"S"}"#, "null"),
    ("ec2.amazonaws.com", "RunInstances", r#"{"instanceType":"p4d.24xlarge"}"#, "null"),
    ("ec2.amazonaws.com", "DescribeInstances", "null", "null"),
    ("cloudtrail.amazonaws.com", "StopLogging", r#"{"name":"main"}"#, "null"),
    ("iam.amazonaws.com", "ListUsers", "null", "null"),
    (
        "kms.amazonaws.com",
        "ScheduleKeyDeletion",
        r#"{"keyId":"k","pendingWindowInDays":7}"#,
        "null",
    ),
    ("rds.amazonaws.com", "DeleteDBInstance", r#"{"dBInstanceIdentifier":"d"}"#, "null"),
];

/// An object with so many calls of the key on a day.
pub(crate) fn deliver(trail: &Path, key: &str, (day, name): (Timestamp, &str), calls: usize) {
    let record = |number: usize| {
        let (source, call, asked, answered) = CALLS[number % CALLS.len()];
        let at = day + SignedDuration::from_secs(number.try_into().unwrap());
        json!({
            "eventVersion": "1.11", "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "eventSource": source, "eventName": call,
            "awsRegion": if number.is_multiple_of(3) { "us-east-1" } else { "eu-west-1" },
            "sourceIPAddress": format!("203.0.113.{}", number % 3), "userAgent": "aws-cli/2",
            "eventID": format!("{}-{number:06}-{name}", day.as_second()),
            "readOnly": call.starts_with("List") || call.starts_with("Describe"),
            "errorCode": if number.is_multiple_of(7) { json!("AccessDenied") } else { Value::Null },
            "requestParameters": serde_json::from_str::<Value>(asked).unwrap(),
            "responseElements": serde_json::from_str::<Value>(answered).unwrap(),
            "userIdentity": {
                "type": "IAMUser", "principalId": "AIDAQNZGKIQYCI0000001",
                "arn": "arn:aws:iam::029608264753:user/ci", "accountId": "029608264753",
                "userName": "ci", "accessKeyId": key,
            },
            "eventType": "AwsApiCall", "recipientAccountId": "029608264753",
            "eventCategory": if call.ends_with("Object") { "Data" } else { "Management" },
        })
    };
    let records: Vec<Value> = (0..calls).map(record).collect();
    deliver_records(trail, (day, name), &records);
}

/// The key makes another one.
fn minted(at: Timestamp) -> Value {
    json!({
        "eventVersion": "1.11", "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.1", "eventID": "minted",
        "readOnly": false, "requestParameters": { "userName": "ci" },
        "responseElements": { "accessKey": { "accessKeyId": NEW_KEY, "userName": "ci" } },
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAQNZGKIQYCI0000001",
            "arn": "arn:aws:iam::029608264753:user/ci", "accountId": "029608264753",
            "userName": "ci", "accessKeyId": KEY,
        },
        "eventType": "AwsApiCall", "recipientAccountId": "029608264753",
        "eventCategory": "Management",
    })
}

fn deliver_records(trail: &Path, (day, name): (Timestamp, &str), records: &[Value]) {
    let place = day.strftime("AWSLogs/029608264753/CloudTrail/us-east-1/%Y/%m/%d");
    let folder = trail.join(place.to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let mut object = GzEncoder::new(Vec::new(), Compression::fast());
    object.write_all(json!({ "Records": records }).to_string().as_bytes()).unwrap();
    let name = day.strftime("029608264753_CloudTrail_us-east-1_%Y%m%dT%H%MZ_").to_string() + name;
    std::fs::write(folder.join(name + ".json.gz"), object.finish().unwrap()).unwrap();
}

pub(crate) fn back(now: Timestamp, days: i64) -> Timestamp {
    now - SignedDuration::from_hours(24 * days)
}

pub(crate) fn with_tables(settings: AthenaSettings) -> AthenaSettings {
    AthenaSettings { case_tables: Some("cases".to_owned()), rows_max: ROWS_MAX, ..settings }
}

pub(crate) fn asking(trail: &AthenaTrail) -> Investigator<AthenaTrail> {
    Investigator::new(trail.clone()).asking_whole_cuts(Arc::new(trail.whole_cuts()))
}

pub(crate) fn made(runs: &[Run]) -> Vec<&Run> {
    runs.iter().filter(|run| run.made.is_some()).collect()
}

/// A trail on which the key called on days that are over and today.
struct Stage {
    folder: TempDir,
    athena: CountingAthena,
    clock: Clock,
}

impl Stage {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let clock = Clock::fast(NOW.parse().unwrap(), 1_000);
        for days in 0..4 {
            deliver(
                folder.path(),
                KEY,
                (back(clock.now(), days) - SignedDuration::from_hours(2), "a"),
                CALLS_A_DAY,
            );
        }
        let athena = CountingAthena::over(folder.path()).await;
        Self { folder, athena, clock }
    }

    async fn trail(&self, change: fn(AthenaSettings) -> AthenaSettings) -> AthenaTrail {
        trail_with(&self.athena, (self.clock, TaskTracker::new()), change).await
    }

    fn request(&self) -> SurveyRequest {
        let from = Some("2026-08-10T00:00:00Z".parse().unwrap());
        let key_id = KEY.to_owned();
        let as_of = self.clock.now();
        SurveyRequest { key_id, window: Window { from, to: None }, exposed_since: None, as_of }
    }

    fn times(&self) -> Times {
        let half = back(NOW.parse().unwrap(), 2);
        Times { exposed_since: Some(half), contained_at: Some(half) }
    }

    /// Every question of the case table, asked of what a trail tells now.
    async fn answers(&self, trail: &dyn Trail) -> Vec<Answer> {
        let cut = trail.survey(&self.request()).await.unwrap().cut;
        let mut answers = Vec::new();
        for question in trail.catalogue().iter().filter(|one| one.source == "case_table") {
            answers.push(trail.ask(&cut, &question.id, &self.times()).await.unwrap());
        }
        answers
    }

    /// The same of all that was delivered, read here.
    async fn at_once(&self) -> Vec<Answer> {
        let trail = Investigator::new(LocalTrail::new(vec![self.folder.path().to_owned()]));
        self.answers(&trail).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_question_has_the_rows_that_the_whole_cut_has_and_the_days_are_read_once_more() {
    let stage = Stage::new().await;
    let trail = stage.trail(with_tables).await;
    let asked = asking(&trail);
    let (whole, wanted) = (stage.answers(&asked).await, stage.at_once().await);
    for (ours, theirs) in whole.iter().zip(&wanted) {
        assert_eq!(ours.rows, theirs.rows, "{}", ours.question);
        assert_eq!(ours.columns, theirs.columns, "{}", ours.question);
        assert_eq!(ours.sql_sha256, theirs.sql_sha256, "{}", ours.question);
        assert!(
            !ours.truncated && ours.whole_cut.is_some(),
            "{}: {}",
            ours.question,
            ours.sentence
        );
        assert!(ours.sentence.contains("all of them were asked"), "{}", ours.sentence);
    }
    assert!(wanted.iter().filter(|answer| !answer.rows.is_empty()).count() > 10);

    // One table of the days that are over, and one of those that may grow.
    let runs = stage.athena.runs();
    let tables = made(&runs);
    let days: Vec<&str> = tables.iter().map(|run| run.days.1.as_str()).collect();
    assert_eq!(days.len(), 2, "{runs:?}");
    assert!(days.contains(&"2026/08/19") && days.contains(&"2026/08/21"), "{days:?}");
    let bytes: u64 = tables.iter().map(|run| run.bytes).sum();
    assert_eq!(bytes, stage.athena.bytes_of(("2026/08/10", "2026/08/21")));
    // What that cost stands with the first answer, and each answer costs what its table weighs.
    let told = |answer: &Answer| (answer.cost.executions.len(), answer.cost.bytes_scanned);
    let each = 100 * 4 * CALLS_A_DAY as u64;
    assert_eq!(told(&whole[0]), (3, bytes + each));
    assert!(whole[1..].iter().all(|answer| told(answer) == (1, each)));

    // What comes later is in a new table of the days that may grow, and only there.
    // A key that was made today has no rows on the days before.
    deliver(stage.folder.path(), KEY, (stage.clock.now(), "b"), 5);
    deliver(stage.folder.path(), NEW_KEY, (stage.clock.now(), "c"), 7);
    deliver_records(stage.folder.path(), (stage.clock.now(), "d"), &[minted(stage.clock.now())]);
    let (whole, wanted) = (stage.answers(&asked).await, stage.at_once().await);
    for (ours, theirs) in whole.iter().zip(&wanted) {
        assert_eq!(ours.rows, theirs.rows, "{}", ours.question);
    }
    let timeline = whole.iter().find(|answer| answer.question == "Q10").unwrap();
    assert!(serde_json::to_string(&timeline.rows).unwrap().contains(NEW_KEY));
    let runs = stage.athena.runs();
    assert_eq!(made(&runs).len(), 3, "{runs:?}");
    assert_eq!(made(&runs)[2].days.1, "2026/08/21");

    asked.let_go(KEY).await.unwrap();
    assert_eq!(stage.athena.tables(), Vec::<String>::new());
    // Athena would answer the same query with what became of it before.
    let again = stage.answers(&asking(&trail)).await;
    assert!(again.iter().all(|answer| answer.whole_cut.is_some()));
}

/// Negative control: where no table may be made, answers are of the rows that were read.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_database_for_them_the_answers_are_cut_off_and_say_which_setting_is_missing() {
    let stage = Stage::new().await;
    let no_tables = |settings| AthenaSettings { case_tables: None, ..with_tables(settings) };
    let trail = stage.trail(no_tables).await;
    let (cut_off, wanted) = (stage.answers(&asking(&trail)).await, stage.at_once().await);
    for answer in &cut_off {
        assert!(answer.truncated && answer.whole_cut.is_none(), "{}", answer.question);
        assert!(answer.sentence.contains("trail.athena.case_tables"), "{}", answer.sentence);
        assert!(answer.cost.is_nothing());
    }
    let differs = cut_off.iter().zip(&wanted).filter(|(ours, all)| ours.rows != all.rows);
    assert!(differs.count() > 10);
    assert!(made(&stage.athena.runs()).is_empty());
    // Nor is a table made of a cut that was read to its end.
    let enough = |settings| AthenaSettings { rows_max: 10_000, ..with_tables(settings) };
    let trail = stage.trail(enough).await;
    let read = stage.answers(&asking(&trail)).await;
    assert!(read.iter().all(|answer| !answer.truncated && answer.whole_cut.is_none()));
    assert!(made(&stage.athena.runs()).is_empty());
}
