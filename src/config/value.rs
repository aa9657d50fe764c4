//! A value as it stands in the settings, before anything is known of what it is for.

use std::collections::BTreeMap;
use toml::de::DeValue;

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    List(Vec<Value>),
    /// A table of texts, such as the map of key owners.
    Table(BTreeMap<String, Value>),
    Other(&'static str),
}

pub(super) fn value_of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Text(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Value::Text(flag.to_string()),
        DeValue::Float(_) => Value::Other("number with a fraction"),
        DeValue::Datetime(_) => Value::Other("date"),
        DeValue::Array(list) => Value::List(list.iter().map(|v| value_of(v.get_ref())).collect()),
        DeValue::Table(table) => Value::Table(
            table.iter().map(|(k, v)| (k.get_ref().to_string(), value_of(v.get_ref()))).collect(),
        ),
    }
}

/// The same with other texts in it.
pub(super) fn replaced(value: &Value, other: &dyn Fn(&str) -> Option<String>) -> Value {
    let one = |text: &str| other(text.trim()).unwrap_or_else(|| text.trim().to_owned());
    match value {
        // A list in the environment.
        Value::Text(text) => Value::Text(text.split(',').map(one).collect::<Vec<_>>().join(",")),
        Value::List(list) => Value::List(list.iter().map(|one| replaced(one, other)).collect()),
        Value::Table(table) => Value::Table(
            table.iter().map(|(key, value)| (key.clone(), replaced(value, other))).collect(),
        ),
        Value::Other(kind) => Value::Other(kind),
    }
}
