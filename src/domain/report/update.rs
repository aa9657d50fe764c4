//! What changed since people were last told, in few lines that equal journals give alike.

use crate::domain::case::Case;
use crate::domain::milestones::{Point, milestones, told_by_clock};
use crate::domain::report::{
    SUMMARY_LINES_MAX, Weight, severity_words, status_words, timeline, waiting, words,
};
use crate::domain::time_words::utc;

/// What waits, in so many lines; the card has all of it.
const WAITING_MAX: usize = 3;
/// A line that is longer is no line on a phone.
const LINE_LENGTH_MAX: usize = 240;

/// The lines of the update as of a point.
pub(super) fn lines(case: &Case, upto: Point) -> Vec<String> {
    let Ok(then) = case.as_of(upto.seq) else { return vec![status_words(case)] };
    let before = before(case, upto);
    let mut lines = vec![
        format!("Status: {}", status_words(&then)),
        format!("Severity: {}", severity_words(&then)),
        words::subject(&then),
    ];
    let waits: Vec<String> = waiting(&then).into_iter().take(WAITING_MAX).collect();
    let told = timeline(&then, before.map_or(1, |before| before.seq));
    let told: Vec<String> = told
        .iter()
        .filter(|line| line.weight == Weight::Major)
        .map(|line| format!("{}  {}", line.at.strftime("%H:%M:%S"), line.sentence()))
        .collect();
    lines.push(changed(case, before, told.len()));
    let room = SUMMARY_LINES_MAX - lines.len() - waits.len();
    let left_out = if told.len() > room { told.len() - (room - 1) } else { 0 };
    if left_out > 0 {
        lines.push(format!("… {left_out} earlier ones are in the report"));
    }
    lines.extend(told.into_iter().skip(left_out));
    lines.extend(waits.into_iter().map(|what| format!("Waiting: {what}")));
    lines.iter().map(|line| short(line)).collect()
}

fn changed(case: &Case, before: Option<Point>, number: usize) -> String {
    let since = before.map_or_else(
        || format!("the opening at {}", utc(case.opened_at())),
        |before| format!("the update of {}", utc(before.at)),
    );
    match number {
        0 => format!("Nothing new since {since}"),
        1 => format!("New since {since}, 1 change:"),
        more => format!("New since {since}, {more} changes:"),
    }
}

/// The point as of which people were told last before this one.
fn before(case: &Case, upto: Point) -> Option<Point> {
    let told = told_by_clock(case).map(|(_, point)| point);
    let earlier = |point: &Point| point.at < upto.at && point.seq <= upto.seq;
    milestones(case).into_iter().chain(told).filter(earlier).max()
}

fn short(line: &str) -> String {
    let line = line.replace(['\n', '\r'], " ");
    if line.chars().count() <= LINE_LENGTH_MAX {
        return line;
    }
    let kept: String = line.chars().take(LINE_LENGTH_MAX - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests;
