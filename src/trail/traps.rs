//! Trails that would fool a naive reader: every trap once, with records of our own making.

use crate::domain::lineage::Subject;
use crate::domain::question::Times;
use crate::domain::trail_row::TrailRow;
use crate::ports::trail::{Coverage, Deeds, Source, SurveyRequest, Trail, Window};
use crate::trail::command_line::{Format, InvestigateArguments, OwnQuestions, investigate};
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use crate::trail::table::sha256;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use tempfile::TempDir;

const KEY: &str = "AKIAZZZZLEAKEDKEY234";
const SECRET_TOKEN: &str = "FwoGZXIvYXdzEBYaDFakeSessionTokenForTests";

struct Bucket {
    folder: TempDir,
}

impl Bucket {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn deliver(&self, name: &str, records: &[Value]) -> PathBuf {
        let object = json!({ "Records": records }).to_string();
        self.put(&format!("AWSLogs/111122223333/CloudTrail/eu-west-1/{name}"), &gzip(&object))
    }

    fn trail(&self) -> LocalTrail {
        LocalTrail::new(vec![self.path()])
    }

    fn coverage(&self) -> Coverage {
        let coverage = self.trail().sightings_now(Window::default()).unwrap().coverage;
        balanced(&coverage);
        coverage
    }

    fn cut(&self) -> Vec<TrailRow> {
        let subject = Subject { key_id: KEY.to_owned(), ..Subject::default() };
        self.trail().cut_now(Window::default(), &subject).unwrap().held().unwrap().rows
    }

    fn arguments(&self) -> InvestigateArguments {
        InvestigateArguments {
            key: KEY.to_owned(),
            trail: vec![self.path()],
            event_history: false,
            region: Vec::new(),
            from: None,
            to: None,
            exposed_since: None,
            contained_at: None,
            query: vec!["all".to_owned()],
            format: Format::Json,
            addresses: Vec::new(),
            own: OwnQuestions::default(),
        }
    }

    async fn json(&self) -> Value {
        let now = "2026-08-02T00:00:00Z".parse().unwrap();
        let text = investigate(&self.arguments(), now).await.unwrap().text;
        serde_json::from_str(&text).unwrap()
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// Whatever happens, everything read is either used or skipped for a reason.
fn balanced(coverage: &Coverage) {
    let skipped: u64 = coverage.skipped.iter().map(|skip| skip.count).sum();
    assert_eq!(coverage.records_read, coverage.records_unique + coverage.duplicates + skipped);
    let refused: u64 = coverage.skipped_objects.iter().map(|skip| skip.count).sum();
    assert_eq!(coverage.objects_read, coverage.objects_used + refused);
}

fn record(name: &str, id: &str) -> Value {
    json!({
        "eventTime": "2026-08-01T10:00:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.9",
        "userAgent": "aws-cli",
        "eventID": id,
        "readOnly": false,
        "recipientAccountId": "111122223333",
        "requestParameters": null,
        "responseElements": null,
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAOWNER",
            "arn": "arn:aws:iam::111122223333:user/ci",
            "accountId": "111122223333",
            "accessKeyId": KEY,
            "userName": "ci",
        },
    })
}

fn with(mut record: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

#[test]
fn identical_records_count_once_and_a_repeated_event_id_is_no_duplicate() {
    let bucket = Bucket::new();
    let one = record("ListUsers", "1");
    bucket.deliver("a.json.gz", &[one.clone(), record("ListRoles", "1")]);
    bucket.deliver("b.json.gz", &[one]);
    let coverage = bucket.coverage();
    assert_eq!((coverage.records_read, coverage.records_unique, coverage.duplicates), (3, 2, 1));
    assert_eq!(bucket.cut().len(), 2);
}

#[test]
fn the_region_is_the_records_and_not_the_paths() {
    let bucket = Bucket::new();
    bucket.deliver("a.json.gz", &[record("ListUsers", "1")]);
    assert_eq!(bucket.coverage().regions, ["us-east-1"]);
}

#[tokio::test]
async fn failed_calls_create_and_delete_nothing() {
    let bucket = Bucket::new();
    let made = |name: &str| {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        json!({
            "requestParameters": { "userName": name },
            "responseElements": { "user": { "arn": arn } },
        })
    };
    let delete = with(
        record("DeleteUser", "3"),
        &json!({
            "errorCode": "DeleteConflict",
            "requestParameters": { "userName": "kept" },
            "eventTime": "2026-08-01T10:05:00Z",
        }),
    );
    let failed = with(record("CreateUser", "2"), &json!({ "errorCode": "LimitExceeded" }));
    bucket.deliver(
        "a.json.gz",
        &[with(record("CreateUser", "1"), &made("kept")), with(failed, &made("never")), delete],
    );
    let found = bucket.json().await;
    let principals = found["lineage"]["principals"].as_array().unwrap();
    assert_eq!(principals.len(), 1);
    assert_eq!(principals[0]["status"], "live");
    let removed = found["answers"]["Q24"].as_array().unwrap();
    assert!(removed.iter().all(|row| row["change"] != "removed"), "{removed:?}");
    assert_eq!(found["activity"]["failed"], 2);
}

#[tokio::test]
async fn a_call_of_the_same_name_in_another_service_makes_no_principal() {
    let bucket = Bucket::new();
    let other = json!({
        "eventSource": "transfer.amazonaws.com",
        "requestParameters": { "userName": "sftp" },
    });
    bucket.deliver("a.json.gz", &[with(record("CreateUser", "1"), &other)]);
    assert_eq!(bucket.json().await["lineage"]["principals"], json!([]));
}

#[tokio::test]
async fn an_assume_role_is_followed_though_cloudtrail_calls_it_reading() {
    let bucket = Bucket::new();
    let assume = with(
        record("AssumeRole", "1"),
        &json!({
            "eventSource": "sts.amazonaws.com",
            "readOnly": true,
            "requestParameters": { "roleArn": "arn:aws:iam::111122223333:role/ops" },
            "responseElements": { "credentials": {
                "accessKeyId": "ASIAAAAAAAAAAAAAAA22",
                "expiration": "Aug 1, 2026 11:00:00 AM",
                "sessionToken": SECRET_TOKEN,
            } },
        }),
    );
    bucket.deliver("a.json.gz", &[assume]);
    let found = bucket.json().await;
    let minted = &found["lineage"]["credentials"][0];
    assert_eq!(minted["id"], "ASIAAAAAAAAAAAAAAA22");
    assert_eq!((&minted["events"], &minted["status"]), (&json!(0), &json!("expired")));
    assert_eq!(found["answers"]["Q15"].as_array().unwrap().len(), 1);
    assert!(!found.to_string().contains(SECRET_TOKEN));
}

#[test]
fn the_role_of_a_refused_assume_role_is_read_from_the_refusal() {
    let bucket = Bucket::new();
    let refused = with(
        record("AssumeRole", "1"),
        &json!({
            "errorCode": "AccessDenied",
            "errorMessage": "User: x is not authorized to perform: sts:AssumeRole on resource: \
                             arn:aws:iam::111122223333:role/ops because no policy allows it",
        }),
    );
    bucket.deliver("a.json.gz", &[refused]);
    let rows = bucket.cut();
    assert_eq!(rows[0].target_role.as_deref(), Some("arn:aws:iam::111122223333:role/ops"));
}

#[tokio::test]
async fn sources_that_are_no_address_are_shown_but_never_searched_for() {
    let bucket = Bucket::new();
    let from =
        |ip: &str, id: &str| with(record("ListUsers", id), &json!({ "sourceIPAddress": ip }));
    let sources = ["260.1.2.3", "ec2.amazonaws.com", "AWS Internal", "2001:db8::1"];
    let records: Vec<Value> = sources.iter().map(|ip| from(ip, ip)).collect();
    bucket.deliver("a.json.gz", &records);
    assert_eq!(bucket.json().await["activity"]["source_ips"], json!(["2001:db8::1", "260.1.2.3"]));
    let investigator = Investigator::new(bucket.trail());
    let survey = investigator.survey(&request()).await.unwrap();
    assert_eq!(survey.lineage.addresses, ["2001:db8::1"]);
}

fn request() -> SurveyRequest {
    SurveyRequest {
        key_id: KEY.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: "2026-08-02T00:00:00Z".parse().unwrap(),
    }
}

#[test]
fn identities_without_type_or_key_and_fields_of_odd_types_are_read() {
    let bucket = Bucket::new();
    let bare = with(record("ListUsers", "1"), &json!({ "userIdentity": {}, "userAgent": 7 }));
    let list = with(record("ListUsers", "2"), &json!({ "userIdentity": [1, { "a": 2 }] }));
    let none = with(record("ListUsers", "3"), &json!({ "userIdentity": null, "tlsDetails": "x" }));
    bucket.deliver("a.json.gz", &[bare, list, none]);
    assert_eq!(bucket.coverage().records_unique, 3);
}

#[test]
fn digests_and_insights_are_skipped_with_a_reason() {
    let bucket = Bucket::new();
    let insight = with(record("RunInstances", "1"), &json!({ "eventCategory": "Insight" }));
    bucket.deliver("a.json.gz", &[record("ListUsers", "2"), insight]);
    let digest = json!({ "digestStartTime": "2026-08-01T10:00:00Z", "logFiles": [] }).to_string();
    bucket.put("loose-digest.json", digest.as_bytes());
    bucket.put("AWSLogs/111122223333/CloudTrail-Digest/x.json.gz", &gzip(&digest));
    bucket.put("AWSLogs/111122223333/CloudTrail-Insight/x.json.gz", &gzip("{}"));
    let coverage = bucket.coverage();
    let refused: u64 = coverage.skipped_objects.iter().map(|skip| skip.count).sum();
    assert_eq!((coverage.records_unique, refused), (1, 3));
    assert_eq!(coverage.skipped[0].reason, "insight record");
}

#[test]
fn every_envelope_is_opened() {
    let bucket = Bucket::new();
    let one = |id: &str| record("ListUsers", id);
    let lines = format!("{}\n{}\n", one("1"), one("2"));
    bucket.put("lines.jsonl", lines.as_bytes());
    bucket.put("list.json", json!([one("3")]).to_string().as_bytes());
    let lookup = json!({ "Events": [{ "EventId": "4", "EventName": "ListUsers",
        "CloudTrailEvent": one("4").to_string() }] });
    bucket.put("lookup.json", serde_json::to_string_pretty(&lookup).unwrap().as_bytes());
    let bridge = json!({ "detail-type": "AWS API Call via CloudTrail", "detail": one("5") });
    bucket.put("bridge.json", bridge.to_string().as_bytes());
    let mut shipped = one("6");
    shipped.as_object_mut().unwrap().remove("eventTime");
    shipped["@timestamp"] = json!("2026-08-01T10:00:00.000Z");
    bucket.put("logstash.json", format!("\u{feff}{shipped}").as_bytes());
    let message = json!({ "@timestamp": "x", "message": one("7").to_string() });
    bucket.put("message.json.gz", &gzip(&message.to_string()));
    assert_eq!(bucket.coverage().records_unique, 7);
    let times: BTreeSet<String> = bucket.cut().into_iter().map(|row| row.event_time).collect();
    assert_eq!(times, BTreeSet::from(["2026-08-01T10:00:00Z".to_owned()]));
}

#[test]
fn broken_and_hostile_objects_are_accounted_for() {
    let bucket = Bucket::new();
    bucket.deliver("good.json.gz", &[record("ListUsers", "1")]);
    let whole = gzip(&json!({ "Records": [record("ListUsers", "2")] }).to_string());
    bucket.put("cut.json.gz", &whole[..whole.len() / 2]);
    bucket.put("empty.json", b"");
    bucket.put("words.json", b"this is not JSON");
    bucket.put("readme.txt", b"not a trail");
    bucket.put("deep.json", "[".repeat(100_000).as_bytes());
    bucket.put("odd.json", br#"{"Records":[{"eventName":7,"eventTime":"soon"},{"a":1},3,null]}"#);
    bucket.put(
        "bytes.json",
        b"{\"Records\":[{\"eventName\":\"A\xff\",\"eventTime\":\"2026-08-01T10:00:00Z\"}]}",
    );
    let line = format!("{}\n{{\"eventName\": \"torn\n", record("ListUsers", "3"));
    bucket.put("torn.jsonl", line.as_bytes());
    let coverage = bucket.coverage();
    assert_eq!(coverage.records_unique, 2, "{coverage:#?}");
    assert_eq!(coverage.objects_used, 4, "{coverage:#?}");
}

#[test]
fn a_gzip_bomb_is_refused_and_long_lines_are_passed_over() {
    let bucket = Bucket::new();
    bucket.put("bomb.json.gz", &gzip(&" ".repeat(70 * 1024 * 1024)));
    let mut lines = format!("{}\n", record("ListUsers", "1"));
    lines.push_str(&format!("{{\"eventName\":\"{}\"}}\n", "x".repeat(66 * 1024 * 1024)));
    lines.push_str(&record("ListUsers", "2").to_string());
    bucket.put("long.jsonl", lines.as_bytes());
    let coverage = bucket.coverage();
    assert_eq!((coverage.records_unique, coverage.objects_used), (2, 1), "{coverage:#?}");
    assert_eq!(coverage.skipped[0].reason, "line larger than 4 MiB");
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_ends() {
    let bucket = Bucket::new();
    bucket.deliver("good.json.gz", &[record("ListUsers", "1")]);
    std::os::unix::fs::symlink(bucket.path(), bucket.path().join("again")).unwrap();
    assert_eq!(bucket.coverage().records_unique, 1);
}

#[test]
fn a_missing_folder_is_named_in_the_error() {
    let trail = LocalTrail::new(vec![PathBuf::from("/nowhere/at/all")]);
    let error = trail.sightings_now(Window::default()).unwrap_err().to_string();
    assert!(error.contains("/nowhere/at/all"), "{error}");
}

#[tokio::test]
async fn the_window_takes_its_start_and_leaves_its_end() {
    let bucket = Bucket::new();
    let at = |minute: u32| {
        let time = format!("2026-08-01T10:{minute:02}:00Z");
        with(record("ListUsers", &minute.to_string()), &json!({ "eventTime": time }))
    };
    bucket.deliver("a.json.gz", &[at(0), at(1), at(2)]);
    let mut arguments = bucket.arguments();
    arguments.from = Some("2026-08-01T10:00:00Z".to_owned());
    arguments.to = Some("2026-08-01T10:02:00Z".to_owned());
    let now = "2026-08-02T00:00:00Z".parse().unwrap();
    let text = investigate(&arguments, now).await.unwrap().text;
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["activity"]["events"], 2);
    assert_eq!(found["coverage"]["skipped"][0]["reason"], "outside the window");
    arguments.to = arguments.from.clone();
    assert!(investigate(&arguments, now).await.is_err());
}

#[tokio::test]
async fn the_evidence_file_has_the_hash_it_is_named_by_and_can_be_asked_again() {
    let bucket = Bucket::new();
    let bytes = with(
        record("GetObject", "1"),
        &json!({
            "eventSource": "s3.amazonaws.com", "readOnly": true, "eventCategory": "Data",
            "requestParameters": { "bucketName": "b", "key": "k" },
            "additionalEventData": { "bytesTransferredOut": 12.0 },
        }),
    );
    bucket.deliver("a.json.gz", &[bytes, record("ListUsers", "2")]);
    let first = Investigator::new(bucket.trail());
    let survey = first.survey(&request()).await.unwrap();
    let file = first.evidence(&survey.cut).await.unwrap();
    assert_eq!(sha256(&file), survey.cut.sha256);
    let second = Investigator::new(bucket.trail());
    assert!(second.ask(&survey.cut, "Q10", &Times::default()).await.is_err());
    let restored = second.restore(file, "Looked at the evidence.").await.unwrap();
    assert_eq!(restored.sha256, survey.cut.sha256);
    let rows = second.ask(&restored, "timeline", &Times::default()).await.unwrap().rows;
    assert_eq!(rows, first.ask(&survey.cut, "Q10", &Times::default()).await.unwrap().rows);
    assert_eq!(bucket.cut()[0].bytes_out, Some(12));
}

#[tokio::test]
async fn an_answer_without_rows_says_what_was_looked_at() {
    let bucket = Bucket::new();
    bucket.deliver("a.json.gz", &[record("ListUsers", "1")]);
    let investigator = Investigator::new(bucket.trail());
    let survey = investigator.survey(&request()).await.unwrap();
    let sentence = investigator.ask(&survey.cut, "Q15", &Times::default()).await.unwrap().sentence;
    assert!(sentence.contains("Looked at 1 records"), "{sentence}");
    assert!(sentence.contains("no data events were recorded"), "{sentence}");
    assert!(!sentence.to_lowercase().contains("no activity"));
}

#[tokio::test]
async fn who_reverted_a_containment_is_found_even_when_the_call_names_nobody() {
    let bucket = Bucket::new();
    let named = with(
        record("DetachUserPolicy", "1"),
        &json!({
            "requestParameters": {
                "userName": "ci", "policyArn": "arn:aws:iam::aws:policy/AWSDenyAll",
            },
        }),
    );
    let itself = with(
        record("UpdateAccessKey", "2"),
        &json!({
            "requestParameters": { "accessKeyId": KEY, "status": "Active" },
        }),
    );
    let other = with(
        record("DetachUserPolicy", "3"),
        &json!({
            "requestParameters": { "userName": "ci2" },
        }),
    );
    let failed = with(named.clone(), &json!({ "errorCode": "AccessDenied", "eventID": "4" }));
    bucket.deliver("a.json.gz", &[named, itself, other, failed]);
    let deeds = Deeds {
        event_names: vec!["DetachUserPolicy".to_owned(), "UpdateAccessKey".to_owned()],
        target: "ci".to_owned(),
        window: Window::default(),
    };
    let found = bucket.trail().deeds(&deeds).await.unwrap();
    let ids: Vec<&str> = found.rows.iter().filter_map(|row| row.event_id.as_deref()).collect();
    assert_eq!(ids, ["1", "2"]);
}

#[tokio::test]
async fn control_characters_of_an_agent_reach_no_terminal_and_formulas_no_spreadsheet() {
    let bucket = Bucket::new();
    let agent = json!({ "userAgent": "=cmd|' /C calc'!A0\u{1b}[2J" });
    bucket.deliver("a.json.gz", &[with(record("ListUsers", "1"), &agent)]);
    let now = "2026-08-02T00:00:00Z".parse().unwrap();
    let mut arguments = bucket.arguments();
    arguments.format = Format::Table;
    assert!(!investigate(&arguments, now).await.unwrap().text.contains('\u{1b}'));
    arguments.format = Format::Csv;
    assert!(investigate(&arguments, now).await.is_err());
    arguments.query = vec!["q12".to_owned()];
    assert!(investigate(&arguments, now).await.unwrap().text.contains("'=cmd"));
}
