//! Modals and App Homes: triggers, the stack a person sees, hashes.

use crate::sim::slack::app::{Tab, has_tab};
use crate::sim::slack::blocks::Surface;
use crate::sim::slack::call::{Call, Refusal, Reply, refuse, refuse_with};
use crate::sim::slack::content::lines;
use crate::sim::slack::state::State;
use crate::sim::slack::view_fields::problems;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

const STACK_MAX: usize = 3;
/// Slack documents that an app needs it to ask for files, and not how it refuses an app without.
const FILES_SCOPE: &str = "files:read";
const VIEW_BYTES_MAX: usize = 250 * 1024;
/// Used and expired triggers are forgotten beyond this many.
const TRIGGERS_MAX: usize = 10_000;

/// The right to open one modal, given to the app with each action of a person.
#[derive(Debug, Clone)]
pub(super) struct Trigger {
    pub(super) user: String,
    pub(super) made: Timestamp,
    pub(super) used: bool,
}

/// A modal or App Home somebody has open.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct View {
    pub user: String,
    /// The view as Slack describes it, with `id`, `hash` and `state.values`.
    pub object: Value,
    /// Messages below inputs, by `block_id`, from the last submission.
    pub errors: Value,
}

impl View {
    pub fn id(&self) -> &str {
        self.object["id"].as_str().unwrap_or_default()
    }

    pub(super) fn is_modal(&self) -> bool {
        self.object["type"] == "modal"
    }
}

pub(super) fn open(state: &mut State, call: &Call) -> Reply {
    let user = spend(state, call)?;
    let view = read(state, call, "modal")?;
    use_up(state, call);
    state.views.retain(|view| view.user != user || !view.is_modal());
    let object = stack(state, &user, view);
    Ok(json!({"view": object}))
}

pub(super) fn push(state: &mut State, call: &Call) -> Reply {
    let user = spend(state, call)?;
    let depth = modals(state, &user).count();
    if depth == 0 {
        return Err(refuse("not_found"));
    }
    if depth >= STACK_MAX {
        return Err(refuse("push_limit_reached"));
    }
    let view = read(state, call, "modal")?;
    use_up(state, call);
    let object = stack(state, &user, view);
    Ok(json!({"view": object}))
}

pub(super) fn update(state: &mut State, call: &Call) -> Reply {
    let (by_id, by_name) = (call.text("view_id"), call.text("external_id"));
    let wanted = |view: &View| match (by_id, by_name) {
        (Some(id), _) => view.id() == id,
        (None, Some(name)) => view.object["external_id"] == name,
        (None, None) => false,
    };
    let found = state.views.iter().find(|view| wanted(view)).ok_or_else(|| refuse("not_found"))?;
    let (id, kind) = (found.id().to_owned(), found.object["type"].clone());
    if call.text("hash").is_some_and(|hash| found.object["hash"] != hash) {
        return Err(refuse("hash_conflict"));
    }
    let view = read_except(state, call, (kind.as_str().unwrap_or_default(), Some(&id)))?;
    let object = replace(state, &id, view)?;
    Ok(json!({"view": object}))
}

pub(super) fn publish(state: &mut State, call: &Call) -> Reply {
    if !has_tab(state.config.manifest.as_ref(), Tab::Home) {
        return Err(refuse("not_enabled"));
    }
    let user = call.needed("user_id")?.to_owned();
    if state.person(&user).is_none() {
        return Err(refuse("user_not_found"));
    }
    let home = state.views.iter().find(|view| view.user == user && !view.is_modal());
    let known = home.map(|view| (view.id().to_owned(), view.object["hash"].clone()));
    if let (Some(hash), Some((_, current))) = (call.text("hash"), &known)
        && *current != hash
    {
        return Err(refuse("hash_conflict"));
    }
    let id = known.map(|(id, _)| id);
    let view = read_except(state, call, ("home", id.as_deref()))?;
    let object = match id {
        Some(id) => replace(state, &id, view)?,
        None => stack(state, &user, view),
    };
    Ok(json!({"view": object}))
}

/// The modals somebody has open, the oldest first.
pub(super) fn modals<'a>(state: &'a State, user: &'a str) -> impl Iterator<Item = &'a View> {
    state.views.iter().filter(move |view| view.user == user && view.is_modal())
}

/// Puts a new view on top of somebody's stack.
pub(super) fn stack(state: &mut State, user: &str, view: Map<String, Value>) -> Value {
    let id = state.mint_id("V");
    let last = modals(state, user).last().map(|view| view.object.clone());
    let mut object = describe(state, &id, view);
    if object["type"] == "modal" {
        let root = last.as_ref().map_or_else(|| json!(id), |last| last["root_view_id"].clone());
        object["root_view_id"] = root;
        object["previous_view_id"] = last.map_or(Value::Null, |last| last["id"].clone());
    }
    let opened = View { user: user.to_owned(), object: object.clone(), errors: json!({}) };
    state.views.push(opened);
    object
}

/// Puts other content into a view; what a person typed stays where its block stays.
pub(super) fn replace(
    state: &mut State,
    id: &str,
    view: Map<String, Value>,
) -> Result<Value, Refusal> {
    let mut object = describe(state, id, view);
    let mut views = state.views.iter_mut();
    let stored = views.find(|view| view.id() == id).ok_or_else(|| refuse("not_found"))?;
    for key in ["root_view_id", "previous_view_id"] {
        object[key] = stored.object[key].clone();
    }
    crate::sim::slack::form::keep(&stored.object, &mut object);
    stored.object = object.clone();
    stored.errors = json!({});
    Ok(object)
}

/// Judges the view in `value`; `except` is the view it replaces.
pub(super) fn judge(
    state: &mut State,
    value: Value,
    kind: &str,
    except: Option<&str>,
) -> Result<Map<String, Value>, Refusal> {
    let Value::Object(mut view) = value else {
        return Err(refuse_with("invalid_arguments", &["[ERROR] view must be an object".into()]));
    };
    if Value::from(view.clone()).to_string().len() > VIEW_BYTES_MAX {
        return Err(refuse("view_too_large"));
    }
    let problems = problems(state, &view, kind);
    if state.config.strict && !problems.is_empty() {
        return Err(refuse_with("invalid_arguments", &lines(&problems)));
    }
    if let Some(name) = view.get("external_id").filter(|name| **name != "") {
        let taken = |view: &View| view.object["external_id"] == *name && Some(view.id()) != except;
        if state.views.iter().any(taken) {
            return Err(refuse("duplicate_external_id"));
        }
    }
    let mut blocks = view.remove("blocks").unwrap_or_else(|| json!([]));
    crate::sim::slack::content::judge(state, &mut blocks, Surface::View, "/view/blocks")?;
    let elements = crate::sim::slack::form::elements(&blocks);
    let takes_files = elements.iter().any(|found| found.element["type"] == "file_input");
    if takes_files && !state.config.scopes.iter().any(|scope| scope == FILES_SCOPE) {
        let more = json!({"needed": FILES_SCOPE, "provided": state.config.scopes.join(",")});
        return Err(Refusal { error: "missing_scope".to_owned(), more });
    }
    view.insert("blocks".to_owned(), blocks);
    Ok(view)
}

/// Makes a trigger for what somebody just did.
pub(super) fn mint_trigger(state: &mut State, user: &str, now: Timestamp) -> String {
    let secret = state.mint_secret();
    let trigger = format!("{}.{}.{secret}", now.as_millisecond(), state.triggers.len() + 1);
    let made = Trigger { user: user.to_owned(), made: now, used: false };
    if state.triggers.len() >= TRIGGERS_MAX {
        state.triggers.pop_first();
    }
    state.triggers.insert(trigger.clone(), made);
    trigger
}

fn spend(state: &mut State, call: &Call) -> Result<String, Refusal> {
    let life = SignedDuration::try_from(state.config.trigger_life).unwrap_or(SignedDuration::MAX);
    let id = call.text("trigger_id").ok_or_else(|| refuse("invalid_trigger_id"))?;
    let found = state.triggers.get(id).ok_or_else(|| refuse("invalid_trigger_id"))?;
    if found.used {
        return Err(refuse("exchanged_trigger_id"));
    }
    if call.now.duration_since(found.made) > life {
        return Err(refuse("expired_trigger_id"));
    }
    Ok(found.user.clone())
}

/// A trigger is used up by the view it opened, and not by one that was refused.
fn use_up(state: &mut State, call: &Call) {
    if let Some(trigger) = call.text("trigger_id").and_then(|id| state.triggers.get_mut(id)) {
        trigger.used = true;
    }
}

fn read(state: &mut State, call: &Call, kind: &str) -> Result<Map<String, Value>, Refusal> {
    read_except(state, call, (kind, None))
}

fn read_except(
    state: &mut State,
    call: &Call,
    (kind, except): (&str, Option<&str>),
) -> Result<Map<String, Value>, Refusal> {
    let value = call.structure("view", "invalid_arguments")?;
    let Some(value) = value else {
        call.needed("view")?;
        return Err(refuse("invalid_arguments"));
    };
    judge(state, value, kind, except)
}

fn describe(state: &mut State, id: &str, mut view: Map<String, Value>) -> Value {
    let hash = format!("{}.{}", state.views.len(), state.mint_secret());
    let config = &state.config;
    let defaults = [
        ("private_metadata", json!("")),
        ("callback_id", json!("")),
        ("external_id", json!("")),
        ("title", Value::Null),
        ("submit", Value::Null),
        ("close", Value::Null),
        ("clear_on_close", json!(false)),
        ("notify_on_close", json!(false)),
    ];
    for (key, value) in defaults {
        view.entry(key).or_insert(value);
    }
    let fixed = [
        ("id", json!(id)),
        ("hash", json!(hash)),
        ("team_id", json!(config.team_id)),
        ("app_id", json!(config.app_id)),
        ("bot_id", json!(config.bot_id)),
        ("app_installed_team_id", json!(config.team_id)),
        ("root_view_id", json!(id)),
        ("previous_view_id", Value::Null),
    ];
    for (key, value) in fixed {
        view.insert(key.to_owned(), value);
    }
    let values = crate::sim::slack::form::initial_values(&view["blocks"]);
    view.insert("state".to_owned(), json!({"values": values}));
    Value::Object(view)
}
