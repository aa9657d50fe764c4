//! The one thread that writes to SQLite; it commits together what arrives together.
//!
//! Needs: a record is on the disk before Slack hears 200, also when fifty clicks come at once.
//! An fsync per record would queue them. So everything that waits goes into one transaction, each
//! piece in a savepoint of its own, and all of them are answered after the one commit.

use rusqlite::{Connection, TransactionBehavior};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// More than this in one transaction would make the first wait for the last.
const BATCH_MAX: usize = 64;

/// After so long without work the log is taken over.
const IDLE: Duration = Duration::from_millis(100);

/// Work for a transaction, or the reason why there is none; it returns what answers its asker.
type Piece = Box<dyn FnOnce(Result<&Connection, &WriteError>) -> Answer + Send>;

/// Told whether the transaction was committed.
type Answer = Box<dyn FnOnce(bool) + Send>;

/// A way to the writing thread; the thread ends when the last one is dropped.
#[derive(Clone)]
pub struct Writer {
    pieces: Sender<Piece>,
}

/// The transaction could not begin or be committed, or the writing thread is gone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(pub String);

impl Writer {
    /// Starts the thread on a connection of its own.
    pub fn start(connection: Connection) -> std::io::Result<Self> {
        let (pieces, arrivals) = channel();
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(connection, &arrivals))?;
        Ok(Self { pieces })
    }

    /// No thread: everything that is to be written is refused.
    pub fn none() -> Self {
        Self { pieces: channel().0 }
    }

    /// Runs `work` in the next transaction, and answers after its commit.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, WriteError> {
        let (sender, answer) = oneshot::channel();
        let piece: Piece = Box::new(move |connection| {
            let outcome = match connection {
                Ok(connection) => apart(connection, work),
                Err(error) => Err(error.clone()),
            };
            Box::new(move |committed| {
                let lost = || WriteError("the transaction could not be committed".to_owned());
                // The one who asked may be gone; what was committed stays.
                let _ = sender.send(if committed { outcome } else { Err(lost()) });
            })
        });
        let gone = || WriteError("the journal's writer has stopped".to_owned());
        self.pieces.send(piece).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

fn write_all(mut connection: Connection, arrivals: &Receiver<Piece>) {
    let mut is_logged = false;
    loop {
        let next = match is_logged {
            true => arrivals.recv_timeout(IDLE),
            false => arrivals.recv().map_err(RecvTimeoutError::from),
        };
        let first = match next {
            Ok(first) => first,
            Err(end) => {
                take_over_the_log(&connection);
                is_logged = false;
                match end {
                    RecvTimeoutError::Timeout => continue,
                    RecvTimeoutError::Disconnected => return,
                }
            }
        };
        let mut batch = vec![first];
        while batch.len() < BATCH_MAX {
            match arrivals.try_recv() {
                Ok(piece) => batch.push(piece),
                Err(_) => break,
            }
        }
        write_batch(&mut connection, batch);
        is_logged = true;
    }
}

/// Moves what is in the write-ahead log into the file itself, waiting for nobody: who copies the
/// file alone, as evidence, then has it all.
fn take_over_the_log(connection: &Connection) {
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if let Err(error) = moved {
        // The log is as durable, and the next quiet moment comes soon.
        tracing::debug!(%error, "the write-ahead log was not taken over");
    }
}

fn write_batch(connection: &mut Connection, batch: Vec<Piece>) {
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            tracing::error!(%error, "the journal's database cannot be written");
            let error = WriteError(format!("the database cannot be written: {error}"));
            batch.into_iter().for_each(|piece| piece(Err(&error))(true));
            return;
        }
    };
    let answers: Vec<_> = batch.into_iter().map(|piece| piece(Ok(&transaction))).collect();
    let committed = transaction.commit();
    if let Err(error) = &committed {
        tracing::error!(%error, "the journal's database cannot be committed");
    }
    for answer in answers {
        answer(committed.is_ok());
    }
}

/// Runs a piece so that all of it is in the transaction or nothing.
fn apart<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, WriteError> {
    let said = |error: rusqlite::Error| WriteError(error.to_string());
    connection.execute_batch("SAVEPOINT piece").map_err(said)?;
    let outcome = work(connection).map_err(said);
    let end = if outcome.is_ok() { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" };
    connection.execute_batch(end).map_err(said)?;
    outcome
}
