//! Stops queries in Athena that nobody waits for.

use crate::aws::error::call_error;
use aws_sdk_athena::Client;
use tokio_util::task::TaskTracker;

pub(super) const STOP: &str = "athena:StopQueryExecution";

/// Stops a query that nobody waits for any more: it would go on to cost money.
#[derive(Debug)]
pub(super) struct Stopper {
    pub(super) client: Client,
    pub(super) tasks: TaskTracker,
    /// None once it came to its end.
    pub(super) query_id: Option<String>,
}

impl Drop for Stopper {
    fn drop(&mut self) {
        let Some(query_id) = self.query_id.take() else {
            return;
        };
        // Outside the runtime nothing can be sent, and the process is ending anyway.
        if tokio::runtime::Handle::try_current().is_err() {
            return;
        }
        let client = self.client.clone();
        self.tasks.spawn(async move { stop(&client, query_id).await });
    }
}

/// Stops it; who can do no more about it says so.
pub(super) async fn stop(client: &Client, query_id: String) {
    if let Err(error) = client.stop_query_execution().query_execution_id(query_id).send().await {
        let error = call_error(STOP, &error);
        tracing::warn!(%error, "a query that nobody waits for could not be stopped");
    }
}
