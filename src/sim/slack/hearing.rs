//! What the app hears of what people do in channels, and when it is sent.

use crate::sim::slack::app::hears;
use crate::sim::slack::channels::{Channel, Reach};
use crate::sim::slack::deliver::Delivery;
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::state::State;
use serde_json::Value;

/// An event for the app, and whether another company shares its channel.
pub(super) type Told = (Value, bool);

impl SimSlack {
    /// Sends an event; what became of each attempt.
    pub(super) async fn tell(&self, told: Option<Told>) -> Vec<Delivery> {
        match told {
            Some((event, shared)) => self.event_of(&event, shared).await,
            None => Vec::new(),
        }
    }

    /// Sends it behind the person's back: no client of Slack waits for an app to hear of something.
    pub(super) fn tell_later(&self, told: Option<Told>) {
        if told.is_some() {
            let slack = self.clone();
            self.shared.in_background(async move {
                slack.tell(told).await;
            });
        }
    }
}

/// The event about a message in this channel, if the app is told of those.
pub(super) fn told_of_talk(state: &State, channel: &Channel, event: Value) -> Option<Told> {
    let of = match channel.reach {
        Reach::Public => ("message.channels", "channels:history"),
        Reach::Private => ("message.groups", "groups:history"),
        Reach::Direct => ("message.im", "im:history"),
    };
    told_of(state, channel, of, event)
}

/// The event, if the app is told of it: it is in there, asks for it, and may.
pub(super) fn told_of(
    state: &State,
    channel: &Channel,
    (name, scope): (&str, &str),
    event: Value,
) -> Option<Told> {
    let app = (state.config.manifest.as_ref(), state.config.scopes.as_slice());
    let tells =
        channel.members.contains(&state.config.bot_user_id) && hears(app, name, Some(scope));
    tells.then_some((event, channel.shared_externally))
}

/// What events call this kind of channel.
pub(super) fn channel_type(channel: &Channel) -> &'static str {
    match channel.reach {
        Reach::Public => "channel",
        Reach::Private => "group",
        Reach::Direct => "im",
    }
}
