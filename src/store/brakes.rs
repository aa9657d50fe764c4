//! The moves of the brake in the SQLite file: each is kept, and the newest counts.

use crate::domain::brake::Brake;
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
}

/// A brake that cannot be read counts as on: whoever asks gets an error, and begins nothing.
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError(format!("a move of the brake cannot be read: {error}"))
}
