//! A source file read as text: its code without words in quotes, comments and tests, and its paths.

use std::path::Path;

const TEST_ONLY: &str = "#[cfg(test)]";

/// One file of ours.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// From the root of the project, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with quotes and comments blanked; lines and columns stay.
    pub(crate) bare: String,
    /// `bare` without what is compiled for tests only.
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let bare = blank(text);
        let code = without_tests(&bare);
        Self { path: path.to_owned(), text: text.to_owned(), bare, code }
    }

    /// The module's name, `domain::case` for `src/domain/case.rs`; empty for the crate's roots.
    pub(crate) fn module(&self) -> String {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let name = inside.strip_suffix(".rs").unwrap_or(inside);
        let name = name.strip_suffix("/mod").unwrap_or(name);
        if matches!(name, "lib" | "main") { String::new() } else { name.replace('/', "::") }
    }

    /// The room: the first part of the module's name.
    pub(crate) fn room(&self) -> String {
        self.module().split("::").next().unwrap_or_default().to_owned()
    }

    /// Every path in the code, use-lists spelled out, `super` and `self` resolved.
    pub(crate) fn paths(&self) -> Vec<Vec<String>> {
        let module = self.module();
        let here: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
        paths(&self.code).into_iter().map(|path| resolved(path, &here)).collect()
    }
}

/// Every Rust file below these folders of the project.
pub(crate) fn read_below(folders: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut waiting: Vec<_> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push(Source::new(&name, &std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

/// The words and marks of a code text: identifiers whole, `::` as one, all else by character.
pub(crate) fn tokens(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut left = code;
    while let Some(first) = left.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if is_word(first) {
            left.find(|c| !is_word(c)).unwrap_or(left.len())
        } else if left.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, rest) = left.split_at(length);
        if !first.is_whitespace() {
            found.push(token);
        }
        left = rest;
    }
    found
}

/// The text with comments, and what stands in quotes, as blanks.
fn blank(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut left = text;
    while !left.is_empty() {
        let length = skipped(left);
        let (piece, rest) =
            left.split_at(length.max(left.chars().next().map_or(0, char::len_utf8)));
        if length == 0 {
            out.push_str(piece);
        } else {
            out.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        left = rest;
    }
    out
}

/// How long the comment or quote is that begins here; none is 0.
fn skipped(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    if let Some(length) = raw_quote(text) {
        return length;
    }
    let quote = text.strip_prefix('b').filter(|rest| rest.starts_with('"')).unwrap_or(text);
    let before = text.len() - quote.len();
    if quote.starts_with('"') {
        return before + quote_length(quote, '"');
    }
    if let Some(inside) = text.strip_prefix('\'') {
        let mut letters = inside.chars();
        let first = letters.next();
        // A lifetime has no closing mark after its first letter.
        if first == Some('\\') || letters.next() == Some('\'') {
            return quote_length(text, '\'');
        }
    }
    0
}

fn raw_quote(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("br").or_else(|| text.strip_prefix('r'))?;
    let marks = rest.len() - rest.trim_start_matches('#').len();
    let inside = rest[marks..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(marks));
    let end = inside.find(&close).map_or(inside.len(), |end| end + close.len());
    Some(text.len() - inside.len() + end)
}

fn quote_length(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            closing if closing == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Blanks every item that is compiled for tests only.
fn without_tests(bare: &str) -> String {
    let mut code = bare.to_owned();
    while let Some(start) = code.find(TEST_ONLY) {
        let end = start + item_length(&code[start..]);
        let blanks: String =
            code[start..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(start..end, &blanks);
    }
    code
}

/// The length of an item from its attributes to its `;` or closing brace.
fn item_length(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && letter == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn paths(code: &str) -> Vec<Vec<String>> {
    let tokens = tokens(code);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at] == "use" {
            at = use_tree(&tokens, at + 1, &[], &mut found);
        } else if is_name(tokens[at]) && tokens.get(at + 1) == Some(&"::") {
            let mut path = vec![tokens[at].to_owned()];
            while tokens.get(at + 1) == Some(&"::")
                && tokens.get(at + 2).is_some_and(|t| is_name(t))
            {
                at += 2;
                path.push(tokens[at].to_owned());
            }
            found.push(path);
            at += 1;
        } else {
            at += 1;
        }
    }
    found
}

/// Spells out a use-list; returns where it ends.
fn use_tree(
    tokens: &[&str],
    start: usize,
    before: &[String],
    found: &mut Vec<Vec<String>>,
) -> usize {
    let mut path = before.to_vec();
    let mut at = start;
    while at < tokens.len() {
        match tokens[at] {
            "{" => {
                at += 1;
                while at < tokens.len() && tokens[at] != "}" {
                    at = use_tree(tokens, at, &path, found);
                    at += usize::from(tokens.get(at) == Some(&","));
                }
                return at + 1;
            }
            "as" => at += 2,
            "self" if path.len() == before.len() && !before.is_empty() => at += 1,
            name if is_name(name) => {
                path.push(name.to_owned());
                at += 1;
            }
            "::" | "*" => at += 1,
            _ => break,
        }
    }
    found.push(path);
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// From the crate's root, where the path is one of ours.
fn resolved(path: Vec<String>, here: &[&str]) -> Vec<String> {
    let (mut base, mut rest) = (here.to_vec(), path.as_slice());
    let Some(first) = path.first() else { return path };
    match first.as_str() {
        "self" => rest = &rest[1..],
        "super" => {
            while rest.first().is_some_and(|part| part == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        _ => return path,
    }
    let ours = std::iter::once("crate").chain(base).map(str::to_owned);
    ours.chain(rest.iter().cloned()).collect()
}

#[test]
fn code_is_told_from_comments_quotes_and_tests() {
    let text = r##"//! About crate::aws.
use crate::domain::{case::Case, ids::{self, CaseId as Id}};
const A: &str = "crate::slack // no comment";
const B: char = '"';
fn f<'a>(x: &'a str) { let _ = r#"crate::sim "quoted""#; tokio::spawn(super::g()); }
#[cfg(test)]
mod tests { use crate::sim::cloud; fn t() { if true {} } }
#[cfg(test)]
mod sample;
fn last() -> crate::ports::clock::Clock {}
"##;
    let source = Source::new("src/flow/act.rs", text);
    let paths: Vec<String> = source.paths().iter().map(|path| path.join("::")).collect();
    assert_eq!(
        paths,
        [
            "crate::domain::case::Case",
            "crate::domain::ids",
            "crate::domain::ids::CaseId",
            "tokio::spawn",
            "crate::flow::g",
            "crate::ports::clock::Clock",
        ]
    );
    assert_eq!(source.bare.lines().count(), text.lines().count());
}

#[test]
fn a_file_knows_its_module_and_its_room() {
    for (path, module, room) in [
        ("src/domain/case.rs", "domain::case", "domain"),
        ("src/http/mod.rs", "http", "http"),
        ("src/worker.rs", "worker", "worker"),
        ("src/main.rs", "", ""),
    ] {
        let source = Source::new(path, "");
        assert_eq!((source.module().as_str(), source.room().as_str()), (module, room));
    }
}
