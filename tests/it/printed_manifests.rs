//! `keyleak manifest`: the binary prints what is installed, with the names of the configuration.

use crate::binary::keyleak;
use serde_json::Value;
use std::process::Output;

const CONFIGURED: &str = r#"
[server]
public_url = "https://bot.example.org/"
[slack]
team_id = "T1"
[aws]
lookup_role = "arn:aws:iam::123456789012:role/eyes"
external_id = "quoted \" text"
[journal]
table = "decisions"
work_table = "todo"
[evidence]
bucket = "proofs"
"#;

fn run(arguments: &[&str]) -> Output {
    keyleak().arg("manifest").args(arguments).output().unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

fn complaint(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?} prints half an answer");
    String::from_utf8(output.stderr).unwrap()
}

fn configured(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keyleak.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn without_a_configuration_each_prints_its_file() {
    let app: Value = serde_json::from_str(&printed(&["slack"])).unwrap();
    assert_eq!(app["features"]["slash_commands"][0]["command"], "/keyleak");
    let iam: Value = serde_json::from_str(&printed(&["iam"])).unwrap();
    for policy in ["lookup", "contain", "bot", "trust"] {
        assert_eq!(iam[policy]["Version"], "2012-10-17", "{policy}");
    }
    let tables = printed(&["table"]);
    assert!(tables.contains("TableName: keyleak-journal"), "{tables}");
    assert!(tables.contains("TableName: keyleak-work"), "{tables}");
}

#[test]
fn the_configured_names_are_printed_before_the_secrets_are_there() {
    let (_folder, path) = configured(CONFIGURED);
    let slack = printed(&["slack", "--config", &path]);
    assert!(slack.contains("\"https://bot.example.org/slack/commands\""), "{slack}");
    let other = printed(&["slack", "--config", &path, "--url", "https://other.example.org"]);
    assert!(other.contains("\"https://other.example.org/slack/events\""), "{other}");
    let tables = printed(&["table", "--config", &path]);
    assert!(tables.contains("TableName: decisions"), "{tables}");
    assert!(tables.contains("TableName: todo"), "{tables}");
    let iam: Value = serde_json::from_str(&printed(&["iam", "--config", &path])).unwrap();
    let text = iam.to_string();
    for name in ["table/decisions", "table/todo", "role/eyes", "s3:::proofs/*"] {
        assert!(text.contains(name), "{name}");
    }
    let asked = &iam["trust"]["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"];
    assert_eq!(asked, "quoted \" text", "whatever is configured, it stays JSON");
    let left = iam["fill_in"].to_string();
    assert!(left.contains("keyleak-trail") && !left.contains("keyleak-evidence"), "{left}");
}

#[test]
fn what_cannot_be_printed_says_what_to_do() {
    let said = complaint(&["slack", "--url", "http://bot.example.org"]);
    assert!(said.contains("must be the https address"), "{said}");
    let (_folder, path) = configured("[server]\npublic_url = \"bot\"\nlisten = \"here\"\n");
    let said = complaint(&["slack", "--config", &path]);
    assert!(said.contains("line 2: server.public_url must be the https address"), "{said}");
    assert!(said.contains("line 3: server.listen"), "all errors at once: {said}");
    let (_folder, path) = configured("[journal]\nstore = \"sqlite\"\n");
    let said = complaint(&["table", "--config", &path]);
    assert!(said.contains("needs no table"), "{said}");
}

#[test]
fn with_socket_mode_the_app_has_no_address_and_an_address_is_refused() {
    let socket = "[slack]\ntransport = \"socket\"\n";
    let (_folder, path) = configured(&CONFIGURED.replace("[slack]\n", socket));
    let app: Value = serde_json::from_str(&printed(&["slack", "--config", &path])).unwrap();
    assert_eq!(app["settings"]["socket_mode_enabled"], true);
    assert!(!app.to_string().contains("bot.example.org"), "{app:#}");
    let said = complaint(&["slack", "--config", &path, "--url", "https://b.org"]);
    assert!(said.contains("leave --url out"), "{said}");
}
