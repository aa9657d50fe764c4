//! What the app's manifest asks for, and what therefore does not happen.

use crate::sim::slack::state::State;
use serde_json::Value;

/// Where an app's shortcut shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Menu {
    Global,
    Message,
}

/// Whether the app has this shortcut there.
pub(super) fn has_shortcut(state: &State, menu: Menu, callback_id: &str) -> bool {
    let kind = match menu {
        Menu::Global => "global",
        Menu::Message => "message",
    };
    let Some(manifest) = &state.config.manifest else { return true };
    let shortcuts = manifest["features"]["shortcuts"].as_array().into_iter().flatten();
    let is_it = |one: &Value| one["type"] == kind && one["callback_id"] == callback_id;
    shortcuts.into_iter().any(is_it)
}
