//! The answer to a question: one sentence, a short table, and what was left out.

use crate::domain::attack;
use crate::ports::chat::{Margin, Scene};
use crate::ports::trail::{Answer, Cell};
use crate::slack::blocks::{
    bold, clean, context, cut, field, header, masked, paragraph, preformatted, rich,
};
use crate::slack::sketch::{Means, Sketch};
use crate::slack::{addresses, chart, offers};
use serde_json::{Value, json};

/// A table that can be read on a phone; the CSV file in its thread has all of it.
const ROWS_SHOWN_MAX: usize = 10;
const COLUMNS_SHOWN_MAX: usize = 6;
const CELL_LENGTH_MAX: usize = 60;
/// In fixed width every column costs its width on every line.
const PLAIN_CELL_LENGTH_MAX: usize = 24;

/// The answer as a message.
pub(super) fn sketch(
    scene: &Scene<'_>,
    (found, margin): (&Answer, &Margin),
    means: Means,
) -> Sketch {
    let key = &scene.case.opening().key;
    let question = field(&found.question);
    let said = field(&found.sentence);
    let mut blocks = vec![
        header(&format!("{question}: what key {key} did")),
        rich("answer.says", vec![paragraph(vec![bold(&said)])]),
    ];
    let chart = margin.chart.as_ref().filter(|_| means == Means::Full);
    blocks.extend(chart.and_then(|chart| chart::drawn(found, chart)).into_iter().flatten());
    if !found.rows.is_empty() && !found.columns.is_empty() {
        blocks.push(match means {
            Means::Full | Means::Tables => table(found),
            Means::Plain => rich("answer.rows", vec![preformatted(&lines(found))]),
        });
    }
    blocks.extend(addresses::drawn(found, COLUMNS_SHOWN_MAX));
    if let Some(line) = attack::line(&found.attack).filter(|_| !found.rows.is_empty()) {
        blocks.push(context(&line));
    }
    blocks.push(context(&coverage(found)));
    Sketch {
        text: format!("{question}, key {key}: {said}"),
        blocks,
        tail: offers::drawn(scene.case, &margin.offers),
    }
}

fn table(found: &Answer) -> Value {
    let cell = |shown: String| json!({ "type": "raw_text", "text": shown });
    let head = found.columns.iter().take(COLUMNS_SHOWN_MAX);
    let head: Vec<Value> = head.map(|name| cell(words(name, CELL_LENGTH_MAX))).collect();
    let body = found.rows.iter().take(ROWS_SHOWN_MAX).map(|row| {
        // A row with a cell too few would make Slack refuse the table.
        let cells = (0..head.len()).map(|index| cell(shown(row.get(index), CELL_LENGTH_MAX)));
        Value::Array(cells.collect())
    });
    let mut rows = vec![Value::Array(head.clone())];
    rows.extend(body);
    json!({ "type": "table", "block_id": "answer.rows", "rows": rows })
}

fn lines(found: &Answer) -> Vec<String> {
    let columns = found.columns.len().min(COLUMNS_SHOWN_MAX);
    let head = found.columns.iter().take(columns);
    let head: Vec<String> = head.map(|name| words(name, PLAIN_CELL_LENGTH_MAX)).collect();
    let mut lines = vec![head.join(" | ")];
    for row in found.rows.iter().take(ROWS_SHOWN_MAX) {
        let cells = (0..columns).map(|index| shown(row.get(index), PLAIN_CELL_LENGTH_MAX));
        lines.push(cells.collect::<Vec<_>>().join(" | "));
    }
    lines
}

fn coverage(found: &Answer) -> String {
    let rows = found.rows.len();
    let shown = rows.min(ROWS_SHOWN_MAX);
    let hidden = found.columns.len().saturating_sub(COLUMNS_SHOWN_MAX);
    let mut said = match (rows, found.truncated) {
        (0, _) => "No rows".to_owned(),
        (_, true) => format!("Showing {shown} of more than {rows} rows"),
        (_, false) => format!("Showing {shown} of {rows} rows"),
    };
    if hidden > 0 {
        said.push_str(&format!(" and {COLUMNS_SHOWN_MAX} of {} columns", found.columns.len()));
    }
    if rows > 0 {
        said.push_str("; the thread has all of them as a CSV file");
    }
    let hash = crate::domain::plan::Plan::short_hash(&found.sql_sha256);
    format!("{said} · SQL {}", field(hash))
}

fn shown(cell: Option<&Cell>, length_max: usize) -> String {
    match cell {
        None | Some(Cell::Null) => "–".to_owned(),
        Some(Cell::Integer(number)) => number.to_string(),
        Some(Cell::Real(number)) => format!("{number:.3}"),
        Some(Cell::Text(said)) => words(said, length_max),
    }
}

fn words(said: &str, length_max: usize) -> String {
    let said = cut(&masked(&clean(said)), length_max);
    if said.trim().is_empty() { "–".to_owned() } else { said }
}
