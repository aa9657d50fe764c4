//! Finds values in a record's JSON parts by path, as `json_extract_scalar` does.

use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A JSON part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Request,
    Response,
    Additional,
}

/// Paths of one column: the first that holds a scalar wins.
pub type Paths = &'static [(Part, &'static str)];

/// The parsed JSON parts of one record.
#[derive(Debug)]
pub struct Parts {
    request: Value,
    response: Value,
    additional: Value,
}

impl Parts {
    /// Parses the parts; one that is no JSON we can hold counts as absent.
    pub fn new(
        request: Option<&RawValue>,
        response: Option<&RawValue>,
        additional: Option<&RawValue>,
    ) -> Self {
        Self { request: parse(request), response: parse(response), additional: parse(additional) }
    }

    /// The first scalar among the paths.
    pub fn scalar(&self, paths: Paths) -> Option<String> {
        paths.iter().find_map(|(part, path)| {
            let value = match part {
                Part::Request => &self.request,
                Part::Response => &self.response,
                Part::Additional => &self.additional,
            };
            scalar_text(walk(value, path)?)
        })
    }

    /// The first whole number among the paths; AWS writes byte counts as `12.0` too.
    pub fn integer(&self, paths: Paths) -> Option<i64> {
        let text = self.scalar(paths)?;
        let whole = text.split('.').next().unwrap_or(&text);
        whole.parse().ok()
    }
}

/// A path as `json_extract_scalar` takes it.
pub fn json_path(path: &str) -> String {
    let mut text = "$".to_owned();
    for step in path.split('.') {
        let (name, index) = step.find('[').map_or((step, ""), |at| step.split_at(at));
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            text.push('.');
            text.push_str(name);
        } else {
            text.push_str(&format!("[\"{name}\"]"));
        }
        text.push_str(index);
    }
    text
}

/// Parses one part; some shippers hold it as text that is JSON.
pub fn parse(raw: Option<&RawValue>) -> Value {
    let Some(raw) = raw else { return Value::Null };
    let text: Cow<'_, str> = match serde_json::from_str::<String>(raw.get()) {
        Ok(text) => Cow::Owned(text),
        Err(_) => Cow::Borrowed(raw.get()),
    };
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// A scalar as text; objects, lists and null are none, as in `json_extract_scalar`.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn walk<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let mut value = value;
    for step in path.split('.') {
        let (name, index) = match step.split_once('[') {
            Some((name, index)) => (name, index.trim_end_matches(']').parse::<usize>().ok()),
            None => (step, None),
        };
        value = value.get(name)?;
        if let Some(index) = index {
            value = value.get(index)?;
        }
    }
    Some(value)
}
