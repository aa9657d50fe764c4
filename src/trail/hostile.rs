//! Trails that are damaged, spelt in other ways, or that change while they are read.

use crate::domain::lineage::Subject;
use crate::domain::unsettled::{Changed, How, Unsettled};
use crate::ports::coverage::looked_at;
use crate::ports::trail::rows::Rows;
use crate::ports::trail::{
    Coverage, Cut, Deeds, RoleCalls, Sightings, Source, SurveyRequest, Trail, TrailError, Window,
};
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::Write;
use std::sync::Mutex;
use tempfile::TempDir;

const KEY: &str = "AKIAZZZZLEAKEDKEY234";

fn record(id: usize) -> Value {
    json!({
        "eventID": format!("event-{id}"), "eventTime": format!("2026-08-01T10:00:{:02}Z", id % 60),
        "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": "eu-west-1",
        "sourceIPAddress": format!("203.0.113.{}", id % 7), "readOnly": true,
        "recipientAccountId": "111122223333",
        "additionalEventData": { "bytesTransferredOut": 12.0 },
        "userIdentity": {
            "type": "IAMUser", "accessKeyId": KEY, "arn": "arn:aws:iam::111122223333:user/ci",
        },
    })
}

fn object(records: &[Value]) -> String {
    json!({ "Records": records }).to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A trail of one object beside one that is whole, and what is told of it.
fn told(name: &str, bytes: &[u8]) -> (Coverage, Vec<(String, u64)>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("whole.json.gz"), gzip(&object(&[record(0)]))).unwrap();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let trail = LocalTrail::new(vec![folder.path().to_owned()]);
    let coverage = trail.sightings_now(Window::default()).unwrap().coverage;
    let skipped: u64 = coverage.skipped.iter().map(|skip| skip.count).sum();
    assert_eq!(coverage.records_read, coverage.records_unique + coverage.duplicates + skipped);
    let refused: u64 = coverage.skipped_objects.iter().map(|skip| skip.count).sum();
    assert_eq!(coverage.objects_read, coverage.objects_used + refused);
    let skips = coverage.skipped.iter().chain(&coverage.skipped_objects);
    let skips = skips.inspect(|skip| assert!(skip.example.ends_with(name), "{skip:?}"));
    let skips = skips.map(|skip| (skip.reason.clone(), skip.count)).collect();
    (coverage, skips)
}

#[test]
fn a_damaged_gzip_is_told_and_only_what_was_checked_is_used() {
    let two = gzip(&object(&[record(1), record(2)]));
    let flipped = |from_end: usize| {
        let mut bytes = two.clone();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        bytes
    };
    let damaged = "gzip is damaged, or its checksum is wrong";
    for (bytes, unique, reason) in [
        (two.clone(), 3, None),
        ([two.clone(), gzip(" \n")].concat(), 3, None),
        (flipped(8), 1, Some(damaged)),
        (flipped(4), 1, Some(damaged)),
        ([two.clone(), b"rubbish".to_vec()].concat(), 3, Some("bytes after the end of the gzip")),
        ([two.clone(), flipped(8)].concat(), 3, Some(damaged)),
        (two[..two.len() / 2].to_vec(), 1, Some("truncated, or not JSON")),
        (two[..two.len() - 8].to_vec(), 3, Some("rest of the object is truncated or damaged")),
    ] {
        let (coverage, skips) = told("other.json.gz", &bytes);
        assert_eq!(coverage.records_unique, unique, "{reason:?}");
        assert_eq!(skips, reason.map(|reason| (reason.to_owned(), 1)).as_slice(), "{coverage:#?}");
        assert_eq!(coverage.unread(), u64::from(reason.is_some()));
    }
}

#[test]
fn of_lines_that_were_cut_short_the_whole_ones_are_used() {
    let lines: Vec<String> = (1..200).map(|id| record(id).to_string()).collect();
    let packed = gzip(&lines.join("\n"));
    let (coverage, skips) = told("lines.jsonl.gz", &packed[..packed.len() / 2]);
    assert!((20..190).contains(&coverage.records_unique), "{coverage:#?}");
    assert_eq!(skips, [("rest of the object is truncated or damaged".to_owned(), 1)]);
}

#[test]
fn a_time_that_no_calendar_has_is_told_and_bounds_nothing() {
    let at = |time: &str| {
        let mut record = record(1);
        record["eventTime"] = json!(time);
        object(&[record]).into_bytes()
    };
    for time in ["0000-00-00T00:00:00Z", "2026-13-01T10:00:00Z", "2026-02-30T10:00:00Z"]
        .into_iter()
        .chain(["9999-12-31T23:59:59Z", "2026-08-01T24:00:00Z"])
    {
        let (coverage, skips) = told("odd.json", &at(time));
        assert_eq!(skips, [("no event time".to_owned(), 1)], "{time}");
        let first = coverage.first.unwrap();
        assert_eq!((coverage.last, first), (Some(first), "2026-08-01T10:00:00Z".parse().unwrap()));
    }
    let (coverage, skips) = told("odd.json", &at("2026-08-31T10:00:00Z"));
    assert_eq!((skips.len(), coverage.records_unique), (0, 2), "the control");
}

#[test]
fn one_record_in_two_spellings_counts_once_and_two_of_one_event_id_count_twice() {
    let one = record(1);
    let pretty = serde_json::to_string_pretty(&json!({ "Records": [one] })).unwrap();
    let members: Vec<String> = one
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(key, value)| format!("{}: {value}", json!(key)))
        .collect();
    let turned = format!("{{{}}}", members.join(" ,\t")).replace("12.0", "12");
    let escaped = one.to_string().replace("GetObject", "Get\\u004fbject");
    let mut other = record(1);
    other["userAgent"] = json!("another");
    let text = format!("{pretty}\n{turned}\n{escaped}\n{other}\n{one}\n{other}");
    let (coverage, skips) = told("spelt.json", text.as_bytes());
    assert_eq!((coverage.records_read, coverage.records_unique), (7, 3), "{coverage:#?}");
    assert_eq!((coverage.duplicates, skips), (4, vec![]));
}

/// However the records are shipped, the figures are the same: at a glance, parsed, and with copies.
#[test]
fn callers_and_rows_are_the_same_however_the_records_are_spelt_and_shipped() {
    let records: Vec<Value> = (0..90)
        .map(|id| {
            let mut record = record(id);
            if id % 9 == 0 {
                record["eventName"] = json!("CreateUser");
                record["eventSource"] = json!("iam.amazonaws.com");
                record["requestParameters"] = json!({ "userName": format!("user-{id}") });
            }
            if id % 5 == 0 {
                record["userIdentity"]["accessKeyId"] = json!(format!("ASIAOTHER{id:011}"));
            }
            record
        })
        .collect();
    let read = |files: &[String]| {
        let folder = tempfile::tempdir().unwrap();
        for (number, text) in files.iter().enumerate() {
            std::fs::write(folder.path().join(format!("{number}.json")), text).unwrap();
        }
        let trail = LocalTrail::new(vec![folder.path().to_owned()]);
        let sightings = trail.sightings_now(Window::default()).unwrap();
        let subject = Subject { key_id: KEY.to_owned(), ..Subject::default() };
        let rows = trail.cut_now(Window::default(), &subject).unwrap().held().unwrap().rows;
        (sightings.rows, rows, sightings.coverage.records_unique)
    };
    let delivered: Vec<String> = records.chunks(7).map(object).collect();
    let lines = records.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let escaped = lines.replace("AKIA", "\\u0041KIA").replace("eventTime", "event\\u0054ime");
    let glanced = read(&delivered);
    assert_eq!(glanced.2, 90);
    assert_eq!(glanced.0.iter().filter(|row| row.event_name.is_some()).count(), 10);
    assert_eq!(read(std::slice::from_ref(&lines)), glanced);
    assert_eq!(read(std::slice::from_ref(&escaped)), glanced);
    let twice = [delivered.clone(), vec![lines, escaped], delivered.clone()].concat();
    assert_eq!(read(&twice), glanced, "copies count for nothing");
    assert_ne!(read(&delivered[1..]), glanced, "the control");
}

/// A source that answers with what it was given, one state after another.
#[derive(Debug)]
struct Restless {
    local: LocalTrail,
    states: Mutex<VecDeque<Unsettled>>,
}

#[async_trait]
impl Source for Restless {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.local.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        let cut = self.local.cut(window, subject).await?;
        let unsettled = self.states.lock().unwrap().pop_front().expect("no third reading");
        Ok(Cut { unsettled, ..cut })
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        self.local.deeds(deeds).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        self.local.role_calls(role, window).await
    }
}

async fn surveyed(folder: &TempDir, states: Vec<Unsettled>) -> (Coverage, usize) {
    let local = LocalTrail::new(vec![folder.path().to_owned()]);
    let source = Restless { local, states: Mutex::new(states.into()) };
    let investigator = Investigator::new(source);
    let request = SurveyRequest {
        key_id: KEY.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: "2026-08-02T00:00:00Z".parse().unwrap(),
    };
    let coverage = investigator.survey(&request).await.unwrap().coverage;
    let sentence = looked_at(&coverage, Window::default());
    assert_eq!(sentence.contains("two states"), coverage.unsettled.mixes(), "{sentence}");
    let unread = usize::try_from(coverage.unread()).unwrap();
    (coverage, unread)
}

#[tokio::test]
async fn a_trail_that_changed_is_read_once_more_and_told_if_it_changes_again() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), object(&[record(1)])).unwrap();
    let changed = |how: How| Unsettled::of(vec![Changed { how, object: "a.json".to_owned() }]);
    let rewritten = changed(How::Rewritten);
    let (coverage, unread) = surveyed(&folder, vec![Unsettled::default()]).await;
    assert_eq!((coverage.unsettled, unread), (Unsettled::default(), 0), "the control");
    let (coverage, unread) = surveyed(&folder, vec![rewritten.clone(), Unsettled::default()]).await;
    assert_eq!((coverage.unsettled, unread), (Unsettled::default(), 0), "settled by then");
    let twice = vec![changed(How::Added), rewritten.clone()];
    let (coverage, unread) = surveyed(&folder, twice).await;
    assert_eq!((coverage.unsettled, unread), (rewritten, 1));
}
