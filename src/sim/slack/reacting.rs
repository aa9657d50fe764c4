//! Emoji that people put under messages, and take away again.

use crate::sim::slack::acts::{Impossible, entered};
use crate::sim::slack::deliver::Delivery;
use crate::sim::slack::hearing::{Told, told_of};
use crate::sim::slack::server::SimSlack;
use serde_json::{Value, json};

/// Reaction names are shorter than this in every workspace.
const EMOJI_NAME_MAX: usize = 100;
const SCOPE: &str = "reactions:read";

impl SimSlack {
    /// Puts an emoji under a message; what the app hears of it.
    pub async fn react(
        &self,
        user: &str,
        place: (&str, &str),
        emoji: &str,
    ) -> Result<Vec<Delivery>, Impossible> {
        Ok(self.tell(self.reacting(user, place, (emoji, true))?).await)
    }

    /// Puts an emoji under a message, or takes it away; the event where the app asks for it.
    pub(super) fn reacting(
        &self,
        user: &str,
        (channel, ts): (&str, &str),
        (emoji, there): (&str, bool),
    ) -> Result<Option<Told>, Impossible> {
        let legal = |c: char| c.is_alphanumeric() || "_-+':".contains(c);
        if emoji.is_empty() || emoji.len() > EMOJI_NAME_MAX || !emoji.chars().all(legal) {
            return Err(Impossible::Input("an emoji has a name such as eyes".to_owned()));
        }
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            if channel.archived {
                return Err(Impossible::Archived(channel.name));
            }
            let event_ts = state.mint_ts(now);
            let message = state.message_mut(&channel.id, ts);
            let message = message.ok_or_else(|| Impossible::NoSuchMessage(ts.to_owned()))?;
            mark(message, user, (emoji, there));
            let name = if there { "reaction_added" } else { "reaction_removed" };
            let event = json!({
                "type": name,
                "user": user,
                "reaction": emoji,
                "item_user": message["user"],
                "item": {"type": "message", "channel": channel.id, "ts": ts},
                "event_ts": event_ts,
            });
            Ok(told_of(state, &channel, (name, SCOPE), event))
        })
    }
}

/// Each emoji is there once, with everybody who put it there; one that nobody keeps is gone.
fn mark(message: &mut Value, user: &str, (emoji, there): (&str, bool)) {
    let mut all = message["reactions"].as_array().cloned().unwrap_or_default();
    if there && !all.iter().any(|one| one["name"] == emoji) {
        all.push(json!({"name": emoji, "users": [], "count": 0}));
    }
    for one in all.iter_mut().filter(|one| one["name"] == emoji) {
        let mut users = one["users"].as_array().cloned().unwrap_or_default();
        users.retain(|known| known != user);
        if there {
            users.push(json!(user));
        }
        one["count"] = json!(users.len());
        one["users"] = Value::Array(users);
    }
    all.retain(|one| one["count"] != 0);
    if let Some(fields) = message.as_object_mut() {
        match all.is_empty() {
            true => drop(fields.remove("reactions")),
            false => drop(fields.insert("reactions".to_owned(), Value::Array(all))),
        }
    }
}
