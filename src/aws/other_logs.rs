//! Logs beside CloudTrail in Athena: one question each, about the actor, over the case's days.

use crate::aws::athena_passes::{Passes, purpose};
use crate::aws::athena_run::{Runner, internal};
use crate::aws::athena_table::{AthenaSettingError, AthenaSettings, Table};
use crate::domain::other_log::{Actor, OtherLog};
use crate::domain::query_cost::ReadFor;
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
        Ok(Self { tables: settings.iter().map(passes).collect::<Result<_, _>>()? })
    }
}

#[async_trait]
impl OtherLogs for AthenaLogs {
    fn has(&self, log: OtherLog) -> bool {
        self.tables.contains_key(&log)
    }

    async fn ask(
        &self,
        question: LogQuestion<'_>,
        actor: &Actor,
        window: Window,
    ) -> Result<LogRows, TrailError> {
        let passes = self.tables.get(&question.log).ok_or_else(|| internal("no such table"))?;
        let reading = passes.once(window, ReadFor::OtherLogs);
        let filled = passes.filled(question.sql, reading.span, &actor.lists());
        let columns: Vec<&str> = question.columns.iter().map(String::as_str).collect();
        let purpose = purpose(question.log.title(), &columns, ROWS_MAX, reading);
        let found = passes.runner.run(&filled, purpose).await?;
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

    #[tokio::test]
    async fn a_log_is_asked_about_the_actor_on_the_days_of_the_window_alone_and_the_bytes_count() {
        let done = json!({"QueryExecution": {
            "QueryExecutionId": "query-1",
            "Status": {"State": "SUCCEEDED"},
            "Statistics": {"DataScannedInBytes": 40_000_000},
        }});
        let fake = WireFake::start([
            Answer::ok(r#"{"QueryExecutionId":"query-1"}"#),
            Answer::ok(&done.to_string()),
            Answer::ok(&page()),
        ]);
        let clock = Clock::fast("2026-08-20T10:00:00Z".parse().unwrap(), 1_000);
        let tables = BTreeMap::from([(OtherLog::LoadBalancer, settings())]);
        let tasks = TaskTracker::new();
        let logs = AthenaLogs::new(&fake.config().await, &tables, clock, &tasks).unwrap();
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
        let started = fake.seen()[0].json();
        let sql = started["QueryString"].as_str().unwrap();
        assert!(sql.contains("\"day\" BETWEEN '2026/08/18' AND '2026/08/20'"), "{sql}");
        assert_eq!(started["ExecutionParameters"].as_array().unwrap().len(), 4);
        assert_eq!(started["ExecutionParameters"][3], "'o''brien'");
        assert_eq!(started["QueryExecutionContext"]["Database"], "edge");
    }
}
