//! The walls of the house, held by reading it: floor plan, circles, and the numbers no lint knows.

mod circles;
mod house;
mod plan;
mod source;

use circles::{BorneCircle, circles, uses};
use house::Long;
use plan::{BORNE, Borne, HOMES, PLAN, Room};
use source::Source;
use std::collections::BTreeSet;
use std::sync::LazyLock;

const CARGO: &str = include_str!("../../Cargo.toml");
const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");

/// Dependencies that go with the next change of the lock file that rebuilds everything anyway.
const LEAVING: &[&str] = &["tower", "tower_http"];
/// Circles that are borne; a new one, or a larger one, is not.
const BORNE_CIRCLES: &[BorneCircle] = &[
    BorneCircle {
        below: "sim::slack",
        files_max: 19,
        reason: "the simulated workspace is one state machine, split by subject",
    },
    BorneCircle {
        below: "sim::cloud",
        files_max: 5,
        reason: "the simulated account is one state machine, split by subject",
    },
];

const LONG: &[Long] = &[Long {
    path: "src/trail/traps.rs",
    lines: 460,
    reason: "one test for each trap of a real trail; split it by kind of trap",
}];

/// Every file, read once for all tests here.
static EVERYTHING: LazyLock<Vec<Source>> =
    LazyLock::new(|| source::read_below(&["src", "tests", "benches"]));
/// Every file that ends up in the binary.
static PRODUCT: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let tests = test_only(&EVERYTHING);
    let shipped = |source: &&Source| {
        let module = source.module();
        source.path.starts_with("src/") && !tests.iter().any(|test| below(&module, test))
    };
    EVERYTHING.iter().filter(shipped).cloned().collect()
});

/// Modules under `src` that are compiled for tests only.
fn test_only(sources: &[Source]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for source in sources.iter().filter(|source| source.path.starts_with("src/")) {
        for piece in source.bare.split("#[cfg(test)]").skip(1) {
            let tokens = source::tokens(piece);
            let at = tokens.iter().position(|token| *token == "mod");
            if let Some(at) = at.filter(|at| *at < 5 && tokens.get(at + 2) == Some(&";")) {
                let parent = source.module();
                let name = tokens[at + 1];
                found.insert(if parent.is_empty() {
                    name.to_owned()
                } else {
                    format!("{parent}::{name}")
                });
            }
        }
    }
    found
}

fn below(module: &str, above: &str) -> bool {
    module == above || module.starts_with(&format!("{above}::"))
}

fn holds(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// One file, and the beginning of what must be said about it.
fn complains(complaints: &[String], beginning: &str) {
    let said = complaints.iter().any(|complaint| complaint.starts_with(beginning));
    assert!(said, "{beginning:?} is not among {complaints:#?}");
}

fn one(path: &str, text: &str) -> Vec<Source> {
    vec![Source::new(path, text)]
}

#[test]
fn each_room_names_only_what_the_plan_allows() {
    holds(&plan::walls(&PRODUCT, PLAN, BORNE));
}

#[test]
fn a_name_across_a_wall_is_noticed() {
    for (path, text, said) in [
        ("src/slack/a.rs", "use crate::aws::error;", "src/slack/a.rs: slack must not name aws"),
        ("src/aws/a.rs", "use crate::{domain::ids, sim::cloud};", "src/aws/a.rs: aws must not"),
        ("src/domain/a.rs", "fn f() -> crate::ports::clock::Clock {}", "src/domain/a.rs: domain"),
        ("src/flow/a.rs", "use super::super::slack::web;", "src/flow/a.rs: flow must not name sl"),
        ("src/tricks/a.rs", "", "src/tricks/a.rs: tricks is no room of the floor plan"),
    ] {
        complains(&plan::walls(&one(path, text), PLAN, &[]), said);
    }
    holds(&plan::walls(
        &one("src/slack/a.rs", "// crate::aws\nuse crate::domain::ids;"),
        PLAN,
        &[],
    ));
    let gone = [Borne { path: "src/slack/a.rs", room: "aws", reason: "of old" }];
    complains(&plan::walls(&one("src/slack/a.rs", ""), PLAN, &gone), "src/slack/a.rs does not");
}

#[test]
fn the_plan_has_no_way_up() {
    for (floor, room) in PLAN.iter().enumerate() {
        for name in room.may_name {
            let lower = PLAN.iter().take(floor).any(|below| below.name == *name);
            assert!(lower, "{} may name {name}, which does not stand below it", room.name);
        }
    }
}

#[test]
fn crates_stay_in_the_rooms_that_know_them() {
    holds(&plan::homes(&PRODUCT, HOMES));
    let stray = one("src/flow/a.rs", "use aws_sdk_iam::Client;");
    complains(&plan::homes(&stray, HOMES), "src/flow/a.rs: aws_sdk_iam is at home in [\"aws\"]");
    let stray = one("src/http/a.rs", "fn f() { slack_morphism::go() }");
    complains(&plan::homes(&stray, HOMES), "src/http/a.rs: slack_morphism is at home in");
}

#[test]
fn every_dependency_is_used_and_every_home_is_of_a_dependency() {
    let named: BTreeSet<String> = EVERYTHING
        .iter()
        .flat_map(|source| source::tokens(&source.bare))
        .map(str::to_owned)
        .collect();
    let wanted = dependencies(CARGO);
    assert!(wanted.len() > 30, "the dependencies are found at all");
    let unused =
        wanted.iter().filter(|name| !named.contains(*name) && !LEAVING.contains(&name.as_str()));
    let unused: Vec<_> = unused.map(|name| format!("{name}: remove it from Cargo.toml")).collect();
    holds(&unused);
    let stale = HOMES.iter().filter(|(name, _)| !wanted.contains(*name));
    let stale: Vec<_> = stale.map(|(name, _)| format!("{name}: remove it from HOMES")).collect();
    holds(&stale);
}

fn dependencies(cargo: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut found = BTreeSet::new();
    for line in cargo.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if let (true, Some((name, _))) = (inside, line.split_once(" = ")) {
            found.insert(name.trim().replace('-', "_"));
        }
    }
    found
}

#[test]
fn domain_is_pure_and_the_world_is_behind_the_ports() {
    holds(&plan::purity(&PRODUCT));
    for (path, text, said) in [
        ("src/domain/a.rs", "use tokio::time;", "src/domain/a.rs: domain must not name tokio"),
        ("src/domain/a.rs", "use std::{fs, fmt};", "src/domain/a.rs: domain must not name std::fs"),
        ("src/domain/a.rs", "async fn f() {}", "src/domain/a.rs: domain does not wait"),
        ("src/domain/a.rs", "fn f() { jiff::Timestamp::now() }", "src/domain/a.rs: domain has no"),
        ("src/flow/a.rs", "use std::fs::File;", "src/flow/a.rs: flow must not name std::fs"),
        ("src/slack/a.rs", "fn f() { std::env::vars() }", "src/slack/a.rs: only config reads"),
    ] {
        complains(&plan::purity(&one(path, text)), said);
    }
    holds(&plan::purity(&one("src/config/a.rs", "fn f() { std::env::vars_os() }")));
    holds(&plan::purity(&one("src/domain/a.rs", "#[cfg(test)]\nmod tests { use std::fs; }")));
}

#[test]
fn no_file_needs_itself_through_another() {
    holds(&circles(&uses(&PRODUCT), BORNE_CIRCLES));
    let tied = [
        Source::new("src/domain/a.rs", "use crate::domain::b::B;"),
        Source::new("src/domain/b.rs", "use crate::domain::c::C;"),
        Source::new("src/domain/c.rs", "fn f() { crate::domain::a::f() }"),
    ];
    complains(&circles(&uses(&tied), &[]), "import circle: domain::a → domain::b → domain::c");
    let untied = [
        Source::new("src/domain/a.rs", "mod b; use crate::domain::a::b::B;"),
        Source::new("src/domain/a/b.rs", "use super::A;"),
    ];
    holds(&circles(&uses(&untied), &[]));
    let borne = [BorneCircle { below: "domain", files_max: 4, reason: "of old" }];
    complains(&circles(&uses(&tied), &borne), "the circle below domain has 3 files, not 4");
}

#[test]
fn lib_lists_the_rooms_in_reading_order_and_nothing_has_two_names() {
    let lib = Source::new("src/lib.rs", include_str!("../../src/lib.rs"));
    holds(&plan::reading_order(&lib, PLAN));
    holds(&plan::second_names(&PRODUCT));
    let rooms = [Room { name: "domain", may_name: &[] }, Room { name: "aws", may_name: &[] }];
    let wrong = Source::new("src/lib.rs", "pub mod aws;\npub mod domain;");
    complains(&plan::reading_order(&wrong, &rooms), "src/lib.rs: the modules stand as [\"aws\"");
    for text in ["pub use crate::domain::ids;", "pub(crate) use super::ids;"] {
        complains(&plan::second_names(&one("src/slack/a.rs", text)), "src/slack/a.rs: nothing is");
    }
    holds(&plan::second_names(&one("src/slack/a.rs", "use crate::domain::ids;")));
}

#[test]
fn every_file_opens_with_one_sentence() {
    holds(&house::openings(&EVERYTHING));
    for text in ["use std::fmt;", "//! No end", "//!\n//! Too late.", "/// Not the file's own."] {
        complains(&house::openings(&one("src/domain/a.rs", text)), "src/domain/a.rs: open with");
    }
    holds(&house::openings(&one("src/domain/a.rs", "//! One sentence,\n//! two lines.\n\nuse x;")));
}

#[test]
fn files_and_lines_are_short_enough_to_read() {
    holds(&house::lengths(&EVERYTHING, LONG));
    let long = "x();\n".repeat(house::LINES_MAX + 1);
    complains(&house::lengths(&one("src/domain/a.rs", &long), &[]), "src/domain/a.rs: 401 lines");
    let tested = format!("//! Short.\n#[cfg(test)]\nmod tests {{\n{long}}}");
    holds(&house::lengths(&one("src/domain/a.rs", &tested), &[]));
    for wide in ["é".repeat(101), format!("// {}", "é".repeat(98))] {
        complains(&house::lengths(&one("src/domain/a.rs", &wide), &[]), "src/domain/a.rs:1: break");
    }
    let quoted = format!("told(\"\n{}\n\");", "é".repeat(101));
    holds(&house::lengths(&one("src/domain/a.rs", &quoted), &[]));
    holds(&house::lengths(&one("src/domain/a.rs", &"é".repeat(100)), &[]));
    let borne = [Long { path: "src/domain/a.rs", lines: 500, reason: "of old" }];
    complains(&house::lengths(&one("src/domain/a.rs", ""), &borne), "src/domain/a.rs is no longer");
    holds(&house::lengths(&one("src/domain/a.rs", &long), &borne));
}

#[test]
fn no_lint_is_silenced_and_no_test_left_out() {
    holds(&house::silencers(&EVERYTHING));
    for (text, said) in [
        ("#[allow(dead_code)]", "src/a.rs:1: write #[expect("),
        ("//! A.\n#![allow(clippy::all)]", "src/a.rs:2: write #[expect("),
        ("#[ignore = \"slow\"]", "src/a.rs:1: a test is run or deleted"),
    ] {
        complains(&house::silencers(&one("src/a.rs", text)), said);
    }
    holds(&house::silencers(&one(
        "src/a.rs",
        "// \"#[allow\" is not used here\nlet x = \"#[allow\";",
    )));
}

#[test]
fn names_say_what_a_thing_is() {
    holds(&house::names(&EVERYTHING));
    for (path, text) in [
        ("src/domain/utils.rs", ""),
        ("src/domain/a.rs", "pub struct CaseManager;"),
        ("src/domain/case_helpers.rs", ""),
        ("src/domain/a.rs", "trait Handler {}"),
    ] {
        complains(&house::names(&one(path, text)), path);
    }
    holds(&house::names(&one("src/domain/a.rs", "struct Updated; struct Database;")));
}

#[test]
fn every_file_is_compiled() {
    holds(&house::orphans(&EVERYTHING));
    let mut tree = vec![
        Source::new("src/lib.rs", "pub mod domain;"),
        Source::new("src/domain/mod.rs", "pub mod case;"),
        Source::new("src/domain/case.rs", "mod fold;"),
        Source::new("src/domain/case/fold.rs", ""),
        Source::new("tests/it/main.rs", "#[path = \"../support/a.rs\"]\nmod a;"),
        Source::new("tests/support/a.rs", ""),
    ];
    holds(&house::orphans(&tree));
    tree.push(Source::new("src/domain/twin.rs", ""));
    complains(&house::orphans(&tree), "src/domain/twin.rs: no `mod` leads here");
}

#[test]
fn the_architecture_shows_the_plan_as_it_is() {
    let row = |room: &Room| {
        let may_name = room.may_name.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
        let may_name = if may_name.is_empty() { "nothing".to_owned() } else { may_name.join(", ") };
        (format!("| `{}` |", room.name), format!("| {may_name} |"))
    };
    for room in PLAN {
        let (begins, ends) = row(room);
        let line = ARCHITECTURE.lines().find(|line| line.starts_with(&begins));
        let line = line.unwrap_or_else(|| panic!("ARCHITECTURE.md has no row {begins}"));
        assert!(line.ends_with(&ends), "ARCHITECTURE.md: the row of {} ends {ends}", room.name);
    }
}
