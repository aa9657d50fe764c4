//! Pins, bookmarks and reactions.

use crate::sim::slack::call::{Call, Refusal, Reply, refuse};
use crate::sim::slack::channels::Bookmark;
use crate::sim::slack::state::State;
use serde_json::{Value, json};

const PINS_MAX: usize = 100;
const BOOKMARKS_MAX: usize = 100;
/// Reaction names are shorter than this in every workspace.
const EMOJI_NAME_MAX: usize = 100;

pub(super) fn pin(state: &mut State, call: &Call) -> Reply {
    let (id, ts) = message(state, call)?;
    let channel = state.channel_mut(&id)?;
    if channel.pins.contains(&ts) {
        return Err(refuse("already_pinned"));
    }
    if channel.pins.len() >= PINS_MAX {
        return Err(refuse("too_many_pins"));
    }
    channel.pins.push(ts);
    Ok(json!({}))
}

pub(super) fn unpin(state: &mut State, call: &Call) -> Reply {
    let (id, ts) = message(state, call)?;
    let channel = state.channel_mut(&id)?;
    if !channel.pins.contains(&ts) {
        return Err(refuse("no_pin"));
    }
    channel.pins.retain(|pin| *pin != ts);
    Ok(json!({}))
}

pub(super) fn pins(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel")?)?;
    let item = |ts: &String| {
        let message = state.message(&channel.id, ts)?;
        Some(json!({"type": "message", "channel": channel.id, "message": message}))
    };
    Ok(json!({"items": channel.pins.iter().filter_map(item).collect::<Vec<_>>()}))
}

pub(super) fn bookmark(state: &mut State, call: &Call) -> Reply {
    let id = state.joined(call.needed("channel_id")?)?.id.clone();
    let title = call.needed("title")?.to_owned();
    if call.needed("type")? != "link" {
        return Err(refuse("invalid_bookmark_type"));
    }
    let link = call.text("link").unwrap_or_default().to_owned();
    if !link.starts_with("https://") && !link.starts_with("http://") {
        return Err(refuse("invalid_link"));
    }
    let bookmark = Bookmark { id: state.mint_id("Bk"), title, link };
    let channel = state.channel_mut(&id)?;
    if channel.bookmarks.len() >= BOOKMARKS_MAX {
        return Err(refuse("too_many_bookmarks"));
    }
    channel.bookmarks.push(bookmark.clone());
    Ok(json!({"bookmark": bookmark_object(&id, &bookmark)}))
}

pub(super) fn bookmarks(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel_id")?)?;
    let all = channel.bookmarks.iter().map(|bookmark| bookmark_object(&channel.id, bookmark));
    Ok(json!({"bookmarks": all.collect::<Vec<_>>()}))
}

pub(super) fn react(state: &mut State, call: &Call) -> Reply {
    let name = call.needed("name")?.trim_matches(':').to_owned();
    let legal = |c: char| c.is_alphanumeric() || "_-+':".contains(c);
    if name.is_empty() || name.len() > EMOJI_NAME_MAX || !name.chars().all(legal) {
        return Err(refuse("invalid_name"));
    }
    let (id, ts) = message(state, call)?;
    let bot = state.config.bot_user_id.clone();
    let message = state.message_mut(&id, &ts).ok_or_else(|| refuse("message_not_found"))?;
    if !message["reactions"].is_array() {
        message["reactions"] = json!([]);
    }
    let reactions = message["reactions"].as_array_mut().ok_or_else(|| refuse("internal_error"))?;
    if reactions.iter().any(|reaction| reaction["name"] == name) {
        return Err(refuse("already_reacted"));
    }
    reactions.push(json!({"name": name, "users": [bot], "count": 1}));
    Ok(json!({}))
}

fn message(state: &State, call: &Call) -> Result<(String, String), Refusal> {
    let id = state.joined(call.needed("channel")?)?.id.clone();
    let ts = call.text("timestamp").ok_or_else(|| refuse("no_item_specified"))?;
    let dotted = ts.split_once('.').is_some_and(|(seconds, micros)| {
        seconds.bytes().all(|b| b.is_ascii_digit()) && micros.len() == 6
    });
    if !dotted {
        return Err(refuse("bad_timestamp"));
    }
    state.message(&id, ts).ok_or_else(|| refuse("message_not_found"))?;
    Ok((id, ts.to_owned()))
}

fn bookmark_object(channel: &str, bookmark: &Bookmark) -> Value {
    json!({
        "id": bookmark.id,
        "channel_id": channel,
        "title": bookmark.title,
        "link": bookmark.link,
        "type": "link",
    })
}
