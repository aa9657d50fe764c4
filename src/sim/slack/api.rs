//! The HTTP side of the Web API: arguments in, envelope out, and scripted failures.

use crate::sim::slack::call::{Call, Refusal, refuse};
use crate::sim::slack::channels::Reach;
use crate::sim::slack::faults::Fault;
use crate::sim::slack::files::FILE_BYTES_MAX;
use crate::sim::slack::methods::{Method, find};
use crate::sim::slack::server::Shared;
use crate::sim::slack::state::{CallRecord, State};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as FromShared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What the body of a call was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Json { charset: bool },
    Form,
    Nothing,
}

/// The routes the bot calls: the Web API, upload urls and response urls.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/{method}", any(call))
        .route("/upload/v1/{secret}", post(upload))
        .route("/hooks/{secret}", post(hook))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX))
        .with_state(shared)
}

async fn call(
    FromShared(shared): FromShared<Arc<Shared>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (latency, fault) = shared.with(|state| {
        let latency = state.faults.latency(&name);
        (latency, state.faults.next(&name))
    });
    // Latency is real time: it stands for the network, which no clock can hurry.
    tokio::time::sleep(latency).await;
    let now = shared.clock.now();
    let (mut args, encoding, trouble) = read(query.as_deref(), &headers, &body);
    let token = token(&headers, &mut args, encoding);
    let record = |state: &mut State, args: &Map<String, Value>, outcome: &str| {
        let args = Value::Object(args.clone());
        let (method, outcome) = (name.clone(), outcome.to_owned());
        state.record(CallRecord {
            at: now,
            method,
            args,
            outcome,
        });
    };
    if let Some(response) = fault.as_ref().and_then(before) {
        shared.with(|state| record(state, &args, &format!("fault: {fault:?}")));
        return response;
    }
    let Some(method) = find(&name) else {
        shared.change(|state| {
            state.violate(format!("{name}: unknown method"));
            record(state, &args, "unknown_method");
        });
        return json_response(envelope(Err(refuse("unknown_method"))));
    };
    let response = shared.change(|state| {
        if matches!(encoding, Encoding::Json { .. }) && !method.json {
            state.violate(format!("{name}: takes no JSON body"));
            args = pairs(query.as_deref().unwrap_or_default().as_bytes());
            args.remove("token");
        }
        let call = Call {
            args: args.clone(),
            now,
        };
        let reply = trouble.map_or(Ok(()), Err);
        let reply = reply.and_then(|()| authorize(state, token.as_deref(), method));
        if let Err(seconds) = throttle(state, &call, method, reply.is_ok()) {
            record(state, &args, "ratelimited");
            return limited(seconds);
        }
        let reply = reply.and_then(|()| {
            allow(state, &call, method)?;
            judge_names(state, &call, method);
            (method.run)(state, &call)
        });
        let outcome = reply
            .as_ref()
            .err()
            .map_or("ok", |refusal| refusal.error.as_str());
        record(state, &args, outcome);
        let mut answer = envelope(reply);
        if encoding == (Encoding::Json { charset: false }) && answer["warning"].is_null() {
            answer["warning"] = json!("missing_charset");
        }
        with_scopes(json_response(answer), state, method)
    });
    if name == "files.completeUploadExternal" {
        shared.settle_later();
    }
    match fault {
        Some(Fault::ResetAfter) => broken(),
        Some(Fault::Truncated) => truncated(),
        Some(Fault::Error(_) | Fault::RateLimited(_) | Fault::Page(_) | Fault::ResetBefore)
        | None => response,
    }
}

async fn upload(
    FromShared(shared): FromShared<Arc<Shared>>,
    Path(secret): Path<String>,
    body: Bytes,
) -> Response {
    let taken = shared.change(|state| crate::sim::slack::files::upload(state, &secret, &body));
    match taken {
        Some(text) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response(),
        None => (StatusCode::NOT_FOUND, "not found").into_response(),
    }
}

async fn hook(
    FromShared(shared): FromShared<Arc<Shared>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = shared.clock.now();
    let (args, _, trouble) = read(None, &headers, &body);
    let call = Call { args, now };
    let taken = shared.change(|state| {
        trouble.map_or(Ok(()), Err)?;
        crate::sim::slack::replies::take_hook(state, &secret, &call)
    });
    match taken {
        Ok(()) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], "ok").into_response(),
        Err(refusal) => {
            let body = json_response(envelope(Err(refusal)));
            (StatusCode::NOT_FOUND, body).into_response()
        }
    }
}

/// The arguments of a request from its query and its body.
fn read(
    query: Option<&str>,
    headers: &HeaderMap,
    body: &Bytes,
) -> (Map<String, Value>, Encoding, Option<Refusal>) {
    let mut args = pairs(query.unwrap_or_default().as_bytes());
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    if body.is_empty() {
        return (args, Encoding::Nothing, None);
    }
    if kind.starts_with("application/x-www-form-urlencoded") {
        args.extend(pairs(body));
        return (args, Encoding::Form, None);
    }
    if !kind.starts_with("application/json") {
        return (args, Encoding::Nothing, Some(refuse("invalid_post_type")));
    }
    let encoding = Encoding::Json {
        charset: kind.contains("charset"),
    };
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => {
            args.extend(fields);
            (args, encoding, None)
        }
        Ok(_) => (args, encoding, Some(refuse("json_not_object"))),
        Err(_) => (args, encoding, Some(refuse("invalid_json"))),
    }
}

fn pairs(bytes: &[u8]) -> Map<String, Value> {
    let pairs = form_urlencoded::parse(bytes);
    pairs
        .map(|(key, value)| (key.into_owned(), Value::from(value.into_owned())))
        .collect()
}

/// The token of a call; Slack does not look for one in a JSON body.
fn token(headers: &HeaderMap, args: &mut Map<String, Value>, encoding: Encoding) -> Option<String> {
    let given = args.remove("token");
    let given = given.filter(|_| !matches!(encoding, Encoding::Json { .. }));
    let given = given.as_ref().and_then(Value::as_str).map(str::to_owned);
    let header = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer "));
    bearer.map(|token| token.trim().to_owned()).or(given)
}

fn authorize(state: &State, token: Option<&str>, method: &Method) -> Result<(), Refusal> {
    if method.name == "blocks.validate" || method.name == "api.test" {
        return Ok(());
    }
    match token {
        None | Some("") => Err(refuse("not_authed")),
        Some(token) if token != state.config.bot_token.expose_secret() => {
            Err(refuse("invalid_auth"))
        }
        Some(_) => Ok(()),
    }
}

fn throttle(state: &mut State, call: &Call, method: &Method, known: bool) -> Result<(), u64> {
    if !known {
        return Ok(());
    }
    state
        .pace
        .take(method.name, method.tier, call.text("channel"), call.now)
}

/// Refuses a call whose token lacks the scope for this kind of channel.
fn allow(state: &State, call: &Call, method: &Method) -> Result<(), Refusal> {
    if method.scopes.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = match method.name {
        "conversations.create" if call.flag("is_private") => vec!["groups:"],
        "conversations.create" => vec!["channels:"],
        "conversations.list" => list_kinds(call.text("types").unwrap_or("public_channel")),
        name if name.starts_with("conversations.") => {
            let channel = call.text("channel").and_then(|id| state.seen(id).ok());
            channel
                .map(|channel| prefix(channel.reach))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    };
    let fits = |scope: &str, kind: &str| {
        let bound = ["channels:", "groups:", "im:", "mpim:"];
        scope.starts_with(kind) || !bound.iter().any(|prefix| scope.starts_with(prefix))
    };
    let held = |scope: &&str| state.config.scopes.iter().any(|own| own == *scope);
    let kinds = if kinds.is_empty() { vec![""] } else { kinds };
    for kind in kinds {
        let wanted = method
            .scopes
            .iter()
            .copied()
            .filter(|scope| fits(scope, kind));
        let wanted: Vec<&str> = wanted.collect();
        if !wanted.iter().any(held) {
            let provided = state.config.scopes.join(",");
            let more = json!({"needed": wanted.join(","), "provided": provided});
            return Err(Refusal {
                error: "missing_scope".to_owned(),
                more,
            });
        }
    }
    Ok(())
}

fn list_kinds(types: &str) -> Vec<&'static str> {
    let prefix = |kind: &str| match kind.trim() {
        "private_channel" => "groups:",
        "im" => "im:",
        "mpim" => "mpim:",
        _ => "channels:",
    };
    types.split(',').map(prefix).collect()
}

fn prefix(reach: Reach) -> &'static str {
    match reach {
        Reach::Public => "channels:",
        Reach::Private => "groups:",
        Reach::Direct => "im:",
    }
}

fn judge_names(state: &mut State, call: &Call, method: &Method) {
    let known: Vec<&str> = method.args.split_whitespace().collect();
    for key in call
        .args
        .keys()
        .filter(|key| !known.contains(&key.as_str()))
    {
        state.violate(format!("{}: unknown argument {key}", method.name));
    }
}

fn envelope(reply: Result<Value, Refusal>) -> Value {
    let (ok, mut fields) = match reply {
        Ok(value) => (true, value),
        Err(refusal) => {
            let mut fields = refusal.more;
            fields["error"] = json!(refusal.error);
            (false, fields)
        }
    };
    fields["ok"] = json!(ok);
    fields
}

fn json_response(body: Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (kind, body.to_string()).into_response()
}

fn with_scopes(response: Response, state: &mut State, method: &Method) -> Response {
    let headers = [
        ("x-oauth-scopes", state.config.scopes.join(",")),
        ("x-accepted-oauth-scopes", method.scopes.join(",")),
        ("x-slack-req-id", state.mint_secret()),
    ];
    (headers, response).into_response()
}

/// The answer of a fault that keeps the call from happening.
fn before(fault: &Fault) -> Option<Response> {
    match fault {
        Fault::Error(code) => Some(json_response(envelope(Err(refuse(code))))),
        Fault::RateLimited(seconds) => Some(limited(*seconds)),
        Fault::Page(status) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            let kind = [(header::CONTENT_TYPE, "text/html")];
            Some(
                (
                    status,
                    kind,
                    "<html><body>Something went wrong.</body></html>",
                )
                    .into_response(),
            )
        }
        Fault::ResetBefore => Some(broken()),
        Fault::ResetAfter | Fault::Truncated => None,
    }
}

fn limited(seconds: u64) -> Response {
    let headers = [(header::RETRY_AFTER, seconds.to_string())];
    let body = json_response(envelope(Err(refuse("ratelimited"))));
    (StatusCode::TOO_MANY_REQUESTS, headers, body).into_response()
}

/// A body that fails before its first byte: the server drops the connection without answering.
fn broken() -> Response {
    let fail = async { Err::<Bytes, _>(std::io::Error::other("scripted reset")) };
    Body::from_stream(futures_util::stream::once(fail)).into_response()
}

/// A body that announces more than it sends.
fn truncated() -> Response {
    let parts = [
        Ok(Bytes::from_static(b"{\"ok\":tr")),
        Err(std::io::Error::other("scripted")),
    ];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CONTENT_LENGTH, "200"),
    ];
    (headers, body).into_response()
}
