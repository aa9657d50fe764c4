//! Other people's trails: the figures counted there, and two implementations of everything.

use crate::frame::trial;
use crate::parts::Parts;
use crate::sql_judge::{SqlJudge, TRAIL_TABLE, objects_below, real_trails};
use keyleak::aws::athena::role_calls_template;
use keyleak::domain::growth::{Bounds, grow};
use keyleak::domain::lineage::{Lineage, NodeKind, Subject};
use keyleak::domain::question::{Times, fill};
use keyleak::domain::trail_row::{Field, Sighting, TrailRow};
use keyleak::ports::trail::{Cell, Coverage, Cut, Survey, SurveyRequest, Trail, Window};
use keyleak::trail::catalogue::{ATHENA_CUT, ATHENA_SIGHTINGS, questions};
use keyleak::trail::investigator::Investigator;
use keyleak::trail::local::LocalTrail;
use keyleak::trail::table::{CaseTable, definition};
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) const INVICTUS: &str = "AKIATFQR7NSC8Q4X20BJ";

/// What pass one tells beside the callers.
const LOOKED_AT: [&str; 3] = ["regions", "data_events_from", "records_read"];

/// One published trail and the key that is leaked in it.
pub(crate) const TRAILS: &[(&str, &str)] = &[
    ("invictus", INVICTUS),
    ("otrf_ec2_proxy", "ASIA5FLZVX4OPVKKVBMX"),
    ("traildiscover_examples", INVICTUS),
    ("stratus", "AKIA6V1GNZTT65XQH36M"),
];

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let [cuts, answers] = [(); 2].map(|()| Arc::clone(parts));
    vec![
        trial("the_invictus_key_has_the_published_figures", || {
            invictus_figures(&real_trails()?);
            Ok(())
        }),
        trial("the_smaller_trails_have_the_published_figures", || {
            smaller_figures(&real_trails()?);
            Ok(())
        }),
        trial("the_lookup_events_are_read", || {
            let survey = survey(real_trails()?.join("lookup_events.jsonl"), "0123456789ABCDEFGHIJ");
            assert_eq!(survey.coverage.records_unique, 6);
            Ok(())
        }),
        trial("athena_and_the_scanner_make_the_same_cut_of_every_published_trail", move || {
            let folder = real_trails()?;
            let python = cuts.python()?;
            let same = |(trail, key): (&str, &str)| {
                same_cut(&mut SqlJudge::start(python), &folder.join(trail), key)
            };
            assert!(TRAILS.iter().copied().map(same).sum::<usize>() > 0, "some calls are by roles");
            Ok(())
        }),
        trial("every_question_has_the_same_rows_on_duckdb", move || {
            let folder = real_trails()?;
            let mut judge = SqlJudge::start(answers.python()?);
            for (trail, key) in TRAILS {
                same_answers(&mut judge, &folder.join(trail), key);
            }
            Ok(())
        }),
    ]
}

fn survey(place: PathBuf, key: &str) -> Survey {
    let investigator = Investigator::new(LocalTrail::new(vec![place]));
    let request = SurveyRequest {
        key_id: key.to_owned(),
        window: Window::default(),
        exposed_since: None,
        as_of: "2026-08-01T00:00:00Z".parse().expect("a time"),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(investigator.survey(&request)).expect("a survey")
}

fn ids(lineage: &Lineage, kind: NodeKind) -> BTreeSet<&str> {
    let nodes = lineage.credentials().filter(|node| node.kind == kind);
    nodes.map(|node| node.id.as_str()).collect()
}

fn invictus_figures(folder: &Path) {
    let survey = survey(folder.join("invictus"), INVICTUS);
    let (coverage, activity) = (&survey.coverage, &survey.activity);
    assert_eq!((coverage.records_read, coverage.objects_read), (2900, 58));
    let counts = (activity.events, activity.succeeded, activity.failed, activity.denied);
    assert_eq!(counts, (2104, 1880, 224, 13));
    let times = [activity.first, activity.last].map(|time| time.expect("a time").to_string());
    assert_eq!(times, ["2023-07-10T11:54:33Z", "2023-07-10T12:29:09Z"]);
    assert_eq!(activity.source_ips, ["192.168.10.20"]);
    let keys = ids(&survey.lineage, NodeKind::LongTermKey);
    assert_eq!(keys, BTreeSet::from(["AKIATFQR7NSC3ZO6PKAZ", "AKIATFQR7NSCQLA2F4OD"]));
    // The owner's own console sessions, from another address, are not the actor's.
    let owners = survey
        .lineage
        .second_order()
        .any(|node| node.kind == NodeKind::ConsoleSession && node.id.contains("user/bert-jan@"));
    assert!(!owners);
}

fn smaller_figures(folder: &Path) {
    let proxy = survey(folder.join("otrf_ec2_proxy"), "ASIA5FLZVX4OPVKKVBMX");
    let activity = &proxy.activity;
    assert_eq!((activity.events, activity.succeeded), (11, 11));
    let times = [activity.first, activity.last].map(|time| time.expect("a time").to_string());
    assert_eq!(times, ["2020-09-14T01:00:04Z", "2020-09-14T01:13:20Z"]);
    assert_eq!(activity.source_ips, ["1.2.3.4"]);
    assert!(ids(&proxy.lineage, NodeKind::LongTermKey).is_empty());

    let federation = folder.join("stratus/aws.persistence.sts-federation-token");
    let federation = survey(federation, "AKIA6V1GNZTT65XQH36M");
    let minted: Vec<_> = federation.lineage.credentials().collect();
    assert_eq!(minted.len(), 1);
    let (id, kind, events) = (minted[0].id.as_str(), minted[0].kind, minted[0].events);
    assert_eq!((id, kind, events), ("ASIASTJKC5GCM7ZE6LUP", NodeKind::FederatedUser, 1));

    let admin = folder.join("stratus/aws.persistence.iam-create-admin-user");
    let admin = survey(admin, "AKIAOZUDECYXYM4ONAN4");
    let keys = ids(&admin.lineage, NodeKind::LongTermKey);
    assert_eq!(keys, BTreeSet::from(["AKIAXAFZN8JEPF6L682H"]));
    let users: Vec<_> = admin.lineage.principals().filter_map(|n| n.user_name.as_deref()).collect();
    assert_eq!(users, ["malicious-iam-user"]);
}

/// Takes as the subject everybody seen, so that every record and every column is compared.
fn everybody(sightings: &[Sighting], key: &str) -> Subject {
    let mut subject = Subject { key_id: key.to_owned(), ..Subject::default() };
    let texts = |of: fn(&Sighting) -> &Option<String>| -> Vec<String> {
        let texts: BTreeSet<&String> = sightings.iter().filter_map(|s| of(s).as_ref()).collect();
        texts.into_iter().cloned().collect()
    };
    subject.keys = texts(|seen| &seen.access_key_id);
    subject.principals = texts(|seen| &seen.identity_arn);
    subject.addresses = texts(|seen| &seen.addresses);
    subject
}

/// Compares what was looked at, and takes its columns away.
fn same_coverage(ours: &Coverage, theirs: &mut [Vec<Option<String>>]) {
    let (mut regions, mut data, mut read) = (BTreeSet::new(), None, 0);
    for row in theirs {
        let looked_at = row.split_off(Sighting::COLUMNS.len());
        regions.extend(looked_at[0].iter().flat_map(|all| all.split(' ')).map(str::to_owned));
        data = [data, looked_at[1].clone()].into_iter().flatten().min();
        read += looked_at[2].as_deref().expect("a count").parse::<u64>().expect("a number");
    }
    assert_eq!(read, ours.records_unique + ours.duplicates);
    assert_eq!(regions.into_iter().collect::<Vec<_>>(), ours.regions);
    let data = data.map(|time| time.parse::<jiff::Timestamp>().expect("a time"));
    assert_eq!(data, ours.data_events_from);
}

/// Compares what is read of a trail, and says how many calls by roles were among it.
pub(crate) fn same_cut(judge: &mut SqlJudge, folder: &Path, key: &str) -> usize {
    judge.load_trail(folder);
    let files = LocalTrail::new(objects_below(folder));
    let seen = files.sightings_now(Window::default()).expect("sightings");
    let bounds =
        Bounds { key_id: key, exposed_since: None, as_of: "2026-08-01T00:00:00Z".parse().unwrap() };
    let lineage = grow(&seen.rows, bounds);
    let columns = [Sighting::COLUMNS, &LOOKED_AT].concat();
    let mut theirs = ask(judge, ATHENA_SIGHTINGS, &Subject::default(), &columns);
    same_coverage(&seen.coverage, &mut theirs);
    let ours = seen.rows.iter().map(|row| texts(&row.fields()));
    assert_same(ours.map(sorted_addresses).collect(), theirs.into_iter().map(sorted_addresses));
    for subject in [Subject::of(&lineage), everybody(&seen.rows, key)] {
        let cut = files.cut_now(Window::default(), &subject).and_then(Cut::held).expect("a cut");
        let theirs = ask(judge, ATHENA_CUT, &subject, TrailRow::COLUMNS);
        let ours = cut.rows.iter().map(|row| texts(&row.fields())).collect();
        assert_same(ours, theirs.into_iter());
    }
    same_role_calls(judge, &files, &seen.rows)
}

fn same_role_calls(judge: &mut SqlJudge, files: &LocalTrail, seen: &[Sighting]) -> usize {
    let template = role_calls_template().expect("the cut names its choice");
    let roles: BTreeSet<String> = seen.iter().filter_map(|row| row.issuer_arn.clone()).collect();
    let mut compared = 0;
    for role in roles {
        let calls = files.role_calls_now(&role, Window::default()).expect("a role's calls");
        let subject = Subject { principals: vec![role], ..Subject::default() };
        let theirs = ask(judge, &template, &subject, TrailRow::COLUMNS);
        let ours = calls.rows.iter().map(|row| texts(&row.fields())).collect();
        compared += calls.rows.len();
        assert_same(ours, theirs.into_iter());
    }
    compared
}

fn ask(
    judge: &mut SqlJudge,
    template: &str,
    subject: &Subject,
    columns: &[&str],
) -> Vec<Vec<Option<String>>> {
    let one = |text: &str| vec![text.to_owned()];
    let (key, from, to) =
        (one(&subject.key_id), one("2000-01-01T00:00:00Z"), one("2100-01-01T00:00:00Z"));
    let raw = [("table", TRAIL_TABLE), ("partitions", "dt >= '2000/01/01'")];
    let values: [(&str, &[String]); 10] = [
        ("from", &from),
        ("to", &to),
        ("key", &key),
        ("keys", &subject.keys),
        ("principals", &subject.principals),
        ("roles", &subject.principals),
        ("sessions", &subject.sessions),
        ("addresses", &subject.addresses),
        ("targets", &subject.targets),
        ("accounts", &subject.accounts),
    ];
    let filled = fill(template, &raw, &values);
    let found = judge.athena(&filled.sql, &json!(filled.values));
    assert_eq!(found.columns, columns);
    let text = |cell: Value| {
        let words = cell.as_str().map(str::to_owned);
        if cell.is_null() { None } else { words.or_else(|| Some(cell.to_string())) }
    };
    found.rows.into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}

fn texts(fields: &[Field<'_>]) -> Vec<Option<String>> {
    let text = |field: &Field<'_>| match field {
        Field::Null => None,
        Field::Text(text) => Some((*text).to_owned()),
        Field::Integer(number) => Some(number.to_string()),
    };
    fields.iter().map(text).collect()
}

/// An engine aggregates addresses in an order of its own.
fn sorted_addresses(mut row: Vec<Option<String>>) -> Vec<Option<String>> {
    let at = Sighting::COLUMNS.iter().position(|name| *name == "addresses").expect("a column");
    if let Some(text) = &row[at] {
        let words: BTreeSet<&str> = text.split(' ').collect();
        row[at] = Some(words.into_iter().collect::<Vec<_>>().join(" "));
    }
    row
}

fn assert_same(
    mut ours: Vec<Vec<Option<String>>>,
    theirs: impl Iterator<Item = Vec<Option<String>>>,
) {
    let mut theirs: Vec<_> = theirs.collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
}

pub(crate) fn same_answers(judge: &mut SqlJudge, folder: &Path, key: &str) {
    let files = LocalTrail::new(objects_below(folder));
    let seen = files.sightings_now(Window::default()).expect("sightings");
    let cut = files
        .cut_now(Window::default(), &everybody(&seen.rows, key))
        .and_then(Cut::held)
        .expect("a cut");
    let rows: Vec<Vec<Value>> = cut.rows.iter().map(|row| values(&row.fields())).collect();
    judge.load_table("case_table", &definition(false), &rows);
    let table = CaseTable::load(&cut.rows).expect("a table");
    for question in questions().expect("questions") {
        let sql = question.at(&middle(&cut.rows)).expect("its times");
        let ours = table.ask(&sql).expect("rows");
        let theirs = judge.query(&sql, &json!([]));
        assert_eq!(ours.columns, question.columns, "{}", question.id);
        assert_eq!(theirs.columns, question.columns, "{}", question.id);
        let ours: Vec<Vec<Value>> =
            ours.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        assert_eq!(ours, theirs.rows, "{}", question.id);
    }
}

/// Times with records on both sides of them.
pub(crate) fn middle(rows: &[TrailRow]) -> Times {
    let at = rows.get(rows.len() / 2).and_then(|row| row.event_time.parse().ok());
    let at = at.or_else(|| "2026-08-01T00:00:00Z".parse().ok());
    Times { exposed_since: at, contained_at: at }
}

fn values(fields: &[Field<'_>]) -> Vec<Value> {
    let value = |field: &Field<'_>| match field {
        Field::Null => Value::Null,
        Field::Text(text) => json!(text),
        Field::Integer(number) => json!(number),
    };
    fields.iter().map(value).collect()
}

fn cell(cell: &Cell) -> Value {
    serde_json::to_value(cell).expect("a cell is JSON")
}
