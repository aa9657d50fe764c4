//! Databases of addresses that another library wrote, and what an investigation says of them.

use crate::frame::{Outcome, trial};
use crate::parts::Parts;
use libtest_mimic::Trial;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

const KEY: &str = "AKIAQNZGKIQY56JQ7WML";
/// From where the key is used.
const ADDRESSES: [&str; 4] = ["198.51.100.7", "203.0.113.9", "2001:db8:1::5", "192.0.2.200"];
/// What an actor, or whoever sells the database, may write into it.
const HOSTILE: &str = "\u{1b}[2J<!channel>\u{202e}";

pub(crate) fn trials(parts: &Arc<Parts>) -> Vec<Trial> {
    let parts = Arc::clone(parts);
    vec![trial("a_database_of_addresses_says_what_other_readers_find_in_it", move || {
        databases(&parts)
    })]
}

fn databases(parts: &Parts) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    let (database, list) = (folder.path().join("asn.mmdb"), folder.path().join("egress.csv"));
    let written = json!({
        "198.51.100.0/24": { "autonomous_system_number": 64500,
            "autonomous_system_organization": "Example Hosting" },
        "203.0.113.9/32":
            { "traits": { "is_tor_exit_node": true }, "country": { "iso_code": "NL" } },
        "2001:db8:1::/48": { "as_name": HOSTILE, "asn": "AS64501" },
    });
    let mut judge = parts.python()?.judge("address_book.py", &[] as &[&OsStr]);
    let read = judge.ask(&json!({
        "write": written, "type": "Example-ASN", "file": database, "addresses": ADDRESSES,
    }));
    assert_eq!(read["198.51.100.7"], written["198.51.100.0/24"], "{read}");
    assert_eq!(read["192.0.2.200"], Value::Null, "the control: nothing was written of it");
    std::fs::write(&list, "# ours\n192.0.2.0/24,the VPN\n192.0.2.200,the bastion\n").expect("kept");
    trail(folder.path());

    let found = investigate(folder.path(), &[&database, &list]);
    let known = |address: &str| found["addresses"][address]["known"].clone();
    let [first, tor, odd, own] = ADDRESSES.map(known);
    let begins = |said: &Value, words: &str| said[0].as_str().is_some_and(|s| s.starts_with(words));
    assert!(begins(&first, "AS64500, Example Hosting (asn.mmdb, built 20"), "{first}");
    assert!(begins(&tor, "NL, tor exit node (asn.mmdb"), "{tor}");
    assert!(begins(&odd, "AS64501, "), "{odd}");
    assert!(!odd.to_string().contains('\u{1b}') && !odd.to_string().contains('\u{202e}'), "{odd}");
    assert_eq!(own, json!(["the bastion, 192.0.2.200/32 (egress.csv)"]), "{own}");

    let without = investigate(folder.path(), &[]);
    for address in ADDRESSES {
        assert_eq!(without["addresses"][address]["known"], json!([]), "nothing is made up");
        let pages = without["addresses"][address]["look_up"].as_object().expect("links");
        assert!(pages.values().all(|url| url.as_str().is_some_and(|url| url.contains(address))));
    }
    assert_eq!(without["addresses"].as_object().map(serde_json::Map::len), Some(ADDRESSES.len()));
    damaged(folder.path(), &database);
    Ok(())
}

/// What is cut short is refused before anything is read, or says nothing; it never falls over.
fn damaged(folder: &Path, database: &Path) {
    let whole = std::fs::read(database).expect("the database");
    let cut = folder.join("cut.mmdb");
    for part in 1..8 {
        std::fs::write(&cut, &whole[..whole.len() * part / 8]).expect("kept");
        let run = command(folder, &[&cut]).output().expect("it runs");
        let said = String::from_utf8_lossy(&run.stderr);
        assert!(matches!(run.status.code(), Some(0 | 1)), "{said}");
        assert!(run.status.success() || said.contains("cut.mmdb: it is no MaxMind DB"), "{said}");
    }
}

fn investigate(folder: &Path, books: &[&Path]) -> Value {
    let run = command(folder, books).output().expect("it runs");
    let said = String::from_utf8_lossy(&run.stderr);
    serde_json::from_slice(&run.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn command(folder: &Path, books: &[&Path]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleak"));
    command
        .args(["investigate", KEY, "--format", "json", "--trail"])
        .arg(folder.join("trail.json"));
    for book in books {
        command.arg("--addresses").arg(book);
    }
    command
}

/// A call from each address, and one by a service, which has none.
fn trail(folder: &Path) {
    let record = |(number, address): (usize, &str)| {
        let time = format!("2026-08-01T10:00:0{number}Z");
        json!({
            "eventVersion": "1.08", "eventID": time, "eventName": "ListBuckets", "eventTime": time,
            "eventSource": "s3.amazonaws.com", "awsRegion": "us-east-1", "eventType": "AwsApiCall",
            "sourceIPAddress": address, "recipientAccountId": "111122223333",
            "userIdentity": { "type": "IAMUser", "accessKeyId": KEY, "userName": "ci",
                "arn": "arn:aws:iam::111122223333:user/ci", "principalId": "AIDA1",
                "accountId": "111122223333" },
        })
    };
    let all = ADDRESSES.into_iter().chain(["ec2.amazonaws.com", "10.0.0.1"]).enumerate();
    let records: Vec<Value> = all.map(record).collect();
    let text = json!({ "Records": records }).to_string();
    std::fs::write(folder.join("trail.json"), text).expect("kept");
}
