//! What a reading of the trail would scan in Athena, before a query of it is begun.

use crate::aws::athena_memory::{missing, open_days};
use crate::aws::athena_passes::{Passes, Reading};
use crate::aws::athena_reading::Remembering;
use crate::aws::athena_run::Runner;
use crate::aws::athena_table::{Span, day_of};
use crate::aws::error::call_error;
use crate::domain::digest::sha256_hex;
use crate::domain::query_cost::{QueryCost, ReadFor};
use crate::domain::question::Filled;
use crate::domain::scan::{Forecast, Scan};
use crate::ports::trail::{TrailError, Window};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, PoisonError};
use tokio::sync::Mutex;

pub(super) const WORKGROUP: &str = "athena:GetWorkGroup";

/// Somebody may raise the limit while a case waits for it.
const LIMIT_KNOWN_FOR: SignedDuration = SignedDuration::from_mins(10);

/// When it was asked, and the bytes, where there is a limit.
type Asked = (Timestamp, Option<u64>);

/// The bytes after which the workgroup stops a query, where it has such a limit.
#[derive(Debug, Clone, Default)]
pub(super) struct Limit(Arc<Mutex<Option<Asked>>>);

/// Both passes of a window, as far as they are still to be read.
struct Reads {
    /// The days of each query, and which pass it is of.
    queries: Vec<(usize, Reading)>,
}

impl Limit {
    async fn bytes(&self, runner: &Runner) -> Option<u64> {
        let workgroup = runner.table.settings().workgroup.as_deref()?;
        let mut known = self.0.lock().await;
        let now = runner.clock.now();
        if let Some((_, bytes)) = known.filter(|(asked_at, _)| *asked_at + LIMIT_KNOWN_FOR > now) {
            return bytes;
        }
        let answer = runner.client.get_work_group().work_group(workgroup).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let error = call_error(WORKGROUP, &error);
                tracing::warn!(%error, "the byte limit of the workgroup is not known");
                *known = Some((now, None));
                return None;
            }
        };
        let settings = answer.work_group.and_then(|group| group.configuration);
        let bytes = settings.and_then(|settings| settings.bytes_scanned_cutoff_per_query);
        let bytes = bytes.and_then(|bytes| u64::try_from(bytes).ok()).filter(|bytes| *bytes > 0);
        *known = Some((now, bytes));
        bytes
    }
}

impl Reads {
    /// What a reading of this window would ask for now.
    fn of(reading: &Remembering, passes: &Passes, (window, key_id): (Window, &str)) -> Self {
        let span = passes.span(window);
        let Some(settled) = passes.settled(window) else {
            let once = passes.once(window, ReadFor::Window);
            return Self { queries: vec![(0, once), (1, once)] };
        };
        let mut queries = Vec::new();
        for (pass, known) in reading.known(span.from, key_id).into_iter().enumerate() {
            let over = missing(known, span, settled).into_iter();
            let over = over.map(|(span, why)| Reading { span, why, settled: true });
            let open = open_days(span, settled);
            let why = if known.is_some() { ReadFor::NewRecords } else { ReadFor::Window };
            let open = open.map(|span| Reading { span, why, settled: false });
            queries.extend(over.chain(open).map(|reading| (pass, reading)));
        }
        Self { queries }
    }

    fn spans(&self) -> impl Iterator<Item = Span> + Clone {
        self.queries.iter().map(|(_, reading)| reading.span)
    }

    /// Over all that is asked for, whomever the second pass will look for.
    fn sql_sha256(&self, passes: &Passes) -> String {
        let filled =
            |(pass, reading): &(usize, Reading)| passes.both(reading.span).into_iter().nth(*pass);
        sql_sha256(&self.queries.iter().filter_map(filled).collect::<Vec<_>>())
    }

    fn days(&self) -> Option<String> {
        days_of(self.spans())
    }

    /// A day that is over, by which the others can be weighed.
    fn sample(&self) -> Option<Reading> {
        let (_, newest) = self.queries.iter().rfind(|(_, reading)| reading.settled)?;
        let span = newest.span.on(newest.span.last, newest.span.last)?;
        Some(Reading { span, why: ReadFor::Estimate, settled: true })
    }
}

/// What both passes of a window would scan: as earlier queries make likely, of this process or of
/// the case; else as one day does, which is read for that; at most what the workgroup lets through.
pub(super) async fn forecast(
    reading: &Remembering,
    limit: &Limit,
    (window, key_id, told): (Window, &str, Option<u64>),
) -> Result<Forecast, TrailError> {
    let passes = reading.passes_from(window.from).await?;
    let limit = limit.bytes(&passes.runner).await;
    let reads = Reads::of(reading, &passes, (window, key_id));
    let queries = u32::try_from(reads.queries.len()).unwrap_or(u32::MAX);
    let at_most = limit.map(|limit| limit.saturating_mul(u64::from(queries)));
    let ask_above = passes.runner.table.settings().ask_above;
    let mut cost = QueryCost::default();
    let mut weights = weights(&passes, &reads, told);
    if weights.is_none() && at_most.is_none_or(|bytes| bytes > ask_above) {
        if let Some(sample) = reads.sample() {
            (_, cost) = passes.coverage(sample).await?;
        }
        weights = self::weights(&passes, &reads, told);
    }
    let heaviest = weights.iter().flatten().max();
    let scan = Scan {
        sql_sha256: reads.sql_sha256(&passes),
        from: passes.span(window).from,
        days: reads.days().filter(|_| passes.table.is_divided()),
        queries,
        is_window: reads.queries.iter().any(|(_, reading)| reading.why == ReadFor::Window),
        question: None,
        whole_cut: false,
        bytes: weights.as_deref().map(sum),
        at_most,
        ask_above,
    };
    let stopped_above = limit.filter(|limit| heaviest.is_some_and(|bytes| bytes > limit));
    Ok(Forecast { scan, cost, stopped_above })
}

/// What queries of the same days would scan, whatever these were filled with: as earlier ones make
/// likely. No day is read to find that out, since they name few.
pub(super) async fn of_days(
    passes: &Passes,
    limit: &Limit,
    asked: &[(Filled, Span)],
    told: Option<u64>,
) -> Forecast {
    let queries = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    let limit = limit.bytes(&passes.runner).await;
    let spans = || asked.iter().map(|(_, span)| *span);
    let each: Option<Vec<u64>> = spans().map(|span| weight(passes, span, told)).collect();
    let scan = Scan {
        sql_sha256: sql_sha256(asked.iter().map(|(filled, _)| filled)),
        from: spans().map(|span| span.from).min().unwrap_or_default(),
        days: days_of(spans()).filter(|_| passes.table.is_divided()),
        queries,
        is_window: false,
        question: None,
        whole_cut: false,
        bytes: each.as_deref().map(sum),
        at_most: limit.map(|limit| limit.saturating_mul(u64::from(queries))),
        ask_above: passes.runner.table.settings().ask_above,
    };
    let heaviest = each.into_iter().flatten().max();
    let stopped_above = limit.filter(|limit| heaviest.is_some_and(|bytes| bytes > *limit));
    Forecast { scan, cost: QueryCost::default(), stopped_above }
}

fn days_of(spans: impl Iterator<Item = Span> + Clone) -> Option<String> {
    let first = spans.clone().map(|span| span.first).min()?;
    let last = spans.map(|span| span.last).max()?;
    Some(format!("{first} to {last}"))
}

fn sum(weights: &[u64]) -> u64 {
    weights.iter().fold(0, |sum: u64, more| sum.saturating_add(*more))
}

/// With the values, and with the days that stand in the text.
fn sql_sha256<'a>(filled: impl IntoIterator<Item = &'a Filled>) -> String {
    let mut text = String::new();
    for filled in filled {
        text.push_str(&filled.sql);
        text.extend(filled.values.iter().map(|value| format!("\u{1e}{value}")));
        text.push('\u{1d}');
    }
    sha256_hex(text.as_bytes())
}

/// What each query would scan, where something tells.
fn weights(passes: &Passes, reads: &Reads, told: Option<u64>) -> Option<Vec<u64>> {
    reads.spans().map(|span| weight(passes, span, told)).collect()
}

fn weight(passes: &Passes, span: Span, told: Option<u64>) -> Option<u64> {
    let known = passes.weights.lock().unwrap_or_else(PoisonError::into_inner);
    if !passes.table.is_divided() {
        return known.whole;
    }
    let today = day_of(passes.runner.clock.now());
    Some(known.a_day().or(told)?.saturating_mul(span.days_until(today)))
}
