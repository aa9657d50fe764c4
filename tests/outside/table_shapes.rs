//! Tables of CloudTrail as people have them: what our SQL makes of each, the scanner finds too.

use crate::account::REGION;
use crate::counting_athena::{CountingAthena, DAY};
use crate::frame::{Missing, trial, trial_async};
use crate::leak::leak;
use crate::parts::Parts;
use crate::questions::{ALL, athena, busiest, cut_rows, in_order, same, sightings};
use crate::sql_judge::{Engine, SqlJudge, TRAIL_TABLE, real_trails};
use crate::trail_table::TrailTable;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_athena::config::{Credentials, SharedCredentialsProvider};
use keyleak::aws::athena::AthenaTrail;
use keyleak::aws::athena_days::DayColumns;
use keyleak::aws::athena_table::{AthenaSettings, ROWS_MAX};
use keyleak::domain::growth::{Bounds, grow};
use keyleak::domain::lineage::Subject;
use keyleak::domain::trail_row::{Field, Sighting, TrailRow};
use keyleak::ports::clock::Clock;
use keyleak::ports::trail::{Cut, Window};
use keyleak::trail::catalogue::{ATHENA_CUT, ATHENA_SIGHTINGS};
use keyleak::trail::local::LocalTrail;
use libtest_mimic::Trial;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// The caller as AWS's own table has it, in DuckDB's words.
const IDENTITY: &str = "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR,
    invokedby VARCHAR, accesskeyid VARCHAR, username VARCHAR, sessioncontext STRUCT(
    attributes STRUCT(mfaauthenticated VARCHAR, creationdate VARCHAR), sessionissuer STRUCT(
    type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, username VARCHAR)))";

/// A table that somebody has.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// As the catalog defines it.
    pub(crate) table: TrailTable,
    /// The columns that hold JSON as it was delivered.
    texts: &'static [&'static str],
    /// What makes it of the table with everything in it.
    made: String,
    /// The columns that it cannot fill.
    lacks: &'static [&'static str],
    /// Those that it fills in some records, from what it has.
    fills_some: &'static [&'static str],
}

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [recorded, real] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial_async(
            "a_recorded_trail_is_read_alike_from_whatever_table_people_have",
            move || async move {
                // A number loses the zero that the account's begins with.
                let leak = leak(&recorded, "040000000003").await?;
                leak.recorder.flush();
                let mut judge = SqlJudge::start(recorded.python()?);
                let rows = compare(&mut judge, leak.recorder.folder()).await;
                assert!(rows > 0, "the key was used");
                Ok(())
            },
        ),
        trial("published_trails_are_read_alike_from_whatever_table_people_have", move || {
            let folder = real_trails()?;
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let mut judge = SqlJudge::start(real.python()?);
            for trail in ["invictus", "otrf_ec2_proxy", "traildiscover_examples"] {
                let rows = runtime.block_on(compare(&mut judge, &folder.join(trail)));
                assert!(rows > 0, "{trail}");
            }
            Ok::<(), Missing>(())
        }),
    ]
}

/// Every shape; each is read through what the adapter makes of its definition.
pub(crate) fn shapes() -> Vec<Shape> {
    let current = || TrailTable::current().key(DAY, "string");
    let alike = "sessioncontext:struct<attributes:struct<mfaauthenticated:boolean,\
                 creationdate:timestamp>,sessionissuer:struct<type:string,principalid:string,\
                 arn:string,username:string>,sourceidentity:string>,credentialid:string>";
    let typed_identity = "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid BIGINT,
        invokedby VARCHAR, accesskeyid VARCHAR, username VARCHAR, sessioncontext STRUCT(
        attributes STRUCT(mfaauthenticated BOOLEAN, creationdate TIMESTAMP), sessionissuer STRUCT(
        type VARCHAR, principalid VARCHAR, arn VARCHAR, username VARCHAR),
        sourceidentity VARCHAR), credentialid VARCHAR)";
    let typed = "struct<type:string,principalid:string,arn:string,accountid:bigint,\
                 invokedby:string,accesskeyid:string,username:string,";
    let old = ["tlsdetails", "sessioncredentialfromconsole", "eventcategory", "resources"];
    vec![
        Shape {
            name: "AWS's current one",
            table: current(),
            texts: &[],
            made: format!("* REPLACE (CAST(useridentity AS {IDENTITY}) AS useridentity)"),
            lacks: &["source_identity", "credential_id"],
            fills_some: &[],
        },
        Shape {
            name: "an older one",
            table: current().without(&old),
            texts: &[],
            made: format!(
                "* EXCLUDE ({}) REPLACE (CAST(useridentity AS {IDENTITY}) AS useridentity)",
                old.join(", ")
            ),
            lacks: &[
                "source_identity",
                "credential_id",
                "tls_version",
                "from_console",
                "event_category",
            ],
            fills_some: &["resource", "resources"],
        },
        Shape {
            name: "one with the caller as JSON",
            table: current()
                .with("useridentity", "string")
                .with("resources", "string")
                .with("tlsdetails", "string"),
            texts: &["useridentity", "resources", "tlsdetails"],
            made: "*".to_owned(),
            lacks: &[],
            fills_some: &[],
        },
        Shape {
            name: "one with types",
            table: current()
                .with("useridentity", &format!("{typed}{alike}"))
                .with("eventtime", "timestamp")
                .with("readonly", "boolean")
                .with("sessioncredentialfromconsole", "boolean")
                .with("recipientaccountid", "bigint"),
            texts: &[],
            made: format!(
                "* REPLACE (CAST(eventtime AS TIMESTAMP) AS eventtime,
                 CAST(readonly AS BOOLEAN) AS readonly,
                 CAST(sessioncredentialfromconsole AS BOOLEAN) AS sessioncredentialfromconsole,
                 CAST(recipientaccountid AS BIGINT) AS recipientaccountid,
                 CAST(useridentity AS {typed_identity}) AS useridentity)"
            ),
            lacks: &[],
            fills_some: &[],
        },
    ]
}

impl Shape {
    /// Makes the table of a trail.
    pub(crate) fn load(&self, judge: &mut SqlJudge, folder: &Path) {
        if judge.engine == Engine::Trino {
            judge.load_trail_as(folder, &self.table);
            return;
        }
        judge.load_trail_with(folder, self.texts);
        for sql in [
            format!("CREATE OR REPLACE TABLE whole AS SELECT * FROM {TRAIL_TABLE}"),
            format!("CREATE OR REPLACE TABLE {TRAIL_TABLE} AS SELECT {} FROM whole", self.made),
        ] {
            judge.query(&sql, &json!([]));
        }
    }

    /// The adapter, before a catalog that defines the table so.
    pub(crate) async fn trail(&self, folder: &Path) -> AthenaTrail {
        let athena = CountingAthena::over(folder).await;
        athena.define(Some(self.table.clone()));
        self.trail_at(&athena.url).await
    }

    /// The adapter, before an Athena at this address.
    pub(crate) async fn trail_at(&self, url: &str) -> AthenaTrail {
        let credentials = Credentials::new("AKIAQNZGKIQY56JQ7WML", "secret", None, None, "test");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(url)
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .load()
            .await;
        AthenaTrail::new(&config, settings(), Clock::real(), TaskTracker::new()).expect("settings")
    }

    /// A row of ours as this table can tell it.
    pub(crate) fn told(&self, row: &TrailRow) -> TrailRow {
        row_without(row, &[self.lacks, self.fills_some].concat())
    }
}

fn row_without(row: &TrailRow, gone: &[&str]) -> TrailRow {
    let texts = texts(TrailRow::COLUMNS, row.fields(), gone);
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    TrailRow::from_texts(&texts).expect("a row")
}

fn sighting_without(sighting: &Sighting, gone: &[&str]) -> Sighting {
    let texts = texts(Sighting::COLUMNS, sighting.fields(), gone);
    let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
    Sighting::from_texts(&texts).expect("a sighting")
}

fn texts(columns: &[&str], fields: Vec<Field<'_>>, gone: &[&str]) -> Vec<Option<String>> {
    let text = |(name, field): (&&str, Field<'_>)| match field {
        Field::Null => None,
        Field::Text(_) | Field::Integer(_) if gone.contains(name) => None,
        Field::Text(text) => Some(text.to_owned()),
        Field::Integer(number) => Some(number.to_string()),
    };
    columns.iter().zip(fields).map(text).collect()
}

/// All that the trails here hold, up to now.
pub(crate) fn since_ever() -> Window {
    Window { from: Some("2010-01-01T00:00:00Z".parse().expect("a time")), to: None }
}

pub(crate) fn settings() -> AthenaSettings {
    AthenaSettings {
        catalog: None,
        database: "logs".to_owned(),
        table: TRAIL_TABLE.to_owned(),
        workgroup: Some("keyleak".to_owned()),
        output: None,
        days: DayColumns::Slashed { column: DAY.to_owned() },
        region: None,
        account: None,
        lookback_days: 15,
        ask_above: u64::MAX,
        case_tables: Some("cases".to_owned()),
        rows_max: ROWS_MAX,
    }
}

/// What grew out of a key, as the scanner tells it.
pub(crate) fn subject_of(seen: &[Sighting], key_id: &str) -> Subject {
    let as_of = "2030-01-01T00:00:00Z".parse().expect("a time");
    Subject::of(&grow(seen, Bounds { key_id, exposed_since: None, as_of }))
}

/// Compares both passes over every table; how many rows the cuts had.
pub(crate) async fn compare(judge: &mut SqlJudge, folder: &Path) -> usize {
    let scanner = LocalTrail::new(vec![PathBuf::from(folder)]);
    let seen = scanner.sightings_now(ALL).expect("pass one").rows;
    let mut rows = 0;
    for shape in shapes() {
        let place = format!("{} of {}", shape.name, folder.display());
        shape.load(judge, folder);
        let trail = shape.trail(folder).await;
        let (table, partitions) = trail.relation(since_ever()).await.expect("a relation");
        assert!(table.contains("AS trail"), "{place} is read under our own names: {table}");
        let relation = (table.as_str(), partitions.as_str());
        let (lacks, some) = ([shape.lacks, shape.fills_some].concat(), shape.fills_some);
        // Where the table does not tell a console, callers from one are counted with the others.
        if !lacks.contains(&"from_console") {
            let nobody = Subject::default();
            let theirs = sightings(&athena(judge, ATHENA_SIGHTINGS, &nobody, relation));
            let without = |all: &[Sighting], gone: &[&str]| {
                in_order(all.iter().map(|sighting| sighting_without(sighting, gone)))
            };
            let (ours, theirs) = (without(&seen, &lacks), without(&theirs, some));
            same(&ours, &theirs, &format!("pass one, {place}"));
        }
        for key in busiest(&seen) {
            let subject = subject_of(&seen, &key);
            let found = scanner.cut_now(ALL, &subject).and_then(Cut::held).expect("pass two").rows;
            let theirs = cut_rows(&athena(judge, ATHENA_CUT, &subject, relation));
            let mut ours: Vec<TrailRow> = found.iter().map(|row| shape.told(row)).collect();
            let mut theirs: Vec<TrailRow> =
                theirs.iter().map(|row| row_without(row, some)).collect();
            ours.sort();
            theirs.sort();
            same(&ours, &theirs, &format!("pass two of {key}, {place}"));
            rows += found.len();
        }
    }
    rows
}
