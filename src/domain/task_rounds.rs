//! Who is reminded of a task, and when: from the journal alone, so that a restart repeats nothing.

use crate::domain::announce::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::round::Round;
use crate::domain::task_call::{Because, TaskCall};
use crate::domain::tasks::under_way;
use crate::domain::team::Given;
use jiff::{SignedDuration, Timestamp};

/// Somebody who was reminded so often has heard it; the card goes on to say that it is overdue.
const REMINDERS_MAX: i32 = 3;
/// Between one reminder and the next, whatever the settings say.
const AGAIN_MIN: SignedDuration = SignedDuration::from_mins(5);

/// The reminders that are due; of several of one task that were missed the last.
pub fn reminders(case: &Case, now: Timestamp) -> Round {
    let mut round = Round::default();
    if case.closed_at().is_some() {
        return round;
    }
    for (task, given) in under_way(case) {
        let marks = marks(given);
        let passed = marks.iter().filter(|at| **at <= now).count();
        let due = (passed > 0).then(|| {
            let because = Because::Due(passed as u32);
            let call = TaskCall { task, seq: given.press.seq, because };
            Announcement { key: call.key(), what: What::Task(call) }
        });
        let next = marks.get(passed).copied();
        round = round.and(Round { due: due.into_iter().collect(), next });
    }
    round
}

/// When it is due, and twice more after as long again.
fn marks(given: &Given) -> Vec<Timestamp> {
    let Some(due) = given.due else { return Vec::new() };
    let again = due.duration_since(given.press.at).max(AGAIN_MIN);
    (0..REMINDERS_MAX).map(|time| due + again * time).collect()
}

/// The reminders that were given, for whoever reads them again.
pub fn reminded(case: &Case) -> Vec<Announcement> {
    let calls = case.room().posted.keys().filter_map(TaskCall::of_key);
    let due = calls.filter(|call| matches!(call.because, Because::Due(_)));
    due.map(|call| Announcement { key: call.key(), what: What::Task(call) }).collect()
}

#[cfg(test)]
mod tests;
