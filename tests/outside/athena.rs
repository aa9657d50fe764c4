//! A recorded trail as a table that Athena's own API reads, on the emulator.

use crate::account::Account;
use crate::frame::{Missing, trial_async};
use crate::parts::Parts;
use crate::recorder::Recorder;
use crate::sql_judge::{SqlJudge, TRAIL_TABLE};
use aws_sdk_athena::types::{QueryExecutionContext, QueryExecutionState, ResultConfiguration};
use keyleak::ports::clock::Clock;
use libtest_mimic::Trial;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The database the table lies in.
pub(crate) const DATABASE: &str = "trails";
/// No query here takes a second; a machine under load may make it wait.
const POLLS_MAX: usize = 200;

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [asked, refused] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "athena_answers_a_question_with_parameters_over_the_recorded_trail",
            move || async move { answers_with_parameters(&asked).await },
        ),
        trial_async("sql_that_is_not_athenas_is_refused_as_malformed", move || async move {
            refuses_malformed(&refused).await
        }),
    ]
}

/// Where the results of an account's queries go; the names of buckets are everybody's.
pub(crate) fn output(account: &Account) -> String {
    format!("s3://athena-results-{}/", account.id)
}

/// Puts every object delivered below `folder` into a table; returns how many records it holds.
pub(crate) async fn load(parts: &Parts, account: &Account, folder: &Path) -> Result<u64, Missing> {
    let (id, s3) = (&account.id, &account.root.s3);
    let bucket = format!("trail-{id}");
    for bucket in [bucket.clone(), format!("athena-results-{id}")] {
        s3.create_bucket().bucket(bucket).send().await.expect("a bucket");
    }
    let mut judge = SqlJudge::start(parts.python()?);
    let records = judge.load_trail(folder);
    let file = tempfile::NamedTempFile::new().expect("a file");
    judge.write_parquet(TRAIL_TABLE, file.path());
    let body = std::fs::read(file.path()).expect("the file is read");
    let put = s3.put_object().bucket(&bucket).key("records/0.parquet").body(body.into());
    put.send().await.expect("the file is put");
    parts.ministack()?.create_database(id, DATABASE);
    // The emulator takes the columns from the file, so that one stands for all.
    let table = format!(
        "CREATE EXTERNAL TABLE {DATABASE}.{TRAIL_TABLE} (eventname string)
        STORED AS PARQUET LOCATION 's3://{bucket}/records/'"
    );
    run(account, &table, &[]).await.expect("a table");
    Ok(records)
}

/// Runs SQL through Athena's API to its end: all rows as texts, the header among them.
pub(crate) async fn run(
    account: &Account,
    sql: &str,
    parameters: &[&str],
) -> Result<Vec<Vec<Option<String>>>, String> {
    let athena = &account.root.athena;
    let parameters = parameters.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let started = athena
        .start_query_execution()
        .query_string(sql)
        .set_execution_parameters((!parameters.is_empty()).then_some(parameters))
        .query_execution_context(QueryExecutionContext::builder().database(DATABASE).build())
        .result_configuration(
            ResultConfiguration::builder().output_location(output(account)).build(),
        )
        .send()
        .await
        .map_err(|error| format!("{error:?}"))?;
    let id = started.query_execution_id().expect("an id");
    wait(account, id).await?;
    let pages = athena.get_query_results().query_execution_id(id).send().await;
    let results = pages.expect("results").result_set.expect("a set of rows");
    let text = |datum: &aws_sdk_athena::types::Datum| datum.var_char_value().map(str::to_owned);
    Ok(results.rows().iter().map(|row| row.data().iter().map(text).collect()).collect())
}

async fn wait(account: &Account, id: &str) -> Result<(), String> {
    for _ in 0..POLLS_MAX {
        let answer = account.root.athena.get_query_execution().query_execution_id(id).send().await;
        let execution = answer.expect("a state").query_execution.expect("an execution");
        let status = execution.status().expect("a status");
        match status.state() {
            Some(QueryExecutionState::Succeeded) => return Ok(()),
            Some(QueryExecutionState::Failed | QueryExecutionState::Cancelled) => {
                return Err(status.state_change_reason().unwrap_or("no reason").to_owned());
            }
            Some(_) | None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    panic!("the query {id} does not end");
}

/// An account whose calls are recorded, and a door through which Athena's SQL is understood.
async fn recorded(
    parts: &Parts,
    id: &str,
) -> Result<(tempfile::TempDir, Recorder, Account), Missing> {
    let folder = tempfile::tempdir().expect("a folder for the trail");
    let upstream = parts.ministack()?.address();
    let late = Duration::from_secs(3600);
    let recorder = Recorder::new(upstream, folder.path(), Clock::real(), late);
    recorder.understand_athena(SqlJudge::start(parts.python()?));
    let account = Account::at(recorder.door("198.51.100.23").await, id).await;
    Ok((folder, recorder, account))
}

async fn answers_with_parameters(parts: &Parts) -> Result<(), Missing> {
    let (folder, recorder, account) = recorded(parts, "240000000001").await?;
    let key = account.administrator("ci-deploy").await;
    let session = account.as_holder_of(&key).session_token().await;
    account.as_holder_of(&session).list_buckets().await.expect("it works");
    recorder.flush();
    load(parts, &account, folder.path()).await?;

    let sql = "SELECT eventname, useridentity.accesskeyid AS key,
        json_extract_scalar(responseelements, '$.credentials.accessKeyId') AS minted
        FROM cloudtrail WHERE useridentity.accesskeyid IN (?, ?) AND dt >= ? ORDER BY eventname";
    let quoted = |text: &str| format!("'{text}'");
    let parameters = [quoted(&key.id), quoted(&session.id), quoted("2020/01/01")];
    let parameters: Vec<&str> = parameters.iter().map(String::as_str).collect();
    let rows = run(&account, sql, &parameters).await.expect("an answer");
    let text = |text: &str| Some(text.to_owned());
    let expected = [
        vec![text("eventname"), text("key"), text("minted")],
        vec![text("GetSessionToken"), text(&key.id), text(&session.id)],
        vec![text("ListBuckets"), text(&session.id), None],
    ];
    assert_eq!(rows, expected);
    Ok(())
}

async fn refuses_malformed(parts: &Parts) -> Result<(), Missing> {
    let (folder, _recorder, account) = recorded(parts, "240000000002").await?;
    // An empty folder makes an empty table, which is all these questions need.
    load(parts, &account, folder.path()).await?;
    let wrong: [(&str, &[&str]); 4] = [
        ("SELECT FROM WHERE", &[]),
        ("SELECT count(*) FROM cloudtrail WHERE eventname = ?", &[]),
        ("SELECT count(*) FROM cloudtrail WHERE eventname = ?", &["ListUsers"]),
        ("SELECT count(*) FROM cloudtrail WHERE eventname = ?", &["'a' OR 1 = 1"]),
    ];
    for (sql, parameters) in wrong {
        let refusal = run(&account, sql, parameters).await.expect_err(sql);
        assert!(refusal.contains("InvalidRequestException"), "{sql} {parameters:?}: {refusal}");
    }
    let right = run(&account, "SELECT count(*) FROM cloudtrail WHERE eventname = ?", &["'it''s'"]);
    assert_eq!(right.await.expect("an answer")[1], [Some("0".to_owned())]);
    Ok(())
}
