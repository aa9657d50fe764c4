//! What is already in Slack: our own channels and our own messages, found again after a crash.

use crate::domain::ids::{ChannelId, MessageTs};
use crate::ports::chat::{ChatError, Found, Heard, Spot};
use crate::slack::failure::Failure;
use crate::slack::said::heard;
use crate::slack::web::Web;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Marks our messages, with the key of each beside it.
pub(super) const EVENT_TYPE: &str = "keyleak";
/// What Slack gives at a time.
const PAGE_LENGTH: usize = 200;
/// Ten thousand messages or channels; whoever has more finds the newest ones.
const PAGES_MAX: usize = 50;
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

/// One message: from the channel, or from the thread that it stands in.
pub(super) async fn hear(
    web: &Web,
    me: &str,
    (channel, (message, thread)): (&ChannelId, (&MessageTs, Option<&MessageTs>)),
) -> Result<Option<Heard>, ChatError> {
    let at = |of: Option<&MessageTs>| {
        vec![
            ("channel", Some(channel.0.clone())),
            ("ts", of.map(|thread| thread.0.clone())),
            ("latest", Some(message.0.clone())),
            ("oldest", Some(message.0.clone())),
            ("inclusive", Some("true".to_owned())),
            // Of a thread Slack gives its first message too.
            ("limit", Some(if of.is_some() { "2" } else { "1" }.to_owned())),
        ]
    };
    let of = |page: &Value| {
        let found = items(page, "messages").iter().find(|one| one["ts"] == message.0);
        found.map(|one| heard(me, one))
    };
    let page = read(web, "conversations.history", &at(None)).await?;
    if let Some(found) = of(&page) {
        return Ok(Some(found));
    }
    // Slack takes a message of a thread for the thread, where nobody said which it is.
    match read(web, "conversations.replies", &at(Some(thread.unwrap_or(message)))).await {
        Ok(page) => Ok(of(&page)),
        Err(ChatError::Refused { code, .. }) if code == "thread_not_found" => Ok(None),
        Err(ChatError::MessageGone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The keyed messages and the files of the bot's own: in the channel outside its threads, or in one
/// of them. A thread is a call of its own, so it is read only for whoever writes into it.
pub(super) async fn posted(web: &Web, me: &str, spot: Spot<'_>) -> Result<Found, ChatError> {
    let method = match spot.thread {
        Some(_) => "conversations.replies",
        None => "conversations.history",
    };
    let mut found = Found::default();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = read(web, method, &page_of(spot, cursor)).await?;
        for message in items(&page, "messages") {
            note(&mut found, me, message);
        }
        cursor = next(&page);
        if cursor.is_none() {
            break;
        }
    }
    Ok(found)
}

fn page_of(spot: Spot<'_>, cursor: Option<String>) -> Vec<(&'static str, Option<String>)> {
    vec![
        ("channel", Some(spot.channel.0.clone())),
        ("ts", spot.thread.map(|thread| thread.0.clone())),
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
