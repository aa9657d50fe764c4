//! What operators and load balancers ask: is it alive, can it decide, how much waits.

use crate::domain::caps::Caps;
use crate::flow::desk::Found;
use crate::http::Service;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// A readiness probe that takes longer is a no.
const PROBE_TIME_MAX: Duration = Duration::from_secs(2);

/// The worker looks for work every two seconds, and a store may take some more to answer; one that
/// has not looked for so long has ended.
const SILENCE_MAX: SignedDuration = SignedDuration::from_secs(120);

/// The process answers and its worker lives; where it does not, a restart helps.
pub async fn healthz(State(service): State<Arc<Service>>) -> Response {
    match service.worker.beat().turned {
        Some(turned) if turned + SILENCE_MAX < service.desk.clock.now() => {
            let body = format!("the worker has not looked for work since {turned}; restart it\n");
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
        Some(_) | None => "ok\n".into_response(),
    }
}

/// Decisions can be taken: the journal answers.
pub async fn readyz(State(service): State<Arc<Service>>) -> Response {
    match tokio::time::timeout(PROBE_TIME_MAX, service.desk.probe()).await {
        Ok(Ok(Found { open, brake, tally })) => {
            if let Some(why) = service.connection.as_ref().and_then(|to| to.trouble()) {
                let body = format!("not ready: no connection to Slack: {why}\n");
                return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
            }
            let in_hand = service.worker.cases_in_hand();
            let mut body = format!("ready; {} open cases, {in_hand} in hand\n", open.len());
            body.extend(service.worker.beat().found.map(|found| {
                format!("the worker last knew all the work that there is at {found}\n")
            }));
            body.extend(service.worker.oldest_wait().map(|wait| {
                format!("the oldest work that is due has waited {} s\n", wait.as_secs())
            }));
            let (cases, principals) = tally.counts(service.desk.clock.now());
            let Caps { cases_per_hour, principals_per_hour } = service.desk.rules.caps;
            // Writing into a string cannot fail.
            let _ = writeln!(
                body,
                "changes begun within the last hour: {cases} of at most {cases_per_hour} cases, \
                 {principals} of at most {principals_per_hour} principals"
            );
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
    // Practice is no work: whoever watches these numbers must not be alarmed by it.
    let (in_hand, wait) = if service.desk.rules.drill {
        let _ = writeln!(body, "# DRILL: its cases are not counted");
        (0, None)
    } else {
        (service.worker.cases_in_hand(), service.worker.oldest_wait())
    };
    let _ = writeln!(body, "# TYPE keyleak_cases_in_hand gauge");
    let _ = writeln!(body, "keyleak_cases_in_hand {in_hand}");
    let wait = wait.map_or(0, |wait| wait.as_secs());
    let _ = writeln!(body, "# HELP keyleak_oldest_wait_seconds Age of the oldest undone work");
    let _ = writeln!(body, "# TYPE keyleak_oldest_wait_seconds gauge");
    let _ = writeln!(body, "keyleak_oldest_wait_seconds {wait}");
    if let Some(connection) = &service.connection {
        body.push_str(&connection.metrics());
    }
    if let Some(found) = service.worker.beat().found {
        let _ = writeln!(body, "# HELP keyleak_heartbeat_timestamp_seconds Last look for work");
        let _ = writeln!(body, "# TYPE keyleak_heartbeat_timestamp_seconds gauge");
        let _ = writeln!(body, "keyleak_heartbeat_timestamp_seconds {}", found.as_second());
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (kind, body).into_response()
}
