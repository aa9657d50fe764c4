//! The house numbers that no lint knows: openings, lengths, names, and files that nobody compiles.

use crate::layers::source::{Source, tokens};
use std::collections::BTreeSet;
use std::path::Path;

/// Longer than this, a file has two subjects.
pub(crate) const LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;
/// Words that say nothing about what a thing is for.
const EMPTY_NAMES: &[&str] =
    &["data", "handler", "helper", "helpers", "info", "manager", "processor", "util", "utils"];

/// A file that is longer for now, and why; the list may only shrink.
#[derive(Debug)]
pub(crate) struct Long {
    pub(crate) path: &'static str,
    pub(crate) lines: usize,
    pub(crate) reason: &'static str,
}

/// Every file opens with one sentence that says what it is.
pub(crate) fn openings(sources: &[Source]) -> Vec<String> {
    let opens = |source: &&Source| {
        let lines = source.text.lines().map_while(|line| line.strip_prefix("//! "));
        let sentence = lines.collect::<Vec<_>>().join(" ");
        sentence.starts_with(|c: char| c.is_alphanumeric() || c == '`') && sentence.ends_with('.')
    };
    let silent = sources.iter().filter(|source| !opens(source));
    silent
        .map(|source| {
            format!("{}: open with one `//!` sentence that says what the file is", source.path)
        })
        .collect()
}

/// Files and lines that are too long; of a file the tests inside it do not count.
pub(crate) fn lengths(sources: &[Source], borne: &[Long]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let bare = source.bare.lines();
        for (number, (line, bare)) in (1..).zip(source.text.lines().zip(bare)) {
            // Text that a snapshot quotes is as long as it is.
            let quoted = bare.trim().is_empty() && !line.trim_start().starts_with("//");
            if line.chars().count() > COLUMNS_MAX && !quoted {
                let path = &source.path;
                complaints
                    .push(format!("{path}:{number}: break the line at {COLUMNS_MAX} columns"));
            }
        }
        let lines = source.text.split("\n#[cfg(test)]\nmod tests {").next().map(str::lines);
        let lines = lines.map_or(0, Iterator::count);
        let limit = borne.iter().find(|long| long.path == source.path).map(|long| long.lines);
        if lines > limit.unwrap_or(LINES_MAX) {
            complaints.push(format!(
                "{}: {lines} lines without tests, the limit is {LINES_MAX}; split it by subject",
                source.path
            ));
        }
    }
    for long in borne {
        let now = sources.iter().find(|source| source.path == long.path);
        if now.is_none_or(|now| now.text.lines().count() <= LINES_MAX) {
            complaints.push(format!(
                "{} is no longer too long ({}): remove it from the list",
                long.path, long.reason
            ));
        }
    }
    complaints
}

/// Lints switched off and tests left out without saying why.
pub(crate) fn silencers(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        for (number, line) in (1..).zip(source.bare.lines()) {
            let place = format!("{}:{number}", source.path);
            if line.contains("#[allow") || line.contains("#![allow") {
                complaints.push(format!(
                    "{place}: write #[expect(…, reason = \"…\")], which complains once it is not \
                     needed any more"
                ));
            }
            if line.contains("#[ignore") {
                complaints.push(format!(
                    "{place}: a test is run or deleted; where a part is missing, \
                     tests/support/frame.rs reports the reason"
                ));
            }
        }
    }
    complaints
}

/// Files and types with names that say nothing.
pub(crate) fn names(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let stem = Path::new(&source.path).file_stem().and_then(|stem| stem.to_str());
        let file = words(stem.unwrap_or_default());
        let tokens = tokens(&source.bare);
        let declared = tokens
            .windows(2)
            .filter(|pair| matches!(pair[0], "struct" | "enum" | "trait" | "mod" | "type"));
        let types = declared.flat_map(|pair| words(pair[1]));
        for word in file.into_iter().chain(types).collect::<BTreeSet<_>>() {
            if EMPTY_NAMES.contains(&word.as_str()) {
                complaints.push(format!(
                    "{}: {word:?} says nothing about what it is for; name the thing itself",
                    source.path
                ));
            }
        }
    }
    complaints
}

/// Files that no `mod` leads to: nobody compiles them, and they rot.
pub(crate) fn orphans(sources: &[Source]) -> Vec<String> {
    let known: BTreeSet<&str> = sources.iter().map(|source| source.path.as_str()).collect();
    let mut waiting: Vec<&str> = known
        .iter()
        .copied()
        .filter(|path| {
            path.ends_with("main.rs") || *path == "src/lib.rs" || path.starts_with("benches/")
        })
        .collect();
    let mut led_to: BTreeSet<String> = waiting.iter().map(|path| (*path).to_owned()).collect();
    while let Some(path) = waiting.pop() {
        let source = sources.iter().find(|source| source.path == path);
        for child in source.into_iter().flat_map(children) {
            if let Some(found) = known.get(child.as_str())
                && led_to.insert(child)
            {
                waiting.push(found);
            }
        }
    }
    let lost = known.iter().filter(|path| !led_to.contains(**path));
    lost.map(|path| {
        format!("{path}: no `mod` leads here; declare it where it belongs or delete it")
    })
    .collect()
}

/// Where the files of a file's modules can be.
fn children(source: &Source) -> Vec<String> {
    let path = Path::new(&source.path);
    let beside = path.parent().unwrap_or(Path::new(""));
    let is_root =
        matches!(path.file_name().and_then(|n| n.to_str()), Some("mod.rs" | "main.rs" | "lib.rs"));
    let folder = if is_root { beside.to_owned() } else { path.with_extension("") };
    let tokens = tokens(&source.bare);
    let declared = tokens.windows(3).filter(|three| three[0] == "mod" && three[2] == ";");
    let plain = declared.flat_map(|three| {
        let name = three[1];
        [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")]
    });
    let elsewhere = source.text.lines().filter_map(|line| {
        let name = line.trim().strip_prefix("#[path = \"")?.strip_suffix("\"]")?;
        Some(normal(&beside.join(name)))
    });
    plain.chain(elsewhere).map(|path| path.to_string_lossy().into_owned()).collect()
}

/// A path without its `..`.
fn normal(path: &Path) -> std::path::PathBuf {
    let mut out = std::path::PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            out.pop();
        } else {
            out.push(part);
        }
    }
    out
}

/// The words of a name, whether `in_this_way` or `InThisOne`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if letter == '_' || letter.is_uppercase() {
            words.push(String::new());
        }
        if let (Some(last), true) = (words.last_mut(), letter != '_') {
            last.extend(letter.to_lowercase());
        }
    }
    words
}
