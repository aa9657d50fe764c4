//! Uploads in three steps, and the share that appears later.

use super::stage::{Stage, config};
use crate::ports::clock::Clock;
use crate::sim::slack::config::SimSlackConfig;
use serde_json::{Value, json};
use std::time::Duration;

async fn upload(stage: &Stage, content: &str) -> String {
    let length = content.len().to_string();
    let args = [("filename", "rows.csv"), ("length", length.as_str())];
    let given = stage.form("files.getUploadURLExternal", &args).await;
    assert_eq!(given["ok"], true, "{given}");
    let url = given["upload_url"].as_str().unwrap();
    let answer = stage.post(url, "text/csv", content, "").await.unwrap();
    assert_eq!(answer.body, json!(format!("OK - {}", content.len())));
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    given["file_id"].as_str().unwrap().to_owned()
}

async fn complete(stage: &Stage, room: &str, id: &str) -> Value {
    let files = json!([{"id": id, "title": "Rows"}]);
    let args = json!({"files": files, "channel_id": room, "initial_comment": "see"});
    stage.call("files.completeUploadExternal", args).await
}

#[tokio::test]
async fn a_completed_upload_appears_later() {
    let stage = Stage::with(SimSlackConfig {
        file_delay: Duration::from_millis(300),
        ..config(Clock::real())
    })
    .await;
    let room = stage.room().await;
    let id = upload(&stage, "a,b\n1,2\n").await;
    assert_eq!(complete(&stage, &room, &id).await["ok"], true);
    let info = stage.form("files.info", &[("file", &id)]).await;
    assert_eq!((&info["file"]["mimetype"], &info["file"]["shares"]), (&json!(""), &json!({})));
    tokio::time::sleep(Duration::from_millis(400)).await;
    let info = stage.form("files.info", &[("file", &id)]).await;
    assert_eq!(info["file"]["mimetype"], "text/csv");
    let shared = stage.slack.messages(&room).pop().unwrap();
    assert_eq!((&shared["text"], &shared["files"][0]["id"]), (&json!("see"), &json!(id)));
    assert_eq!(info["file"]["shares"]["private"][&room][0]["ts"], shared["ts"]);
    assert_eq!(stage.slack.files()[0].content, b"a,b\n1,2\n");
}

#[tokio::test]
async fn an_upload_must_be_sent_before_it_is_completed_and_only_once() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let args = [("filename", "x"), ("length", "3")];
    let given = stage.form("files.getUploadURLExternal", &args).await;
    let id = given["file_id"].as_str().unwrap();
    assert_eq!(complete(&stage, &room, id).await["error"], "file_update_failed");
    assert_eq!(complete(&stage, &room, "F0NOWHERE1").await["error"], "file_not_found");
    let id = upload(&stage, "abc").await;
    assert_eq!(complete(&stage, &room, &id).await["ok"], true);
    assert_eq!(complete(&stage, &room, &id).await["error"], "file_update_failed");
}

#[tokio::test]
async fn an_empty_file_is_refused_and_a_wrong_length_is_noted() {
    let stage = Stage::new().await;
    let args = [("filename", "x"), ("length", "0")];
    let answer = stage.form("files.getUploadURLExternal", &args).await;
    assert_eq!(answer["error"], "missing_argument");
    let args = [("filename", "x"), ("length", "3")];
    let given = stage.form("files.getUploadURLExternal", &args).await;
    stage.post(given["upload_url"].as_str().unwrap(), "", "four", "").await.unwrap();
    assert!(stage.slack.violations()[0].contains("3 bytes announced, 4 sent"));
}

#[tokio::test]
async fn a_share_can_be_dropped_in_silence() {
    let start = config(Clock::real());
    let stage = Stage::with(SimSlackConfig { file_delay: Duration::ZERO, ..start }).await;
    let room = stage.room().await;
    stage.slack.drop_shares(1);
    let id = upload(&stage, "abc").await;
    assert_eq!(complete(&stage, &room, &id).await["ok"], true);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let info = stage.form("files.info", &[("file", &id)]).await;
    assert_eq!(info["file"]["shares"], json!({}));
}
