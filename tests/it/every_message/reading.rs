//! Every message as people read it, in one file that a change of words shows in.

use crate::gallery::{Picture, pictures};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is read of an object, in the order in which it is read.
const PARTS: [&str; 18] = [
    "title",
    "label",
    "text",
    "fields",
    "elements",
    "element",
    "accessory",
    "rows",
    "initial_value",
    "initial_options",
    "options",
    "placeholder",
    "hint",
    "description",
    "chart",
    "blocks",
    "submit",
    "errors",
];

fn words(value: &Value, line: &mut String) {
    match value {
        Value::String(text) => line.push_str(text),
        Value::Array(items) => {
            for item in items {
                words(item, line);
                let ends = matches!(item["type"].as_str(), Some("rich_text_section"));
                line.push_str(if ends || item["block_id"].is_string() { "\n" } else { "" });
            }
        }
        Value::Object(fields) => {
            let said = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default();
            match said("type") {
                "user" => line.push_str(&format!("@{}", said("user_id"))),
                "channel" => line.push_str(&format!("#{}", said("channel_id"))),
                "date" => line.push_str(said("fallback")),
                "link" => line.push_str(&format!("{} ({})", said("text"), said("url"))),
                "button" => {
                    line.push_str(&format!(" [{}", fields["text"]["text"].as_str().unwrap()));
                    if let Some(asked) = fields.get("confirm") {
                        line.push_str(" ? ");
                        for part in ["title", "text", "confirm"] {
                            line.push_str(asked[part]["text"].as_str().unwrap_or_default());
                            line.push_str(" / ");
                        }
                    }
                    line.push(']');
                }
                _ => {
                    for part in PARTS {
                        if let Some(below) = fields.get(part) {
                            words(below, line);
                            line.push_str(if below.is_object() { " " } else { "" });
                        }
                    }
                    if said("response_action") == "errors" {
                        let all = fields["errors"].as_object().unwrap();
                        all.iter().for_each(|(at, why)| line.push_str(&format!("{at}: {why}\n")));
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Hashes differ with every version of the program.
fn without_hashes(text: &str) -> String {
    let mut shown = String::new();
    let mut run = String::new();
    for one in text.chars().chain(['\n']) {
        if one.is_ascii_hexdigit() && !one.is_ascii_uppercase() {
            run.push(one);
            continue;
        }
        let is_hash = run.len() == 64 || (run.len() == 12 && run.bytes().any(|b| b > b'9'));
        shown.push_str(if is_hash { "[hash]" } else { &run });
        run.clear();
        shown.push(one);
    }
    shown
}

fn read(picture: &Picture) -> String {
    let mut all = String::new();
    words(&picture.drawn, &mut all);
    let lines = all.lines().map(str::trim_end).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    format!("== {}\n{}\n{}\n", picture.name, picture.text, lines.join("\n"))
}

/// What is made of the timeline repeats it; so many of each show how it is made.
const ALIKE_MAX: usize = 3;

#[test]
fn every_message_reads_like_this() {
    let mut alike: BTreeMap<&str, usize> = BTreeMap::new();
    let mut pictures = pictures("said by somebody");
    pictures.retain(|picture| {
        let stems = ["update-", "summary-", "asked-", "rows-"];
        let stem = stems.into_iter().find(|stem| picture.name.contains(*stem));
        stem.is_none_or(|stem| {
            let seen = alike.entry(stem).or_default();
            *seen += 1;
            *seen <= ALIKE_MAX
        })
    });
    let all: Vec<String> = pictures.iter().map(read).collect();
    insta::assert_snapshot!(without_hashes(&all.join("\n")));
}
