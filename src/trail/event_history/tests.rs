//! Against a history that answers as CloudTrail's does: by one name, and nothing by address.

use super::*;
use crate::ports::event_history::About;
use crate::ports::trail::{SurveyRequest, Trail};
use crate::trail::investigator::Investigator;
use crate::trail::local::LocalTrail;
use serde_json::{Value, json};

const KEY: &str = "AKIAAAAAAAAAAAAAAA22";
const SESSION: &str = "ASIAAAAAAAAAAAAAAA33";
const MADE_KEY: &str = "AKIAAAAAAAAAAAAAAA44";
const ACCOUNT: &str = "111122223333";

/// Records, and what was asked of them.
#[derive(Default)]
struct Recorded {
    records: Mutex<Vec<Value>>,
    asked: Mutex<Vec<(About, Window)>>,
    unread: Vec<Skipped>,
    is_refused: bool,
    delivered: Option<Timestamp>,
}

#[async_trait]
impl EventHistory for Recorded {
    async fn look_up(&self, search: &Search, window: Window) -> Result<Found, TrailError> {
        self.asked.lock().unwrap().push((search.about.clone(), window));
        if self.is_refused {
            return Err(TrailError::Denied { action: "cloudtrail:LookupEvents".to_owned() });
        }
        let records = self.records.lock().unwrap();
        let found = records.iter().filter(|record| is_about(record, &search.about));
        let in_window = found.filter(|record| {
            let at: Timestamp = record["eventTime"].as_str().unwrap().parse().unwrap();
            window.from.is_none_or(|from| at >= from)
        });
        Ok(Found {
            records: in_window.map(Value::to_string).collect(),
            regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
            unread: self.unread.clone(),
            truncated: false,
        })
    }

    async fn delivered_to(&self, _: Option<&AccountId>) -> Result<Option<Timestamp>, TrailError> {
        Ok(self.delivered)
    }
}

fn is_about(record: &Value, about: &About) -> bool {
    let identity = &record["userIdentity"];
    match about {
        About::Key(id) => identity["accessKeyId"] == json!(id),
        About::User(name) => identity["userName"] == json!(name),
        // What CloudTrail lists as a resource of the call, never who called.
        About::Resource(name) => {
            let parts = [&record["requestParameters"], &record["responseElements"]];
            parts.iter().any(|part| part.to_string().contains(&format!("\"{name}\"")))
        }
        About::Call(name) => record["eventName"] == json!(name),
    }
}

fn record(minute: u32, name: &str, user: &str, key: &str) -> Value {
    json!({
        "eventTime": format!("2026-08-01T10:{minute:02}:00Z"),
        "eventSource": "iam.amazonaws.com",
        "eventName": name,
        "eventID": format!("{minute}-{name}"),
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.9",
        "readOnly": false,
        "eventCategory": "Management",
        "recipientAccountId": ACCOUNT,
        "userIdentity": {
            "type": "IAMUser",
            "userName": user,
            "principalId": format!("AIDA{user}"),
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/{user}"),
            "accountId": ACCOUNT,
            "accessKeyId": key,
        },
    })
}

fn with(mut record: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        record[name] = value.clone();
    }
    record
}

/// A key that opens a session, and makes a user with a key that is used; an owner's colleague who
/// changes the key's user; and somebody else.
fn story() -> Vec<Value> {
    let session_of = json!({ "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAOPS:s",
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/ops/s"),
        "accountId": ACCOUNT,
        "accessKeyId": SESSION,
        "sessionContext": { "sessionIssuer": {
            "type": "Role",
            "arn": format!("arn:aws:iam::{ACCOUNT}:role/ops"),
            "principalId": "AROAOPS",
        } },
    } });
    let assumed = json!({
        "eventSource": "sts.amazonaws.com",
        "requestParameters": { "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/ops") },
        "responseElements": {
            "credentials": { "accessKeyId": SESSION, "expiration": "Aug 1, 2026 11:00:00 AM" },
            "assumedRoleUser": {
                "assumedRoleId": "AROAOPS:s",
                "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/ops/s"),
            },
        },
    });
    let made_user = json!({
        "requestParameters": { "userName": "backdoor" },
        "responseElements": { "user": {
            "userName": "backdoor",
            "userId": "AIDAbackdoor",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/backdoor"),
        } },
    });
    let made_key = json!({
        "requestParameters": { "userName": "backdoor" },
        "responseElements": {
            "accessKey": { "userName": "backdoor", "accessKeyId": MADE_KEY }
        },
    });
    let about_ci = json!({ "requestParameters": { "userName": "ci" } });
    vec![
        record(1, "ListUsers", "ci", KEY),
        with(record(2, "AssumeRole", "ci", KEY), &assumed),
        with(with(record(3, "CreateUser", "ci", KEY), &session_of), &made_user),
        with(record(4, "CreateAccessKey", "ci", KEY), &made_key),
        record(5, "ListRoles", "backdoor", MADE_KEY),
        with(record(6, "DetachUserPolicy", "admin", "AKIAADMIN"), &about_ci),
        // At the actor's address, which a history cannot be asked about.
        record(7, "ListRoles", "stranger", "AKIASTRANGER"),
        with(
            record(8, "ListRoles", "stranger", "AKIASTRANGER"),
            &json!({
                "sourceIPAddress": "198.51.100.1",
            }),
        ),
    ]
}

fn clock() -> Clock {
    Clock::fast("2026-08-01T12:00:00Z".parse().unwrap(), 2)
}

fn request() -> SurveyRequest {
    SurveyRequest {
        key_id: KEY.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: "2026-08-01T10:30:00Z".parse().unwrap(),
    }
}

fn trail(history: Recorded) -> (Arc<Recorded>, Investigator<HistoryTrail>) {
    let history = Arc::new(history);
    let source = HistoryTrail::new(Arc::clone(&history) as Arc<dyn EventHistory>, clock());
    (history, Investigator::new(source))
}

fn recorded() -> Recorded {
    Recorded {
        records: Mutex::new(story()),
        delivered: "2026-08-01T11:55:00Z".parse().ok(),
        ..Recorded::default()
    }
}

fn of(history: &Recorded) -> Vec<About> {
    history.asked.lock().unwrap().iter().map(|(about, _)| about.clone()).collect()
}

#[tokio::test]
async fn what_grew_out_of_the_key_is_found_as_in_a_whole_trail_and_no_stranger_is() {
    let (_, by_name) = trail(recorded());
    let survey = by_name.survey(&request()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let objects = json!({ "Records": story() }).to_string();
    std::fs::write(folder.path().join("a.json"), objects).unwrap();
    let whole = LocalTrail::new(vec![folder.path().to_owned()]);
    let wanted = Investigator::new(whole.clone()).survey(&request()).await.unwrap();
    let nodes: Vec<&str> = survey.lineage.nodes.iter().map(|node| node.id.as_str()).collect();
    assert!(nodes.contains(&SESSION) && nodes.contains(&MADE_KEY), "{nodes:?}");
    assert_eq!(survey.lineage, wanted.lineage);
    assert_eq!(survey.activity, wanted.activity);
    let subject = Subject::of(&survey.lineage);
    let file = by_name.evidence(&survey.cut).await.unwrap();
    let rows = serde_json::Deserializer::from_slice(&file).into_iter();
    let rows: Vec<TrailRow> = rows.map(Result::unwrap).collect();
    let but_strangers = whole.cut_now(Window::default(), &subject).unwrap().held().unwrap().rows;
    let but_strangers: Vec<TrailRow> =
        but_strangers.into_iter().filter(|row| row.reach.as_deref() != Some("address")).collect();
    assert_eq!(rows.iter().filter(|row| row.reach.as_deref() == Some("about")).count(), 1);
    assert_eq!(rows, but_strangers);
}

#[tokio::test]
async fn what_the_history_never_shows_and_did_not_show_is_said_with_every_answer() {
    let unread = Skipped {
        reason: "region ap-east-1 was not read: no".to_owned(),
        count: 1,
        example: String::new(),
    };
    let (_, trail) = trail(Recorded { unread: vec![unread], ..recorded() });
    let survey = trail.survey(&request()).await.unwrap();
    let coverage = &survey.coverage;
    assert_eq!(coverage.data_events_from, None);
    assert_eq!(coverage.regions, ["eu-west-1", "us-east-1"], "quiet ones were looked in too");
    assert_eq!(coverage.skipped_objects.len(), 1, "once, however many searches missed it");
    assert!(coverage.unread() > 0);
    let answer = trail.ask(&survey.cut, "Q30", &crate::domain::question::Times::default()).await;
    let sentence = answer.unwrap().sentence;
    assert!(sentence.contains("no data events were recorded"), "{sentence}");
    assert!(sentence.contains("event history never has data events"), "{sentence}");
    assert!(sentence.contains("cannot be searched by address"), "{sentence}");
}

#[tokio::test]
async fn how_far_the_history_is_does_not_depend_on_whether_the_key_is_still_used() {
    let (_, told) = trail(recorded());
    let survey = told.survey(&request()).await.unwrap();
    assert_eq!(survey.watermark, "2026-08-01T11:55:00Z".parse().ok());
    assert!(survey.activity.last < survey.watermark);
    let (_, untold) = trail(Recorded { delivered: None, ..recorded() });
    assert_eq!(untold.survey(&request()).await.unwrap().watermark, None);
}

#[tokio::test]
async fn the_watch_asks_only_for_what_may_have_come_since_and_finds_it() {
    let (history, trail) = trail(recorded());
    let first = trail.survey(&request()).await.unwrap();
    let before = of(&history).len();
    let late = with(
        record(50, "ListGroups", "ci", KEY),
        &json!({
            "eventTime": "2026-08-01T11:50:00Z",
        }),
    );
    history.records.lock().unwrap().push(late);
    let second = trail.survey(&request()).await.unwrap();
    assert_eq!(second.activity.events, first.activity.events + 1);
    assert_eq!(second.cut.rows, first.cut.rows + 1, "and nothing twice");
    let asked = history.asked.lock().unwrap();
    let again = &asked[before..];
    assert!(!again.is_empty());
    let since: Timestamp = "2026-08-01T11:39:00Z".parse().unwrap();
    assert!(again.iter().all(|(_, window)| window.from.is_some_and(|from| from > since)));
    let oldest: Timestamp = "2026-05-03T11:00:00Z".parse().unwrap();
    assert!(asked[..before].iter().all(|(_, window)| window.from.is_some_and(|at| at > oldest)));
}

#[tokio::test]
async fn a_search_that_missed_a_region_is_made_again_from_the_beginning() {
    let unread = Skipped { reason: "away".to_owned(), count: 1, example: String::new() };
    let (history, trail) = trail(Recorded { unread: vec![unread], ..recorded() });
    trail.survey(&request()).await.unwrap();
    trail.survey(&request()).await.unwrap();
    let asked = history.asked.lock().unwrap();
    let (first, last) = (&asked[0], &asked[asked.len() - 1]);
    let apart = last.1.from.unwrap().duration_since(first.1.from.unwrap());
    assert!(apart < SignedDuration::from_mins(5), "ninety days both times: {apart:?}");
}

#[tokio::test]
async fn a_history_that_cannot_be_read_is_an_error_and_no_quiet_key() {
    let (_, trail) = trail(Recorded { is_refused: true, ..recorded() });
    let error = trail.survey(&request()).await.unwrap_err();
    assert!(matches!(error, TrailError::Denied { .. }), "{error:?}");
}

#[tokio::test]
async fn who_took_a_change_back_and_what_a_role_did_are_looked_up_by_name() {
    let (_, trail) = trail(recorded());
    let deeds = |target: &str| Deeds {
        event_names: vec!["DetachUserPolicy".to_owned()],
        target: target.to_owned(),
        window: Window::default(),
    };
    let found = trail.who_did(&deeds("ci")).await.unwrap();
    assert_eq!(found.rows.len(), 1);
    assert_eq!(found.rows[0].user_name.as_deref(), Some("admin"));
    assert!(trail.who_did(&deeds("backdoor")).await.unwrap().rows.is_empty());
    let role = format!("arn:aws:iam::{ACCOUNT}:role/ops");
    let calls = trail.role_calls(&role, Window::default()).await.unwrap();
    let names: Vec<_> = calls.rows.iter().filter_map(|row| row.event_name.as_deref()).collect();
    assert_eq!(names, ["CreateUser"], "of the session, and not of who opened it");
    assert_eq!(calls.coverage.last, "2026-08-01T11:55:00Z".parse().ok());
}
