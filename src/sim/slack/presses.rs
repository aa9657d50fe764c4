//! One press of a button or one choice, as the payload Slack makes of it.

use crate::sim::slack::acts::{Impossible, Place, Press, act, entered};
use crate::sim::slack::channels::Channel;
use crate::sim::slack::deliver::Twist;
use crate::sim::slack::form::Found;
use crate::sim::slack::payloads;
use crate::sim::slack::replies::{self, Hook, HookKind};
use crate::sim::slack::state::State;
use crate::sim::slack::views::View;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The `block_actions` payload of one press.
pub(super) fn pressed(
    state: &mut State,
    press: &Press,
    (twist, trigger): (&Twist, &str),
    now: Timestamp,
) -> Result<Value, Impossible> {
    match &press.place {
        Place::Message { channel, ts } => {
            let channel = entered(state, &press.user, channel, twist)?;
            in_message(state, press, (&channel, ts), (twist, trigger), now)
        }
        Place::View { view_id } => in_view(state, press, view_id, (twist, trigger), now),
    }
}

fn in_message(
    state: &mut State,
    press: &Press,
    (channel, ts): (&Channel, &str),
    (twist, trigger): (&Twist, &str),
    now: Timestamp,
) -> Result<Value, Impossible> {
    let whisper = state
        .ephemerals
        .iter()
        .find(|whisper| whisper.user == press.user && whisper.message["ts"] == ts);
    let ephemeral = whisper.is_some();
    let current = whisper.map(|whisper| &whisper.message);
    let current = current.or_else(|| state.message(&channel.id, ts)).cloned();
    let gone = || Impossible::NoSuchMessage(ts.to_owned());
    let message = press.as_seen.clone().or(current).ok_or_else(gone)?;
    let (action, values) = action(&message["blocks"], press, now)?;
    let kind = HookKind::Action { ephemeral };
    let hook = Hook::new(kind, (&press.user, &channel.id), Some(ts), now);
    let url = replies::mint_hook(state, hook);
    let act = act(&press.user, twist, trigger, Some(&url));
    let mut payload = payloads::interaction(state, "block_actions", &act);
    payload["container"] = json!({
        "type": "message",
        "message_ts": ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    });
    payload["channel"] = json!({"id": channel.id, "name": channel.name_shown()});
    if !ephemeral {
        payload["message"] = message;
    }
    payload["state"] = json!({"values": values});
    payload["response_url"] = json!(url);
    payload["actions"] = json!([action]);
    Ok(payload)
}

fn in_view(
    state: &mut State,
    press: &Press,
    view_id: &str,
    (twist, trigger): (&Twist, &str),
    now: Timestamp,
) -> Result<Value, Impossible> {
    let mine = |view: &&View| view.user == press.user && view.id() == view_id;
    let view = state.views.iter().find(mine);
    let view = view.ok_or_else(|| Impossible::NoModal(press.user.clone()))?;
    let mut object = view.object.clone();
    let (action, touched) = action(&object["blocks"], press, now)?;
    merge(&mut object["state"]["values"], &touched, &action);
    let act = act(&press.user, twist, trigger, None);
    let mut payload = payloads::interaction(state, "block_actions", &act);
    payload["container"] = json!({"type": "view", "view_id": view_id});
    payload["view"] = object.clone();
    payload["actions"] = json!([action]);
    if let Some(view) = state.views.iter_mut().find(|view| view.id() == view_id) {
        view.object = object;
    }
    Ok(payload)
}

/// The entry of `actions[]` for a press, and `state.values` with what was chosen in it.
fn action(blocks: &Value, press: &Press, now: Timestamp) -> Result<(Value, Value), Impossible> {
    let fits = |found: &Found| {
        let value = press.value.as_ref().is_none_or(|value| found.element["value"] == **value);
        found.element["action_id"] == press.action_id && value
    };
    let found = crate::sim::slack::form::elements(blocks).into_iter().find(fits);
    let found = found.ok_or_else(|| Impossible::NoSuchAction(press.action_id.clone()))?;
    let element = &found.element;
    let micros = now.as_microsecond();
    let mut action = Map::new();
    for key in ["type", "action_id", "text", "value", "style", "url", "placeholder"] {
        if let Some(value) = element.get(key) {
            action.insert(key.to_owned(), value.clone());
        }
    }
    action.insert("block_id".to_owned(), json!(found.block_id));
    let stamp = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    action.insert("action_ts".to_owned(), json!(stamp));
    let mut values = crate::sim::slack::form::initial_values(blocks);
    if let Some(chosen) = &press.chosen {
        let state = choose(element, chosen)?;
        for (key, value) in state.as_object().into_iter().flatten() {
            action.insert(key.clone(), value.clone());
        }
        if element["type"] != "overflow" {
            values[&found.block_id][&press.action_id] = state;
        }
    }
    Ok((Value::Object(action), values))
}

fn choose(element: &Value, chosen: &Value) -> Result<Value, Impossible> {
    if element["type"] == "overflow" {
        let mut options = element["options"].as_array().into_iter().flatten();
        let option = options.find(|option| option["value"] == *chosen);
        let gone = || Impossible::Input(format!("there is no option {chosen} to pick"));
        return Ok(json!({"selected_option": option.ok_or_else(gone)?}));
    }
    crate::sim::slack::form::filled(element, chosen).map_err(Impossible::Input)
}

/// Writes the one element that was just touched into the values a view already has.
fn merge(values: &mut Value, touched: &Value, action: &Value) {
    let (Some(block), Some(name)) = (action["block_id"].as_str(), action["action_id"].as_str())
    else {
        return;
    };
    let state = &touched[block][name];
    if !state.is_null() {
        values[block][name] = state.clone();
    }
}
