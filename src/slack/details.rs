//! All that is known of the leaked key, in the thread of the card, which has room for less.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::names::name_of;
use crate::domain::report::phases::{PhaseRow, Progress, rows as phase_rows};
use crate::domain::report::{spent_words, times_to_contain};
use crate::domain::time_words::span;
use crate::ports::chat::Scene;
use crate::slack::blocks::{Look, bold, button, field, newline, paragraph, rich, rows, text, time};
use crate::slack::sketch::Sketch;
use crate::slack::{fact_lines, team_lines};
use serde_json::Value;

/// Who pressed a phase most recently; the report has all.
const PRESSES_SHOWN_MAX: usize = 2;

/// Every fact, how the exposure is known, and who asked for what.
pub(super) fn sketch(scene: &Scene<'_>) -> Sketch {
    let case = scene.case;
    let opening = case.opening();
    let title = format!("All that is known of key {}", opening.key);
    let mut lines = vec![vec![bold(&title)]];
    lines.extend(fact_lines::all(scene));
    lines.push(fact_lines::exposed(case));
    lines.extend(opening.found_where.iter().map(|at| vec![bold("Found: "), text(&field(at))]));
    lines.extend(opening.note.iter().map(|note| vec![bold("Note: "), text(&field(note))]));
    let by = format!("{} at ", field(&name_of(case, case.opened_by())));
    lines.push(vec![bold("Opened by: "), text(&by), time(case.opened_at())]);
    if let Some(held) = times_to_contain(case).held {
        lines.push(vec![bold("Time to contain: "), text(&span(held))]);
    }
    lines.extend(spent_words(case).map(|spent| vec![bold("Reading the trail: "), text(&spent)]));
    lines.extend(phases(case));
    let blocks = vec![rich("details", vec![paragraph(lines.join(&newline()))])];
    let mut tail = Vec::new();
    if case.closed_at().is_none() {
        let buttons = team_lines::buttons(case).into_iter().chain(told(case));
        tail.extend(rows("details.do", buttons.collect()));
    }
    Sketch { text: title, blocks, tail }
}

/// The buttons by which people are told more.
fn told(case: &Case) -> [Value; 2] {
    let id = || case.id().clone();
    let drawn = |label: &str, action: &ButtonAction| {
        button(label, &action.id(), &action.value(), Look::Plain, None)
    };
    [
        drawn("Story so far", &ButtonAction::Summary { case: id() }),
        drawn("Report", &ButtonAction::Report { case: id() }),
    ]
}

/// What each phase found that has begun, and who asked for it.
fn phases(case: &Case) -> Vec<Vec<Value>> {
    let begun = phase_rows(case).into_iter().filter(|row| row.progress != Progress::NotStarted);
    let line = |row: PhaseRow<'_>| {
        let mut parts = vec![bold(&format!("{}: ", row.phase.title())), text(row.progress.words())];
        parts.extend((!row.found.is_empty()).then(|| text(&format!(", {}", field(&row.found)))));
        let older = row.pressed.len().saturating_sub(PRESSES_SHOWN_MAX);
        for press in &row.pressed[older..] {
            parts.push(text(&format!(" · pressed by {} ", field(&press.name))));
            parts.push(time(press.at));
        }
        parts
    };
    begun.map(line).collect()
}
