//! The frames of Socket Mode: what Slack says over a connection, and how it is acknowledged.

use crate::slack::inbound::Route;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// An id of Slack's is a UUID; a longer one is not kept.
const ID_LENGTH_MAX: usize = 100;

/// One frame, as far as it means anything to us.
#[derive(Debug)]
pub enum Frame {
    /// The first frame: how many connections Slack counts for this app.
    Hello {
        connections: Option<u64>,
    },
    /// Slack will not use this connection for long.
    Goodbye(Goodbye),
    Envelope(Envelope),
    /// Nothing that we use; one with an id is acknowledged all the same.
    Other {
        id: Option<String>,
    },
    /// Not JSON, or not an object.
    Unreadable,
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goodbye {
    /// In some seconds, or whenever another one is there.
    Soon,
    /// Socket Mode is off for this app.
    Disabled,
    /// Slack counts more connections than it allows.
    TooMany,
}

/// Something that a person or the workspace did.
pub struct Envelope {
    pub id: String,
    pub route: Route,
    /// Whether the acknowledgement may say something.
    pub takes_payload: bool,
    /// The body as the same thing has it when it comes by HTTP.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Envelope {
    /// What people typed must not be printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw {
    #[serde(rename = "type")]
    kind: Option<String>,
    reason: Option<String>,
    num_connections: Option<u64>,
    envelope_id: Option<String>,
    accepts_response_payload: Option<bool>,
    payload: Option<Value>,
}

/// Reads one frame, tolerantly.
pub fn read(text: &str) -> Frame {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else { return Frame::Unreadable };
    let Ok(raw) = serde_json::from_value::<Raw>(Value::Object(fields)) else {
        return Frame::Unreadable;
    };
    let id = raw.envelope_id.filter(|id| !id.is_empty() && id.len() <= ID_LENGTH_MAX);
    let route = match raw.kind.as_deref().unwrap_or_default() {
        "hello" => return Frame::Hello { connections: raw.num_connections },
        "disconnect" => return Frame::Goodbye(goodbye(raw.reason.as_deref())),
        "slash_commands" => Route::Commands,
        "interactive" => Route::Interactions,
        "events_api" => Route::Events,
        _ => return Frame::Other { id },
    };
    match (id, raw.payload) {
        (Some(id), Some(payload)) => Frame::Envelope(Envelope {
            id,
            route,
            takes_payload: raw.accepts_response_payload.unwrap_or_default(),
            body: body(route, payload),
        }),
        (id, None) => Frame::Other { id },
        (None, Some(_)) => Frame::Other { id: None },
    }
}

/// What tells Slack that an envelope has arrived, with the answer where there is one.
pub fn acknowledgement(id: &str, answer: Option<&Value>) -> String {
    match answer {
        Some(answer) => json!({ "envelope_id": id, "payload": answer }),
        None => json!({ "envelope_id": id }),
    }
    .to_string()
}

fn goodbye(reason: Option<&str>) -> Goodbye {
    match reason.unwrap_or_default() {
        "link_disabled" => Goodbye::Disabled,
        "too_many_websockets" => Goodbye::TooMany,
        // `warning` and `refresh_requested`; of one that is not documented the same holds.
        _ => Goodbye::Soon,
    }
}

/// One reader for both ways in: the payload is written as HTTP has it.
fn body(route: Route, payload: Value) -> Vec<u8> {
    let form = |fields: Map<String, Value>| {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            match value {
                Value::Null => {}
                Value::String(text) => {
                    form.append_pair(&name, &text);
                }
                other
                @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                    form.append_pair(&name, &other.to_string());
                }
            }
        }
        form.finish()
    };
    match (route, payload) {
        (Route::Commands, Value::Object(fields)) => form(fields),
        (Route::Interactions, payload) => {
            form(Map::from_iter([("payload".to_owned(), Value::String(payload.to_string()))]))
        }
        (Route::Commands | Route::Events, payload) => payload.to_string(),
    }
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(text: &str) -> Envelope {
        let frame = read(text);
        let Frame::Envelope(envelope) = frame else { panic!("{frame:?}") };
        envelope
    }

    #[test]
    fn a_command_becomes_the_form_that_it_is_over_http() {
        let read = envelope(
            r#"{"envelope_id":"e1","type":"slash_commands","accepts_response_payload":true,
            "payload":{"text":"a&b=ü","user_id":"U1","is_enterprise_install":false,"x":null}}"#,
        );
        assert!(read.takes_payload);
        let pairs: Vec<_> = form_urlencoded::parse(&read.body).into_owned().collect();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert!(pairs.contains(&pair("text", "a&b=ü")), "{pairs:?}");
        assert!(pairs.contains(&pair("is_enterprise_install", "false")), "{pairs:?}");
        assert_eq!(pairs.len(), 3, "{pairs:?}");
        assert!(!format!("{read:?}").contains("U1"), "nothing of it is printed");
    }

    #[test]
    fn an_interaction_is_the_one_field_of_its_form_and_an_event_is_json() {
        let read = envelope(
            r#"{"envelope_id":"e1","type":"interactive","payload":{"type":"block_actions"}}"#,
        );
        assert_eq!(read.body, b"payload=%7B%22type%22%3A%22block_actions%22%7D");
        let read = envelope(r#"{"envelope_id":"e1","type":"events_api","payload":{"a":1}}"#);
        assert_eq!((read.route, read.body.as_slice()), (Route::Events, &b"{\"a\":1}"[..]));
        assert!(!read.takes_payload, "an event is acknowledged and not answered");
    }

    #[test]
    fn slacks_own_frames_are_told_apart() {
        let hello = read(r#"{"type":"hello","num_connections":4,"debug_info":{"host":"a"}}"#);
        assert!(matches!(hello, Frame::Hello { connections: Some(4) }));
        for (reason, meant) in [
            ("warning", Goodbye::Soon),
            ("refresh_requested", Goodbye::Soon),
            ("link_disabled", Goodbye::Disabled),
            ("too_many_websockets", Goodbye::TooMany),
            ("whatever", Goodbye::Soon),
        ] {
            let frame = read(&json!({ "type": "disconnect", "reason": reason }).to_string());
            assert!(matches!(frame, Frame::Goodbye(goodbye) if goodbye == meant), "{reason}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_no_envelope_and_no_panic() {
        for text in ["", "{", "[]", "null", "7", r#"{"type":7}"#, r#"{"num_connections":-1}"#] {
            assert!(matches!(read(text), Frame::Unreadable), "{text}");
        }
        let long = json!({ "type": "interactive", "envelope_id": "e".repeat(101), "payload": {} });
        assert!(matches!(read(&long.to_string()), Frame::Other { id: None }));
        let unknown = read(r#"{"type":"news","envelope_id":"e9","payload":{}}"#);
        assert!(matches!(unknown, Frame::Other { id: Some(id) } if id == "e9"));
        assert!(matches!(
            read(r#"{"type":"interactive","payload":{}}"#),
            Frame::Other { id: None }
        ));
    }

    #[test]
    fn an_acknowledgement_names_the_envelope_and_holds_the_answer_where_there_is_one() {
        assert_eq!(acknowledgement("e1", None), r#"{"envelope_id":"e1"}"#);
        let answer = json!({ "text": "done" });
        let said = acknowledgement("e1", Some(&answer));
        assert_eq!(said, r#"{"envelope_id":"e1","payload":{"text":"done"}}"#);
    }
}
