//! A cut with more rows than are read: made a table in Athena, once, asked there, and dropped.

use crate::aws::athena_forecast::{Limit, of_days};
use crate::aws::athena_memory::{added, union};
use crate::aws::athena_passes::{CUT, Passes};
use crate::aws::athena_reading::Remembering;
use crate::aws::athena_run::{Purpose, internal};
use crate::aws::athena_table::Span;
use crate::aws::athena_whole_sql::{
    CaseTable, asked_of, case_tables, dropping, is_ours, prefix_of,
};
use crate::aws::listing::time;
use crate::domain::lineage::Subject;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::question::Filled;
use crate::domain::scan::{Forecast, Scan};
use crate::ports::cloud::CallError;
use crate::ports::trail::{TrailError, Window};
use crate::ports::whole_cut::{WholeCut, WholeCuts, WholeQuestion, WholeRows};
use async_trait::async_trait;
use futures_util::future::join_all;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(super) const LIST: &str = "athena:ListTableMetadata";

/// The catalog that every account has.
const CATALOG: &str = "AwsDataCatalog";
/// Nothing asks for a table on the day after next: the days that it is of have moved on.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(48);
/// A query may have made the table long ago, and somebody dropped it since.
const TURNS_MAX: u32 = 3;
/// What the catalog says of a table that somebody else was faster to make.
const IS_THERE: &str = "already exists";

/// Makes tables of whole cuts, asks them and drops them.
#[derive(Debug, Clone)]
pub struct AthenaWholeCuts {
    reading: Remembering,
    limit: Limit,
    made: Made,
}

/// The tables that this process knows of.
#[derive(Debug, Clone, Default)]
struct Made {
    known: Arc<Mutex<Known>>,
    /// One is made at a time, so that two questions make none twice.
    making: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Known {
    names: HashSet<String>,
    /// What the table of old days is of, by the key.
    old: HashMap<String, Old>,
    /// Spent on tables of a key, and not told with an answer yet.
    owed: HashMap<String, QueryCost>,
}

/// A table of days that are over.
#[derive(Debug)]
struct Old {
    from: Timestamp,
    through: Date,
    whom: Subject,
}

/// A table as the catalog lists it.
struct Listed {
    name: String,
    made_at: Option<Timestamp>,
}

impl Made {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl WholeCuts for AthenaWholeCuts {
    fn lacks(&self) -> Option<String> {
        let lacks = self.settings_of_tables().is_none();
        lacks.then(|| "set trail.athena.case_tables to have all of it asked in Athena".to_owned())
    }

    async fn forecast(
        &self,
        cut: WholeCut<'_>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        let (passes, tables) = self.tables_of(cut).await?;
        let missing = self.missing(&tables).await?;
        if missing.is_empty() {
            return Ok(None);
        }
        // Whom it looks for grows while the actor is at work; what is scanned for it does not.
        let nobody = Subject::default();
        let filled = |table: &CaseTable| passes.filled(CUT, table.span, &nobody.lists());
        let asked: Vec<_> = missing.into_iter().map(|table| (filled(table), table.span)).collect();
        let Forecast { scan, cost, stopped_above } =
            of_days(&passes, &self.limit, &asked, bytes_a_day).await;
        Ok(Some(Forecast { scan: Scan { whole_cut: true, ..scan }, cost, stopped_above }))
    }

    async fn ask(
        &self,
        cut: WholeCut<'_>,
        question: WholeQuestion<'_>,
    ) -> Result<WholeRows, TrailError> {
        let database = self.settings_of_tables().ok_or_else(|| internal("no database"))?;
        let key_id = &cut.subject.key_id;
        let (passes, tables) = self.tables_of(cut).await?;
        self.make(&passes, &tables, key_id).await?;
        let sql = asked_of(&tables, database, question.sql);
        let filled = Filled { sql, values: Vec::new() };
        let columns: Vec<&str> = question.columns.iter().map(String::as_str).collect();
        let span = tables.first().ok_or_else(|| internal("no days"))?.span;
        let purpose = Purpose {
            rows_max: question.rows_max,
            bytes_max: question.bytes_max,
            ..purpose(&columns, span)
        };
        let found = passes.runner.run(&filled, purpose).await;
        let mut found = match found {
            Ok(found) => found,
            Err(error) => {
                // Somebody may have dropped what it is asked of; the next one looks.
                self.forget(&tables);
                return Err(error);
            }
        };
        // No days of the trail's table were read for it.
        found.cost.executions.iter_mut().for_each(|run| run.days = None);
        let owed = self.made.known().owed.remove(key_id).unwrap_or_default();
        let names: Vec<String> =
            tables.iter().map(|table| format!("{database}.{}", table.name)).collect();
        let kinds = found.kinds;
        let cells = |row: Vec<Option<String>>| {
            kinds.iter().zip(row).map(|(kind, text)| kind.cell(text)).collect()
        };
        Ok(WholeRows {
            rows: found.rows.into_iter().map(cells).collect(),
            truncated: found.truncated,
            place: names.join(" and "),
            cost: owed + found.cost,
        })
    }

    async fn let_go(&self, key_id: &str) -> Result<(), TrailError> {
        if self.settings_of_tables().is_none() {
            return Ok(());
        }
        let _one = self.made.making.lock().await;
        let prefix = prefix_of(key_id);
        self.made.known().old.remove(key_id);
        let listed = self.listed().await?;
        self.drop_some(&listed, |table| table.name.starts_with(&prefix)).await
    }
}

impl AthenaWholeCuts {
    pub(super) fn new(reading: Remembering, limit: Limit) -> Self {
        Self { reading, limit, made: Made::default() }
    }

    /// What makes the tables of a whole cut, what asks them, and what drops each; public, so that
    /// another engine can be asked the same.
    pub async fn whole_cut_sql(
        &self,
        cut: WholeCut<'_>,
        question: &str,
    ) -> Result<(Vec<String>, String, Vec<String>), TrailError> {
        let database = self.settings_of_tables().unwrap_or_default();
        let (_, tables) = self.tables_of(cut).await?;
        let made = tables.iter().map(|table| table.create(database)).collect();
        let dropped = tables.iter().map(|table| dropping(database, &table.name)).collect();
        Ok((made, asked_of(&tables, database, question), dropped))
    }

    fn settings_of_tables(&self) -> Option<&str> {
        self.reading.runner.table.settings().case_tables.as_deref()
    }

    async fn tables_of(&self, cut: WholeCut<'_>) -> Result<(Passes, Vec<CaseTable>), TrailError> {
        let passes = self.reading.passes_from(cut.window.from).await?;
        let of_old_days = |span: Span, through| self.whom_old_days_tell_of(span.from, through, cut);
        let tables = case_tables(&passes, cut, of_old_days);
        let tables = tables.map_err(|reason| TrailError::TooCostly { reason })?;
        Ok((passes, tables))
    }

    /// Whom a table of days that are over is made of: whoever is reached later and was not seen on
    /// them has no rows there, and makes no other table of them.
    fn whom_old_days_tell_of(&self, from: Timestamp, through: Date, cut: WholeCut<'_>) -> Subject {
        let seen = self.reading.seen(from);
        let serves = |old: &&Old| {
            old.from == from
                && old.through == through
                && union(cut.subject, &old.whom) == *cut.subject
                && added(cut.subject, &old.whom, seen.as_ref()).is_none()
        };
        let mut known = self.made.known();
        let key_id = &cut.subject.key_id;
        let before = known.old.get(key_id).filter(serves).map(|old| old.whom.clone());
        let whom = before.unwrap_or_else(|| cut.subject.clone());
        known.old.insert(key_id.clone(), Old { from, through, whom: whom.clone() });
        whom
    }

    /// Those that nobody has made yet.
    async fn missing<'a>(&self, tables: &'a [CaseTable]) -> Result<Vec<&'a CaseTable>, TrailError> {
        let unknown = |known: &Known| {
            let unknown = tables.iter().filter(|table| !known.names.contains(&table.name));
            unknown.collect::<Vec<_>>()
        };
        if unknown(&self.made.known()).is_empty() {
            return Ok(Vec::new());
        }
        let listed = self.listed().await?;
        let mut known = self.made.known();
        known.names.extend(listed.into_iter().map(|table| table.name));
        Ok(unknown(&known))
    }

    /// Makes what is missing, and drops what nobody asks any more.
    async fn make(
        &self,
        passes: &Passes,
        tables: &[CaseTable],
        key_id: &str,
    ) -> Result<(), TrailError> {
        let _one = self.made.making.lock().await;
        let missing = self.missing(tables).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let made = missing.into_iter().map(|table| self.make_one(passes, table, key_id));
        join_all(made).await.into_iter().collect::<Result<(), _>>()?;
        let too_old = passes.runner.clock.now() - KEPT_FOR;
        let listed = self.listed().await?;
        let is_old = |table: &Listed| table.made_at.is_some_and(|at| at < too_old);
        if let Err(error) = self.drop_some(&listed, is_old).await {
            tracing::warn!(%error, "an old table of a case is left in Athena");
        }
        Ok(())
    }

    async fn make_one(
        &self,
        passes: &Passes,
        table: &CaseTable,
        key_id: &str,
    ) -> Result<(), TrailError> {
        let database = self.settings_of_tables().unwrap_or_default();
        let filled = Filled { sql: table.create(database), values: Vec::new() };
        for _ in 0..TURNS_MAX {
            let purpose = purpose(&[], table.span);
            match passes.runner.run(&filled, purpose).await {
                Ok(found) => {
                    let mut known = self.made.known();
                    let owed = known.owed.entry(key_id.to_owned()).or_default();
                    *owed = std::mem::take(owed) + found.cost;
                }
                Err(error) if error.to_string().contains(IS_THERE) => {}
                Err(error) => return Err(error),
            }
            // Athena answers a query that is sent again with what became of the first.
            if self.missing(std::slice::from_ref(table)).await?.is_empty() {
                return Ok(());
            }
            passes.runner.is_undone(&filled, purpose);
        }
        Err(internal("Athena made a table that its catalog does not list"))
    }

    fn forget(&self, tables: &[CaseTable]) {
        let mut known = self.made.known();
        known.names.retain(|name| tables.iter().all(|table| table.name != *name));
    }

    async fn drop_some(
        &self,
        listed: &[Listed],
        which: impl Fn(&Listed) -> bool,
    ) -> Result<(), TrailError> {
        let database = self.settings_of_tables().unwrap_or_default();
        let passes = self.reading.passes().await?;
        let today = passes.span(Window::default());
        for table in listed.iter().filter(|table| which(table)) {
            self.made.known().names.remove(&table.name);
            let filled = Filled { sql: dropping(database, &table.name), values: Vec::new() };
            let purpose = Purpose { settled: false, ..purpose(&[], today) };
            passes.runner.run(&filled, purpose).await?;
        }
        Ok(())
    }

    async fn listed(&self) -> Result<Vec<Listed>, TrailError> {
        let told = self.list().await;
        told.map_err(|error| self.reading.runner.refused(&error))
    }

    async fn list(&self) -> Result<Vec<Listed>, CallError> {
        let runner = &self.reading.runner;
        let request = runner
            .client
            .list_table_metadata()
            .catalog_name(CATALOG)
            .set_database_name(self.settings_of_tables().map(str::to_owned))
            .set_work_group(runner.table.settings().workgroup.clone());
        let all: Vec<_> =
            every_page!(LIST, request, |page| page.table_metadata_list.unwrap_or_default());
        let listed = all.into_iter().map(|table| Listed {
            made_at: table.create_time.as_ref().and_then(time),
            name: table.name,
        });
        Ok(listed.filter(|table| is_ours(&table.name)).collect())
    }
}

/// What a whole cut is made, asked or dropped by; the names in its SQL tell it from every other.
fn purpose<'a>(columns: &'a [&'a str], span: Span) -> Purpose<'a> {
    let (rows_max, bytes_max) = (usize::MAX, usize::MAX);
    let reading = ReadFor::WholeCut;
    Purpose { name: "whole cut", columns, rows_max, bytes_max, span, reading, settled: true }
}

#[cfg(test)]
mod tests;
