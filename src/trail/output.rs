//! Prints a survey and its answers: one JSON object, tables for people, or CSV.

use crate::domain::attack;
use crate::domain::lineage::{Certainty, Lineage, Node};
use crate::domain::plain_text::visible;
use crate::domain::trail_row::format_time;
use crate::ports::trail::{Answer, Coverage, Skipped, Survey};
use crate::trail::address_books::AddressBooks;
use crate::trail::addresses;
use crate::trail::asking::Asked;
use jiff::Timestamp;
use std::fmt::Write as _;

/// Rows of one table on a screen; the JSON and the CSV have all of them.
pub(super) const SCREEN_ROWS_MAX: usize = 50;
/// Characters of one cell on a screen.
const SCREEN_CELL_MAX: usize = 60;

/// The survey and its answers for people; `width` of a terminal is not asked, rows are cut.
pub fn table(survey: &Survey, (asked, books): (&Asked, &AddressBooks)) -> String {
    let mut text = String::new();
    heading(&mut text, survey);
    for answer in &asked.answers {
        let _ = writeln!(text, "\n{}  {}", answer.question, printable(&answer.sentence));
        if let Some(line) = attack::line(&answer.attack).filter(|_| !answer.rows.is_empty()) {
            let _ = writeln!(text, "  {line}");
        }
        grid(&mut text, answer);
    }
    addresses::table(&mut text, survey, books);
    let missing = asked.missing();
    if !missing.is_empty() {
        let _ = writeln!(text, "\nMissing:");
    }
    for line in missing {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn heading(text: &mut String, survey: &Survey) {
    let (coverage, activity) = (&survey.coverage, &survey.activity);
    let lineage = &survey.lineage;
    let _ = writeln!(
        text,
        "Key {} ({})",
        lineage.key_id,
        lineage.owner_arn.as_deref().map_or("not seen in this trail".to_owned(), printable)
    );
    let _ = writeln!(
        text,
        "Looked at {} records in {} objects, {} to {}, in {}",
        coverage.records_unique,
        coverage.objects_used,
        shown(coverage.first),
        shown(coverage.last),
        printable(&coverage.regions.join(", ")),
    );
    match coverage.data_events_from {
        Some(from) => drop(writeln!(text, "Data events are recorded from {}", format_time(from))),
        None => drop(writeln!(text, "No data events were recorded: reads of objects do not show")),
    }
    for limit in &coverage.limits {
        let _ = writeln!(text, "Not shown here: {}", printable(limit));
    }
    unused(text, coverage);
    if !coverage.unsettled.is_settled() {
        let _ = writeln!(text, "NOT SETTLED: {}", printable(&coverage.unsettled.words()));
    }
    let _ = writeln!(
        text,
        "Signed by the key: {} calls ({} succeeded, {} failed, {} of those denied), {} to {}, \
         from {}",
        activity.events,
        activity.succeeded,
        activity.failed,
        activity.denied,
        shown(activity.first),
        shown(activity.last),
        printable(&activity.source_ips.join(", ")),
    );
    if let Some(signer) = &lineage.signer {
        let _ = writeln!(text, "It signs as {}: {}", signer.kind.words(), printable(&signer.arn));
    }
    if let Some(maker) = &lineage.minted_by {
        let _ = writeln!(text, "The key itself was made by {}", printable(maker));
    }
    for renamed in &lineage.renamed {
        let _ = writeln!(
            text,
            "Renamed: the user {} is {} since {}, by {}",
            printable(&renamed.old),
            printable(&renamed.new),
            renamed.at,
            printable(renamed.by.as_deref().unwrap_or("nobody that the trail names")),
        );
    }
    growth(text, lineage);
    let _ = writeln!(text, "Evidence: {} rows, SHA-256 {}", survey.cut.rows, survey.cut.sha256);
    if survey.truncated {
        let _ = writeln!(text, "A limit was met: this is a part of the truth; narrow the window");
    }
}

/// What was read and not counted, so that all that was read is accounted for.
fn unused(text: &mut String, coverage: &Coverage) {
    if coverage.duplicates > 0 {
        let _ = writeln!(text, "Counted once: {} more were copies", coverage.duplicates);
    }
    for (what, skip) in skips(coverage) {
        let count = skip.count;
        let _ = writeln!(
            text,
            "Not used: {count} {what}s ({}), for example {}",
            skip.reason,
            printable(&skip.example)
        );
    }
}

fn growth(text: &mut String, lineage: &Lineage) {
    let parts: [(&str, Vec<&Node>); 3] = [
        ("Credentials that grew out of it", lineage.credentials().collect()),
        ("Principals it created", lineage.principals().collect()),
        ("Reached through those", lineage.second_order().collect()),
    ];
    for (title, nodes) in parts {
        let _ = writeln!(text, "{title}: {}", nodes.len());
        for node in nodes.iter().take(SCREEN_ROWS_MAX) {
            let _ = writeln!(
                text,
                "  {}  {}  {}  {} calls  {}{}{}",
                printable(&node.id),
                node.kind.word(),
                node.standing.word(),
                node.events,
                if node.certainty == Certainty::Likely { "LIKELY, not certain: " } else { "" },
                printable(&node.why),
                if node.older { "  (older than the exposure)" } else { "" },
            );
        }
        if nodes.len() > SCREEN_ROWS_MAX {
            let _ = writeln!(text, "  … and {} more", nodes.len() - SCREEN_ROWS_MAX);
        }
    }
}

fn grid(text: &mut String, answer: &Answer) {
    let shown: Vec<Vec<String>> = answer
        .rows
        .iter()
        .take(SCREEN_ROWS_MAX)
        .map(|row| row.iter().map(|cell| clipped(&cell.to_text())).collect())
        .collect();
    let width = |at: usize| {
        let cells = shown.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(answer.columns[at].chars().count())
    };
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let mut line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        let _ = writeln!(text, "  {}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    if !shown.is_empty() {
        line(&answer.columns);
    }
    shown.iter().for_each(|row| line(row));
    let more = answer.count() - shown.len() as u64;
    if more > 0 {
        let _ = writeln!(text, "  … and {more} more rows; use --format json or csv");
    }
    if answer.truncated {
        let rows = answer.count();
        let _ = writeln!(text, "  … cut here: there is more than these {rows} rows");
    }
}

fn clipped(text: &str) -> String {
    let text = printable(text);
    if text.chars().count() <= SCREEN_CELL_MAX {
        return text;
    }
    text.chars().take(SCREEN_CELL_MAX - 1).chain(['…']).collect()
}

/// Text from a trail is the actor's: control characters could drive the terminal.
fn printable(text: &str) -> String {
    visible(text)
}

pub(crate) fn skips(coverage: &Coverage) -> impl Iterator<Item = (&'static str, &Skipped)> {
    let objects = coverage.skipped_objects.iter().map(|skip| ("object", skip));
    objects.chain(coverage.skipped.iter().map(|skip| ("record", skip)))
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or("no time".to_owned(), format_time)
}
