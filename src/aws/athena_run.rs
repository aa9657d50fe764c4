//! One query on Athena: started, waited for, read page by page, and stopped when nobody waits.

use crate::aws::athena_pages::{Kind, column_places, in_order, is_header, kinds, texts};
use crate::aws::athena_stopper::{Stopper, stop};
use crate::aws::athena_table::{Span, Table};
use crate::aws::error::{call_error, safe_text, trail_error};
use crate::domain::digest::sha256_hex;
use crate::domain::query_cost::{BYTES_PER_MICRODOLLAR, QueryCost, QueryRun, ReadFor};
use crate::domain::question::Filled;
use crate::ports::clock::Clock;
use crate::ports::cloud::CallError;
use crate::ports::trail::TrailError;
use aws_sdk_athena::Client;
use aws_sdk_athena::types::{
    QueryExecution, QueryExecutionContext, QueryExecutionState, QueryExecutionStatus,
    ResultConfiguration,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

pub(super) const START: &str = "athena:StartQueryExecution";
pub(super) const GET: &str = "athena:GetQueryExecution";
pub(super) const RESULTS: &str = "athena:GetQueryResults";

/// Athena's own limit for a page.
const PAGE_ROWS_MAX: i32 = 1_000;
/// Short queries are over at once, and long ones need not be asked about often.
const WAITS_MS: &[u64] = &[500, 1_000, 2_000, 5_000];
/// Athena's own default timeout; a query that takes longer reads too much.
const QUERY_SECONDS_MAX: u64 = 30 * 60;
/// Athena's limit for one execution parameter.
const PARAMETER_CHARS_MAX: usize = 1_024;
/// Athena bills at least this much of each query.
const BILLED_BYTES_MIN: u64 = 10_000_000;
/// A query that Athena took in so long before it was sent is one that was run before.
const SENT_WITHIN: SignedDuration = SignedDuration::from_mins(5);
/// A query that somebody gave up is begun again so often before its end is told.
const CANCELLED_MAX: u32 = 3;
/// Failures are remembered up to so many queries; without them a failed one is only told again.
const FAILURES_MAX: usize = 1_000;

/// What is needed to run queries.
#[derive(Debug, Clone)]
pub(super) struct Runner {
    pub(super) client: Client,
    pub(super) table: Table,
    pub(super) clock: Clock,
    pub(super) tasks: TaskTracker,
    /// How often each query over settled days has failed, by its token.
    pub(super) failures: Arc<Mutex<HashMap<String, u32>>>,
}

/// What one query is for, and how much of its result is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Purpose<'a> {
    pub(super) name: &'static str,
    /// None for what returns no rows.
    pub(super) columns: &'a [&'a str],
    pub(super) rows_max: usize,
    /// All rows together.
    pub(super) bytes_max: usize,
    pub(super) span: Span,
    pub(super) reading: ReadFor,
    /// Its days are over, so that the same query has the same answer whenever it is asked.
    pub(super) settled: bool,
}

/// What a query gave, columns in the order they were asked for.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<Vec<Option<String>>>,
    /// What the columns hold.
    pub(super) kinds: Vec<Kind>,
    pub(super) truncated: bool,
    pub(super) cost: QueryCost,
    /// What the query scanned when it was run, be it now or before.
    pub(super) scanned: u64,
}

impl Runner {
    /// Runs one query to its end. One over settled days runs once, whoever sends it again: after a
    /// restart too, and at another replica.
    pub(super) async fn run(
        &self,
        filled: &Filled,
        purpose: Purpose<'_>,
    ) -> Result<Found, TrailError> {
        if !purpose.settled {
            let begun = self.clock.now().as_millisecond();
            return self.run_as(token(purpose.name, begun, filled), filled, purpose).await;
        }
        let first = token(purpose.name, 0, filled);
        let mut again = CANCELLED_MAX;
        loop {
            let turn = i64::from(self.failed(&first, 0));
            let token = token(purpose.name, turn, filled);
            let found = self.run_as(token, filled, purpose).await;
            if found.is_ok() {
                return found;
            }
            // Athena would answer with the very query that failed.
            self.failed(&first, 1);
            // Whoever gave it up is not who asks now.
            if !matches!(found, Err(TrailError::Cancelled)) || again == 0 {
                return found;
            }
            again -= 1;
        }
    }

    /// What this query made is gone: sent again it is another one.
    pub(super) fn is_undone(&self, filled: &Filled, purpose: Purpose<'_>) {
        self.failed(&token(purpose.name, 0, filled), 1);
    }

    /// How often a query has failed, with so many more.
    fn failed(&self, token: &str, more: u32) -> u32 {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if more > 0 && failures.len() < FAILURES_MAX {
            *failures.entry(token.to_owned()).or_default() += more;
        }
        failures.get(token).copied().unwrap_or_default()
    }

    async fn run_as(
        &self,
        token: String,
        filled: &Filled,
        purpose: Purpose<'_>,
    ) -> Result<Found, TrailError> {
        let sent = self.clock.now();
        let query_id = self.start(token, filled).await?;
        let mut stopper = Stopper {
            client: self.client.clone(),
            tasks: self.tasks.clone(),
            query_id: Some(query_id.clone()),
        };
        let execution = self.finished(&query_id, purpose.name).await;
        // A query that came to its end needs no stopping, whatever its end was.
        let execution = match execution {
            Ok(execution) => execution,
            Err(Unfinished::Ended(error)) => {
                stopper.query_id = None;
                return Err(error);
            }
            Err(Unfinished::Running(error)) => return Err(error),
        };
        stopper.query_id = None;
        let read = match purpose.columns {
            [] => Found::default(),
            _ => self.rows(&query_id, purpose).await?,
        };
        let run = QueryRun {
            id: query_id,
            sql_sha256: sha256_hex(filled.sql.as_bytes()),
            bytes_scanned: None,
            days: Some(purpose.span.words()),
            reading: purpose.reading,
            log: None,
        };
        let scanned = scanned(&execution);
        Ok(Found { cost: cost(&execution, run, sent), scanned, ..read })
    }

    async fn start(&self, token: String, filled: &Filled) -> Result<String, TrailError> {
        let parameters = parameters(&filled.values)?;
        let settings = self.table.settings();
        let context = QueryExecutionContext::builder()
            .database(&settings.database)
            .set_catalog(settings.catalog.clone());
        let output = settings.output.as_ref();
        let output = output.map(|to| ResultConfiguration::builder().output_location(to).build());
        let request = self
            .client
            .start_query_execution()
            .query_string(&filled.sql)
            .set_execution_parameters((!parameters.is_empty()).then_some(parameters))
            .client_request_token(token)
            .query_execution_context(context.build())
            .set_work_group(settings.workgroup.clone())
            .set_result_configuration(output);
        // Who is gone before the answer comes has begun a query all the same.
        let (tell, hear) = oneshot::channel();
        let client = self.client.clone();
        self.tasks.spawn(async move {
            let answer = request.send().await.map_err(|error| call_error(START, &error));
            let begun = answer.map(|answer| answer.query_execution_id);
            if let Err(Ok(Some(query_id))) = tell.send(begun) {
                stop(&client, query_id).await;
            }
        });
        let begun = hear.await.map_err(|_| internal("the start of a query was given up"))?;
        let query_id = begun.map_err(|error| self.refused(&error))?;
        query_id.ok_or_else(|| internal("Athena started a query without an id"))
    }

    async fn finished(
        &self,
        query_id: &str,
        purpose: &'static str,
    ) -> Result<QueryExecution, Unfinished> {
        let deadline = self.clock.now() + Duration::from_secs(QUERY_SECONDS_MAX);
        let mut waits = WAITS_MS.iter();
        let mut wait_ms = WAITS_MS.first().copied().unwrap_or(1_000);
        loop {
            wait_ms = waits.next().copied().unwrap_or(wait_ms);
            self.clock.sleep(Duration::from_millis(wait_ms)).await;
            let request = self.client.get_query_execution();
            let answer = request.query_execution_id(query_id).send().await;
            let answer = match answer.map_err(|error| call_error(GET, &error)) {
                Ok(answer) => answer,
                // The next poll asks again; only what cannot get better ends the wait.
                Err(error) if error.class.retryable() && self.clock.now() < deadline => continue,
                Err(error) => return Err(Unfinished::Running(self.refused(&error))),
            };
            let execution = answer.query_execution;
            let execution = execution.ok_or(Unfinished::Running(internal("no such query")))?;
            match execution.status().and_then(|status| status.state()) {
                Some(QueryExecutionState::Succeeded) => return Ok(execution),
                Some(QueryExecutionState::Failed | QueryExecutionState::Cancelled) => {
                    let error = self.ended(execution.status(), purpose);
                    return Err(Unfinished::Ended(error));
                }
                Some(_) | None if self.clock.now() < deadline => {}
                Some(_) | None => return Err(Unfinished::Running(too_long())),
            }
        }
    }

    async fn rows(&self, query_id: &str, purpose: Purpose<'_>) -> Result<Found, TrailError> {
        let mut found = Found::default();
        let mut bytes = 0;
        let mut next: Option<String> = None;
        let mut places: Option<Vec<usize>> = None;
        loop {
            let request = self.client.get_query_results();
            let page = request
                .query_execution_id(query_id)
                .max_results(PAGE_ROWS_MAX)
                .set_next_token(next.take())
                .send()
                .await
                .map_err(|error| self.refused(&call_error(RESULTS, &error)))?;
            let texts = texts(&page);
            let first = places.is_none();
            let known = match places.take() {
                Some(known) => known,
                None => column_places(&page, &texts, (purpose.name, purpose.columns))?,
            };
            if first {
                found.kinds = kinds(&page, &known);
            }
            // The names of the columns come as the first row of the first page, and only there.
            let skip = usize::from(first && texts.first().is_some_and(|row| is_header(row, &page)));
            for row in texts.into_iter().skip(skip) {
                bytes += row.iter().flatten().map(String::len).sum::<usize>();
                if found.rows.len() >= purpose.rows_max || bytes > purpose.bytes_max {
                    found.truncated = true;
                    return Ok(found);
                }
                found.rows.push(in_order(&row, &known));
            }
            places = Some(known);
            next = page.next_token;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    /// What a refused call means for whoever asked the trail.
    pub(super) fn refused(&self, error: &CallError) -> TrailError {
        trail_error(error, self.place())
    }

    /// What it means that a query did not succeed; Athena says it in prose only.
    fn ended(&self, status: Option<&QueryExecutionStatus>, purpose: &'static str) -> TrailError {
        let reason = status.and_then(|status| status.state_change_reason());
        let detail = status.and_then(|status| status.athena_error());
        let reason = reason.or(detail.and_then(|detail| detail.error_message()));
        let reason = safe_text(reason.unwrap_or("Athena gave no reason"));
        let says = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        if says(&["Bytes scanned limit"]) {
            let name = self.table.settings().workgroup.as_deref().unwrap_or("primary");
            let reason = format!(
                "Athena stopped it at the byte limit of the workgroup {name}, and bills what was \
                 scanned until then: {reason}"
            );
            return TrailError::TooCostly { reason };
        }
        if says(&["exhausted resources", "EXCEEDED_"]) {
            return TrailError::TooCostly { reason };
        }
        if status.and_then(|status| status.state()) == Some(&QueryExecutionState::Cancelled) {
            return TrailError::Cancelled;
        }
        if says(&["Access Denied", "AccessDenied", "Insufficient permissions", "not authorized"]) {
            return TrailError::Denied { action: reason };
        }
        if says(&["TABLE_NOT_FOUND", "SCHEMA_NOT_FOUND", "COLUMN_NOT_FOUND", "does not exist"]) {
            let place = self.place();
            return TrailError::Unreadable { place, reason };
        }
        if detail.is_some_and(|detail| detail.retryable()) {
            return TrailError::Unavailable { reason };
        }
        TrailError::Question { id: purpose.to_owned(), reason }
    }

    pub(super) fn place(&self) -> String {
        let settings = self.table.settings();
        format!("Athena table {}.{}", settings.database, settings.table)
    }
}

/// Why there is no finished query: it ended otherwise, or it may still be running.
#[derive(Debug)]
enum Unfinished {
    Ended(TrailError),
    Running(TrailError),
}

/// A text as SQL has it: it brings its own quotes, and cannot leave them.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Values as Athena takes them: each is an expression.
fn parameters(values: &[String]) -> Result<Vec<String>, TrailError> {
    let quoted = |value: &String| {
        let quoted = literal(value);
        if quoted.chars().count() > PARAMETER_CHARS_MAX {
            return Err(internal("a value is longer than a parameter may be"));
        }
        Ok(quoted)
    };
    values.iter().map(quoted).collect()
}

/// The same query of the same turn is the same query, however often it is sent.
fn token(purpose: &str, turn: i64, filled: &Filled) -> String {
    let values = filled.values.join("\u{1f}");
    sha256_hex(format!("{purpose}\u{1e}{turn}\u{1e}{}\u{1e}{values}", filled.sql).as_bytes())
}

/// What a query cost; nothing where Athena answered with one that it had run before.
fn cost(execution: &QueryExecution, run: QueryRun, sent: Timestamp) -> QueryCost {
    let taken_in = execution.status().and_then(|status| status.submission_date_time());
    let taken_in = taken_in.and_then(|at| Timestamp::from_second(at.secs()).ok());
    if taken_in.is_some_and(|at| at < sent - SENT_WITHIN) {
        let run = QueryRun { bytes_scanned: Some(0), ..run };
        return QueryCost { executions: vec![run], ..QueryCost::default() };
    }
    let statistics = execution.statistics();
    let whole = |number: Option<i64>| u64::try_from(number.unwrap_or_default()).unwrap_or_default();
    let bytes = scanned(execution);
    let total = statistics.and_then(|all| all.total_execution_time_in_millis());
    let engine = statistics.and_then(|all| all.engine_execution_time_in_millis());
    QueryCost {
        executions: vec![QueryRun { bytes_scanned: Some(bytes), ..run }],
        bytes_scanned: bytes,
        elapsed_ms: whole(total.or(engine)),
        microdollars: bytes.max(BILLED_BYTES_MIN).div_ceil(BYTES_PER_MICRODOLLAR),
    }
}

fn scanned(execution: &QueryExecution) -> u64 {
    let bytes = execution.statistics().and_then(|all| all.data_scanned_in_bytes());
    u64::try_from(bytes.unwrap_or_default()).unwrap_or_default()
}

fn too_long() -> TrailError {
    TrailError::TooCostly {
        reason: format!("it was not done after {QUERY_SECONDS_MAX} s and was stopped"),
    }
}

pub(super) fn internal(reason: &str) -> TrailError {
    TrailError::Internal { reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_brings_its_own_quotes_and_cannot_leave_them() {
        let values = ["AKIA".to_owned(), "x' OR '1'='1".to_owned()];
        assert_eq!(parameters(&values).unwrap(), ["'AKIA'", "'x'' OR ''1''=''1'"]);
    }

    #[test]
    fn a_value_that_athena_would_refuse_is_refused_here() {
        assert!(parameters(&["x".repeat(1_023)]).is_err());
        assert!(parameters(&["x".repeat(1_022)]).is_ok());
    }

    #[test]
    fn a_query_costs_at_least_ten_megabytes() {
        let execution = |bytes| {
            let statistics = aws_sdk_athena::types::QueryExecutionStatistics::builder()
                .data_scanned_in_bytes(bytes)
                .build();
            let execution = QueryExecution::builder().statistics(statistics).build();
            cost(&execution, QueryRun::default(), Timestamp::UNIX_EPOCH).microdollars
        };
        assert_eq!(execution(1), 50);
        assert_eq!(execution(1_000_000_000_000), 5_000_000);
    }

    #[test]
    fn the_same_query_later_is_another_query() {
        let filled = Filled { sql: "SELECT 1".to_owned(), values: vec![] };
        assert_eq!(token("cut", 1, &filled), token("cut", 1, &filled));
        assert_ne!(token("cut", 1, &filled), token("cut", 2, &filled));
        assert_eq!(token("cut", 1, &filled).len(), 64);
    }
}
