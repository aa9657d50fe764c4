//! Against a stand-in over HTTP that answers region by region, and keeps what it was asked.

use super::*;
use crate::ports::event_history::About;
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region as AwsRegion};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

const KEY: &str = "AKIAIOSFODNN7TESTKEY";
const SPEED: u32 = 10;

/// What a region answers, one after another; then nothing more is there.
type Script = BTreeMap<&'static str, VecDeque<(StatusCode, Value)>>;

#[derive(Clone)]
struct Asked {
    region: String,
    body: Value,
    at: Instant,
}

#[derive(Default)]
struct Shared {
    /// None where the account's regions are nobody's to know.
    regions: Option<Vec<&'static str>>,
    script: Script,
    asked: Vec<Asked>,
}

#[derive(Clone, Default)]
struct StandIn(Arc<Mutex<Shared>>);

async fn serve(
    State(StandIn(shared)): State<StandIn>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let mut shared = shared.lock().unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    if uri.path() == "/listRegions" {
        let Some(regions) = &shared.regions else {
            let refused = json!({"__type": "AccessDeniedException", "message": "as scripted"});
            return (StatusCode::FORBIDDEN, refused.to_string());
        };
        assert_eq!(body["RegionOptStatusContains"], json!(["ENABLED", "ENABLED_BY_DEFAULT"]));
        let regions = regions.iter().map(|name| json!({"RegionName": name}));
        return (StatusCode::OK, json!({"Regions": regions.collect::<Vec<_>>()}).to_string());
    }
    let signed = headers["authorization"].to_str().unwrap();
    let region = signed.split('/').nth(2).unwrap().to_owned();
    assert!(headers["x-amz-target"].to_str().unwrap().ends_with(".LookupEvents"));
    shared.asked.push(Asked { region: region.clone(), body, at: Instant::now() });
    let answers = shared.script.get_mut(region.as_str());
    let (status, answer) =
        answers.and_then(VecDeque::pop_front).unwrap_or((StatusCode::OK, json!({"Events": []})));
    (status, answer.to_string())
}

impl StandIn {
    fn new(regions: Option<Vec<&'static str>>, script: Script) -> Self {
        Self(Arc::new(Mutex::new(Shared { regions, script, asked: Vec::new() })))
    }

    async fn history(&self, named: &[String]) -> AwsEventHistory {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = axum::Router::new().fallback(serve).with_state(self.clone());
        #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
        tokio::spawn(async move { axum::serve(listener, app).await });
        let credentials = Credentials::new("AKIAQNZGKIQY56JQ7WML", "secret", None, None, "test");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(format!("http://{address}"))
            .region(AwsRegion::new("eu-central-1"))
            .retry_config(RetryConfig::standard())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await;
        let clock = Clock::fast("2026-08-20T10:00:00Z".parse().unwrap(), SPEED);
        AwsEventHistory::new(&config, &AwsSettings::default(), named, clock).await
    }

    fn asked(&self, region: &str) -> Vec<Asked> {
        let shared = self.0.lock().unwrap();
        shared.asked.iter().filter(|asked| asked.region == region).cloned().collect()
    }
}

fn event(id: &str) -> Value {
    let record = json!({"eventName": "ListUsers", "eventID": id});
    json!({"EventId": id, "EventTime": 1_787_000_000, "CloudTrailEvent": record.to_string()})
}

fn page(ids: &[&str], next: Option<&str>) -> (StatusCode, Value) {
    let events: Vec<Value> = ids.iter().map(|id| event(id)).collect();
    let mut page = json!({"Events": events});
    if let Some(next) = next {
        page["NextToken"] = json!(next);
    }
    (StatusCode::OK, page)
}

fn refused(code: &str) -> (StatusCode, Value) {
    let body = json!({"__type": format!("com.amazonaws.cloudtrail#{code}"), "message": "scripted"});
    (StatusCode::BAD_REQUEST, body)
}

fn script(of: impl IntoIterator<Item = (&'static str, Vec<(StatusCode, Value)>)>) -> Script {
    of.into_iter().map(|(region, answers)| (region, answers.into())).collect()
}

fn of_key() -> Search {
    Search { about: About::Key(KEY.to_owned()), account: None }
}

fn ids(found: &Found) -> Vec<String> {
    let id = |record: &String| {
        let record: Value = serde_json::from_str(record).unwrap();
        record["eventID"].as_str().unwrap().to_owned()
    };
    let mut ids: Vec<String> = found.records.iter().map(id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn every_page_of_every_enabled_region_is_read_by_one_attribute() {
    let stand_in = StandIn::new(
        Some(vec!["eu-west-1", "us-east-1"]),
        script([
            ("us-east-1", vec![page(&["a", "b"], Some("more")), page(&["c"], None)]),
            ("eu-west-1", vec![page(&["d"], None)]),
        ]),
    );
    let history = stand_in.history(&[]).await;
    let from = "2026-08-01T00:00:00Z".parse().unwrap();
    let window = Window { from: Some(from), to: None };
    let found = history.look_up(&of_key(), window).await.unwrap();
    assert_eq!(ids(&found), ["a", "b", "c", "d"]);
    assert_eq!(found.regions, ["eu-west-1", "us-east-1"]);
    assert!(found.unread.is_empty() && !found.truncated);
    let asked = stand_in.asked("us-east-1");
    assert_eq!(asked.len(), 2);
    let by = json!([{"AttributeKey": "AccessKeyId", "AttributeValue": KEY}]);
    for one in &asked {
        assert_eq!((&one.body["LookupAttributes"], &one.body["MaxResults"]), (&by, &json!(50)));
        assert_eq!(one.body["StartTime"].as_f64(), Some(1_785_542_400.0));
        assert!(one.body.get("EndTime").is_none());
    }
    assert_eq!(asked[1].body["NextToken"], "more");
    // Making the first connection takes its part of the half second.
    let apart = (asked[1].at - asked[0].at) * SPEED;
    assert!(apart >= Duration::from_millis(200), "two a second and no more: {apart:?}");
}

#[tokio::test]
async fn a_throttled_request_is_sent_again_later_and_a_refused_one_is_not() {
    let throttled = || refused("ThrottlingException");
    let stand_in = StandIn::new(
        None,
        script([
            ("eu-west-1", vec![throttled(), throttled(), page(&["a"], None)]),
            ("us-east-1", vec![refused("AccessDeniedException")]),
        ]),
    );
    let named = ["eu-west-1", "us-east-1"].map(str::to_owned);
    let history = stand_in.history(&named).await;
    let found = history.look_up(&of_key(), Window::default()).await.unwrap();
    assert_eq!(
        (ids(&found), &found.regions),
        (vec!["a".to_owned()], &vec!["eu-west-1".to_owned()])
    );
    let asked = stand_in.asked("eu-west-1");
    assert_eq!(asked.len(), 3, "the SDK sends nothing by itself");
    let waited = (asked[2].at - asked[1].at) * SPEED;
    assert!(waited >= Duration::from_millis(1_500), "longer each time: {waited:?}");
    assert_eq!(stand_in.asked("us-east-1").len(), 1);
    let [unread] = &found.unread[..] else { panic!("{:?}", found.unread) };
    assert!(unread.reason.starts_with("region us-east-1 was not read"), "{unread:?}");
    assert!(unread.reason.contains("allow cloudtrail:LookupEvents"), "{unread:?}");
}

#[tokio::test]
async fn a_history_that_no_region_shows_is_an_error_and_not_an_empty_one() {
    let denied = || vec![refused("AccessDeniedException")];
    let stand_in = StandIn::new(None, script([("eu-west-1", denied())]));
    let history = stand_in.history(&["eu-west-1".to_owned()]).await;
    let error = history.look_up(&of_key(), Window::default()).await.unwrap_err();
    assert!(matches!(error, TrailError::Denied { .. }), "{error:?}");
    let endless = std::iter::repeat_with(|| refused("ThrottlingException")).take(6).collect();
    let stand_in = StandIn::new(None, script([("eu-west-1", endless)]));
    let history = stand_in.history(&["eu-west-1".to_owned()]).await;
    let error = history.look_up(&of_key(), Window::default()).await.unwrap_err();
    assert!(matches!(error, TrailError::Unavailable { .. }), "{error:?}");
    assert_eq!(stand_in.asked("eu-west-1").len(), 6);
}

#[tokio::test]
async fn where_the_regions_are_not_told_the_likely_ones_are_read_and_that_is_said() {
    let stand_in = StandIn::new(None, script([("us-east-1", vec![page(&["a"], None)])]));
    let history = stand_in.history(&[]).await;
    let found = history.look_up(&of_key(), Window::default()).await.unwrap();
    assert_eq!(found.regions, ["eu-central-1", "us-east-1"]);
    assert_eq!(ids(&found), ["a"]);
    let said = &found.unread[0].reason;
    assert!(said.contains("only eu-central-1 and us-east-1 were looked in"), "{said}");
    assert!(said.contains("account:ListRegions"), "{said}");
}

#[tokio::test]
async fn the_slowest_region_says_how_far_the_history_is() {
    let at = |seconds: i64| {
        let event = json!({"EventTime": seconds, "CloudTrailEvent": "{}"});
        vec![(StatusCode::OK, json!({"Events": [event]}))]
    };
    let late = 1_787_000_000;
    let of = || script([("eu-west-1", at(late + 60)), ("us-east-1", at(late))]);
    let regions = || Some(vec!["eu-west-1", "us-east-1"]);
    let stand_in = StandIn::new(regions(), of());
    let history = stand_in.history(&[]).await;
    let delivered = history.delivered_to(None).await.unwrap();
    assert_eq!(delivered, Timestamp::from_second(late).ok());
    let asked = &stand_in.asked("us-east-1")[0].body;
    assert_eq!((&asked["MaxResults"], asked.get("LookupAttributes")), (&json!(1), None));
    // One that is closed to keyleak holds nothing up, and one that is away does.
    let of = |code: &str| script([("eu-west-1", vec![refused(code)]), ("us-east-1", at(late))]);
    let history = StandIn::new(regions(), of("AccessDeniedException")).history(&[]).await;
    assert_eq!(history.delivered_to(None).await.unwrap(), Timestamp::from_second(late).ok());
    let history = StandIn::new(regions(), of("InvalidNextTokenException")).history(&[]).await;
    history.delivered_to(None).await.unwrap_err();
    // A region that tells nothing may be behind all others.
    let stand_in = StandIn::new(regions(), script([("eu-west-1", at(late))]));
    let history = stand_in.history(&[]).await;
    assert_eq!(history.delivered_to(None).await.unwrap(), None);
}

#[tokio::test]
async fn an_account_is_looked_in_by_its_own_way_or_not_at_all() {
    let history = StandIn::default().history(&["us-east-1".to_owned()]).await;
    let account = AccountId::parse("111122223333");
    assert_eq!(history.ways(account.as_ref()).unwrap().len(), 1, "the bot's own may be it");
    let mut own = history.ways.into_iter().next().unwrap();
    own.account = AccountId::parse("029608264753");
    let history = AwsEventHistory { ways: vec![own] };
    let search = Search { account, ..of_key() };
    let error = history.look_up(&search, Window::default()).await.unwrap_err();
    assert!(error.to_string().contains("add [aws.accounts.111122223333]"), "{error}");
}

#[test]
fn a_record_keeps_everything_but_the_tokens_of_sessions() {
    let record = json!({
        "eventName": "AssumeRole",
        "responseElements": {"credentials": {"accessKeyId": "ASIA", "sessionToken": "IQoJ"}},
    });
    let kept: Value = serde_json::from_str(&without_tokens(&record.to_string()).unwrap()).unwrap();
    assert_eq!(kept["responseElements"], json!({"credentials": {"accessKeyId": "ASIA"}}));
    assert_eq!(kept["eventName"], "AssumeRole");
    assert_eq!(without_tokens("no JSON"), None);
}
