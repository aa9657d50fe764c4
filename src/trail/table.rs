//! The case table: a cut loaded into an embedded `SQLite`, where every question is instant.

use crate::domain::trail_row::{Field, TrailRow};
use crate::ports::trail::{Cell, TrailError};
use crate::trail::spill;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, Row, ffi, params_from_iter};
use sha2::{Digest, Sha256};
use std::borrow::Borrow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What the table is called in SQL.
pub const NAME: &str = "case_table";
/// The functions of SQL that mean the same in `SQLite`, `DuckDB` and Trino.
pub const FUNCTIONS: [&str; 6] = ["coalesce", "count", "max", "min", "substr", "sum"];
/// What `SQLite` calls a function and SQL does not.
const OPERATORS: [&str; 1] = ["like"];
/// Steps of `SQLite`'s machine between two looks at the clock. One step may write a row of a
/// megabyte to a temporary file, so there are few.
const STEPS_PER_LOOK: i32 = 1_000;
/// Time between two looks at what was written, which cost more.
const TIME_PER_LOOK: Duration = Duration::from_millis(5);
/// Bytes of a value while the table is filled: as `SQLite` has it.
const VALUE_BYTES_MAX: i32 = 1_000_000_000;

/// How much one question may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub rows: usize,
    /// The first rows, which are held; of the others is told how many they are.
    pub held: usize,
    /// All rows together.
    pub bytes: usize,
    /// One value, and one row while it is sorted.
    pub value_bytes: i32,
    /// What is written to temporary files while rows are sorted, where the system tells of it.
    pub spilled_bytes: u64,
    pub time: Duration,
}

/// A cut, ready for questions.
#[derive(Debug)]
pub struct CaseTable {
    connection: Connection,
    rows: u64,
}

/// What a question returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// Rows beyond those, which were not to be held.
    pub more: u64,
    pub truncated: bool,
}

/// The statement that makes the case table, the same in every engine we ask.
pub fn definition(strict: bool) -> String {
    let columns: Vec<String> = TrailRow::COLUMNS
        .iter()
        .zip(TrailRow::INTEGERS)
        .map(|(name, integer)| {
            let kind = match (strict, integer) {
                (true, true) => "INTEGER",
                (true, false) => "TEXT",
                (false, true) => "BIGINT",
                (false, false) => "VARCHAR",
            };
            format!("{name} {kind}")
        })
        .collect();
    let ending = if strict { " STRICT" } else { "" };
    format!("CREATE TABLE {NAME} ({}){ending}", columns.join(", "))
}

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Limits {
    /// For the questions that come with the program: a person reads the first screen, a spreadsheet
    /// stops at a million rows.
    pub const HOUSE: Self = Self {
        rows: 1_000_000,
        held: usize::MAX,
        bytes: 1 << 30,
        value_bytes: VALUE_BYTES_MAX,
        spilled_bytes: 32 << 30,
        time: Duration::from_secs(600),
    };
    /// For questions that nobody here has looked at; others wait for the table meanwhile.
    pub const OWN: Self = Self {
        rows: 10_000,
        held: usize::MAX,
        bytes: 16 << 20,
        value_bytes: 1 << 20,
        spilled_bytes: 1 << 30,
        time: Duration::from_secs(20),
    };

    /// What is told of a question that failed.
    pub fn why_failed(&self, error: &rusqlite::Error) -> String {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => format!(
                "it was stopped after {} seconds; join less, or take fewer rows with WHERE",
                self.time.as_secs()
            ),
            Some(ErrorCode::DiskFull) => format!(
                "it was stopped because sorting its rows needs more than {} MiB of temporary \
                 files, or more than the disk has; join less, or take fewer rows with WHERE",
                self.spilled_bytes >> 20
            ),
            Some(ErrorCode::TooBig) => format!(
                "a value or a row of it has more than {} MiB; put less together with ||",
                self.value_bytes >> 20
            ),
            Some(_) | None => plainly(error),
        }
    }
}

impl From<rusqlite::Error> for TrailError {
    /// Why a table cannot be filled or read, but for a question, which says it itself.
    fn from(error: rusqlite::Error) -> Self {
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
                Self::NoRoom { reason }
            }
            Some(_) | None => Self::Internal { reason },
        }
    }
}

/// What `SQLite` says of an error, without the whole question around it.
pub(super) fn plainly(error: &rusqlite::Error) -> String {
    if let rusqlite::Error::SqlInputError { msg, .. } = error {
        return msg.clone();
    }
    error.to_string()
}

impl CaseTable {
    /// Loads rows that are held.
    pub fn load(rows: &[TrailRow]) -> rusqlite::Result<Self> {
        Self::fill(rows.iter().map(Ok::<_, rusqlite::Error>))
    }

    /// Loads a cut as its rows come; the table is on disk when it outgrows memory, in a file
    /// without a name, and gone with the connection.
    pub fn fill<R: Borrow<TrailRow>, E: From<rusqlite::Error>>(
        rows: impl Iterator<Item = Result<R, E>>,
    ) -> Result<Self, E> {
        let mut connection = Connection::open("")?;
        connection.pragma_update(None, "case_sensitive_like", true)?;
        connection.pragma_update(None, "journal_mode", "off")?;
        connection.pragma_update(None, "synchronous", "off")?;
        let transaction = connection.transaction()?;
        transaction.execute(&definition(true), [])?;
        let mut count = 0;
        {
            let marks = vec!["?"; TrailRow::COLUMNS.len()].join(", ");
            let sql = format!("INSERT INTO {NAME} VALUES ({marks})");
            let mut insert = transaction.prepare(&sql)?;
            for row in rows {
                let row = row?;
                insert.execute(params_from_iter(row.borrow().fields().into_iter().map(Bound)))?;
                count += 1;
            }
        }
        transaction.commit()?;
        connection.pragma_update(None, "query_only", true)?;
        connection.authorizer(Some(|context: AuthContext<'_>| allowed(&context.action)))?;
        Ok(Self { connection, rows: count })
    }

    /// How many rows the cut has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Runs one question of the program's; the table cannot be changed by it.
    pub fn ask(&self, sql: &str) -> rusqlite::Result<Found> {
        self.ask_within(sql, Limits::HOUSE)
    }

    /// The columns that a statement returns, which is not run.
    pub fn columns(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        let statement = self.connection.prepare(sql)?;
        Ok(statement.column_names().into_iter().map(str::to_owned).collect())
    }

    /// Runs one question, and stops it where it takes too much.
    pub fn ask_within(&self, sql: &str, limits: Limits) -> rusqlite::Result<Found> {
        let spilled = Arc::new(AtomicBool::new(false));
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limits.value_bytes)?;
        self.connection.progress_handler(STEPS_PER_LOOK, Some(watch(limits, &spilled)))?;
        let found = self.run(sql, limits);
        self.connection.progress_handler(0, None::<fn() -> bool>)?;
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
        found.map_err(|error| match spilled.load(Ordering::Relaxed) {
            true => failure(ffi::SQLITE_FULL),
            false => error,
        })
    }

    fn run(&self, sql: &str, limits: Limits) -> rusqlite::Result<Found> {
        let mut statement = self.connection.prepare(sql)?;
        let columns: Vec<String> =
            statement.column_names().into_iter().map(str::to_owned).collect();
        let mut found = Found { columns, rows: Vec::new(), more: 0, truncated: false };
        let (mut bytes, mut count) = (0, 0);
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..found.columns.len()).map(|at| row.get_ref(at));
            let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
            // Nothing is copied before it is known to fit.
            bytes += values.iter().map(size).sum::<usize>();
            if count >= limits.rows || bytes > limits.bytes {
                if count == 0 {
                    return Err(failure(ffi::SQLITE_TOOBIG));
                }
                found.truncated = true;
                break;
            }
            count += 1;
            if count <= limits.held {
                found.rows.push(values.into_iter().map(cell).collect());
            } else {
                found.more += 1;
            }
        }
        Ok(found)
    }

    /// What comes of the rows of the cut, taken one by one in their total order.
    pub fn fold<T>(
        &self,
        fold: impl FnOnce(&mut dyn Iterator<Item = TrailRow>) -> T,
    ) -> rusqlite::Result<T> {
        let sql = format!("SELECT {} FROM {NAME} ORDER BY rowid", TrailRow::COLUMNS.join(", "));
        let mut statement = self.connection.prepare(&sql)?;
        let mut failure = None;
        let rows = statement.query_map([], whole)?;
        let done = fold(&mut rows.map_while(|row| row.map_err(|error| failure = Some(error)).ok()));
        failure.map_or(Ok(done), Err)
    }
}

/// A row of the table as it was loaded.
fn whole(row: &Row<'_>) -> rusqlite::Result<TrailRow> {
    let mut fields = Vec::with_capacity(TrailRow::COLUMNS.len());
    for at in 0..TrailRow::COLUMNS.len() {
        fields.push(match row.get_ref(at)? {
            ValueRef::Integer(number) => Field::Integer(number),
            ValueRef::Text(bytes) => Field::Text(std::str::from_utf8(bytes)?),
            // No column of the table holds another kind.
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Field::Null,
        });
    }
    TrailRow::from_fields(fields.into_iter())
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// Nothing but reading this table, whatever the SQL: the schema, other tables, pragmas, attached
/// files and functions that reach outside are all refused before anything runs.
#[expect(clippy::wildcard_enum_match_arm, reason = "what SQLite has besides is refused")]
fn allowed(action: &AuthAction<'_>) -> Authorization {
    let may = match action {
        AuthAction::Select => true,
        AuthAction::Read { table_name, .. } => *table_name == NAME,
        AuthAction::Function { function_name } => {
            FUNCTIONS.contains(function_name) || OPERATORS.contains(function_name)
        }
        _ => false,
    };
    if may { Authorization::Allow } else { Authorization::Deny }
}

/// Says, as often as it is asked, whether a question has taken too much; and whether of the disk.
fn watch(limits: Limits, spilled: &Arc<AtomicBool>) -> impl FnMut() -> bool + Send + use<> {
    let spilled = Arc::clone(spilled);
    let begun = Instant::now();
    let before = spill::written();
    let mut looked = begun;
    move || {
        let now = Instant::now();
        if now - looked > TIME_PER_LOOK {
            looked = now;
            let written = before.zip(spill::written()).map(|(before, now)| now - before);
            if written.is_some_and(|written| written > limits.spilled_bytes) {
                spilled.store(true, Ordering::Relaxed);
                return true;
            }
        }
        now - begun > limits.time
    }
}

fn failure(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

fn size(value: &ValueRef<'_>) -> usize {
    let text = match value {
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 0,
        ValueRef::Text(bytes) => bytes.len(),
        // As it is shown, in hex.
        ValueRef::Blob(bytes) => 2 * bytes.len(),
    };
    size_of::<Cell>() + text
}

struct Bound<'a>(Field<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Field::Null => ValueRef::Null,
            Field::Text(text) => ValueRef::Text(text.as_bytes()),
            Field::Integer(number) => ValueRef::Integer(number),
        }))
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Real(number) => Cell::Real(number),
        ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Cell::Text(hex::encode(bytes)),
    }
}

#[cfg(test)]
mod tests;
