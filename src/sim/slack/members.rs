//! Who is in a channel, and who may be brought in.

use crate::sim::slack::call::{Call, Refusal, Reply, refuse, refuse_with};
use crate::sim::slack::channels::{Channel, Reach, answer};
use crate::sim::slack::people::Standing;
use crate::sim::slack::state::State;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What Slack takes in one invitation.
const INVITED_MAX: usize = 100;

pub(super) fn list(state: &mut State, call: &Call) -> Reply {
    let members = state.seen(call.needed("channel")?)?.members.clone();
    let (members, next) = crate::sim::slack::pages::page(members, call)?;
    Ok(json!({"members": members, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn invite(state: &mut State, call: &Call) -> Reply {
    let channel = state.joined(call.needed("channel")?)?;
    if channel.reach == Reach::Direct {
        return Err(refuse("method_not_supported_for_channel_type"));
    }
    let id = channel.id.clone();
    let users = call.ids("users");
    if users.is_empty() {
        return Err(refuse("no_user"));
    }
    if users.len() > INVITED_MAX {
        let most = format!("[ERROR] no more than {INVITED_MAX} users allowed");
        return Err(refuse_with("invalid_arguments", &[most]));
    }
    let judged = users.iter().map(|user| (user, obstacle(state, channel, user)));
    let judged: Vec<_> = judged.collect();
    let errors: Vec<Value> = judged
        .iter()
        .filter_map(|(user, error)| error.map(|error| (user, error)))
        .map(|(user, error)| json!({"user": user, "ok": false, "error": error}))
        .collect();
    let first = judged.iter().find_map(|(_, error)| *error);
    let welcome: Vec<String> =
        judged.iter().filter(|(_, e)| e.is_none()).map(|(user, _)| (*user).clone()).collect();
    if let Some(error) = first.filter(|_| !call.flag("force") || welcome.is_empty()) {
        return Err(Refusal { error: error.to_owned(), more: json!({"errors": errors}) });
    }
    for user in &welcome {
        add(state, &id, user, call.now)?;
    }
    let mut reply = answer(state, &id)?;
    if !errors.is_empty() {
        reply["errors"] = json!(errors);
    }
    Ok(reply)
}

pub(super) fn kick(state: &mut State, call: &Call) -> Reply {
    let channel = state.joined(call.needed("channel")?)?;
    let id = channel.id.clone();
    let user = call.needed("user")?;
    if user == state.config.bot_user_id {
        return Err(refuse("cant_kick_self"));
    }
    if id == "C0GENERAL1" {
        return Err(refuse("cant_kick_from_general"));
    }
    if state.person(user).is_none() {
        return Err(refuse("user_not_found"));
    }
    if !channel.members.iter().any(|member| member == user) {
        return Err(refuse("not_in_channel"));
    }
    remove(state, &id, user, call.now)?;
    Ok(json!({}))
}

pub(super) fn join(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel")?)?;
    if channel.archived {
        return Err(refuse("is_archived"));
    }
    if channel.reach != Reach::Public {
        return Err(refuse("method_not_supported_for_channel_type"));
    }
    let (id, bot) = (channel.id.clone(), state.config.bot_user_id.clone());
    if channel.members.contains(&bot) {
        let mut reply = answer(state, &id)?;
        reply["warning"] = json!("already_in_channel");
        return Ok(reply);
    }
    add(state, &id, &bot, call.now)?;
    answer(state, &id)
}

pub(super) fn leave(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel")?)?;
    if channel.archived {
        return Err(refuse("is_archived"));
    }
    let (id, bot) = (channel.id.clone(), state.config.bot_user_id.clone());
    if id == "C0GENERAL1" {
        return Err(refuse("cant_leave_general"));
    }
    if !channel.members.contains(&bot) {
        return Ok(json!({"not_in_channel": true}));
    }
    if channel.members.len() == 1 && channel.reach == Reach::Private {
        return Err(refuse("last_member"));
    }
    remove(state, &id, &bot, call.now)?;
    Ok(json!({}))
}

/// Brings somebody in, with the line everybody in the channel sees.
pub(super) fn add(state: &mut State, id: &str, user: &str, now: Timestamp) -> Result<(), Refusal> {
    let channel = state.channel_mut(id)?;
    if !channel.members.iter().any(|member| member == user) {
        channel.members.push(user.to_owned());
        state.announce(id, ("channel_join", user, "has joined the channel"), now);
    }
    Ok(())
}

/// Takes somebody out.
pub(super) fn remove(
    state: &mut State,
    id: &str,
    user: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    state.channel_mut(id)?.members.retain(|member| member != user);
    state.announce(id, ("channel_leave", user, "has left the channel"), now);
    Ok(())
}

/// Why this person cannot be invited, if they cannot.
fn obstacle(state: &State, channel: &Channel, user: &str) -> Option<&'static str> {
    if user == state.config.bot_user_id {
        return Some("cant_invite_self");
    }
    let Some(person) = state.person(user) else {
        return Some("user_not_found");
    };
    if person.deleted {
        return Some("user_disabled");
    }
    if channel.members.iter().any(|member| member == user) {
        return Some("already_in_channel");
    }
    match person.standing {
        Standing::Stranger => Some("no_external_invite_permission"),
        Standing::SingleChannelGuest => {
            let elsewhere =
                state.channels.iter().any(|channel| channel.members.contains(&person.id));
            elsewhere.then_some("ura_max_channels")
        }
        Standing::Member | Standing::Guest | Standing::Bot => None,
    }
}
