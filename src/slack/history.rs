//! What is already in Slack: our own channels and our own messages, found again after a crash.

use crate::domain::ids::{ChannelId, MessageTs};
use crate::ports::chat::{ChatError, Found};
use crate::slack::failure::Failure;
use crate::slack::web::Web;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Marks our messages, with the key of each beside it.
pub(super) const EVENT_TYPE: &str = "keyleak";
/// What Slack gives at a time.
const PAGE_LENGTH: usize = 200;
/// Ten thousand messages or channels; whoever has more finds the newest ones.
const PAGES_MAX: usize = 50;
/// Threads that hold our answers; each is a call of its own.
const THREADS_MAX: usize = 40;
/// Slack's clock is not ours.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// A channel of this name that the bot itself made at or after `since`.
pub(super) async fn own_channel(
    web: &Web,
    me: &str,
    name: &str,
    since: Timestamp,
) -> Result<Option<ChannelId>, ChatError> {
    let since = since.checked_sub(CLOCK_SKEW).unwrap_or(since).as_second();
    let is_ours = |channel: &&Value| {
        channel["name"] == name
            && channel["creator"] == me
            && channel["created"].as_i64().is_some_and(|created| created >= since)
    };
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let params = vec![
            ("types", Some("private_channel".to_owned())),
            ("exclude_archived", Some("true".to_owned())),
            ("limit", Some(PAGE_LENGTH.to_string())),
            ("cursor", cursor),
        ];
        let page = read(web, "conversations.list", &params).await?;
        if let Some(found) = items(&page, "channels").iter().find(is_ours) {
            return Ok(found["id"].as_str().map(|id| ChannelId(id.to_owned())));
        }
        cursor = next(&page);
        if cursor.is_none() {
            break;
        }
    }
    Ok(None)
}

/// The keyed messages and the files of the bot's own, in the channel and in threads.
pub(super) async fn posted(web: &Web, me: &str, channel: &ChannelId) -> Result<Found, ChatError> {
    let mut found = Found::default();
    let mut threads = Vec::new();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let params = page_of("conversations.history", channel, None, cursor);
        let page = read(web, "conversations.history", &params).await?;
        for message in items(&page, "messages") {
            note(&mut found, me, message);
            let replies = message["reply_count"].as_u64().unwrap_or(0);
            threads.extend(message["ts"].as_str().filter(|_| replies > 0).map(str::to_owned));
        }
        cursor = next(&page);
        if cursor.is_none() {
            break;
        }
    }
    for thread in threads.into_iter().take(THREADS_MAX) {
        replies(web, me, (channel, &thread), &mut found).await?;
    }
    Ok(found)
}

async fn replies(
    web: &Web,
    me: &str,
    (channel, thread): (&ChannelId, &str),
    found: &mut Found,
) -> Result<(), ChatError> {
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let params = page_of("conversations.replies", channel, Some(thread), cursor);
        let page = read(web, "conversations.replies", &params).await?;
        for message in items(&page, "messages") {
            note(found, me, message);
        }
        cursor = next(&page);
        if cursor.is_none() {
            break;
        }
    }
    Ok(())
}

fn page_of(
    method: &str,
    channel: &ChannelId,
    thread: Option<&str>,
    cursor: Option<String>,
) -> Vec<(&'static str, Option<String>)> {
    debug_assert!(thread.is_some() == (method == "conversations.replies"));
    vec![
        ("channel", Some(channel.0.clone())),
        ("ts", thread.map(str::to_owned)),
        ("include_all_metadata", Some("true".to_owned())),
        ("limit", Some(PAGE_LENGTH.to_string())),
        ("cursor", cursor),
    ]
}

fn note(found: &mut Found, me: &str, message: &Value) {
    if message["user"] != me {
        return;
    }
    let files = items(message, "files").iter().filter_map(|file| file["name"].as_str());
    found.files.extend(files.map(str::to_owned));
    let metadata = &message["metadata"];
    let key = metadata["event_payload"]["key"].as_str();
    let key = key.filter(|_| metadata["event_type"] == EVENT_TYPE);
    if let (Some(key), Some(ts)) = (key, message["ts"].as_str()) {
        found.messages.entry(key.to_owned()).or_default().insert(MessageTs(ts.to_owned()));
    }
}

async fn read(
    web: &Web,
    method: &str,
    params: &Vec<(&str, Option<String>)>,
) -> Result<Value, ChatError> {
    web.get(method, params).await.map_err(|failure: Failure| failure.error)
}

fn items<'a>(page: &'a Value, name: &str) -> &'a [Value] {
    page[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn next(page: &Value) -> Option<String> {
    let cursor = page["response_metadata"]["next_cursor"].as_str()?;
    (!cursor.is_empty()).then(|| cursor.to_owned())
}
