//! Athena's API in front of another engine, so that the adapter asks the one as it asks the other.

use crate::trail_table::TrailTable;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio_util::task::TaskTracker;

/// Columns and rows, or why there are none.
pub(crate) type Answer = Result<(Vec<String>, Vec<Vec<Option<String>>>), String>;

/// Who answers an SQL text with these literals for its marks.
type Engine = Arc<dyn Fn(&str, &[String]) -> Answer + Send + Sync>;

#[derive(Clone)]
struct StandIn {
    table: Arc<TrailTable>,
    engine: Engine,
    /// Of each query, in the order of their ids.
    answers: Arc<Mutex<Vec<Answer>>>,
}

/// Serves a table that the catalog defines like this; returns an endpoint for the SDK.
pub(crate) async fn serve(table: TrailTable, engine: Engine) -> String {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let own = StandIn { table: Arc::new(table), engine, answers: Arc::default() };
    let app = Router::new().route("/", post(answer)).with_state(own);
    TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
    url
}

async fn answer(
    State(own): State<StandIn>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    let said = match headers["x-amz-target"].to_str().expect("a target") {
        "AmazonAthena.GetTableMetadata" => own.table.metadata(),
        "AmazonAthena.GetWorkGroup" => json!({ "WorkGroup": { "Name": "keyleak" } }),
        "AmazonAthena.StartQueryExecution" => own.start(asked).await,
        "AmazonAthena.GetQueryExecution" => own.execution(&asked),
        "AmazonAthena.GetQueryResults" => own.results(&asked),
        other => panic!("the stand-in does not know {other}"),
    };
    (StatusCode::OK, said.to_string())
}

fn number(asked: &Value) -> usize {
    asked["QueryExecutionId"].as_str().and_then(|id| id.parse().ok()).expect("an id of ours")
}

impl StandIn {
    /// The query has ended when its id is told.
    async fn start(self, asked: Value) -> Value {
        let run = tokio::task::spawn_blocking(move || {
            let sql = asked["QueryString"].as_str().expect("SQL");
            let literals = asked["ExecutionParameters"].as_array().map_or(&[][..], Vec::as_slice);
            let literals = literals.iter().map(|one| one.as_str().expect("a text").to_owned());
            let answer = (self.engine)(sql, &literals.collect::<Vec<_>>());
            let mut answers = self.answers.lock().expect("its answers");
            answers.push(answer);
            answers.len() - 1
        });
        let id = run.await.expect("an answer").to_string();
        json!({ "QueryExecutionId": id })
    }

    fn execution(&self, asked: &Value) -> Value {
        let status = match &self.answers.lock().expect("its answers")[number(asked)] {
            Ok(_) => json!({ "State": "SUCCEEDED" }),
            Err(why) => json!({ "State": "FAILED", "StateChangeReason": why }),
        };
        let id = &asked["QueryExecutionId"];
        json!({ "QueryExecution": { "QueryExecutionId": id, "Status": status } })
    }

    fn results(&self, asked: &Value) -> Value {
        let answers = self.answers.lock().expect("its answers");
        let (columns, rows) = answers[number(asked)].as_ref().expect("a query that succeeded");
        let datum = |text: &Option<String>| match text {
            Some(text) => json!({ "VarCharValue": text }),
            None => json!({}),
        };
        let row = |row: &Vec<Option<String>>| -> Value {
            json!({ "Data": row.iter().map(datum).collect::<Vec<_>>() })
        };
        let header = columns.iter().cloned().map(Some).collect();
        let rows: Vec<Value> = std::iter::once(&header).chain(rows).map(row).collect();
        let info = |name: &String| json!({ "Name": name, "Type": "varchar" });
        let info: Vec<Value> = columns.iter().map(info).collect();
        json!({ "ResultSet": { "Rows": rows, "ResultSetMetadata": { "ColumnInfo": info } } })
    }
}
