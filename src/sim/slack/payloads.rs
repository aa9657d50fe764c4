//! The bodies Slack sends: slash commands, interactions, events.

use crate::sim::slack::channels::Channel;
use crate::sim::slack::deliver::Twist;
use crate::sim::slack::state::State;
use serde_json::{Value, json};

/// The verification token of old; current apps ignore it, and Slack still sends it.
const OLD_TOKEN: &str = "simulated-verification-token";

/// One person's action, with what Slack hands the app for it.
#[derive(Debug, Clone)]
pub(super) struct Act<'a> {
    pub(super) user: &'a str,
    pub(super) twist: &'a Twist,
    pub(super) trigger_id: &'a str,
    pub(super) response_url: Option<&'a str>,
}

/// The form of a slash command.
pub(super) fn slash(
    state: &State,
    act: &Act<'_>,
    channel: &Channel,
    (command, text): (&str, &str),
) -> String {
    let config = &state.config;
    let person = state.person(act.user);
    let home = person.and_then(|person| person.team_id.as_ref());
    let team = act.twist.foreign_team.as_ref().or(home).unwrap_or(&config.team_id);
    let name = person.map_or("", |person| &person.name);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", OLD_TOKEN)
        .append_pair("team_id", team)
        .append_pair("team_domain", &config.team_domain)
        .append_pair("channel_id", &channel.id)
        .append_pair("channel_name", channel.name_shown())
        .append_pair("user_id", act.user)
        .append_pair("user_name", name)
        .append_pair("command", command)
        .append_pair("text", text)
        .append_pair("api_app_id", app_id(state, act.twist))
        .append_pair("is_enterprise_install", flag(act.twist.org_install));
    let enterprise = enterprise(state, act.twist);
    if let Some(id) = enterprise["id"].as_str() {
        form.append_pair("enterprise_id", id).append_pair("enterprise_name", "Simulated Org");
    }
    form.append_pair("response_url", act.response_url.unwrap_or_default())
        .append_pair("trigger_id", act.trigger_id);
    form.finish()
}

/// An interaction payload, written into the one field of its form.
pub(super) fn form(payload: &Value) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("payload", &payload.to_string());
    form.finish()
}

/// What every interaction payload holds.
pub(super) fn interaction(state: &State, kind: &str, act: &Act<'_>) -> Value {
    let config = &state.config;
    let person = state.person(act.user);
    let name = person.map_or("", |person| &person.name);
    let foreign = act.twist.foreign_team.as_ref();
    let home = foreign.or_else(|| person.and_then(|person| person.team_id.as_ref()));
    let user = json!({
        "id": act.user,
        "username": name,
        "name": name,
        "team_id": home.unwrap_or(&config.team_id),
    });
    let team = match act.twist.org_install {
        true => Value::Null,
        false => json!({"id": config.team_id, "domain": config.team_domain}),
    };
    json!({
        "type": kind,
        "user": user,
        "api_app_id": app_id(state, act.twist),
        "token": OLD_TOKEN,
        "trigger_id": act.trigger_id,
        "team": team,
        "enterprise": enterprise(state, act.twist),
        "is_enterprise_install": act.twist.org_install,
    })
}

/// The envelope of an event; `event_id` tells deliveries of the same one apart from others.
pub(super) fn event(state: &State, twist: &Twist, event: &Value, id: (&str, i64)) -> Value {
    let config = &state.config;
    let (event_id, event_time) = id;
    let team = twist.foreign_team.as_ref().unwrap_or(&config.team_id);
    let enterprise = enterprise(state, twist);
    json!({
        "token": OLD_TOKEN,
        "team_id": team,
        "api_app_id": app_id(state, twist),
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": event_time,
        "authorizations": [{
            "enterprise_id": enterprise["id"],
            "team_id": if twist.org_install { Value::Null } else { json!(team) },
            "user_id": config.bot_user_id,
            "is_bot": true,
            "is_enterprise_install": twist.org_install,
        }],
        "is_ext_shared_channel": false,
        "event_context": format!("4-{event_id}"),
    })
}

/// The body of the probe that asks an events url to echo a challenge.
pub(super) fn url_verification(challenge: &str) -> String {
    let body = json!({"token": OLD_TOKEN, "challenge": challenge, "type": "url_verification"});
    body.to_string()
}

/// The body of Slack's certificate check.
pub(super) fn ssl_check() -> String {
    format!("ssl_check=1&token={OLD_TOKEN}")
}

fn app_id<'a>(state: &'a State, twist: &'a Twist) -> &'a str {
    twist.app_id.as_deref().unwrap_or(&state.config.app_id)
}

fn enterprise(state: &State, twist: &Twist) -> Value {
    let id = state.config.enterprise_id.as_deref();
    match id.or_else(|| twist.org_install.then_some("E0SIM00001")) {
        Some(id) => json!({"id": id, "name": "Simulated Org"}),
        None => Value::Null,
    }
}

fn flag(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}
