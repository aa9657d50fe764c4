//! The README is held to the code: settings, commands, addresses, buttons, and the example.

use crate::text::{code, quoted};
use clap::CommandFactory;
use keyleak::cli::Arguments;
use keyleak::config;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const README: &str = include_str!("../../README.md");
const ARCHITECTURE: &str = include_str!("../../ARCHITECTURE.md");
const BUTTONS: &str = include_str!("../../src/domain/button.rs");
const ROUTER: &str = include_str!("../../src/http/mod.rs");
const SLASH: &str = include_str!("../../src/domain/command.rs");

/// The rows of the table whose head begins with this cell.
fn rows<'a>(text: &'a str, head: &str) -> Vec<Vec<&'a str>> {
    let begins = format!("| {head} |");
    let table = text.lines().skip_while(|line| !line.starts_with(&begins)).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|line| line.trim_matches('|').split(" |").map(str::trim).collect()).collect()
}

fn plain(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

fn odd(what: &str, told: &BTreeSet<String>, real: &BTreeSet<String>) -> Vec<String> {
    let missing = real.difference(told).map(|name| format!("{what} {name} is not in README.md"));
    let stale = told.difference(real).map(|name| format!("there is no {what} {name}"));
    missing.chain(stale).collect()
}

fn settings(readme: &str) -> Vec<String> {
    let real = config::settings();
    let told: BTreeMap<String, (String, String)> = rows(readme, "key")
        .iter()
        .map(|row| (plain(row[0]), (plain(row[1]), plain(row[2]))))
        .collect();
    let names = |map: &mut dyn Iterator<Item = &String>| map.cloned().collect::<BTreeSet<_>>();
    let mut complaints = odd("setting", &names(&mut told.keys()), &names(&mut real.keys()));
    for (name, (variable, default)) in &told {
        let wanted = format!("KEYLEAK_{}", name.to_uppercase().replace('.', "__"));
        if *variable != wanted {
            complaints.push(format!("the variable of {name} is {wanted}, not {variable}"));
        }
        if let Some(real) = real.get(name).filter(|real| *real != default) {
            complaints.push(format!("the default of {name} is {real:?}, not {default:?}"));
        }
    }
    complaints
}

fn commands(readme: &str) -> Vec<String> {
    let arguments = Arguments::command();
    let real = arguments.get_subcommands().map(|command| command.get_name().to_owned());
    let real: BTreeSet<String> = real.collect();
    let told = rows(readme, "command").iter().flat_map(|row| words_after_keyleak(row[0])).collect();
    let mut complaints = odd("command", &told, &real);
    let elsewhere = words_after_keyleak(readme).filter(|word| !real.contains(word));
    complaints.extend(elsewhere.map(|word| format!("there is no keyleak {word}")));
    complaints
}

/// The commands that a text spells out, as in `keyleak serve`.
fn words_after_keyleak(text: &str) -> impl Iterator<Item = String> {
    let begun = text.split("`keyleak ").skip(1).chain(text.split("\n    keyleak ").skip(1));
    let words = begun.filter_map(|rest| rest.split([' ', '`', '\n']).next());
    words
        .filter(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        .map(str::to_owned)
}

fn addresses(readme: &str) -> Vec<String> {
    let told = rows(readme, "address").iter().map(|row| plain(row[0])).collect();
    let routes = code(ROUTER).split(".route(\"").skip(1).map(|rest| {
        let (address, rest) = rest.split_once('"').unwrap();
        let method = if rest.starts_with(", get(") { "GET" } else { "POST" };
        format!("{method} {address}")
    });
    odd("address", &told, &routes.collect())
}

fn buttons(readme: &str) -> Vec<String> {
    let told = rows(readme, "`action_id`").iter().map(|row| plain(row[0])).collect();
    let id = |text: &&str| {
        let (family, name) = text.split_once('.').unwrap_or((text, ""));
        let word = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        *text == "go" || (text.contains('.') && word(family) && word(name) && !family.is_empty())
    };
    let real = quoted(code(BUTTONS)).filter(id).map(|text| match text {
        "phase." => "phase.NAME".to_owned(),
        other => other.to_owned(),
    });
    odd("button", &told, &real.collect())
}

fn pictures(readme: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let linked = readme.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = linked.filter(|link| !link.contains("://"));
    let titles: Vec<String> =
        readme.lines().filter_map(|line| line.strip_prefix("## ")).map(slug).collect();
    let there = |link: &str| match link.strip_prefix('#') {
        Some(title) => titles.iter().any(|there| there == title),
        None => root.join(link).exists(),
    };
    let lost = files.filter(|link| !there(link));
    lost.map(|file| format!("{file} is linked and not there")).collect()
}

/// A heading as links spell it.
fn slug(title: &str) -> String {
    let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-');
    title.to_lowercase().chars().filter(kept).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn example(readme: &str) -> Vec<String> {
    let text = readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next());
    let secrets = [("KEYLEAK_SLACK__SIGNING_SECRET", "s"), ("KEYLEAK_SLACK__BOT_TOKEN", "xoxb-1")];
    let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned()));
    match config::read("the example", text.unwrap_or_default(), &secrets) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.0,
    }
}

/// Files and folders that a text names and that are not there.
fn lost_paths(text: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let named = text.split('`').skip(1).step_by(2).filter(|word| {
        let whole = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_./-".contains(&b));
        whole && (word.contains('/') || word.ends_with(".toml")) && !word.starts_with('/')
    });
    let lost = named.filter(|path| !root.join(path).exists());
    lost.map(|path| format!("{path} is named and not there")).collect()
}

fn differences(readme: &str) -> Vec<String> {
    let checks = [settings, commands, addresses, buttons, pictures, example];
    checks.iter().flat_map(|check| check(readme)).collect()
}

#[test]
fn the_readme_says_what_the_code_does() {
    assert_eq!(differences(README), [""; 0]);
    for command in ["cargo run -- drill", "cargo test"] {
        assert!(README.contains(&format!("\n    {command}\n")), "{command}");
    }
    for word in ["list", "status", "summary", "help"] {
        assert!(code(SLASH).contains(&format!("\"{word}\"")) && README.contains(word), "{word}");
    }
}

#[test]
fn the_architecture_names_only_what_is_there() {
    assert_eq!(lost_paths(ARCHITECTURE), [""; 0]);
    let moved = ARCHITECTURE.replacen("`tests/it/freeze.rs`", "`tests/it/freezer.rs`", 1);
    assert_eq!(lost_paths(&moved), ["tests/it/freezer.rs is named and not there"]);
}

#[test]
fn each_difference_is_noticed() {
    let changed = |from: &str, to: &str| {
        assert!(README.contains(from), "{from}");
        differences(&README.replacen(from, to, 1)).join("\n")
    };
    let row = |begins: &str| README.lines().find(|line| line.starts_with(begins)).unwrap();
    for (from, to, said) in [
        (row("| `aws.owner_tag`"), "", "setting aws.owner_tag is not in README.md"),
        ("| `30m` |", "| `31m` |", "the default of timing.watch_for is \"30m\", not \"31m\""),
        (
            "| `KEYLEAK_AWS__REGION`",
            "| `KEYLEAK_REGION`",
            "the variable of aws.region is KEYLEAK_A",
        ),
        (row("| `keyleak cases`"), "| `keyleak lists` | |", "command cases is not in README.md"),
        ("\n| `keyleak cases`", "\n| `keyleak lists`", "there is no command lists"),
        ("    keyleak serve", "    keyleak server", "there is no keyleak server"),
        ("| `GET /readyz`", "| `GET /ready`", "address GET /readyz is not in README.md"),
        ("| `POST /slack/events`", "| `GET /slack/events`", "there is no address GET /slack/e"),
        (row("| `plan.undo`"), "", "button plan.undo is not in README.md"),
        ("(docs/card.png)", "(docs/lost.png)", "docs/lost.png is linked and not there"),
        ("## When Slack is down", "## When Slack sleeps", "#when-slack-is-down is linked and not"),
        ("[evidence]\nbucket", "[evidence]\nbasket", "there is no setting evidence.basket"),
    ] {
        let all = changed(from, to);
        assert!(all.contains(said), "{said:?} is not in {all:?}");
    }
}
