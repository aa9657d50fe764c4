//! The store that needs nothing but a disk does what every store of decisions must do.

use crate::journal_contract::{journal_contract, work_contract};
use keyleak::store::sqlite::Sqlite;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_journal_as_every_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("journal.sqlite")).unwrap();
    journal_contract(&store, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_claims_and_leases_as_every_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&folder.path().join("journal.sqlite")).unwrap();
    work_contract(&store, "sqlite").await;
}
