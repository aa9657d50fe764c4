//! Messages: posting, updating, deleting, and whispering to one person.

use crate::sim::slack::call::{Call, Refusal, Reply, refuse};
use crate::sim::slack::channels::{Reach, direct};
use crate::sim::slack::content::{Content, read};
use crate::sim::slack::state::{Ephemeral, State};
use serde_json::{Map, Value, json};

/// Ephemeral messages kept; a person's reload drops theirs anyway.
const EPHEMERALS_MAX: usize = 5_000;

pub(super) fn post(state: &mut State, call: &Call) -> Reply {
    let id = target(state, call)?;
    let content = read(state, call, false)?;
    let mut more = Map::new();
    if let Some(thread) = call.text("thread_ts") {
        let parent = state.message(&id, thread).ok_or_else(|| refuse("thread_not_found"))?;
        let root = parent.get("thread_ts").unwrap_or(&parent["ts"]).clone();
        more.insert("thread_ts".to_owned(), root);
    }
    let message = publish(state, &id, content, (more, call.now));
    Ok(json!({"channel": id, "ts": message["ts"], "message": message}))
}

pub(super) fn update(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel")?)?;
    let (id, archived) = (channel.id.clone(), channel.archived);
    let ts = call.needed("ts")?.to_owned();
    let message = state.message(&id, &ts).ok_or_else(|| refuse("message_not_found"))?;
    if archived {
        return Err(refuse("is_inactive"));
    }
    if !own(state, message) {
        return Err(refuse("cant_update_message"));
    }
    let content = read(state, call, true)?;
    let bot = state.config.bot_user_id.clone();
    let edited_at = state.mint_ts(call.now);
    let stored = state.message_mut(&id, &ts).ok_or_else(|| refuse("message_not_found"))?;
    if let Some(fields) = stored.as_object_mut() {
        content.apply(fields);
        fields.insert("edited".to_owned(), json!({"user": bot, "ts": edited_at}));
    }
    let message = stored.clone();
    Ok(json!({"channel": id, "ts": ts, "text": message["text"], "message": message}))
}

pub(super) fn delete(state: &mut State, call: &Call) -> Reply {
    let id = state.seen(call.needed("channel")?)?.id.clone();
    let ts = call.needed("ts")?.to_owned();
    let message = state.message(&id, &ts).ok_or_else(|| refuse("message_not_found"))?;
    if !own(state, message) {
        return Err(refuse("cant_delete_message"));
    }
    remove(state, &id, &ts);
    Ok(json!({"channel": id, "ts": ts}))
}

pub(super) fn post_ephemeral(state: &mut State, call: &Call) -> Reply {
    let id = state.joined(call.needed("channel")?)?.id.clone();
    let user = call.needed("user")?.to_owned();
    if !state.joined(&id)?.members.contains(&user) {
        return Err(refuse("user_not_in_channel"));
    }
    let content = read(state, call, false)?;
    let ts = whisper(state, (&id, &user), content, call.now);
    Ok(json!({"message_ts": ts}))
}

pub(super) fn permalink(state: &mut State, call: &Call) -> Reply {
    let id = state.seen(call.needed("channel")?)?.id.clone();
    let ts = call.needed("message_ts")?;
    state.message(&id, ts).ok_or_else(|| refuse("message_not_found"))?;
    let place = ts.replace('.', "");
    let domain = &state.config.team_domain;
    let link = format!("https://{domain}.slack.com/archives/{id}/p{place}");
    Ok(json!({"channel": id, "permalink": link}))
}

/// Stores a message of the bot.
pub(super) fn publish(
    state: &mut State,
    channel: &str,
    content: Content,
    (more, now): (Map<String, Value>, jiff::Timestamp),
) -> Value {
    let mut message = envelope(state, now);
    if let Some(fields) = message.as_object_mut() {
        content.apply(fields);
        fields.extend(more);
    }
    state.store(channel, message.clone());
    message
}

/// Shows a message to one person only, and says when.
pub(super) fn whisper(
    state: &mut State,
    (channel, user): (&str, &str),
    content: Content,
    now: jiff::Timestamp,
) -> String {
    let mut message = envelope(state, now);
    if let Some(fields) = message.as_object_mut() {
        content.apply(fields);
        fields.insert("is_ephemeral".to_owned(), Value::Bool(true));
    }
    let ts = message["ts"].as_str().unwrap_or_default().to_owned();
    if state.ephemerals.len() >= EPHEMERALS_MAX {
        state.ephemerals.remove(0);
    }
    let (user, channel) = (user.to_owned(), channel.to_owned());
    state.ephemerals.push(Ephemeral { user, channel, message });
    ts
}

/// Takes a message away, with its pin.
pub(super) fn remove(state: &mut State, channel: &str, ts: &str) {
    if let Some(messages) = state.messages.get_mut(channel) {
        messages.retain(|message| message["ts"] != ts);
    }
    if let Ok(channel) = state.channel_mut(channel) {
        channel.pins.retain(|pin| pin != ts);
    }
}

/// Whether the bot wrote this message; Slack's own lines about the bot do not count.
pub(super) fn own(state: &State, message: &Value) -> bool {
    message["bot_id"] == state.config.bot_id
}

fn envelope(state: &mut State, now: jiff::Timestamp) -> Value {
    let ts = state.mint_ts(now);
    let config = &state.config;
    json!({
        "type": "message",
        "user": config.bot_user_id,
        "bot_id": config.bot_id,
        "app_id": config.app_id,
        "team": config.team_id,
        "bot_profile": {
            "id": config.bot_id,
            "app_id": config.app_id,
            "team_id": config.team_id,
            "name": "keyleak",
            "deleted": false,
        },
        "text": "",
        "ts": ts,
    })
}

/// The channel a message goes to: an id, a channel name, or a person.
fn target(state: &mut State, call: &Call) -> Result<String, Refusal> {
    let wanted = call.text("channel").ok_or_else(|| refuse("channel_not_found"))?;
    if state.person(wanted).is_some() {
        return Ok(direct(state, vec![wanted.to_owned()], call));
    }
    let name = wanted.trim_start_matches('#');
    let by_name = state.channels.iter().find(|channel| channel.name == name);
    let channel = state.seen(by_name.map_or(wanted, |channel| channel.id.as_str()))?;
    let unasked = state.config.scopes.iter().any(|scope| scope == "chat:write.public");
    if unasked && channel.reach == Reach::Public && !channel.archived {
        return Ok(channel.id.clone());
    }
    Ok(state.joined(&channel.id)?.id.clone())
}
