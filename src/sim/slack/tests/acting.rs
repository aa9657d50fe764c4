//! What people do reaches the bot as Slack sends it, and the answers do what they say.

use super::stage::{ANA, BOB, SECRET, Stage, TOKEN, Told, config};
use crate::ports::clock::Clock;
use crate::sim::slack::acts::{Impossible, Place, Press};
use crate::sim::slack::deliver::{Silence, Twist};
use crate::sim::slack::signing::sign;
use serde_json::{Value, json};
use std::time::Duration;

const GENERAL: &str = "C0GENERAL1";

fn card() -> Value {
    let text = |text: &str| json!({"type": "plain_text", "text": text});
    let button = |id: &str, value: &str| {
        let shown = text("Press");
        json!({"type": "button", "action_id": id, "text": shown, "value": value})
    };
    let options = json!([{"text": text("One"), "value": "1"}, {"text": text("Two"), "value": "2"}]);
    let select = json!({"type": "static_select", "action_id": "pick", "options": options});
    let elements = json!([button("approve", "KL-1"), select]);
    json!([
        {"type": "actions", "block_id": "acts", "elements": elements},
        {"type": "section", "text": text("x"), "accessory": button("deny", "KL-2")},
    ])
}

async fn posted(stage: &Stage) -> (String, String) {
    let room = stage.room().await;
    let answer = stage.post_blocks(&room, card()).await;
    (room, answer["ts"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_slash_command_is_signed_over_the_exact_bytes() {
    let stage = Stage::new().await;
    stage.slack.slash(ANA, "general", "/keyleak", "AKIA é & more").await.unwrap();
    let heard = stage.bot.last();
    let header = |name: &str| heard.headers[name].to_str().unwrap().to_owned();
    let expected = sign(SECRET, &header("x-slack-request-timestamp"), heard.body.as_bytes());
    assert_eq!(header("x-slack-signature"), expected);
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(header("user-agent"), "Slackbot 1.0 (+https://api.slack.com/robots)");
    assert_eq!(heard.path, "/slack/commands");
    assert_eq!(heard.field("text"), "AKIA é & more");
    assert_eq!(heard.field("channel_id"), GENERAL);
    assert_eq!(heard.field("user_id"), ANA);
    assert!(heard.field("response_url").starts_with("http://127.0.0.1:"));
}

#[tokio::test]
async fn a_private_channel_is_called_privategroup_in_a_command() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    stage.slack.slash(ANA, &room, "/keyleak", "").await.unwrap();
    assert_eq!(stage.bot.last().field("channel_name"), "privategroup");
}

#[tokio::test]
async fn people_act_only_where_they_are() {
    let stage = Stage::new().await;
    let (room, ts) = posted(&stage).await;
    let outside = Impossible::NotAMember { user: BOB.to_owned(), channel: room.clone() };
    assert_eq!(stage.slack.slash(BOB, &room, "/keyleak", "").await.unwrap_err(), outside);
    assert_eq!(stage.slack.click(BOB, &room, &ts, "approve").await.unwrap_err(), outside);
    assert!(stage.bot.heard().is_empty());
}

#[tokio::test]
async fn the_answer_to_a_command_is_whispered_unless_it_says_in_channel() {
    let stage = Stage::new().await;
    stage.bot.tell(Told { body: "looking".to_owned(), ..Told::status(200) });
    stage.slack.slash(ANA, "general", "/keyleak", "x").await.unwrap();
    assert_eq!(stage.slack.ephemerals(ANA)[0].message["text"], "looking");
    assert!(stage.slack.messages(GENERAL).is_empty());
    stage.bot.tell(Told::json(&json!({"response_type": "in_channel", "text": "loud"})));
    stage.slack.slash(ANA, "general", "/keyleak", "x").await.unwrap();
    let said: Vec<Value> =
        stage.slack.messages(GENERAL).iter().map(|message| message["text"].clone()).collect();
    assert_eq!(said, ["/keyleak x", "loud"]);
}

#[tokio::test]
async fn an_error_of_the_bot_is_shown_to_the_person() {
    let stage = Stage::new().await;
    stage.bot.tell(Told::status(500));
    let delivery = stage.slack.slash(ANA, "general", "/keyleak", "").await.unwrap();
    assert_eq!(delivery.status, Some(500));
    let text = "/keyleak failed with the error \"dispatch_failed\"";
    assert_eq!(delivery.toast.as_deref(), Some(text));
    assert_eq!(stage.slack.toasts()[0].text, text);
    let bad = json!({"blocks": [{"type": "section"}]});
    stage.bot.tell(Told::json(&bad));
    let delivery = stage.slack.slash(ANA, "general", "/keyleak", "").await.unwrap();
    assert!(delivery.toast.unwrap().contains("invalid_blocks"));
}

#[tokio::test]
async fn slack_gives_up_after_three_real_seconds_and_does_not_repeat_a_command() {
    let stage = Stage::with(config(Clock::accelerated(1000))).await;
    stage.bot.tell(Told { after: Duration::from_millis(3300), ..Told::status(200) });
    let delivery = stage.slack.slash(ANA, "general", "/keyleak", "").await.unwrap();
    assert_eq!((delivery.status, delivery.silence), (None, Some(Silence::TimedOut)));
    assert!(delivery.elapsed >= Duration::from_secs(3), "{:?}", delivery.elapsed);
    assert!(delivery.toast.unwrap().contains("operation_timeout"));
    assert_eq!(stage.bot.heard().len(), 1);
}

#[tokio::test]
async fn a_click_carries_the_message_the_button_and_the_place() {
    let stage = Stage::new().await;
    let (room, ts) = posted(&stage).await;
    stage.slack.click(ANA, &room, &ts, "approve").await.unwrap();
    let heard = stage.bot.last();
    let payload = heard.payload();
    assert_eq!(heard.path, "/slack/interactions");
    assert_eq!(payload["type"], "block_actions");
    assert_eq!(payload["user"]["id"], ANA);
    assert_eq!(payload["team"]["id"], "T0SIM00001");
    let container =
        json!({"type": "message", "message_ts": ts, "channel_id": room, "is_ephemeral": false});
    assert_eq!(payload["container"], container);
    assert_eq!(payload["message"], stage.slack.message(&room, &ts).unwrap());
    let action = &payload["actions"][0];
    assert_eq!((&action["action_id"], &action["value"]), (&json!("approve"), &json!("KL-1")));
    assert_eq!((&action["block_id"], &action["type"]), (&json!("acts"), &json!("button")));
    let untouched = json!({"type": "static_select", "selected_option": null});
    assert_eq!(payload["state"]["values"]["acts"]["pick"], untouched);
}

#[tokio::test]
async fn an_accessory_can_be_clicked_and_a_missing_button_cannot() {
    let stage = Stage::new().await;
    let (room, ts) = posted(&stage).await;
    stage.slack.click(ANA, &room, &ts, "deny").await.unwrap();
    assert_eq!(stage.bot.last().payload()["actions"][0]["value"], "KL-2");
    let missing = stage.slack.click(ANA, &room, &ts, "undo").await.unwrap_err();
    assert_eq!(missing, Impossible::NoSuchAction("undo".to_owned()));
    let gone = stage.slack.click(ANA, &room, "1.000000", "undo").await.unwrap_err();
    assert_eq!(gone, Impossible::NoSuchMessage("1.000000".to_owned()));
}

#[tokio::test]
async fn a_value_tells_buttons_with_one_action_id_apart() {
    let stage = Stage::new().await;
    let (channel, ts) = posted(&stage).await;
    let place = Place::Message { channel, ts };
    let press = Press { value: Some("KL-9".to_owned()), ..Press::new(ANA, place, "approve") };
    assert!(stage.slack.press(press).await.is_err());
}

#[tokio::test]
async fn a_choice_carries_the_full_option() {
    let stage = Stage::new().await;
    let (channel, ts) = posted(&stage).await;
    let press = Press::new(ANA, Place::Message { channel, ts }, "pick");
    stage.slack.press(Press { chosen: Some(json!("2")), ..press.clone() }).await.unwrap();
    let payload = stage.bot.last().payload();
    assert_eq!(payload["actions"][0]["selected_option"]["text"]["text"], "Two");
    assert_eq!(payload["state"]["values"]["acts"]["pick"]["selected_option"]["value"], "2");
    assert!(stage.slack.press(Press { chosen: Some(json!("3")), ..press }).await.is_err());
}

#[tokio::test]
async fn a_person_can_press_a_button_they_still_see_on_an_old_card() {
    let stage = Stage::new().await;
    let (channel, ts) = posted(&stage).await;
    let old = stage.slack.message(&channel, &ts).unwrap();
    let args = json!({"channel": channel, "ts": ts, "text": "done", "blocks": []});
    stage.call("chat.update", args).await;
    let press = Press::new(ANA, Place::Message { channel, ts }, "approve");
    assert!(stage.slack.press(press.clone()).await.is_err());
    let delivery = stage.slack.press(Press { as_seen: Some(old), ..press }).await.unwrap();
    assert!(delivery.accepted());
}

#[tokio::test]
async fn a_repeat_has_the_same_bytes_and_a_duplicate_a_fresh_signature() {
    let stage = Stage::new().await;
    let first = stage.slack.slash(ANA, "general", "/keyleak", "x").await.unwrap();
    let again = stage.slack.repeat(&first).await;
    assert_eq!(again.sent, first.sent);
    let later = stage.slack.twisted(Twist { age_s: 2, ..Twist::default() });
    let duplicate = later.duplicate(&first).await;
    assert_eq!(duplicate.sent.body, first.sent.body);
    assert_ne!(duplicate.sent.headers, first.sent.headers);
    assert_eq!(stage.bot.heard().len(), 3);
}

#[tokio::test]
async fn requests_can_be_sent_as_slack_never_would() {
    let stage = Stage::new().await;
    let now = crate::ports::clock::Clock::real().now().as_second();
    let send = async |twist: Twist| {
        stage.slack.twisted(twist).slash(ANA, "general", "/keyleak", "x").await.unwrap();
        stage.bot.last()
    };
    let header =
        |heard: &super::stage::Heard, name: &str| heard.headers[name].to_str().unwrap().to_owned();
    let stale = send(Twist { age_s: 400, ..Twist::default() }).await;
    let sent_at: i64 = header(&stale, "x-slack-request-timestamp").parse().unwrap();
    assert!((now - 400..=now - 395).contains(&sent_at), "{sent_at}");
    let wrong = send(Twist { signing_secret: Some("other".to_owned()), ..Twist::default() }).await;
    let at = header(&wrong, "x-slack-request-timestamp");
    assert_eq!(header(&wrong, "x-slack-signature"), sign("other", &at, wrong.body.as_bytes()));
    let unsigned = send(Twist { unsigned: true, ..Twist::default() }).await;
    assert!(unsigned.headers.get("x-slack-signature").is_none());
    let foreign = Twist { foreign_team: Some("T0OTHER001".to_owned()), ..Twist::default() };
    assert_eq!(send(foreign).await.field("team_id"), "T0OTHER001");
}

#[tokio::test]
async fn an_org_install_sends_no_team() {
    let stage = Stage::new().await;
    let (room, ts) = posted(&stage).await;
    let org = stage.slack.twisted(Twist { org_install: true, ..Twist::default() });
    org.click(ANA, &room, &ts, "approve").await.unwrap();
    let payload = stage.bot.last().payload();
    assert_eq!(payload["team"], Value::Null);
    assert_eq!(payload["is_enterprise_install"], true);
    assert!(payload["enterprise"]["id"].is_string());
}

#[tokio::test]
async fn a_response_url_works_five_times_and_says_ok_in_html() {
    let stage = Stage::new().await;
    stage.slack.slash(ANA, "general", "/keyleak", "x").await.unwrap();
    let url = stage.bot.last().field("response_url");
    for _ in 0..5 {
        let answer = stage.post(&url, "application/json", r#"{"text":"more"}"#, "").await.unwrap();
        assert_eq!((answer.status, &answer.body), (200, &json!("ok")));
        assert!(answer.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    }
    assert_eq!(stage.slack.ephemerals(ANA).len(), 5);
    let answer = stage.post(&url, "application/json", r#"{"text":"more"}"#, "").await.unwrap();
    assert_eq!((answer.status, &answer.body["error"]), (404, &json!("used_url")));
}

#[tokio::test]
async fn a_response_url_expires_after_half_an_hour_of_the_clock() {
    // 1,000 times as fast: half an hour is 1.8 seconds.
    let stage = Stage::with(config(Clock::accelerated(1000))).await;
    stage.slack.slash(ANA, "general", "/keyleak", "x").await.unwrap();
    let url = stage.bot.last().field("response_url");
    tokio::time::sleep(Duration::from_millis(2000)).await;
    let answer = stage.post(&url, "application/json", r#"{"text":"late"}"#, "").await.unwrap();
    assert_eq!(answer.body["error"], "expired_url");
}

#[tokio::test]
async fn an_answer_to_a_button_replaces_its_message_unless_it_says_otherwise() {
    let stage = Stage::new().await;
    let (room, ts) = posted(&stage).await;
    stage.slack.click(ANA, &room, &ts, "approve").await.unwrap();
    let url = stage.bot.last().payload()["response_url"].as_str().unwrap().to_owned();
    let kind = "application/json";
    let apart = r#"{"text":"no","replace_original":false,"response_type":"ephemeral"}"#;
    stage.post(&url, kind, apart, "").await.unwrap();
    assert_eq!(stage.slack.message(&room, &ts).unwrap()["text"], "summary");
    assert_eq!(stage.slack.ephemerals(ANA).len(), 1);
    stage.post(&url, kind, r#"{"text":"instead"}"#, "").await.unwrap();
    let message = stage.slack.message(&room, &ts).unwrap();
    assert_eq!((&message["text"], &message["blocks"]), (&json!("instead"), &Value::Null));
    stage.post(&url, kind, r#"{"delete_original":true}"#, "").await.unwrap();
    assert!(stage.slack.message(&room, &ts).is_none());
}

#[tokio::test]
async fn no_secret_shows_in_the_debug_form_of_the_workspace() {
    let stage = Stage::new().await;
    let text = format!("{:?}", stage.slack);
    assert!(!text.contains(SECRET) && !text.contains(TOKEN));
}

#[tokio::test]
async fn nobody_types_in_an_archived_channel() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    stage.slack.archive(&room, ANA);
    let refused = stage.slack.slash(ANA, &room, "/keyleak", "").await.unwrap_err();
    assert_eq!(refused, Impossible::Archived("room".to_owned()));
}

#[tokio::test]
async fn a_button_of_an_ephemeral_message_replaces_only_that() {
    let stage = Stage::new().await;
    let room = stage.room().await;
    let args = json!({"channel": room, "user": ANA, "text": "sure?", "blocks": card()});
    let sent = stage.call("chat.postEphemeral", args).await;
    let ts = sent["message_ts"].as_str().unwrap();
    stage.slack.click(ANA, &room, ts, "approve").await.unwrap();
    let payload = stage.bot.last().payload();
    assert_eq!(payload["container"]["is_ephemeral"], true);
    assert_eq!(payload["message"], Value::Null);
    let url = payload["response_url"].as_str().unwrap();
    let answer = stage.post(url, "application/json", r#"{"text":"done"}"#, "").await.unwrap();
    assert_eq!(answer.body, json!("ok"));
    assert_eq!(stage.slack.ephemerals(ANA)[0].message["text"], "done");
    stage.post(url, "application/json", r#"{"delete_original":true}"#, "").await.unwrap();
    assert!(stage.slack.ephemerals(ANA).is_empty());
}

#[tokio::test]
async fn fifty_commands_in_flight_each_get_their_own_answer() {
    let stage = Stage::new().await;
    let slack = &stage.slack;
    let typed = (0..50).map(|n| async move {
        let text = n.to_string();
        slack.slash(ANA, "general", "/keyleak", &text).await.unwrap().trigger_id
    });
    let triggers = futures_util::future::join_all(typed).await;
    let unique: std::collections::BTreeSet<_> = triggers.into_iter().collect();
    assert_eq!((unique.len(), stage.bot.heard().len()), (50, 50));
}

#[tokio::test]
async fn waiting_ends_with_the_change_and_not_before() {
    let stage = Stage::new().await;
    let found = |slack: &crate::sim::slack::server::SimSlack| {
        slack.messages(GENERAL).pop().map(|message| message["text"].clone())
    };
    let nothing = stage.slack.wait_for(Duration::from_millis(50), found).await;
    assert_eq!(nothing, None);
    let said = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stage.slack.say(BOB, GENERAL, "here");
    };
    let (heard, ()) = tokio::join!(stage.slack.wait_for(Duration::from_secs(5), found), said);
    assert_eq!(heard, Some(json!("here")));
}

#[tokio::test]
async fn the_workspace_stops_and_frees_its_port() {
    let stage = Stage::new().await;
    let url = format!("{}/auth.test", stage.slack.api_url());
    assert!(stage.post(&url, "application/json", "{}", TOKEN).await.is_some());
    stage.slack.stop().await;
    assert!(stage.post(&url, "application/json", "{}", TOKEN).await.is_none());
}

#[tokio::test]
async fn a_busy_port_is_named_with_what_to_do() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config(Clock::real());
    config.listen = taken.local_addr().unwrap();
    let tracker = tokio_util::task::TaskTracker::new();
    let error = crate::sim::slack::server::SimSlack::start(config, &tracker).await.unwrap_err();
    let words = error.to_string();
    assert!(words.contains(&taken.local_addr().unwrap().to_string()), "{words}");
    assert!(words.ends_with("choose another address"), "{words}");
}
