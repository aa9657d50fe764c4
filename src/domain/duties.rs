//! What a case says of reporting duties: whether Legal is wanted, and the clocks that run.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::impact::{ImpactQuestion, ImpactVerdict};
use crate::domain::record::Record;
use crate::domain::regime::Regime;
use crate::domain::team::RunningClock;
use crate::domain::time_words::utc;
use jiff::Timestamp;
use std::sync::Arc;

/// Whether Legal is wanted in the channel: in a private one only members are rung.
pub fn legal_wanted(case: &Case) -> bool {
    let asked = |record: &Arc<Record>| is_for_legal(&record.event);
    !case.team().clocks().is_empty() || case.records().iter().any(asked)
}

/// Whether somebody has to ask Legal because of a record: data of people may be affected.
pub fn is_for_legal(event: &Event) -> bool {
    let Event::Impact { answer } = event else { return false };
    let about =
        matches!(answer.question, ImpactQuestion::Classification | ImpactQuestion::Exfiltration);
    about && answer.verdict == ImpactVerdict::Yes
}

/// The clocks that run, each with its next stage, for card, status and report.
pub fn lines(case: &Case, now: Option<Timestamp>) -> Vec<String> {
    let line = |(regime, clock): (&Regime, &RunningClock)| {
        let stages = regime.stages().iter();
        let due = stages.map(|stage| {
            let at = stage.after.after(clock.since);
            let over = if now.is_some_and(|now| now >= at) { ", RUN OUT" } else { "" };
            format!("{} due {}{over}", stage.what, utc(at))
        });
        let due: Vec<String> = due.collect();
        let (title, by) = (regime.title(), &clock.press.name);
        format!("{title} ({}, started by {by}): {}", utc(clock.since), due.join("; "))
    };
    case.team().clocks().iter().map(line).collect()
}
