//! What one person's client shows: their channels, their whispers, their modals, their files.

use crate::sim::slack::app::described;
use crate::sim::slack::channels::{Channel, Reach};
use crate::sim::slack::files::File;
use crate::sim::slack::people::Standing;
use crate::sim::slack::state::State;
use serde_json::{Value, json};

/// The workspace as `viewer` sees it, or all of it where no viewer is named.
pub(super) fn seen_by(state: &State, viewer: Option<&str>) -> Value {
    let own = |user: &str| viewer.is_none_or(|viewer| viewer == user);
    let inside = |channel: &&Channel| shows(state, channel, viewer);
    let channels = state.channels.iter().filter(inside).map(|channel| {
        let mut object = json!(channel);
        object["messages"] = json!(state.messages.get(&channel.id).cloned().unwrap_or_default());
        object
    });
    let ephemerals = state.ephemerals.iter().filter(|whisper| own(&whisper.user));
    let views = state.views.iter().filter(|view| own(&view.user));
    let toasts = state.toasts.iter().filter(|toast| own(&toast.user));
    let files = state.files.iter().filter(|file| shows_file(state, file, viewer));
    let config = &state.config;
    json!({
        "team": {"id": config.team_id, "name": config.team_name, "domain": config.team_domain},
        "bot_user_id": config.bot_user_id,
        "app": described(config.manifest.as_ref()),
        "people": config.people,
        "groups": config.groups,
        "channels": channels.collect::<Vec<_>>(),
        "ephemerals": ephemerals.collect::<Vec<_>>(),
        "views": views.collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "toasts": toasts.collect::<Vec<_>>(),
    })
}

/// Whether a file is in a channel that this person sees.
pub(super) fn shows_file(state: &State, file: &File, viewer: Option<&str>) -> bool {
    let channel = file.channel.as_ref().and_then(|id| state.channel(id));
    match channel.filter(|_| file.shared_ts.is_some()) {
        Some(channel) => shows(state, channel, viewer),
        None => viewer.is_none(),
    }
}

/// Members see their channels; those of this workspace see the public ones too.
pub(super) fn shows(state: &State, channel: &Channel, viewer: Option<&str>) -> bool {
    let Some(viewer) = viewer else { return true };
    let member = channel.members.iter().any(|member| member == viewer);
    let full = state.person(viewer).is_some_and(|person| person.standing == Standing::Member);
    member || (full && channel.reach == Reach::Public)
}
