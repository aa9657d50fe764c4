//! People, user groups and the workspace's own identity.

use crate::sim::slack::call::{Call, Reply, refuse};
use crate::sim::slack::state::State;
use serde::Serialize;
use serde_json::{Value, json};

/// What somebody is in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Member,
    /// A guest of several channels.
    Guest,
    /// A guest of one channel.
    SingleChannelGuest,
    /// Somebody of another workspace, met through a shared channel.
    Stranger,
    Bot,
}

/// Somebody who may act or be invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub real_name: String,
    pub email: Option<String>,
    pub standing: Standing,
    pub deleted: bool,
    /// The workspace of a stranger; everybody else is of this one.
    pub team_id: Option<String>,
}

/// A user group such as `@responders`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    pub id: String,
    pub handle: String,
    pub users: Vec<String>,
    pub enabled: bool,
}

impl Person {
    /// A full member with an address at example.com.
    pub fn member(id: &str, name: &str, real_name: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            real_name: real_name.to_owned(),
            email: Some(format!("{name}@example.com")),
            standing: Standing::Member,
            deleted: false,
            team_id: None,
        }
    }

    /// Somebody of another workspace.
    pub fn stranger(id: &str, name: &str, team_id: &str) -> Self {
        let member = Self::member(id, name, name);
        Self { standing: Standing::Stranger, team_id: Some(team_id.to_owned()), ..member }
    }
}

impl Group {
    pub fn new(id: &str, handle: &str, users: Vec<String>) -> Self {
        Self { id: id.to_owned(), handle: handle.to_owned(), users, enabled: true }
    }
}

pub(super) fn api_test(_: &mut State, call: &Call) -> Reply {
    match call.text("error") {
        Some(error) => Err(refuse(error)),
        None => Ok(json!({"args": call.args})),
    }
}

/// `apps.connections.open`: where the app may connect for Socket Mode, once.
pub(super) fn open_connection(state: &mut State, call: &Call) -> Reply {
    let ticket = state.mint_secret();
    let url = state.tickets.give(&ticket, &state.config.app_id, call.now);
    Ok(json!({ "url": url }))
}

pub(super) fn auth_test(state: &mut State, _: &Call) -> Reply {
    let config = &state.config;
    Ok(json!({
        "url": format!("https://{}.slack.com/", config.team_domain),
        "team": config.team_name,
        "user": "keyleak",
        "team_id": config.team_id,
        "user_id": config.bot_user_id,
        "bot_id": config.bot_id,
        "app_id": config.app_id,
        "enterprise_id": config.enterprise_id,
        "is_enterprise_install": false,
    }))
}

pub(super) fn team_info(state: &mut State, call: &Call) -> Reply {
    let config = &state.config;
    if call.text("team").is_some_and(|team| team != config.team_id) {
        return Err(refuse("team_not_found"));
    }
    Ok(json!({"team": {
        "id": config.team_id,
        "name": config.team_name,
        "domain": config.team_domain,
        "email_domain": "example.com",
    }}))
}

pub(super) fn bots_info(state: &mut State, call: &Call) -> Reply {
    let config = &state.config;
    match call.text("bot") {
        Some(bot) if bot == config.bot_id => Ok(json!({"bot": {
            "id": config.bot_id,
            "deleted": false,
            "name": "keyleak",
            "app_id": config.app_id,
            "user_id": config.bot_user_id,
        }})),
        Some(_) | None => Err(refuse("bot_not_found")),
    }
}

pub(super) fn users_info(state: &mut State, call: &Call) -> Reply {
    let id = call.needed("user")?;
    let user = user_object(state, id).ok_or_else(|| refuse("user_not_found"))?;
    Ok(json!({"user": user}))
}

pub(super) fn users_list(state: &mut State, call: &Call) -> Reply {
    let ids = state.config.people.iter().map(|person| person.id.clone());
    let ids: Vec<String> = ids.chain([state.config.bot_user_id.clone()]).collect();
    let members: Vec<Value> = ids.iter().filter_map(|id| user_object(state, id)).collect();
    let (members, next) = crate::sim::slack::pages::page(members, call)?;
    Ok(json!({"members": members, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn lookup_by_email(state: &mut State, call: &Call) -> Reply {
    let email = call.needed("email")?;
    let wanted = Some(email.to_lowercase());
    let mut people = state.config.people.iter().filter(|person| !person.deleted);
    let found = people.find(|person| person.email.as_ref().map(|e| e.to_lowercase()) == wanted);
    let id = found.map(|person| person.id.clone()).ok_or_else(|| refuse("users_not_found"))?;
    Ok(json!({"user": user_object(state, &id)}))
}

pub(super) fn groups_list(state: &mut State, call: &Call) -> Reply {
    let shown = |group: &&Group| group.enabled || call.flag("include_disabled");
    let groups = state.config.groups.iter().filter(shown).map(|group| {
        let mut object = json!({
            "id": group.id,
            "team_id": state.config.team_id,
            "is_usergroup": true,
            "name": group.handle,
            "handle": group.handle,
            "date_delete": i64::from(!group.enabled),
        });
        if call.flag("include_users") {
            object["users"] = json!(group.users);
        }
        if call.flag("include_count") {
            // Slack's documentation shows a number in a string here.
            object["user_count"] = json!(group.users.len().to_string());
        }
        object
    });
    Ok(json!({"usergroups": groups.collect::<Vec<_>>()}))
}

pub(super) fn group_users(state: &mut State, call: &Call) -> Reply {
    let id = call.needed("usergroup")?;
    let group = state.config.groups.iter().find(|group| group.id == id);
    let group = group.ok_or_else(|| refuse("no_such_subteam"))?;
    if !group.enabled && !call.flag("include_disabled") {
        return Err(refuse("no_such_subteam"));
    }
    Ok(json!({"users": group.users}))
}

/// Somebody as Slack describes them.
pub(super) fn user_object(state: &State, id: &str) -> Option<Value> {
    let config = &state.config;
    if id == config.bot_user_id {
        return Some(json!({
            "id": id,
            "team_id": config.team_id,
            "name": "keyleak",
            "real_name": "keyleak",
            "deleted": false,
            "is_bot": true,
            "is_app_user": false,
            "profile": {"bot_id": config.bot_id, "api_app_id": config.app_id},
        }));
    }
    let person = config.people.iter().find(|person| person.id == id)?;
    let mut profile = json!({"real_name": person.real_name, "display_name": person.name});
    let may_see = config.scopes.iter().any(|scope| scope == "users:read.email");
    if let Some(email) = person.email.as_ref().filter(|_| may_see) {
        profile["email"] = json!(email);
    }
    let guest = matches!(person.standing, Standing::Guest | Standing::SingleChannelGuest);
    Some(json!({
        "id": person.id,
        "team_id": person.team_id.as_ref().unwrap_or(&config.team_id),
        "name": person.name,
        "real_name": person.real_name,
        "deleted": person.deleted,
        "is_bot": person.standing == Standing::Bot,
        "is_restricted": guest,
        "is_ultra_restricted": person.standing == Standing::SingleChannelGuest,
        "is_stranger": person.standing == Standing::Stranger,
        "is_app_user": false,
        "tz": "Etc/UTC",
        "tz_offset": 0,
        "profile": profile,
    }))
}
