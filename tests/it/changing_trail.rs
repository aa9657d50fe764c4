//! A trail that changes while it is read is told with its names, and by the exit code.

use crate::binary::keyleak;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::TempDir;

const KEY: &str = "AKIAZZZZLEAKEDKEY234";
/// Enough to read that a writer gets its turn between the passes.
const OBJECTS: usize = 150;
const RUNS_MAX: usize = 5;
/// How it ends where the answer may not hold.
const DOUBTFUL: i32 = 5;

fn object(number: usize) -> String {
    let record = |place: usize| {
        json!({
            "eventID": format!("{number}-{place}"), "eventTime": "2026-08-01T10:00:00Z",
            "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets",
            "awsRegion": "eu-west-1", "sourceIPAddress": "203.0.113.9", "readOnly": true,
            "userIdentity": { "type": "IAMUser", "accessKeyId": KEY },
        })
    };
    json!({ "Records": (0..30).map(record).collect::<Vec<_>>() }).to_string()
}

fn delivered() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..OBJECTS {
        fs::write(folder.path().join(format!("{number:04}.json")), object(number)).unwrap();
    }
    folder
}

fn investigate(folder: &Path, format: &str) -> Output {
    let mut command = keyleak();
    command.args(["investigate", KEY, "--query", "Q11", "--format", format, "--trail"]);
    command.arg(folder).output().unwrap()
}

/// Investigates while somebody does this over and over. On a machine that is busy elsewhere they
/// may get no turn between the passes: then once more, a few times.
fn investigated_while(folder: &TempDir, format: &str, disturb: impl Fn(usize) + Sync) -> Output {
    let mut output = disturbed(folder, format, &disturb);
    for _ in 1..RUNS_MAX {
        if output.status.code() == Some(DOUBTFUL) {
            break;
        }
        output = disturbed(folder, format, &disturb);
    }
    output
}

fn disturbed(folder: &TempDir, format: &str, disturb: &(impl Fn(usize) + Sync)) -> Output {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let numbers = (1..).take_while(|_| !done.load(Ordering::Relaxed));
            numbers.for_each(disturb);
        });
        let output = investigate(folder.path(), format);
        done.store(true, Ordering::Relaxed);
        output
    })
}

fn changed(output: &Output) -> Value {
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    found["coverage"]["changed_while_read"].clone()
}

#[test]
fn a_trail_that_is_left_alone_gives_an_answer_that_holds() {
    let folder = delivered();
    let output = investigate(folder.path(), "json");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(changed(&output), json!({ "objects": 0, "examples": [] }));
}

#[test]
fn an_object_that_is_rewritten_in_place_is_named_and_the_answer_is_marked() {
    let folder = delivered();
    let first = folder.path().join("0000.json");
    let rewrite = |number: usize| fs::write(&first, object(OBJECTS + number)).unwrap();
    let output = investigated_while(&folder, "json", rewrite);
    assert_eq!(output.status.code(), Some(DOUBTFUL), "{output:?}");
    let told = changed(&output);
    assert_eq!(told["objects"], 1, "{told}");
    assert_eq!(told["examples"][0]["how"], "rewritten");
    let name = told["examples"][0]["object"].as_str().unwrap();
    assert!(name.ends_with("/0000.json"), "{name}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("changed while it was read") && said.contains("0000.json"), "{said}");

    let output = investigated_while(&folder, "table", rewrite);
    assert_eq!(output.status.code(), Some(DOUBTFUL));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("NOT SETTLED: 1 object of the trail changed"), "{text}");
    assert!(text.contains("so this may be of two states of it"), "{text}");
}

#[test]
fn objects_that_come_and_go_are_named() {
    let folder = delivered();
    let output = investigated_while(&folder, "json", |number| {
        let name = |number: usize| folder.path().join(format!("new-{number:06}.json"));
        fs::write(name(number), object(OBJECTS + number)).unwrap();
        if let Some(old) = number.checked_sub(20) {
            // The first of them were never written.
            let _ = fs::remove_file(name(old));
        }
    });
    assert_eq!(output.status.code(), Some(DOUBTFUL), "{output:?}");
    let told = changed(&output);
    let ways: Vec<&str> =
        told["examples"].as_array().unwrap().iter().filter_map(|one| one["how"].as_str()).collect();
    assert!(ways.contains(&"deleted"), "{told}");
    assert!(told["objects"].as_u64().unwrap() > 1, "{told}");
}
