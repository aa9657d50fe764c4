//! A question: one SQL file, its header read and checked, its placeholders filled.

use crate::domain::attack::{Technique, technique};
use crate::domain::chart::Chart;
use crate::domain::impact::ImpactQuestion;
use jiff::Timestamp;

/// Questions that one command asks; whoever wants more of a phase presses its button.
pub const QUESTIONS_MAX: usize = 10;
/// A statement that a person types, and that another can read in a record a year later.
pub const SQL_LENGTH_MAX: usize = 2_000;
/// The longest id or name of a question.
const WORD_LENGTH_MAX: usize = 40;

/// One question of the playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// `Q10`, as in the catalogue.
    pub id: String,
    /// The name as one word, `timeline`.
    pub name: String,
    /// What is asked, in words.
    pub question: String,
    /// The phase whose button asks it.
    pub phase: String,
    /// The impact questions it serves.
    pub impact: Vec<ImpactQuestion>,
    /// The techniques that its rows may be signs of.
    pub attack: Vec<&'static Technique>,
    /// Parameters the SQL takes; most take none, the case table is already cut.
    pub parameters: Vec<String>,
    /// The columns it returns, in order.
    pub columns: Vec<String>,
    /// Which of them name principals and credentials, so that a plan can take those in.
    pub contain: Vec<String>,
    /// How its rows are drawn, where time or shares are the answer.
    pub chart: Option<Chart>,
    /// What it is asked of: `case_table`, or a table in Athena.
    pub source: String,
    /// What the rows mean.
    pub meaning: String,
    /// What it means when there are none.
    pub none: String,
    /// The SQL, header included.
    pub sql: String,
    /// Whether it lies in a folder of the people who run keyleak, and did not come with it.
    pub own: bool,
}

/// The times of a case that a question may be about; its header names those it needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Times {
    /// `exposed_since`: what is earlier was the owner's.
    pub exposed_since: Option<Timestamp>,
    /// `contained_at`: when the last step of the containment was done.
    pub contained_at: Option<Timestamp>,
}

/// A question file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuestionError {
    #[error("the header lacks `-- {0}: …`; every question file must say it")]
    Missing(&'static str),
    #[error("there is no parameter {0:?}; a question may name exposed_since and contained_at")]
    Parameter(String),
    #[error("there is no impact question {0:?}; `/keyleak impact` lists them, evidence is for all")]
    Impact(String),
    #[error("keyleak knows no ATT&CK technique {0:?}; write ids as T1078.004, or none")]
    Technique(String),
    #[error("{0:?} under contain is none of its columns; name those that hold ARNs or key ids")]
    Contain(String),
    #[error(
        "{0:?} is no chart; write `bar x=COLUMN y=COLUMN` or `line x=COLUMN y=COLUMN`, with \
         `by=COLUMN` for several series, of its own columns"
    )]
    Chart(String),
    #[error("the file holds no SQL below its header")]
    Empty,
}

/// A template ready to run: each placeholder became positional marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    pub sql: String,
    /// The values of the `?` marks, in order, not quoted.
    pub values: Vec<String>,
}

impl QuestionError {
    /// Whether there is no SQL to be wrong.
    pub fn is_empty_file(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl Times {
    /// What cannot be asked without them, by the names in a header.
    pub const NAMES: [&str; 2] = ["exposed_since", "contained_at"];

    fn named(&self, name: &str) -> Option<Timestamp> {
        match name {
            "exposed_since" => self.exposed_since,
            "contained_at" => self.contained_at,
            _ => None,
        }
    }
}

impl Question {
    /// Whether this is its id or its name, whatever the case of its letters.
    pub fn is_called(&self, word: &str) -> bool {
        self.id.eq_ignore_ascii_case(word) || self.name.eq_ignore_ascii_case(word)
    }

    /// The SQL with its times in it, or the name of one that is not known.
    pub fn at(&self, times: &Times) -> Result<String, &str> {
        let mut raw = Vec::new();
        for name in &self.parameters {
            let at = times.named(name).ok_or(name.as_str())?;
            raw.push((name.as_str(), format!("'{}'", in_seconds(at))));
        }
        let raw: Vec<(&str, &str)> = raw.iter().map(|(name, at)| (*name, at.as_str())).collect();
        Ok(fill(&self.sql, &raw, &[]).sql)
    }
}

/// As CloudTrail writes a time, so that times sort as text.
fn in_seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Whether this can be the id or the name of a question: it becomes part of a file's name, and is
/// typed in a chat, where other characters mean something.
pub fn is_word(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=WORD_LENGTH_MAX).contains(&text.len()) && text.bytes().all(plain)
}

/// Under which name an export keeps the answer of a record, without its ending.
pub fn export_name(seq: u64, question: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("queries/{seq:06}-{}", question.chars().map(plain).collect::<String>())
}

/// Reads a question file.
pub fn parse(text: &str) -> Result<Question, QuestionError> {
    let (question, errors) = read(text);
    errors.into_iter().next().map_or(Ok(question), Err)
}

/// Reads a question file as far as it can be read, with everything that is wrong with it.
pub fn read(text: &str) -> (Question, Vec<QuestionError>) {
    let mut errors = Vec::new();
    let mut said = |name| {
        header(text, name).unwrap_or_else(|error| {
            errors.push(error);
            String::new()
        })
    };
    let mut question = Question {
        id: said("id"),
        name: said("name"),
        question: said("question"),
        phase: said("phase"),
        impact: Vec::new(),
        attack: Vec::new(),
        parameters: words(&said("parameters")),
        columns: words(&said("columns")),
        contain: Vec::new(),
        chart: None,
        source: said("source"),
        meaning: said("meaning"),
        none: said("none"),
        sql: text.to_owned(),
        own: false,
    };
    let impact = said("impact");
    // A question of people's own need not say it.
    let attack = header(text, "attack").unwrap_or_default();
    question.impact = known(&impact, ImpactQuestion::from_slug, QuestionError::Impact, &mut errors);
    question.attack = known(&attack, technique, QuestionError::Technique, &mut errors);
    let unknown = question.parameters.iter().filter(|name| !Times::NAMES.contains(&name.as_str()));
    errors.extend(unknown.cloned().map(QuestionError::Parameter));
    drawn(text, &mut question, &mut errors);
    if !text.lines().any(|line| !line.starts_with("--") && !line.trim().is_empty()) {
        errors.push(QuestionError::Empty);
    }
    (question, errors)
}

/// Which columns name principals, and which make a chart; a header need not say either.
fn drawn(text: &str, question: &mut Question, errors: &mut Vec<QuestionError>) {
    question.contain = words(&header(text, "contain").unwrap_or_default());
    let unknown = question.contain.iter().filter(|name| !question.columns.contains(name));
    errors.extend(unknown.cloned().map(QuestionError::Contain));
    let Ok(asked) = header(text, "chart") else { return };
    match Chart::parse(&asked, &question.columns) {
        Some(chart) => question.chart = Some(chart),
        None => errors.push(QuestionError::Chart(asked)),
    }
}

/// Fills `{name}` with the identifiers or predicates in `raw` as they are, and with one `?` for
/// each value of the lists in `values`; an empty list becomes `NULL`, which nothing equals.
pub fn fill(template: &str, raw: &[(&str, &str)], values: &[(&str, &[String])]) -> Filled {
    let mut filled = Filled { sql: String::with_capacity(template.len()), values: Vec::new() };
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.sql.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            filled.sql.push('{');
            rest = after;
            continue;
        };
        if let Some((_, text)) = raw.iter().find(|(known, _)| *known == name) {
            filled.sql.push_str(text);
        } else if let Some((_, list)) = values.iter().find(|(known, _)| *known == name) {
            let marks = vec!["?"; list.len()].join(", ");
            filled.sql.push_str(if list.is_empty() { "NULL" } else { &marks });
            filled.values.extend(list.iter().cloned());
        } else {
            filled.sql.push('{');
            filled.sql.push_str(name);
            filled.sql.push('}');
        }
        rest = tail;
    }
    filled.sql.push_str(rest);
    filled
}

fn header(text: &str, name: &'static str) -> Result<String, QuestionError> {
    let mut lines = text.lines().take_while(|line| line.starts_with("--"));
    lines
        .find_map(|line| {
            let value = line.strip_prefix("-- ")?.strip_prefix(name)?.strip_prefix(':')?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        })
        .ok_or(QuestionError::Missing(name))
}

/// Each word of a list as what it names; the others are errors.
fn known<T>(
    list: &str,
    named: impl Fn(&str) -> Option<T>,
    unknown: impl Fn(String) -> QuestionError,
    errors: &mut Vec<QuestionError>,
) -> Vec<T> {
    let mut all = Vec::new();
    for word in words(list) {
        match named(&word) {
            Some(one) => all.push(one),
            None => errors.push(unknown(word)),
        }
    }
    all
}

fn words(list: &str) -> Vec<String> {
    if list == "none" {
        return Vec::new();
    }
    list.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_without_columns_is_refused() {
        let text = "-- id: Q1\n-- name: n\n-- question: q\n-- phase: p\n-- impact: alerts\n\
                    -- attack: none\n-- parameters: none\nSELECT 1";
        assert_eq!(parse(text), Err(QuestionError::Missing("columns")));
    }

    #[test]
    fn times_stand_in_the_sql_and_one_that_is_not_known_is_named() {
        let text = "-- id: Q1\n-- name: n\n-- question: q\n-- phase: p\n-- impact: alerts\n\
                    -- attack: none\n-- parameters: contained_at\n-- columns: a\n-- source: s\n\
                    -- meaning: m\n-- none: o\nSELECT a FROM t WHERE b > {contained_at}";
        let question = parse(text).unwrap();
        assert_eq!(question.at(&Times::default()), Err("contained_at"));
        let contained_at = Some("2026-08-01T10:00:00.9Z".parse().unwrap());
        let sql = question.at(&Times { contained_at, ..Times::default() }).unwrap();
        assert!(sql.ends_with("WHERE b > '2026-08-01T10:00:00Z'"), "{sql}");
        let wrong = text.replace("parameters: contained_at", "parameters: tomorrow");
        assert_eq!(parse(&wrong), Err(QuestionError::Parameter("tomorrow".to_owned())));
    }

    #[test]
    fn a_header_names_only_impact_questions_and_techniques_that_are_known() {
        let text = "-- id: Q1\n-- name: n\n-- question: q\n-- phase: p\n\
                    -- impact: alerts, business\n-- attack: T1485, T1562.008\n\
                    -- parameters: none\n-- columns: a\n-- source: s\n-- meaning: m\n\
                    -- none: o\nSELECT a FROM t";
        let question = parse(text).unwrap();
        assert_eq!(question.impact, [ImpactQuestion::Alerts, ImpactQuestion::Business]);
        let ids: Vec<&str> = question.attack.iter().map(|technique| technique.id).collect();
        assert_eq!(ids, ["T1485", "T1562.008"]);
        for (from, to, wrong) in [
            ("business", "busyness", QuestionError::Impact("busyness".to_owned())),
            ("T1485", "T1089", QuestionError::Technique("T1089".to_owned())),
        ] {
            assert_eq!(parse(&text.replace(from, to)), Err(wrong));
        }
    }

    #[test]
    fn what_a_plan_may_take_in_is_named_by_columns_that_there_are() {
        let text = "-- id: Q1\n-- name: n\n-- question: q\n-- phase: p\n-- impact: alerts\n\
                    -- parameters: none\n-- columns: key, who\n-- contain: who, key\n\
                    -- source: s\n-- meaning: m\n-- none: o\nSELECT key, who FROM t";
        assert_eq!(parse(text).unwrap().contain, ["who", "key"]);
        let silent = text.replace("-- contain: who, key\n", "");
        assert_eq!(parse(&silent).unwrap().contain, [""; 0]);
        let wrong = text.replace("contain: who", "contain: whom");
        assert_eq!(parse(&wrong), Err(QuestionError::Contain("whom".to_owned())));
    }

    #[test]
    fn a_chart_is_of_columns_that_there_are() {
        let text = "-- id: Q1\n-- name: n\n-- question: q\n-- phase: p\n-- impact: alerts\n\
                    -- parameters: none\n-- columns: day, calls\n-- chart: line x=day y=calls\n\
                    -- source: s\n-- meaning: m\n-- none: o\nSELECT day, calls FROM t";
        assert_eq!(parse(text).unwrap().chart.unwrap().y, "calls");
        let silent = text.replace("-- chart: line x=day y=calls\n", "");
        assert_eq!(parse(&silent).unwrap().chart, None);
        let wrong = text.replace("y=calls", "y=tries");
        assert_eq!(parse(&wrong), Err(QuestionError::Chart("line x=day y=tries".to_owned())));
    }

    #[test]
    fn lists_become_marks_in_the_order_of_the_sql() {
        let keys = ["A".to_owned(), "B".to_owned()];
        let filled = fill(
            "SELECT {x} FROM {table} WHERE k IN ({keys}) OR a IN ({none}) OR j IN ({keys})",
            &[("table", "t")],
            &[("keys", &keys), ("none", &[])],
        );
        assert_eq!(filled.sql, "SELECT {x} FROM t WHERE k IN (?, ?) OR a IN (NULL) OR j IN (?, ?)");
        assert_eq!(filled.values, ["A", "B", "A", "B"]);
    }
}
