//! Somebody who watches every channel, and asks the table about each decision that is shown.

use crate::service::Service;
use crate::troubled::Town;
use crate::troubled_case::{LOOK_EVERY, case_ids, stored};
use aws_sdk_dynamodb::Client;
use keyleak::sim::slack::server::SimSlack;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// Looks at every channel after every change, and asks the table about each decision it sees.
pub(crate) struct Watch {
    found: Arc<Mutex<Vec<String>>>,
    over: CancellationToken,
    watching: AbortOnDropHandle<()>,
}

impl Watch {
    pub(crate) fn begin(town: &Town) -> Self {
        let (found, over) = (Arc::<Mutex<Vec<String>>>::default(), CancellationToken::new());
        let watched = (Arc::clone(&found), over.clone());
        let (slack, tables) = (town.service.slack.clone(), town.tables.clone());
        let watching = TaskTracker::new();
        let watching = watching.spawn(async move { watch((&slack, &tables), watched).await });
        Self { found, over, watching: AbortOnDropHandle::new(watching) }
    }

    /// What was shown without being stored.
    pub(crate) async fn end(self) -> Vec<String> {
        self.over.cancel();
        self.watching.await.expect("the watch did not break off");
        self.found.lock().expect("nobody panicked").clone()
    }

    pub(crate) async fn wait_for_a_finding(&self, town: &Town) {
        let found =
            |_: &Service| (!self.found.lock().expect("nobody panicked").is_empty()).then_some(());
        town.service.wait("the watch sees what is not stored", found).await;
    }
}

async fn watch(
    (slack, tables): (&SimSlack, &Client),
    (found, over): (Arc<Mutex<Vec<String>>>, CancellationToken),
) {
    let mut changes = slack.watch();
    let mut known: BTreeSet<(String, &str)> = BTreeSet::new();
    loop {
        changes.mark_unchanged();
        for channel in slack.channels() {
            let Some(four) = channel.name.strip_prefix("keyleak-") else { continue };
            let mark = format!("-{}-", four.split('-').next().unwrap_or_default());
            for kind in decisions_in(&slack.messages(&channel.id)) {
                if known.insert((mark.clone(), kind)) && !is_stored(tables, &mark, kind).await {
                    let shown = format!("{mark} is shown as {kind} and the table does not have it");
                    found.lock().expect("nobody panicked").push(shown);
                }
            }
        }
        let changed = over.run_until_cancelled(changes.changed()).await;
        if !matches!(changed, Some(Ok(()))) {
            return;
        }
        // What is shown stays, so one look at several changes is enough.
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn is_stored(tables: &Client, mark: &str, kind: &str) -> bool {
    for case in case_ids(tables, mark).await {
        if !stored(tables, &case, kind).await.is_empty() {
            return true;
        }
    }
    false
}

/// The kinds of decisions that messages show as taken.
fn decisions_in(messages: &[Value]) -> BTreeSet<&'static str> {
    let mut shown = BTreeSet::new();
    for message in messages {
        let text = message["text"].as_str().unwrap_or_default();
        if text.contains("denied plan") || message["blocks"].to_string().contains("Denied by: ") {
            shown.insert("denied");
        }
        if is_shown_as_approved(&message["blocks"]) {
            shown.insert("approved");
        }
    }
    shown
}

/// Whether somebody stands after "Approved by".
fn is_shown_as_approved(value: &Value) -> bool {
    match value {
        Value::Array(items) => {
            let pairs = items.windows(2);
            let named = |pair: &[Value]| {
                pair[0]["text"] == "Approved by: " && pair[1]["text"] != "nobody yet"
            };
            pairs.into_iter().any(named) || items.iter().any(is_shown_as_approved)
        }
        Value::Object(fields) => fields.values().any(is_shown_as_approved),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
