//! Everything the simulated workspace remembers.

use crate::sim::slack::blocks::Capabilities;
use crate::sim::slack::call::{Refusal, refuse};
use crate::sim::slack::channels::{Channel, Reach};
use crate::sim::slack::config::SimSlackConfig;
use crate::sim::slack::delivered::Delivered;
use crate::sim::slack::faults::Faults;
use crate::sim::slack::files::File;
use crate::sim::slack::pace::Pace;
use crate::sim::slack::people::{Person, Standing};
use crate::sim::slack::replies::Hook;
use crate::sim::slack::socket_line::Tickets;
use crate::sim::slack::views::{Trigger, View};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};

/// Calls kept for inspection; older ones are dropped so that a long drill stays small.
const CALLS_MAX: usize = 20_000;
/// Messages kept in a channel, for the same reason.
const MESSAGES_MAX: usize = 20_000;
/// Violations and toasts kept; the first ones explain the rest.
const NOTES_MAX: usize = 1_000;

/// One call of the Web API, without its token.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallRecord {
    pub at: Timestamp,
    pub method: String,
    pub args: Value,
    /// `ok`, the error code, or what a scripted fault did.
    pub outcome: String,
}

/// A message only one person sees.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ephemeral {
    pub user: String,
    pub channel: String,
    pub message: Value,
}

/// An error Slack showed a person because the bot did not answer well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Toast {
    pub user: String,
    pub text: String,
}

/// The workspace.
#[derive(Debug)]
pub(super) struct State {
    pub(super) config: SimSlackConfig,
    /// Where this workspace is served, for the urls it hands out.
    pub(super) base_url: String,
    pub(super) channels: Vec<Channel>,
    pub(super) messages: BTreeMap<String, Vec<Value>>,
    pub(super) ephemerals: Vec<Ephemeral>,
    pub(super) views: Vec<View>,
    pub(super) triggers: BTreeMap<String, Trigger>,
    pub(super) hooks: BTreeMap<String, Hook>,
    pub(super) files: Vec<File>,
    pub(super) calls: VecDeque<CallRecord>,
    pub(super) delivered: VecDeque<Delivered>,
    pub(super) violations: Vec<String>,
    pub(super) toasts: Vec<Toast>,
    pub(super) capabilities: Capabilities,
    pub(super) faults: Faults,
    pub(super) pace: Pace,
    pub(super) tickets: Tickets,
    minted: u64,
    last_ts_micros: i64,
}

impl State {
    pub(super) fn new(config: SimSlackConfig, base_url: String) -> Self {
        let ours = config.people.iter().filter(|person| person.standing != Standing::Stranger);
        let everybody: Vec<String> = ours.map(|person| person.id.clone()).collect();
        let creator = everybody.first().cloned().unwrap_or_default();
        let mut state = Self {
            config,
            base_url,
            channels: Vec::new(),
            messages: BTreeMap::new(),
            ephemerals: Vec::new(),
            views: Vec::new(),
            triggers: BTreeMap::new(),
            hooks: BTreeMap::new(),
            files: Vec::new(),
            calls: VecDeque::new(),
            delivered: VecDeque::new(),
            violations: Vec::new(),
            toasts: Vec::new(),
            capabilities: Capabilities::default(),
            faults: Faults::default(),
            pace: Pace::default(),
            tickets: Tickets::default(),
            minted: 0,
            last_ts_micros: 0,
        };
        let general = Channel::new("C0GENERAL1", "general", Reach::Public, &creator);
        state.channels.push(Channel { members: everybody, ..general });
        state
    }

    /// A new id of Slack's form: a letter and ten more characters, never the same twice.
    pub(super) fn mint_id(&mut self, letter: &str) -> String {
        self.minted += 1;
        // A multiplicative step keeps ids unlike one another without any randomness.
        let spread = self.minted.wrapping_mul(2_654_435_761) % 36_u64.pow(6);
        format!("{letter}0{}{:0>3}", base36(spread, 6), base36(self.minted % 46_656, 3))
    }

    /// A new unguessable word, for urls and triggers.
    pub(super) fn mint_secret(&mut self) -> String {
        use secrecy::ExposeSecret;
        self.minted += 1;
        let mut hash = Sha256::new();
        hash.update(self.config.signing_secret.expose_secret().as_bytes());
        hash.update(self.minted.to_be_bytes());
        hex::encode(&hash.finalize()[..16])
    }

    /// A message time that is later than every one before it.
    pub(super) fn mint_ts(&mut self, now: Timestamp) -> String {
        let micros = now.as_microsecond().max(self.last_ts_micros + 1);
        self.last_ts_micros = micros;
        format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }

    pub(super) fn person(&self, id: &str) -> Option<&Person> {
        self.config.people.iter().find(|person| person.id == id)
    }

    pub(super) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub(super) fn channel_mut(&mut self, id: &str) -> Result<&mut Channel, Refusal> {
        let found = self.channels.iter_mut().find(|channel| channel.id == id);
        found.ok_or_else(|| refuse("channel_not_found"))
    }

    /// A channel the bot can see: every public one, and private ones it is or was in.
    pub(super) fn seen(&self, id: &str) -> Result<&Channel, Refusal> {
        let bot = &self.config.bot_user_id;
        let visible = |channel: &&Channel| {
            let was_in = channel.archived && channel.members_before_archive.contains(bot);
            channel.reach == Reach::Public || channel.members.contains(bot) || was_in
        };
        self.channel(id).filter(visible).ok_or_else(|| refuse("channel_not_found"))
    }

    /// A live channel the bot is a member of.
    pub(super) fn joined(&self, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.seen(id)?;
        if channel.archived {
            return Err(refuse("is_archived"));
        }
        if !channel.members.contains(&self.config.bot_user_id) {
            return Err(refuse("not_in_channel"));
        }
        Ok(channel)
    }

    pub(super) fn message(&self, channel: &str, ts: &str) -> Option<&Value> {
        self.messages.get(channel)?.iter().find(|message| message["ts"] == ts)
    }

    pub(super) fn message_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Value> {
        self.messages.get_mut(channel)?.iter_mut().find(|message| message["ts"] == ts)
    }

    pub(super) fn store(&mut self, channel: &str, message: Value) {
        let messages = self.messages.entry(channel.to_owned()).or_default();
        if messages.len() >= MESSAGES_MAX {
            messages.remove(0);
        }
        messages.push(message);
    }

    /// Writes one of Slack's own lines, such as "has joined the channel".
    pub(super) fn announce(&mut self, channel: &str, line: (&str, &str, &str), now: Timestamp) {
        let (subtype, user, text) = line;
        let ts = self.mint_ts(now);
        let text = format!("<@{user}> {text}");
        let message =
            json!({"type": "message", "subtype": subtype, "user": user, "text": text, "ts": ts});
        self.store(channel, message);
    }

    pub(super) fn record(&mut self, record: CallRecord) {
        if self.calls.len() >= CALLS_MAX {
            self.calls.pop_front();
        }
        self.calls.push_back(record);
    }

    pub(super) fn violate(&mut self, text: String) {
        if self.config.strict && self.violations.len() < NOTES_MAX {
            self.violations.push(text);
        }
    }

    pub(super) fn toast(&mut self, user: &str, text: &str) {
        if self.toasts.len() < NOTES_MAX {
            self.toasts.push(Toast { user: user.to_owned(), text: text.to_owned() });
        }
    }
}

fn base36(mut number: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for digit in digits.iter_mut().rev() {
        let rest = u8::try_from(number % 36).unwrap_or_default();
        *digit = if rest < 10 { b'0' + rest } else { b'A' + rest - 10 };
        number /= 36;
    }
    digits.into_iter().map(char::from).collect()
}
