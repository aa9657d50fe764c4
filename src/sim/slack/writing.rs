//! What people write to one another.

use crate::sim::slack::acts::{Impossible, entered};
use crate::sim::slack::server::SimSlack;
use serde_json::json;

/// The longest message that Slack's composer sends.
const WRITTEN_MAX: usize = 12_000;

impl SimSlack {
    /// Writes a message, in a thread where one is given; the bot is not told. Gives its time.
    pub fn write(
        &self,
        user: &str,
        channel: &str,
        (text, thread_ts): (&str, Option<&str>),
    ) -> Result<String, Impossible> {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            if channel.archived {
                return Err(Impossible::Archived(channel.name));
            }
            if text.trim().is_empty() || text.chars().count() > WRITTEN_MAX {
                let words = format!("a message has between 1 and {WRITTEN_MAX} characters");
                return Err(Impossible::Input(words));
            }
            // Slack's client sends what is typed as text, so nothing in it is live.
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let ts = state.mint_ts(now);
            let mut message = json!({"type": "message", "user": user, "text": text, "ts": ts});
            if let Some(thread) = thread_ts {
                let gone = || Impossible::NoSuchMessage(thread.to_owned());
                let parent = state.message(&channel.id, thread).ok_or_else(gone)?;
                message["thread_ts"] = parent.get("thread_ts").unwrap_or(&parent["ts"]).clone();
            }
            state.store(&channel.id, message);
            Ok(ts)
        })
    }
}
