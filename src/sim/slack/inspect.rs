//! What tests and pages can see of the workspace.

use crate::sim::slack::channels::Channel;
use crate::sim::slack::files::File;
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::state::{CallRecord, Ephemeral, State, Toast};
use crate::sim::slack::views::View;
use serde_json::Value;
use std::time::Duration;
use tokio::sync::watch;

impl SimSlack {
    pub fn channels(&self) -> Vec<Channel> {
        self.shared.with(|state| state.channels.clone())
    }

    /// A channel by its id or name.
    pub fn channel(&self, wanted: &str) -> Option<Channel> {
        let name = wanted.trim_start_matches('#');
        let mut channels = self.channels().into_iter();
        channels.find(|channel| channel.id == wanted || channel.name == name)
    }

    /// Everything said in a channel, the oldest first, with Slack's own lines.
    pub fn messages(&self, channel: &str) -> Vec<Value> {
        self.shared.with(|state| state.messages.get(channel).cloned().unwrap_or_default())
    }

    /// The messages in a channel that have something to press, the oldest first.
    pub fn pressable(&self, channel: &str) -> Vec<Value> {
        let actions = |block: &Value| block["type"] == "actions";
        let pressable = |message: &&Value| {
            message["blocks"].as_array().is_some_and(|blocks| blocks.iter().any(actions))
        };
        self.shared.with(|state| {
            let messages = state.messages.get(channel).into_iter().flatten();
            messages.filter(pressable).cloned().collect()
        })
    }

    pub fn message(&self, channel: &str, ts: &str) -> Option<Value> {
        self.shared.with(|state| state.message(channel, ts).cloned())
    }

    /// The modals somebody has open, the oldest first.
    pub fn views_open(&self, user: &str) -> Vec<View> {
        let modals = |state: &mut State| -> Vec<View> {
            crate::sim::slack::views::modals(state, user).cloned().collect()
        };
        self.shared.with(modals)
    }

    /// The App Home somebody sees.
    pub fn home(&self, user: &str) -> Option<View> {
        let home = |view: &&View| view.user == user && !view.is_modal();
        self.shared.with(|state| state.views.iter().find(home).cloned())
    }

    pub fn ephemerals(&self, user: &str) -> Vec<Ephemeral> {
        let own = |whisper: &&Ephemeral| whisper.user == user;
        self.shared.with(|state| state.ephemerals.iter().filter(own).cloned().collect())
    }

    pub fn files(&self) -> Vec<File> {
        self.shared.with(|state| state.files.clone())
    }

    /// What the bot has said by a response url.
    pub fn said_by(&self, response_url: &str) -> Vec<String> {
        self.shared.with(|state| crate::sim::slack::replies::said(state, response_url))
    }

    /// Every call of the Web API so far, without tokens.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.shared.with(|state| state.calls.iter().cloned().collect())
    }

    /// What the bot did that Slack does not document; a good bot leaves this empty.
    pub fn violations(&self) -> Vec<String> {
        self.shared.with(|state| state.violations.clone())
    }

    /// Errors that Slack showed people.
    pub fn toasts(&self) -> Vec<Toast> {
        self.shared.with(|state| state.toasts.clone())
    }

    /// A number that grows with every change, to wait for.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.shared.version.subscribe()
    }

    /// Waits until `look` finds something, looking again after every change; nothing if the
    /// real-time `limit` passes first.
    pub async fn wait_for<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut(&Self) -> Option<T>,
    ) -> Option<T> {
        let mut watch = self.watch();
        let search = async {
            loop {
                watch.mark_unchanged();
                if let Some(found) = look(self) {
                    return Some(found);
                }
                watch.changed().await.ok()?;
            }
        };
        tokio::time::timeout(limit, search).await.ok().flatten()
    }
}
