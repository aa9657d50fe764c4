//! How the Web API is called.

use super::stage::{Stage, TOKEN};
use serde_json::json;

#[tokio::test]
async fn an_unknown_method_is_refused_and_noted() {
    let stage = Stage::new().await;
    let answer = stage.call("chat.shout", json!({})).await;
    assert_eq!(answer["error"], "unknown_method");
    assert_eq!(stage.slack.violations(), ["chat.shout: unknown method"]);
}

#[tokio::test]
async fn a_call_without_a_token_is_refused_with_status_200() {
    let stage = Stage::new().await;
    let answer = stage.send("auth.test", "application/json", "{}", "").await;
    assert_eq!((answer.status, &answer.body["error"]), (200, &json!("not_authed")));
}

#[tokio::test]
async fn a_wrong_token_is_refused() {
    let stage = Stage::new().await;
    let answer = stage.send("auth.test", "application/json", "{}", "xoxb-other").await;
    assert_eq!(answer.body["error"], "invalid_auth");
}

#[tokio::test]
async fn a_token_in_a_json_body_does_not_count() {
    let stage = Stage::new().await;
    let body = json!({"token": TOKEN}).to_string();
    let answer = stage.send("auth.test", "application/json", &body, "").await;
    assert_eq!(answer.body["error"], "not_authed");
}

#[tokio::test]
async fn a_token_counts_in_a_form_and_in_a_query() {
    let stage = Stage::new().await;
    let form = format!("token={TOKEN}");
    let kind = "application/x-www-form-urlencoded";
    let answer = stage.send("auth.test", kind, &form, "").await;
    assert_eq!(answer.body["ok"], true);
    let url = format!("{}/auth.test?token={TOKEN}", stage.slack.api_url());
    assert_eq!(stage.post(&url, "", "", "").await.unwrap().body["ok"], true);
}

#[tokio::test]
async fn methods_are_served_to_get_with_a_query() {
    let stage = Stage::new().await;
    let url = format!("{}/users.info?user=U0ANA00001", stage.slack.api_url());
    assert_eq!(stage.get(&url).await.body["user"]["name"], "ana");
}

#[tokio::test]
async fn a_json_body_is_as_good_as_absent_where_the_method_takes_none() {
    let stage = Stage::new().await;
    let answer = stage.call("users.info", json!({"user": "U0ANA00001"})).await;
    assert_eq!(answer["error"], "invalid_arguments");
    assert_eq!(stage.slack.violations(), ["users.info: takes no JSON body"]);
}

#[tokio::test]
async fn a_missing_scope_says_what_is_needed_and_what_there_is() {
    let stage = Stage::new().await;
    stage.slack.set_scopes(&["channels:manage"]);
    let args = json!({"name": "x", "is_private": true});
    let answer = stage.call("conversations.create", args).await;
    assert_eq!(answer["error"], "missing_scope");
    assert_eq!(answer["needed"], "groups:write");
    assert_eq!(answer["provided"], "channels:manage");
    let public = stage.call("conversations.create", json!({"name": "x"})).await;
    assert_eq!(public["ok"], true);
}

#[tokio::test]
async fn headers_name_the_scopes() {
    let stage = Stage::new().await;
    let kind = "application/json; charset=utf-8";
    let answer = stage.send("pins.add", kind, "{}", TOKEN).await;
    let header = |name: &str| answer.headers[name].to_str().unwrap().to_owned();
    assert!(header("x-oauth-scopes").contains("chat:write"));
    assert_eq!(header("x-accepted-oauth-scopes"), "pins:write");
}

#[tokio::test]
async fn an_argument_slack_does_not_know_is_a_violation() {
    let stage = Stage::new().await;
    stage.call("conversations.create", json!({"name": "x", "user_ds": "U1"})).await;
    assert_eq!(stage.slack.violations(), ["conversations.create: unknown argument user_ds"]);
}

#[tokio::test]
async fn broken_json_is_refused() {
    let stage = Stage::new().await;
    let kind = "application/json; charset=utf-8";
    let broken = stage.send("auth.test", kind, "{", TOKEN).await;
    assert_eq!(broken.body["error"], "invalid_json");
    let list = stage.send("auth.test", kind, "[]", TOKEN).await;
    assert_eq!(list.body["error"], "json_not_object");
}

#[tokio::test]
async fn json_without_a_charset_is_answered_with_a_warning() {
    let stage = Stage::new().await;
    let answer = stage.send("auth.test", "application/json", "{}", TOKEN).await;
    assert_eq!(
        (&answer.body["ok"], &answer.body["warning"]),
        (&json!(true), &json!("missing_charset"))
    );
}

#[tokio::test]
async fn the_record_of_calls_holds_no_token() {
    let stage = Stage::new().await;
    let form = format!("token={TOKEN}&error=nope");
    stage.send("api.test", "application/x-www-form-urlencoded", &form, TOKEN).await;
    let calls = stage.slack.calls();
    assert_eq!((calls[0].method.as_str(), calls[0].outcome.as_str()), ("api.test", "nope"));
    assert!(!format!("{calls:?}").contains(TOKEN));
}

#[test]
fn no_method_is_listed_twice() {
    let mut seen = std::collections::BTreeSet::new();
    for method in crate::sim::slack::methods::METHODS {
        assert!(seen.insert(method.name), "{} is listed twice", method.name);
    }
}

#[tokio::test]
async fn people_are_paged_by_cursor() {
    let stage = Stage::new().await;
    let first = stage.form("users.list", &[("limit", "2")]).await;
    assert_eq!(first["members"].as_array().unwrap().len(), 2);
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let second = stage.form("users.list", &[("limit", "2"), ("cursor", cursor)]).await;
    assert_eq!(second["members"].as_array().unwrap().len(), 2);
    assert_eq!(second["response_metadata"]["next_cursor"], "");
    let wrong = stage.form("users.list", &[("cursor", "elsewhere")]).await;
    assert_eq!(wrong["error"], "invalid_cursor");
}
