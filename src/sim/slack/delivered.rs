//! What was sent to the bot, in words for a page: who did what, which time, and what came back.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;

/// As many as a page shows; what the bot made of them is in its journal.
const KEPT_MAX: usize = 40;

/// Whether something is delivered for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Turn {
    First,
    Again,
}

/// One delivery. What somebody typed is not in it, for it may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivered {
    pub at: Timestamp,
    pub turn: Turn,
    /// The person, by name.
    pub who: String,
    /// The command, the action id, or the type of the event.
    pub what: String,
    /// The HTTP status, or why there is none.
    pub answer: String,
}

impl Delivered {
    pub(super) fn keep_in(self, kept: &mut VecDeque<Self>) {
        if kept.len() >= KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(self);
    }
}

/// The person's id and what they did, of the body of a delivery.
pub(super) fn told(body: &str) -> (String, String) {
    let form = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(body.as_bytes());
        pairs.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    if let Some(command) = form("command") {
        return (form("user_id").unwrap_or_default(), command);
    }
    let payload = form("payload");
    let read: Value = serde_json::from_str(payload.as_deref().unwrap_or(body)).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let event = &read["event"];
    let user = text(&read["user"]["id"]).or_else(|| text(&event["user"])).unwrap_or_default();
    let action = &read["actions"][0]["action_id"];
    let what = [action, &read["callback_id"], &event["type"], &read["type"]];
    (user, what.into_iter().find_map(text).unwrap_or_default())
}
