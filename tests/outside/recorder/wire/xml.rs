//! An XML answer as the tree of a record's `responseElements`.

use super::lower_first;
use jiff::Timestamp;
use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// What an answer holds that CloudTrail never shows.
const SECRETS: [&str; 2] = ["secretAccessKey", "serviceSpecificCredentialSecret"];
/// Elements that are numbers in a record.
const NUMBERS: [&str; 3] = ["packedPolicySize", "maxSessionDuration", "attachmentCount"];

#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<(String, Value)>,
}

/// The tree below the document's root element.
pub(super) fn read(document: &[u8]) -> Option<Value> {
    let mut reader = Reader::from_reader(document);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => open.push(element(start.local_name().as_ref())),
            Event::Empty(start) => {
                let name = lower_first(&String::from_utf8_lossy(start.local_name().as_ref()));
                open.last_mut()?.children.push((name, Value::Null));
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.decode().ok()?);
                }
            }
            Event::GeneralRef(reference) => {
                let named = reference.decode().ok()?.into_owned();
                let character = match reference.resolve_char_ref().ok()? {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&named)?.to_owned(),
                };
                open.last_mut()?.text.push_str(&character);
            }
            Event::End(_) => {
                let closed = open.pop()?;
                let name = closed.name.clone();
                let tree = closed.tree();
                match open.last_mut() {
                    Some(parent) => parent.children.push((name, tree)),
                    None => return Some(tree),
                }
            }
            Event::Eof => return None,
            Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_) => {}
        }
    }
}

/// What lies below `<…Result>`, null when the call answers nothing.
pub(super) fn result(answer: &Value) -> Value {
    let found = answer.as_object().and_then(|fields| {
        fields.iter().find(|(name, _)| name.ends_with("Result")).map(|(_, value)| value)
    });
    found.filter(|value| value.is_object()).cloned().unwrap_or(Value::Null)
}

fn element(name: &[u8]) -> Element {
    let name = lower_first(&String::from_utf8_lossy(name));
    Element { name, ..Element::default() }
}

impl Element {
    fn tree(self) -> Value {
        if self.children.is_empty() {
            return scalar(&self.name, self.text.trim());
        }
        if self.children.iter().all(|(name, _)| name == "member") {
            return self.children.into_iter().map(|(_, value)| value).collect();
        }
        self.children
            .into_iter()
            .filter(|(name, value)| !value.is_null() && !SECRETS.contains(&name.as_str()))
            .collect::<Map<String, Value>>()
            .into()
    }
}

fn scalar(name: &str, text: &str) -> Value {
    if text.is_empty() {
        return Value::Null;
    }
    if NUMBERS.contains(&name) {
        return text.parse::<u64>().map_or(json!(text), Value::from);
    }
    match (name, text.parse::<Timestamp>()) {
        // The two services print dates a comma apart, and a reader must cope with both.
        ("expiration", Ok(at)) => json!(at.strftime("%b %-d, %Y, %-I:%M:%S %p").to_string()),
        (_, Ok(at)) if name.ends_with("Date") => {
            json!(at.strftime("%b %-d, %Y %-I:%M:%S %p").to_string())
        }
        _ => json!(text),
    }
}
