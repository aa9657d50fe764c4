//! The report as text: Markdown in which nothing foreign is live, and JSON that hides nothing.

use crate::domain::plain_text::is_hidden;
use crate::domain::report::charts::whole;
use crate::domain::report::sections::{Block, Section, Table, sections};
use crate::domain::report::shape::{Drawing, Report, TimelineEntry};
use crate::domain::report::shape_parts::LineageNode;
use crate::domain::time_words::utc;
use std::fmt::Write as _;

/// The whole report as Markdown.
pub(super) fn text(report: &Report) -> String {
    let mut out = String::new();
    let drill = if report.drill { "DRILL: " } else { "" };
    let _ = writeln!(out, "# {drill}Exposed key {}\n", md(&report.key));
    for Section { title, blocks, .. } in sections(report) {
        let _ = writeln!(out, "## {}\n", md(&title));
        blocks.iter().for_each(|shown| block(&mut out, shown));
    }
    out
}

/// The whole report as JSON, one field a line.
pub(super) fn json(report: &Report) -> String {
    let plain = serde_json::to_string_pretty(report).unwrap_or_default();
    let mut out = String::with_capacity(plain.len() + 1);
    for character in plain.chars() {
        // Such characters stand in strings alone: what is around them is ASCII.
        match is_hidden(character) && !character.is_ascii() {
            true => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            false => out.push(character),
        }
    }
    out.push('\n');
    out
}

/// Foreign text as Markdown that shows it and does nothing else.
fn md(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' => {
                out.push('\\');
                out.push(character);
            }
            blank if blank.is_whitespace() => out.push(' '),
            hidden if is_hidden(hidden) => {}
            other => out.push(other),
        }
    }
    out
}

fn block(out: &mut String, block: &Block<'_>) {
    match block {
        Block::Text(text) => {
            let _ = writeln!(out, "{}", md(text));
        }
        Block::List(lines) => list(out, lines.iter().map(|line| md(line))),
        Block::Table(shown) => table(out, shown),
        Block::Chart(drawing) => chart(out, drawing),
        Block::Timeline(entries) => list(out, entries.iter().map(entry)),
        Block::Lineage(_, nodes) => list(out, nodes.iter().map(node)),
        Block::Code(text) => {
            let _ = writeln!(out, "```json\n{text}\n```");
        }
        Block::ToFillIn(questions) => {
            list(out, questions.iter().map(|asked| format!("{}  ____", md(asked))))
        }
    }
    out.push('\n');
}

fn list(out: &mut String, lines: impl Iterator<Item = String>) {
    let before = out.len();
    for line in lines {
        let _ = writeln!(out, "- {line}");
    }
    if out.len() == before {
        out.push_str("Nothing.\n");
    }
}

fn table(out: &mut String, Table { columns, rows, .. }: &Table) {
    if rows.is_empty() {
        out.push_str("Nothing.\n");
        return;
    }
    let _ = writeln!(out, "| {} |\n|{}", columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| md(cell)).collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
}

/// The figures of a chart, which a text cannot draw.
fn chart(out: &mut String, drawing: &Drawing) {
    let _ = writeln!(out, "### {}\n\n{}\n", md(&drawing.title), md(&drawing.words));
    let Some(figures) = &drawing.figures else { return };
    let names: Vec<String> = figures.series.iter().map(|series| md(&series.name)).collect();
    let columns = figures.series.len() + 1;
    let _ = writeln!(
        out,
        "| {} | {} |\n|{}",
        md(&figures.x),
        names.join(" | "),
        "---|".repeat(columns)
    );
    for (place, category) in figures.categories.iter().enumerate() {
        let values = figures.series.iter().filter_map(|series| series.values.get(place));
        let values: Vec<String> = values.map(|value| whole(*value)).collect();
        let _ = writeln!(out, "| {} | {} |", md(category), values.join(" | "));
    }
}

fn entry(line: &TimelineEntry) -> String {
    let why = line.why.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
    let sentence = md(&format!("{} {}{why}", line.actor, line.event));
    let said = line.said.as_ref().map(|said| format!(": {}", md(said))).unwrap_or_default();
    format!("{} {sentence}{said} (record {})", utc(line.at), line.record)
}

fn node(node: &LineageNode) -> String {
    let by = node.minted_by.as_ref().map(|by| format!(" from {}", md(by))).unwrap_or_default();
    let sure = if node.certain { "certain" } else { "likely" };
    let older = if node.older { ", older than the exposure" } else { "" };
    format!(
        "{} {}: {} ({}{by}; {}, {sure}{older})",
        md(&node.kind),
        md(&node.id),
        md(&node.why),
        md(&node.via),
        md(&node.standing)
    )
}
