//! Athena's API over a folder of delivered objects: it counts the bytes of the days that each
//! query names, and answers as our own scanner does over just those objects.

use crate::kept_queries::KeptQueries;
use crate::trail_table::{TrailTable, days};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use keyleak::domain::lineage::Subject;
use keyleak::domain::trail_row::{Field, Sighting, TrailRow, parse_time};
use keyleak::ports::trail::{Cut, Deeds, Source, Window};
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

type Rows = Vec<Vec<Option<String>>>;

/// A query that was run, whoever asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: String,
    /// The first and the last day that its predicate selects, as `2026/08/01`.
    pub(crate) days: (String, String),
    pub(crate) bytes: u64,
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
    stopped: Vec<String>,
    by_token: HashMap<String, String>,
    results: HashMap<String, (Vec<String>, Rows)>,
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
        let values: Vec<String> = asked["ExecutionParameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|value| unquoted(value.as_str().expect("a text")))
            .collect();
        if let Some(unknown) = self.unknown(&sql, &TrailTable::current()) {
            let mut state = self.state.lock().expect("its runs");
            let id = format!("failed-{}", state.failed.len() + 1);
            let why = format!("COLUMN_NOT_FOUND: line 1:8: Column '{unknown}' cannot be resolved");
            state.failed.insert(id.clone(), why);
            return json!({ "QueryExecutionId": id });
        }
        let days = days(&sql);
        let bytes = self.bytes_of((&days.0, &days.1));
        let places = objects(&self.folder, (&days.0, &days.1));
        let results = asked_of(&LocalTrail::new(places), &sql, values).await;
        let mut state = self.state.lock().expect("its runs");
        let id = format!("query-{}", state.runs.len() + 1);
        state.by_token.insert(token, id.clone());
        state.results.insert(id.clone(), results);
        state.runs.push(Run { id: id.clone(), days, bytes });
        json!({ "QueryExecutionId": id })
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
            (state.held, state.stopped.iter().any(|known| known == id))
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
        let info: Vec<Value> =
            columns.iter().map(|name| json!({ "Name": name, "Type": "varchar" })).collect();
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

/// The answer to one of the adapter's queries, by our own scanner.
async fn asked_of(trail: &LocalTrail, sql: &str, values: Vec<String>) -> (Vec<String>, Rows) {
    let mut values = values.into_iter();
    let mut time = || values.next().and_then(|text| parse_time(&text));
    let window = Window {
        from: time(),
        to: time().filter(|to| to.strftime("%Y").to_string().as_str() < "9999"),
    };
    if sql.contains("AS lineage_call") {
        return first_pass(trail, window).await;
    }
    let lists = lists(sql, values);
    let list = |name: &str| lists.get(name).cloned().unwrap_or_default();
    if sql.contains("AS records_read") {
        return coverage(trail, window).await;
    }
    let rows = if sql.contains("'deed' AS reach") {
        let deeds = Deeds {
            event_names: list("event_name"),
            target: list("target_user").remove(0),
            window,
        };
        trail.deeds(&deeds).await.expect("the trail").rows
    } else if sql.contains("'role' AS reach") {
        let role = list("issuer_arn").remove(0);
        trail.role_calls(&role, window).await.expect("the trail").rows
    } else {
        let subject = Subject {
            key_id: list("key").remove(0),
            keys: list("access_key_id"),
            principals: list("identity_arn"),
            sessions: list("session"),
            addresses: list("source_ip"),
            targets: list("target_user"),
            accounts: list("recipient_account"),
        };
        trail.cut(window, &subject).await.and_then(Cut::held).expect("the trail").rows
    };
    let texts = rows.iter().map(|row| texts(row.fields())).collect();
    (named(TrailRow::COLUMNS), texts)
}

async fn first_pass(trail: &LocalTrail, window: Window) -> (Vec<String>, Rows) {
    let found = trail.sightings(window).await.expect("the trail");
    let mut columns = named(Sighting::COLUMNS);
    columns.extend(named(&["regions", "data_events_from", "records_read"]));
    let seen = found.coverage;
    let mut rows: Rows = found.rows.iter().map(|row| texts(row.fields())).collect();
    for (place, row) in rows.iter_mut().enumerate() {
        let read = if place == 0 { seen.records_read } else { 0 };
        let data = seen.data_events_from.map(|time| time.to_string());
        row.extend([Some(seen.regions.join(" ")), data, Some(read.to_string())]);
    }
    (columns, rows)
}

async fn coverage(trail: &LocalTrail, window: Window) -> (Vec<String>, Rows) {
    let seen = trail.sightings(window).await.expect("the trail").coverage;
    let columns =
        ["records_read", "first_time", "last_time", "data_events_from", "regions", "accounts"];
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    let row = vec![
        Some(seen.records_read.to_string()),
        time(seen.first),
        time(seen.last),
        time(seen.data_events_from),
        Some(seen.regions.join(" ")),
        Some(seen.accounts.join(" ")),
    ];
    (named(&columns), vec![row])
}

/// The values of each list in the SQL, by the column before `IN`; the first one of the key's
/// column is the key itself.
fn lists(sql: &str, mut values: impl Iterator<Item = String>) -> HashMap<String, Vec<String>> {
    // Both times are taken; what follows in the text are lists.
    let (_, sql) = sql.split_once("eventtime < ?").expect("the end of the window");
    let mut lists = HashMap::new();
    let mut parts = sql.split(" IN (");
    let mut before = parts.next().unwrap_or_default();
    for part in parts {
        let marks = part.split(')').next().unwrap_or_default();
        let column = before.trim_end_matches(')');
        let column = column.rsplit([' ', '(', '\n']).next().unwrap_or_default();
        let column = if before.ends_with("event_time))") { "session" } else { column };
        let count = marks.matches('?').count();
        let taken: Vec<String> = values.by_ref().take(count).collect();
        let is_list = count > 0 || marks == "NULL";
        if is_list && column == "access_key_id" && !lists.contains_key("key") {
            lists.insert("key".to_owned(), taken);
        } else if is_list {
            lists.insert(column.to_owned(), taken);
        }
        before = part;
    }
    lists
}

fn named(columns: &[&str]) -> Vec<String> {
    columns.iter().map(|name| (*name).to_owned()).collect()
}

fn texts(fields: Vec<Field<'_>>) -> Vec<Option<String>> {
    let text = |field| match field {
        Field::Null => None,
        Field::Text(text) => Some(str::to_owned(text)),
        Field::Integer(number) => Some(i64::to_string(&number)),
    };
    fields.into_iter().map(text).collect()
}
