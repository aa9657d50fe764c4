//! The HTTP side of the Web API: arguments in, envelope out, and scripted failures.

use crate::sim::slack::arguments::{Arguments, read};
use crate::sim::slack::call::{Call, Refusal, refuse};
use crate::sim::slack::faults::Fault;
use crate::sim::slack::files::FILE_BYTES_MAX;
use crate::sim::slack::methods::{Method, find};
use crate::sim::slack::scopes::allow;
use crate::sim::slack::server::Shared;
use crate::sim::slack::state::{CallRecord, State};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, RawQuery, State as FromShared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::Arc;

/// The routes the bot calls: the Web API, upload urls and response urls.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/{method}", any(call))
        .route("/upload/v1/{secret}", post(upload))
        .route("/files/{id}", get(file))
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
    let now = shared.clock.now();
    let (latency, fault) = shared.with(|state| {
        let latency = state.faults.latency(&name);
        (latency, state.faults.next(&name, now))
    });
    // Latency is real time: it stands for the network, which no clock can hurry.
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let now = shared.clock.now();
    let request = read(query.as_deref(), &headers, &body);
    if let Some(response) = fault.as_ref().and_then(before) {
        let call = Call { args: request.args, now };
        shared.with(|state| record(state, &name, &call, &format!("fault: {fault:?}")));
        return response;
    }
    let response = shared.change(|state| perform(state, &name, request, now));
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

/// Judges one call, lets it take effect, and keeps a record of it.
fn perform(state: &mut State, name: &str, mut request: Arguments, now: Timestamp) -> Response {
    let lacks_charset = request.lacks_charset();
    let Some(method) = find(name) else {
        state.violate(format!("{name}: unknown method"));
        record(state, name, &Call { args: request.args, now }, "unknown_method");
        return json_response(envelope(Err(refuse("unknown_method"))));
    };
    if request.is_json() && !method.json {
        state.violate(format!("{name}: takes no JSON body"));
        request.args = std::mem::take(&mut request.query);
    }
    let call = Call { args: request.args, now };
    let known = request.trouble.map_or(Ok(()), Err);
    let known = known.and_then(|()| authorize(state, request.token.as_deref(), method));
    if known.is_ok()
        && let Err(seconds) = state.pace.take(name, method.tier, call.text("channel"), now)
    {
        record(state, name, &call, "ratelimited");
        return limited(seconds);
    }
    let reply = known.and_then(|()| {
        allow(state, &call, method)?;
        judge_names(state, &call, method);
        (method.run)(state, &call)
    });
    let outcome = reply.as_ref().err().map_or("ok", |refusal| refusal.error.as_str());
    record(state, name, &call, outcome);
    let mut answer = envelope(reply);
    if lacks_charset && answer["warning"].is_null() {
        answer["warning"] = json!("missing_charset");
    }
    with_scopes(json_response(answer), state, method)
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

/// Whoever may not read the file is shown a page to sign in at, with status 200, as Slack does.
async fn file(
    FromShared(shared): FromShared<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|bearer| bearer.strip_prefix("Bearer "));
    match shared.with(|state| crate::sim::slack::files::content(state, &id, token)) {
        Some(content) => content.into_response(),
        None => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (kind, "<!DOCTYPE html><html><body>Sign in to Slack</body></html>").into_response()
        }
    }
}

async fn hook(
    FromShared(shared): FromShared<Arc<Shared>>,
    Path(secret): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let now = shared.clock.now();
    let request = read(None, &headers, &body);
    let call = Call { args: request.args, now };
    let taken = shared.change(|state| {
        request.trouble.map_or(Ok(()), Err)?;
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

fn authorize(state: &State, token: Option<&str>, method: &Method) -> Result<(), Refusal> {
    if method.name == "blocks.validate" || method.name == "api.test" {
        return Ok(());
    }
    let is_apps = |token: &str| token == state.config.app_token.expose_secret();
    if method.name == "apps.connections.open" {
        return match token {
            None | Some("") => Err(refuse("missing_args")),
            Some(token) if is_apps(token) => Ok(()),
            Some(_) => Err(refuse("invalid_auth")),
        };
    }
    match token {
        None | Some("") => Err(refuse("not_authed")),
        Some(token) if is_apps(token) => Err(refuse("not_allowed_token_type")),
        Some(token) if token != state.config.bot_token.expose_secret() => {
            Err(refuse("invalid_auth"))
        }
        Some(_) => Ok(()),
    }
}

fn record(state: &mut State, method: &str, call: &Call, outcome: &str) {
    let (method, outcome) = (method.to_owned(), outcome.to_owned());
    state.record(CallRecord { at: call.now, method, args: json!(call.args), outcome });
}

fn judge_names(state: &mut State, call: &Call, method: &Method) {
    // `api.test` echoes whatever it is given.
    if method.name == "api.test" {
        return;
    }
    let known: Vec<&str> = method.args.split_whitespace().collect();
    for key in call.args.keys().filter(|key| !known.contains(&key.as_str())) {
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
            Some((status, kind, "<html><body>Something went wrong.</body></html>").into_response())
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
    let parts = [Ok(Bytes::from_static(b"{\"ok\":tr")), Err(std::io::Error::other("scripted"))];
    let body = Body::from_stream(futures_util::stream::iter(parts));
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_LENGTH, "200")];
    (headers, body).into_response()
}
