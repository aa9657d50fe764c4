//! Policy documents: read strictly, evaluated as IAM does for the parts that this account knows.

use jiff::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A document that this account cannot take; evaluating half of one would prove nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy is not JSON of the expected form: {0}")]
    Malformed(String),
    #[error("the simulated account does not know the condition {0}; teach it or leave it out")]
    UnknownCondition(String),
}

/// A parsed policy.
#[derive(Debug, Clone)]
pub(super) struct Document(Vec<Statement>);

/// What a set of policies says about one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Silent,
    Allow,
    Deny,
}

/// What a call is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Such as `iam:CreateUser`.
    pub action: &'a str,
    pub resource: &'a str,
    pub principal_arn: &'a str,
    pub user_id: &'a str,
    /// Only calls with temporary credentials have it.
    pub token_issued: Option<Timestamp>,
    /// The policy that an attach or detach names.
    pub policy_arn: Option<&'a str>,
    pub tags: Tags<'a>,
}

/// The tags that a call is judged by.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tags<'a> {
    pub principal: Option<&'a BTreeMap<String, String>>,
    pub resource: Option<&'a BTreeMap<String, String>>,
    /// The key of the tag that the call sets or takes off.
    pub key: Option<&'a str>,
}

#[derive(Debug, Clone)]
struct Statement {
    denies: bool,
    actions: Patterns,
    resources: Patterns,
    /// AWS principals of a trust policy.
    principals: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
enum Patterns {
    Only(Vec<String>),
    AllBut(Vec<String>),
}

#[derive(Debug, Clone)]
struct Condition {
    operator: Operator,
    key: Key,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AnyEqualsIgnoringCase,
    Equals,
    NotEquals,
    Like,
    NotLike,
    DateLess,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    PrincipalTag(String),
    ResourceTag(String),
    TagKeys,
    TokenIssueTime,
    PrincipalArn,
    UserId,
    PolicyArn,
}

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, PolicyError> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| PolicyError::Malformed(error.to_string()))?;
        let statements = match value.get("Statement") {
            Some(Value::Array(list)) => list.iter().collect(),
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(malformed("it has no Statement")),
        };
        let parsed: Result<Vec<_>, _> = statements.into_iter().map(statement).collect();
        parsed.map(Self)
    }

    /// The strongest thing this policy says about the call.
    pub(super) fn judge(&self, asked: &Asked<'_>) -> Verdict {
        let hits = self.0.iter().filter(|statement| statement.covers(asked));
        hits.map(Statement::verdict).max().unwrap_or(Verdict::Silent)
    }

    /// As a trust policy: what it says to a principal that wants the role.
    pub(super) fn trusts(&self, asked: &Asked<'_>) -> Verdict {
        let hits = self.0.iter().filter(|statement| {
            let named = |principal: &String| is_principal(principal, asked);
            statement.actions.include(asked.action, true)
                && statement.principals.iter().any(named)
                && statement.conditions.iter().all(|one| one.holds(asked))
        });
        hits.map(Statement::verdict).max().unwrap_or(Verdict::Silent)
    }

    /// Whether a trust policy names this very principal, and not only its account.
    pub(super) fn names(&self, principal_arn: &str) -> bool {
        let mut principals = self.0.iter().flat_map(|statement| &statement.principals);
        principals.any(|principal| principal == principal_arn)
    }
}

/// The strongest verdict of several policies.
pub(super) fn judge_all<'a>(
    documents: impl Iterator<Item = &'a Document>,
    asked: &Asked<'_>,
) -> Verdict {
    documents.map(|document| document.judge(asked)).max().unwrap_or(Verdict::Silent)
}

impl Statement {
    fn verdict(&self) -> Verdict {
        if self.denies { Verdict::Deny } else { Verdict::Allow }
    }

    fn covers(&self, asked: &Asked<'_>) -> bool {
        self.actions.include(asked.action, true)
            && self.resources.include(asked.resource, false)
            && self.conditions.iter().all(|condition| condition.holds(asked))
    }
}

impl Patterns {
    fn include(&self, text: &str, ignore_case: bool) -> bool {
        let any = |patterns: &[String]| {
            patterns.iter().any(|pattern| {
                if ignore_case {
                    matches(&pattern.to_ascii_lowercase(), &text.to_ascii_lowercase())
                } else {
                    matches(pattern, text)
                }
            })
        };
        match self {
            Self::Only(patterns) => any(patterns),
            Self::AllBut(patterns) => !any(patterns),
        }
    }
}

impl Condition {
    fn holds(&self, asked: &Asked<'_>) -> bool {
        let issued = asked.token_issued.map(|at| at.to_string());
        let tag = |tags: Option<&'_ BTreeMap<String, String>>, key: &String| {
            tags.and_then(|tags| tags.get(key)).cloned()
        };
        let tag = match &self.key {
            Key::PrincipalTag(key) => tag(asked.tags.principal, key),
            Key::ResourceTag(key) => tag(asked.tags.resource, key),
            Key::TagKeys
            | Key::TokenIssueTime
            | Key::PrincipalArn
            | Key::UserId
            | Key::PolicyArn => None,
        };
        let found = match self.key {
            Key::PrincipalTag(_) | Key::ResourceTag(_) => tag.as_deref(),
            Key::TagKeys => asked.tags.key,
            Key::TokenIssueTime => issued.as_deref(),
            Key::PrincipalArn => Some(asked.principal_arn),
            Key::UserId => Some(asked.user_id),
            Key::PolicyArn => asked.policy_arn,
        };
        let Some(found) = found else {
            return matches!(self.operator, Operator::NotEquals | Operator::NotLike);
        };
        let any = |test: fn(&str, &str) -> bool| self.values.iter().any(|v| test(v, found));
        match self.operator {
            Operator::AnyEqualsIgnoringCase => {
                any(|value, found| value.eq_ignore_ascii_case(found))
            }
            Operator::Equals => any(|value, found| value == found),
            Operator::NotEquals => !any(|value, found| value == found),
            Operator::Like => any(matches),
            Operator::NotLike => !any(matches),
            Operator::DateLess => any(is_later),
        }
    }
}

/// IAM's wildcards: `*` for any run of characters, `?` for one.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == text[t] || *c == b'?') {
            p += 1;
            t += 1;
        } else if let Some((star_p, star_t)) = star {
            p = star_p + 1;
            t = star_t + 1;
            star = Some((star_p, t));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

fn is_later(limit: &str, found: &str) -> bool {
    match (limit.parse::<Timestamp>(), found.parse::<Timestamp>()) {
        (Ok(limit), Ok(found)) => found < limit,
        _ => false,
    }
}

/// An account named in a trust policy means whoever is of that account, at home or abroad.
fn is_principal(principal: &str, asked: &Asked<'_>) -> bool {
    let account = asked.principal_arn.split(':').nth(4).unwrap_or_default();
    principal == "*"
        || principal == account
        || principal == format!("arn:aws:iam::{account}:root")
        || principal == asked.principal_arn
}

fn statement(value: &Value) -> Result<Statement, PolicyError> {
    let Value::Object(fields) = value else {
        return Err(malformed("a statement is no object"));
    };
    const KNOWN: [&str; 8] = [
        "Sid",
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Principal",
        "Condition",
    ];
    if let Some(other) = fields.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return Err(malformed(&format!("a statement has {other}")));
    }
    let denies = match fields.get("Effect").and_then(Value::as_str) {
        Some("Allow") => false,
        Some("Deny") => true,
        _ => return Err(malformed("a statement's Effect is not Allow or Deny")),
    };
    let principals = principals(fields.get("Principal"))?;
    let is_trust = fields.contains_key("Principal");
    let resources = match patterns(fields, "Resource", "NotResource") {
        Err(_) if is_trust => Patterns::Only(vec!["*".to_owned()]),
        found => found?,
    };
    Ok(Statement {
        denies,
        actions: patterns(fields, "Action", "NotAction")?,
        resources,
        principals,
        conditions: conditions(fields.get("Condition"))?,
    })
}

fn patterns(fields: &Map<String, Value>, only: &str, but: &str) -> Result<Patterns, PolicyError> {
    match (fields.get(only), fields.get(but)) {
        (Some(value), None) => Ok(Patterns::Only(texts(value)?)),
        (None, Some(value)) => Ok(Patterns::AllBut(texts(value)?)),
        _ => Err(malformed(&format!("a statement needs one of {only} and {but}"))),
    }
}

fn principals(value: Option<&Value>) -> Result<Vec<String>, PolicyError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(all)) => Ok(vec![all.clone()]),
        // Services and providers are principals too, but nobody in this account is one.
        Some(Value::Object(kinds)) => kinds.get("AWS").map_or(Ok(Vec::new()), texts),
        Some(_) => Err(malformed("a Principal is neither text nor object")),
    }
}

fn conditions(value: Option<&Value>) -> Result<Vec<Condition>, PolicyError> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let Value::Object(operators) = value else {
        return Err(malformed("a Condition is no object"));
    };
    let mut found = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else {
            return Err(malformed("a Condition's operator holds no object"));
        };
        for (key, values) in keys {
            let unknown = || PolicyError::UnknownCondition(format!("{operator} {key}"));
            let condition = Condition {
                operator: operator_of(operator).ok_or_else(unknown)?,
                key: key_of(key).ok_or_else(unknown)?,
                values: texts(values)?,
            };
            let is_date = condition.operator == Operator::DateLess;
            if is_date != (condition.key == Key::TokenIssueTime) {
                return Err(unknown());
            }
            found.push(condition);
        }
    }
    Ok(found)
}

fn operator_of(name: &str) -> Option<Operator> {
    match name {
        "ForAnyValue:StringEqualsIgnoreCase" => Some(Operator::AnyEqualsIgnoringCase),
        "StringEquals" => Some(Operator::Equals),
        "StringNotEquals" => Some(Operator::NotEquals),
        // For ARNs the two spellings mean the same, wildcards included.
        "StringLike" | "ArnLike" | "ArnEquals" => Some(Operator::Like),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => Some(Operator::NotLike),
        "DateLessThan" => Some(Operator::DateLess),
        _ => None,
    }
}

fn key_of(name: &str) -> Option<Key> {
    let tag_of = |prefix: &str| {
        let (start, key) = name.split_at_checked(prefix.len())?;
        start.eq_ignore_ascii_case(prefix).then(|| key.to_owned())
    };
    let tag = tag_of("aws:PrincipalTag/").map(Key::PrincipalTag);
    if let Some(tag) = tag.or_else(|| tag_of("aws:ResourceTag/").map(Key::ResourceTag)) {
        return Some(tag);
    }
    match name.to_ascii_lowercase().as_str() {
        "aws:tagkeys" => Some(Key::TagKeys),
        "aws:tokenissuetime" => Some(Key::TokenIssueTime),
        "aws:principalarn" => Some(Key::PrincipalArn),
        "aws:userid" => Some(Key::UserId),
        "iam:policyarn" => Some(Key::PolicyArn),
        _ => None,
    }
}

fn texts(value: &Value) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| {
        let text = value.as_str().map(str::to_owned);
        text.ok_or_else(|| malformed("a value is no text"))
    };
    match value.as_array() {
        Some(list) => list.iter().map(text).collect(),
        None => text(value).map(|one| vec![one]),
    }
}

fn malformed(what: &str) -> PolicyError {
    PolicyError::Malformed(what.to_owned())
}
