//! After which records people are told what changed: another phase, contained, closed.

use crate::domain::case::Case;
use crate::domain::event::{Event, Phase, PostKey};
use jiff::Timestamp;

/// Before the second as of which an update by the clock was made.
const UPDATE: &str = "update-";

/// A point of a case as of which it is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub at: Timestamp,
    /// The last record that it takes in.
    pub seq: u64,
}

/// The points at which the case moved into another phase or was found to be contained.
pub fn milestones(case: &Case) -> Vec<Point> {
    let mut phase = Phase::Validation;
    let mut found = Vec::new();
    for record in case.records() {
        let next = phase_after(&record.event);
        let changed = next.is_some_and(|next| next != phase);
        phase = next.unwrap_or(phase);
        if changed || matches!(record.event, Event::Contained { .. }) {
            found.push(Point { at: record.at, seq: record.seq });
        }
    }
    found
}

/// The key of the update by the clock as of this second.
pub fn clock_key(at: Timestamp) -> PostKey {
    PostKey(format!("{UPDATE}{}", at.as_second()))
}

/// The updates by the clock that were told.
pub fn told_by_clock(case: &Case) -> impl Iterator<Item = (&PostKey, Point)> {
    case.room().posted.keys().filter_map(|key| {
        let second = key.0.strip_prefix(UPDATE)?.parse().ok()?;
        Some((key, point(case, Timestamp::from_second(second).ok()?)))
    })
}

/// What had been written by then.
pub fn point(case: &Case, at: Timestamp) -> Point {
    let then = case.records().iter().take_while(|record| record.at <= at);
    Point { at, seq: then.last().map_or(1, |record| record.seq) }
}

/// The phase that a record moves the case into.
#[expect(clippy::wildcard_enum_match_arm, reason = "few records move a case into another phase")]
fn phase_after(event: &Event) -> Option<Phase> {
    match event {
        Event::PhasePressed { phase } => Some(*phase),
        Event::Intent { .. } => Some(Phase::Containment),
        Event::UndoWanted { .. } => Some(Phase::Recovery),
        Event::Closed { .. } => Some(Phase::PostIncident),
        _ => None,
    }
}
