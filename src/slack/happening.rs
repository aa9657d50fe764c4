//! The events of the workspace that we use; our channels are private, so theirs are `group_*`.

use crate::domain::ids::{ChannelId, MessageTs};
use crate::slack::guarded::Typed;
use crate::slack::said;
use jiff::Timestamp;
use serde_json::Value;

/// What the app subscribes to.
pub const EVENTS: [&str; 8] = [
    "app_home_opened",
    "app_uninstalled",
    "group_archive",
    "group_deleted",
    "group_unarchive",
    "message.groups",
    "reaction_added",
    "tokens_revoked",
];
/// The scopes without which Slack tells of none.
pub const SCOPES_OF_EVENTS: [(&str, &str); 2] =
    [("message.groups", "groups:history"), ("reaction_added", "reactions:read")];
/// A name of an emoji is shorter than this in every workspace.
const EMOJI_LENGTH_MAX: usize = 100;

/// The events that we use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceEvent {
    ChannelArchived(ChannelId),
    ChannelUnarchived(ChannelId),
    ChannelDeleted(ChannelId),
    /// Somebody opened the app's home.
    HomeOpened,
    /// Somebody put an emoji under a message.
    Reacted {
        emoji: String,
        channel: ChannelId,
        message: MessageTs,
    },
    /// Somebody's message says something else now.
    MessageEdited {
        channel: ChannelId,
        message: MessageTs,
        at: Timestamp,
        text: Typed,
        files: Vec<String>,
    },
    MessageDeleted {
        channel: ChannelId,
        message: MessageTs,
        at: Timestamp,
    },
    /// People, or the bot itself, talk in a channel.
    Talk,
    /// The app was removed, or its token revoked: nothing can be posted any more.
    AppRemoved,
    /// Slack drops events because there are too many.
    RateLimited,
    Other(String),
}

/// Reads the event inside a delivery for this app.
pub fn read(event: &Value, app_id: Option<&str>) -> WorkspaceEvent {
    let kind = event["type"].as_str().unwrap_or_default();
    let channel = event["channel"].as_str().map(|id| ChannelId(id.to_owned()));
    match (kind, channel) {
        ("group_archive", Some(id)) => WorkspaceEvent::ChannelArchived(id),
        ("group_unarchive", Some(id)) => WorkspaceEvent::ChannelUnarchived(id),
        ("group_deleted", Some(id)) => WorkspaceEvent::ChannelDeleted(id),
        // The other tab is the conversation with the app.
        ("app_home_opened", _) if event["tab"] != "messages" => WorkspaceEvent::HomeOpened,
        ("message", Some(id)) => message(event, id, app_id).unwrap_or(WorkspaceEvent::Talk),
        ("reaction_added", _) => {
            reaction(event).unwrap_or_else(|| WorkspaceEvent::Other(shown(kind)))
        }
        ("app_uninstalled" | "tokens_revoked", _) => WorkspaceEvent::AppRemoved,
        (other, _) => WorkspaceEvent::Other(shown(other)),
    }
}

fn reaction(event: &Value) -> Option<WorkspaceEvent> {
    let emoji = event["reaction"].as_str()?;
    let item = &event["item"];
    Some(WorkspaceEvent::Reacted {
        // A tone of skin is no other emoji.
        emoji: emoji.split("::").next()?.chars().take(EMOJI_LENGTH_MAX).collect(),
        channel: ChannelId(item["channel"].as_str()?.to_owned()),
        message: said::ts(&item["ts"])?,
    })
}

/// What became of a message. Of our own ones we know it, and a card is updated often.
fn message(event: &Value, channel: ChannelId, app_id: Option<&str>) -> Option<WorkspaceEvent> {
    let when = said::time(&event["event_ts"]).or_else(|| said::time(&event["ts"]));
    match event["subtype"].as_str()? {
        "message_changed" => {
            let now = &event["message"];
            let ours = [&now["app_id"], &now["bot_profile"]["app_id"]];
            if app_id.is_some_and(|app| ours.iter().any(|id| **id == app)) {
                return None;
            }
            let message = said::ts(&now["ts"])?;
            // Where it was deleted and has replies, a stone stands in its place.
            if now["subtype"] == "tombstone" {
                return Some(WorkspaceEvent::MessageDeleted { channel, message, at: when? });
            }
            let at = said::edited_at(now).or(when)?;
            let (text, files) = (said::text(now), said::files(now));
            Some(WorkspaceEvent::MessageEdited { channel, message, at, text, files })
        }
        "message_deleted" => {
            let message = said::ts(&event["deleted_ts"])?;
            Some(WorkspaceEvent::MessageDeleted { channel, message, at: when? })
        }
        _ => None,
    }
}

/// A word of Slack's own, cut so that it can stand in a log.
pub(super) fn shown(word: &str) -> String {
    word.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn changed(message: &Value) -> WorkspaceEvent {
        let event = json!({
            "type": "message", "subtype": "message_changed", "channel": "G1", "ts": "9.000001",
            "message": message,
        });
        read(&event, Some("A1"))
    }

    #[test]
    fn an_edit_is_read_and_its_words_are_not_printed() {
        let edited = changed(&json!({
            "ts": "5.000001", "user": "U1", "text": "hunter2",
            "edited": { "user": "U1", "ts": "8.000000" }, "files": [{ "name": "a.png" }],
        }));
        assert!(!format!("{edited:?}").contains("hunter2"));
        let WorkspaceEvent::MessageEdited { message, at, text, files, .. } = edited else {
            panic!("{edited:?}");
        };
        assert_eq!((message.0.as_str(), at.as_second(), text.reveal()), ("5.000001", 8, "hunter2"));
        assert_eq!(files, ["a.png"]);
    }

    #[test]
    fn our_own_updates_and_plain_talk_are_nothing_to_do() {
        for message in [
            json!({ "ts": "5.000001", "app_id": "A1", "text": "card" }),
            json!({ "ts": "5.000001", "bot_profile": { "app_id": "A1" } }),
            json!({ "ts": "<!channel>" }),
            json!(7),
        ] {
            assert_eq!(changed(&message), WorkspaceEvent::Talk, "{message}");
        }
        let said = json!({ "type": "message", "channel": "G1", "text": "hi", "ts": "5.1" });
        assert_eq!(read(&said, None), WorkspaceEvent::Talk);
        let other = changed(&json!({ "ts": "5.000001", "app_id": "A2", "text": "x" }));
        assert!(matches!(other, WorkspaceEvent::MessageEdited { .. }), "another bot's is not ours");
    }

    #[test]
    fn a_message_is_deleted_with_and_without_replies() {
        let gone = json!({
            "type": "message", "subtype": "message_deleted", "channel": "G1",
            "deleted_ts": "5.000001", "ts": "9.000000", "previous_message": { "text": "hunter2" },
        });
        let gone = read(&gone, None);
        let stone = changed(&json!({ "ts": "5.000001", "subtype": "tombstone" }));
        for event in [gone, stone] {
            let WorkspaceEvent::MessageDeleted { message, at, .. } = event else {
                panic!("{event:?}");
            };
            assert_eq!((message.0.as_str(), at.as_second()), ("5.000001", 9));
        }
    }

    #[test]
    fn an_emoji_is_read_without_its_tone_and_only_under_a_message() {
        let put = |item: Value| {
            let event = json!({
                "type": "reaction_added", "user": "U1", "reaction": "+1::skin-tone-2",
                "item": item,
            });
            read(&event, None)
        };
        let reacted = put(json!({ "type": "message", "channel": "G1", "ts": "5.000001" }));
        assert!(matches!(reacted, WorkspaceEvent::Reacted { emoji, .. } if emoji == "+1"));
        for item in [json!({ "type": "file", "file": "F1" }), json!({ "channel": "G1" }), json!(1)]
        {
            assert!(matches!(put(item), WorkspaceEvent::Other(_)));
        }
    }
}
