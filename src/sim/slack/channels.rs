//! Channels: names, topics, archives and who can see them.

use crate::sim::slack::call::{Call, Refusal, Reply, refuse};
use crate::sim::slack::state::State;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

const NAME_MAX: usize = 80;
const TOPIC_MAX: usize = 250;
/// Ids of one group message, the bot not counted.
const OPEN_MAX: usize = 8;

/// Who can find a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    Public,
    Private,
    Direct,
}

/// A topic or purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Placard {
    pub value: String,
    pub creator: String,
    pub last_set: i64,
}

/// A bookmark in a channel's header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bookmark {
    pub id: String,
    pub title: String,
    pub link: String,
}

/// A channel, private channel or direct conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub reach: Reach,
    pub creator: String,
    pub created: i64,
    pub archived: bool,
    pub members: Vec<String>,
    /// Archiving ends the membership of apps; what was before decides what they still see.
    pub members_before_archive: Vec<String>,
    pub topic: Placard,
    pub purpose: Placard,
    /// Message times, oldest first.
    pub pins: Vec<String>,
    pub bookmarks: Vec<Bookmark>,
    pub shared_externally: bool,
    pub previous_names: Vec<String>,
}

impl Channel {
    pub(super) fn new(id: &str, name: &str, reach: Reach, creator: &str) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            reach,
            creator: creator.to_owned(),
            created: 0,
            archived: false,
            members: vec![creator.to_owned()],
            members_before_archive: Vec::new(),
            topic: Placard::default(),
            purpose: Placard::default(),
            pins: Vec::new(),
            bookmarks: Vec::new(),
            shared_externally: false,
            previous_names: Vec::new(),
        }
    }

    /// What slash commands and clicks call this channel.
    pub(super) fn name_shown(&self) -> &str {
        match self.reach {
            Reach::Public => &self.name,
            Reach::Private => "privategroup",
            Reach::Direct => "directmessage",
        }
    }
}

pub(super) fn create(state: &mut State, call: &Call) -> Reply {
    let name = call.text("name").ok_or_else(|| refuse("invalid_name_required"))?;
    check_name(state, name)?;
    let reach = if call.flag("is_private") { Reach::Private } else { Reach::Public };
    let id = state.mint_id("C");
    let creator = state.config.bot_user_id.clone();
    let channel = Channel::new(&id, name, reach, &creator);
    state.channels.push(Channel { created: call.now.as_second(), ..channel });
    state.announce(&id, ("channel_join", &creator, "has joined the channel"), call.now);
    answer(state, &id)
}

pub(super) fn info(state: &mut State, call: &Call) -> Reply {
    let id = state.seen(call.needed("channel")?)?.id.clone();
    let mut reply = answer(state, &id)?;
    if call.flag("include_num_members") {
        reply["channel"]["num_members"] = json!(state.seen(&id)?.members.len());
    }
    Ok(reply)
}

pub(super) fn list(state: &mut State, call: &Call) -> Reply {
    let kinds = call.text("types").unwrap_or("public_channel").to_owned();
    let wanted = |channel: &&Channel| {
        let kind = match channel.reach {
            Reach::Public => "public_channel",
            Reach::Private => "private_channel",
            Reach::Direct => "im",
        };
        kinds.split(',').any(|named| named.trim() == kind)
            && !(channel.archived && call.flag("exclude_archived"))
            && state.seen(&channel.id).is_ok()
    };
    let found = state.channels.iter().filter(wanted).map(|channel| object(state, channel));
    let (channels, next) = crate::sim::slack::pages::page(found.collect::<Vec<_>>(), call)?;
    Ok(json!({"channels": channels, "response_metadata": {"next_cursor": next}}))
}

pub(super) fn rename(state: &mut State, call: &Call) -> Reply {
    let id = state.joined(call.needed("channel")?)?.id.clone();
    let name = call.text("name").ok_or_else(|| refuse("invalid_name_required"))?;
    if state.channel(&id).is_some_and(|channel| channel.name != name) {
        check_name(state, name)?;
    }
    let bot = state.config.bot_user_id.clone();
    let channel = state.channel_mut(&id)?;
    let old = std::mem::replace(&mut channel.name, name.to_owned());
    let line = format!("has renamed the channel from \"{old}\" to \"{name}\"");
    channel.previous_names.insert(0, old);
    state.announce(&id, ("channel_name", &bot, &line), call.now);
    answer(state, &id)
}

pub(super) fn set_topic(state: &mut State, call: &Call) -> Reply {
    place(state, call, "topic")
}

pub(super) fn set_purpose(state: &mut State, call: &Call) -> Reply {
    place(state, call, "purpose")
}

pub(super) fn archive(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel")?)?;
    if channel.archived {
        return Err(refuse("already_archived"));
    }
    let id = state.joined(&channel.id.clone())?.id.clone();
    if id == "C0GENERAL1" {
        return Err(refuse("cant_archive_general"));
    }
    let bot = state.config.bot_user_id.clone();
    put_away(state, &id, &bot, call.now)?;
    Ok(json!({}))
}

pub(super) fn unarchive(state: &mut State, call: &Call) -> Reply {
    let channel = state.seen(call.needed("channel")?)?;
    if !channel.archived {
        return Err(refuse("not_archived"));
    }
    // Archiving ended the app's membership, and only members can unarchive.
    Err(refuse("not_in_channel"))
}

pub(super) fn open(state: &mut State, call: &Call) -> Reply {
    if let Some(id) = call.text("channel") {
        let id = state.seen(id)?.id.clone();
        return Ok(json!({"channel": {"id": id}, "no_op": true, "already_open": true}));
    }
    let users = call.ids("users");
    if users.is_empty() {
        return Err(refuse("users_list_not_supplied"));
    }
    if users.len() > OPEN_MAX {
        return Err(refuse("too_many_users"));
    }
    for id in &users {
        let person = state.person(id).ok_or_else(|| refuse("user_not_found"))?;
        if person.deleted {
            return Err(refuse("user_disabled"));
        }
    }
    let id = direct(state, users, call);
    if call.flag("return_im") { answer(state, &id) } else { Ok(json!({"channel": {"id": id}})) }
}

/// The direct conversation of the bot with these people, made if need be.
pub(super) fn direct(state: &mut State, users: Vec<String>, call: &Call) -> String {
    let mut members = vec![state.config.bot_user_id.clone()];
    members.extend(users);
    between(state, members, call.now)
}

/// The direct conversation of exactly these, made if need be; the first one opens it.
pub(super) fn between(state: &mut State, members: Vec<String>, now: Timestamp) -> String {
    let same = |channel: &&Channel| {
        channel.members.len() == members.len()
            && members.iter().all(|member| channel.members.contains(member))
    };
    let mut all = state.channels.iter().filter(|channel| channel.reach == Reach::Direct);
    if let Some(known) = all.find(same) {
        return known.id.clone();
    }
    let id = state.mint_id("D");
    let creator = members.first().cloned().unwrap_or_default();
    let channel = Channel::new(&id, "", Reach::Direct, &creator);
    state.channels.push(Channel { members, created: now.as_second(), ..channel });
    id
}

/// Archives a channel, by the bot or by a person.
pub(super) fn put_away(
    state: &mut State,
    id: &str,
    user: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    state.announce(id, ("channel_archive", user, "archived the channel"), now);
    let bot = state.config.bot_user_id.clone();
    let channel = state.channel_mut(id)?;
    channel.archived = true;
    channel.members_before_archive.clone_from(&channel.members);
    channel.members.retain(|member| *member != bot);
    Ok(())
}

/// A channel as Slack describes it to the bot.
pub(super) fn object(state: &State, channel: &Channel) -> Value {
    let bot = &state.config.bot_user_id;
    json!({
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.reach == Reach::Public,
        "is_group": false,
        "is_im": channel.reach == Reach::Direct,
        "is_mpim": false,
        "is_private": channel.reach != Reach::Public,
        "created": channel.created,
        "creator": channel.creator,
        "is_archived": channel.archived,
        "is_general": channel.id == "C0GENERAL1",
        "is_shared": channel.shared_externally,
        "is_ext_shared": channel.shared_externally,
        "is_org_shared": false,
        "is_member": channel.members.contains(bot),
        "context_team_id": state.config.team_id,
        "topic": channel.topic,
        "purpose": channel.purpose,
        "previous_names": channel.previous_names,
    })
}

pub(super) fn answer(state: &State, id: &str) -> Reply {
    let channel = state.channel(id).ok_or_else(|| refuse("channel_not_found"))?;
    Ok(json!({"channel": object(state, channel)}))
}

fn place(state: &mut State, call: &Call, which: &str) -> Reply {
    let id = state.joined(call.needed("channel")?)?.id.clone();
    if !call.has(which) {
        call.needed(which)?;
    }
    let value = call.text(which).unwrap_or_default().to_owned();
    if value.chars().count() > TOPIC_MAX {
        return Err(refuse("too_long"));
    }
    let bot = state.config.bot_user_id.clone();
    let line = format!("set the channel {which}: {value}");
    let subtype = format!("channel_{which}");
    let placard = Placard { value, creator: bot.clone(), last_set: call.now.as_second() };
    let channel = state.channel_mut(&id)?;
    match which {
        "topic" => channel.topic = placard,
        _ => channel.purpose = placard,
    }
    state.announce(&id, (&subtype, &bot, &line), call.now);
    answer(state, &id)
}

/// Names are taken by archived channels too, and by private ones nobody can show the bot.
fn check_name(state: &State, name: &str) -> Result<(), Refusal> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.chars().count() > NAME_MAX {
        return Err(refuse("invalid_name_maxlength"));
    }
    if name.chars().all(|c| c.is_ascii_punctuation()) {
        return Err(refuse("invalid_name_punctuation"));
    }
    if !name.chars().all(legal) {
        return Err(refuse("invalid_name_specials"));
    }
    if state.channels.iter().any(|channel| channel.name == name) {
        return Err(refuse("name_taken"));
    }
    Ok(())
}
