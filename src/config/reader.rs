//! Reads settings one by one from a TOML file and the environment, and collects every error.

use crate::config::value::{Value, replaced, value_of};
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use toml::de::{DeTable, DeValue};

/// Longer than anything that is waited for here.
const SPAN_MAX: SignedDuration = SignedDuration::from_hours(730 * 24);

/// What the names of our environment variables begin with.
pub const ENVIRONMENT_PREFIX: &str = "KEYLEAK_";

/// Stands for the default of a setting that has none and cannot do without.
const NEEDED: &str = "needed";

/// Tables whose keys are people's to choose.
const TABLES_OF_TEXTS: [&str; 5] = [
    "aws.isolation_groups",
    "people.identities",
    "people.key_owners",
    "people.one_time_codes",
    "people.operators",
];

/// Everything that is wrong with the configuration, each with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors(pub Vec<String>);

/// A value as it was written, and where.
#[derive(Debug, Clone)]
struct Written {
    value: Value,
    place: String,
}

/// Hands settings out by name; what is asked for twice or not at all shows at the end.
#[derive(Debug, Default)]
pub struct Reader {
    file: String,
    written: BTreeMap<String, Written>,
    /// Where each table begins, an empty one too.
    tables: BTreeMap<String, String>,
    /// What was asked for, with its default.
    asked: BTreeMap<String, String>,
    errors: Vec<String>,
    missing: Vec<String>,
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used:")?;
        self.0.iter().try_for_each(|error| write!(f, "\n  {error}"))
    }
}

impl Reader {
    /// Reads a TOML text, then lets environment variables override it.
    pub fn new(file: &str, text: &str, environment: &[(String, String)]) -> Self {
        let mut reader = Self { file: file.to_owned(), ..Self::default() };
        match DeTable::parse(text) {
            Ok(table) => reader.read_table(text, "", table.get_ref()),
            Err(error) => {
                let line = error.span().map_or(1, |span| line_of(text, span.start));
                let message = error.message().to_owned();
                reader.errors.push(format!("{file}, line {line}: {message}"));
            }
        }
        for (name, value) in environment {
            let Some(path) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
                continue;
            };
            let path = path.to_lowercase().replace("__", ".");
            let value = Value::Text(value.clone());
            let place = format!("environment variable {name}");
            reader.written.insert(path, Written { value, place });
        }
        reader
    }

    /// Every setting that was asked for, with its default.
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.asked
    }

    /// A text; `None` when it is not set.
    pub fn text(&mut self, name: &str) -> Option<String> {
        self.text_asked(name, "")
    }

    /// A text with a default.
    pub fn text_or(&mut self, name: &str, default: &str) -> String {
        self.text_asked(name, default).unwrap_or_else(|| default.to_owned())
    }

    /// A text that must be set.
    pub fn needed(&mut self, name: &str, what: &str) -> String {
        match self.text_asked(name, NEEDED) {
            Some(text) if !text.trim().is_empty() => text,
            Some(_) | None => {
                if !self.errors.iter().any(|error| error.contains(&format!("{name} "))) {
                    self.missing.push(format!("{}: {name} is missing; set {what}", self.file));
                }
                String::new()
            }
        }
    }

    /// Puts other texts into a setting that is not read yet: into a list, a list of lists, or the
    /// values of a table.
    pub fn replace(&mut self, name: &str, other: &dyn Fn(&str) -> Option<String>) {
        if let Some(written) = self.written.get_mut(name) {
            written.value = replaced(&written.value, other);
        }
    }

    /// A list of lists of texts.
    pub fn lists(&mut self, name: &str) -> Vec<Vec<String>> {
        let Some(written) = self.take(name, "") else { return Vec::new() };
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            Value::List(_) | Value::Table(_) | Value::Other(_) => None,
        };
        let list = |value: &Value| match value {
            Value::List(list) => list.iter().map(text).collect::<Option<Vec<String>>>(),
            Value::Text(_) | Value::Table(_) | Value::Other(_) => None,
        };
        let lists: Option<Vec<_>> = match &written.value {
            Value::List(all) => all.iter().map(list).collect(),
            Value::Text(_) | Value::Table(_) | Value::Other(_) => None,
        };
        lists.unwrap_or_else(|| {
            self.wrong::<()>(&written, name, "must be a list of lists of texts, in the file");
            Vec::new()
        })
    }

    /// Whether somebody wrote it.
    pub fn is_set(&self, name: &str) -> bool {
        self.written.contains_key(name)
    }

    /// A list of texts; in the environment they are separated by commas.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let written = self.take(name, "")?;
        let list = match &written.value {
            Value::Text(text) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                return Some(parts.map(str::to_owned).collect());
            }
            Value::List(list) => list.clone(),
            Value::Table(_) | Value::Other(_) => {
                return self.wrong(&written, name, "must be a list of texts");
            }
        };
        let mut texts = Vec::new();
        for value in list {
            match value {
                Value::Text(text) => texts.push(text),
                Value::List(_) | Value::Table(_) | Value::Other(_) => {
                    return self.wrong(&written, name, "must hold texts only");
                }
            }
        }
        Some(texts)
    }

    /// A table of texts below `name`.
    pub fn table(&mut self, name: &str) -> BTreeMap<String, String> {
        let Some(written) = self.take(name, "") else {
            return BTreeMap::new();
        };
        let Value::Table(table) = &written.value else {
            self.wrong::<()>(&written, name, "must be a table of texts");
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in table.clone() {
            match value {
                Value::Text(text) => {
                    texts.insert(key, text);
                }
                Value::List(_) | Value::Table(_) | Value::Other(_) => {
                    self.wrong::<()>(&written, name, &format!("has no text for {key}"));
                }
            }
        }
        texts
    }

    /// A table of texts whose entries may also be variables of their own, named in capitals.
    pub fn texts_below(&mut self, name: &str) -> BTreeMap<String, String> {
        let mut texts = self.table(name);
        let below = format!("{name}.");
        let written = self.written.iter().filter(|(known, _)| known.starts_with(&below));
        let named: Vec<_> =
            written.map(|(known, written)| (known.clone(), written.clone())).collect();
        for (known, written) in named {
            self.asked.insert(known.clone(), String::new());
            if let Value::Text(text) = written.value {
                texts.insert(known[below.len()..].to_uppercase(), text);
            }
        }
        texts
    }

    /// The names of the tables right below `name`, whose settings are read one by one.
    pub fn tables(&mut self, name: &str) -> BTreeSet<String> {
        if let Some(written) = self.take(name, "") {
            let example = format!("must be tables such as [{name}.210987654321]");
            self.wrong::<()>(&written, name, &example);
        }
        let below = format!("{name}.");
        let named = self.written.keys().chain(self.tables.keys());
        let rest = named.filter_map(|known| known.strip_prefix(&below));
        rest.filter_map(|rest| rest.split('.').next()).map(str::to_owned).collect()
    }

    /// A span of time such as `90s`, `5m` or `15d`.
    pub fn span(&mut self, name: &str, default: &str) -> SignedDuration {
        let (text, written) = match self.take(name, default) {
            None => (default.to_owned(), None),
            Some(written) => match &written.value {
                Value::Text(text) => (text.clone(), Some(written)),
                Value::List(_) | Value::Table(_) | Value::Other(_) => {
                    self.wrong::<()>(
                        &written,
                        name,
                        "must be a time such as \"90s\" or \"5m\", from 1s to 730d",
                    );
                    (default.to_owned(), None)
                }
            },
        };
        span_of(&text).unwrap_or_else(|| {
            if let Some(written) = written {
                self.wrong::<()>(
                    &written,
                    name,
                    "must be a time such as \"90s\" or \"5m\", from 1s to 730d",
                );
            }
            SignedDuration::ZERO
        })
    }

    /// Several spans of time.
    pub fn spans(&mut self, name: &str, default: &[&str]) -> Vec<SignedDuration> {
        let place = self.written.get(name).cloned();
        let texts = self.texts(name);
        self.asked.insert(name.to_owned(), default.join(", "));
        let texts =
            texts.unwrap_or_else(|| default.iter().map(|text| (*text).to_owned()).collect());
        let spans: Option<Vec<_>> = texts.iter().map(|text| span_of(text)).collect();
        spans.unwrap_or_else(|| {
            if let Some(written) = place {
                self.wrong::<()>(
                    &written,
                    name,
                    "must hold times such as \"5s\" or \"5m\", from 1s to 730d",
                );
            }
            Vec::new()
        })
    }

    /// A whole number of at least `least`.
    pub fn number(&mut self, name: &str, default: u32, least: u32) -> u32 {
        let Some(written) = self.take(name, &default.to_string()) else {
            return default;
        };
        let number = match &written.value {
            Value::Text(text) => text.parse().ok(),
            Value::List(_) | Value::Table(_) | Value::Other(_) => None,
        };
        match number {
            Some(number) if number >= least => number,
            Some(_) | None => {
                let what = format!("must be a whole number of at least {least}");
                self.wrong::<()>(&written, name, &what);
                default
            }
        }
    }

    /// Notes an error about a setting that was read, with its place.
    pub fn reject(&mut self, name: &str, why: &str) {
        let table = || self.tables.get(name).cloned().unwrap_or_else(|| self.file.clone());
        let place = self.written.get(name).map_or_else(table, |written| written.place.clone());
        self.note(format!("{place}: {name} {why}"));
    }

    /// All errors, unknown and missing settings among them.
    pub fn finish(mut self) -> Result<(), ConfigErrors> {
        self.errors.append(&mut self.missing);
        self.finish_incomplete()
    }

    /// All errors apart from what is missing.
    pub fn finish_incomplete(mut self) -> Result<(), ConfigErrors> {
        for (name, written) in &self.written {
            if !self.asked.contains_key(name) {
                self.errors.push(format!(
                    "{}: there is no setting {name}; README.md lists them",
                    written.place
                ));
            }
        }
        if self.errors.is_empty() { Ok(()) } else { Err(ConfigErrors(self.errors)) }
    }

    fn read_table(&mut self, text: &str, path: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = if path.is_empty() {
                key.get_ref().to_string()
            } else {
                format!("{path}.{}", key.get_ref())
            };
            let line = line_of(text, key.span().start);
            let place = format!("{}, line {line}", self.file);
            if let DeValue::Table(inner) = value.get_ref()
                && !TABLES_OF_TEXTS.contains(&name.as_str())
            {
                self.tables.insert(name.clone(), place);
                self.read_table(text, &name, inner);
            } else {
                let value = value_of(value.get_ref());
                self.written.insert(name, Written { value, place });
            }
        }
    }

    fn text_asked(&mut self, name: &str, default: &str) -> Option<String> {
        let written = self.take(name, default)?;
        match written.value {
            Value::Text(text) => Some(text),
            Value::List(_) => self.wrong(&written, name, "is a list; write one text in quotes"),
            Value::Table(_) => self.wrong(&written, name, "is a table; write one text in quotes"),
            Value::Other(kind) => {
                self.wrong(&written, name, &format!("is a {kind}; write a text in quotes"))
            }
        }
    }

    fn take(&mut self, name: &str, default: &str) -> Option<Written> {
        self.asked.insert(name.to_owned(), default.to_owned());
        self.written.get(name).cloned()
    }

    fn wrong<T>(&mut self, written: &Written, name: &str, why: &str) -> Option<T> {
        self.note(format!("{}: {name} {why}", written.place));
        None
    }

    /// A setting that is looked at twice is complained about once.
    fn note(&mut self, error: String) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// `90s`, `5m`, `1h`, `15d`; days are 24 hours here. Nought would mean always.
fn span_of(text: &str) -> Option<SignedDuration> {
    let (number, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let number: i64 = number.trim().parse().ok().filter(|number| *number >= 1)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let span = SignedDuration::from_secs(number.checked_mul(seconds)?);
    (span <= SPAN_MAX).then_some(span)
}
