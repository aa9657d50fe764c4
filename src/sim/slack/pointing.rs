//! What people do beside typing and pressing: they choose a shortcut of the app.

use crate::sim::slack::acts::{FORM, INTERACTIONS, Impossible, act, entered};
use crate::sim::slack::app::{Menu, has_home, has_shortcut, hears};
use crate::sim::slack::call::Call;
use crate::sim::slack::channels::direct;
use crate::sim::slack::deliver::Delivery;
use crate::sim::slack::payloads;
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

    /// Opens the app's home; whether the app was told.
    pub async fn open_home(&self, user: &str) -> Result<Vec<Delivery>, Impossible> {
        let now = self.shared.clock.now();
        let event = self.shared.change(|state| {
            if state.person(user).is_none() {
                return Err(Impossible::NoSuchPerson(user.to_owned()));
            }
            if !has_home(state.config.manifest.as_ref()) {
                return Err(Impossible::NoHome);
            }
            let call = Call { args: serde_json::Map::default(), now };
            let channel = direct(state, vec![user.to_owned()], &call);
            let event = json!({
                "type": "app_home_opened",
                "user": user,
                "channel": channel,
                "tab": "home",
                "event_ts": state.mint_ts(now),
            });
            let app = (state.config.manifest.as_ref(), state.config.scopes.as_slice());
            Ok(hears(app, "app_home_opened", None).then_some(event))
        });
        match event? {
            Some(event) => Ok(self.event(&event).await),
            None => Ok(Vec::new()),
        }
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
