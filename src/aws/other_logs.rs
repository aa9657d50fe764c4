//! Logs beside CloudTrail in Athena: one question each, about the actor, over the case's days.

use crate::aws::athena_forecast::{Limit, of_days};
use crate::aws::athena_passes::{Passes, purpose};
use crate::aws::athena_run::{Runner, internal};
use crate::aws::athena_table::{AthenaSettingError, AthenaSettings, Table};
use crate::domain::other_log::{Actor, OtherLog};
use crate::domain::query_cost::ReadFor;
use crate::domain::scan::Forecast;
use crate::ports::clock::Clock;
use crate::ports::other_logs::{LogQuestion, LogRows, OtherLogs};
use crate::ports::trail::{TrailError, Window};
use async_trait::async_trait;
use aws_config::SdkConfig;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use tokio_util::task::TaskTracker;

/// Rows of one answer: each is a sum already, and a person reads the first screen.
const ROWS_MAX: usize = 10_000;

/// The tables that the settings name.
#[derive(Debug)]
pub struct AthenaLogs {
    tables: BTreeMap<OtherLog, Passes>,
    /// The workgroup is that of the trail, for all of them.
    limit: Limit,
}

impl AthenaLogs {
    /// `tasks` takes the stopping of queries that nobody waits for any more.
    pub fn new(
        config: &SdkConfig,
        settings: &BTreeMap<OtherLog, AthenaSettings>,
        clock: Clock,
        tasks: &TaskTracker,
    ) -> Result<Self, AthenaSettingError> {
        let client = aws_sdk_athena::Client::new(config);
        let passes = |(log, settings): (&OtherLog, &AthenaSettings)| {
            let table = Table::new(settings.clone())?;
            let runner = Runner {
                client: client.clone(),
                table: table.clone(),
                clock,
                tasks: tasks.clone(),
                failures: Arc::new(Mutex::new(HashMap::new())),
            };
            Ok((*log, Passes { runner, table: Arc::new(table), weights: Arc::default() }))
        };
        let tables = settings.iter().map(passes).collect::<Result<_, _>>()?;
        Ok(Self { tables, limit: Limit::default() })
    }

    fn table(&self, log: OtherLog) -> Result<&Passes, TrailError> {
        self.tables.get(&log).ok_or_else(|| internal("no such table"))
    }
}

#[async_trait]
impl OtherLogs for AthenaLogs {
    fn has(&self, log: OtherLog) -> bool {
        self.tables.contains_key(&log)
    }

    async fn forecast(
        &self,
        question: LogQuestion<'_>,
        window: Window,
        bytes_a_day: Option<u64>,
    ) -> Result<Option<Forecast>, TrailError> {
        let passes = self.table(question.log)?;
        let reading = passes.once(window, ReadFor::OtherLogs);
        // Whom it looks for grows while the actor is at work; what is scanned for it does not.
        let nobody = Actor::default();
        let filled = passes.filled(question.sql, reading.span, &nobody.lists());
        let asked = [(filled, reading.span)];
        Ok(Some(of_days(passes, &self.limit, &asked, bytes_a_day).await))
    }

    async fn ask(
        &self,
        question: LogQuestion<'_>,
        actor: &Actor,
        window: Window,
    ) -> Result<LogRows, TrailError> {
        let passes = self.table(question.log)?;
        let reading = passes.once(window, ReadFor::OtherLogs);
        let filled = passes.filled(question.sql, reading.span, &actor.lists());
        let columns: Vec<&str> = question.columns.iter().map(String::as_str).collect();
        let purpose = purpose(question.log.title(), &columns, ROWS_MAX, reading);
        let mut found = passes.run(&filled, purpose).await?;
        for run in &mut found.cost.executions {
            run.log = Some(question.log.slug().to_owned());
        }
        let settings = passes.runner.table.settings();
        let place = format!("{}.{}, {}", settings.database, settings.table, reading.span.words());
        Ok(LogRows {
            rows: found.rows,
            truncated: found.truncated,
            sql: filled.sql,
            place,
            cost: found.cost,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::athena_days::DayColumns;
    use crate::aws::athena_table::ROWS_MAX as PASS_ROWS_MAX;
    use crate::aws::wire_fake::{Answer, WireFake};
    use serde_json::json;

    const SQL: &str = "-- columns: client_ip, requests\nSELECT client_ip, requests FROM {table} \
                       WHERE {partitions} AND \"time\" >= {from} AND \"time\" < {to} \
                       AND client_ip IN ({addresses})";

    fn settings() -> AthenaSettings {
        AthenaSettings {
            catalog: None,
            database: "edge".to_owned(),
            table: "alb".to_owned(),
            workgroup: Some("keyleak".to_owned()),
            output: None,
            days: DayColumns::Slashed { column: "day".to_owned() },
            region: None,
            account: None,
            lookback_days: 15,
            ask_above: u64::MAX,
            case_tables: None,
            rows_max: PASS_ROWS_MAX,
        }
    }

    fn page() -> String {
        let cell = |text: &str| json!({"VarCharValue": text});
        let row = |texts: [&str; 2]| json!({"Data": texts.map(cell)});
        let info = ["client_ip", "requests"].map(|name| json!({"Name": name, "Type": "varchar"}));
        json!({"ResultSet": {
            "Rows": [row(["client_ip", "requests"]), row(["192.0.2.1", "3"])],
            "ResultSetMetadata": {"ColumnInfo": info},
        }})
        .to_string()
    }

    /// A query that scans 40 MB.
    fn answered() -> [Answer; 3] {
        let done = json!({"QueryExecution": {
            "QueryExecutionId": "query-1",
            "Status": {"State": "SUCCEEDED"},
            "Statistics": {"DataScannedInBytes": 40_000_000},
        }});
        [
            Answer::ok(r#"{"QueryExecutionId":"query-1"}"#),
            Answer::ok(&done.to_string()),
            Answer::ok(&page()),
        ]
    }

    fn workgroup(limit: Option<u64>) -> Answer {
        let settings = json!({ "BytesScannedCutoffPerQuery": limit });
        Answer::ok(
            &json!({"WorkGroup": {"Name": "keyleak", "Configuration": settings}}).to_string(),
        )
    }

    async fn logs(fake: &WireFake) -> AthenaLogs {
        let clock = Clock::fast("2026-08-20T10:00:00Z".parse().unwrap(), 1_000);
        let tables = BTreeMap::from([(OtherLog::LoadBalancer, settings())]);
        AthenaLogs::new(&fake.config().await, &tables, clock, &TaskTracker::new()).unwrap()
    }

    /// From a day of August on.
    fn since(day: u32) -> Window {
        Window { from: format!("2026-08-{day}T10:00:00Z").parse().ok(), to: None }
    }

    #[tokio::test]
    async fn what_a_question_would_scan_is_known_once_the_log_was_asked_or_a_record_tells() {
        let fake = WireFake::start([workgroup(None)].into_iter().chain(answered()));
        let logs = logs(&fake).await;
        let columns = ["client_ip", "requests"].map(str::to_owned);
        let question = LogQuestion { log: OtherLog::LoadBalancer, sql: SQL, columns: &columns };
        let foreseen = async |window, told| {
            let forecast = logs.forecast(question, window, told).await.unwrap().unwrap();
            assert!(forecast.cost.is_nothing() && !forecast.scan.is_window);
            forecast.scan
        };
        let unknown = foreseen(since(18), None).await;
        assert_eq!((unknown.bytes, unknown.at_most), (None, None));
        assert!(unknown.needs_allowance(), "whatever the limit, nobody can say");
        assert_eq!(unknown.days.as_deref(), Some("2026-08-18 to 2026-08-21"));
        assert_eq!(foreseen(since(18), Some(5)).await.bytes, Some(15), "three days so far");
        assert_eq!(fake.seen().len(), 1, "the limit is asked once, and the log not at all");

        logs.ask(question, &Actor::default(), since(18)).await.unwrap();
        let known = foreseen(since(18), None).await;
        assert_eq!(known.bytes, Some(60_000_000), "today is not over");
        assert_eq!(known.sql_sha256, unknown.sql_sha256, "the same days of the same table");
        let longer = foreseen(since(17), None).await;
        assert_eq!(longer.bytes, Some(80_000_000));
        assert_ne!(longer.sql_sha256, known.sql_sha256);
    }

    #[tokio::test]
    async fn a_question_that_the_workgroup_would_stop_is_known_beforehand() {
        for (limit, stopped) in [(14, None), (9, Some(9))] {
            let fake = WireFake::start([workgroup(Some(limit))]);
            let columns = ["client_ip", "requests"].map(str::to_owned);
            let question = LogQuestion { log: OtherLog::LoadBalancer, sql: SQL, columns: &columns };
            let forecast = logs(&fake).await.forecast(question, since(19), Some(5)).await;
            let forecast = forecast.unwrap().unwrap();
            assert_eq!((forecast.stopped_above, forecast.scan.at_most), (stopped, Some(limit)));
        }
    }

    #[tokio::test]
    async fn a_log_is_asked_about_the_actor_on_the_days_of_the_window_alone_and_the_bytes_count() {
        let fake = WireFake::start(answered());
        let logs = logs(&fake).await;
        assert!(logs.has(OtherLog::LoadBalancer) && !logs.has(OtherLog::VpcFlow));
        let addresses = ["192.0.2.1".to_owned(), "o'brien".to_owned()].to_vec();
        let actor = Actor { addresses, ..Actor::default() };
        let window = Window {
            from: Some("2026-08-18T10:00:00Z".parse().unwrap()),
            to: Some("2026-08-19T00:00:00Z".parse().unwrap()),
        };
        let columns = ["client_ip", "requests"].map(str::to_owned);
        let question = LogQuestion { log: OtherLog::LoadBalancer, sql: SQL, columns: &columns };
        let found = logs.ask(question, &actor, window).await.unwrap();
        assert_eq!(found.rows, [[Some("192.0.2.1".to_owned()), Some("3".to_owned())]]);
        assert_eq!(found.place, "edge.alb, 2026-08-18 to 2026-08-20");
        assert_eq!(found.cost.bytes_scanned, 40_000_000);
        assert_eq!(found.cost.executions[0].reading, ReadFor::OtherLogs);
        assert_eq!(found.cost.executions[0].log.as_deref(), Some("alb"));
        let started = fake.seen()[0].json();
        let sql = started["QueryString"].as_str().unwrap();
        assert!(sql.contains("\"day\" BETWEEN '2026/08/18' AND '2026/08/20'"), "{sql}");
        assert_eq!(started["ExecutionParameters"].as_array().unwrap().len(), 4);
        assert_eq!(started["ExecutionParameters"][3], "'o''brien'");
        assert_eq!(started["QueryExecutionContext"]["Database"], "edge");
    }
}
