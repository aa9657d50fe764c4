//! What operators and load balancers ask: is it alive, can it decide, how much waits.

use crate::http::Service;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// A readiness probe that takes longer is a no.
const PROBE_TIME_MAX: Duration = Duration::from_secs(2);

/// The process answers.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Decisions can be taken: the journal answers.
pub async fn readyz(State(service): State<Arc<Service>>) -> Response {
    match tokio::time::timeout(PROBE_TIME_MAX, service.desk.probe()).await {
        Ok(Ok((open, brake))) => {
            let in_hand = service.worker.cases_in_hand();
            let mut body = format!("ready; {} open cases, {in_hand} in hand\n", open.len());
            body.extend(service.worker.oldest_wait().map(|wait| {
                format!("the oldest work that is due has waited {} s\n", wait.as_secs())
            }));
            let brake = brake.filter(|brake| brake.frozen);
            body.extend(brake.map(|brake| format!("{}\n", brake.words())));
            body.into_response()
        }
        Ok(Err(error)) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {error}\n")).into_response()
        }
        Err(_) => {
            let body = "not ready: the journal did not answer within 2 s\n";
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

/// Counters in Prometheus' text format.
pub async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let mut body = String::new();
    // Writing into a string cannot fail.
    let _ = writeln!(body, "# TYPE keyleak_cases_in_hand gauge");
    let _ = writeln!(body, "keyleak_cases_in_hand {}", service.worker.cases_in_hand());
    let wait = service.worker.oldest_wait().map_or(0, |wait| wait.as_secs());
    let _ = writeln!(body, "# HELP keyleak_oldest_wait_seconds Age of the oldest undone work");
    let _ = writeln!(body, "# TYPE keyleak_oldest_wait_seconds gauge");
    let _ = writeln!(body, "keyleak_oldest_wait_seconds {wait}");
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, body).into_response()
}
