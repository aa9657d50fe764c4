//! Athena's SQL on its way to an emulator that hands it to `DuckDB` untranslated.

use super::identity::People;
use crate::sql_judge::SqlJudge;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};

const START: &str = "AmazonAthena.StartQueryExecution";

/// The request as the emulator understands it; the error is for the caller, in Athena's words.
///
/// A changed body breaks the signature over it, so such a request goes on as the account's root,
/// whose signature the emulator does not look at. Whether the caller may start a query is
/// therefore not what these tests show.
pub(super) fn translate(
    headers: &mut HeaderMap,
    body: Bytes,
    judge: &mut SqlJudge,
    people: &People,
) -> Result<Bytes, Value> {
    let is_start = headers.get("x-amz-target").is_some_and(|target| target == START);
    let question: Value = match serde_json::from_slice(&body) {
        Ok(question) if is_start => question,
        Ok(_) | Err(_) => return Ok(body),
    };
    let sql = question["QueryString"].as_str().unwrap_or_default();
    if !is_read(sql) {
        return Ok(body);
    }
    let parameters = question.get("ExecutionParameters").cloned().unwrap_or(json!([]));
    let translated = judge.transpile(sql, &parameters).map_err(|reason| {
        json!({ "__type": "InvalidRequestException", "AthenaErrorCode": "MALFORMED_QUERY",
            "Message": format!("sqlglot does not read this as Athena's SQL: {reason}") })
    })?;
    let mut question = question;
    question["QueryString"] = json!(translated);
    if let Some(fields) = question.as_object_mut() {
        fields.remove("ExecutionParameters");
    }
    if let Some(root) = root_of(headers, people) {
        headers.insert(header::AUTHORIZATION, root);
    }
    headers.remove(header::CONTENT_LENGTH);
    Ok(Bytes::from(question.to_string()))
}

fn is_read(sql: &str) -> bool {
    let first = sql.split_whitespace().find(|word| !word.is_empty()).unwrap_or_default();
    let first = first.trim_start_matches('(').to_ascii_uppercase();
    first.starts_with("--") || matches!(first.as_str(), "SELECT" | "WITH")
}

fn root_of(headers: &HeaderMap, people: &People) -> Option<HeaderValue> {
    let signed = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let key = signed.split("Credential=").nth(1)?.split('/').next()?;
    let account = people.identity(key)["accountId"].as_str()?.to_owned();
    signed.replacen(key, &account, 1).parse().ok()
}
