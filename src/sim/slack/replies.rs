//! What the workspace does with the bot's answers, and with what comes to a response url.

use crate::sim::slack::call::{Call, Refusal, refuse};
use crate::sim::slack::content::{Content, read};
use crate::sim::slack::deliver::{Delivery, Silence};
use crate::sim::slack::messages::{publish, remove, whisper};
use crate::sim::slack::state::State;
use crate::sim::slack::views::{judge, modals, replace, stack};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

const HOOK_USES_MAX: u32 = 5;
const HOOK_LIFE: SignedDuration = SignedDuration::from_mins(30);
/// Expired response urls are forgotten beyond this many.
const HOOKS_MAX: usize = 10_000;
const TROUBLE: &str = "We had some trouble connecting. Try again?";

/// What a response url belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookKind {
    Command,
    Action { ephemeral: bool },
}

/// A response url.
#[derive(Debug, Clone)]
pub(super) struct Hook {
    kind: HookKind,
    user: String,
    channel: String,
    ts: Option<String>,
    made: Timestamp,
    uses: u32,
    /// What the bot has said there.
    said: Vec<String>,
}

impl Hook {
    pub(super) fn new(
        kind: HookKind,
        (user, channel): (&str, &str),
        ts: Option<&str>,
        made: Timestamp,
    ) -> Self {
        let (user, channel) = (user.to_owned(), channel.to_owned());
        Self { kind, user, channel, ts: ts.map(str::to_owned), made, uses: 0, said: Vec::new() }
    }
}

/// Makes a response url.
pub(super) fn mint_hook(state: &mut State, hook: Hook) -> String {
    let secret = state.mint_secret();
    if state.hooks.len() >= HOOKS_MAX {
        state.hooks.retain(|_, old| hook.made.duration_since(old.made) <= HOOK_LIFE);
    }
    state.hooks.insert(secret.clone(), hook);
    format!("{}/hooks/{secret}", state.base_url)
}

/// What was said by a response url.
pub(super) fn said(state: &State, url: &str) -> Vec<String> {
    let secret = url.rsplit('/').next().unwrap_or_default();
    state.hooks.get(secret).map(|hook| hook.said.clone()).unwrap_or_default()
}

/// Takes what was posted to a response url.
pub(super) fn take_hook(state: &mut State, secret: &str, call: &Call) -> Result<(), Refusal> {
    let hook = state.hooks.get_mut(secret).ok_or_else(|| refuse("invalid_url"))?;
    if call.now.duration_since(hook.made) > HOOK_LIFE {
        return Err(refuse("expired_url"));
    }
    if hook.uses >= HOOK_USES_MAX {
        return Err(refuse("used_url"));
    }
    hook.uses += 1;
    hook.said.extend(call.text("text").map(str::to_owned));
    let hook = hook.clone();
    let known = [
        "text",
        "blocks",
        "attachments",
        "response_type",
        "replace_original",
        "delete_original",
        "thread_ts",
        "metadata",
        "unfurl_links",
        "unfurl_media",
        "mrkdwn",
    ];
    for key in call.args.keys().filter(|key| !known.contains(&key.as_str())) {
        state.violate(format!("response_url: unknown argument {key}"));
    }
    answer_hook(state, &hook, call)
}

fn answer_hook(state: &mut State, hook: &Hook, call: &Call) -> Result<(), Refusal> {
    let acted = matches!(hook.kind, HookKind::Action { .. });
    if acted && call.flag("delete_original") {
        delete_original(state, hook);
        return Ok(());
    }
    let content = read(state, call, false)?;
    // Without a word about it, an answer to a button takes the place of its message.
    let replacing =
        if call.has("replace_original") { call.flag("replace_original") } else { acted };
    if acted && replacing {
        return replace_original(state, hook, content);
    }
    let archived = state.channel(&hook.channel).is_none_or(|channel| channel.archived);
    if call.text("response_type") == Some("in_channel") {
        if archived {
            return Err(refuse("is_archived"));
        }
        publish(state, &hook.channel, content, (thread(call), call.now));
    } else {
        whisper(state, (&hook.channel, &hook.user), content, call.now);
    }
    Ok(())
}

/// Does what a slash command's answer says, or shows the person that it failed.
pub(super) fn command_answered(
    state: &mut State,
    (user, channel, typed): (&str, &str, &str),
    delivery: &mut Delivery,
    now: Timestamp,
) {
    let command = typed.split(' ').next().unwrap_or_default().to_owned();
    let error = match (delivery.silence, delivery.accepted()) {
        (Some(Silence::TimedOut), _) => Some("operation_timeout"),
        (Some(Silence::Unreachable), _) => Some("dispatch_failed"),
        (None, false) => Some("dispatch_failed"),
        (None, true) => None,
    };
    let error = error.map(str::to_owned).or_else(|| {
        let call = spoken(delivery, now)?;
        let open = call.text("response_type") == Some("in_channel");
        let content = match read(state, &call, false) {
            Ok(content) => content,
            Err(refusal) => return Some(refusal.error),
        };
        if open {
            let ts = state.mint_ts(now);
            let echo = json!({"type": "message", "user": user, "text": typed, "ts": ts});
            state.store(channel, echo);
            publish(state, channel, content, (Map::new(), now));
        } else {
            whisper(state, (channel, user), content, now);
        }
        None
    });
    if let Some(error) = error {
        let text = format!("{command} failed with the error \"{error}\"");
        state.toast(user, &text);
        delivery.toast = Some(text);
    }
}

/// Shows the person that a press failed, if it did; there is nothing else in the answer.
pub(super) fn press_answered(state: &mut State, user: &str, delivery: &mut Delivery) {
    if !delivery.accepted() {
        state.toast(user, TROUBLE);
        delivery.toast = Some(TROUBLE.to_owned());
    }
}

/// Does to the modal what the answer to its submission says.
pub(super) fn submission_answered(
    state: &mut State,
    (user, id): (&str, &str),
    delivery: &mut Delivery,
) {
    let done = delivery.accepted() && respond(state, (user, id), &delivery.body).is_ok();
    if !done {
        state.toast(user, TROUBLE);
        delivery.toast = Some(TROUBLE.to_owned());
    }
}

fn respond(state: &mut State, (user, id): (&str, &str), body: &str) -> Result<(), Refusal> {
    if body.trim().is_empty() || body.trim() == "{}" {
        state.views.retain(|view| view.id() != id);
        return Ok(());
    }
    let answer: Value = serde_json::from_str(body).map_err(|_| refuse("invalid_json"))?;
    match answer["response_action"].as_str() {
        Some("clear") => {
            state.views.retain(|view| view.user != user || !view.is_modal());
            Ok(())
        }
        Some("errors") => show_errors(state, id, &answer["errors"]),
        Some("update") => {
            let view = judge(state, answer["view"].clone(), "modal", Some(id))?;
            replace(state, id, view).map(drop)
        }
        Some("push") => {
            if modals(state, user).count() >= 3 {
                return Err(refuse("push_limit_reached"));
            }
            let view = judge(state, answer["view"].clone(), "modal", None)?;
            stack(state, user, view);
            Ok(())
        }
        Some(_) | None => {
            state.violate("view_submission: unknown response_action".to_owned());
            Err(refuse("invalid_arguments"))
        }
    }
}

/// Errors must name input blocks of this view, or Slack shows none of them.
fn show_errors(state: &mut State, id: &str, errors: &Value) -> Result<(), Refusal> {
    let view = state.views.iter_mut().find(|view| view.id() == id);
    let view = view.ok_or_else(|| refuse("not_found"))?;
    let blocks = view.object["blocks"].as_array().into_iter().flatten();
    let inputs = blocks.filter(|block| block["type"] == "input");
    let inputs: Vec<_> = inputs.filter_map(|block| block["block_id"].as_str()).collect();
    let named = errors.as_object().filter(|errors| !errors.is_empty());
    let named = named.ok_or_else(|| refuse("invalid_arguments"))?;
    if let Some(stray) = named.keys().find(|key| !inputs.contains(&key.as_str())) {
        let text = format!("view_submission: error for {stray}, which is no input block");
        state.violate(text);
        return Err(refuse("invalid_arguments"));
    }
    view.errors = errors.clone();
    Ok(())
}

/// What an accepted answer says, if it says anything.
fn spoken(delivery: &Delivery, now: Timestamp) -> Option<Call> {
    if delivery.body.trim().is_empty() {
        return None;
    }
    let parsed = delivery.content_type.starts_with("application/json");
    let parsed = parsed.then(|| serde_json::from_str(&delivery.body).ok()).flatten();
    let args = match parsed {
        Some(Value::Object(args)) if args.is_empty() => return None,
        Some(Value::Object(args)) => args,
        Some(_) | None => Map::from_iter([("text".to_owned(), json!(delivery.body))]),
    };
    Some(Call { args, now })
}

fn thread(call: &Call) -> Map<String, Value> {
    let thread = call.text("thread_ts").map(|ts| ("thread_ts".to_owned(), json!(ts)));
    thread.into_iter().collect()
}

fn delete_original(state: &mut State, hook: &Hook) {
    let Some(ts) = &hook.ts else { return };
    match hook.kind {
        HookKind::Action { ephemeral: true } => {
            state.ephemerals.retain(|whisper| whisper.message["ts"] != **ts);
        }
        HookKind::Action { ephemeral: false } | HookKind::Command => {
            remove(state, &hook.channel, ts);
        }
    }
}

fn replace_original(state: &mut State, hook: &Hook, content: Content) -> Result<(), Refusal> {
    let ts = hook.ts.as_deref().unwrap_or_default();
    let message = match hook.kind {
        HookKind::Action { ephemeral: true } => {
            let mut whispers = state.ephemerals.iter_mut().map(|whisper| &mut whisper.message);
            whispers.find(|message| message["ts"] == ts)
        }
        HookKind::Action { ephemeral: false } | HookKind::Command => {
            state.message_mut(&hook.channel, ts)
        }
    };
    let message = message.and_then(Value::as_object_mut);
    let message = message.ok_or_else(|| refuse("message_not_found"))?;
    for key in ["blocks", "attachments"] {
        message.remove(key);
    }
    content.apply(message);
    Ok(())
}
