//! That the gallery holds all there is: each view and form, each block and button that the code
//! draws, and a record of each kind of event.

use crate::gallery::{kind, pictures, policy, views};
use crate::hostile_case::at;
use crate::hostile_stages::stages;
use crate::text::code;
use jiff::SignedDuration;
use keyleak::ports::chat::Scene;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Blocks that only a message on its way has: the way back, which the journal alone does not know.
const ON_THE_WAY: [&str; 1] = ["back"];
/// Buttons that are drawn by no version, and only read.
const NEVER_DRAWN: [&str; 2] = ["go", "unknown"];

/// The variants of an enum, by its source.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let body = source.split(&format!("pub enum {name} {{")).nth(1).unwrap();
    let body = body.split("\n}").next().unwrap();
    let named = body.lines().filter_map(|line| {
        let line = line.strip_prefix("    ")?;
        let name: String = line.chars().take_while(char::is_ascii_alphanumeric).collect();
        name.starts_with(|first: char| first.is_ascii_uppercase()).then_some(name)
    });
    named.collect()
}

fn snake(name: &str) -> String {
    let mut said = String::new();
    for one in name.chars() {
        if one.is_ascii_uppercase() && !said.is_empty() {
            said.push('_');
        }
        said.push(one.to_ascii_lowercase());
    }
    said
}

fn snakes(source: &str, name: &str) -> BTreeSet<String> {
    variants(source, name).iter().map(|name| snake(name)).collect()
}

fn source(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The ids of blocks that the code of a file names, up to where they are made of something.
fn block_ids(source: &str) -> BTreeSet<String> {
    let squeezed: String = source.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut ids = BTreeSet::new();
    for begins in [
        "rich(\"",
        "rich( \"",
        "rows(\"",
        "rows( \"",
        "rows(&format!(\"",
        "\"block_id\": \"",
        "let id = format!(\"",
    ] {
        for rest in squeezed.split(begins).skip(1) {
            let id = rest.split('"').next().unwrap().split('{').next().unwrap();
            ids.insert(id.to_owned());
        }
    }
    ids.remove("");
    ids
}

fn drawn_ids() -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for picture in pictures("x") {
        super::walk(&picture.drawn, "", &mut |name, value: &Value| {
            if matches!(name, "block_id" | "action_id" | "callback_id") {
                ids.extend(value.as_str().map(str::to_owned));
            }
        });
    }
    ids
}

#[test]
fn each_view_that_there_is_is_drawn() {
    let mut drawn = BTreeSet::from(["Answer".to_owned()]);
    for (_, case) in stages("x") {
        let now = at(case.seq()) + SignedDuration::from_mins(5);
        let scene = Scene { case: &case, policy: &policy(), now };
        drawn.extend(views(&scene, "x").iter().map(|(_, view)| kind(view).to_owned()));
    }
    let ports = source("src/ports/chat.rs");
    assert_eq!(drawn, variants(&ports, "View<'a>"));
    let drawn = drawn_ids();
    assert_eq!(variants(&ports, "Form<'a>").len(), 3, "a new form belongs into the gallery");
    assert!(
        drawn.contains("plan.change")
            && drawn.contains("plan.undo_steps")
            && drawn.contains("plan.code.plan"),
        "{drawn:?}"
    );
}

#[test]
fn each_block_and_button_that_the_code_draws_is_in_the_gallery() {
    let drawn = drawn_ids();
    let mut missing = Vec::new();
    let files = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/slack")).unwrap();
    let mut all = 0;
    for file in files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(&file).unwrap();
        for id in block_ids(code(&text)) {
            all += 1;
            let is_there = drawn.iter().any(|one| one.starts_with(&id));
            if !is_there && !ON_THE_WAY.contains(&id.as_str()) {
                missing.push(format!("{}: {id}", file.display()));
            }
        }
    }
    assert!(all > 30, "the control: {all} ids were found in the code");
    let buttons = source("src/domain/button.rs");
    let ids = buttons.split("pub fn id(&self)").nth(1).unwrap().split("\n    }\n").next().unwrap();
    let ids = ids.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
    let ids: Vec<&str> = ids.filter(|id| !NEVER_DRAWN.contains(id)).collect();
    assert!(ids.len() > 25, "the control: {ids:?}");
    missing.extend(ids.iter().filter(|id| !drawn.contains(**id)).map(|id| (*id).to_owned()));
    assert_eq!(missing, Vec::<String>::new(), "draw it in tests/support/gallery.rs");
}

/// A record that the gallery lacks could owe a message that nobody ever looked at.
#[test]
fn the_long_case_has_a_record_of_each_kind() {
    let (mut events, mut steps) = (BTreeSet::new(), BTreeSet::new());
    for (_, case) in stages("x") {
        for record in case.records() {
            let event = serde_json::to_value(&record.event).unwrap();
            events.insert(event["kind"].as_str().unwrap().to_owned());
            let step = event["step"].as_object();
            let named = step.and_then(|step| step.get("what").or(step.get("step")));
            steps.extend(named.and_then(Value::as_str).map(str::to_owned));
        }
    }
    let wanted = snakes(&source("src/domain/event.rs"), "Event");
    assert_eq!(wanted.difference(&events).collect::<Vec<_>>(), Vec::<&String>::new());
    for (file, name) in [
        ("src/domain/team_step.rs", "TeamStep"),
        ("src/domain/recovery_step.rs", "RecoveryStep"),
        ("src/domain/spending_step.rs", "SpendingStep"),
    ] {
        let wanted = snakes(&source(file), name);
        assert!(wanted.len() > 5, "the control: {wanted:?}");
        assert_eq!(wanted.difference(&steps).collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");
    }
}
