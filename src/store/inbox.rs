//! What is still to be read, in the SQLite file.

use crate::ports::journal::{Inbox, Kept, StoreError};
use crate::store::sqlite::Sqlite;
use async_trait::async_trait;
use rusqlite::types::Value;

#[async_trait]
impl Inbox for Sqlite {
    async fn keep(&self, kept: &Kept) -> Result<(), StoreError> {
        let statement = "INSERT INTO inbox (id, what) VALUES (?1, ?2)
                         ON CONFLICT (id) DO UPDATE SET what = ?2";
        self.run(statement, [kept.id.clone(), kept.what.clone()].map(Value::from)).await
    }

    async fn kept(&self) -> Result<Vec<Kept>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT id, what FROM inbox ORDER BY id")?;
            let rows =
                statement.query_map([], |row| Ok(Kept { id: row.get(0)?, what: row.get(1)? }))?;
            rows.collect()
        })
        .await
    }

    async fn forget(&self, id: &str) -> Result<(), StoreError> {
        self.run("DELETE FROM inbox WHERE id = ?1", [Value::from(id.to_owned())]).await
    }
}
