//! What other investigators got wrong about trails: lost records, few regions, wrong events.

use crate::binary::keyleak;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use keyleak::domain::growth::{Bounds, grow};
use keyleak::domain::lineage::Subject;
use keyleak::domain::trail_row::Sighting;
use keyleak::ports::trail::{Coverage, Window};
use keyleak::trail::catalogue::questions;
use keyleak::trail::local::LocalTrail;
use serde_json::{Value, json};
use std::io::Write;
use tempfile::TempDir;

const KEY: &str = "AKIAZZZZLEAKEDKEY234";
const OTHER: &str = "AKIAZZZZHONESTKEY234";
const ACCOUNT: &str = "111122223333";
/// One more than one page of `LookupEvents` twice over.
const CALLS: usize = 101;
/// As AWS names regions, the last of them in no list of anybody's.
const REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "zz-central-9"];
/// Techniques that easttimor's page names, and ATT&CK does not any more.
const RETIRED: [&str; 3] = ["T1089", "T1108", "T1054"];

/// Where a trail was delivered to.
struct Delivered {
    folder: TempDir,
}

impl Delivered {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn put(&self, region: &str, name: &str, bytes: &[u8]) {
        let place = format!("AWSLogs/{ACCOUNT}/CloudTrail/{region}/2026/08/01");
        let place = self.folder.path().join(place);
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(name), bytes).unwrap();
    }

    fn trail(&self) -> LocalTrail {
        LocalTrail::new(vec![self.folder.path().to_owned()])
    }

    fn coverage(&self) -> Coverage {
        self.trail().sightings_now(Window::default()).unwrap().coverage
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A call by the key, under a name of its session that is not the user's.
fn record(number: usize, region: &str) -> Value {
    json!({
        "eventVersion": "1.08", "eventID": format!("{region}-{number}"),
        "eventTime": format!("2026-08-01T10:{:02}:{:02}Z", number / 60, number % 60),
        "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "awsRegion": region,
        "sourceIPAddress": "203.0.113.9", "userAgent": "aws-cli", "recipientAccountId": ACCOUNT,
        "eventType": "AwsApiCall", "managementEvent": true, "readOnly": true,
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAOWNER", "accountId": ACCOUNT,
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/renamed-{}", number % 2),
            "userName": format!("renamed-{}", number % 2), "accessKeyId": KEY,
        },
    })
}

fn delivered_everywhere() -> Delivered {
    let delivered = Delivered::new();
    for region in REGIONS {
        let records: Vec<Value> = (0..CALLS).map(|number| record(number, region)).collect();
        let object = json!({ "Records": records }).to_string();
        delivered.put(region, "a.json.gz", &gzip(&object));
    }
    delivered
}

/// health-tools asked once for fifty events, in one region, by the name of a user.
#[test]
fn health_tools_more_than_fifty_calls_in_every_region_are_read_by_the_key() {
    let subject = Subject { key_id: KEY.to_owned(), ..Subject::default() };
    let cut = delivered_everywhere()
        .trail()
        .cut_now(Window::default(), &subject)
        .unwrap()
        .held()
        .unwrap();
    assert_eq!(cut.rows.len(), CALLS * REGIONS.len());
    assert!(!cut.truncated);
    let by_another = Subject { key_id: OTHER.to_owned(), ..Subject::default() };
    let cut = delivered_everywhere()
        .trail()
        .cut_now(Window::default(), &by_another)
        .unwrap()
        .held()
        .unwrap();
    assert!(cut.rows.is_empty(), "and nobody else's");
}

/// The bootstrap's table knew the regions of 2023.
#[test]
fn bootstrap_ddl_a_region_that_no_list_knows_is_read_and_told() {
    assert_eq!(delivered_everywhere().coverage().regions, REGIONS);
    for query in ATHENA {
        let names = REGIONS.iter().filter(|region| query.contains(**region)).count();
        assert_eq!(names, 0, "no query has a list of regions:\n{query}");
    }
}

/// Suzaku left out what it could not read, and said nothing.
#[test]
fn suzaku_whatever_is_not_read_is_told_with_the_reason() {
    let delivered = Delivered::new();
    let good = json!({ "Records": [record(1, "eu-west-1")] }).to_string();
    delivered.put("eu-west-1", "a-good.json.gz", &gzip(&good));
    let mut lines = format!("{}\n", record(2, "eu-west-1"));
    lines.push_str("no record at all\n");
    delivered.put("eu-west-1", "b-lines.jsonl", lines.as_bytes());
    let whole = gzip(&json!({ "Records": [record(3, "eu-west-1")] }).to_string());
    delivered.put("eu-west-1", "c-cut-off.json.gz", &whole[..whole.len() / 2]);
    delivered.put("eu-west-1", "d-no-trail.json.gz", &gzip("{\"Records\": 7}"));
    let coverage = delivered.coverage();
    let of = |skipped: &[keyleak::ports::trail::Skipped]| -> u64 {
        assert!(skipped.iter().all(|skip| !skip.reason.is_empty() && !skip.example.is_empty()));
        skipped.iter().map(|skip| skip.count).sum()
    };
    assert_eq!(coverage.objects_read, 4);
    let refused = of(&coverage.skipped_objects);
    assert_eq!(coverage.objects_read, coverage.objects_used + refused, "{coverage:?}");
    assert!(refused >= 1, "what is cut off or no trail is told: {coverage:?}");
    let skipped = of(&coverage.skipped);
    let told = coverage.records_unique + coverage.duplicates + skipped;
    assert_eq!(coverage.records_read, told, "{coverage:?}");
    assert!(coverage.records_unique >= 2, "lines are read too: {coverage:?}");
}

/// Suzaku took a time that it could not read for one that nothing is in.
#[test]
fn suzaku_a_time_that_is_none_is_refused() {
    let delivered = delivered_everywhere();
    let asked = |from: &str| {
        let mut command = keyleak();
        command.args(["investigate", KEY, "--query", "Q01", "--from", from, "--trail"]);
        command.arg(delivered.folder.path()).output().unwrap()
    };
    let refused = asked("01/08/2026");
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("is not a time"), "{said}");
    let answered = asked("2026-08-01");
    assert!(answered.status.success(), "{answered:?}");
    assert!(String::from_utf8_lossy(&answered.stdout).contains("2026-08-01"), "{answered:?}");
}

/// Invictus called every assumed role a misuse, and compared an ARN with the word `userName`.
#[test]
fn invictus_lawful_work_of_others_is_nobodys_attack() {
    let seen = |name: &str, key: &str| Sighting {
        event_name: Some(name.to_owned()),
        identity_type: Some("IAMUser".to_owned()),
        principal_id: Some("AIDAHONEST".to_owned()),
        identity_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/honest")),
        identity_account: Some(ACCOUNT.to_owned()),
        recipient_account: Some(ACCOUNT.to_owned()),
        user_name: Some("honest".to_owned()),
        access_key_id: Some(key.to_owned()),
        addresses: Some("192.0.2.14".to_owned()),
        events: Some(1),
        first_time: "2026-08-01T10:05:00Z".to_owned(),
        last_time: "2026-08-01T10:05:00Z".to_owned(),
        ..Sighting::default()
    };
    let role = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
    let work = |by: &str| {
        let assumed = Sighting {
            target_role: Some(role.clone()),
            minted_key: Some("ASIAZZZZROLESESSION2".to_owned()),
            ..seen("AssumeRole", by)
        };
        let made = Sighting {
            target_user: Some("newcomer".to_owned()),
            minted_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/newcomer")),
            minted_principal_id: Some("AIDANEWCOMER".to_owned()),
            ..seen("CreateUser", by)
        };
        let key = Sighting {
            target_user: Some("honest".to_owned()),
            minted_key: Some("AKIAZZZZROTATEDKEY23".to_owned()),
            ..seen("CreateAccessKey", by)
        };
        let since: Timestamp = "2026-08-01T10:00:00Z".parse().unwrap();
        let bounds = Bounds {
            key_id: KEY,
            exposed_since: Some(since),
            as_of: "2026-08-01T11:00:00Z".parse().unwrap(),
        };
        grow(&[assumed, made, key], bounds).nodes
    };
    let others: Vec<_> = work(OTHER).into_iter().filter(|node| node.id != KEY).collect();
    assert!(others.is_empty(), "{others:?}");
    // The same calls by the leaked key are the actor's, each of them.
    let own: Vec<String> = work(KEY).into_iter().map(|node| node.via).collect();
    for call in ["AssumeRole", "CreateUser", "CreateAccessKey"] {
        assert!(own.iter().any(|via| via == call), "{call}: {own:?}");
    }
}

const ATHENA: [&str; 3] = [
    include_str!("../../../queries/athena/coverage.sql"),
    include_str!("../../../queries/athena/cut.sql"),
    include_str!("../../../queries/athena/mint_edges.sql"),
];

/// Every query there is, without its comments.
fn queries() -> Vec<String> {
    let asked = questions().unwrap().into_iter().map(|question| question.sql.to_owned());
    let all = asked.chain(ATHENA.map(str::to_owned));
    let bare = |sql: String| {
        let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
        lines.collect::<Vec<_>>().join("\n")
    };
    all.map(bare).collect()
}

/// A sample for CloudTrail Lake holds its query twice, one pasted into the other.
#[test]
fn lake_sample_each_query_file_holds_one_query() {
    let all = queries();
    assert!(all.len() >= 11, "{}", all.len());
    for query in &all {
        let whole = query.trim().trim_end_matches(';');
        assert!(!whole.contains(';'), "one statement:\n{query}");
        let words: Vec<String> = whole.split_whitespace().map(str::to_uppercase).collect();
        assert!(matches!(words[0].as_str(), "SELECT" | "WITH"), "{query}");
        let half = words.len() / 2;
        assert_ne!(words[..half], words[half..half * 2], "pasted twice:\n{query}");
    }
}

/// easttimor's page names techniques that ATT&CK gave up long ago.
#[test]
fn easttimor_no_query_names_a_technique_that_was_retired() {
    let asked = questions().unwrap();
    let texts = asked.iter().map(|question| question.sql.to_owned());
    for text in texts.chain(ATHENA.map(str::to_owned)) {
        assert!(!RETIRED.iter().any(|old| text.contains(old)), "{text}");
    }
}
