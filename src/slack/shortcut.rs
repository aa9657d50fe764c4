//! The app's shortcuts: what a person points at is read here, and no word of it is handed on.

use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::pointed_at::PointedAt;
use crate::domain::record::Place;
use crate::slack::said;
use serde::Deserialize;
use serde_json::Value;

/// In the menu of a message: it holds a key.
pub const KEY_IN_MESSAGE: &str = "key.in_message";
/// Anywhere: there is an exposed key.
pub const RESPOND: &str = "key.respond";

/// In the menu of a message: it belongs into the timeline of its channel's case.
pub const ADD_TO_TIMELINE: &str = "timeline.add";

/// Names of workspaces are short.
const DOMAIN_LENGTH_MAX: usize = 80;

/// What somebody chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Respond,
    KeyInMessage(PointedAt),
    /// The message that stands in this thread, where it stands in one.
    AddToTimeline {
        thread: Option<MessageTs>,
    },
}

/// A message action, as far as it goes beyond every other interaction.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pointing {
    message: Value,
    message_ts: Value,
    team: Option<Team>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Team {
    domain: Option<String>,
}

/// What the shortcut of this name, chosen with this payload, asks for; `None` if it is not ours.
pub(super) fn read(
    (callback_id, payload): (&str, &str),
    channel: Option<&ChannelId>,
) -> Option<(Chosen, Option<Place>)> {
    match callback_id {
        RESPOND => Some((Chosen::Respond, None)),
        KEY_IN_MESSAGE => {
            let pointing: Pointing = serde_json::from_str(payload).unwrap_or_default();
            let place = place(&pointing, channel);
            let link = place.as_ref().and_then(|place| link(&pointing, place));
            let words = said::words(&pointing.message);
            Some((Chosen::KeyInMessage(PointedAt::read(words, link)), place))
        }
        ADD_TO_TIMELINE => {
            let pointing: Pointing = serde_json::from_str(payload).unwrap_or_default();
            let thread = said::ts(&pointing.message["thread_ts"]);
            Some((Chosen::AddToTimeline { thread }, place(&pointing, channel)))
        }
        _ => None,
    }
}

fn place(pointing: &Pointing, channel: Option<&ChannelId>) -> Option<Place> {
    let named =
        if pointing.message_ts.is_null() { &pointing.message["ts"] } else { &pointing.message_ts };
    let message = said::ts(named);
    channel.map(|channel| Place { channel: channel.clone(), message })
}

/// The address of a message, as Slack makes it: with the thread that it stands in.
fn link(pointing: &Pointing, place: &Place) -> Option<String> {
    let domain = pointing.team.as_ref()?.domain.as_deref()?;
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_domain = (1..=DOMAIN_LENGTH_MAX).contains(&domain.len()) && domain.bytes().all(legal);
    let is_channel = place.channel.0.bytes().all(|b| b.is_ascii_alphanumeric());
    let ts = &place.message.as_ref()?.0;
    if !is_domain || !is_channel {
        return None;
    }
    let channel = &place.channel.0;
    let address = format!("https://{domain}.slack.com/archives/{channel}/p{}", ts.replace('.', ""));
    let thread = said::ts(&pointing.message["thread_ts"]);
    Some(match thread.filter(|thread| thread.0 != *ts) {
        Some(thread) => format!("{address}?thread_ts={}&cid={channel}", thread.0),
        None => address,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::intake::IntakeStart;
    use serde_json::json;

    const A: &str = "AKIAQNZGKIQY56JQ7WML";

    fn chosen(payload: &Value) -> (IntakeStart, Option<Place>) {
        let channel = ChannelId("C1".to_owned());
        let read = read((KEY_IN_MESSAGE, &payload.to_string()), Some(&channel)).unwrap();
        let (Chosen::KeyInMessage(found), place) = read else { panic!("{read:?}") };
        (found.start(), place)
    }

    fn in_message(message: &Value) -> usize {
        chosen(&json!({ "message": message })).0.keys.len()
    }

    #[test]
    fn a_key_is_found_in_whatever_part_of_a_message_people_can_read_it() {
        for message in [
            json!({ "text": A }),
            json!({ "blocks": [{ "elements": [{ "elements": [{ "text": A }] }] }] }),
            json!({ "blocks": [{ "elements": [{ "elements": [{ "url": A }] }] }] }),
            json!({ "blocks": [{ "fields": [{ "type": "mrkdwn", "text": A }] }] }),
            json!({ "attachments": [{ "fallback": "x", "fields": [{ "value": A }] }] }),
            json!({ "files": [{ "id": "F1", "name": format!("{A}.txt") }] }),
        ] {
            assert_eq!(in_message(&message), 1, "{message}");
        }
        let of_slack = json!({ "user": A, "blocks": [{ "block_id": A }], "client_msg_id": A });
        assert_eq!(in_message(&of_slack), 0);
    }

    #[test]
    fn the_link_leads_to_the_message_in_its_thread_and_is_never_made_of_foreign_words() {
        let link = |payload: Value| chosen(&payload).0.found_where;
        let plain = json!({ "team": { "domain": "acme" }, "message_ts": "12.000034" });
        let address = "https://acme.slack.com/archives/C1/p12000034";
        assert_eq!(link(plain.clone()).as_deref(), Some(address));
        let mut reply = plain.clone();
        reply["message"] = json!({ "ts": "12.000034", "thread_ts": "11.000001" });
        let in_thread = format!("{address}?thread_ts=11.000001&cid=C1");
        assert_eq!(link(reply), Some(in_thread));
        for (field, value) in [
            ("team", json!({ "domain": "evil.example/x" })),
            ("team", json!({ "domain": "" })),
            ("team", Value::Null),
            ("message_ts", json!("<!channel>")),
        ] {
            let mut odd = plain.clone();
            odd[field] = value;
            assert_eq!(link(odd.clone()), None, "{odd}");
        }
    }

    #[test]
    fn a_payload_of_any_shape_is_read_and_other_shortcuts_are_left_alone() {
        let mut deep = json!({ "text": A });
        for _ in 0..60 {
            deep = json!({ "blocks": [deep] });
        }
        assert_eq!(in_message(&deep), 0);
        for odd in [json!({}), json!({ "message": 7, "team": null }), json!([])] {
            assert_eq!(chosen(&odd).0.keys, []);
        }
        assert_eq!(read(("buy", "{}"), None), None);
        assert_eq!(read((RESPOND, "{}"), None), Some((Chosen::Respond, None)));
    }
}
