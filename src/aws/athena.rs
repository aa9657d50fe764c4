//! The trail in Athena: the same two passes as over delivered objects, in Athena's own SQL.

use crate::aws::athena_alone::case_table;
use crate::aws::athena_forecast::{Limit, WORKGROUP, forecast, of_days};
use crate::aws::athena_passes::{CUT, Passes, Reading, purpose};
use crate::aws::athena_reading::Remembering;
use crate::aws::athena_run::{GET, RESULTS, Runner, START, internal};
use crate::aws::athena_stopper::STOP;
use crate::aws::athena_table::{AthenaSettingError, AthenaSettings, Table};
use crate::aws::athena_tables::DEFINITION;
use crate::aws::athena_whole_cut::{AthenaWholeCuts, LIST};
use crate::domain::lineage::Subject;
use crate::domain::query_cost::ReadFor;
use crate::domain::question::Filled;
use crate::domain::scan::Forecast;
use crate::domain::trail_row::TrailRow;
use crate::ports::clock::Clock;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::rows::Rows;
use crate::ports::trail::{Cut, Deeds, RoleCalls, Sightings, Source, TrailError, Window};
use async_trait::async_trait;
use aws_config::SdkConfig;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use tokio_util::task::TaskTracker;

/// Every IAM action that this adapter calls; `manifests/iam/bot.json` allows these.
pub const CALLS: &[&str] = &[WORKGROUP, START, GET, RESULTS, STOP];
/// What it asks the catalog of the table.
pub const CALLS_OF_CATALOG: &[&str] = &[DEFINITION];
/// What Athena does with the caller's rights: it reads the table's definition and the trail, and
/// writes results.
pub const CALLS_BY_ATHENA: &[&str] = &[
    "glue:GetDatabase",
    "glue:GetPartitions",
    "glue:GetTable",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
];

/// What making tables of whole cuts takes besides, where the settings name a database for them;
/// `manifests/iam/bot_case_tables.json` allows these.
pub const CALLS_OF_CASE_TABLES: &[&str] = &[LIST];
/// What Athena does for it with the caller's rights; the rows go where results go.
pub const CALLS_OF_CASE_TABLES_BY_ATHENA: &[&str] =
    &["glue:CreateTable", "glue:DeleteTable", "glue:GetTables"];

/// Where the cut stops flattening records and begins to choose among them.
const CHOICE: &str = "cases AS (";
/// Who reverted a containment is a question about a handful of calls.
const DEEDS_MAX: usize = 10_000;
/// Changing calls by any session of a role; what CloudTrail does not call a read is a change.
const BY_ROLE: &str = "issuer_arn IN ({roles}) AND coalesce(read_only, 0) <> 1";

/// A CloudTrail table that Athena can read.
#[derive(Debug, Clone)]
pub struct AthenaTrail {
    reading: Remembering,
    limit: Limit,
}

impl AthenaTrail {
    /// `tasks` takes the stopping of queries that nobody waits for any more.
    pub fn new(
        config: &SdkConfig,
        settings: AthenaSettings,
        clock: Clock,
        tasks: TaskTracker,
    ) -> Result<Self, AthenaSettingError> {
        let runner = Runner {
            client: aws_sdk_athena::Client::new(config),
            table: Table::new(settings)?,
            clock,
            tasks,
            failures: Arc::new(Mutex::new(HashMap::new())),
        };
        Ok(Self { reading: Remembering::new(runner), limit: Limit::default() })
    }

    /// What asks all of a cut that is not read to its end.
    pub fn whole_cuts(&self) -> AthenaWholeCuts {
        AthenaWholeCuts::new(self.reading.clone(), self.limit.clone())
    }

    /// The cut of a subject as `case_table`, for a question to stand after it.
    pub async fn case_table(
        &self,
        window: Window,
        subject: &Subject,
    ) -> Result<String, TrailError> {
        let passes = self.reading.passes_from(window.from).await?;
        let table = case_table(&passes, passes.span(window), subject);
        table.ok_or_else(|| internal("the cut's SQL has changed"))
    }

    /// The table as our queries name it, and its days; public, so that another engine can be asked
    /// the same.
    pub async fn relation(&self, window: Window) -> Result<(String, String), TrailError> {
        let passes = self.reading.passes_from(window.from).await?;
        Ok(passes.table.relation(passes.span(window)))
    }
}

#[async_trait]
impl Source for AthenaTrail {
    async fn sightings(&self, window: Window) -> Result<Sightings, TrailError> {
        self.reading.sightings(window).await
    }

    async fn cut(&self, window: Window, subject: &Subject) -> Result<Cut<Rows>, TrailError> {
        Ok(self.reading.cut(window, subject).await?.into())
    }

    async fn deeds(&self, deeds: &Deeds) -> Result<Cut, TrailError> {
        let passes = self.reading.passes().await?;
        let (filled, reading) = about_deeds(&passes, deeds)?;
        let purpose = purpose("deeds", TrailRow::COLUMNS, DEEDS_MAX, reading);
        passes.flat_rows(&filled, purpose).await
    }

    async fn role_calls(&self, role: &str, window: Window) -> Result<RoleCalls, TrailError> {
        let passes = self.reading.passes().await?;
        let (filled, reading) = about_role(&passes, role, window)?;
        let purpose = purpose("role calls", TrailRow::COLUMNS, DEEDS_MAX, reading);
        let (found, (coverage, cost)) =
            tokio::try_join!(passes.flat_rows(&filled, purpose), passes.coverage(reading))?;
        let Cut { rows, truncated, cost: rows_cost, .. } = found;
        Ok(RoleCalls { rows, coverage, cost: rows_cost + cost, truncated })
    }

    async fn forecast(
        &self,
        planned: Planned<'_>,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        let asked = match planned {
            Planned::Survey { window, key_id } => {
                let asked = (window, key_id, bytes_a_day);
                return forecast(&self.reading, &self.limit, asked).await.map(Some);
            }
            Planned::Deeds(deeds) => {
                let (filled, reading) = about_deeds(&self.reading.passes().await?, deeds)?;
                vec![(filled, reading.span)]
            }
            Planned::RoleCalls { role, window } => {
                let passes = self.reading.passes().await?;
                let (filled, reading) = about_role(&passes, role, window)?;
                // What was looked at is asked beside it.
                let looked_at = passes.looked_at(reading.span);
                vec![(filled, reading.span), (looked_at, reading.span)]
            }
            // Another log is not of this table, and a whole cut is asked of `WholeCuts`.
            Planned::Question { .. } => return Ok(None),
        };
        let passes = self.reading.passes().await?;
        Ok(Some(of_days(&passes, &self.limit, &asked, bytes_a_day).await))
    }
}

fn about_deeds(passes: &Passes, deeds: &Deeds) -> Result<(Filled, Reading), TrailError> {
    let template = deeds_template().ok_or_else(|| internal("the cut's SQL has changed"))?;
    let bare = deeds.target.rsplit('/').next().unwrap_or_default();
    let targets = [deeds.target.clone(), bare.to_owned()];
    let lists: [(&str, &[String]); 2] = [("names", &deeds.event_names), ("targets", &targets)];
    let reading = passes.once(deeds.window, ReadFor::Reverter);
    Ok((passes.filled(&template, reading.span, &lists), reading))
}

fn about_role(
    passes: &Passes,
    role: &str,
    window: Window,
) -> Result<(Filled, Reading), TrailError> {
    let template = role_calls_template().ok_or_else(|| internal("the cut's SQL has changed"))?;
    let roles = [role.to_owned()];
    let reading = passes.once(window, ReadFor::Reconciliation);
    Ok((passes.filled(&template, reading.span, &[("roles", &roles)]), reading))
}

/// Successful calls of these names on this target.
fn deeds_template() -> Option<String> {
    let about = [
        "target_user",
        "target_role",
        "target_group",
        "target_policy",
        "target_key",
        "resource",
        "bucket",
    ];
    let about = about.map(|column| format!("{column} IN ({{targets}})"));
    let about = about.join(" OR ");
    chosen("deed", &format!("error_code IS NULL AND event_name IN ({{names}}) AND ({about})"))
}

/// Changing calls of a role's sessions; public, so that another engine can be asked the same.
pub fn role_calls_template() -> Option<String> {
    chosen("role", BY_ROLE)
}

/// The cut's own flattening, with another choice.
fn chosen(reach: &str, choice: &str) -> Option<String> {
    let (flattening, _) = CUT.split_once(CHOICE)?;
    let flattening = flattening.trim_end().trim_end_matches(',');
    let (_, columns) = TrailRow::COLUMNS.split_last()?;
    let columns = columns.join(",\n  ");
    Some(format!(
        "{flattening}\nSELECT\n  {columns},\n  '{reach}' AS reach\nFROM flat\nWHERE {choice}\n\
         ORDER BY event_time ASC NULLS LAST, event_id ASC NULLS LAST"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::question::fill;

    #[test]
    fn the_deeds_flatten_records_as_the_cut_does() {
        let template = deeds_template().expect("the cut names its choice");
        assert!(template.contains("AS mfa_used"), "{template}");
        assert!(!template.contains("cases"), "{template}");
        let names = ["DetachUserPolicy".to_owned()];
        let targets = ["ci".to_owned(), "ci".to_owned()];
        let raw = [("table", "t"), ("partitions", "1 = 1")];
        let bounds = ["x".to_owned()];
        let lists: [(&str, &[String]); 4] =
            [("from", &bounds), ("to", &bounds), ("names", &names), ("targets", &targets)];
        let filled = fill(&template, &raw, &lists);
        // The pattern of an instance's id counts its characters in braces of its own.
        let left = filled.sql.replace("{8,17}", "");
        assert!(!left.contains(['{', '}']), "{}", filled.sql);
        assert_eq!(filled.values.len(), 2 + 1 + 7 * 2);
    }
}

#[cfg(test)]
mod wire_tests {
    use super::*;
    use crate::aws::athena_days::DayColumns;
    use crate::aws::athena_table::{ROWS_MAX, Span};
    use crate::aws::wire_fake::{Answer, WireFake};
    use serde_json::{Value, json};
    use std::time::Duration;

    const STARTED: &str = r#"{"QueryExecutionId":"query-1"}"#;

    /// The right to see the table's definition is not there; the settings say what is needed.
    fn unseen() -> Answer {
        Answer::json_error(400, "AccessDeniedException")
    }

    impl AthenaTrail {
        /// Whoever reads the table as the settings have it.
        fn as_configured(&self) -> Passes {
            let runner = self.reading.runner.clone();
            let table = Arc::new(runner.table.clone());
            Passes { runner, table, weights: Arc::default() }
        }
    }

    async fn trail(fake: &WireFake, tasks: &TaskTracker) -> AthenaTrail {
        let settings = AthenaSettings {
            catalog: None,
            database: "logs".to_owned(),
            table: "cloudtrail".to_owned(),
            workgroup: Some("keyleak".to_owned()),
            output: None,
            days: DayColumns::Slashed { column: "timestamp".to_owned() },
            region: None,
            account: None,
            lookback_days: 90,
            ask_above: u64::MAX,
            case_tables: None,
            rows_max: ROWS_MAX,
        };
        // A thousandfold, so that the waits between polls are short.
        let clock = Clock::fast("2026-08-20T10:00:00Z".parse().unwrap(), 1_000);
        AthenaTrail::new(&fake.config().await, settings, clock, tasks.clone()).unwrap()
    }

    /// A window with an end is read in one piece.
    fn ended() -> Window {
        Window { from: None, to: Some("2026-08-20T10:00:00Z".parse().unwrap()) }
    }

    fn state(state: &str, reason: &str) -> Answer {
        let execution = json!({
            "QueryExecutionId": "query-1",
            "Status": {"State": state, "StateChangeReason": reason},
            "Statistics": {"DataScannedInBytes": 40_000_000, "TotalExecutionTimeInMillis": 1_234},
        });
        Answer::ok(&json!({"QueryExecution": execution}).to_string())
    }

    fn row(values: &[Option<&str>]) -> Value {
        let data: Vec<Value> = values
            .iter()
            .map(|value| value.map_or(json!({}), |text| json!({"VarCharValue": text})))
            .collect();
        json!({"Data": data})
    }

    fn page(columns: &[&str], rows: Vec<Value>, next: Option<&str>) -> Answer {
        let info: Vec<Value> =
            columns.iter().map(|name| json!({"Name": name, "Type": "varchar"})).collect();
        let set = json!({"Rows": rows, "ResultSetMetadata": {"ColumnInfo": info}});
        Answer::ok(&json!({"ResultSet": set, "NextToken": next}).to_string())
    }

    fn header() -> Value {
        let names: Vec<Option<&str>> = TrailRow::COLUMNS.iter().map(|name| Some(*name)).collect();
        row(&names)
    }

    fn event(time: &str) -> Value {
        let mut values = vec![None; TrailRow::COLUMNS.len()];
        values[0] = Some(time);
        row(&values)
    }

    fn subject() -> Subject {
        Subject {
            key_id: "AKIAQNZGKIQY56JQ7WML".to_owned(),
            addresses: vec!["o'brien".to_owned()],
            ..Subject::default()
        }
    }

    #[tokio::test]
    async fn a_cut_is_started_polled_and_read_without_its_header() {
        let fake = WireFake::start([
            unseen(),
            Answer::ok(STARTED),
            state("QUEUED", ""),
            state("RUNNING", ""),
            state("QUEUED", ""),
            state("SUCCEEDED", ""),
            page(TrailRow::COLUMNS, vec![header(), event("2026-08-02T00:00:00Z")], Some("more")),
            page(TrailRow::COLUMNS, vec![event("2026-08-01T00:00:00Z")], None),
        ]);
        let trail = trail(&fake, &TaskTracker::new()).await;
        let cut = trail.cut(ended(), &subject()).await.unwrap().held().unwrap();
        let times: Vec<&str> = cut.rows.iter().map(|row| row.event_time.as_str()).collect();
        assert_eq!(times, ["2026-08-01T00:00:00Z", "2026-08-02T00:00:00Z"]);
        assert_eq!(cut.cost.bytes_scanned, 40_000_000);
        assert_eq!((cut.cost.elapsed_ms, cut.cost.microdollars), (1_234, 200));
        let asked = fake.seen()[0].json();
        assert_eq!(asked["CatalogName"], "AwsDataCatalog");
        assert_eq!(asked["DatabaseName"], "logs");
        assert_eq!(asked["TableName"], "cloudtrail");
        let start = fake.seen()[1].json();
        assert_eq!(start["WorkGroup"], "keyleak");
        assert_eq!(start["QueryExecutionContext"]["Database"], "logs");
        assert_eq!(start["ClientRequestToken"].as_str().map(str::len), Some(64));
        let sql = start["QueryString"].as_str().unwrap();
        assert!(sql.contains("\"timestamp\" BETWEEN '2026/05/22' AND '2026/08/21'"), "{sql}");
        let values = start["ExecutionParameters"].as_array().unwrap();
        assert_eq!(sql.matches('?').count(), values.len());
        assert!(values.contains(&json!("'AKIAQNZGKIQY56JQ7WML'")));
        assert!(values.contains(&json!("'o''brien'")));
        assert_eq!(fake.seen()[7].json()["NextToken"], "more");
    }

    #[tokio::test]
    async fn columns_in_another_order_are_put_into_ours() {
        let turned: Vec<&str> = TrailRow::COLUMNS.iter().rev().copied().collect();
        let mut values = vec![None; turned.len()];
        values[turned.len() - 1] = Some("2026-08-01T00:00:00Z");
        values[0] = Some("key");
        let fake = WireFake::start([
            unseen(),
            Answer::ok(STARTED),
            state("SUCCEEDED", ""),
            page(&turned, vec![row(&values)], None),
        ]);
        let trail = trail(&fake, &TaskTracker::new()).await;
        let cut = trail.cut(ended(), &subject()).await.unwrap().held().unwrap();
        assert_eq!(cut.rows[0].event_time, "2026-08-01T00:00:00Z");
        assert_eq!(cut.rows[0].reach.as_deref(), Some("key"));
    }

    #[tokio::test]
    async fn an_end_without_rows_is_told_apart() {
        type Check = fn(&TrailError) -> bool;
        let checks: [(&str, &str, Check); 6] = [
            ("CANCELLED", "Bytes scanned limit was exceeded", |error| {
                matches!(error, TrailError::TooCostly { .. })
            }),
            ("CANCELLED", "", |error| matches!(error, TrailError::Cancelled)),
            ("FAILED", "Query exhausted resources at this scale factor", |error| {
                matches!(error, TrailError::TooCostly { .. })
            }),
            ("FAILED", "Access Denied (Service: Amazon S3)", |error| {
                matches!(error, TrailError::Denied { .. })
            }),
            ("FAILED", "TABLE_NOT_FOUND: line 3", |error| {
                matches!(error, TrailError::Unreadable { .. })
            }),
            ("FAILED", "SYNTAX_ERROR: line 1:8", |error| {
                matches!(error, TrailError::Question { .. })
            }),
        ];
        for (end, reason, expected) in checks {
            let fake = WireFake::start([unseen(), Answer::ok(STARTED), state(end, reason)]);
            let tasks = TaskTracker::new();
            let trail = trail(&fake, &tasks).await;
            let error = trail.cut(ended(), &subject()).await.unwrap_err();
            assert!(expected(&error), "{end} {reason}: {error:?}");
            assert!(tasks.is_empty(), "a query that ended needs no stopping");
        }
    }

    /// Days that are over.
    fn over() -> Reading {
        let [from, first, last] = ["2026-08-01T00:00:00Z", "2026-08-01", "2026-08-10"];
        let (first, last) = (first.parse().unwrap(), last.parse().unwrap());
        let span = Span { from: from.parse().unwrap(), to: None, first, last };
        Reading { span, why: ReadFor::Window, settled: true }
    }

    fn no_rows() -> Answer {
        page(TrailRow::COLUMNS, vec![header()], None)
    }

    #[tokio::test]
    async fn days_that_are_over_are_asked_about_under_one_token_until_that_fails() {
        let fake = WireFake::start([
            Answer::ok(STARTED),
            state("FAILED", "Query exhausted resources"),
            Answer::ok(STARTED),
            state("SUCCEEDED", ""),
            no_rows(),
            Answer::ok(STARTED),
            state("SUCCEEDED", ""),
            no_rows(),
        ]);
        let (one, restarted) =
            (trail(&fake, &TaskTracker::new()).await, trail(&fake, &TaskTracker::new()).await);
        one.as_configured().second_pass(over(), &subject()).await.unwrap_err();
        one.as_configured().second_pass(over(), &subject()).await.unwrap();
        restarted.as_configured().second_pass(over(), &subject()).await.unwrap();
        let starts = fake.seen().into_iter().filter(|seen| seen.body.contains("QueryString"));
        let tokens: Vec<Value> =
            starts.map(|seen| seen.json()["ClientRequestToken"].clone()).collect();
        assert_ne!(tokens[0], tokens[1], "Athena would answer with the one that failed");
        assert_eq!(tokens[0], tokens[2], "another process does not run it again");
    }

    #[tokio::test]
    async fn a_query_that_somebody_gave_up_is_begun_again_for_the_next_who_asks() {
        let script = [
            Answer::ok(STARTED),
            state("CANCELLED", ""),
            Answer::ok(STARTED),
            state("SUCCEEDED", ""),
            no_rows(),
        ];
        let fake = WireFake::start(script);
        let trail = trail(&fake, &TaskTracker::new()).await;
        trail.as_configured().second_pass(over(), &subject()).await.unwrap();
        // One that is stopped each time is told.
        let stopped = [Answer::ok(STARTED), state("CANCELLED", "")];
        let fake = WireFake::start(std::iter::repeat_n(stopped, 4).flatten());
        let trail = self::trail(&fake, &TaskTracker::new()).await;
        let error = trail.as_configured().second_pass(over(), &subject()).await.unwrap_err();
        assert!(matches!(error, TrailError::Cancelled), "{error:?}");
    }

    #[tokio::test]
    async fn a_query_that_was_run_before_costs_nothing_again() {
        let run = |at: Option<&str>| {
            let mut execution = json!({
                "QueryExecutionId": "query-1",
                "Status": {"State": "SUCCEEDED"},
                "Statistics": {"DataScannedInBytes": 40_000_000},
            });
            if let Some(at) = at {
                let at: jiff::Timestamp = at.parse().unwrap();
                execution["Status"]["SubmissionDateTime"] = json!(at.as_second());
            }
            Answer::ok(&json!({"QueryExecution": execution}).to_string())
        };
        let (now, before) = ("2026-08-20T10:00:00Z", "2026-08-20T09:00:00Z");
        let mut script = Vec::new();
        for at in [Some(now), Some(before), None] {
            script.extend([Answer::ok(STARTED), run(at), no_rows()]);
        }
        let fake = WireFake::start(script);
        let mut costs = Vec::new();
        for _ in 0..3 {
            let trail = trail(&fake, &TaskTracker::new()).await;
            let (_, cost) = trail.as_configured().second_pass(over(), &subject()).await.unwrap();
            costs.push((cost.bytes_scanned, cost.executions[0].days.clone().unwrap()));
        }
        let days = || "2026-08-01 to 2026-08-10".to_owned();
        assert_eq!(costs, [(40_000_000, days()), (0, days()), (40_000_000, days())]);
    }

    #[tokio::test]
    async fn a_query_that_nobody_waits_for_is_stopped() {
        let mut script = vec![unseen(), Answer::ok(STARTED)];
        script.push(Answer::Stall(Duration::from_secs(2)));
        script.push(Answer::ok("{}"));
        let fake = WireFake::start(script);
        let tasks = TaskTracker::new();
        let trail = trail(&fake, &tasks).await;
        let subject = subject();
        let asked = trail.cut(ended(), &subject);
        let given_up = tokio::time::timeout(Duration::from_secs(1), asked).await;
        assert!(given_up.is_err());
        tasks.close();
        tasks.wait().await;
        assert_eq!(
            fake.operations()[1..],
            ["StartQueryExecution", "GetQueryExecution", "StopQueryExecution"]
        );
        assert_eq!(fake.seen()[3].json()["QueryExecutionId"], "query-1");
    }

    #[tokio::test]
    async fn a_refused_start_names_the_permission() {
        let fake = WireFake::start([unseen(), Answer::json_error(400, "AccessDeniedException")]);
        let trail = trail(&fake, &TaskTracker::new()).await;
        let error = trail.cut(ended(), &subject()).await.unwrap_err();
        let TrailError::Denied { action } = &error else {
            panic!("{error:?}");
        };
        assert!(action.contains("athena:StartQueryExecution"), "{action}");
    }

    #[tokio::test]
    async fn a_start_that_is_throttled_is_safe_to_try_again() {
        let fake = WireFake::start([unseen(), Answer::json_error(400, "TooManyRequestsException")]);
        let trail = trail(&fake, &TaskTracker::new()).await;
        let error = trail.cut(ended(), &subject()).await.unwrap_err();
        assert!(matches!(error, TrailError::Unavailable { .. }), "{error:?}");
    }
}
