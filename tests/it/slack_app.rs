//! The Slack app asks for exactly what the code calls, serves and understands.

use crate::text::{code, quoted};
use keyleak::sim::slack::methods::METHODS;
use keyleak::slack::chat::SCOPES;
use keyleak::slack::happening::{EVENTS, SCOPES_OF_EVENTS, WorkspaceEvent, read};
use keyleak::slack::manifest::{PLACEHOLDER_URL, app};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

const ROUTER: &str = include_str!("../../src/http/mod.rs");
const README: &str = include_str!("../../README.md");
const SHORTCUT: &str = include_str!("../../src/slack/shortcut.rs");
const INBOUND: &str = include_str!("../../src/slack/inbound.rs");
/// What the first word of a Web API method can be; other dotted texts are ids of our own.
const FAMILIES: &[&str] = &[
    "api",
    "apps",
    "auth",
    "blocks",
    "bookmarks",
    "bots",
    "canvases",
    "chat",
    "conversations",
    "dnd",
    "files",
    "pins",
    "reactions",
    "reminders",
    "team",
    "usergroups",
    "users",
    "views",
];
/// Kinds of channels by the beginning of a scope; ours are private.
const KINDS: &[&str] = &["channels:", "groups:", "im:", "mpim:"];
const OURS: &str = "groups:";
/// What no method asks for: to have a slash command at all.
const WITHOUT_METHOD: &str = "commands";

pub(crate) fn manifest() -> Value {
    serde_json::from_str(&app(PLACEHOLDER_URL)).unwrap()
}

fn texts(value: &Value) -> BTreeSet<String> {
    let list = value.as_array().into_iter().flatten();
    list.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The Web API methods that the Slack room names, and whatever else looks like one.
pub(crate) fn methods_called() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slack");
    let mut called = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Below a file stand its tests alone.
        if path.is_dir() {
            continue;
        }
        let source = std::fs::read_to_string(path).unwrap();
        let named = quoted(code(&source)).filter(|text| {
            let family = text.split_once('.').map(|(family, _)| family);
            let plain = text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'.');
            let host = text.ends_with(".slack.com");
            plain && !host && family.is_some_and(|family| FAMILIES.contains(&family))
        });
        called.extend(named.map(str::to_owned));
    }
    called
}

/// The scopes of which one is enough for a method, as far as private channels go.
fn alternatives(method: &str) -> BTreeSet<String> {
    let found = METHODS.iter().find(|one| one.name == method);
    let scopes = found.unwrap_or_else(|| panic!("{method} is no method that we know")).scopes;
    let other_kind = |scope: &&&str| {
        let kind = KINDS.iter().find(|kind| scope.starts_with(**kind));
        kind.is_some_and(|kind| *kind != OURS)
    };
    scopes.iter().filter(|scope| !other_kind(scope)).map(|scope| (*scope).to_owned()).collect()
}

/// What is too little or too much among the scopes.
fn scope_differences(manifest: &Value) -> Vec<String> {
    let granted = texts(&manifest["oauth_config"]["scopes"]["bot"]);
    let mut needed = BTreeSet::from([WITHOUT_METHOD.to_owned()]);
    let mut differences = Vec::new();
    let subscribed = texts(&manifest["settings"]["event_subscriptions"]["bot_events"]);
    for (event, scope) in SCOPES_OF_EVENTS.iter().filter(|(event, _)| subscribed.contains(*event)) {
        needed.insert((*scope).to_owned());
        if !granted.contains(*scope) {
            differences.push(format!("{event} comes with {scope} alone"));
        }
    }
    for method in methods_called() {
        let enough = alternatives(&method);
        let held: Vec<&String> = enough.intersection(&granted).collect();
        match held.as_slice() {
            [] if enough.is_empty() => {}
            [] => differences.push(format!("{method} needs one of {enough:?}")),
            [one] => {
                needed.insert((*one).clone());
            }
            _ => {}
        }
    }
    differences.extend(granted.difference(&needed).map(|scope| format!("nothing needs {scope}")));
    differences
}

/// What differs between the addresses of the app and the routes of the service.
fn address_differences(manifest: &Value) -> Vec<String> {
    let settings = &manifest["settings"];
    let commands = manifest["features"]["slash_commands"].as_array().into_iter().flatten();
    let addresses: BTreeSet<String> = commands
        .map(|command| &command["url"])
        .chain([&settings["event_subscriptions"]["request_url"]])
        .chain([&settings["interactivity"]["request_url"]])
        .map(|url| url.as_str().unwrap_or_default().replace(PLACEHOLDER_URL, ""))
        .collect();
    let routes: BTreeSet<String> = quoted(code(ROUTER))
        .filter(|text| text.starts_with("/slack/"))
        .map(str::to_owned)
        .collect();
    let odd = addresses.symmetric_difference(&routes);
    odd.map(|address| format!("{address} is in one of app and service only")).collect()
}

/// What differs between the events of the app and those the code understands.
fn event_differences(manifest: &Value) -> Vec<String> {
    let subscribed = texts(&manifest["settings"]["event_subscriptions"]["bot_events"]);
    let understood: BTreeSet<String> = EVENTS.map(str::to_owned).into();
    let odd = subscribed.symmetric_difference(&understood);
    odd.map(|event| format!("{event} is in one of app and code only")).collect()
}

/// What differs between the shortcuts of the app and the payloads the code understands.
fn shortcut_differences(manifest: &Value) -> Vec<String> {
    let offered = manifest["features"]["shortcuts"].as_array().into_iter().flatten();
    let payload = |kind: &Value| if kind == "message" { "message_action" } else { "shortcut" };
    let offered: BTreeSet<&str> = offered.map(|one| payload(&one["type"])).collect();
    let understood: BTreeSet<&str> = quoted(code(INBOUND))
        .filter(|text| matches!(*text, "shortcut" | "message_action"))
        .collect();
    let odd = offered.symmetric_difference(&understood);
    odd.map(|kind| format!("{kind} is in one of app and code only")).collect()
}

/// The shortcuts of the app that the code or the README does not know by their callback ids.
fn unknown_shortcuts(manifest: &Value) -> Vec<String> {
    let offered = manifest["features"]["shortcuts"].as_array().into_iter().flatten();
    let named = offered.filter_map(|one| one["callback_id"].as_str());
    let source = code(SHORTCUT);
    let known: BTreeSet<&str> = quoted(source).collect();
    named
        .filter(|name| !known.contains(name) || !README.contains(&format!("| `{name}` |")))
        .map(|name| format!("{name} is not in code and README"))
        .collect()
}

fn differences(manifest: &Value) -> Vec<String> {
    let checks = [
        scope_differences,
        address_differences,
        event_differences,
        shortcut_differences,
        unknown_shortcuts,
    ];
    checks.iter().flat_map(|check| check(manifest)).collect()
}

#[test]
fn the_app_asks_for_exactly_what_the_code_calls_serves_and_understands() {
    assert_eq!(differences(&manifest()), [""; 0]);
    assert!(methods_called().contains("chat.postMessage"), "the calls are found at all");
}

#[test]
fn each_difference_is_noticed() {
    let tampered = |change: fn(&mut Value)| {
        let mut manifest = manifest();
        change(&mut manifest);
        differences(&manifest).join("\n")
    };
    let scopes = |manifest: &mut Value, change: fn(&mut Vec<Value>)| {
        change(manifest["oauth_config"]["scopes"]["bot"].as_array_mut().unwrap());
    };
    let said = tampered(|m| m["oauth_config"]["scopes"]["bot"] = json!(["commands"]));
    assert!(said.contains("pins.add needs one of"), "{said}");
    let mut more = manifest();
    scopes(&mut more, |bot| bot.push(json!("channels:read")));
    assert_eq!(differences(&more), ["nothing needs channels:read"]);
    let mut fewer = manifest();
    scopes(&mut fewer, |bot| bot.retain(|scope| scope != "groups:history"));
    assert!(differences(&fewer).iter().any(|said| said.starts_with("conversations.history")));
    let said = tampered(|m| {
        m["settings"]["interactivity"]["request_url"] = json!("https://keyleak.example.com/slack");
    });
    assert!(said.contains("/slack/interactions is in one of app and service only"), "{said}");
    let said =
        tampered(|m| m["settings"]["event_subscriptions"]["bot_events"] = json!(["team_join"]));
    assert!(said.contains("team_join is in one"), "{said}");
    assert!(said.contains("group_archive is in one"), "{said}");
    let said = tampered(|m| m["features"]["shortcuts"] = json!([{ "type": "message" }]));
    assert!(said.contains("shortcut is in one"), "{said}");
    let said = tampered(|m| {
        let bot = m["oauth_config"]["scopes"]["bot"].as_array_mut().unwrap();
        bot.retain(|scope| scope != "reactions:read");
    });
    assert_eq!(said, "reaction_added comes with reactions:read alone");
    let said = tampered(|m| m["features"]["shortcuts"][0]["callback_id"] = json!("buy"));
    assert!(said.contains("buy is not in code and README"), "{said}");
}

#[test]
fn the_client_knows_its_own_scopes() {
    let named: BTreeSet<String> = SCOPES.iter().map(|scope| (*scope).to_owned()).collect();
    assert_eq!(texts(&manifest()["oauth_config"]["scopes"]["bot"]), named);
}

#[test]
fn every_event_of_the_app_means_something_to_the_code() {
    for event in EVENTS {
        // A subscription names the kind of channel, an event does not.
        let kind = event.split('.').next().unwrap();
        let item = json!({ "type": "message", "channel": "G1", "ts": "1.000001" });
        let happened = read(
            &json!({ "type": kind, "channel": "G1", "reaction": "x", "item": item }),
            Some("A1"),
        );
        assert!(!matches!(happened, WorkspaceEvent::Other(_)), "{event}");
    }
    assert!(matches!(read(&json!({ "type": "team_join" }), None), WorkspaceEvent::Other(_)));
}

#[test]
fn the_hint_beside_the_command_names_every_word_it_takes() {
    let commands = manifest()["features"]["slash_commands"].clone();
    assert_eq!(commands.as_array().unwrap().len(), 1, "one command, with words after it");
    assert_eq!(commands[0]["command"], "/keyleak");
    let hint = commands[0]["usage_hint"].as_str().unwrap();
    let parser = code(include_str!("../../src/domain/command.rs"));
    for word in ["help", "list", "status", "summary", "note", "ask"] {
        assert!(hint.contains(word), "{word} is not in the hint");
        assert!(parser.contains(&format!("\"{word}\"")), "{word} is no word of the command");
    }
}
