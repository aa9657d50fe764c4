//! A proxy in front of the emulated AWS that writes the trail CloudTrail would have delivered.

mod athena;
pub(crate) mod delivery;
mod identity;
mod record;
mod supply;
mod wire;

use crate::sql_judge::SqlJudge;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use jiff::Timestamp;
use keyleak::ports::clock::Clock;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use supply::Supply;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The largest request or answer that is forwarded; nothing the trials send comes near.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One request and its answer, as they passed.
#[derive(Debug)]
struct Exchange {
    at: Timestamp,
    source_ip: String,
    path: String,
    query: Option<String>,
    method: String,
    headers: HeaderMap,
    request: Bytes,
    status: StatusCode,
    answer_headers: HeaderMap,
    answer: Bytes,
}

/// The proxy and its delivery; dropping it stops both.
#[derive(Debug)]
pub(crate) struct Recorder {
    passing: Arc<Passing>,
    folder: PathBuf,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// What every request passes by.
#[derive(Debug)]
struct Passing {
    upstream: SocketAddr,
    client: Client<HttpConnector, Body>,
    clock: Clock,
    people: Mutex<identity::People>,
    waiting: Mutex<delivery::Waiting>,
    translator: OnceLock<Mutex<SqlJudge>>,
    /// What is answered in place of the emulator where it does not know a call.
    supplies: OnceLock<Supply>,
    /// The one account whose trail this is, where there are others.
    owner: OnceLock<String>,
}

#[derive(Debug, Clone)]
struct Door {
    passing: Arc<Passing>,
    source_ip: String,
}

impl Recorder {
    /// Records what passes to `upstream` and delivers below `folder`, each record `delay` later.
    pub(crate) fn new(upstream: SocketAddr, folder: &Path, clock: Clock, delay: Duration) -> Self {
        let passing = Arc::new(Passing {
            upstream,
            client: Client::builder(TokioExecutor::new()).build_http(),
            clock,
            people: Mutex::default(),
            waiting: Mutex::new(delivery::Waiting::new(folder, delay)),
            translator: OnceLock::new(),
            supplies: OnceLock::new(),
            owner: OnceLock::new(),
        });
        let recorder = Self {
            passing,
            folder: folder.to_owned(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        recorder.tasks.spawn(deliver(Arc::clone(&recorder.passing), recorder.stop.clone()));
        recorder
    }

    /// From now on SQL for Athena is put into the words of the engine behind the emulator.
    pub(crate) fn understand_athena(&self, judge: SqlJudge) {
        self.passing.translator.set(Mutex::new(judge)).expect("it is set once");
    }

    /// From now on what the emulator's users cannot have is listed as nothing, and not refused.
    pub(crate) fn supply_empty_lists(&self) {
        self.passing.supplies.set(Supply::EmptyLists).expect("it is set once");
    }

    /// From now on every user has one of each such credential, which can be changed and deleted.
    pub(crate) fn supply_side_credentials(&self) {
        self.passing.supplies.set(Supply::OneOfEach).expect("it is set once");
    }

    /// From now on only what CloudTrail delivers to this account is delivered.
    pub(crate) fn deliver_only_to(&self, account: &str) {
        self.passing.owner.set(account.to_owned()).expect("it is set once");
    }

    /// Opens a door; whoever comes through it is recorded as calling from `source_ip`.
    pub(crate) async fn door(&self, source_ip: &str) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let door = Door { passing: Arc::clone(&self.passing), source_ip: source_ip.into() };
        let router = Router::new().fallback(pass).with_state(door);
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let serve = async { axum::serve(listener, router).await };
            let _ = stop.run_until_cancelled(serve).await;
        });
        address
    }

    /// Where the objects are delivered.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Delivers everything that still waits, as if the delay had passed.
    pub(crate) fn flush(&self) {
        let mut waiting = self.passing.waiting.lock().expect("nobody panicked");
        waiting.deliver_until(Timestamp::MAX);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Hands over due records as long as the recorder lives.
async fn deliver(passing: Arc<Passing>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::time::sleep(delivery::LOOK_EVERY).await;
        let now = passing.clock.now();
        passing.waiting.lock().expect("nobody panicked").deliver_until(now);
    }
}

async fn pass(State(door): State<Door>, request: Request<Body>) -> Response<Body> {
    match forward(&door, request).await {
        Ok(answer) => answer,
        Err(reason) => {
            let mut answer = Response::new(Body::from(reason));
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
    }
}

async fn forward(door: &Door, request: Request<Body>) -> Result<Response<Body>, String> {
    let Door { passing, source_ip } = door;
    let at = passing.clock.now();
    let (mut head, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.map_err(|error| error.to_string())?;
    let path = head.uri.path().to_owned();
    let query = head.uri.query().map(ToOwned::to_owned);
    // The path goes on as it came: encoding it again would break the signature over it. The Host
    // header stays too, because it is signed.
    let target = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = format!("http://{}{target}", passing.upstream);
    head.uri = uri.parse().map_err(|_| format!("{uri} is no address"))?;
    let (method, headers) = (head.method.to_string(), head.headers.clone());
    let sent = match passing.translate(&mut head.headers, body.clone()) {
        Ok(sent) => sent,
        Err(refusal) => return Ok(refused(&refusal)),
    };
    let onward = Request::from_parts(head, Body::from(sent));
    let answer = passing.client.request(onward).await.map_err(|error| error.to_string())?;
    let (mut head, answer) = answer.into_parts();
    let answer = to_bytes(Body::new(answer), BODY_BYTES_MAX).await;
    let answer = answer.map_err(|error| error.to_string())?;
    // Whether the caller may was judged by then.
    if let Some(supplied) = passing.supplies.get().and_then(|all| all.instead(&body, &answer)) {
        return Ok(Response::new(Body::from(supplied)));
    }
    let exchange = Exchange {
        at,
        source_ip: source_ip.clone(),
        path,
        query,
        method,
        headers,
        request: body,
        status: head.status,
        answer_headers: head.headers.clone(),
        answer: answer.clone(),
    };
    passing.note(&exchange);
    // The whole body is in hand, so its length is known again.
    head.headers.remove(header::TRANSFER_ENCODING);
    Ok(Response::from_parts(head, Body::from(answer)))
}

/// A refusal in the JSON protocol.
fn refused(refusal: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(refusal.to_string()));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    let kind = HeaderValue::from_static("application/x-amz-json-1.1");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

impl Passing {
    /// What goes on instead of `body`; only a query for Athena is changed.
    fn translate(&self, headers: &mut HeaderMap, body: Bytes) -> Result<Bytes, Value> {
        let Some(judge) = self.translator.get() else {
            return Ok(body);
        };
        let people = self.people.lock().expect("nobody panicked");
        let mut judge = judge.lock().expect("nobody panicked");
        athena::translate(headers, body, &mut judge, &people)
    }

    fn note(&self, exchange: &Exchange) {
        let Some(call) = wire::read(exchange) else {
            return;
        };
        let mut people = self.people.lock().expect("nobody panicked");
        let written = record::write(exchange, &call, &people);
        people.learn(exchange.at, &call);
        let mut waiting = self.waiting.lock().expect("nobody panicked");
        let elsewhere = written.as_ref().and_then(record::as_the_owner_of_the_role_sees_it);
        for record in written.into_iter().chain(elsewhere) {
            let is_theirs = |owner: &String| record["recipientAccountId"] == owner.as_str();
            if self.owner.get().is_none_or(is_theirs) {
                waiting.add(exchange.at, record);
            }
        }
    }
}
