//! Questions of people's own, through the binary: listed, asked, and refused at the start.

use crate::binary::keyleak;
use keyleak::domain::trail_row::TrailRow;
use keyleak::trail::catalogue::Catalogue;
use keyleak::trail::own_questions::catalogue;
use serde_json::json;
use std::process::Output;
use tempfile::TempDir;

const DOCUMENT: &str = include_str!("../../docs/queries.md");
const KEY: &str = "AKIAQNZGKIQY56JQ7WML";

/// The question that the document gives as an example.
pub(crate) fn example() -> &'static str {
    DOCUMENT.split("```sql\n").nth(1).unwrap().split("```").next().unwrap()
}

/// A folder with a question in it, a trail of two calls beside it, and a configuration.
fn folder(question: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let below = |name: &str| folder.path().join(name);
    std::fs::create_dir(below("own")).unwrap();
    std::fs::write(below("own/night.sql"), question).unwrap();
    let call = |id: u32, hour: &str, name: &str| {
        json!({
            "eventVersion": "1.08", "eventID": format!("e{id}"),
            "eventTime": format!("2026-08-01T{hour}:00:00Z"), "eventName": name,
            "eventSource": "s3.amazonaws.com", "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7", "eventType": "AwsApiCall",
            "userIdentity": { "type": "IAMUser", "accessKeyId": KEY, "userName": "ci",
                "arn": "arn:aws:iam::029608264753:user/ci", "principalId": "AIDA1",
                "accountId": "029608264753" },
        })
    };
    let records = [call(1, "03", "ListBuckets"), call(2, "15", "GetBucketAcl")];
    std::fs::write(below("trail.json"), json!({ "Records": records }).to_string()).unwrap();
    let config = "[server]\nlisten = \"127.0.0.1:0\"\n[slack]\nsigning_secret = \"s\"\n\
                  bot_token = \"xoxb-1\"\nteam_id = \"T1\"\n[journal]\nstore = \"sqlite\"\n\
                  [trail]\npaths = [\"trail.json\"]\nquestions = \"own\"\n";
    std::fs::write(below("keyleak.toml"), config).unwrap();
    folder
}

fn run(folder: &TempDir, arguments: &[&str]) -> Output {
    keyleak().args(arguments).current_dir(folder.path()).output().unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_question_of_ones_own_is_listed_shown_and_asked_like_ours() {
    let folder = folder(example());
    let list = said(&run(&folder, &["queries", "list", "--questions", "own"]));
    let is_listed = |line: &str| line.starts_with("ACME1") && line.contains("night? (your own)");
    assert!(list.lines().any(is_listed), "{list}");
    assert_eq!(list.trim_end().lines().count(), Catalogue::built_in().unwrap().all().len() + 1);
    let shown = said(&run(&folder, &["queries", "show", "night_calls", "--questions", "own"]));
    assert_eq!(shown.trim_end(), example().trim_end());

    let investigate = ["investigate", KEY, "--trail", "trail.json", "--format", "csv"];
    let own = [&investigate[..], &["--query", "acme1", "--questions", "own"]].concat();
    let answer = said(&run(&folder, &own));
    assert!(answer.contains("2026-08-01T03:00:00Z,ListBuckets,198.51.100.7"), "{answer}");
    assert!(!answer.contains("GetBucketAcl"), "{answer}");

    let unknown = run(&folder, &[&investigate[..], &["--query", "ACME1"]].concat());
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    let unknown = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(unknown.contains("there is no question \"ACME1\""), "without the folder: {unknown}");
}

#[test]
fn a_question_that_reads_more_than_the_case_keeps_the_service_from_starting() {
    let folder = folder(&example().replace("FROM case_table", "FROM sqlite_master"));
    let wanted = "own/night.sql, line 15: a question reads case_table and no other table";
    for arguments in [
        &["serve", "--config", "keyleak.toml"][..],
        &["queries", "list", "--questions", "own"],
        &["investigate", KEY, "--trail", "trail.json", "--questions", "own"],
    ] {
        let complaint = complaint(&run(&folder, arguments));
        assert!(complaint.contains(wanted), "{arguments:?}: {complaint}");
    }
    let fine = said(&run(&folder, &["investigate", KEY, "--trail", "trail.json"]));
    assert!(fine.contains("Signed by the key: 2 calls"), "nothing else is wrong: {fine}");
}

#[test]
fn a_question_of_any_length_or_depth_is_refused_or_asked_and_ends_no_process() {
    let term = "\n  OR event_name = 'ListBuckets'";
    let asked = |times: usize| {
        let many = term.repeat(times);
        let folder = folder(&example().replace("\nORDER BY", &format!("{many}\nORDER BY")));
        run(&folder, &["queries", "list", "--questions", "own"])
    };
    assert!(said(&asked(330)).contains("ACME1"));
    for times in [600, 2_000] {
        let complaint = complaint(&asked(times));
        assert!(complaint.contains("it has more than 800 words and signs of SQL"), "{complaint}");
        assert!(complaint.contains("night.sql, line "), "{complaint}");
    }
    let deep = format!("{}event_name{} AS call", "(".repeat(9_000), ")".repeat(9_000));
    let deep = folder(&example().replace("event_name AS call", &deep));
    let complaint = complaint(&run(&deep, &["queries", "list", "--questions", "own"]));
    assert!(
        complaint.contains("line 13: brackets and CASE stand more than 12 deep"),
        "{complaint}"
    );
}

#[test]
fn the_document_lists_the_columns_there_are_and_its_example_is_a_question() {
    let table = DOCUMENT.split("| column | holds |").nth(1).unwrap();
    let row = |line: &str| {
        let mut cells = line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned());
        Some((cells.next()?.trim_matches('`').to_owned(), cells.next()? == "number"))
    };
    let told: Vec<_> = table.lines().skip(2).filter_map(row).collect();
    let real = TrailRow::COLUMNS.iter().map(|name| (*name).to_owned());
    assert_eq!(told, real.zip(TrailRow::INTEGERS.iter().copied()).collect::<Vec<_>>());
    let folder = folder(example());
    let all = catalogue(Some(&folder.path().join("own"))).unwrap();
    assert!(all.find("ACME1").is_some());
}
