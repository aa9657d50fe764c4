//! The simulated Slack's methods, compared with Slack's own method reference.

use crate::frame::{Missing, trial};
use keyleak::sim::slack::methods::{METHODS, Method};
use keyleak::sim::slack::pace::Tier;
use libtest_mimic::Trial;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names the folder that holds `methods/`; the reference is not ours to ship.
const CONTRACTS: &str = "KEYLEAK_SLACK_CONTRACTS";

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("each_simulated_method_is_as_slack_documents_it", || {
        let folder = contracts()?;
        let mut differences = Vec::new();
        for method in METHODS {
            compare(method, &folder, &mut differences);
        }
        assert!(differences.is_empty(), "{}", differences.join("\n"));
        Ok(())
    })]
}

pub(crate) fn contracts() -> Result<PathBuf, Missing> {
    let folder = std::env::var_os(CONTRACTS).map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("methods").is_dir());
    let reason = format!("set {CONTRACTS} to the folder with Slack's method reference");
    folder.ok_or(Missing(reason))
}

fn compare(method: &Method, folder: &Path, differences: &mut Vec<String>) {
    let path = folder.join("methods").join(format!("{}.json", method.name));
    let Ok(text) = std::fs::read_to_string(&path) else {
        differences.push(format!("{}: not in the reference", method.name));
        return;
    };
    let reference: Value = serde_json::from_str(&text).expect("the reference is JSON");
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            differences.push(format!("{}: {what}: {ours} is {theirs}", method.name));
        }
    };
    let properties = reference["args"]["properties"].as_object();
    let named = properties.into_iter().flat_map(|args| args.keys());
    let theirs = set(named.map(String::as_str).filter(|name| *name != "token"));
    differ("arguments", set(method.args.split_whitespace()), theirs);
    let scopes = reference["scope"]["bot"].as_array().into_iter().flatten();
    let theirs = set(scopes.filter_map(Value::as_str));
    differ("scopes", set(method.scopes.iter().copied()), theirs);
    let json = reference["json_input_supported"] == true;
    differ("takes JSON", method.json.to_string(), json.to_string());
    let tier = match method.tier {
        Tier::Two => "t2",
        Tier::Three => "t3",
        Tier::Four => "t4",
        Tier::Special => "t5",
    };
    // `blocks.validate` has no tier in the reference; it counts as special.
    let theirs = reference["rate_limits"].as_str().unwrap_or("t5");
    differ("tier", tier.to_owned(), theirs.to_owned());
}

fn set<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
}
