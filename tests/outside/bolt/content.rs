//! What a request says: commands, presses, forms, events, and what none of them is.

use crate::bolt::difference::Difference;
use crate::chance::Chance;
use serde_json::{Value, json};

/// The three addresses of the service.
pub(crate) const COMMANDS: &str = "/slack/commands";
pub(crate) const INTERACTIONS: &str = "/slack/interactions";
pub(crate) const EVENTS: &str = "/slack/events";
/// Our app, as both sides know it.
pub(crate) const APP: &str = "A0SIM00001";
const ANA: &str = "U0ANA00001";
const TEAM: &str = "T0SIM00001";
/// Words that people and attackers type.
const WORDS: [&str; 14] = [
    "help",
    "list",
    "status",
    "AKIA123",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY",
    "<!channel>",
    "<https://evil.example|here>",
    "\u{202e}txt.exe",
    "\u{1f511}",
    "döner",
    "a&b=c",
    "100%",
    "\u{0}",
    "payload",
];

/// A body, where it belongs, and the difference that it may make.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) name: &'static str,
    pub(crate) address: &'static str,
    pub(crate) body: Vec<u8>,
    pub(crate) odd: Option<Difference>,
}

type Maker = fn(&mut Chance) -> Content;

/// Whatever a request may say; each of them comes up some ten times.
pub(crate) const MAKERS: [Maker; 12] = [
    typed,
    typed,
    pressed,
    pressed,
    sent,
    told,
    told,
    odd_command,
    odd_press,
    odd_event,
    broken,
    checked,
];

fn content(name: &'static str, address: &'static str, body: impl Into<Vec<u8>>) -> Content {
    Content { name, address, body: body.into(), odd: None }
}

fn odd(content: Content, difference: Difference) -> Content {
    Content { odd: Some(difference), ..content }
}

fn text(chance: &mut Chance) -> String {
    let words: Vec<_> = (0..chance.below(4)).filter_map(|_| chance.pick(&WORDS)).copied().collect();
    words.join(" ")
}

fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn command(fields: &[(&str, &str)]) -> String {
    let usual = [
        ("token", "old"),
        ("team_id", TEAM),
        ("channel_id", "C0GENERAL1"),
        ("user_id", ANA),
        ("command", "/keyleak"),
        ("text", "help"),
        ("api_app_id", APP),
        ("trigger_id", "1.2.abc"),
    ];
    let usual = usual.iter().filter(|(name, _)| !fields.iter().any(|(own, _)| own == name));
    let fields: Vec<_> = usual.chain(fields).filter(|(_, value)| *value != "-").copied().collect();
    encoded(&fields)
}

fn payload(value: &Value) -> String {
    encoded(&[("payload", &value.to_string())])
}

fn interaction(kind: &str, more: Value) -> Value {
    let mut made = json!({
        "type": kind, "api_app_id": APP, "token": "old", "trigger_id": "1.2.abc",
        "team": { "id": TEAM, "domain": "simulated" }, "enterprise": null,
        "user": { "id": ANA, "username": "ana", "team_id": TEAM },
    });
    if let (Some(made), Value::Object(more)) = (made.as_object_mut(), more) {
        made.extend(more);
    }
    made
}

fn press(action: &str) -> Value {
    interaction(
        "block_actions",
        json!({
            "container": { "type": "message", "message_ts": "1.2", "channel_id": "C0GENERAL1" },
            "channel": { "id": "C0GENERAL1" },
            "response_url": "http://127.0.0.1:1/hooks/x",
            "actions": [{
                "type": "button", "action_id": action, "block_id": "b", "value": "kl-none",
                "action_ts": "1.3",
            }],
        }),
    )
}

fn form(callback: &str, state: Value) -> Value {
    interaction(
        "view_submission",
        json!({ "view": {
            "id": "V1", "type": "modal", "hash": "1.x", "callback_id": callback, "state": state,
        } }),
    )
}

fn delivery(event: Value) -> Value {
    json!({
        "type": "event_callback", "team_id": TEAM, "api_app_id": APP, "event_id": "Ev1",
        "event_time": 1, "event": event, "authorizations": [],
    })
}

fn typed(chance: &mut Chance) -> Content {
    let text = text(chance);
    let name = *chance.pick(&["ana", "", "b\u{202e}b"]).unwrap();
    let body = match chance.below(4) {
        0 => command(&[
            ("text", &text),
            ("is_enterprise_install", "true"),
            ("team_id", "-"),
            ("enterprise_id", "E1"),
        ]),
        1 => command(&[("text", &text), ("team_id", "T0EVIL0001")]),
        2 => command(&[("text", &text), ("api_app_id", "-"), ("trigger_id", "-")]),
        _ => command(&[("text", &text), ("user_name", name)]),
    };
    let odd = body.contains("payload").then_some(Difference::WordPayload);
    Content { odd, ..content("a command", COMMANDS, body) }
}

fn pressed(chance: &mut Chance) -> Content {
    let action = ["phase.scope", "plan.approve", "plan.deny", "case.close", "go", "buy"];
    let mut press = press(chance.pick(&action).unwrap());
    match chance.below(4) {
        0 => press["team"] = Value::Null,
        1 => press["message"] = json!({ "metadata": { "event_payload": { "n": 1, "d": [[]] } } }),
        2 => press["padding"] = json!("x".repeat(900_000)),
        _ => press["user"]["team_id"] = json!("T0EVIL0001"),
    }
    content("a press", INTERACTIONS, payload(&press))
}

fn sent(chance: &mut Chance) -> Content {
    let state = match chance.below(3) {
        0 => json!({}),
        1 => json!({ "values": {} }),
        _ => json!({ "values": { "intake.keys": { "value": { "value": text(chance) } } } }),
    };
    content("a form", INTERACTIONS, payload(&form("intake", state)))
}

fn told(chance: &mut Chance) -> Content {
    let kinds = keyleak::slack::happening::EVENTS;
    // What an app subscribes to as "message.groups" comes as a "message".
    let kind = chance.pick(&kinds).unwrap().split('.').next();
    let event = json!({ "type": kind, "channel": "G1", "x": text(chance) });
    match chance.below(3) {
        0 => {
            let asks = json!({ "type": "url_verification", "challenge": text(chance) });
            content("an address check", EVENTS, asks.to_string())
        }
        _ => content("an event", EVENTS, delivery(event).to_string()),
    }
}

fn odd_command(chance: &mut Chance) -> Content {
    let make = |name, fields: &[(&str, &str)]| content(name, COMMANDS, command(fields));
    match chance.below(6) {
        0 => odd(make("a command of nobody", &[("user_id", "-")]), Difference::Nobody),
        1 => odd(make("another app's", &[("api_app_id", "A0OTHER")]), Difference::OtherApp),
        2 => odd(make("another command", &[("command", "/deploy")]), Difference::OtherCommand),
        3 => odd(make("a long command", &[("text", &"A".repeat(70_000))]), Difference::TooLarge),
        4 => {
            let mut body = command(&[]).into_bytes();
            body.extend_from_slice(b"&x=\xff\xfe");
            odd(content("bytes that are no text", COMMANDS, body), Difference::NotUtf8)
        }
        _ => {
            let body = format!("{}&x=%FF%FE%zz%", command(&[]));
            content("escaped bytes that are no text", COMMANDS, body)
        }
    }
}

fn odd_press(chance: &mut Chance) -> Content {
    let make = |name, value: &Value| content(name, INTERACTIONS, payload(value));
    let mut press = press("phase.scope");
    match chance.below(7) {
        0 => {
            press["user"] = Value::Null;
            odd(make("a press of nobody", &press), Difference::Nobody)
        }
        1 => {
            press["api_app_id"] = json!("A0OTHER");
            odd(make("another app's press", &press), Difference::OtherApp)
        }
        2 => {
            press["padding"] = json!("x".repeat(1_200_000));
            odd(make("a long press", &press), Difference::TooLarge)
        }
        3 => odd(make("a form of no plan", &form("plan.change", json!({}))), Difference::NoPlan),
        4 => odd(make("another's form", &form("survey", json!({}))), Difference::NothingToDo),
        5 => {
            let kinds = ["view_closed", "workflow_step_edit", "hologram", "block_suggestion"];
            let kind = chance.pick(&kinds).unwrap();
            let more = json!({ "view": { "callback_id": "intake" } });
            odd(make("a kind without use", &interaction(kind, more)), Difference::NothingToDo)
        }
        _ => {
            press["state"] = nested(200);
            odd(make("a nested press", &press), Difference::TooDeep)
        }
    }
}

fn odd_event(chance: &mut Chance) -> Content {
    let make = |name, value: &Value| content(name, EVENTS, value.to_string());
    let mut known = delivery(json!({ "type": "group_archive", "channel": "G1" }));
    match chance.below(5) {
        0 => odd(
            make("an unknown event", &delivery(json!({ "type": "team_join" }))),
            Difference::NothingToDo,
        ),
        1 => odd(
            make("a warning", &json!({ "type": "app_rate_limited", "team_id": TEAM })),
            Difference::NothingToDo,
        ),
        2 => {
            known["api_app_id"] = json!("A0OTHER");
            odd(make("another app's event", &known), Difference::OtherApp)
        }
        3 => {
            known["padding"] = json!("x".repeat(1_200_000));
            odd(make("a long event", &known), Difference::TooLarge)
        }
        _ => {
            known["event"]["nested"] = nested(200);
            odd(make("a nested event", &known), Difference::TooDeep)
        }
    }
}

/// Nothing that either side can read.
fn broken(chance: &mut Chance) -> Content {
    let address = *chance.pick(&[COMMANDS, INTERACTIONS, EVENTS]).unwrap();
    let whole = match address {
        COMMANDS => command(&[("user_id", "-"), ("command", "-")]),
        INTERACTIONS => payload(&press("phase.scope")),
        _ => delivery(json!({ "type": "group_archive" })).to_string(),
    };
    let body = match chance.below(7) {
        0 => String::new(),
        1 if address != COMMANDS => whole[..whole.len() / 2].to_owned(),
        2 => "payload=".to_owned(),
        3 => "payload=%5B1%2C2%5D".to_owned(),
        4 => "{\"type\":".to_owned(),
        5 => "\u{0}\u{0}=".to_owned(),
        _ => "%%%".to_owned(),
    };
    content("nothing readable", address, body)
}

/// Slack's certificate check, with and without more in it.
fn checked(chance: &mut Chance) -> Content {
    let body = match chance.below(4) {
        0 => "ssl_check=1&token=old".to_owned(),
        1 => "token=old&ssl_check=1".to_owned(),
        2 => command(&[("ssl_check", "1")]),
        _ => "ssl_check=1".to_owned(),
    };
    odd(content("a certificate check", COMMANDS, body), Difference::CertificateCheck)
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}
