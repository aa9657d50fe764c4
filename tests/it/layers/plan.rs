//! The floor plan: which room may name which, which crates are at home where, and what is pure.

use crate::layers::source::{Source, tokens};
use std::collections::BTreeSet;

/// A room, and the rooms whose names it may use.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) name: &'static str,
    pub(crate) may_name: &'static [&'static str],
}

/// A name across the plan that is borne for now; the list may only shrink.
#[derive(Debug)]
pub(crate) struct Borne {
    pub(crate) path: &'static str,
    pub(crate) room: &'static str,
    /// Why, and what would end it.
    pub(crate) reason: &'static str,
}

const fn room(name: &'static str, may_name: &'static [&'static str]) -> Room {
    Room { name, may_name }
}

/// The rooms from the ground up, in reading order. The five rooms of the outside world name only
/// what stands below them, and never one another.
pub(crate) const PLAN: &[Room] = &[
    room("domain", &[]),
    room("ports", &["domain"]),
    room("paper", &["domain"]),
    room("flow", &["domain", "ports", "paper"]),
    room("slack", &["domain", "ports"]),
    room("aws", &["domain", "ports"]),
    room("store", &["domain", "ports"]),
    room("trail", &["domain", "ports"]),
    room("sim", &["domain", "ports"]),
    room("pager", &["domain", "ports"]),
    room("worker", &["domain", "ports", "flow"]),
    room("http", &["domain", "ports", "flow", "slack", "worker"]),
    room("socket", &["domain", "http", "slack"]),
    room("running", &["flow", "http", "socket", "worker"]),
    room("telemetry", &[]),
    room("config", &["domain", "flow", "slack", "aws", "pager"]),
    room(
        "drill",
        &["domain", "ports", "flow", "slack", "store", "trail", "sim", "socket", "running"],
    ),
    room("cli", &["config", "trail"]),
    room(
        "commands",
        &[
            "domain",
            "ports",
            "paper",
            "flow",
            "slack",
            "aws",
            "store",
            "trail",
            "pager",
            "socket",
            "running",
            "telemetry",
            "config",
            "drill",
            "cli",
        ],
    ),
];

pub(crate) const BORNE: &[Borne] = &[];

/// Crates that only some rooms may name: what they stand for stays behind the ports.
pub(crate) const HOMES: &[(&str, &[&str])] = &[
    ("aws_config", &["aws", "commands"]),
    ("aws_lc_rs", &["commands", "store"]),
    ("aws_sdk_account", &["aws"]),
    ("aws_sdk_athena", &["aws"]),
    ("aws_sdk_cloudtrail", &["aws"]),
    ("aws_sdk_dynamodb", &["aws"]),
    ("aws_sdk_guardduty", &["aws"]),
    ("aws_sdk_health", &["aws"]),
    ("aws_sdk_iam", &["aws"]),
    ("aws_sdk_organizations", &["aws"]),
    ("aws_sdk_s3", &["aws"]),
    ("aws_sdk_sts", &["aws"]),
    ("aws_smithy_types", &["aws"]),
    ("aws_types", &["aws"]),
    ("axum", &["http", "socket", "running", "drill", "sim"]),
    ("clap", &["cli", "trail", ""]),
    ("flate2", &["sim", "trail"]),
    ("http", &["pager", "slack"]),
    ("hyper_rustls", &["pager", "slack"]),
    ("hyper_util", &["pager", "sim", "slack"]),
    ("libdeflater", &["trail"]),
    ("maud", &["paper"]),
    ("plotters", &["paper"]),
    ("rusqlite", &["store", "trail"]),
    ("rustls", &["pager", "slack"]),
    ("slack_morphism", &["slack"]),
    ("tokio_rustls", &["slack"]),
    ("tokio_tungstenite", &["slack", "socket", "sim"]),
    ("toml", &["config", "drill"]),
    ("totp_rs", &["domain"]),
    ("tracing_subscriber", &["telemetry"]),
];

/// What `domain` must not name: it cannot fail for reasons outside itself.
const IMPURE: &[&str] = &[
    "axum",
    "futures_util",
    "rand",
    "std::env",
    "std::fs",
    "std::io",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::process",
    "std::sync::LazyLock",
    "std::sync::Mutex",
    "std::sync::OnceLock",
    "std::sync::RwLock",
    "std::sync::atomic",
    "std::sync::mpsc",
    "std::thread",
    "std::time",
    "tempfile",
    "tokio",
    "tokio_util",
    "tracing",
];
/// What use cases and ports must not name: the world is behind the ports.
const OUTSIDE: &[&str] = &["std::env", "std::fs", "std::net", "std::process", "std::thread"];
/// Where the environment is read.
const READS_ENVIRONMENT: &str = "config";

/// Names across the plan, and rooms that the plan does not have.
pub(crate) fn walls(sources: &[Source], plan: &[Room], borne: &[Borne]) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut needed = BTreeSet::new();
    for source in sources.iter().filter(|source| !source.room().is_empty()) {
        let name = source.room();
        let Some(room) = plan.iter().find(|room| room.name == name) else {
            complaints.push(format!(
                "{}: {name} is no room of the floor plan; add it to PLAN in \
                 tests/it/layers/plan.rs and to ARCHITECTURE.md, or put the file into the \
                 room where its change belongs",
                source.path
            ));
            continue;
        };
        for other in named_rooms(source) {
            let allowed = other == name || room.may_name.contains(&other.as_str());
            if allowed {
                continue;
            }
            let known = borne.iter().position(|b| b.path == source.path && b.room == other);
            match known {
                Some(at) => {
                    needed.insert(at);
                }
                None => complaints.push(format!(
                    "{}: {name} must not name {other} (it may name {:?}); take it through a trait \
                     in ports, or move what both need down to domain",
                    source.path, room.may_name
                )),
            }
        }
    }
    let stale = (0..borne.len()).filter(|at| !needed.contains(at)).map(|at| &borne[at]);
    complaints.extend(stale.map(|b| {
        format!("{} does not name {} any more ({}): remove it from BORNE", b.path, b.room, b.reason)
    }));
    complaints
}

/// Crates away from home.
pub(crate) fn homes(sources: &[Source], homes: &[(&str, &[&str])]) -> Vec<String> {
    let mut complaints = BTreeSet::new();
    for source in sources {
        let room = source.room();
        for path in source.paths() {
            let home = homes.iter().find(|(name, _)| path.first().is_some_and(|f| f == name));
            if let Some((name, rooms)) = home
                && !rooms.contains(&room.as_str())
            {
                complaints.insert(format!(
                    "{}: {name} is at home in {rooms:?} only; put this behind a trait in ports, or \
                     into that room",
                    source.path
                ));
            }
        }
    }
    complaints.into_iter().collect()
}

/// What is not pure in `domain`, and what reaches past the ports in `ports` and `flow`.
pub(crate) fn purity(sources: &[Source]) -> Vec<String> {
    let mut complaints = BTreeSet::new();
    for source in sources {
        let room = source.room();
        let forbidden: &[&str] = match room.as_str() {
            "domain" => IMPURE,
            "flow" | "ports" => OUTSIDE,
            _ => &[],
        };
        for path in source.paths() {
            let path = path.join("::");
            let begins = |with: &str| path == with || path.starts_with(&format!("{with}::"));
            if let Some(what) = forbidden.iter().find(|what| begins(what)) {
                complaints.insert(format!(
                    "{}: {room} must not name {what}; take what it gives as an argument or through \
                     a trait in ports",
                    source.path
                ));
            }
            if begins("std::env") && room != READS_ENVIRONMENT {
                complaints.insert(format!(
                    "{}: only {READS_ENVIRONMENT} reads the environment; take the value as a \
                     setting",
                    source.path
                ));
            }
            if room == "domain" && path.ends_with("Timestamp::now") {
                complaints.insert(format!("{}: domain has no clock; take `now`", source.path));
            }
        }
        let waits = |token: &&str| matches!(*token, "async" | "await" | "async_trait");
        if room == "domain" && tokens(&source.code).iter().any(waits) {
            complaints.insert(format!(
                "{}: domain does not wait; decide here and do in flow",
                source.path
            ));
        }
    }
    complaints.into_iter().collect()
}

/// `lib.rs` lists the rooms in the order of the plan and gives none of their names again.
pub(crate) fn reading_order(lib: &Source, plan: &[Room]) -> Vec<String> {
    let listed: Vec<&str> =
        tokens(&lib.code).windows(2).filter(|pair| pair[0] == "mod").map(|pair| pair[1]).collect();
    let planned: Vec<&str> = plan.iter().map(|room| room.name).collect();
    if listed == planned {
        return Vec::new();
    }
    vec![format!(
        "{}: the modules stand as {listed:?}, the plan says {planned:?}; keep a blank line between \
         them, so that rustfmt leaves the order alone",
        lib.path
    )]
}

/// A name from another room, given again under a path of one's own.
pub(crate) fn second_names(sources: &[Source]) -> Vec<String> {
    let again = |source: &&Source| {
        let tokens = tokens(&source.code);
        let open = |at: usize| tokens[at] == "pub" || tokens[at] == ")";
        (1..tokens.len()).any(|at| tokens[at] == "use" && open(at - 1))
    };
    let found = sources.iter().filter(again);
    found
        .map(|source| {
            format!(
                "{}: nothing is exported a second time; let callers write the whole path, so that \
                 walls stay visible",
                source.path
            )
        })
        .collect()
}

/// The rooms that a file's code names.
fn named_rooms(source: &Source) -> BTreeSet<String> {
    let ours = source.paths().into_iter().filter(|path| path.first().is_some_and(|p| p == "crate"));
    ours.filter_map(|path| path.get(1).cloned()).collect()
}
