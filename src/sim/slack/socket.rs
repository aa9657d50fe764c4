//! Socket Mode as Slack has it: what people do as envelopes, and what goes wrong on the way.

use crate::sim::slack::deliver::{Delivery, PATIENCE, Sent, Silence};
use crate::sim::slack::server::SimSlack;
use crate::sim::slack::socket_line::Out;
use crate::sim::slack::state::State;
use serde_json::{Map, Value, json};
use std::time::Instant;
use tokio::time::timeout;

/// Names an envelope among the headers of what was sent.
const ENVELOPE: &str = "X-Envelope-Id";

impl SimSlack {
    /// Whether from now on what people do goes over a connection of Socket Mode.
    pub fn use_socket_mode(&self, yes: bool) {
        self.shared.with(|state| state.config.socket_mode = yes);
    }

    /// Connections that are open and answer.
    pub fn open_lines(&self) -> usize {
        self.shared.hub.open()
    }

    /// Connections that were ever greeted.
    pub fn lines_opened(&self) -> u64 {
        self.shared.hub.opened()
    }

    /// Every connection stays open and says nothing more, nor hears anything.
    pub fn let_lines_die_silently(&self) {
        self.shared.hub.tell_all(&Out::Mute);
    }

    /// Says on every connection that it will be closed, and why; they stay open until they are.
    pub fn say_goodbye(&self, reason: &str) {
        let host = json!({ "host": "applink-1" });
        let goodbye = json!({ "type": "disconnect", "reason": reason, "debug_info": host });
        self.shared.hub.leave();
        self.shared.hub.tell_all(&Out::Text(goodbye.to_string()));
    }

    /// Closes the connections that were said goodbye to.
    pub fn close_left_lines(&self) {
        self.shared.hub.tell_left(&Out::Close);
    }

    /// Breaks every connection without a word.
    pub fn cut_lines(&self) {
        self.shared.hub.tell_all(&Out::Cut);
    }

    /// Sends this on every connection, whatever it is.
    pub fn say_on_lines(&self, text: &str) {
        self.shared.hub.tell_all(&Out::Text(text.to_owned()));
    }

    /// Sends bytes where text belongs.
    pub fn say_bytes_on_lines(&self) {
        self.shared.hub.tell_all(&Out::Bytes(vec![0xff, 0x00]));
    }

    pub(super) async fn send_by_socket(&self, mut sent: Sent) -> Delivery {
        let started = Instant::now();
        let id = match sent.headers.iter().find(|(name, _)| *name == ENVELOPE) {
            Some((_, id)) => id.clone(),
            None => {
                let id = uuid(&self.shared.with(State::mint_secret));
                sent.headers.push((ENVELOPE, id.clone()));
                id
            }
        };
        let envelope = envelope(&id, &sent);
        let takes_payload = envelope["accepts_response_payload"] == true;
        let Some(answer) = self.shared.hub.send(&id, takes_payload, envelope.to_string()) else {
            let silence = Some(Silence::Unreachable);
            return Delivery { silence, ..Delivery::unanswered(sent, started.elapsed()) };
        };
        let answer = timeout(PATIENCE, answer).await;
        let delivery = Delivery::unanswered(sent, started.elapsed());
        match answer {
            Ok(Ok(payload)) => Delivery {
                status: Some(200),
                content_type: "application/json".to_owned(),
                body: payload.map(|payload| payload.to_string()).unwrap_or_default(),
                ..delivery
            },
            Ok(Err(_)) => Delivery { silence: Some(Silence::Unreachable), ..delivery },
            Err(_) => Delivery { silence: Some(Silence::TimedOut), ..delivery },
        }
    }
}

/// What goes over a connection for what would go over HTTP.
fn envelope(id: &str, sent: &Sent) -> Value {
    let pairs = || form_urlencoded::parse(sent.body.as_bytes()).into_owned();
    let (kind, payload) = match sent.path {
        "/slack/commands" => {
            let fields = pairs().map(|(name, value)| (name, Value::String(value)));
            ("slash_commands", Value::Object(Map::from_iter(fields)))
        }
        "/slack/interactions" => {
            let payload = pairs().find(|(name, _)| name == "payload");
            let payload = payload.and_then(|(_, text)| serde_json::from_str(&text).ok());
            ("interactive", payload.unwrap_or(Value::Null))
        }
        _ => ("events_api", serde_json::from_str(&sent.body).unwrap_or(Value::Null)),
    };
    let is_answered = matches!(payload["type"].as_str(), Some("view_submission"));
    let takes_payload = kind == "slash_commands" || is_answered;
    let mut envelope = json!({
        "envelope_id": id,
        "type": kind,
        "accepts_response_payload": takes_payload,
        "payload": payload,
    });
    if kind == "events_api" {
        let header = |name: &str| sent.headers.iter().find(|(own, _)| *own == name);
        let attempt = header("X-Slack-Retry-Num").and_then(|(_, text)| text.parse::<u32>().ok());
        let reason = header("X-Slack-Retry-Reason").map(|(_, text)| text.as_str());
        envelope["retry_attempt"] = json!(attempt.unwrap_or_default());
        envelope["retry_reason"] = json!(reason.unwrap_or_default());
    }
    envelope
}

/// Slack's ids of envelopes have this form.
fn uuid(secret: &str) -> String {
    let part = |range: std::ops::Range<usize>| secret.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}
