//! A bot whose tables are not there yet: everybody hears what is missing, and it needs no restart.

use crate::frame::{Missing, trial_async};
use crate::leak::leak;
use crate::parts::Parts;
use crate::service::{Journal, Service};
use crate::store_tables::make_tables;
use libtest_mimic::Trial;
use std::sync::Arc;

const REMEDY: &str = "create it with what `keyleak manifest table` prints";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    let name = "a_missing_table_is_named_to_everybody_and_needs_no_restart_once_it_is_there";
    vec![trial_async(name, move || async move { story(&parts, "270000000003").await })]
}

async fn story(parts: &Parts, account: &str) -> Result<(), Missing> {
    let leak = leak(parts, account).await?;
    let service = Service::start_on(&leak, Journal::DynamoDb, "").await;
    let logged = |service: &Service| {
        let log = service.log();
        (log.contains("no decision can be recorded yet") && log.contains(REMEDY)).then_some(())
    };
    service.wait("the log names the remedy", logged).await;
    let said = service.readyz();
    assert!(said.starts_with("HTTP/1.0 503"), "{said}");
    assert!(said.contains("the table keyleak-") && said.contains(REMEDY), "{said}");
    let answer = service.slash_once(&leak.key.id).await.body;
    assert!(answer.contains("Not recorded") && answer.contains("/readyz"), "{answer}");

    make_tables(&leak.owner.root.dynamodb).await;
    let said = service.readyz();
    assert!(said.starts_with("HTTP/1.0 200"), "{said}");
    let answer = service.slash(&leak.key.id).await.body;
    assert!(answer.contains("Opened case"), "nothing of the first try is in the way: {answer}");
    Ok(())
}
