//! An answer as Slack's own chart, within its limits, and in words for those who see no chart.

use crate::domain::chart::{Chart, ChartKind, Plot, Point};
use crate::ports::trail::{Answer, Cell};
use crate::slack::blocks::{clean, context, cut, masked};
use serde_json::{Number, Value, json};
use std::collections::BTreeSet;

const TITLE_LENGTH_MAX: usize = 50;
const AXIS_LENGTH_MAX: usize = 50;
/// Slack refuses longer labels and names of series.
const LABEL_LENGTH_MAX: usize = 20;
/// Of the highest marks, in words.
const NAMED_MAX: usize = 3;
/// What every service's name in a trail ends with.
const OF_AWS: &str = ".amazonaws.com";

/// The chart and the sentence below it; none where the rows make none.
pub(super) fn drawn(found: &Answer, chart: &Chart) -> Option<Vec<Value>> {
    let plot = chart.plot(&points(found, chart)?)?;
    let title = format!("{} by {}", words(&chart.y), words(&chart.x));
    let labels = unique(&plot.categories);
    let names = plot.series.iter().map(|(name, _)| match name.is_empty() {
        true => words(&chart.y),
        false => name.clone(),
    });
    let names = unique(&names.collect::<Vec<_>>());
    let series: Vec<Value> = names
        .iter()
        .zip(&plot.series)
        .map(|(name, (_, values))| {
            let points = labels.iter().zip(values);
            let points =
                points.map(|(label, value)| json!({ "label": label, "value": number(*value) }));
            json!({ "name": name, "data": points.collect::<Vec<_>>() })
        })
        .collect();
    let x_label = plot.each.as_ref().map_or_else(|| words(&chart.x), |each| format!("each {each}"));
    let block = json!({
        "type": "data_visualization",
        "block_id": "answer.chart",
        "title": cut(&clean(&title), TITLE_LENGTH_MAX),
        "chart": {
            "type": chart.kind.word(),
            "series": series,
            "axis_config": {
                "categories": labels,
                "x_label": cut(&clean(&x_label), AXIS_LENGTH_MAX),
                "y_label": cut(&clean(&words(&chart.y)), AXIS_LENGTH_MAX),
            },
        },
    });
    Some(vec![block, context(&in_words(&plot, chart))])
}

/// What the chart shows, for screen readers and for those who skim.
fn in_words(plot: &Plot, chart: &Chart) -> String {
    let most = plot.highest().into_iter().take(NAMED_MAX).filter(|(_, sum)| *sum > 0.0);
    let most = most.map(|(name, sum)| format!("{} {}", shown(name), number(sum)));
    let most = most.collect::<Vec<_>>().join(", ");
    let order = match chart.kind {
        ChartKind::Bar => "most",
        ChartKind::Line => "peaks, by when they begin",
    };
    let each = plot.each.as_ref().map_or_else(String::new, |each| format!(", each mark {each}"));
    format!("{} in all: {}{each}; {order}: {most}", words(&chart.y), number(plot.total()))
}

/// The rows as points; none where the columns are not there.
fn points(found: &Answer, chart: &Chart) -> Option<Vec<Point>> {
    let at = |name: &str| found.columns.iter().position(|column| column == name);
    let (x, y) = (at(&chart.x)?, at(&chart.y)?);
    let by = match &chart.by {
        Some(by) => Some(at(by)?),
        None => None,
    };
    let point = |row: &Vec<Cell>| Point {
        x: text(row.get(x)),
        y: value(row.get(y)),
        by: by.map_or_else(String::new, |by| text(row.get(by))),
    };
    Some(found.rows.iter().map(point).collect())
}

fn text(cell: Option<&Cell>) -> String {
    match cell {
        None | Some(Cell::Null) => String::new(),
        Some(Cell::Integer(number)) => number.to_string(),
        Some(Cell::Real(number)) => number.to_string(),
        Some(Cell::Text(said)) => said.clone(),
    }
}

fn value(cell: Option<&Cell>) -> f64 {
    match cell {
        Some(Cell::Integer(number)) => *number as f64,
        Some(Cell::Real(number)) => *number,
        None | Some(Cell::Null | Cell::Text(_)) => 0.0,
    }
}

/// Whole numbers without a point, as people count calls.
fn number(value: f64) -> Number {
    let whole = (value.fract() == 0.0 && value.abs() < 1e15).then(|| Number::from(value as i64));
    whole.or_else(|| Number::from_f64(value)).unwrap_or_else(|| Number::from(0))
}

fn words(column: &str) -> String {
    column.replace('_', " ")
}

fn shown(name: &str) -> String {
    let name = clean(name);
    let name = name.strip_suffix(OF_AWS).unwrap_or(&name);
    let name = cut(&masked(name), LABEL_LENGTH_MAX);
    if name.trim().is_empty() { "–".to_owned() } else { name }
}

/// Labels that Slack takes: short, and no two alike, or it would draw two marks as one.
fn unique(names: &[String]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut labels = Vec::with_capacity(names.len());
    for name in names {
        let plain = shown(name);
        let numbered = (2..).map(|number| {
            let mark = format!(" #{number}");
            let room = LABEL_LENGTH_MAX.saturating_sub(mark.len());
            format!("{}{mark}", cut(&plain, room))
        });
        let mut candidates = std::iter::once(plain.clone()).chain(numbered);
        let label = candidates.find(|label| !taken.contains(label)).unwrap_or_default();
        taken.insert(label.clone());
        labels.push(label);
    }
    labels
}
