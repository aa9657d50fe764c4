//! The simulated Slack as a client we did not write sees it: slack-morphism calls, and reads.

use crate::frame::trial_async;
use axum::Router;
use axum::extract::State;
use hyper_util::client::legacy::connect::HttpConnector;
use keyleak::ports::clock::Clock;
use keyleak::sim::slack::config::SimSlackConfig;
use keyleak::sim::slack::server::SimSlack;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

const TOKEN: &str = "xoxb-simulated";
const ANA: &str = "U0ANA00001";
const BOB: &str = "U0BOB00002";

type Connector = SlackClientHyperConnector<HttpConnector>;
type Heard = Arc<Mutex<Vec<String>>>;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial_async("slack_morphism_works_with_the_simulated_slack", || async {
            a_whole_case_of_calls().await;
            Ok(())
        }),
        trial_async("slack_morphism_reads_what_the_simulated_slack_sends", || async {
            everything_sent_parses().await;
            Ok(())
        }),
    ]
}

async fn start() -> (SimSlack, SlackClient<Connector>) {
    let config = SimSlackConfig::new(Clock::real(), "secret", TOKEN);
    let slack = SimSlack::start(config, &TaskTracker::new()).await;
    let slack = slack.expect("the workspace starts");
    let connector = SlackClientHyperConnector::with_connector(HttpConnector::new());
    let client = SlackClient::new(connector.with_slack_api_url(&slack.api_url()));
    (slack, client)
}

async fn a_whole_case_of_calls() {
    let (slack, client) = start().await;
    let token = SlackApiToken::new(TOKEN.into());
    let session = client.open_session(&token);
    let whoami = session.auth_test().await.unwrap();
    assert_eq!(whoami.team_id.to_string(), "T0SIM00001");
    let create = SlackApiConversationsCreateRequest::new("keyleak-wxyz".into());
    let room = session.conversations_create(&create.clone().with_is_private(true)).await.unwrap();
    let again = session.conversations_create(&create).await;
    assert!(matches!(again, Err(SlackClientError::ApiError(error)) if error.code == "name_taken"));
    let room = room.channel.id;
    let people = vec![ANA.into(), BOB.into()];
    let invite = SlackApiConversationsInviteRequest::new(room.clone(), people);
    session.conversations_invite(&invite).await.unwrap();
    let topic = SlackApiConversationsSetTopicRequest::new(room.clone(), "leaked".into());
    session.conversations_set_topic(&topic).await.unwrap();
    let content = SlackMessageContent::new().with_text("card".into()).with_blocks(slack_blocks![
        some_into(SlackHeaderBlock::new(pt!("Exposed key"))),
        some_into(SlackActionsBlock::new(slack_blocks![some_into(
            SlackBlockButtonElement::new(pt!("Approve")).with_action_id("approve".into())
        )]))
    ]);
    let post = SlackApiChatPostMessageRequest::new(room.clone(), content.clone());
    let posted = session.chat_post_message(&post).await.unwrap();
    let update = SlackApiChatUpdateRequest::new(room.clone(), content, posted.ts.clone());
    session.chat_update(&update).await.unwrap();
    let pin = SlackApiPinsAddRequest::new(room.clone(), posted.ts.clone());
    session.pins_add(&pin).await.unwrap();
    let history = SlackApiConversationsHistoryRequest::new().with_channel(room.clone());
    let history = session.conversations_history(&history).await.unwrap();
    assert_eq!(history.messages[0].origin.ts, posted.ts);
    let info = SlackApiUsersInfoRequest::new(ANA.into());
    assert_eq!(session.users_info(&info).await.unwrap().user.name.as_deref(), Some("ana"));
    let members = SlackApiConversationsMembersRequest::new().with_channel(room.clone());
    assert_eq!(session.conversations_members(&members).await.unwrap().members.len(), 3);
    upload(&session, &room).await;
    let archive = SlackApiConversationsArchiveRequest::new(room.clone());
    session.conversations_archive(&archive).await.unwrap();
    assert_eq!(slack.violations(), Vec::<String>::new());
    slack.stop().await;
}

async fn upload(session: &SlackClientSession<'_, Connector>, room: &SlackChannelId) {
    let content = "a,b\n1,2\n";
    let place = SlackApiFilesGetUploadUrlExternalRequest::new("rows.csv".into(), content.len());
    let place = session.get_upload_url_external(&place).await.unwrap();
    let bytes = SlackApiFilesUploadViaUrlRequest::new(
        place.upload_url,
        content.as_bytes().to_vec(),
        "text/csv".into(),
    );
    session.files_upload_via_url(&bytes).await.unwrap();
    let file = SlackApiFilesComplete::new(place.file_id);
    let complete = SlackApiFilesCompleteUploadExternalRequest::new(vec![file]);
    let complete = complete.with_channel_id(room.clone());
    session.files_complete_upload_external(&complete).await.unwrap();
}

async fn everything_sent_parses() {
    let (slack, client) = start().await;
    let heard = Heard::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    slack.set_bot_url(&format!("http://{}", listener.local_addr().unwrap()));
    let bot = Router::new().fallback(hear).with_state(heard.clone());
    TaskTracker::new().spawn(async move { axum::serve(listener, bot).await });
    let token = SlackApiToken::new(TOKEN.into());
    let session = client.open_session(&token);
    let create = SlackApiConversationsCreateRequest::new("room".into());
    let room = session.conversations_create(&create).await.unwrap().channel.id;
    let invite = SlackApiConversationsInviteRequest::new(room.clone(), vec![ANA.into()]);
    session.conversations_invite(&invite).await.unwrap();
    let button = SlackBlockButtonElement::new(pt!("Go")).with_action_id("go".into());
    let blocks = slack_blocks![some_into(SlackActionsBlock::new(slack_blocks![some_into(button)]))];
    let content = SlackMessageContent::new().with_text("x".into()).with_blocks(blocks);
    let post = SlackApiChatPostMessageRequest::new(room.clone(), content);
    let ts = session.chat_post_message(&post).await.unwrap().ts;
    slack.click(ANA, room.value(), ts.value(), "go").await.unwrap();
    assert!(matches!(last(&heard), SlackInteractionEvent::BlockActions(_)));
    let command = slack.slash(ANA, room.value(), "/keyleak", "").await.unwrap();
    let modal = SlackModalView::new(pt!("New case"), vec![]).with_notify_on_close(true);
    let trigger = command.trigger_id.unwrap();
    let open = SlackApiViewsOpenRequest::new(trigger.into(), SlackView::Modal(modal));
    session.views_open(&open).await.unwrap();
    slack.submit_view(ANA, &json!({})).await.unwrap();
    assert!(matches!(last(&heard), SlackInteractionEvent::ViewSubmission(_)));
    let event = json!({"type": "app_home_opened", "user": ANA, "channel": "D1", "tab": "home",
        "event_ts": "1.000000"});
    slack.event(&event).await;
    let body = heard.lock().unwrap().last().cloned().unwrap();
    let event: SlackPushEvent = serde_json::from_str(&body).unwrap();
    assert!(matches!(event, SlackPushEvent::EventCallback(_)));
    slack.stop().await;
}

async fn hear(State(heard): State<Heard>, body: String) {
    heard.lock().unwrap().push(body);
}

fn last(heard: &Heard) -> SlackInteractionEvent {
    let body = heard.lock().unwrap().last().cloned().unwrap();
    let mut form = form_urlencoded::parse(body.as_bytes());
    let payload = form.find(|(key, _)| key == "payload").unwrap().1;
    let parsed: Result<SlackInteractionEvent, _> = serde_json::from_str(&payload);
    let value: Value = serde_json::from_str(&payload).unwrap();
    parsed.unwrap_or_else(|error| panic!("{error} in {value:#}"))
}
