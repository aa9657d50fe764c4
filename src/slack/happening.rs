//! The events of the workspace that we use; our channels are private, so theirs are `group_*`.

use crate::domain::ids::ChannelId;
use serde_json::Value;

/// What the app subscribes to.
pub const EVENTS: [&str; 6] = [
    "app_home_opened",
    "app_uninstalled",
    "group_archive",
    "group_deleted",
    "group_unarchive",
    "tokens_revoked",
];

/// The events that we use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceEvent {
    ChannelArchived(ChannelId),
    ChannelUnarchived(ChannelId),
    ChannelDeleted(ChannelId),
    /// Somebody opened the app's home.
    HomeOpened,
    /// The app was removed, or its token revoked: nothing can be posted any more.
    AppRemoved,
    /// Slack drops events because there are too many.
    RateLimited,
    Other(String),
}

/// Reads the event inside a delivery.
pub fn read(event: &Value) -> WorkspaceEvent {
    let kind = event["type"].as_str().unwrap_or_default();
    let channel = event["channel"].as_str().map(|id| ChannelId(id.to_owned()));
    match (kind, channel) {
        ("group_archive", Some(id)) => WorkspaceEvent::ChannelArchived(id),
        ("group_unarchive", Some(id)) => WorkspaceEvent::ChannelUnarchived(id),
        ("group_deleted", Some(id)) => WorkspaceEvent::ChannelDeleted(id),
        // The other tab is the conversation with the app.
        ("app_home_opened", _) if event["tab"] != "messages" => WorkspaceEvent::HomeOpened,
        ("app_uninstalled" | "tokens_revoked", _) => WorkspaceEvent::AppRemoved,
        (other, _) => WorkspaceEvent::Other(shown(other)),
    }
}

/// A word of Slack's own, cut so that it can stand in a log.
pub(super) fn shown(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        .take(40)
        .collect()
}
