//! The two passes over days of the trail's table in Athena, and any other query about them.

use crate::aws::athena_memory::Rows;
use crate::aws::athena_run::{Found, Purpose, Runner, internal};
use crate::aws::athena_table::{Span, Table, day_of};
use crate::domain::lineage::Subject;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::question::{Filled, fill};
use crate::domain::scan::over_by;
use crate::domain::sightings::Callers;
use crate::domain::trail_row::{RowError, Sighting, TrailRow, format_time, parse_time};
use crate::ports::trail::{Coverage, Cut, TrailError, Window};
use jiff::civil::Date;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

const SIGHTINGS: &str = include_str!("../../queries/athena/mint_edges.sql");
pub(super) const CUT: &str = include_str!("../../queries/athena/cut.sql");
const COVERAGE: &str = include_str!("../../queries/athena/coverage.sql");
const COVERAGE_COLUMNS: &[&str] =
    &["records_read", "first_time", "last_time", "data_events_from", "regions", "accounts"];
/// Queries by which days are weighed; what was longer ago says less.
const WEIGHED_MAX: usize = 50;
/// Later than any event.
const NEVER: &str = "9999-12-31T23:59:59Z";
/// What pass one tells beside a caller: regions, the first data event, records with duplicates.
const LOOKED_AT_COLUMNS: &[&str] = &["regions", "data_events_from", "records_read"];

/// One reading of days, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) span: Span,
    pub(super) why: ReadFor,
    /// The days are over, objects and all.
    pub(super) settled: bool,
}

/// Whoever reads the table.
#[derive(Debug, Clone)]
pub(super) struct Passes {
    pub(super) runner: Runner,
    pub(super) table: Arc<Table>,
    pub(super) weights: Arc<Mutex<Weights>>,
}

/// What queries of this table scanned.
#[derive(Debug, Default)]
pub(super) struct Weights {
    /// Days that are over, and their bytes.
    days: VecDeque<(u64, u64)>,
    /// The whole table, where it is not cut into days.
    pub(super) whole: Option<u64>,
}

impl Weights {
    /// What a day weighs, by the queries that were run last.
    pub(super) fn a_day(&self) -> Option<u64> {
        let sum =
            |of: fn(&(u64, u64)) -> u64| self.days.iter().map(of).fold(0, u64::saturating_add);
        sum(|(_, bytes)| *bytes).checked_div(sum(|(days, _)| *days))
    }

    fn note(&mut self, purpose: &Purpose<'_>, today: Date, scanned: u64) {
        let days = if purpose.reading == ReadFor::OtherLogs {
            // Such a table is never read but up to now.
            over_by(purpose.span.days_until(today))
        } else if purpose.settled {
            purpose.span.days_until(purpose.span.last)
        } else {
            return;
        };
        self.days.push_back((days, scanned));
        if self.days.len() > WEIGHED_MAX {
            self.days.pop_front();
        }
    }
}

impl Passes {
    pub(super) fn span(&self, window: Window) -> Span {
        self.table.span(window, self.runner.clock.now())
    }

    pub(super) fn filled(&self, template: &str, span: Span, lists: &[(&str, &[String])]) -> Filled {
        let (table, partitions) = self.table.relation(span);
        let raw = [("table", table), ("partitions", partitions)];
        let raw = raw.each_ref().map(|(name, text)| (*name, text.as_str()));
        let from = [format_time(span.from)];
        let to = [span.to.map_or_else(|| NEVER.to_owned(), format_time)];
        let mut values: Vec<(&str, &[String])> = vec![("from", &from), ("to", &to)];
        values.extend_from_slice(lists);
        fill(&without_header(template), &raw, &values)
    }

    /// Runs a query, and remembers what its days weigh.
    pub(super) async fn run(
        &self,
        filled: &Filled,
        purpose: Purpose<'_>,
    ) -> Result<Found, TrailError> {
        let found = self.runner.run(filled, purpose).await?;
        let mut weights = self.weights.lock().unwrap_or_else(PoisonError::into_inner);
        match self.table.is_divided() {
            true => weights.note(&purpose, day_of(self.runner.clock.now()), found.scanned),
            false => weights.whole = Some(found.scanned),
        }
        drop(weights);
        Ok(found)
    }

    fn rows_max(&self) -> usize {
        self.table.settings().rows_max
    }

    pub(super) fn looked_at(&self, span: Span) -> Filled {
        self.filled(COVERAGE, span, &[])
    }

    /// What lies under some days.
    pub(super) async fn coverage(
        &self,
        reading: Reading,
    ) -> Result<(Coverage, QueryCost), TrailError> {
        let purpose = purpose("coverage", COVERAGE_COLUMNS, 1, reading);
        let found = self.run(&self.looked_at(reading.span), purpose).await?;
        let row = found.rows.first().map(Vec::as_slice).unwrap_or_default();
        let text = |place: usize| row.get(place).and_then(Option::as_deref);
        let coverage = Coverage {
            records_read: text(0).and_then(|digits| digits.parse().ok()).unwrap_or(0),
            first: text(1).and_then(parse_time),
            last: text(2).and_then(parse_time),
            data_events_from: text(3).and_then(parse_time),
            regions: sorted_words(text(4)),
            accounts: sorted_words(text(5)),
            missing_columns: self.table.missing().to_vec(),
            limits: self.table.limits(reading.span),
            ..Coverage::default()
        };
        Ok((coverage, found.cost))
    }

    /// The SQL of pass one, and of pass two but for whom it looks for, over some days.
    pub(super) fn both(&self, span: Span) -> [Filled; 2] {
        let nobody = Subject::default();
        [self.filled(SIGHTINGS, span, &[]), self.filled(CUT, span, &nobody.lists())]
    }

    /// Pass one over some days: who called, and what was looked at.
    pub(super) async fn first_pass(
        &self,
        reading: Reading,
    ) -> Result<(Callers, QueryCost), TrailError> {
        let columns = [Sighting::COLUMNS, LOOKED_AT_COLUMNS].concat();
        let filled = self.filled(SIGHTINGS, reading.span, &[]);
        let purpose = purpose("sightings", &columns, self.rows_max(), reading);
        let found = self.run(&filled, purpose).await?;
        let width = Sighting::COLUMNS.len();
        let rows =
            typed(&found, |texts| Sighting::from_texts(texts.get(..width).unwrap_or_default()))?;
        let mut callers = Callers { rows, truncated: found.truncated, ..Callers::default() };
        for row in &found.rows {
            let text = |place: usize| row.get(width + place).and_then(Option::as_deref);
            callers.regions.extend(sorted_words(text(0)));
            let times = [callers.data_events_from, text(1).and_then(parse_time)];
            callers.data_events_from = times.into_iter().flatten().min();
            let read: u64 = text(2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
            callers.records_read = callers.records_read.saturating_add(read);
        }
        Ok((callers, found.cost))
    }

    /// Pass two over some days.
    pub(super) async fn second_pass(
        &self,
        reading: Reading,
        subject: &Subject,
    ) -> Result<(Rows, QueryCost), TrailError> {
        let found = self.cut_of(reading, subject).await?;
        Ok((Rows::new(found.rows, found.truncated), found.cost))
    }

    pub(super) async fn cut_of(
        &self,
        reading: Reading,
        subject: &Subject,
    ) -> Result<Cut, TrailError> {
        let filled = self.filled(CUT, reading.span, &subject.lists());
        self.flat_rows(&filled, purpose("cut", TrailRow::COLUMNS, self.rows_max(), reading)).await
    }

    /// Runs a query that returns flat rows.
    pub(super) async fn flat_rows(
        &self,
        filled: &Filled,
        purpose: Purpose<'_>,
    ) -> Result<Cut, TrailError> {
        let found = self.run(filled, purpose).await?;
        let mut rows = typed(&found, TrailRow::from_texts)?;
        rows.sort_unstable();
        let (cost, truncated) = (found.cost, found.truncated);
        Ok(Cut { rows, cost, truncated, ..Cut::default() })
    }

    /// The last settled day, where a window has no end and so may be read again.
    pub(super) fn settled(&self, window: Window) -> Option<Date> {
        let settled = self.table.settled(self.runner.clock.now());
        settled.filter(|_| window.to.is_none())
    }

    pub(super) fn once(&self, window: Window, why: ReadFor) -> Reading {
        Reading { span: self.span(window), why, settled: false }
    }
}

pub(super) fn purpose<'a>(
    name: &'static str,
    columns: &'a [&'a str],
    rows_max: usize,
    Reading { span, why, settled }: Reading,
) -> Purpose<'a> {
    let bytes_max = usize::MAX;
    Purpose { name, columns, rows_max, bytes_max, span, reading: why, settled }
}

/// The SQL alone: a question mark in a comment must not be taken for a parameter.
fn without_header(template: &str) -> String {
    let lines: Vec<&str> = template.lines().filter(|line| !line.starts_with("--")).collect();
    lines.join("\n")
}

/// Rows of texts as the rows they are.
fn typed<T>(
    found: &Found,
    read: impl Fn(&[Option<&str>]) -> Result<T, RowError>,
) -> Result<Vec<T>, TrailError> {
    let mut rows = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let texts: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        rows.push(read(&texts).map_err(|error| internal(&error.to_string()))?);
    }
    Ok(rows)
}

fn sorted_words(text: Option<&str>) -> Vec<String> {
    let mut words: Vec<String> =
        text.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    words.sort();
    words
}
