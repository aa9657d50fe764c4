//! Reads the arguments of a Web API request from its query, body and headers.

use crate::sim::slack::call::{Refusal, refuse};
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

/// What the body of a call was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json { charset: bool },
    Form,
    Nothing,
}

/// One request, read but not yet judged.
#[derive(Debug)]
pub(super) struct Arguments {
    /// Query and body together, without the token.
    pub(super) args: Map<String, Value>,
    /// What the query alone says.
    pub(super) query: Map<String, Value>,
    pub(super) encoding: Encoding,
    pub(super) token: Option<String>,
    /// Why the body could not be read.
    pub(super) trouble: Option<Refusal>,
}

impl Arguments {
    /// Whether the sender forgot to name the charset of its JSON, which Slack mentions.
    pub(super) fn lacks_charset(&self) -> bool {
        self.encoding == (Encoding::Json { charset: false })
    }

    pub(super) fn is_json(&self) -> bool {
        match self.encoding {
            Encoding::Json { .. } => true,
            Encoding::Form | Encoding::Nothing => false,
        }
    }
}

/// Reads a request; the query counts for every encoding.
pub(super) fn read(query: Option<&str>, headers: &HeaderMap, body: &Bytes) -> Arguments {
    let mut query = pairs(query.unwrap_or_default().as_bytes());
    let in_query = query.remove("token");
    let mut args = query.clone();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let (encoding, trouble) = body_into(&mut args, &kind, body);
    // Slack does not look for a token in a JSON body.
    let in_body = args.remove("token").filter(|_| encoding == Encoding::Form);
    let given = in_body.or(in_query);
    let given = given.as_ref().and_then(Value::as_str).map(str::to_owned);
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer "));
    let token = bearer.map(|token| token.trim().to_owned()).or(given);
    Arguments { args, query, encoding, token, trouble }
}

fn body_into(
    args: &mut Map<String, Value>,
    kind: &str,
    body: &Bytes,
) -> (Encoding, Option<Refusal>) {
    if body.is_empty() {
        return (Encoding::Nothing, None);
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        args.extend(pairs(body));
        return (Encoding::Form, None);
    }
    if !kind.starts_with("application/json") {
        return (Encoding::Nothing, Some(refuse("invalid_post_type")));
    }
    let encoding = Encoding::Json { charset: kind.contains("charset") };
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            args.extend(fields);
            (encoding, None)
        }
        Ok(_) => (encoding, Some(refuse("json_not_object"))),
        Err(_) => (encoding, Some(refuse("invalid_json"))),
    }
}

fn pairs(bytes: &[u8]) -> Map<String, Value> {
    let pairs = form_urlencoded::parse(bytes);
    pairs.map(|(key, value)| (key.into_owned(), Value::from(value.into_owned()))).collect()
}
