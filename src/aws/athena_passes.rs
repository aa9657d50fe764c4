//! The two passes over days of the trail's table in Athena, and any other query about them.

use crate::aws::athena_memory::Rows;
use crate::aws::athena_run::{Found, Purpose, Runner, internal};
use crate::aws::athena_table::Span;
use crate::domain::lineage::Subject;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::question::{Filled, fill};
use crate::domain::sightings::Callers;
use crate::domain::trail_row::{RowError, Sighting, TrailRow, format_time, parse_time};
use crate::ports::trail::{Cut, TrailError, Window};
use jiff::civil::Date;

const SIGHTINGS: &str = include_str!("../../queries/athena/mint_edges.sql");
pub(super) const CUT: &str = include_str!("../../queries/athena/cut.sql");
/// Results are read a thousand rows at a time: two hundred pages take a minute.
const ROWS_MAX: usize = 200_000;
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
}

impl Passes {
    pub(super) fn span(&self, window: Window) -> Span {
        self.runner.table.span(window, self.runner.clock.now())
    }

    pub(super) fn filled(&self, template: &str, span: Span, lists: &[(&str, &[String])]) -> Filled {
        let table = &self.runner.table;
        let partitions = table.partitions(span);
        let raw = [("table", table.name()), ("partitions", partitions)];
        let raw = raw.each_ref().map(|(name, text)| (*name, text.as_str()));
        let from = [format_time(span.from)];
        let to = [span.to.map_or_else(|| NEVER.to_owned(), format_time)];
        let mut values: Vec<(&str, &[String])> = vec![("from", &from), ("to", &to)];
        values.extend_from_slice(lists);
        fill(&without_header(template), &raw, &values)
    }

    /// Pass one over some days: who called, and what was looked at.
    pub(super) async fn first_pass(
        &self,
        reading: Reading,
    ) -> Result<(Callers, QueryCost), TrailError> {
        let columns = [Sighting::COLUMNS, LOOKED_AT_COLUMNS].concat();
        let filled = self.filled(SIGHTINGS, reading.span, &[]);
        let purpose = purpose("sightings", &columns, ROWS_MAX, reading);
        let found = self.runner.run(&filled, purpose).await?;
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
        self.flat_rows(&filled, purpose("cut", TrailRow::COLUMNS, ROWS_MAX, reading)).await
    }

    /// Runs a query that returns flat rows.
    pub(super) async fn flat_rows(
        &self,
        filled: &Filled,
        purpose: Purpose<'_>,
    ) -> Result<Cut, TrailError> {
        let found = self.runner.run(filled, purpose).await?;
        let mut rows = typed(&found, TrailRow::from_texts)?;
        rows.sort_unstable();
        let (cost, truncated) = (found.cost, found.truncated);
        Ok(Cut { rows, cost, truncated, ..Cut::default() })
    }

    /// The last settled day, where a window has no end and so may be read again.
    pub(super) fn settled(&self, window: Window) -> Option<Date> {
        let settled = self.runner.table.settled(self.runner.clock.now());
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
    Purpose { name, columns, rows_max, span, reading: why, settled }
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

pub(super) fn sorted_words(text: Option<&str>) -> Vec<String> {
    let mut words: Vec<String> =
        text.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    words.sort();
    words
}
