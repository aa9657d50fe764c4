//! The dead-man signal: a worker that has ended is told from one that only finds nothing to do.

use crate::stage::Stage;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use keyleak::http::errands::Errands;
use keyleak::http::wall::Wall;
use keyleak::http::{Service, app};
use keyleak::worker::Worker;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Long enough for the stage's clock to pass two minutes, many times over.
const PATIENCE: Duration = Duration::from_secs(20);

async fn get(service: &Arc<Service>, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = app(Arc::clone(service)).oneshot(request).await.unwrap();
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Asks until it answers so; whether it did in time.
async fn comes(
    service: &Arc<Service>,
    path: &str,
    wanted: impl Fn(StatusCode, &str) -> bool,
) -> bool {
    let asking = async {
        loop {
            let (status, said) = get(service, path).await;
            if wanted(status, &said) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_has_ended_is_seen_from_outside() {
    let stage = Stage::set().await;
    let desk = Arc::clone(stage.world.desk().unwrap());
    let tracker = TaskTracker::new();
    let worker = Worker::new(Arc::clone(&desk), "second".to_owned(), TaskTracker::new());
    let service = Arc::new(Service {
        errands: Errands::start(&desk, &tracker),
        desk,
        worker: Arc::clone(&worker),
        wall: Wall::new(Vec::new()),
        app_id: None,
        connection: None,
    });
    let (status, said) = get(&service, "/metrics").await;
    assert!(status.is_success() && !said.contains("keyleak_heartbeat"), "not before it looked");
    worker.start();
    let beats = |_, said: &str| said.contains("\nkeyleak_heartbeat_timestamp_seconds ");
    assert!(comes(&service, "/metrics", beats).await);
    let says_when =
        |_, said: &str| said.contains("the worker last knew all the work that there is");
    assert!(comes(&service, "/readyz", says_when).await);
    assert_eq!(get(&service, "/healthz").await.0, StatusCode::OK, "the negative control");

    worker.cut_off();
    let dead = |status, said: &str| {
        status == StatusCode::SERVICE_UNAVAILABLE && said.contains("restart it")
    };
    assert!(comes(&service, "/healthz", dead).await);
    stage.strike().await;
}
