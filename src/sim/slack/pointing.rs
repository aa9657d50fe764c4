//! What people do beside typing and pressing: shortcuts, edits, and the app's home.

use crate::sim::slack::acts::{FORM, INTERACTIONS, Impossible, act, entered};
use crate::sim::slack::app::{Menu, Tab, has_shortcut, has_tab, hears};
use crate::sim::slack::call::Call;
use crate::sim::slack::channels::direct;
use crate::sim::slack::deliver::Delivery;
use crate::sim::slack::hearing::{Told, channel_type, told_of_talk};
use crate::sim::slack::payloads;
use crate::sim::slack::people::Standing;
use crate::sim::slack::replies::{self, Hook, HookKind};
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::views::mint_trigger;
use serde_json::json;

impl SimSlack {
    /// Chooses a shortcut in the menu of a message.
    pub async fn point_at(
        &self,
        user: &str,
        (channel, ts): (&str, &str),
        callback_id: &str,
    ) -> Result<Delivery, Impossible> {
        let now = self.shared.clock.now();
        let made = self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            if !has_shortcut(state.config.manifest.as_ref(), Menu::Message, callback_id) {
                return Err(Impossible::NoSuchShortcut(callback_id.to_owned()));
            }
            let message = state.message(&channel.id, ts).cloned();
            let message = message.ok_or_else(|| Impossible::NoSuchMessage(ts.to_owned()))?;
            let trigger = mint_trigger(state, user, now);
            let hook = Hook::new(HookKind::Command, (user, &channel.id), None, now);
            let url = replies::mint_hook(state, hook);
            let act = act(user, &self.twist, &trigger, Some(&url));
            let mut payload = payloads::interaction(state, "message_action", &act);
            payload["callback_id"] = json!(callback_id);
            payload["action_ts"] = json!(state.mint_ts(now));
            payload["channel"] = json!({"id": channel.id, "name": channel.name_shown()});
            payload["message_ts"] = json!(ts);
            payload["message"] = message;
            payload["response_url"] = json!(url);
            Ok((payloads::form(&payload), trigger))
        });
        self.chosen(user, made?).await
    }

    /// Chooses a shortcut of the app where there is no message.
    pub async fn choose(&self, user: &str, callback_id: &str) -> Result<Delivery, Impossible> {
        let now = self.shared.clock.now();
        let made = self.shared.change(|state| {
            if state.person(user).is_none() && self.twist.foreign_team.is_none() {
                return Err(Impossible::NoSuchPerson(user.to_owned()));
            }
            if !has_shortcut(state.config.manifest.as_ref(), Menu::Global, callback_id) {
                return Err(Impossible::NoSuchShortcut(callback_id.to_owned()));
            }
            let trigger = mint_trigger(state, user, now);
            let act = act(user, &self.twist, &trigger, None);
            let mut payload = payloads::interaction(state, "shortcut", &act);
            payload["callback_id"] = json!(callback_id);
            payload["action_ts"] = json!(state.mint_ts(now));
            Ok((payloads::form(&payload), trigger))
        });
        self.chosen(user, made?).await
    }

    /// Opens the app's home; what the app hears of it.
    pub async fn open_home(&self, user: &str) -> Result<Vec<Delivery>, Impossible> {
        Ok(self.tell(self.opening(user, Tab::Home)?).await)
    }

    /// The same by the client of somebody whose workspace has the app at all.
    pub(super) fn entering(&self, user: &str, tab: Tab) -> Result<Option<Told>, Impossible> {
        let standing = self.shared.with(|state| state.person(user).map(|person| person.standing));
        match standing {
            Some(Standing::Stranger) => Err(Impossible::NoApp(user.to_owned())),
            Some(Standing::Member | Standing::Guest | Standing::SingleChannelGuest)
            | Some(Standing::Bot)
            | None => self.opening(user, tab),
        }
    }

    /// Somebody enters the app; the event where the app asks for it, as on every entrance.
    pub(super) fn opening(&self, user: &str, tab: Tab) -> Result<Option<Told>, Impossible> {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            if state.person(user).is_none() {
                return Err(Impossible::NoSuchPerson(user.to_owned()));
            }
            if !has_tab(state.config.manifest.as_ref(), tab) {
                return Err(Impossible::NoHome);
            }
            let call = Call { args: serde_json::Map::default(), now };
            let channel = direct(state, vec![user.to_owned()], &call);
            let mut event = json!({
                "type": "app_home_opened",
                "user": user,
                "channel": channel,
                "tab": tab.word(),
                "event_ts": state.mint_ts(now),
            });
            let mut views = state.views.iter().filter(|view| view.user == user);
            // Slack adds what it shows there, once there is something.
            if let (Tab::Home, Some(view)) = (tab, views.find(|view| !view.is_modal())) {
                event["view"] = view.object.clone();
            }
            let app = (state.config.manifest.as_ref(), state.config.scopes.as_slice());
            Ok(hears(app, "app_home_opened", None).then_some((event, false)))
        })
    }

    /// Changes what a message of somebody's says; what the app hears of it.
    pub async fn edit(
        &self,
        user: &str,
        place: (&str, &str),
        text: &str,
    ) -> Result<Vec<Delivery>, Impossible> {
        Ok(self.tell(self.editing(user, place, text.to_owned())?).await)
    }

    pub(super) fn editing(
        &self,
        user: &str,
        (channel, ts): (&str, &str),
        text: String,
    ) -> Result<Option<Told>, Impossible> {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            let event_ts = state.mint_ts(now);
            let message = state.message_mut(&channel.id, ts).filter(|one| one["user"] == user);
            let message = message.ok_or_else(|| Impossible::NoSuchMessage(ts.to_owned()))?;
            let before = message.clone();
            message["text"] = json!(text);
            message["edited"] = json!({"user": user, "ts": event_ts});
            let event = json!({
                "type": "message",
                "subtype": "message_changed",
                "hidden": true,
                "channel": channel.id,
                "channel_type": channel_type(&channel),
                "message": message,
                "previous_message": before,
                "ts": event_ts,
                "event_ts": event_ts,
            });
            Ok(told_of_talk(state, &channel, event))
        })
    }

    /// Deletes a message of somebody's; what the app hears of it.
    pub async fn unsay(
        &self,
        user: &str,
        place: (&str, &str),
    ) -> Result<Vec<Delivery>, Impossible> {
        Ok(self.tell(self.unsaying(user, place)?).await)
    }

    pub(super) fn unsaying(
        &self,
        user: &str,
        (channel, ts): (&str, &str),
    ) -> Result<Option<Told>, Impossible> {
        let now = self.shared.clock.now();
        self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            let event_ts = state.mint_ts(now);
            let before = state.message(&channel.id, ts).filter(|one| one["user"] == user).cloned();
            let before = before.ok_or_else(|| Impossible::NoSuchMessage(ts.to_owned()))?;
            crate::sim::slack::messages::remove(state, &channel.id, ts);
            let event = json!({
                "type": "message",
                "subtype": "message_deleted",
                "hidden": true,
                "channel": channel.id,
                "channel_type": channel_type(&channel),
                "deleted_ts": ts,
                "previous_message": before,
                "ts": event_ts,
                "event_ts": event_ts,
            });
            Ok(told_of_talk(state, &channel, event))
        })
    }

    /// Writes a message with files, in a thread where one is named; the bot is not told.
    pub fn say_with(
        &self,
        user: &str,
        (channel, thread): (&str, Option<&str>),
        (text, files): (&str, &[&str]),
    ) -> String {
        let ts = self.say(user, channel, text);
        self.shared.change(|state| {
            if let Some(message) = state.message_mut(channel, &ts) {
                let files: Vec<_> = files.iter().map(|name| json!({"name": name})).collect();
                if !files.is_empty() {
                    message["files"] = json!(files);
                }
                if let Some(thread) = thread {
                    message["thread_ts"] = json!(thread);
                }
            }
        });
        ts
    }

    async fn chosen(
        &self,
        user: &str,
        (body, trigger): (String, String),
    ) -> Result<Delivery, Impossible> {
        let mut delivery = self.send_signed(INTERACTIONS, FORM, body, &[]).await;
        delivery.trigger_id = Some(trigger);
        self.shared.change(|state| replies::press_answered(state, user, &mut delivery));
        Ok(delivery)
    }
}
