//! The brakes in the SQLite file: every move is kept and the newest counts; one tally for the caps.

use crate::domain::brake::Brake;
use crate::domain::caps::Tally;
use crate::ports::journal::{Brakes, StoreError};
use crate::store::sqlite::{Sqlite, unreachable};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl Brakes for Sqlite {
    async fn brake(&self) -> Result<Option<Brake>, StoreError> {
        let query = "SELECT brake FROM brakes ORDER BY number DESC LIMIT 1";
        let newest: Option<String> = self
            .read(move |connection| connection.query_row(query, [], |row| row.get(0)).optional())
            .await?;
        newest.map(|text| serde_json::from_str(&text).map_err(unreadable)).transpose()
    }

    async fn move_brake(&self, brake: &Brake) -> Result<bool, StoreError> {
        let text = serde_json::to_string(brake).map_err(unreadable)?;
        let number = i64::try_from(brake.number).map_err(|error| StoreError(error.to_string()))?;
        let written = self.writer.write(move |connection| {
            let kept = connection.execute(
                "INSERT INTO brakes (number, brake) VALUES (?1, ?2)
                 ON CONFLICT (number) DO NOTHING",
                params![number, text],
            )?;
            Ok(kept == 1)
        });
        written.await.map_err(unreachable)
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        let query = "SELECT tally FROM tally WHERE id = 1";
        let kept: Option<String> = self
            .read(move |connection| connection.query_row(query, [], |row| row.get(0)).optional())
            .await?;
        kept.map_or_else(
            || Ok(Tally::default()),
            |text| serde_json::from_str(&text).map_err(unreadable),
        )
    }

    async fn count(&self, tally: &Tally) -> Result<bool, StoreError> {
        let text = serde_json::to_string(tally).map_err(unreadable)?;
        let number = i64::try_from(tally.number).map_err(|error| StoreError(error.to_string()))?;
        let written = self.writer.write(move |connection| {
            let kept = connection.execute(
                "INSERT INTO tally (id, number, tally) SELECT 1, ?1, ?2
                 WHERE ?1 = 1 OR EXISTS (SELECT 1 FROM tally)
                 ON CONFLICT (id) DO UPDATE SET number = ?1, tally = ?2 WHERE number = ?1 - 1",
                params![number, text],
            )?;
            Ok(kept == 1)
        });
        written.await.map_err(unreachable)
    }
}

/// A brake that cannot be read counts as on: whoever asks gets an error, and begins nothing.
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError(format!("the brake or the tally cannot be read: {error}"))
}
