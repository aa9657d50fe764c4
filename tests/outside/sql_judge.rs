//! Other engines as judges of our SQL: DuckDB, with sqlglot as another reader of the dialect, and
//! Trino, which is what Athena runs.

use crate::account::Account;
use crate::counting_athena::DAY;
use crate::frame::{Missing, trial, trial_async};
use crate::parts::Parts;
use crate::python::{Judge, Python};
use crate::recorder::Recorder;
use crate::trail_table::TrailTable;
use keyleak::ports::clock::Clock;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Names the folder with other people's trails.
const REAL_TRAILS: &str = "KEYLEAK_REAL_TRAILS";
/// The table that AWS documents for a trail, as the judge names it.
pub(crate) const TRAIL_TABLE: &str = "cloudtrail";
/// A key of one of those trails, and how many distinct records its readme counts for it.
const INVICTUS_KEY: &str = "AKIATFQR7NSC8Q4X20BJ";
const INVICTUS_RECORDS: u64 = 2104;

/// The engine, asked line by line; a question it cannot answer fails the trial.
#[derive(Debug)]
pub(crate) struct SqlJudge {
    judge: Judge,
    pub(crate) engine: Engine,
}

/// Who judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    DuckDb,
    Trino,
}

/// Columns and rows as the engine gave them.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Value>>,
}

impl SqlJudge {
    pub(crate) fn start(python: &Python) -> Self {
        Self { judge: python.judge("sql_judge.py", &[]), engine: Engine::DuckDb }
    }

    /// Trino, which answers the same questions, but for those that are DuckDB's alone.
    pub(crate) fn trino(judge: Judge) -> Self {
        Self { judge, engine: Engine::Trino }
    }

    /// Makes the table of a trail out of every object below a folder.
    pub(crate) fn load_trail(&mut self, folder: &Path) -> u64 {
        match self.engine {
            Engine::DuckDb => self.load_trail_with(folder, &[]),
            Engine::Trino => self.load_trail_as(folder, &TrailTable::whole().key(DAY, "string")),
        }
    }

    /// The same as a catalog defines the table; Trino's alone, which reads types as written there.
    pub(crate) fn load_trail_as(&mut self, folder: &Path, table: &TrailTable) -> u64 {
        let keys = table.keys.iter().map(|(name, shape)| (name, shape));
        let columns: Vec<_> = table.columns.iter().chain(keys).collect();
        let files = objects_below(folder);
        let question = json!({
            "op": "trail", "name": TRAIL_TABLE, "files": files, "columns": columns, "days": DAY,
        });
        self.ask(&question)["rows"].as_u64().expect("a count")
    }

    /// The same, with these columns as texts of JSON.
    pub(crate) fn load_trail_with(&mut self, folder: &Path, texts: &[&str]) -> u64 {
        let files = objects_below(folder);
        let question =
            json!({ "op": "trail", "name": TRAIL_TABLE, "files": files, "texts": texts });
        self.ask(&question)["rows"].as_u64().expect("a count")
    }

    /// Makes a table from its definition, in Trino's words, and rows.
    pub(crate) fn load_table(&mut self, name: &str, ddl: &str, rows: &[Vec<Value>]) {
        self.ask(&json!({ "op": "table", "name": name, "ddl": ddl, "rows": rows }));
    }

    /// Runs SQL as it is.
    pub(crate) fn query(&mut self, sql: &str, parameters: &Value) -> Found {
        let question = json!({ "op": "query", "sql": sql, "parameters": parameters });
        found(&self.ask(&question))
    }

    /// Reads SQL in Athena's dialect and runs what it means.
    pub(crate) fn athena(&mut self, sql: &str, parameters: &Value) -> Found {
        let question = json!({ "op": "athena", "sql": sql, "parameters": parameters });
        found(&self.ask(&question))
    }

    /// Runs SQL with each literal as it is written, or tells why that fails; Trino's alone.
    pub(crate) fn run(&mut self, sql: &str, literals: &[String]) -> Result<Found, String> {
        let question = json!({ "op": "athena", "sql": sql, "literals": literals });
        let answer = self.judge.ask(&question);
        answer["error"].as_str().map_or_else(|| Ok(found(&answer)), |why| Err(why.to_owned()))
    }

    /// Writes a table as one Parquet file.
    pub(crate) fn write_parquet(&mut self, name: &str, path: &Path) {
        self.ask(&json!({ "op": "parquet", "name": name, "path": path }));
    }

    /// Athena's SQL and execution parameters in DuckDB's words, or why it is not Athena's SQL.
    pub(crate) fn transpile(&mut self, sql: &str, parameters: &Value) -> Result<String, String> {
        let question = json!({ "op": "transpile", "sql": sql, "parameters": parameters });
        let answer = self.judge.ask(&question);
        answer["sql"].as_str().map(ToOwned::to_owned).ok_or_else(|| answer["error"].to_string())
    }

    fn ask(&mut self, question: &Value) -> Value {
        let answer = self.judge.ask(question);
        assert!(answer["error"].is_null(), "{}\nasked {question}", answer["error"]);
        answer
    }
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [tables, recorded, real] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial("duckdb_answers_from_rows_it_was_given", move || {
            answers_from_rows(&mut SqlJudge::start(tables.python()?));
            Ok(())
        }),
        trial_async(
            "athena_sql_finds_the_minted_session_in_the_recorded_trail",
            move || async move { finds_minted_session(&recorded).await },
        ),
        trial("athena_sql_counts_the_records_of_a_published_trail", move || {
            let folder = real_trails()?;
            let mut judge = SqlJudge::start(real.python()?);
            counts_published_records(&mut judge, &folder);
            Ok(())
        }),
    ]
}

/// The folder with other people's trails, where this machine has it.
pub(crate) fn real_trails() -> Result<PathBuf, Missing> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os(REAL_TRAILS).map_or_else(beside, PathBuf::from);
    if folder.join("invictus").is_dir() {
        return Ok(folder);
    }
    Err(Missing(format!(
        "no real trails: {REAL_TRAILS} is not set and ../shared/data is not there"
    )))
}

/// Every delivered object below a folder, in a stable order.
pub(crate) fn objects_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(objects_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn answers_from_rows(judge: &mut SqlJudge) {
    let rows = [vec![json!("b"), json!(2)], vec![json!("a"), Value::Null]];
    judge.load_table("seen", "CREATE TABLE seen (name TEXT NOT NULL, times BIGINT)", &rows);
    let sql = "SELECT name, times FROM seen WHERE name >= ? ORDER BY times NULLS LAST, name";
    let found = judge.query(sql, &json!(["a"]));
    assert_eq!(found.columns, ["name", "times"]);
    assert_eq!(found.rows, rows);
}

async fn finds_minted_session(parts: &Parts) -> Result<(), Missing> {
    let folder = tempfile::tempdir().expect("a folder for the trail");
    let upstream = parts.ministack()?.address();
    let late = Duration::from_secs(3600);
    let recorder = Recorder::new(upstream, folder.path(), Clock::real(), late);
    let account = Account::at(recorder.door("198.51.100.23").await, "230000000001").await;
    let key = account.administrator("ci-deploy").await;
    let session = account.as_holder_of(&key).session_token().await;
    recorder.flush();

    let mut judge = SqlJudge::start(parts.python()?);
    judge.load_trail(folder.path());
    let sql = "SELECT useridentity.accesskeyid,
        json_extract_scalar(responseelements, '$.credentials.accessKeyId')
        FROM cloudtrail WHERE eventname = 'GetSessionToken' AND errorcode IS NULL";
    let found = judge.athena(sql, &json!([]));
    assert_eq!(found.rows, [[json!(key.id), json!(session.id)]]);
    Ok(())
}

fn counts_published_records(judge: &mut SqlJudge, folder: &Path) {
    judge.load_trail(&folder.join("invictus"));
    let sql = "SELECT count(*) FROM (SELECT DISTINCT * FROM cloudtrail)
        WHERE useridentity.accesskeyid = ?";
    let found = judge.athena(sql, &json!([INVICTUS_KEY]));
    assert_eq!(found.rows, [[json!(INVICTUS_RECORDS)]]);
}

fn found(answer: &Value) -> Found {
    let list = |name: &str| answer[name].as_array().expect("a list").clone();
    let columns = list("columns").into_iter().map(|name| name.as_str().expect("a name").to_owned());
    let rows = list("rows").into_iter().map(|row| row.as_array().expect("a row").clone());
    Found { columns: columns.collect(), rows: rows.collect() }
}
