//! What one-time codes came to, in the SQLite file: a row for each person.

use crate::domain::one_time_code::CodeBook;
use crate::ports::journal::{Codes, StoreError};
use crate::store::sqlite::{Sqlite, unreachable};
use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

#[async_trait]
impl Codes for Sqlite {
    async fn code_book(&self, person: &str) -> Result<CodeBook, StoreError> {
        let (query, person) = ("SELECT book FROM codes WHERE person = ?1", person.to_owned());
        let kept: Option<String> = self
            .read(move |connection| {
                connection.query_row(query, [person], |row| row.get(0)).optional()
            })
            .await?;
        kept.map_or_else(
            || Ok(CodeBook::default()),
            |text| serde_json::from_str(&text).map_err(unreadable),
        )
    }

    async fn keep_codes(&self, person: &str, book: &CodeBook) -> Result<bool, StoreError> {
        let text = serde_json::to_string(book).map_err(unreadable)?;
        let number = i64::try_from(book.number).map_err(|error| StoreError(error.to_string()))?;
        let person = person.to_owned();
        let written = self.writer.write(move |connection| {
            let kept = connection.execute(
                "INSERT INTO codes (person, number, book) SELECT ?1, ?2, ?3
                 WHERE ?2 = 1 OR EXISTS (SELECT 1 FROM codes WHERE person = ?1)
                 ON CONFLICT (person) DO UPDATE SET number = ?2, book = ?3 WHERE number = ?2 - 1",
                params![person, number, text],
            )?;
            Ok(kept == 1)
        });
        written.await.map_err(unreachable)
    }
}

/// A book that cannot be read lets no code count.
fn unreadable(error: serde_json::Error) -> StoreError {
    StoreError(format!("what became of earlier one-time codes cannot be read: {error}"))
}
