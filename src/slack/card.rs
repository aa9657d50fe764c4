//! The status card: whose key it is, where the case stands, and a button for each phase.
//!
//! Needs: it is read on a phone, so it is no longer than a screen of one; what does not decide
//! anything stands in its thread (`details.rs`).

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::inquiry;
use crate::domain::recovering;
use crate::domain::report::phases::{PhaseRow, Progress, rows as phase_rows};
use crate::domain::report::{status_words, waiting};
use crate::domain::spending::Waiting;
use crate::ports::chat::Scene;
use crate::slack::blocks::{
    Confirm, Look, bold, button, context, cut, field, header, list, newline, paragraph, rich, rows,
    text,
};
use crate::slack::sketch::Sketch;
use crate::slack::{fact_lines, team_lines};
use serde_json::Value;

/// What waits, on the card.
const WAITS_SHOWN_MAX: usize = 2;
/// Why a phase needs attention, on the card; the thread and the report have all of it.
const FOUND_LENGTH_MAX: usize = 120;
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
        rich("card.phases", vec![list(phase_items(case), false)]),
    ];
    blocks.extend(endpoints(case));
    let mut tail = Vec::new();
    if case.closed_at().is_none() {
        tail.extend(allow_buttons(case));
        let buttons = phase_buttons(case).into_iter().chain(case_buttons(case));
        tail.extend(rows("card.phase", buttons.collect()));
    }
    tail.push(context(&format!("Case {} · details in the thread", case.id())));
    let next = next.map_or_else(String::new, |next| format!(" Next: {next}."));
    Sketch { text: format!("Exposed key {key}: {status}.{next}"), blocks, tail }
}

fn standing(case: &Case, status: &str) -> Vec<Value> {
    let mut parts = vec![bold("Status: "), text(status)];
    let waits = waiting(case);
    for what in waits.iter().take(WAITS_SHOWN_MAX) {
        parts.extend([newline(), bold("Waiting: "), text(what)]);
    }
    if let Some(more) = waits.len().checked_sub(WAITS_SHOWN_MAX).filter(|more| *more > 0) {
        parts.push(text(&format!("; and {more} more, which /keyleak status lists")));
    }
    parts
}

fn about_key(scene: &Scene<'_>) -> Vec<Value> {
    fact_lines::brief(scene).join(&newline())
}

/// The phases by how far they are; of what needs attention, why. What each found is in the thread.
fn phase_items(case: &Case) -> Vec<Vec<Value>> {
    let all = phase_rows(case);
    let mut items = Vec::new();
    for progress in [Progress::Done, Progress::Running, Progress::NotStarted] {
        let titles = all.iter().filter(|row| row.progress == progress).map(|row| row.phase.title());
        let titles: Vec<&str> = titles.collect();
        if !titles.is_empty() {
            let words = sentence_case(progress.words());
            items.push(vec![
                text(mark(progress)),
                bold(&format!("{words}: ")),
                text(&titles.join(", ")),
            ]);
        }
    }
    items.extend(all.iter().filter(|row| row.progress == Progress::Attention).map(attention));
    items
}

fn attention(row: &PhaseRow<'_>) -> Vec<Value> {
    let why = cut(&field(&row.found), FOUND_LENGTH_MAX);
    let why = if row.found.is_empty() { String::new() } else { format!(": {why}") };
    vec![
        text(mark(row.progress)),
        bold(row.phase.title()),
        text(&format!(" {}{why}", row.progress.words())),
    ]
}

fn sentence_case(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
    if let Some(asked) = inquiry::newest_waiting(case) {
        let action = ButtonAction::CancelQuestions { case: id(), asked };
        buttons.push(drawn("Cancel the questions", &action, None));
    }
    let confirm = Confirm {
        title: "Close this case?".to_owned(),
        text: closing(case),
        yes: "Close the case".to_owned(),
        danger: false,
    };
    buttons.push(drawn("Close", &ButtonAction::Close { case: id() }, Some(confirm)));
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
