//! What people write to one another.

use crate::sim::slack::acts::{Impossible, entered};
use crate::sim::slack::app::{escapes, is_read_only};
use crate::sim::slack::channels::{Channel, Reach, between};
use crate::sim::slack::hearing::{Told, channel_type, told_of_talk};
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::state::State;
use crate::sim::slack::typing::{Names, sent};
use serde_json::json;

/// The longest message that Slack's composer sends.
const WRITTEN_MAX: usize = 12_000;
const READ_ONLY: &str = "Sending messages to this app has been turned off.";

impl SimSlack {
    /// Writes a message, in a thread where one is given; the event where the app asks for it.
    pub(super) fn writing(
        &self,
        user: &str,
        channel: &str,
        (text, thread_ts): (&str, Option<&str>),
    ) -> Result<Option<Told>, Impossible> {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            if channel.archived {
                return Err(Impossible::Archived(channel.name));
            }
            if is_of_the_app(state, &channel) && is_read_only(state.config.manifest.as_ref()) {
                return Err(Impossible::Input(READ_ONLY.to_owned()));
            }
            let text = composed(state, user, text)?;
            let ts = state.mint_ts(now);
            let mut message = json!({"type": "message", "user": user, "text": text, "ts": ts});
            if let Some(thread) = thread_ts {
                let gone = || Impossible::NoSuchMessage(thread.to_owned());
                let parent = state.message(&channel.id, thread).ok_or_else(gone)?;
                message["thread_ts"] = parent.get("thread_ts").unwrap_or(&parent["ts"]).clone();
            }
            state.store(&channel.id, message.clone());
            message["channel"] = json!(channel.id);
            message["channel_type"] = json!(channel_type(&channel));
            message["event_ts"] = json!(ts);
            Ok(told_of_talk(state, &channel, message))
        })
    }

    /// Makes a message of somebody's say something else; the event where the app asks for it.
    pub(super) fn rewriting(
        &self,
        user: &str,
        place: (&str, &str),
        text: &str,
    ) -> Result<Option<Told>, Impossible> {
        let text = self.shared.with(|state| composed(state, user, text))?;
        self.editing(user, place, text)
    }

    /// What is typed after a command, as the app gets it.
    pub(super) fn after_command(&self, user: &str, (command, text): (&str, &str)) -> String {
        self.shared.with(|state| match escapes(state.config.manifest.as_ref(), command) {
            true => sent(state, (user, text), Names::Labelled),
            false => text.to_owned(),
        })
    }

    /// The direct conversation of these two, made if need be; its id.
    pub(super) fn meet(&self, user: &str, other: &str) -> Result<String, Impossible> {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            for id in [user, other] {
                if state.person(id).is_none() {
                    return Err(Impossible::NoSuchPerson(id.to_owned()));
                }
            }
            if user == other {
                return Err(Impossible::Input("choose somebody else to write to".to_owned()));
            }
            Ok(between(state, [user, other].map(str::to_owned).to_vec(), now))
        })
    }
}

/// What was typed, as it is sent.
fn composed(state: &State, user: &str, typed: &str) -> Result<String, Impossible> {
    if typed.trim().is_empty() || typed.chars().count() > WRITTEN_MAX {
        let words = format!("a message has between 1 and {WRITTEN_MAX} characters");
        return Err(Impossible::Input(words));
    }
    Ok(sent(state, (user, typed), Names::Bare))
}

/// The conversation with the app alone.
fn is_of_the_app(state: &State, channel: &Channel) -> bool {
    let bot = &state.config.bot_user_id;
    channel.reach == Reach::Direct && channel.members.len() == 2 && channel.members.contains(bot)
}
