//! What tests and drills can change in the workspace behind the bot's back.

use crate::sim::slack::channels::{Channel, Reach};
use crate::sim::slack::delivered::Delivered;
use crate::sim::slack::faults::{Fault, Standing};
use crate::sim::slack::pace::RateLimits;
use crate::sim::slack::people::{Group, Person};
use crate::sim::slack::server::SimSlack;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::time::Duration;

impl SimSlack {
    /// Makes the next `times` calls of a method fail in one way; `"*"` means every method.
    pub fn script(&self, method: &str, fault: &Fault, times: usize) {
        self.shared.with(|state| state.faults.script(method, fault, times));
    }

    /// Makes every call of a method slower, in real time; `"*"` means every method.
    pub fn delay(&self, method: &str, latency: Duration) {
        self.shared.with(|state| state.faults.delay(method, latency));
    }

    /// Takes the Web API down, or brings it back.
    pub fn set_down(&self, down: bool) {
        self.shared.with(|state| {
            state.faults.turned_away *= u32::from(!down);
            state.faults.down = down;
        });
    }

    /// Answers every call of the Web API with 429 for so long on the clock; no time ends that.
    pub fn limit_for(&self, span: SignedDuration) {
        let until = self.shared.clock.now() + span;
        self.shared.with(|state| {
            state.faults.turned_away *= u32::from(span <= SignedDuration::ZERO);
            state.faults.limited_until = Some(until);
        });
    }

    /// Delivers what somebody does next once more, a moment after it was answered.
    pub fn repeat_next(&self, yes: bool) {
        self.shared.with(|state| state.faults.repeats_next = yes);
    }

    /// Makes every press two, at the same time, as a nervous finger does.
    pub fn click_twice(&self, yes: bool) {
        self.shared.with(|state| state.faults.clicks_twice = yes);
    }

    /// What goes wrong until somebody sets it right.
    pub fn standing_faults(&self) -> Standing {
        let now = self.shared.clock.now();
        self.shared.with(|state| state.faults.standing(now))
    }

    /// What was sent to the bot last, the oldest first.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.shared.with(|state| state.delivered.iter().cloned().collect())
    }

    /// How long a trigger id lives on the clock, for when the clock runs faster than it did.
    pub fn set_trigger_life(&self, life: Duration) {
        self.shared.with(|state| state.config.trigger_life = life);
    }

    /// Lets the next `times` completed uploads never appear, as Slack sometimes does.
    pub fn drop_shares(&self, times: u32) {
        self.shared.with(|state| state.faults.drop_shares(times));
    }

    /// Takes a scope from the app, as when its manifest is changed and the app installed again.
    pub fn revoke(&self, scope: &str) {
        self.shared.with(|state| state.config.scopes.retain(|held| held != scope));
    }

    /// Gives the app a scope.
    pub fn grant(&self, scope: &str) {
        self.shared.with(|state| state.config.scopes.push(scope.to_owned()));
    }

    pub fn set_rate_limits(&self, limits: RateLimits) {
        self.shared.with(|state| state.pace.limits = limits);
    }

    /// Makes the workspace refuse these block types, as one where they are not rolled out.
    pub fn switch_off_blocks(&self, types: &[&str]) {
        let types = types.iter().map(|&name| name.to_owned());
        self.shared.with(|state| state.capabilities.switched_off = types.collect());
    }

    pub fn set_scopes(&self, scopes: &[&str]) {
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        self.shared.with(|state| state.config.scopes = scopes);
    }

    /// Makes a channel of the workspace's people, with the bot only if it is named.
    pub fn make_channel(&self, name: &str, reach: Reach, members: &[&str]) -> String {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let id = state.mint_id("C");
            let creator = members.first().copied().unwrap_or_default();
            let members = members.iter().map(|&member| member.to_owned()).collect();
            let channel = Channel::new(&id, name, reach, creator);
            state.channels.push(Channel { members, created: now.as_second(), ..channel });
            id
        })
    }

    /// Changes a channel as its people might; nothing is announced.
    pub fn change_channel(&self, id: &str, change: impl FnOnce(&mut Channel)) {
        self.shared.change(|state| state.channel_mut(id).map(change).ok());
    }

    /// Chooses a file in a form; what the form is then submitted with.
    pub fn give(&self, user: &str, name: &str, content: &[u8]) -> Value {
        self.shared.change(|state| crate::sim::slack::files::give(state, user, (name, content)))
    }

    /// Lets somebody join the workspace, and this channel of it.
    pub fn welcome(&self, person: Person, channel: &str) {
        self.change_channel(channel, |channel| channel.members.push(person.id.clone()));
        self.shared.change(|state| state.config.people.push(person));
    }

    /// Makes a user group, or puts this one in the place of the one with its id.
    pub fn set_group(&self, group: Group) {
        self.shared.change(|state| {
            state.config.groups.retain(|known| known.id != group.id);
            state.config.groups.push(group);
        });
    }

    /// Changes somebody as an administrator does.
    pub fn change_person(&self, id: &str, change: impl FnOnce(&mut Person)) {
        self.shared.change(|state| {
            state.config.people.iter_mut().find(|person| person.id == id).map(change)
        });
    }

    /// Archives a channel as a person does.
    pub fn archive(&self, id: &str, user: &str) {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let archived = crate::sim::slack::channels::put_away(state, id, user, now);
            archived.ok()
        });
    }

    /// Deletes a message as an administrator does.
    pub fn delete_message(&self, channel: &str, ts: &str) {
        self.shared.change(|state| crate::sim::slack::messages::remove(state, channel, ts));
    }

    /// Reloads somebody's client: their ephemeral messages are gone.
    pub fn reload(&self, user: &str) {
        self.shared.change(|state| state.ephemerals.retain(|whisper| whisper.user != user));
    }

    /// Writes a message as a person does; the bot is not told. Gives the message's time.
    pub fn say(&self, user: &str, channel: &str, text: &str) -> String {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let ts = state.mint_ts(now);
            let message = json!({"type": "message", "user": user, "text": text, "ts": ts});
            state.store(channel, message);
            ts
        })
    }
}
