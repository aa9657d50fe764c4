//! When the tasks of a phase are put into the channel: once, and kept current.

use super::{Announcement, What};
use crate::domain::event::{Event, Phase};
use crate::domain::record::Record;
use crate::domain::tasks::{shows, tasks_key};

/// The tasks of the phase that a record asks about, unless they are there.
pub(super) fn tasks(record: &Record, owed: &[Announcement]) -> Option<Announcement> {
    let phase = asked(record).or(shows(record))?;
    let key = tasks_key(phase);
    let is_there = owed.iter().any(|owed| owed.key == key);
    (!is_there).then_some(Announcement { key, what: What::Checklist(phase) })
}

/// The phases whose tasks are shown when they are pressed: in the others the bot does most.
fn asked(record: &Record) -> Option<Phase> {
    let Event::PhasePressed { phase } = &record.event else { return None };
    let shown = matches!(phase, Phase::Eradication | Phase::Recovery | Phase::PostIncident);
    shown.then_some(*phase)
}
