//! What a person fills in and chooses, as `state.values` and as actions carry it.

use serde_json::{Map, Value, json};

/// An element that can be pressed or filled in, and the block it stands in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) block_id: String,
    pub(super) element: Value,
}

/// Every element with an `action_id` in these blocks, in reading order.
pub(super) fn elements(blocks: &Value) -> Vec<Found> {
    let mut found = Vec::new();
    for block in blocks.as_array().into_iter().flatten() {
        gather(block, "", &mut found);
    }
    found
}

/// `state.values` of untouched blocks: every stateful element, null where nothing is set.
pub(super) fn initial_values(blocks: &Value) -> Value {
    let mut values = Map::new();
    for found in elements(blocks) {
        if let Some(state) = untouched(&found.element) {
            let action = found.element["action_id"].as_str().unwrap_or_default();
            let block = values.entry(found.block_id).or_insert_with(|| json!({}));
            block[action] = state;
        }
    }
    Value::Object(values)
}

/// Carries over what was typed in the old view where block, action and type are the same.
pub(super) fn keep(old: &Value, new: &mut Value) {
    let before = old["state"]["values"].clone();
    let Some(values) = new["state"]["values"].as_object_mut() else {
        return;
    };
    for (block, actions) in values {
        for (action, state) in actions.as_object_mut().into_iter().flatten() {
            let typed = &before[block.as_str()][action.as_str()];
            if typed["type"] == state["type"] {
                *state = typed.clone();
            }
        }
    }
}

/// The state of `element` once a person gave `given`: a text, an option's value, or a list.
pub(super) fn filled(element: &Value, given: &Value) -> Result<Value, String> {
    let kind = element["type"].as_str().unwrap_or_default();
    let mut state = untouched(element).ok_or_else(|| format!("a {kind} cannot be filled in"))?;
    let (key, value) = match kind {
        "plain_text_input" | "number_input" | "url_text_input" | "email_text_input" => {
            ("value", typed(element, given)?)
        }
        "rich_text_input" => ("rich_text_value", given.clone()),
        "file_input" => ("files", chosen(element, given)?),
        "static_select" | "external_select" | "radio_buttons" | "overflow" => {
            ("selected_option", option(element, given)?)
        }
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            let given = given.as_array().cloned().unwrap_or_default();
            let chosen: Result<Vec<_>, _> = given.iter().map(|one| option(element, one)).collect();
            ("selected_options", Value::Array(chosen?))
        }
        "users_select" => ("selected_user", given.clone()),
        "conversations_select" => ("selected_conversation", given.clone()),
        "channels_select" => ("selected_channel", given.clone()),
        "multi_users_select" => ("selected_users", given.clone()),
        "multi_conversations_select" => ("selected_conversations", given.clone()),
        "multi_channels_select" => ("selected_channels", given.clone()),
        "datepicker" => ("selected_date", given.clone()),
        "timepicker" => ("selected_time", given.clone()),
        "datetimepicker" => ("selected_date_time", given.clone()),
        other => return Err(format!("a {other} cannot be filled in")),
    };
    state[key] = value;
    Ok(state)
}

/// Whether nothing was given for a stateful element.
pub(super) fn is_empty(state: &Value) -> bool {
    let fields = state.as_object().into_iter().flatten();
    let mut rest = fields.filter(|(key, _)| *key != "type" && *key != "timezone");
    rest.all(|(_, value)| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    })
}

fn gather(value: &Value, block_id: &str, found: &mut Vec<Found>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, block_id, found)),
        Value::Object(fields) => {
            let block_id = fields.get("block_id").and_then(Value::as_str).unwrap_or(block_id);
            if fields.contains_key("action_id") && fields.contains_key("type") {
                found.push(Found { block_id: block_id.to_owned(), element: value.clone() });
                return;
            }
            fields.values().for_each(|inner| gather(inner, block_id, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The state of an element nobody touched, or nothing for elements without state.
fn untouched(element: &Value) -> Option<Value> {
    let kind = element["type"].as_str()?;
    let (key, initial, otherwise) = match kind {
        "plain_text_input" | "number_input" | "url_text_input" | "email_text_input" => {
            ("value", "initial_value", Value::Null)
        }
        "rich_text_input" => ("rich_text_value", "initial_value", Value::Null),
        "file_input" => ("files", "", json!([])),
        "static_select" | "external_select" | "radio_buttons" => {
            ("selected_option", "initial_option", Value::Null)
        }
        "multi_static_select" | "multi_external_select" | "checkboxes" => {
            ("selected_options", "initial_options", json!([]))
        }
        "users_select" => ("selected_user", "initial_user", Value::Null),
        "conversations_select" => ("selected_conversation", "initial_conversation", Value::Null),
        "channels_select" => ("selected_channel", "initial_channel", Value::Null),
        "multi_users_select" => ("selected_users", "initial_users", json!([])),
        "multi_conversations_select" => {
            ("selected_conversations", "initial_conversations", json!([]))
        }
        "multi_channels_select" => ("selected_channels", "initial_channels", json!([])),
        "datepicker" => ("selected_date", "initial_date", Value::Null),
        "timepicker" => ("selected_time", "initial_time", Value::Null),
        "datetimepicker" => ("selected_date_time", "initial_date_time", Value::Null),
        _ => return None,
    };
    let set = element.get(initial).cloned().unwrap_or(otherwise);
    Some(json!({"type": kind, key: set}))
}

/// The files that somebody chose, as far as this input takes them.
fn chosen(element: &Value, given: &Value) -> Result<Value, String> {
    let files = given.as_array().cloned().unwrap_or_default();
    let most = element["max_files"].as_u64().unwrap_or(10);
    if files.len() as u64 > most {
        return Err(format!("only {most} files can be chosen here"));
    }
    let ending = |file: &Value| {
        let name = file["name"].as_str().unwrap_or_default();
        json!(name.rsplit_once('.').map_or("", |(_, ending)| ending))
    };
    let taken = element["filetypes"].as_array();
    match files.iter().find(|file| taken.is_some_and(|taken| !taken.contains(&ending(file)))) {
        Some(file) => Err(format!("{} is of a type that cannot be chosen here", file["name"])),
        None => Ok(Value::Array(files)),
    }
}

/// What a person may type into this input.
fn typed(element: &Value, given: &Value) -> Result<Value, String> {
    let text = match given {
        Value::String(text) if text.is_empty() => return Ok(Value::Null),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null => return Ok(Value::Null),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err("only text can be typed here".to_owned());
        }
    };
    let count = text.chars().count();
    let limit = |key: &str| element[key].as_u64().and_then(|most| usize::try_from(most).ok());
    if limit("max_length").unwrap_or(3000) < count {
        return Err("the text is longer than this input takes".to_owned());
    }
    if limit("min_length").is_some_and(|least| count < least) {
        return Err("the text is shorter than this input takes".to_owned());
    }
    if element["type"] == "number_input" && text.parse::<f64>().is_err() {
        return Err("only a number can be typed here".to_owned());
    }
    Ok(Value::String(text))
}

/// The full option somebody picked by its value.
fn option(element: &Value, given: &Value) -> Result<Value, String> {
    if element["type"].as_str().is_some_and(|kind| kind.contains("external")) {
        return Ok(given.clone());
    }
    let grouped = element["option_groups"].as_array().into_iter().flatten();
    let grouped = grouped.filter_map(|group| group["options"].as_array()).flatten();
    let mut all = element["options"].as_array().into_iter().flatten().chain(grouped);
    let wanted = given.get("value").unwrap_or(given);
    let found = all.find(|option| option["value"] == *wanted);
    found.cloned().ok_or_else(|| format!("there is no option {wanted} to pick"))
}
