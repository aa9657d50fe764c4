//! The app's shortcuts: what a person points at is read here, and no word of it is handed on.

use crate::domain::ids::{ChannelId, MessageTs};
use crate::domain::pointed_at::PointedAt;
use crate::domain::record::Place;
use serde::Deserialize;
use serde_json::Value;

/// In the menu of a message: it holds a key.
pub const KEY_IN_MESSAGE: &str = "key.in_message";
/// Anywhere: there is an exposed key.
pub const RESPOND: &str = "key.respond";

/// The fields of a message, of its blocks, attachments and files, that people write or read.
const WORDS: [&str; 14] = [
    "alt_text",
    "author_name",
    "fallback",
    "footer",
    "name",
    "plain_text",
    "pretext",
    "preview",
    "text",
    "title",
    "title_link",
    "url",
    "value",
    "from_url",
];
/// The parts of a message that are searched; the rest is Slack's own.
const PARTS: [&str; 4] = ["text", "blocks", "attachments", "files"];
/// A message is not deeper than this; what is, nobody wrote.
const DEPTH_MAX: usize = 16;
/// Names of workspaces are short.
const DOMAIN_LENGTH_MAX: usize = 80;

/// What somebody chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    Respond,
    KeyInMessage(PointedAt),
}

/// A message action, as far as it goes beyond every other interaction.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pointing {
    message: Value,
    message_ts: Option<String>,
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
            let mut texts = Vec::new();
            for part in PARTS {
                gather(&pointing.message[part], part, (&mut texts, DEPTH_MAX));
            }
            Some((Chosen::KeyInMessage(PointedAt::read(texts, link)), place))
        }
        _ => None,
    }
}

fn place(pointing: &Pointing, channel: Option<&ChannelId>) -> Option<Place> {
    let named = pointing.message_ts.as_deref().or(pointing.message["ts"].as_str());
    let message = named.filter(|ts| is_ts(ts)).map(|ts| MessageTs(ts.to_owned()));
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
    let thread = pointing.message["thread_ts"].as_str().filter(|thread| is_ts(thread));
    Some(match thread.filter(|thread| thread != ts) {
        Some(thread) => format!("{address}?thread_ts={thread}&cid={channel}"),
        None => address,
    })
}

/// Whether a text has the form of a message's time.
pub(super) fn is_ts(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.len() <= 32 && text.split_once('.').is_some_and(|(s, m)| digits(s) && digits(m))
}

/// The words in a part of a message, whatever blocks it is made of.
fn gather<'a>(value: &'a Value, name: &str, (into, depth): (&mut Vec<&'a str>, usize)) {
    if depth == 0 {
        return;
    }
    match value {
        Value::String(text) if WORDS.contains(&name) => into.push(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, name, (into, depth - 1))),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| gather(value, name, (into, depth - 1)));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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
