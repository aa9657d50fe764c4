//! What the app's manifest asks for, and what therefore does not happen; without one, all does.

use serde::Deserialize;
use serde_json::{Value, json};

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

/// What there is of an app beside its channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tab {
    Home,
    /// The direct conversation with the app.
    Messages,
}

impl Tab {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Messages => "messages",
        }
    }
}

/// Whether people find this tab of the app.
pub(super) fn has_tab(manifest: Option<&Value>, tab: Tab) -> bool {
    let name = format!("{}_tab_enabled", tab.word());
    manifest.is_none_or(|manifest| manifest["features"]["app_home"][name] == true)
}

/// Whether people can only read what the app writes them.
pub(super) fn is_read_only(manifest: Option<&Value>) -> bool {
    manifest.is_some_and(|manifest| {
        manifest["features"]["app_home"]["messages_tab_read_only_enabled"] == true
    })
}

/// Whether names in what is typed after this command go to the app as ids.
pub(super) fn escapes(manifest: Option<&Value>, command: &str) -> bool {
    let commands = manifest.and_then(|it| it["features"]["slash_commands"].as_array());
    let mut commands = commands.into_iter().flatten();
    commands.any(|one| one["command"] == command && one["should_escape"] == true)
}

/// What a client shows of the app: its name, tabs, commands and shortcuts.
pub(super) fn described(manifest: Option<&Value>) -> Value {
    let of = |pointer: &str| manifest.and_then(|it| it.pointer(pointer)).cloned();
    json!({
        "name": of("/display_information/name").unwrap_or_else(|| json!("keyleak")),
        "description": of("/display_information/description"),
        "home": has_tab(manifest, Tab::Home),
        "messages": has_tab(manifest, Tab::Messages),
        "read_only": is_read_only(manifest),
        "commands": of("/features/slash_commands").unwrap_or_else(|| json!([])),
        "shortcuts": of("/features/shortcuts").unwrap_or_else(|| json!([])),
    })
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
