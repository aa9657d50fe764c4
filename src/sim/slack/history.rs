//! Reading back what was said.

use crate::sim::slack::call::{Call, Refusal, Reply, refuse};
use crate::sim::slack::state::State;
use serde_json::{Value, json};

pub(super) fn history(state: &mut State, call: &Call) -> Reply {
    let id = readable(state, call)?;
    let top =
        |message: &&Value| message.get("thread_ts").is_none_or(|thread| *thread == message["ts"]);
    let all = state.messages.get(&id).map_or(&[][..], Vec::as_slice);
    let found = all.iter().rev().filter(top).filter(|message| within(message, call));
    answer(found.cloned().collect(), call)
}

pub(super) fn replies(state: &mut State, call: &Call) -> Reply {
    let id = readable(state, call)?;
    let ts = call.needed("ts")?;
    state.message(&id, ts).ok_or_else(|| refuse("thread_not_found"))?;
    let all = state.messages.get(&id).map_or(&[][..], Vec::as_slice);
    let belongs = |message: &&Value| message["ts"] == ts || message["thread_ts"] == ts;
    let found = all.iter().filter(belongs).filter(|message| within(message, call));
    answer(found.cloned().collect(), call)
}

fn readable(state: &State, call: &Call) -> Result<String, Refusal> {
    let channel = state.seen(call.needed("channel")?)?;
    if !channel.archived && !channel.members.contains(&state.config.bot_user_id) {
        return Err(refuse("not_in_channel"));
    }
    Ok(channel.id.clone())
}

fn within(message: &Value, call: &Call) -> bool {
    let ts = message["ts"].as_str().unwrap_or_default();
    let inclusive = call.flag("inclusive");
    let after = |oldest: &str| ts > oldest || (inclusive && ts == oldest);
    let before = |latest: &str| ts < latest || (inclusive && ts == latest);
    call.text("oldest").is_none_or(after) && call.text("latest").is_none_or(before)
}

fn answer(mut messages: Vec<Value>, call: &Call) -> Reply {
    if !call.flag("include_all_metadata") {
        for message in messages.iter_mut().filter_map(Value::as_object_mut) {
            message.remove("metadata");
        }
    }
    let (messages, next) = crate::sim::slack::pages::page(messages, call)?;
    Ok(json!({
        "messages": messages,
        "has_more": !next.is_empty(),
        "response_metadata": {"next_cursor": next},
    }))
}
