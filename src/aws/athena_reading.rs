//! A case's window in Athena, read once: later only the days that may still grow, and who is new.

use crate::aws::athena_memory::{
    HeldCallers, HeldCut, Known, Memory, OpenCut, Rows, added, missing, open_days, union,
};
use crate::aws::athena_passes::{Passes, Reading, Weights};
use crate::aws::athena_run::Runner;
use crate::aws::athena_table::{Span, Table};
use crate::aws::athena_tables::Tables;
use crate::domain::belonging::Belonging;
use crate::domain::lineage::Subject;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::sightings::Callers;
use crate::ports::trail::{Coverage, Cut, Sightings, TrailError, Window};
use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whoever reads the table, and what was read of it.
#[derive(Debug, Clone)]
pub(super) struct Remembering {
    pub(super) runner: Runner,
    tables: Tables,
    weights: Arc<Mutex<Weights>>,
    memory: Arc<Mutex<Memory>>,
}

/// One reading, of the table as it is known now.
struct Reader {
    passes: Passes,
    memory: Arc<Mutex<Memory>>,
}

impl Remembering {
    pub(super) fn new(runner: Runner) -> Self {
        let (weights, memory) = Default::default();
        Self { tables: Tables::new(runner.clone()), runner, weights, memory }
    }

    /// Who reads the table as it is known.
    pub(super) async fn passes(&self) -> Result<Passes, TrailError> {
        Ok(self.passes_of(self.tables.table().await?))
    }

    /// The same for a window from here on; a new one reads the table as it is now.
    pub(super) async fn passes_from(&self, from: Option<Timestamp>) -> Result<Passes, TrailError> {
        Ok(self.passes_of(self.tables.table_from(from).await?))
    }

    fn passes_of(&self, table: Arc<Table>) -> Passes {
        Passes { runner: self.runner.clone(), table, weights: Arc::clone(&self.weights) }
    }

    /// What is known of a window and of a case in it.
    pub(super) fn known(&self, from: Timestamp, key_id: &str) -> [Option<Known>; 2] {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        [
            memory.callers(from).map(|held| held.known),
            memory.cut(from, key_id).map(|held| held.known),
        ]
    }

    /// Who was seen in a window.
    pub(super) fn seen(&self, from: Timestamp) -> Option<HeldCallers> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).callers(from)
    }

    /// Pass one; a window with an end is read once, and nothing of it is kept.
    pub(super) async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        let reader = self.reader(self.passes_from(window.from).await?);
        let found = reader.sightings(window).await;
        if matches!(found, Err(TrailError::Unreadable { .. } | TrailError::Question { .. })) {
            // It may have been made anew with other columns.
            self.tables.forget().await;
        }
        found
    }

    /// Pass two of the same window.
    pub(super) async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut, TrailError> {
        self.reader(self.passes().await?).cut(window, subject).await
    }

    fn reader(&self, passes: Passes) -> Reader {
        Reader { passes, memory: Arc::clone(&self.memory) }
    }
}

impl Reader {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        if let Some(settled) = self.passes.settled(window) {
            return self.callers(self.passes.span(window), settled).await;
        }
        let reading = self.passes.once(window, ReadFor::Window);
        let (callers, cost) = self.passes.first_pass(reading).await?;
        Ok(self.told(reading.span, callers, cost))
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut, TrailError> {
        if let Some(settled) = self.passes.settled(window) {
            return self.rows(self.passes.span(window), settled, subject).await;
        }
        self.passes.cut_of(self.passes.once(window, ReadFor::Window), subject).await
    }

    /// Pass one: over settled days once, over the others again.
    async fn callers(&self, span: Span, settled: Date) -> Result<Sightings, TrailError> {
        let held = self.memory().callers(span.from);
        let spans = missing(held.as_ref().map(|held| held.known), span, settled);
        let reads = spans.into_iter().map(|(span, why)| Reading { span, why, settled: true });
        let closed = join_all(reads.map(|reading| self.passes.first_pass(reading)));
        let read_before =
            held.as_ref().is_some_and(|held| held.known.from == span.from && held.open.is_some());
        let (closed, open) = tokio::join!(closed, self.open_callers(span, settled, read_before));
        let (closed, mut cost) = summed(closed)?;
        let before = held.iter().map(|held| held.settled.as_ref());
        let settled_callers = Arc::new(Callers::joined(before.chain(&closed)));
        let mut now = HeldCallers {
            known: Known::after(span, settled),
            settled: settled_callers,
            open: None,
            owed: QueryCost::default(),
        };
        let open = match open {
            Ok((open, open_cost)) => {
                cost = cost + open_cost;
                Arc::new(open)
            }
            Err(error) => {
                // What was read of settled days stays read, and is told with the next reading.
                now.open = held.as_ref().and_then(|held| held.open.clone());
                now.owed = held.map(|held| held.owed).unwrap_or_default() + cost;
                self.memory().keep_callers(now);
                return Err(error);
            }
        };
        cost = cost + held.map(|held| held.owed).unwrap_or_default();
        let whole = Callers::joined([now.settled.as_ref(), open.as_ref()]);
        now.open = Some(open);
        self.memory().keep_callers(now);
        Ok(self.told(span, whole, cost))
    }

    async fn open_callers(
        &self,
        span: Span,
        settled: Date,
        read_before: bool,
    ) -> Result<(Callers, QueryCost), TrailError> {
        let why = if read_before { ReadFor::NewRecords } else { ReadFor::Window };
        match open_days(span, settled) {
            Some(span) => self.passes.first_pass(Reading { span, why, settled: false }).await,
            None => Ok(Default::default()),
        }
    }

    /// Pass two: over settled days once and for whoever is reached later, over the others only
    /// where pass one has seen something new there.
    async fn rows(&self, span: Span, settled: Date, subject: &Subject) -> Result<Cut, TrailError> {
        let (seen, held) = {
            let memory = self.memory();
            (memory.callers(span.from), memory.cut(span.from, &subject.key_id))
        };
        let spans = missing(held.as_ref().map(|held| held.known), span, settled);
        let mut reads: Vec<(Reading, Subject)> = spans
            .into_iter()
            .map(|(span, why)| (Reading { span, why, settled: true }, subject.clone()))
            .collect();
        let reached = held.as_ref().and_then(|held| {
            let span = held.known.span()?;
            let reading = Reading { span, why: ReadFor::Lineage, settled: true };
            Some((reading, added(subject, &held.asked, seen.as_ref())?))
        });
        reads.extend(reached);
        let closed =
            join_all(reads.iter().map(|(reading, whom)| self.passes.second_pass(*reading, whom)));
        let open = self.open_rows((span, settled), subject, (seen.as_ref(), held.as_ref()));
        let (closed, open) = tokio::join!(closed, open);
        let (closed, mut cost) = summed(closed)?;
        let before = held.as_ref().map(|held| held.settled.clone()).unwrap_or_default();
        let mut now = HeldCut {
            known: Known::after(span, settled),
            asked: match &held {
                Some(held) => union(&held.asked, subject),
                None => subject.clone(),
            },
            settled: closed.iter().fold(before, |rows, more| rows.with(more)),
            open: None,
            owed: QueryCost::default(),
        };
        let (open, open_cost) = match open {
            Ok(open) => open,
            Err(error) => {
                now.owed = held.map(|held| held.owed).unwrap_or_default() + cost;
                self.memory().keep_cut(now);
                return Err(error);
            }
        };
        cost = cost + open_cost + held.map(|held| held.owed).unwrap_or_default();
        let cut = chosen(&now.settled.with(&open), subject, cost);
        let callers = seen.and_then(|seen| seen.open);
        now.open = callers.map(|callers| OpenCut { callers, subject: subject.clone(), rows: open });
        self.memory().keep_cut(now);
        Ok(cut)
    }

    async fn open_rows(
        &self,
        (span, settled): (Span, Date),
        subject: &Subject,
        (seen, held): (Option<&HeldCallers>, Option<&HeldCut>),
    ) -> Result<(Rows, QueryCost), TrailError> {
        let before = held.and_then(|held| held.open.as_ref());
        if let (Some(before), Some(now)) = (before, seen.and_then(|seen| seen.open.as_ref()))
            && before.callers == *now
            && before.subject == *subject
        {
            return Ok((before.rows.clone(), QueryCost::default()));
        }
        let why = if held.is_some() { ReadFor::NewRecords } else { ReadFor::Window };
        match open_days(span, settled) {
            Some(span) => {
                self.passes.second_pass(Reading { span, why, settled: false }, subject).await
            }
            None => Ok(Default::default()),
        }
    }

    /// What pass one says of a window, and what this table cannot say.
    fn told(&self, span: Span, callers: Callers, cost: QueryCost) -> Sightings {
        let mut told = told(callers, cost);
        told.coverage.missing_columns = self.passes.table.missing().to_vec();
        told.coverage.limits = self.passes.table.limits(span);
        told
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows of a subject, with their reach, in a total order.
fn chosen(rows: &Rows, subject: &Subject, cost: QueryCost) -> Cut {
    let belonging = Belonging::new(subject);
    let reached = rows.rows.iter().filter_map(|row| {
        let mut row = row.clone();
        row.reach = Some(belonging.reach(&row)?.to_owned());
        Some(row)
    });
    let mut found: Vec<_> = reached.collect();
    found.sort_unstable();
    Cut { rows: found, cost, truncated: rows.truncated, ..Cut::default() }
}

/// What pass one says of a window.
fn told(callers: Callers, cost: QueryCost) -> Sightings {
    let records_unique = callers.records();
    let records_read = callers.records_read.max(records_unique);
    let coverage = Coverage {
        records_read,
        records_unique,
        duplicates: records_read - records_unique,
        first: callers.first(),
        last: callers.last(),
        data_events_from: callers.data_events_from,
        accounts: callers.accounts().into_iter().map(str::to_owned).collect(),
        regions: callers.regions.iter().cloned().collect(),
        ..Coverage::default()
    };
    Sightings { coverage, cost, truncated: callers.truncated, rows: callers.rows }
}

/// All parts and what they cost together, or why one of them is missing.
fn summed<T>(
    parts: Vec<Result<(T, QueryCost), TrailError>>,
) -> Result<(Vec<T>, QueryCost), TrailError> {
    let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (parts, costs): (Vec<T>, Vec<QueryCost>) = parts.into_iter().unzip();
    Ok((parts, costs.into_iter().sum()))
}
