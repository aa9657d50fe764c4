//! Socket Mode beside parts we did not write: Slack's own client on the simulated workspace, and
//! the service on a server of another's making, which sends the frames that Slack documents.

use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use crate::python::Judge;
use keyleak::domain::ids::AccountId;
use keyleak::drill::bot::{Outside, desk, gate_with_socket};
use keyleak::drill::world::{PLANS_EXPIRE_AFTER, production_timing};
use keyleak::ports::clock::Clock;
use keyleak::running::Bot;
use keyleak::sim::cloud::{DELIVERY_DELAY, SimCloud, SimCloudConfig};
use keyleak::sim::slack::channels::Reach;
use keyleak::sim::slack::config::{APP_TOKEN, SimSlackConfig};
use keyleak::sim::slack::server::SimSlack;
use keyleak::socket::Pulse;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

const ANA: &str = "U0ANA00001";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [client, server] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "slack_sdks_socket_client_works_with_the_simulated_slack",
            move || async move { slack_sdk_connects(&client).await },
        ),
        trial_async(
            "the_service_works_with_a_socket_server_of_anothers_making",
            move || async move { another_serves(&server).await },
        ),
    ]
}

fn judge(parts: &Parts) -> Result<Judge, Missing> {
    Ok(parts.python()?.judge("socket_judge.py", &[]))
}

async fn slack_sdk_connects(parts: &Parts) -> Result<(), Missing> {
    let mut judge = judge(parts)?;
    let mut config = SimSlackConfig::new(Clock::real(), "secret", "xoxb-simulated");
    config.socket_mode = true;
    let slack = SimSlack::start(config, &TaskTracker::new()).await.expect("the workspace starts");
    let lobby = slack.make_channel("security", Reach::Public, &[ANA]);
    let connect = json!({ "op": "connect", "base_url": slack.api_url(), "app_token": APP_TOKEN });
    assert_eq!(judge.ask(&connect), json!({ "connected": true }));
    is_heard(&slack, &lobby).await;
    let form = json!({ "view": { "id": "V1", "callback_id": "x" } });
    let sent = slack.interaction(ANA, "view_submission", &form).await;
    assert!(sent.body.contains("heard by slack_sdk"), "{sent:?}");
    let press = json!({ "actions": [{ "action_id": "x", "action_ts": "1.2" }] });
    assert!(slack.interaction(ANA, "block_actions", &press).await.accepted());
    let told = slack.event(&json!({ "type": "group_archive", "channel": "G1" })).await;
    assert!(told.len() == 1 && told[0].accepted(), "{told:?}");
    slack.say_goodbye("warning");
    let deadline = Instant::now() + PATIENCE;
    while slack.lines_opened() < 2 {
        assert!(Instant::now() < deadline, "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    is_heard(&slack, &lobby).await;
    let heard = judge.ask(&json!({ "op": "heard" }));
    let kinds: Vec<_> =
        heard["requests"].as_array().expect("a list").iter().map(|one| &one["type"]).collect();
    for kind in ["slash_commands", "interactive", "events_api"] {
        assert!(kinds.iter().any(|one| *one == kind), "{kind} in {heard}");
    }
    assert_eq!(slack.violations(), Vec::<String>::new());
    slack.stop().await;
    Ok(())
}

/// A command is answered, once the connection is the one that is used.
async fn is_heard(slack: &SimSlack, lobby: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = slack.slash(ANA, lobby, "/keyleak", "help").await.expect("she may type");
        if said.body.contains("heard by slack_sdk") {
            return;
        }
        assert!(Instant::now() < deadline, "{said:?}");
    }
}

async fn another_serves(parts: &Parts) -> Result<(), Missing> {
    let mut judge = judge(parts)?;
    let frames = documented();
    let serve = json!({ "op": "serve", "frames": frames, "app_token": APP_TOKEN });
    let base_url = judge.ask(&serve)["base_url"].as_str().expect("an address").to_owned();
    let folder = tempfile::tempdir().expect("a folder");
    let trail_folder = folder.path().join("trail");
    std::fs::create_dir_all(&trail_folder).expect("a folder");
    let clock = Clock::real();
    let cloud = SimCloud::new(SimCloudConfig {
        account: AccountId("029608264753".to_owned()),
        clock,
        seed: 1,
        lag: Duration::ZERO..=Duration::ZERO,
        delivery_delay: DELIVERY_DELAY,
        trail_folder,
    });
    let cloud = cloud.expect("an account");
    let outside = Outside {
        records: None,
        folder: folder.path().to_owned(),
        slack_api_url: base_url.clone(),
        clock,
        timing: production_timing(),
        plans_expire_after: PLANS_EXPIRE_AFTER,
        lookup: Arc::clone(&cloud) as Arc<_>,
        contain: cloud,
    };
    let desk = desk(outside, &|journal| journal).expect("a desk");
    let gate = gate_with_socket(&base_url, Pulse::default()).expect("a gate");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let bot = Bot::start(desk, gate, listener, "judged".to_owned());
    let said = judge.ask(&json!({ "op": "answers", "count": frames.len() }));
    bot.shut_down().await;
    let said: Vec<Value> = said["texts"].as_array().expect("a list").iter().map(read).collect();
    let answer_to = |id: &str| {
        let found = said.iter().find(|one| one["envelope_id"] == id);
        found.unwrap_or_else(|| panic!("{id} is acknowledged: {said:?}")).clone()
    };
    let help = answer_to("d60b3f8b-aff2-4cf3-a4fe-de9a1a8dd6f8");
    let words = help["payload"]["text"].as_str().unwrap_or_default();
    assert!(words.contains("opens a private channel"), "{help}");
    assert_eq!(help["payload"]["response_type"], "ephemeral");
    let form = answer_to("a2b1c3d4-aff2-4cf3-a4fe-de9a1a8dd6f8");
    assert_eq!(form["payload"]["response_action"], "errors", "{form}");
    let event = answer_to("c67a03e3-6f9b-4a2e-9c3f-000000000001");
    assert_eq!(event, json!({ "envelope_id": "c67a03e3-6f9b-4a2e-9c3f-000000000001" }));
    Ok(())
}

fn read(text: &Value) -> Value {
    serde_json::from_str(text.as_str().expect("a text")).expect("an acknowledgement is JSON")
}

/// One frame of each kind, with the fields that Slack's documentation shows.
fn documented() -> Vec<Value> {
    vec![
        json!({
            "envelope_id": "d60b3f8b-aff2-4cf3-a4fe-de9a1a8dd6f8",
            "payload": {
                "token": "verification-token", "team_id": "T0SIM00001",
                "team_domain": "simulated", "channel_id": "C0GENERAL1",
                "channel_name": "general", "user_id": ANA, "user_name": "ana",
                "command": "/keyleak", "text": "help", "api_app_id": "A0SIM00001",
                "is_enterprise_install": "false",
                "response_url": "https://hooks.slack.com/commands/T0SIM00001/1/x",
                "trigger_id": "1.2.3",
            },
            "type": "slash_commands", "accepts_response_payload": true,
        }),
        json!({
            "payload": {
                "type": "view_submission", "team": { "id": "T0SIM00001", "domain": "simulated" },
                "user": { "id": ANA, "username": "ana", "name": "ana", "team_id": "T0SIM00001" },
                "api_app_id": "A0SIM00001", "token": "verification-token", "trigger_id": "1.2.4",
                "view": {
                    "id": "V1", "type": "modal", "callback_id": "intake", "hash": "1.x",
                    "state": { "values": { "intake.keys": { "value": {
                        "type": "plain_text_input", "value": "nonsense",
                    } } } },
                },
                "response_urls": [], "is_enterprise_install": false, "enterprise": null,
            },
            "envelope_id": "a2b1c3d4-aff2-4cf3-a4fe-de9a1a8dd6f8",
            "type": "interactive", "accepts_response_payload": true,
        }),
        json!({
            "envelope_id": "c67a03e3-6f9b-4a2e-9c3f-000000000001",
            "payload": {
                "token": "verification-token", "team_id": "T0SIM00001",
                "api_app_id": "A0SIM00001",
                "event": { "type": "group_archive", "channel": "G0AAAAAAA1", "user": ANA },
                "type": "event_callback", "event_id": "Ev0000001", "event_time": 1_800_000_000,
            },
            "type": "events_api", "accepts_response_payload": false,
            "retry_attempt": 0, "retry_reason": "",
        }),
    ]
}
