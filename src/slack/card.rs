//! The status card: whose key it is, where the case stands, and a button for each phase.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::inquiry;
use crate::domain::names::name_of;
use crate::domain::record::Press;
use crate::domain::recovering;
use crate::domain::report::phases::{PhaseRow, Progress, rows as phase_rows};
use crate::domain::report::{spent_words, status_words, times_to_contain, waiting};
use crate::domain::spending::Waiting;
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Confirm, Look, bold, button, code, context, divider, field, header, list, newline, paragraph,
    rich, rows, text, time,
};
use crate::slack::sketch::Sketch;
use crate::slack::{fact_lines, team_lines};
use serde_json::Value;

/// Who pressed a phase most recently; the report has all.
const PRESSES_SHOWN_MAX: usize = 2;
/// A card names so many endpoints; there are two that can differ.
const ENDPOINTS_SHOWN_MAX: usize = 4;

/// The card as the case stands now.
pub(super) fn sketch(scene: &Scene<'_>) -> Sketch {
    let case = scene.case;
    let key = &case.opening().key;
    let status = status_words(case);
    let next = waiting(case).into_iter().next();
    let mut blocks = vec![
        header(&format!("Exposed key {key}")),
        rich("card.status", vec![paragraph(standing(case, &status))]),
        rich("card.team", vec![paragraph(team_lines::lines(scene))]),
        rich("card.key", vec![paragraph(about_key(scene))]),
        divider(),
        rich("card.phases", vec![list(phase_items(case), false)]),
    ];
    blocks.extend(endpoints(case));
    let mut tail = Vec::new();
    if case.closed_at().is_none() {
        tail.extend(allow_buttons(case));
        tail.extend(rows("card.phase", phase_buttons(case)));
        tail.extend(rows("card.team", team_lines::buttons(case)));
    }
    tail.extend(rows("card.case", case_buttons(case)));
    tail.push(context(&format!("Case {} · every decision is in its journal", case.id())));
    let next = next.map_or_else(String::new, |next| format!(" Next: {next}."));
    Sketch { text: format!("Exposed key {key}: {status}.{next}"), blocks, tail }
}

fn standing(case: &Case, status: &str) -> Vec<Value> {
    let mut parts = vec![bold("Status: "), text(status)];
    for what in waiting(case) {
        parts.extend([newline(), bold("Waiting: "), text(&what)]);
    }
    if let Some(held) = times_to_contain(case).held {
        let span = crate::domain::time_words::span(held);
        parts.extend([newline(), bold("Time to contain: "), text(&span)]);
    }
    if let Some(spent) = spent_words(case) {
        parts.extend([newline(), bold("Reading the trail: "), text(&spent)]);
    }
    parts
}

fn about_key(scene: &Scene<'_>) -> Vec<Value> {
    let case = scene.case;
    let mut lines = vec![vec![bold("Key: "), code(&case.opening().key.to_string())]];
    lines.extend(fact_lines::all(scene));
    lines.push(fact_lines::exposed(case));
    let opening = case.opening();
    lines.extend(opening.found_where.iter().map(|at| vec![bold("Found: "), text(&field(at))]));
    lines.extend(opening.note.iter().map(|note| vec![bold("Note: "), text(&field(note))]));
    let by = name_of(case, case.opened_by());
    lines.push(vec![
        bold("Opened by: "),
        text(&format!("{} at ", field(&by))),
        time(case.opened_at()),
    ]);
    let mut parts = Vec::new();
    for line in lines {
        if !parts.is_empty() {
            parts.push(newline());
        }
        parts.extend(line);
    }
    parts
}

fn phase_items(case: &Case) -> Vec<Vec<Value>> {
    phase_rows(case).iter().map(phase_item).collect()
}

fn phase_item(row: &PhaseRow<'_>) -> Vec<Value> {
    let mut parts = vec![
        text(mark(row.progress)),
        bold(row.phase.title()),
        text(&format!(" – {}", row.progress.words())),
    ];
    if !row.found.is_empty() {
        parts.push(text(&format!(": {}", field(&row.found))));
    }
    let shown = row.pressed.len().saturating_sub(PRESSES_SHOWN_MAX);
    for press in &row.pressed[shown..] {
        parts.extend(pressed(press));
    }
    parts
}

fn pressed(press: &Press) -> Vec<Value> {
    vec![text(&format!(" · pressed by {} ", field(&press.name))), time(press.at)]
}

/// A mark beside the word, for those who skim; it says nothing that the word does not.
fn mark(progress: Progress) -> &'static str {
    match progress {
        Progress::NotStarted => "▫ ",
        Progress::Running => "⏳ ",
        Progress::Done => "✅ ",
        Progress::Attention => "⚠ ",
    }
}

fn phase_buttons(case: &Case) -> Vec<Value> {
    let contain_next = case.validated() && case.plans().next().is_none();
    let look = |phase| {
        if contain_next && phase == Phase::Containment { Look::Primary } else { Look::Plain }
    };
    Phase::ALL
        .into_iter()
        .map(|phase| {
            let action = ButtonAction::Phase { case: case.id().clone(), phase };
            button(phase.title(), &action.id(), &action.value(), look(phase), None)
        })
        .collect()
}

fn case_buttons(case: &Case) -> Vec<Value> {
    let id = || case.id().clone();
    let drawn = |label: &str, action: &ButtonAction, confirm| {
        button(label, &action.id(), &action.value(), Look::Plain, confirm)
    };
    let mut buttons = Vec::new();
    // Nothing more can be asked of a closed case, and its archived card is never drawn again.
    if case.closed_at().is_some() {
        return buttons;
    }
    buttons.push(drawn("Tell the story so far", &ButtonAction::Summary { case: id() }, None));
    if let Some(asked) = inquiry::newest_waiting(case) {
        let action = ButtonAction::CancelQuestions { case: id(), asked };
        buttons.push(drawn("Cancel the questions", &action, None));
    }
    buttons.push(drawn("Write the report", &ButtonAction::Report { case: id() }, None));
    let confirm = Confirm {
        title: "Close this case?".to_owned(),
        text: closing(case),
        yes: "Close the case".to_owned(),
        danger: false,
    };
    buttons.push(drawn("Close the case", &ButtonAction::Close { case: id() }, Some(confirm)));
    buttons
}

/// What waits to be allowed, in a row for each: Slack takes each action once in a row.
fn allow_buttons(case: &Case) -> Vec<Value> {
    let row = |waiting: &Waiting| {
        let Waiting { seq, scan, .. } = waiting;
        let confirm = Confirm {
            title: "Allow this reading?".to_owned(),
            text: format!("It would scan {}. It is read once.", scan.words()),
            yes: "Read it".to_owned(),
            danger: false,
        };
        let label = match &scan.question {
            Some(_) if scan.whole_cut => "Allow the whole cut to be asked".to_owned(),
            Some(question) => format!("Allow {question} to be asked"),
            None => "Allow this reading".to_owned(),
        };
        let action = ButtonAction::AllowReading { case: case.id().clone(), seq: *seq };
        let drawn = button(&label, &action.id(), &action.value(), Look::Plain, Some(confirm));
        rows(&format!("card.allow-{seq}"), vec![drawn])
    };
    case.spending().not_allowed().flat_map(row).collect()
}

/// What closing means, and what it leaves undone.
fn closing(case: &Case) -> String {
    let open = recovering::open(case);
    let open = if open.is_empty() { String::new() } else { format!(" OPEN: {}.", open.join("; ")) };
    format!(
        "What is in force stays in force, and can no longer be undone from here. The report is \
         posted, then the channel is archived.{open}"
    )
}

fn endpoints(case: &Case) -> Option<Value> {
    let others = &case.opening().endpoints;
    if others.is_empty() {
        return None;
    }
    let shown: Vec<String> = others.iter().take(ENDPOINTS_SHOWN_MAX).map(|at| field(at)).collect();
    Some(context(&format!("Not the provider's own endpoints: {}", shown.join(", "))))
}
