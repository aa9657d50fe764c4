//! The journal and the work tables in one SQLite file, safe under several processes on one host.

use crate::domain::digest::canonical;
use crate::domain::ids::CaseId;
use crate::domain::record::Record;
use crate::ports::journal::{
    AppendError, Claim, Journal, Lease, Listed, StoreError, StoredLines, Work,
};
use crate::store::writer::{WriteError, Writer};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one process waits for another's transaction before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(5);
/// The schema, one entry per version; a file of an older version is brought up step by step.
const MIGRATIONS: [&str; 5] = [
    include_str!("schema.sql"),
    include_str!("brakes.sql"),
    include_str!("inbox.sql"),
    include_str!("tally.sql"),
    include_str!("codes.sql"),
];

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the journal {path} cannot be opened ({reason}); check the path and its permissions")]
    Database { path: PathBuf, reason: String },
    #[error("the journal {path} was written by a newer keyleak (schema {found}); use that version")]
    Newer { path: PathBuf, found: usize },
    #[error("{path} is no journal of keyleak; name the file that serve or drill --keep wrote")]
    Foreign { path: PathBuf },
}

impl OpenError {
    fn database(path: &Path, error: &dyn std::fmt::Display) -> Self {
        Self::Database { path: path.to_owned(), reason: error.to_string() }
    }
}

/// The embedded store.
#[derive(Debug, Clone)]
pub struct Sqlite {
    pub(super) writer: Writer,
    reader: Arc<Mutex<Connection>>,
}

impl Sqlite {
    /// Opens the file, makes it if it is not there, and brings its schema up to date.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |error: &dyn std::fmt::Display| OpenError::database(path, error);
        let mut connection = connect(path).map_err(|error| failed(&error))?;
        let found = migrate(&mut connection).map_err(|error| failed(&error))?;
        if found > MIGRATIONS.len() {
            return Err(OpenError::Newer { path: path.to_owned(), found });
        }
        let reader = connect(path).map_err(|error| failed(&error))?;
        let writer = Writer::start(connection).map_err(|error| failed(&error))?;
        Ok(Self { writer, reader: Arc::new(Mutex::new(reader)) })
    }

    /// Opens a file that must be there, as it is, and never writes to it: it may be evidence, or
    /// lie where nobody may write.
    pub fn open_to_read(path: &Path) -> Result<Self, OpenError> {
        let failed = |error: &dyn std::fmt::Display| OpenError::database(path, error);
        let reader = connect_to_read(path).map_err(|error| failed(&error))?;
        let found = schema_version(&reader).map_err(|error| failed(&error))?;
        let foreign = |_| OpenError::Foreign { path: path.to_owned() };
        reader.prepare("SELECT case_id, seq, record FROM journal").map_err(foreign)?;
        if found > MIGRATIONS.len() {
            return Err(OpenError::Newer { path: path.to_owned(), found });
        }
        Ok(Self { writer: Writer::none(), reader: Arc::new(Mutex::new(reader)) })
    }

    /// The journal mode and the `synchronous` level that SQLite says it uses.
    pub fn durability(&self) -> rusqlite::Result<(String, i64)> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mode = reader.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
        Ok((mode, reader.query_row("PRAGMA synchronous", [], |row| row.get(0))?))
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        let reading = tokio::task::spawn_blocking(move || {
            work(&reader.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let outcome = reading.await.map_err(|error| StoreError(error.to_string()))?;
        outcome.map_err(|error| StoreError(error.to_string()))
    }
}

#[async_trait]
impl Journal for Sqlite {
    async fn append(&self, record: &Record) -> Result<(), AppendError> {
        let text = String::from_utf8_lossy(&canonical(record)).into_owned();
        let (case, seq) = (record.case.0.clone(), record.seq as i64);
        let stored = self.writer.write(move |connection| {
            let inserted = connection.execute(
                "INSERT INTO journal (case_id, seq, record) VALUES (?1, ?2, ?3)
                 ON CONFLICT (case_id, seq) DO NOTHING",
                params![case, seq, text],
            )?;
            if inserted == 1 {
                return Ok(true);
            }
            let there: String = connection.query_row(
                "SELECT record FROM journal WHERE case_id = ?1 AND seq = ?2",
                params![case, seq],
                |row| row.get(0),
            )?;
            Ok(there == text)
        });
        match stored.await {
            Ok(true) => Ok(()),
            Ok(false) => Err(AppendError::Conflict),
            Err(WriteError(why)) => Err(AppendError::Unavailable(why)),
        }
    }

    async fn read(&self, case: &CaseId, after: u64) -> Result<Vec<String>, StoreError> {
        let case = case.0.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, record FROM journal WHERE case_id = ?1 AND seq > ?2 ORDER BY seq",
            )?;
            let mut stored = StoredLines::after(after);
            let mut rows = statement.query(params![case, after as i64])?;
            while let Some(row) = rows.next()? {
                // What is no text any more must show when the chain is checked, not stop the check.
                let bytes = row.get_ref(1)?.as_bytes().unwrap_or_default();
                let line = String::from_utf8_lossy(bytes).into_owned();
                stored.push(u64::try_from(row.get::<_, i64>(0)?).unwrap_or_default(), line);
            }
            Ok(stored.into_lines())
        })
        .await
    }
}

#[async_trait]
impl Work for Sqlite {
    async fn claim_key(&self, key_digest: &str, case: &CaseId) -> Result<CaseId, StoreError> {
        let (digest, case) = (key_digest.to_owned(), case.0.clone());
        let written = self.writer.write(move |connection| {
            connection.execute(
                "INSERT INTO claims (key_digest, case_id) VALUES (?1, ?2)
                 ON CONFLICT (key_digest) DO NOTHING",
                params![digest, case],
            )?;
            connection.query_row(
                "SELECT case_id FROM claims WHERE key_digest = ?1",
                params![digest],
                |row| row.get(0).map(CaseId),
            )
        });
        written.await.map_err(unreachable)
    }

    async fn release_key(&self, key_digest: &str, case: &CaseId) -> Result<(), StoreError> {
        let (digest, case) = (key_digest.to_owned(), case.0.clone());
        let statement = "DELETE FROM claims WHERE key_digest = ?1 AND case_id = ?2";
        self.run(statement, [digest, case].map(Value::from)).await
    }

    async fn list_open(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        let statement = "INSERT INTO cases (case_id, open, listed_at_ms) VALUES (?1, 1, ?2)
                         ON CONFLICT (case_id) DO UPDATE SET open = 1, unlisted_at_ms = NULL";
        self.run(statement, [Value::from(case.0.clone()), milliseconds(now)]).await
    }

    async fn unlist(&self, case: &CaseId, now: Timestamp) -> Result<(), StoreError> {
        let statement = "UPDATE cases SET open = 0, unlisted_at_ms = ?2
                         WHERE case_id = ?1 AND open = 1";
        self.run(statement, [Value::from(case.0.clone()), milliseconds(now)]).await
    }

    async fn open_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.list("SELECT case_id FROM cases WHERE open = 1 ORDER BY listed").await
    }

    async fn cases_since(&self, since: Timestamp) -> Result<Vec<Listed>, StoreError> {
        let since_ms = since.as_millisecond();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT case_id, listed_at_ms FROM cases
                 WHERE open = 1 OR unlisted_at_ms >= ?1 ORDER BY listed",
            )?;
            let rows = statement.query_map(params![since_ms], |row| {
                let at = Timestamp::from_millisecond(row.get(1)?).unwrap_or_default();
                Ok(Listed { case: CaseId(row.get(0)?), at })
            })?;
            rows.collect()
        })
        .await
    }

    async fn all_cases(&self) -> Result<Vec<CaseId>, StoreError> {
        self.list("SELECT case_id FROM cases ORDER BY listed").await
    }

    async fn lease(
        &self,
        case: &CaseId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        let lease = Lease { case: case.clone(), holder: holder.to_owned(), until };
        let (asked, now) = (lease.clone(), now.as_millisecond());
        let written = self.writer.write(move |connection| {
            let taken = connection.execute(
                "INSERT INTO leases (case_id, holder, until_ms) VALUES (?1, ?2, ?3)
                 ON CONFLICT (case_id) DO UPDATE SET holder = ?2, until_ms = ?3
                 WHERE holder = ?2 OR until_ms <= ?4",
                params![asked.case.0, asked.holder, asked.until.as_millisecond(), now],
            )?;
            if taken == 1 {
                return Ok(None);
            }
            connection.query_row(
                "SELECT holder, until_ms FROM leases WHERE case_id = ?1",
                params![asked.case.0],
                |row| Ok(Some((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))),
            )
        });
        Ok(match written.await.map_err(unreachable)? {
            None => Claim::Mine(lease),
            Some((holder, until_ms)) => {
                let until = Timestamp::from_millisecond(until_ms).unwrap_or(Timestamp::MIN);
                Claim::Theirs(Lease { holder, until, ..lease })
            }
        })
    }

    async fn take_over(
        &self,
        seen: &Lease,
        holder: &str,
        until: Timestamp,
    ) -> Result<Option<Lease>, StoreError> {
        let lease = Lease { case: seen.case.clone(), holder: holder.to_owned(), until };
        let (asked, seen) = (lease.clone(), seen.clone());
        let written = self.writer.write(move |connection| {
            connection.execute(
                "UPDATE leases SET holder = ?2, until_ms = ?3
                 WHERE case_id = ?1 AND holder = ?4 AND until_ms = ?5",
                params![
                    asked.case.0,
                    asked.holder,
                    asked.until.as_millisecond(),
                    seen.holder,
                    seen.until.as_millisecond()
                ],
            )
        });
        Ok((written.await.map_err(unreachable)? == 1).then_some(lease))
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let statement = "DELETE FROM leases WHERE case_id = ?1 AND holder = ?2";
        self.run(statement, [lease.case.0.clone(), lease.holder.clone()].map(Value::from)).await
    }
}

impl Sqlite {
    pub(super) async fn run<const N: usize>(
        &self,
        statement: &'static str,
        values: [Value; N],
    ) -> Result<(), StoreError> {
        let written = self.writer.write(move |connection| {
            connection.execute(statement, rusqlite::params_from_iter(values)).map(|_| ())
        });
        written.await.map_err(unreachable)
    }

    async fn list(&self, query: &'static str) -> Result<Vec<CaseId>, StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(query)?;
            let rows = statement.query_map([], |row| row.get(0).map(CaseId))?;
            rows.collect()
        })
        .await
    }
}

fn milliseconds(at: Timestamp) -> Value {
    Value::from(at.as_millisecond())
}

pub(super) fn unreachable(error: WriteError) -> StoreError {
    StoreError(error.0)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_a_log(&connection)?;
    // A decision that Slack was told of must survive a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Words of people pass through the inbox: what is taken out of it is not to stay in the file.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(connection)
}

/// Where nobody may write, SQLite cannot make the index of its log either; without a log the file
/// is whole as it is.
fn connect_to_read(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let opened = Connection::open_with_flags(path, flags)?;
    opened.busy_timeout(BUSY_TIMEOUT)?;
    let log = PathBuf::from(format!("{}-wal", path.display()));
    let is_idle = std::fs::metadata(&log).map_or(true, |log| !log.is_file() || log.len() == 0);
    match schema_version(&opened) {
        Err(_) if is_idle => {
            let url = url::Url::from_file_path(std::path::absolute(path).unwrap_or_default());
            let url = url.map_or_else(|()| String::new(), |url| format!("{url}?immutable=1"));
            Connection::open_with_flags(url, flags)
        }
        Ok(_) | Err(_) => Ok(opened),
    }
}

fn schema_version(connection: &Connection) -> rusqlite::Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok(usize::try_from(version).unwrap_or(0))
}

/// Switches the file to a write-ahead log. SQLite answers "locked" at once, without the busy
/// timeout, to a process that switches while another does; so it is asked again until that passes.
fn keep_a_log(connection: &Connection) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if is_busy(&error) && begun.elapsed() < BUSY_TIMEOUT => {
                std::thread::sleep(BUSY_PAUSE);
            }
            switched => return switched,
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
}

/// Brings the schema up to date and returns the version that the file then has.
fn migrate(connection: &mut Connection) -> rusqlite::Result<usize> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version = schema_version(&transaction)?;
    for (index, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", index as i64 + 1)?;
    }
    transaction.commit()?;
    Ok(version.max(MIGRATIONS.len()))
}
