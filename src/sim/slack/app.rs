//! What the app's manifest asks for, and what therefore does not happen; without one, all does.

use serde_json::Value;

/// Where an app's shortcut shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Menu {
    Global,
    Message,
}

/// Whether the app has this shortcut there.
pub(super) fn has_shortcut(manifest: Option<&Value>, menu: Menu, callback_id: &str) -> bool {
    let kind = match menu {
        Menu::Global => "global",
        Menu::Message => "message",
    };
    let is_it = |one: &Value| one["type"] == kind && one["callback_id"] == callback_id;
    manifest.is_none_or(|manifest| {
        let shortcuts = manifest["features"]["shortcuts"].as_array();
        shortcuts.into_iter().flatten().any(is_it)
    })
}

/// Whether people find a home of the app.
pub(super) fn has_home(manifest: Option<&Value>) -> bool {
    manifest.is_none_or(|manifest| manifest["features"]["app_home"]["home_tab_enabled"] == true)
}

/// Whether the app hears of events of this name, which can take a scope too.
pub(super) fn hears(
    (manifest, scopes): (Option<&Value>, &[String]),
    name: &str,
    scope: Option<&str>,
) -> bool {
    let subscribed = manifest.is_none_or(|manifest| {
        let events = manifest["settings"]["event_subscriptions"]["bot_events"].as_array();
        events.into_iter().flatten().any(|event| event == name)
    });
    subscribed && scope.is_none_or(|scope| scopes.iter().any(|held| held == scope))
}
