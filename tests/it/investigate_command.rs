//! `keyleak investigate` as a newcomer meets it: what is refused, what is missing, how it ends.

use crate::binary::keyleak;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;
use tempfile::TempDir;

const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// A trail of as many calls of the key.
fn trail(calls: usize) -> TempDir {
    let call = |id: usize| {
        json!({
            "eventVersion": "1.08", "eventID": format!("e{id}"), "eventName": "ListBuckets",
            "eventTime": format!("2026-08-01T10:{:02}:{:02}Z", id / 60, id % 60),
            "eventSource": "s3.amazonaws.com", "awsRegion": "us-east-1",
            "sourceIPAddress": "198.51.100.7", "eventType": "AwsApiCall",
            "userAgent": "agent ".repeat(200),
            "userIdentity": { "type": "IAMUser", "accessKeyId": KEY, "userName": "ci",
                "arn": "arn:aws:iam::029608264753:user/ci", "principalId": "AIDA1",
                "accountId": "029608264753" },
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<Value> = (0..calls).map(call).collect();
    let object = json!({ "Records": records }).to_string();
    std::fs::create_dir_all(folder.path().join("trail")).unwrap();
    std::fs::write(folder.path().join("trail/a.json"), object).unwrap();
    folder
}

/// Puts a question of one's own beside the trail.
fn question(folder: &Path, id: &str, columns: &str, sql: &str) {
    let text = format!(
        "-- id: {id}\n-- name: {id}_name\n-- question: What?\n-- phase: scope\n\
         -- impact: evidence\n-- parameters: none\n-- columns: {columns}\n\
         -- source: case_table\n-- meaning: Rows.\n-- none: No rows.\n{sql}\n"
    );
    std::fs::create_dir_all(folder.join("own")).unwrap();
    std::fs::write(folder.join(format!("own/{id}.sql")), text).unwrap();
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    keyleak().args(arguments).current_dir(folder).output().unwrap()
}

fn investigate(folder: &Path, more: &[&str]) -> Output {
    run(folder, &[&["investigate", KEY, "--trail", "trail"], more].concat())
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn a_secret_that_is_pasted_anywhere_is_repeated_nowhere() {
    let folder = trail(1);
    let bedrock = format!("ABSK{}==", "QmVkcm9ja0FQSUtleS0x".repeat(5));
    let token = "FwoGZXIvYXdzEBYaDNotARealSessionToken/+".repeat(8);
    let half = &SECRET[..20];
    for secret in [SECRET, &SECRET[..39], half, &bedrock, &token] {
        let (query, list) = (format!("--query={secret}"), format!("Q10,{secret}"));
        let (option, glued) = (format!("--{secret}"), format!("{KEY}{secret}"));
        let at = ["--trail", "trail"];
        let mut lines = vec![
            [&["investigate", secret], &at[..]].concat(),
            [&["investigate", &glued], &at[..]].concat(),
            [&["investigate", KEY, "--query", secret], &at[..]].concat(),
            [&["investigate", KEY, &query], &at[..]].concat(),
            [&["investigate", KEY, "--query", &list], &at[..]].concat(),
            [&["investigate", KEY, "--from", secret], &at[..]].concat(),
            [&["investigate", KEY, "--contained-at", secret], &at[..]].concat(),
            vec!["queries", "show", secret],
        ];
        if secret != half {
            lines.extend([
                [&["investigate", KEY, "--format", secret], &at[..]].concat(),
                [&["investigate", KEY, secret], &at[..]].concat(),
                [&["investigate", KEY, &option], &at[..]].concat(),
                [&["investigate", KEY, "--key", secret], &at[..]].concat(),
                vec!["drill", "--listen", secret],
                vec![secret],
            ]);
        }
        for line in lines {
            let ended = run(folder.path(), &line);
            assert_eq!(ended.status.code(), Some(2), "{line:?}: {ended:?}");
            let said = out(&ended) + &err(&ended);
            let part = &secret.trim_end_matches('=')[4..16];
            assert!(!said.contains(part), "{line:?}: {said}");
            assert!(!said.trim().is_empty(), "{line:?}");
        }
    }
    let harmless = run(folder.path(), &["investigate", KEY, "--trail", "trail", "--query", "Q99"]);
    assert!(err(&harmless).contains("there is no question \"Q99\""), "{harmless:?}");
    let harmless = run(folder.path(), &["inspect"]);
    assert!(err(&harmless).contains("'inspect'"), "clap's own words stay: {harmless:?}");
}

#[test]
fn what_is_no_id_is_refused_with_what_an_id_looks_like() {
    let folder = trail(1);
    for (id, why) in [
        ("AKIAQNZGKIQY56JQ7WM", "it is too short"),
        ("AKIAQNZGKIQY56JQ7WMLL", "it is too long"),
        ("akiaqnzgkiqy56jq7wml", "it has small letters"),
        ("AKIAQNZGKIQY56JQ7WM-", "it has other characters"),
        ("AROAQNZGKIQY56JQ7WML", "it begins with neither AKIA nor ASIA"),
        ("", "it is empty"),
    ] {
        let refused = run(folder.path(), &["investigate", id, "--trail", "trail"]);
        assert_eq!(refused.status.code(), Some(2), "{id}: {refused:?}");
        let said = err(&refused);
        assert!(said.contains(why) && said.contains("AKIA or ASIA followed by 16"), "{id}: {said}");
    }
    let spaced = format!(" {KEY} ");
    let found = run(folder.path(), &["investigate", &spaced, "--trail", "trail"]);
    assert_eq!(found.status.code(), Some(0), "{found:?}");
}

#[test]
fn a_trail_without_records_is_told_from_one_in_which_the_key_did_nothing() {
    let folder = trail(1);
    let below = |name: &str| folder.path().join(name);
    std::fs::create_dir(below("empty")).unwrap();
    std::fs::create_dir(below("notes")).unwrap();
    std::fs::write(below("notes/readme.txt"), "no trail").unwrap();
    let ask = |trail: &str, more: &[&str]| {
        run(folder.path(), &[&["investigate", KEY, "--trail", trail], more].concat())
    };
    for (trail, more, why) in [
        ("empty", &[][..], "the folder is empty"),
        ("notes", &[], "no file that was found holds records"),
        ("trail", &["--from", "2027-01-01"], "between --from and --to"),
        ("empty", &["--format", "json"], "the folder is empty"),
        ("empty", &["--format", "csv", "--query", "Q10"], "the folder is empty"),
    ] {
        let ended = ask(trail, more);
        assert_eq!(ended.status.code(), Some(3), "{trail} {more:?}: {ended:?}");
        let said = err(&ended);
        assert!(
            said.contains("no CloudTrail record was looked at") && said.contains(why),
            "{said}"
        );
    }
    let other = ["investigate", "AKIAQNZGKIQY56JQ0000", "--trail", "trail"];
    let ended = run(folder.path(), &other);
    assert_eq!((ended.status.code(), err(&ended).as_str()), (Some(0), ""), "{ended:?}");
    assert!(out(&ended).contains("not seen in this trail"), "{ended:?}");
    assert_eq!(ask("nowhere", &[]).status.code(), Some(1));
}

#[test]
fn nothing_is_contained_before_it_is_exposed() {
    let folder = trail(1);
    let ask = |contained: &str| {
        let times = ["--exposed-since", "2026-08-02", "--contained-at", contained];
        investigate(folder.path(), &times)
    };
    let refused = ask("2026-08-01T23:59:59Z");
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(err(&refused).contains("--contained-at is before --exposed-since"), "{refused:?}");
    assert_eq!(ask("2026-08-02").status.code(), Some(0));
}

#[test]
fn a_cut_answer_says_so_in_every_form_and_a_whole_one_does_not() {
    let folder = trail(101);
    let pairs = "SELECT a.event_id AS one, b.event_id AS other FROM case_table a \
                 CROSS JOIN case_table b ORDER BY one ASC NULLS LAST, other ASC NULLS LAST";
    question(folder.path(), "PAIRS", "one, other", pairs);
    let ask = |query: &str, format: &str| {
        let more = ["--questions", "own", "--query", query, "--format", format];
        investigate(folder.path(), &more)
    };
    let cut = ask("PAIRS", "csv");
    assert_eq!(cut.status.code(), Some(4), "{:?}", err(&cut));
    let text = out(&cut);
    assert!(text.ends_with("\n[cut: there is more than these 10000 rows],\n"), "{text:.200}");
    assert_eq!(text.lines().count(), 10_002);
    assert!(err(&cut).contains("the answer to PAIRS is cut"), "{}", err(&cut));
    let cut = ask("PAIRS", "json");
    assert_eq!((cut.status.code(), &object(&cut)["cut"]), (Some(4), &json!(["PAIRS"])));
    let cut = ask("PAIRS", "table");
    assert_eq!(cut.status.code(), Some(4));
    assert!(out(&cut).contains("cut here: there is more than these 10000 rows"));

    let whole = ask("Q10", "csv");
    assert_eq!((whole.status.code(), err(&whole).as_str()), (Some(0), ""));
    let text = out(&whole);
    assert!(!text.contains("[cut") && text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
    assert_eq!(text.lines().count(), 102, "a head and a line a call");
    assert_eq!(object(&ask("Q10", "json"))["cut"], json!([]));
    assert!(!out(&ask("Q10", "table")).contains("cut here"));
}

#[test]
fn what_all_leaves_out_is_named_with_the_option_that_it_needs() {
    let folder = trail(3);
    let all = investigate(folder.path(), &["--query", "all"]);
    assert_eq!(all.status.code(), Some(0), "{all:?}");
    for said in [out(&all), err(&all)] {
        let is_it = |line: &&str| line.contains("not asked: ") && line.contains("TIME");
        let line = said.lines().find(is_it).unwrap_or_default();
        assert!(line.contains("Q50, Q51, Q52") && line.contains("--contained-at TIME"), "{said}");
    }
    let told = object(&investigate(folder.path(), &["--query", "all", "--format", "json"]));
    let left = json!({ "question": "Q50", "needs": "--contained-at" });
    assert!(told["not_asked"].as_array().unwrap().contains(&left), "{}", told["not_asked"]);
    let times = ["--exposed-since", "2026-08-01", "--contained-at", "2026-08-02"];
    let asked = investigate(folder.path(), &[&["--query", "all"][..], &times].concat());
    for said in [out(&asked), err(&asked)] {
        // No table of another log is set; nothing else is missing.
        let left = said.lines().filter(|line| line.contains("not asked"));
        assert!(left.clone().count() >= 6, "{said}");
        assert!(left.clone().all(|line| line.contains("needs a table of")), "{said}");
    }

    let named = investigate(folder.path(), &["--query", "Q50", "--query", "Q11"]);
    assert_eq!(named.status.code(), Some(4), "{named:?}");
    assert!(err(&named).contains("question Q50 was not answered: it needs a time; give it with"));
    assert!(out(&named).contains("ListBuckets"), "the other one is answered: {named:?}");
}

#[test]
fn a_question_that_fails_takes_no_other_answer_with_it() {
    let folder = trail(101);
    let sum = "SELECT sum(CASE WHEN reach = 'key' THEN 999999999999999999 ELSE 0 END) AS much \
               FROM case_table ORDER BY much ASC NULLS LAST";
    question(folder.path(), "OVER", "much", sum);
    let more = ["--questions", "own", "--query", "OVER,Q11", "--query", "Q10"];
    let table = investigate(folder.path(), &more);
    assert_eq!(table.status.code(), Some(4), "{table:?}");
    assert!(err(&table).contains("question OVER was not answered: "), "{table:?}");
    assert!(err(&table).contains("overflow"), "with its reason: {table:?}");
    assert!(out(&table).contains("\nQ11 ") && out(&table).contains("\nQ10 "), "{table:?}");
    let told = object(&investigate(folder.path(), &[&more[..], &["--format", "json"]].concat()));
    assert_eq!(told["failed"][0]["question"], "OVER");
    assert_eq!(told["answers"]["Q10"].as_array().unwrap().len(), 101);
    let csv = investigate(folder.path(), &[&more[..4], &["--format", "csv"]].concat());
    assert_eq!((csv.status.code(), csv.stdout.len()), (Some(2), 0), "two questions: {csv:?}");
    let alone = ["--questions", "own", "--query", "OVER", "--format", "csv"];
    let csv = investigate(folder.path(), &alone);
    assert_eq!((csv.status.code(), csv.stdout.len()), (Some(4), 0), "{csv:?}");
}

#[test]
fn one_value_of_a_question_of_ones_own_cannot_fill_the_memory() {
    let folder = trail(3);
    let doubled = (0..10).fold("case_table".to_owned(), |within, depth| {
        format!("(SELECT user_agent || user_agent AS user_agent FROM {within}) a{depth}")
    });
    let sql = format!(
        "SELECT max(user_agent || 'x') AS agents FROM {doubled} ORDER BY agents ASC NULLS LAST"
    );
    question(folder.path(), "HUGE", "agents", &sql);
    let more = ["--questions", "own", "--query", "HUGE", "--format", "csv"];
    let ended = investigate(folder.path(), &more);
    assert_eq!((ended.status.code(), ended.stdout.len()), (Some(4), 0), "{ended:?}");
    assert!(err(&ended).contains("a value or a row of it has more than 1 MiB"), "{ended:?}");
}

#[test]
fn no_name_of_a_file_drives_the_terminal() {
    let folder = trail(1);
    let name = "x\u{1b}[2J\u{202e}\u{9b}31m.json";
    std::fs::write(folder.path().join("trail").join(name), "not JSON").unwrap();
    let wild = |text: &str| text.contains(['\u{1b}', '\u{202e}', '\u{9b}']);
    for format in ["table", "json"] {
        let ended = investigate(folder.path(), &["--format", format]);
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        assert!(!wild(&out(&ended)) && !wild(&err(&ended)), "{ended:?}");
        assert!(out(&ended).contains("[2J"), "it is named: {ended:?}");
    }
    let told = object(&investigate(folder.path(), &["--format", "json"]));
    let example = told["coverage"]["skipped"][0]["example"].as_str().unwrap().to_owned();
    assert!(example.ends_with(name), "and a program reads it as it is: {example:?}");
    let gone = format!("gone-{name}");
    let ended = run(folder.path(), &["investigate", KEY, "--trail", &gone]);
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
    assert!(!wild(&err(&ended)) && err(&ended).contains("gone-x\\u{1b}[2J"), "{ended:?}");
    let ended = investigate(folder.path(), &["--format", name]);
    assert!(!wild(&err(&ended)), "nor what is mistyped: {ended:?}");
}

#[test]
fn the_help_names_every_exit_status() {
    let help = out(&run(Path::new("."), &["investigate", "--help"]));
    for status in 0..=4 {
        assert!(help.contains(&format!("\n  {status}  ")), "{help}");
    }
    let page = include_str!("../../docs/investigate.md");
    for option in help.split_whitespace().filter(|word| word.starts_with("--")) {
        let option = option.trim_end_matches(['.', ',', ';']);
        assert!(page.contains(option) || option == "--help" || option == "--version", "{option}");
    }
}
