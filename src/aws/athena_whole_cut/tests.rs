//! Tables of whole cuts, request by request.

use super::*;
use crate::aws::athena::AthenaTrail;
use crate::aws::athena_days::DayColumns;
use crate::aws::athena_table::{AthenaSettings, ROWS_MAX};
use crate::aws::wire_fake::{Answer, Seen, WireFake};
use crate::ports::clock::Clock;
use crate::ports::trail::Cell;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const QUESTION: &str = "-- id: A1\nSELECT event_name AS call, count(*) AS calls FROM case_table\n\
                        GROUP BY event_name;\n";

async fn trail(fake: &WireFake, case_tables: Option<&str>) -> AthenaWholeCuts {
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
        case_tables: case_tables.map(str::to_owned),
        rows_max: ROWS_MAX,
    };
    let clock = Clock::fast("2026-08-20T10:00:00Z".parse().unwrap(), 1_000);
    let trail = AthenaTrail::new(&fake.config().await, settings, clock, TaskTracker::new());
    trail.unwrap().whole_cuts()
}

fn subject(key_id: &str) -> Subject {
    Subject { key_id: key_id.to_owned(), addresses: vec!["o'b?".to_owned()], ..Subject::default() }
}

/// A window with an end has one table.
fn ended() -> Window {
    let time = |text: &str| text.parse().ok();
    Window { from: time("2026-08-01T00:00:00Z"), to: time("2026-08-19T10:00:00Z") }
}

fn cut(subject: &Subject) -> WholeCut<'_> {
    WholeCut { state: "as it is", window: ended(), subject }
}

fn columns() -> Vec<String> {
    ["call", "calls"].map(str::to_owned).into()
}

fn question(columns: &[String]) -> WholeQuestion<'_> {
    WholeQuestion { sql: QUESTION, columns, rows_max: 10, bytes_max: 1_000 }
}

/// The right to see how the trail's table is made is not there; the settings say what is needed.
fn unseen() -> Answer {
    Answer::json_error(400, "AccessDeniedException")
}

/// What the table of this subject is called.
async fn name_of(subject: &Subject) -> String {
    let fake = WireFake::start([unseen()]);
    let (_, tables) = trail(&fake, Some("cases")).await.tables_of(cut(subject)).await.unwrap();
    assert_eq!(tables.len(), 1);
    tables[0].name.clone()
}

fn listed(names: &[(&str, u32)]) -> Answer {
    let made = |day: &u32| format!("2026-08-{day:02}T09:00:00Z").parse::<Timestamp>().unwrap();
    let table =
        |(name, day): &(&str, u32)| json!({ "Name": name, "CreateTime": made(day).as_second() });
    let tables: Vec<Value> = names.iter().map(table).collect();
    Answer::ok(&json!({ "TableMetadataList": tables }).to_string())
}

fn started() -> Answer {
    Answer::ok(r#"{"QueryExecutionId":"query-1"}"#)
}

fn ended_as(state: &str, reason: &str, bytes: u64) -> Answer {
    let execution = json!({
        "QueryExecutionId": "query-1",
        "Status": {"State": state, "StateChangeReason": reason},
        "Statistics": {"DataScannedInBytes": bytes},
    });
    Answer::ok(&json!({ "QueryExecution": execution }).to_string())
}

fn done(bytes: u64) -> Answer {
    ended_as("SUCCEEDED", "", bytes)
}

fn page() -> Answer {
    let cell = |text: &str| json!({ "VarCharValue": text });
    let row = |texts: [&str; 2]| json!({ "Data": texts.map(cell) });
    let info = [("call", "varchar"), ("calls", "bigint")];
    let info = info.map(|(name, kind)| json!({ "Name": name, "Type": kind }));
    let rows = [row(["call", "calls"]), row(["ListUsers", "7"])];
    Answer::ok(
        &json!({"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": info}}})
            .to_string(),
    )
}

fn sql(seen: &Seen) -> String {
    seen.json()["QueryString"].as_str().unwrap().to_owned()
}

fn operations(fake: &WireFake) -> Vec<String> {
    fake.seen().iter().map(Seen::operation).collect()
}

#[tokio::test]
async fn a_table_is_made_once_and_asked_and_the_old_ones_are_dropped() {
    let subject = subject(KEY);
    let name = name_of(&subject).await;
    let old = format!("{}{}", prefix_of("AKIAOTHER"), "0a".repeat(16));
    let there = [(name.as_str(), 20), (old.as_str(), 17), ("keyleak_findings", 1)];
    let fake = WireFake::start([
        unseen(),
        listed(&[]),
        started(),
        done(40_000_000),
        listed(&there),
        listed(&there),
        started(),
        done(0),
        started(),
        done(1_000_000),
        page(),
        // Another question of the same cut.
        started(),
        done(1_000_000),
        page(),
    ]);
    let trail = trail(&fake, Some("cases")).await;
    let columns = columns();
    let found = trail.ask(cut(&subject), question(&columns)).await.unwrap();
    assert_eq!(found.rows, [[Cell::Text("ListUsers".to_owned()), Cell::Integer(7)]]);
    assert_eq!((found.truncated, found.place), (false, format!("cases.{name}")));
    assert_eq!(found.cost.bytes_scanned, 41_000_000);
    let runs = &found.cost.executions;
    let days: Vec<Option<&str>> = runs.iter().map(|run| run.days.as_deref()).collect();
    assert_eq!(days, [Some("2026-08-01 to 2026-08-20"), None]);
    assert!(runs.iter().all(|run| run.reading == ReadFor::WholeCut));

    let seen = fake.seen();
    let asked = seen[1].json();
    assert_eq!((&asked["CatalogName"], &asked["DatabaseName"]), (&json!(CATALOG), &json!("cases")));
    let made = sql(&seen[2]);
    let head =
        format!("CREATE TABLE cases.{name}\nWITH (format = 'PARQUET')\nAS WITH records AS (");
    assert!(made.starts_with(&head), "{made}");
    assert!(made.contains(&format!("access_key_id IN ('{KEY}')")), "{made}");
    assert!(made.contains("source_ip IN ('o''b?')") && made.ends_with("reach IS NOT NULL"));
    assert_eq!(seen[2].json()["ExecutionParameters"], Value::Null, "the values are in the text");
    assert_eq!(sql(&seen[6]), format!("DROP TABLE IF EXISTS cases.{old}"));
    let question_sql = sql(&seen[8]);
    assert!(question_sql.starts_with("WITH case_table AS (\n  SELECT event_time, event_id,"));
    let end = format!(
        "mfa_used, reach FROM cases.{name}\n)\nSELECT event_name AS call, count(*) AS calls FROM \
         case_table\nGROUP BY event_name"
    );
    assert!(question_sql.ends_with(&end), "{question_sql}");

    let again = trail.ask(cut(&subject), question(&columns)).await.unwrap();
    assert_eq!(again.cost.bytes_scanned, 1_000_000, "its table is there");
    assert_eq!(trail.forecast(cut(&subject), None).await.unwrap(), None);
}

#[tokio::test]
async fn a_table_that_another_process_made_is_taken_and_not_paid_for() {
    let subject = subject(KEY);
    let name = name_of(&subject).await;
    let there = [(name.as_str(), 20)];
    let reason = format!("Table 'awsdatacatalog.cases.{name}' already exists");
    let raced = WireFake::start([
        unseen(),
        listed(&[]),
        started(),
        ended_as("FAILED", &reason, 0),
        listed(&there),
        listed(&there),
        started(),
        done(5),
        page(),
    ]);
    let before = WireFake::start([unseen(), listed(&there), started(), done(5), page()]);
    for fake in [raced, before] {
        let trail = trail(&fake, Some("cases")).await;
        let columns = columns();
        let found = trail.ask(cut(&subject), question(&columns)).await.unwrap();
        assert_eq!((found.rows.len(), found.cost.bytes_scanned), (1, 5));
    }
}

#[tokio::test]
async fn a_table_that_was_dropped_since_it_was_made_is_made_by_another_query() {
    let subject = subject(KEY);
    let name = name_of(&subject).await;
    let there = [(name.as_str(), 20)];
    let fake = WireFake::start([
        unseen(),
        listed(&[]),
        started(),
        done(40),
        listed(&[]),
        started(),
        done(40),
        listed(&there),
        listed(&there),
        started(),
        done(2),
        page(),
    ]);
    let trail = trail(&fake, Some("cases")).await;
    let columns = columns();
    trail.ask(cut(&subject), question(&columns)).await.unwrap();
    let seen = fake.seen();
    let token = |at: usize| seen[at].json()["ClientRequestToken"].clone();
    assert_eq!(sql(&seen[2]), sql(&seen[5]));
    assert_ne!(token(2), token(5), "Athena would tell of the first one again");
}

#[tokio::test]
async fn what_a_failed_question_made_is_told_with_the_next_answer_and_looked_for_first() {
    let subject = subject(KEY);
    let name = name_of(&subject).await;
    let there = [(name.as_str(), 20)];
    let gone = "TABLE_NOT_FOUND: line 1:1: Table does not exist";
    let fake = WireFake::start([
        unseen(),
        listed(&[]),
        started(),
        done(40),
        listed(&there),
        listed(&there),
        started(),
        ended_as("FAILED", gone, 0),
        listed(&there),
        started(),
        done(2),
        page(),
    ]);
    let trail = trail(&fake, Some("cases")).await;
    let columns = columns();
    let error = trail.ask(cut(&subject), question(&columns)).await.unwrap_err();
    assert!(matches!(error, TrailError::Unreadable { .. }), "{error:?}");
    let found = trail.ask(cut(&subject), question(&columns)).await.unwrap();
    assert_eq!(found.cost.bytes_scanned, 42);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named() {
    let fake = WireFake::start([unseen(), unseen()]);
    let trail = trail(&fake, Some("cases")).await;
    let subject = subject(KEY);
    let columns = columns();
    let error = trail.ask(cut(&subject), question(&columns)).await.unwrap_err();
    let TrailError::Denied { action } = &error else { panic!("{error:?}") };
    assert!(action.contains(LIST), "{action}");
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limits() {
    let subject = subject(KEY);
    let name = name_of(&subject).await;
    let there = [(name.as_str(), 20)];
    for (rows_max, bytes_max, rows) in [(0, 1_000, 0), (10, 9, 0), (10, 10, 1)] {
        let fake = WireFake::start([unseen(), listed(&there), started(), done(5), page()]);
        let trail = trail(&fake, Some("cases")).await;
        let columns = columns();
        let asked = WholeQuestion { rows_max, bytes_max, ..question(&columns) };
        let found = trail.ask(cut(&subject), asked).await.unwrap();
        assert_eq!(
            (found.rows.len(), found.truncated),
            (rows, rows == 0),
            "{rows_max} {bytes_max}"
        );
    }
}

#[tokio::test]
async fn what_making_it_would_scan_is_told_before_whomever_it_looks_for() {
    let limit = json!({"WorkGroup": {"Name": "keyleak", "Configuration": {
        "BytesScannedCutoffPerQuery": 70 }}});
    let fake =
        WireFake::start([unseen(), listed(&[]), Answer::ok(&limit.to_string()), listed(&[])]);
    let trail = trail(&fake, Some("cases")).await;
    let forecast = async |key: &str| {
        let subject = subject(key);
        trail.forecast(cut(&subject), Some(3)).await.unwrap().expect("it is not made")
    };
    let one = forecast(KEY).await;
    assert_eq!((one.scan.bytes, one.scan.queries), (Some(60), 1), "twenty days");
    assert!(one.scan.whole_cut && !one.scan.is_window);
    assert_eq!(one.stopped_above, None);
    assert_eq!(forecast("AKIAOTHER").await.scan.sql_sha256, one.scan.sql_sha256);
}

#[tokio::test]
async fn a_closed_case_lets_go_of_its_own_tables_and_of_no_others() {
    let own = format!("{}{}", prefix_of(KEY), "1b".repeat(16));
    let other = format!("{}{}", prefix_of("AKIAOTHER"), "1b".repeat(16));
    let there = [(own.as_str(), 20), (other.as_str(), 20), ("keyleak_findings", 20)];
    let fake = WireFake::start([listed(&there), unseen(), started(), done(0)]);
    trail(&fake, Some("cases")).await.let_go(KEY).await.unwrap();
    let seen = fake.seen();
    assert_eq!(
        sql(&seen[2]),
        format!("DROP TABLE IF EXISTS cases.{own}"),
        "{:?}",
        operations(&fake)
    );
    // Negative control: where nothing may be made, nothing is asked.
    let nothing = WireFake::start([]);
    let without = trail(&nothing, None).await;
    without.let_go(KEY).await.unwrap();
    assert!(without.lacks().is_some_and(|lacks| lacks.contains("trail.athena.case_tables")));
    assert_eq!(nothing.seen().len(), 0);
}
