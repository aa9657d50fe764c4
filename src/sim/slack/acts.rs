//! What people do: type commands, press buttons, fill in modals.

use crate::sim::slack::channels::Channel;
use crate::sim::slack::deliver::{Delivery, Sent, Twist};
use crate::sim::slack::payloads::{self, Act};
use crate::sim::slack::presses::pressed;
use crate::sim::slack::replies::{self, Hook, HookKind};
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::state::State;
use crate::sim::slack::views::{View, mint_trigger, modals};
use serde_json::{Value, json};

const COMMANDS: &str = "/slack/commands";
pub(super) const INTERACTIONS: &str = "/slack/interactions";
const EVENTS: &str = "/slack/events";
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// Why a person cannot do this in Slack, so that nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    #[error("nobody here has the id {0}; act as one of the workspace's people")]
    NoSuchPerson(String),
    #[error("{user} is not in {channel}; invite them first")]
    NotAMember { user: String, channel: String },
    #[error("{0} is archived, and nobody can type there; choose another channel")]
    Archived(String),
    #[error("there is no message {0} here; look at the channel again")]
    NoSuchMessage(String),
    #[error("nothing with the action id {0} can be pressed there; look at the message again")]
    NoSuchAction(String),
    #[error("the app's manifest has no shortcut {0} there; choose one that it has")]
    NoSuchShortcut(String),
    #[error("the app's manifest has no home tab")]
    NoHome,
    #[error("{0} is of another workspace, where the app is not installed")]
    NoApp(String),
    #[error("{0} has no modal open; open one first")]
    NoModal(String),
    #[error("the input of block {0} is required; fill it in")]
    Required(String),
    #[error("{0}")]
    Input(String),
}

/// Where somebody presses something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A message everybody in the channel sees, or one only this person sees.
    Message { channel: String, ts: String },
    /// A modal or App Home.
    View { view_id: String },
}

/// One press of a button, or one choice in a select.
#[derive(Debug, Clone)]
pub struct Press {
    pub user: String,
    pub place: Place,
    pub action_id: String,
    /// Tells buttons with the same action id apart.
    pub value: Option<String>,
    /// What was chosen, for anything but a button.
    pub chosen: Option<Value>,
    /// The message as this person still sees it, when it has changed since.
    pub as_seen: Option<Value>,
}

impl SimSlack {
    /// Types a slash command.
    pub async fn slash(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Result<Delivery, Impossible> {
        let now = self.shared.clock.now();
        let (sent, trigger, channel) = self.typed((user, channel), (command, text))?;
        let mut delivery = self.send(sent).await;
        delivery.trigger_id = Some(trigger);
        let typed = format!("{command} {text}");
        self.shared.change(|state| {
            replies::command_answered(state, (user, &channel, &typed), &mut delivery, now);
        });
        Ok(delivery)
    }

    /// Presses the button with this action id in a message.
    pub async fn click(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        action_id: &str,
    ) -> Result<Delivery, Impossible> {
        let place = Place::Message { channel: channel.to_owned(), ts: ts.to_owned() };
        self.press(Press::new(user, place, action_id)).await
    }

    /// Presses or chooses anything anywhere.
    pub async fn press(&self, press: Press) -> Result<Delivery, Impossible> {
        let (sent, trigger) = self.touched(&press)?;
        if self.shared.with(|state| state.faults.clicks_twice) {
            let (twin, _) = self.touched(&press)?;
            let both = tokio::join!(self.send(sent), self.send(twin));
            let (mut delivery, mut second) = both;
            delivery.trigger_id = Some(trigger);
            self.shared.change(|state| {
                replies::press_answered(state, &press.user, &mut delivery);
                replies::press_answered(state, &press.user, &mut second);
            });
            return Ok(delivery);
        }
        let mut delivery = self.send(sent).await;
        delivery.trigger_id = Some(trigger);
        self.shared.change(|state| replies::press_answered(state, &press.user, &mut delivery));
        Ok(delivery)
    }

    /// What typing a command makes Slack send, for whoever sends it in a way of their own.
    pub fn compose_command(
        &self,
        place: (&str, &str),
        typed: (&str, &str),
    ) -> Result<Sent, Impossible> {
        self.typed(place, typed).map(|(sent, ..)| sent)
    }

    /// What a press makes Slack send, for whoever sends it in a way of their own.
    pub fn compose_press(&self, press: &Press) -> Result<Sent, Impossible> {
        self.touched(press).map(|(sent, _)| sent)
    }

    fn typed(
        &self,
        (user, channel): (&str, &str),
        (command, text): (&str, &str),
    ) -> Result<(Sent, String, String), Impossible> {
        let now = self.shared.clock.now();
        let made = self.shared.change(|state| {
            let channel = entered(state, user, channel, &self.twist)?;
            if channel.archived {
                return Err(Impossible::Archived(channel.name));
            }
            let trigger = mint_trigger(state, user, now);
            let hook = Hook::new(HookKind::Command, (user, &channel.id), None, now);
            let url = replies::mint_hook(state, hook);
            let act = act(user, &self.twist, &trigger, Some(&url));
            Ok((payloads::slash(state, &act, &channel, (command, text)), trigger, channel.id))
        });
        let (body, trigger, channel) = made?;
        Ok((self.signed((COMMANDS, FORM), body), trigger, channel))
    }

    fn touched(&self, press: &Press) -> Result<(Sent, String), Impossible> {
        let now = self.shared.clock.now();
        let made = self.shared.change(|state| {
            let trigger = mint_trigger(state, &press.user, now);
            let payload = pressed(state, press, (&self.twist, &trigger), now)?;
            Ok((payloads::form(&payload), trigger))
        });
        let (body, trigger) = made?;
        Ok((self.signed((INTERACTIONS, FORM), body), trigger))
    }

    /// Submits the modal somebody sees; `values` are given by action id or block id.
    pub async fn submit_view(&self, user: &str, values: &Value) -> Result<Delivery, Impossible> {
        let now = self.shared.clock.now();
        let made = self.shared.change(|state| {
            let view = top(state, user)?.clone();
            let object = fill(&view.object, values)?;
            let mut stored = state.views.iter_mut();
            if let Some(stored) = stored.find(|stored| stored.id() == view.id()) {
                stored.object = object.clone();
            }
            let trigger = mint_trigger(state, user, now);
            let act = act(user, &self.twist, &trigger, None);
            let mut payload = payloads::interaction(state, "view_submission", &act);
            payload["view"] = object;
            payload["response_urls"] = json!([]);
            Ok((payloads::form(&payload), trigger, view.id().to_owned()))
        });
        let (body, trigger, id) = made?;
        let mut delivery = self.send_signed(INTERACTIONS, FORM, body, &[]).await;
        delivery.trigger_id = Some(trigger);
        self.shared.change(|state| replies::submission_answered(state, (user, &id), &mut delivery));
        Ok(delivery)
    }

    /// Closes the modal somebody sees; the app hears of it only if the modal says so.
    pub async fn close_view(&self, user: &str) -> Result<Option<Delivery>, Impossible> {
        let now = self.shared.clock.now();
        let made: Result<_, Impossible> = self.shared.change(|state| {
            let view = top(state, user)?.clone();
            state.views.retain(|open| open.id() != view.id());
            let trigger = mint_trigger(state, user, now);
            let act = act(user, &self.twist, &trigger, None);
            let mut payload = payloads::interaction(state, "view_closed", &act);
            if let Some(fields) = payload.as_object_mut() {
                fields.remove("trigger_id");
            }
            let told = view.object["notify_on_close"] == true;
            payload["view"] = view.object;
            payload["is_cleared"] = json!(false);
            Ok(told.then(|| payloads::form(&payload)))
        });
        match made? {
            Some(body) => Ok(Some(self.send_signed(INTERACTIONS, FORM, body, &[]).await)),
            None => Ok(None),
        }
    }

    /// Sends an event as often as Slack would; gives every attempt, the first one first.
    pub async fn event(&self, event: &Value) -> Vec<Delivery> {
        self.event_of(event, false).await
    }

    /// The same of a channel that another company may share.
    pub(super) async fn event_of(&self, event: &Value, is_shared: bool) -> Vec<Delivery> {
        let now = self.shared.clock.now().as_second();
        let body = self.shared.with(|state| {
            let id = state.mint_id("Ev");
            let mut body = payloads::event(state, &self.twist, event, (&id, now));
            body["is_ext_shared_channel"] = json!(is_shared);
            body.to_string()
        });
        self.send_event(EVENTS, body).await
    }

    /// Asks the events url to echo a challenge.
    pub async fn url_verification(&self, challenge: &str) -> Delivery {
        let body = payloads::url_verification(challenge);
        self.send_signed(EVENTS, "application/json", body, &[]).await
    }

    /// Checks the certificate of the command url; unsigned, as it may be.
    pub async fn ssl_check(&self) -> Delivery {
        let unsigned = self.twisted(Twist { unsigned: true, ..self.twist.clone() });
        unsigned.send_signed(COMMANDS, FORM, payloads::ssl_check(), &[]).await
    }

    /// Sends any interaction payload, completed with what every one of them holds.
    pub async fn interaction(&self, user: &str, kind: &str, more: &Value) -> Delivery {
        let now = self.shared.clock.now();
        let (body, trigger) = self.shared.change(|state| {
            let trigger = mint_trigger(state, user, now);
            let act = act(user, &self.twist, &trigger, None);
            let mut payload = payloads::interaction(state, kind, &act);
            for (key, value) in more.as_object().into_iter().flatten() {
                payload[key] = value.clone();
            }
            (payloads::form(&payload), trigger)
        });
        let mut delivery = self.send_signed(INTERACTIONS, FORM, body, &[]).await;
        delivery.trigger_id = Some(trigger);
        delivery
    }
}

impl Press {
    /// A press of the one thing with this action id there.
    pub fn new(user: &str, place: Place, action_id: &str) -> Self {
        let (user, action_id) = (user.to_owned(), action_id.to_owned());
        Self { user, place, action_id, value: None, chosen: None, as_seen: None }
    }
}

pub(super) fn act<'a>(
    user: &'a str,
    twist: &'a Twist,
    trigger_id: &'a str,
    response_url: Option<&'a str>,
) -> Act<'a> {
    Act { user, twist, trigger_id, response_url }
}

/// The channel, if this person is in it.
pub(super) fn entered(
    state: &State,
    user: &str,
    wanted: &str,
    twist: &Twist,
) -> Result<Channel, Impossible> {
    if state.person(user).is_none() && twist.foreign_team.is_none() {
        return Err(Impossible::NoSuchPerson(user.to_owned()));
    }
    let name = wanted.trim_start_matches('#');
    let mut channels = state.channels.iter();
    let found = channels.find(|channel| channel.id == wanted || channel.name == name);
    let inside = |channel: &&Channel| {
        twist.foreign_team.is_some() || channel.members.iter().any(|member| member == user)
    };
    found
        .filter(inside)
        .cloned()
        .ok_or_else(|| Impossible::NotAMember { user: user.to_owned(), channel: wanted.to_owned() })
}

fn top<'a>(state: &'a State, user: &'a str) -> Result<&'a View, Impossible> {
    modals(state, user).last().ok_or_else(|| Impossible::NoModal(user.to_owned()))
}

/// The view with what a person filled in; refuses what Slack's own client refuses.
fn fill(view: &Value, given: &Value) -> Result<Value, Impossible> {
    let mut object = view.clone();
    for found in crate::sim::slack::form::elements(&view["blocks"]) {
        let action = found.element["action_id"].as_str().unwrap_or_default();
        let named = given.get(action).or_else(|| given.get(&found.block_id));
        if let Some(named) = named {
            let state = crate::sim::slack::form::filled(&found.element, named);
            let state = state
                .map_err(|why| Impossible::Input(format!("block {}: {why}", found.block_id)))?;
            object["state"]["values"][&found.block_id][action] = state;
        }
    }
    for block in view["blocks"].as_array().into_iter().flatten() {
        let asks = block["type"] == "input" && block["optional"] != true;
        let id = block["block_id"].as_str().unwrap_or_default();
        let states = object["state"]["values"][id].as_object().into_iter().flatten();
        let mut states = states.map(|(_, state)| state);
        if asks && states.any(crate::sim::slack::form::is_empty) {
            return Err(Impossible::Required(id.to_owned()));
        }
    }
    Ok(object)
}
