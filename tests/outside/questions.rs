//! Our SQL and our scanner against another engine: the same rows from the same records.

use crate::frame::{Missing, trial, trial_async};
use crate::leak::leak;
use crate::parts::Parts;
use crate::python::Judge;
use crate::real_trails::middle;
use crate::sql_judge::{SqlJudge, TRAIL_TABLE, real_trails};
use keyleak::domain::growth::{Bounds, grow};
use keyleak::domain::lineage::Subject;
use keyleak::domain::question::fill;
use keyleak::domain::trail_row::{Field, Sighting, TrailRow};
use keyleak::ports::trail::{Cell, Cut, Window};
use keyleak::trail::catalogue::{ATHENA_CUT, ATHENA_SIGHTINGS, questions};
use keyleak::trail::local::LocalTrail;
use keyleak::trail::table::{CaseTable, definition};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keys compared in one trail, the busiest first; a trail of many users would take minutes.
const KEYS_MAX: usize = 3;
/// The services whose calls the questions name.
const SERVICES: &[&str] = &[
    "iam",
    "sts",
    "ec2",
    "lambda",
    "ssm",
    "s3",
    "sso",
    "rolesanywhere",
    "cognito-identity",
    "eks-auth",
    "ec2-instance-connect",
    "accessanalyzer",
    "account",
    "apprunner",
    "athena",
    "autoscaling",
    "backup",
    "batch",
    "bedrock",
    "cloudformation",
    "cloudtrail",
    "cloudwatch",
    "codeartifact",
    "codebuild",
    "cognito-idp",
    "config",
    "datasync",
    "detective",
    "dynamodb",
    "ebs",
    "ecr",
    "ecs",
    "efs",
    "eks",
    "elasticache",
    "emr",
    "events",
    "glue",
    "guardduty",
    "identitystore",
    "inspector2",
    "kms",
    "lightsail",
    "logs",
    "macie2",
    "organizations",
    "pinpoint",
    "ram",
    "rds",
    "rds-data",
    "redshift",
    "redshift-data",
    "route53resolver",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "securityhub",
    "service-quotas",
    "sns",
    "sqs",
    "sso-admin",
    "stepfunctions",
    "support",
    "transfer",
    "wafv2",
];
/// The table with all its days.
const RELATION: (&str, &str) = (TRAIL_TABLE, "dt >= '0000'");
/// The window of every comparison: all of the trail.
pub(crate) const ALL: Window = Window { from: None, to: None };

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [recorded, real, events] = [(); 3].map(|()| Arc::clone(parts));
    vec![
        trial("easttimor_every_event_that_a_query_names_is_one_that_aws_records", move || {
            names_real_events(&mut events.python()?.judge("event_judge.py", &[]));
            Ok::<(), Missing>(())
        }),
        trial_async(
            "every_question_and_both_passes_agree_with_duckdb_on_a_recorded_trail",
            move || async move {
                let leak = leak(&recorded, "330000000004").await?;
                leak.recorder.flush();
                let mut judge = SqlJudge::start(recorded.python()?);
                let compared = compare_trail(&mut judge, leak.recorder.folder());
                assert!(compared.contains_key(&leak.key.id), "{compared:?}");
                Ok(())
            },
        ),
        trial("every_question_and_both_passes_agree_with_duckdb_on_real_trails", move || {
            let folder = real_trails()?;
            compare_real(&mut SqlJudge::start(real.python()?), &folder);
            Ok::<(), Missing>(())
        }),
    ]
}

/// easttimor's page asks for `ResetServiceSpecificSredential` and `DeleteNetworkAclEncry`.
fn names_real_events(judge: &mut Judge) {
    // What is recorded without being a call of a service, and what is no event's name.
    const BESIDE: [&str; 9] = [
        "Active",
        "Inactive",
        "Success",
        "ConsoleLogin",
        "SwitchRole",
        "GetSigninToken",
        "Failure",
        "Insight",
        "AwsCloudTrailInsight",
    ];
    const MISSPELT: [&str; 2] = ["ResetServiceSpecificSredential", "DeleteNetworkAclEncry"];
    let asked = questions().expect("the questions");
    let texts = asked.iter().map(|question| question.sql.as_str());
    let texts = texts.chain([ATHENA_SIGHTINGS, ATHENA_CUT]);
    // A text without its comments has a quoted word in every second place.
    let names: BTreeSet<String> = texts
        .flat_map(|text| text.lines().map(|line| line.split("--").next().unwrap_or_default()))
        .flat_map(|line| line.split('\'').skip(1).step_by(2))
        .filter(|word| word.len() > 4 && word.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter(|word| word.bytes().all(|b| b.is_ascii_alphanumeric()))
        .filter(|word| !BESIDE.contains(word))
        // Lambda's events have the version of its API behind their names.
        .map(|word| word.trim_end_matches("v2").trim_end_matches(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    assert!(names.len() > 40, "{names:?}");
    let names: Vec<&str> = names.iter().map(String::as_str).chain(MISSPELT).collect();
    let answer = judge.ask(&json!({ "services": SERVICES, "names": names }));
    assert_eq!(answer["unknown"], json!(MISSPELT), "what is misspelt, and nothing else");
}

/// Every published trail in CloudTrail's own layout.
fn compare_real(judge: &mut SqlJudge, folder: &Path) {
    let mut trails = vec![folder.join("invictus")];
    let stratus = std::fs::read_dir(folder.join("stratus")).expect("the stratus trails");
    trails.extend(stratus.map(|entry| entry.expect("an entry").path()));
    trails.sort();
    let mut rows = 0;
    for trail in &trails {
        rows += compare_trail(judge, trail).values().sum::<usize>();
    }
    assert!(trails.len() > 30 && rows > 3_000, "{rows} rows of {} trails", trails.len());
}

/// Compares both passes and all questions for the busiest keys; how many rows each one's cut had.
fn compare_trail(judge: &mut SqlJudge, folder: &Path) -> BTreeMap<String, usize> {
    judge.load_trail(folder);
    let trail = LocalTrail::new(vec![PathBuf::from(folder)]);
    let sightings = trail.sightings_now(ALL).expect("pass one").rows;
    compare_sightings(judge, &sightings, folder);
    let mut compared = BTreeMap::new();
    for key in busiest(&sightings) {
        let place = format!("{} {key}", folder.display());
        let as_of = "2030-01-01T00:00:00Z".parse().expect("a time");
        let lineage = grow(&sightings, Bounds { key_id: &key, exposed_since: None, as_of });
        let subject = Subject::of(&lineage);
        let rows = trail.cut_now(ALL, &subject).and_then(Cut::held).expect("pass two").rows;
        compare_cut(judge, &subject, &rows, &place);
        compare_answers(judge, &rows, &place);
        compared.insert(key, rows.len());
    }
    compared
}

pub(crate) fn busiest(sightings: &[Sighting]) -> Vec<String> {
    let mut calls: BTreeMap<&str, i64> = BTreeMap::new();
    for sighting in sightings {
        if let Some(key) = sighting.access_key_id.as_deref() {
            *calls.entry(key).or_default() += sighting.events.unwrap_or(0);
        }
    }
    let mut keys: Vec<(&str, i64)> = calls.into_iter().collect();
    keys.sort_by_key(|(key, calls)| (-calls, *key));
    keys.into_iter().take(KEYS_MAX).map(|(key, _)| key.to_owned()).collect()
}

fn compare_sightings(judge: &mut SqlJudge, ours: &[Sighting], folder: &Path) {
    let theirs = athena(judge, ATHENA_SIGHTINGS, &Subject::default(), RELATION);
    let place = format!("pass one of {}", folder.display());
    same(&in_order(ours.iter().cloned()), &sightings(&theirs), &place);
}

/// The rows of pass one; what was looked at is compared with the published trails.
pub(crate) fn sightings(rows: &[Vec<Option<String>>]) -> Vec<Sighting> {
    let read = |row: &Vec<Option<String>>| {
        let row = &row[..Sighting::COLUMNS.len()];
        let texts: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        Sighting::from_texts(&texts).expect("a sighting")
    };
    in_order(rows.iter().map(read))
}

pub(crate) fn in_order(sightings: impl Iterator<Item = Sighting>) -> Vec<Sighting> {
    let mut sorted: Vec<Sighting> = sightings.map(tidy).collect();
    sorted.sort();
    sorted
}

/// The addresses of a caller are a set; no engine promises their order.
fn tidy(mut sighting: Sighting) -> Sighting {
    if let Some(addresses) = &mut sighting.addresses {
        let mut words: Vec<&str> = addresses.split(' ').collect();
        words.sort_unstable();
        *addresses = words.join(" ");
    }
    sighting
}

fn compare_cut(judge: &mut SqlJudge, subject: &Subject, ours: &[TrailRow], place: &str) {
    let theirs = cut_rows(&athena(judge, ATHENA_CUT, subject, RELATION));
    same(ours, &theirs, &format!("pass two of {place}"));
}

/// The rows of pass two, in their order.
pub(crate) fn cut_rows(rows: &[Vec<Option<String>>]) -> Vec<TrailRow> {
    let read = |row: &Vec<Option<String>>| {
        let texts: Vec<Option<&str>> = row.iter().map(Option::as_deref).collect();
        TrailRow::from_texts(&texts).expect("a row")
    };
    let mut rows: Vec<TrailRow> = rows.iter().map(read).collect();
    rows.sort();
    rows
}

fn compare_answers(judge: &mut SqlJudge, rows: &[TrailRow], place: &str) {
    let table = CaseTable::load(rows).expect("the table is loaded");
    let values: Vec<Vec<Value>> = rows.iter().map(|row| json_row(row.fields())).collect();
    judge.load_table("case_table", &definition(false), &values);
    for question in questions().expect("the catalogue is right") {
        let sql = question.at(&middle(rows)).expect("its times");
        let ours = table.ask(&sql).expect("SQLite answers");
        let theirs = judge.query(&sql, &json!([]));
        assert_eq!(ours.columns, theirs.columns, "{} of {place}", question.id);
        assert_eq!(ours.columns, question.columns, "{} of {place}", question.id);
        let ours: Vec<Vec<Value>> =
            ours.rows.iter().map(|row| row.iter().map(json_cell).collect()).collect();
        same(&ours, &theirs.rows, &format!("{} of {place}", question.id));
    }
}

/// Fills one of the Athena templates as the adapter does, and runs what sqlglot makes of it.
pub(crate) fn athena(
    judge: &mut SqlJudge,
    template: &str,
    subject: &Subject,
    (table, partitions): (&str, &str),
) -> Vec<Vec<Option<String>>> {
    let (from, to) = (["0000".to_owned()], ["9999".to_owned()]);
    let raw = [("table", table), ("partitions", partitions)];
    let times: [(&str, &[String]); 2] = [("from", &from), ("to", &to)];
    let lists = [times.as_slice(), &subject.lists()].concat();
    let filled = fill(template, &raw, &lists);
    texts(&judge.athena(&filled.sql, &json!(filled.values)).rows)
}

/// Cells as Athena hands them over.
pub(crate) fn texts(rows: &[Vec<Value>]) -> Vec<Vec<Option<String>>> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Some(value.to_string())
        }
    };
    rows.iter().map(|row| row.iter().map(text).collect()).collect()
}

fn json_row(fields: Vec<Field<'_>>) -> Vec<Value> {
    let value = |field| match field {
        Field::Null => Value::Null,
        Field::Text(text) => json!(text),
        Field::Integer(number) => json!(number),
    };
    fields.into_iter().map(value).collect()
}

pub(crate) fn json_cell(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => json!(number),
        Cell::Real(number) => json!(number),
        Cell::Text(text) => json!(text),
    }
}

/// Fails on the first difference, and shows only that one.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(ours: &[T], theirs: &[T], what: &str) {
    for (index, (one, other)) in ours.iter().zip(theirs).enumerate() {
        assert_eq!(one, other, "{what}: row {index}, ours left, theirs right");
    }
    assert_eq!(ours.len(), theirs.len(), "{what}: rows, ours left, theirs right");
}
