//! A running bot: worker and addresses around one desk; the caller owns the listener and the end.

use crate::flow::acquaintance;
use crate::flow::desk::Desk;
use crate::http::connection::Connection;
use crate::http::errands::Errands;
use crate::http::wall::Wall;
use crate::http::{Service, app};
use crate::socket::{self, Way};
use crate::worker::Worker;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Requests in hand are answered within Slack's three seconds; who holds a connection open longer,
/// or a private answer that Slack does not take, is not waited for.
const FRONT_TIME_MAX: Duration = Duration::from_secs(10);

/// How Slack proves itself to this bot.
#[derive(Debug)]
pub struct Gate {
    /// For requests; without any, all of them are refused.
    pub signing_secrets: Vec<SecretString>,
    pub app_id: Option<String>,
    /// For Socket Mode, where Slack cannot reach this service.
    pub socket: Option<Way>,
}

/// A bot that runs until it is shut down.
#[derive(Debug)]
pub struct Bot {
    pub desk: Arc<Desk>,
    worker: Arc<Worker>,
    listening: CancellationToken,
    front: TaskTracker,
}

impl Bot {
    /// Starts the worker and serves the addresses on the listener. `holder` names this process.
    pub fn start(desk: Desk, gate: Gate, listener: TcpListener, holder: String) -> Self {
        let desk = Arc::new(desk);
        let worker = Worker::new(Arc::clone(&desk), holder, TaskTracker::new());
        let front = TaskTracker::new();
        let listening = CancellationToken::new();
        let connection = gate.socket.is_some().then(Arc::<Connection>::default);
        let service = Arc::new(Service {
            errands: Errands::start(&desk, &front),
            desk: Arc::clone(&desk),
            worker: Arc::clone(&worker),
            wall: Wall::new(gate.signing_secrets),
            app_id: gate.app_id,
            connection: connection.clone(),
        });
        if let (Some(way), Some(connection)) = (gate.socket, connection) {
            socket::start(&service, &connection, way, (&listening, &front));
        }
        let over = listening.clone();
        front.spawn(async move {
            let serving = axum::serve(listener, app(service))
                .with_graceful_shutdown(async move { over.cancelled().await });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the service has stopped listening");
            }
        });
        let (known, over) = (Arc::clone(&desk), listening.clone());
        front
            .spawn(async move { over.run_until_cancelled(acquaintance::keep_fresh(&known)).await });
        worker.start();
        Self { desk, worker, listening, front }
    }

    /// Ends as a process that is killed does, as far as that can be done from inside.
    pub fn cut_off(&self) {
        self.listening.cancel();
        self.worker.cut_off();
    }

    /// Takes no more requests, lets the work in hand come to its next journaled point, and ends.
    pub async fn shut_down(self) {
        self.listening.cancel();
        self.worker.shut_down().await;
        self.front.close();
        if tokio::time::timeout(FRONT_TIME_MAX, self.front.wait()).await.is_err() {
            tracing::warn!("a request or a private answer was cut off at the end");
        }
    }
}
