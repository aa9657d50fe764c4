//! What a call says on the wire: query and JSON protocols in, XML and JSON out, as one tree.

mod query;
mod xml;

use super::Exchange;
use serde_json::{Value, json};

/// A service whose calls are recorded, and what CloudTrail calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Iam,
    Sts,
    S3,
    DynamoDb,
    Athena,
}

/// Why a call was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) message: String,
}

/// One call, read from its exchange.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) service: Service,
    pub(super) name: String,
    pub(super) key: String,
    pub(super) region: String,
    pub(super) parameters: Value,
    pub(super) request_id: String,
    pub(super) outcome: Result<Value, Refusal>,
}

impl Service {
    /// The name in the record's `eventSource`.
    pub(super) fn source(self) -> &'static str {
        match self {
            Self::Iam => "iam.amazonaws.com",
            Self::Sts => "sts.amazonaws.com",
            Self::S3 => "s3.amazonaws.com",
            Self::DynamoDb => "dynamodb.amazonaws.com",
            Self::Athena => "athena.amazonaws.com",
        }
    }

    fn from_scope(scope: &str) -> Option<Self> {
        Some(match scope {
            "iam" => Self::Iam,
            "sts" => Self::Sts,
            "s3" => Self::S3,
            "dynamodb" => Self::DynamoDb,
            "athena" => Self::Athena,
            _ => return None,
        })
    }
}

/// Reads a signed management call of a service we know; anything else leaves no record.
pub(super) fn read(exchange: &Exchange) -> Option<Call> {
    let (key, region, scope) = scope(exchange)?;
    let service = Service::from_scope(&scope)?;
    let (name, parameters) = match service {
        Service::Iam | Service::Sts => query::read(&exchange.request)?,
        Service::S3 => bucket_call(exchange)?,
        Service::DynamoDb | Service::Athena => json_call(exchange)?,
    };
    let outcome = outcome(exchange, service);
    let request_id = ["x-amzn-requestid", "x-amz-request-id"]
        .into_iter()
        .find_map(|name| exchange.answer_headers.get(name)?.to_str().ok())
        .map_or_else(|| format!("{}", exchange.at.as_nanosecond()), ToOwned::to_owned);
    Some(Call { service, name, key, region, parameters, request_id, outcome })
}

/// Key id, region and service out of `Credential=<key>/<date>/<region>/<service>/aws4_request`.
fn scope(exchange: &Exchange) -> Option<(String, String, String)> {
    let header = exchange.headers.get("authorization")?.to_str().ok()?;
    let credential = header.split("Credential=").nth(1)?.split([',', ' ']).next()?;
    let mut parts = credential.split('/').map(ToOwned::to_owned);
    let (key, _date) = (parts.next()?, parts.next()?);
    Some((key, parts.next()?, parts.next()?))
}

fn outcome(exchange: &Exchange, service: Service) -> Result<Value, Refusal> {
    let is_xml = matches!(service, Service::Iam | Service::Sts | Service::S3);
    if !is_xml {
        let answer = serde_json::from_slice(&exchange.answer).unwrap_or(Value::Null);
        return if exchange.status.is_success() { Ok(Value::Null) } else { Err(refusal(&answer)) };
    }
    let answer = xml::read(&exchange.answer).unwrap_or(Value::Null);
    if exchange.status.is_success() {
        return Ok(if service == Service::S3 { Value::Null } else { xml::result(&answer) });
    }
    // S3 says Error at the top, the query protocol one level below.
    let error = answer.get("error").unwrap_or(&answer);
    Err(Refusal { code: text(&error["code"]), message: text(&error["message"]) })
}

fn refusal(answer: &Value) -> Refusal {
    let kind = text(&answer["__type"]);
    let code = kind.rsplit('#').next().unwrap_or_default().to_owned();
    let message = answer.get("message").or_else(|| answer.get("Message"));
    Refusal { code, message: message.map(text).unwrap_or_default() }
}

/// The management calls on buckets; what touches an object is a data event, which is not recorded.
fn bucket_call(exchange: &Exchange) -> Option<(String, Value)> {
    let path = exchange.path.trim_matches('/');
    let query = exchange.query.as_deref().unwrap_or_default();
    let (first, _) = query.split_once(['=', '&']).unwrap_or((query, ""));
    let method = exchange.method.as_str();
    if path.is_empty() {
        return (method == "GET").then(|| ("ListBuckets".to_owned(), json!({})));
    }
    if path.contains('/') {
        return None;
    }
    let aspect = match first {
        "policy" => "BucketPolicy",
        "acl" => "BucketAcl",
        "publicAccessBlock" => "BucketPublicAccessBlock",
        "versioning" => "BucketVersioning",
        "encryption" => "BucketEncryption",
        "location" => "BucketLocation",
        "" | "x-id" => "",
        _ => return None,
    };
    let name = match (method, aspect) {
        ("PUT", "") => "CreateBucket".to_owned(),
        ("DELETE", "") => "DeleteBucket".to_owned(),
        ("HEAD", "") => "HeadBucket".to_owned(),
        (_, "") => return None,
        ("PUT", aspect) => format!("Put{aspect}"),
        ("GET", aspect) => format!("Get{aspect}"),
        ("DELETE", aspect) => format!("Delete{aspect}"),
        _ => return None,
    };
    Some((name, json!({ "bucketName": path })))
}

/// A call of the JSON protocol, named by its target; items in a table are data events.
fn json_call(exchange: &Exchange) -> Option<(String, Value)> {
    let target = exchange.headers.get("x-amz-target")?.to_str().ok()?;
    let name = target.rsplit('.').next()?.to_owned();
    if name.ends_with("Item") || matches!(name.as_str(), "Query" | "Scan") {
        return None;
    }
    let body = serde_json::from_slice(&exchange.request).unwrap_or(Value::Null);
    Some((name, lower(body)))
}

fn lower(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (lower_first(&name), lower(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(lower).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// `UserName` is `userName` in a record, and `SAMLProviderArn` really is `sAMLProviderArn`.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
