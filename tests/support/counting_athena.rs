//! Athena's API over a folder of delivered objects: it counts the bytes of the days that each
//! query names, and answers as our own scanner does over just those objects.

use crate::kept_queries::KeptQueries;
use crate::made_tables::{self, MadeTables, Statement};
use crate::scanned_answers::{Rows, asked_of};
use crate::trail_table::{TrailTable, days};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use keyleak::trail::local::LocalTrail;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio_util::task::TaskTracker;

/// Athena's own limit for a page of results.
const PAGE_ROWS: usize = 1_000;
/// What the workgroup lets a query scan, where nothing else is said.
const LIMIT: u64 = 100_000_000_000;
/// The partition column of the days.
pub(crate) const DAY: &str = "dt";

/// A query that was run, whoever asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    /// The first and the last day that its predicate selects, as `2026/08/01`.
    pub(crate) days: (String, String),
    pub(crate) bytes: u64,
    /// The table that it made.
    pub(crate) made: Option<String>,
}

/// The stand-in; its address is an endpoint for the SDK.
#[derive(Clone)]
pub(crate) struct CountingAthena {
    folder: PathBuf,
    state: Arc<Mutex<Counted>>,
    /// How the catalog defines the table; none where the caller may not see it.
    table: Arc<Mutex<Option<TrailTable>>>,
    pub(crate) kept: Arc<Mutex<KeptQueries>>,
    pub(crate) url: String,
}

#[derive(Default)]
struct Counted {
    runs: Vec<Run>,
    /// How often somebody asked how the table is made.
    looks: usize,
    /// The workgroup's limit for a query.
    limit: Option<u64>,
    /// Whether queries go on and on.
    held: bool,
    /// Whether those do that make a table.
    held_making: bool,
    stopped: Vec<String>,
    by_token: HashMap<String, String>,
    results: HashMap<String, (Vec<String>, Rows)>,
    /// What the columns of a result hold, where these are not texts.
    kinds: HashMap<String, Vec<&'static str>>,
    tables: MadeTables,
    /// Queries that failed, and why.
    failed: HashMap<String, String>,
}

impl CountingAthena {
    pub(crate) async fn over(folder: &Path) -> Self {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let table = TrailTable::current().key(DAY, "string");
        let table = table.projected("dt.type", "date").projected("dt.format", "yyyy/MM/dd");
        let table = Arc::new(Mutex::new(Some(table)));
        let (state, kept) = Default::default();
        let own = Self { folder: folder.to_owned(), state, table, kept, url };
        own.limit(Some(LIMIT));
        let app = Router::new().route("/", post(answer)).with_state(own.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, app).await });
        own
    }

    /// From now on the table is made like this, or nobody may see how.
    pub(crate) fn define(&self, table: Option<TrailTable>) {
        *self.table.lock().expect("its table") = table;
    }

    /// From now on the workgroup stops a query above so many bytes, or none.
    pub(crate) fn limit(&self, bytes: Option<u64>) {
        self.state.lock().expect("its state").limit = bytes;
    }

    fn workgroup(&self) -> Value {
        let limit = self.state.lock().expect("its state").limit;
        let settings = json!({ "BytesScannedCutoffPerQuery": limit });
        json!({ "WorkGroup": { "Name": "keyleak", "Configuration": settings } })
    }

    /// While held no query comes to an end by itself.
    pub(crate) fn hold(&self, held: bool) {
        self.state.lock().expect("its state").held = held;
    }

    /// While held no query that makes a table comes to an end by itself.
    pub(crate) fn hold_making(&self) {
        self.state.lock().expect("its state").held_making = true;
    }

    /// The queries that were stopped, by their ids.
    pub(crate) fn stopped(&self) -> Vec<String> {
        self.state.lock().expect("its state").stopped.clone()
    }

    fn stop(&self, id: &str) -> Value {
        self.state.lock().expect("its state").stopped.push(id.to_owned());
        json!({})
    }

    /// How often somebody asked how the table is made.
    pub(crate) fn looks(&self) -> usize {
        self.state.lock().expect("its looks").looks
    }

    fn look(&self) -> (StatusCode, Value) {
        self.state.lock().expect("its looks").looks += 1;
        match &*self.table.lock().expect("its table") {
            Some(table) => (StatusCode::OK, table.metadata()),
            None => (
                StatusCode::BAD_REQUEST,
                json!({ "__type": "AccessDeniedException", "message": "no identity-based policy" }),
            ),
        }
    }

    /// What the query names and the table does not have.
    fn unknown(&self, sql: &str, real: &TrailTable) -> Option<String> {
        let known = self.table.lock().expect("its table").clone();
        known.as_ref().unwrap_or(real).unknown(sql)
    }

    /// The tables that queries made and nobody dropped.
    pub(crate) fn tables(&self) -> Vec<String> {
        self.state.lock().expect("its tables").tables.names()
    }

    /// Fails a query, with what Athena says.
    fn fail(&self, why: String) -> Value {
        let mut state = self.state.lock().expect("its runs");
        let id = format!("failed-{}", state.failed.len() + 1);
        state.failed.insert(id.clone(), why);
        json!({ "QueryExecutionId": id })
    }

    /// A query that came to its end.
    fn ran(&self, token: String, run: Run, results: (Vec<String>, Rows)) -> Value {
        let mut state = self.state.lock().expect("its runs");
        let id = format!("query-{}", state.runs.len() + 1);
        state.by_token.insert(token, id.clone());
        state.results.insert(id.clone(), results);
        state.runs.push(Run { id: id.clone(), ..run });
        json!({ "QueryExecutionId": id })
    }

    /// Makes a table, drops it, or asks those that were made.
    async fn of_tables(&self, token: String, statement: Statement) -> Value {
        let nothing = Run { id: String::new(), days: Default::default(), bytes: 0, made: None };
        match statement {
            Statement::Create { name, select } => {
                if self.tables().contains(&name) {
                    return self.fail(format!("Table 'awsdatacatalog.{name}' already exists"));
                }
                let (sql, values) = made_tables::with_marks(&select);
                let days = days(&sql);
                let bytes = self.bytes_of((&days.0, &days.1));
                let places = objects(&self.folder, (&days.0, &days.1));
                let (_, rows) = asked_of(&LocalTrail::new(places), &sql, values).await;
                self.state.lock().expect("its tables").tables.make(&name, &rows);
                let run = Run { days, bytes, made: Some(name), ..nothing };
                self.ran(token, run, Default::default())
            }
            Statement::Drop { name } => {
                self.state.lock().expect("its tables").tables.drop(&name);
                self.ran(token, nothing, Default::default())
            }
            Statement::Ask { names, question } => {
                let asked = self.state.lock().expect("its tables").tables.ask(&names, &question);
                let asked = match asked {
                    Ok(asked) => asked,
                    Err(why) => return self.fail(why),
                };
                let run = Run { bytes: asked.bytes, ..nothing };
                let said = self.ran(token, run, (asked.columns, asked.rows));
                let id = said["QueryExecutionId"].as_str().expect("an id").to_owned();
                self.state.lock().expect("its runs").kinds.insert(id, asked.kinds);
                said
            }
        }
    }

    pub(crate) fn runs(&self) -> Vec<Run> {
        self.state.lock().expect("its runs").runs.clone()
    }

    /// What lies under these days.
    pub(crate) fn bytes_of(&self, (first, last): (&str, &str)) -> u64 {
        let objects = objects(&self.folder, (first, last));
        objects.iter().map(|path| std::fs::metadata(path).expect("an object").len()).sum()
    }

    async fn start(&self, asked: &Value) -> Value {
        let token = asked["ClientRequestToken"].as_str().expect("a token").to_owned();
        if let Some(known) = self.state.lock().expect("its runs").by_token.get(&token) {
            return json!({ "QueryExecutionId": known });
        }
        let sql = asked["QueryString"].as_str().expect("SQL").to_owned();
        if let Some(statement) = made_tables::statement(&sql) {
            return self.of_tables(token, statement).await;
        }
        let values: Vec<String> = asked["ExecutionParameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|value| unquoted(value.as_str().expect("a text")))
            .collect();
        if let Some(unknown) = self.unknown(&sql, &TrailTable::current()) {
            return self.fail(format!(
                "COLUMN_NOT_FOUND: line 1:8: Column '{unknown}' cannot be resolved"
            ));
        }
        let days = days(&sql);
        let bytes = self.bytes_of((&days.0, &days.1));
        let places = objects(&self.folder, (&days.0, &days.1));
        let results = asked_of(&LocalTrail::new(places), &sql, values).await;
        self.ran(token, Run { id: String::new(), days, bytes, made: None }, results)
    }

    fn execution(&self, id: &str) -> Value {
        if let Some(why) = self.state.lock().expect("its runs").failed.get(id) {
            return json!({ "QueryExecution": {
                "QueryExecutionId": id,
                "Status": { "State": "FAILED", "StateChangeReason": why },
            }});
        }
        let run = self.runs().into_iter().find(|run| run.id == id).expect("a run");
        let (held, stopped) = {
            let state = self.state.lock().expect("its state");
            let held = state.held || state.held_making && run.made.is_some();
            (held, state.stopped.iter().any(|known| known == id))
        };
        if held || stopped {
            let state = if stopped { "CANCELLED" } else { "RUNNING" };
            let status = json!({ "State": state });
            return json!({ "QueryExecution": { "QueryExecutionId": id, "Status": status } });
        }
        json!({ "QueryExecution": {
            "QueryExecutionId": id,
            "Status": { "State": "SUCCEEDED" },
            "Statistics": { "DataScannedInBytes": run.bytes, "TotalExecutionTimeInMillis": 1 },
        }})
    }

    fn page(&self, id: &str, from: usize) -> Value {
        let state = self.state.lock().expect("its runs");
        let (columns, rows) = &state.results[id];
        let header = columns.iter().cloned().map(Some).collect();
        let all = std::iter::once(&header).chain(rows);
        let datum = |text: &Option<String>| match text {
            Some(text) => json!({ "VarCharValue": text }),
            None => json!({}),
        };
        let shown: Vec<Value> = all
            .skip(from)
            .take(PAGE_ROWS)
            .map(|row: &Vec<Option<String>>| {
                json!({ "Data": row.iter().map(datum).collect::<Vec<_>>() })
            })
            .collect();
        let kinds = state.kinds.get(id).cloned().unwrap_or_default();
        let kinds = kinds.into_iter().chain(std::iter::repeat("varchar"));
        let info = |(name, kind): (&String, &str)| json!({ "Name": name, "Type": kind });
        let info: Vec<Value> = columns.iter().zip(kinds).map(info).collect();
        let next = from + PAGE_ROWS;
        let next = (next <= rows.len()).then(|| next.to_string());
        let set = json!({ "Rows": shown, "ResultSetMetadata": { "ColumnInfo": info } });
        json!({ "ResultSet": set, "NextToken": next })
    }
}

async fn answer(
    State(athena): State<CountingAthena>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let asked: Value = serde_json::from_slice(&body).expect("JSON");
    let target = headers["x-amz-target"].to_str().expect("a target");
    let id = asked["QueryExecutionId"].as_str().unwrap_or_default();
    if target == "AmazonAthena.GetTableMetadata" {
        let (status, said) = athena.look();
        return (status, said.to_string());
    }
    if let Some(said) = athena.kept.lock().expect("its queries").answer(target, &asked) {
        return match said {
            Ok(said) => (StatusCode::OK, said.to_string()),
            Err(said) => (StatusCode::BAD_REQUEST, said.to_string()),
        };
    }
    let said = match target {
        "AmazonAthena.StartQueryExecution" => athena.start(&asked).await,
        "AmazonAthena.GetQueryExecution" => athena.execution(id),
        "AmazonAthena.GetQueryResults" => {
            let next = asked["NextToken"].as_str().and_then(|next| next.parse().ok());
            athena.page(id, next.unwrap_or(0))
        }
        "AmazonAthena.ListTableMetadata" => {
            athena.state.lock().expect("its tables").tables.listed()
        }
        "AmazonAthena.GetWorkGroup" => athena.workgroup(),
        "AmazonAthena.StopQueryExecution" => athena.stop(id),
        other => panic!("the stand-in does not know {other}"),
    };
    (StatusCode::OK, said.to_string())
}

/// Every object that is filed under these days.
fn objects(folder: &Path, (first, last): (&str, &str)) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().map_while(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let parts: Vec<_> = path.iter().rev().skip(1).take(3).collect();
            let day: Vec<_> = parts.iter().rev().map(|part| part.to_string_lossy()).collect();
            let day = day.join("/");
            let is_object = path.extension().is_some_and(|end| end == "gz");
            if is_object && first <= day.as_str() && day.as_str() <= last {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    inner.expect("a quoted text").replace("''", "'")
}
