//! One call of a Web API method: its arguments as sent, and the answer or refusal.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// What a method answers.
pub(super) type Reply = Result<Value, Refusal>;

/// An `ok: false` answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) error: String,
    /// Fields beside `ok` and `error`.
    pub(super) more: Value,
}

/// The arguments of a call; forms and queries hold strings, JSON bodies hold anything.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) args: Map<String, Value>,
    pub(super) now: Timestamp,
}

/// A refusal with nothing but its code.
pub(super) fn refuse(error: &str) -> Refusal {
    Refusal { error: error.to_owned(), more: json!({}) }
}

/// A refusal that also says where the arguments are wrong.
pub(super) fn refuse_with(error: &str, messages: &[String]) -> Refusal {
    let bare: Vec<_> = messages.iter().map(|text| text.trim_start_matches("[ERROR] ")).collect();
    let more = json!({"errors": bare, "response_metadata": {"messages": messages}});
    Refusal { error: error.to_owned(), more }
}

impl Call {
    /// A text argument, if it was given and is not empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.args.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    /// A text argument this method cannot do without.
    pub(super) fn needed(&self, key: &str) -> Result<&str, Refusal> {
        self.text(key).ok_or_else(|| {
            refuse_with("invalid_arguments", &[format!("[ERROR] missing required field: {key}")])
        })
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.args.contains_key(key)
    }

    /// A yes-or-no argument in any of the forms Slack takes.
    pub(super) fn flag(&self, key: &str) -> bool {
        match self.args.get(key) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::String(text)) => text == "true" || text == "1",
            Some(Value::Number(number)) => number.as_i64() == Some(1),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => false,
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        match self.args.get(key)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// A structured argument: JSON as is, or JSON written into a string.
    pub(super) fn structure(&self, key: &str, otherwise: &str) -> Result<Option<Value>, Refusal> {
        match self.args.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => {
                serde_json::from_str(text).map(Some).map_err(|_| refuse(otherwise))
            }
            Some(value) => Ok(Some(value.clone())),
        }
    }

    /// Ids given as a list, or joined by commas.
    pub(super) fn ids(&self, key: &str) -> Vec<String> {
        let split = |text: &str| text.split(',').map(|id| id.trim().to_owned()).collect();
        let mut ids: Vec<String> = match self.args.get(key) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            Some(Value::String(text)) => match serde_json::from_str::<Vec<String>>(text) {
                Ok(items) => items,
                Err(_) => split(text),
            },
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                Vec::new()
            }
        };
        ids.retain(|id| !id.is_empty());
        ids
    }
}
