//! The updates that come by the clock: at fixed times after the opening, as often as the severity
//! asks, from the journal alone, so that a restart says what is late once and repeats nothing.

use crate::domain::announce::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::conduct::Conduct;
use crate::domain::deadlines;
use crate::domain::event::PostKey;
use crate::domain::ladder;
use crate::domain::milestones::{clock_key, milestones, point, told_by_clock};
use crate::domain::policy::Policy;
use crate::domain::round::Round;
use crate::domain::task_rounds;
use jiff::{SignedDuration, Timestamp};

/// All that the clock brings to a case.
pub fn due(case: &Case, policy: &Policy, now: Timestamp) -> Round {
    let clocks = deadlines::reminders(case, now).and(task_rounds::reminders(case, now));
    update(case, &policy.conduct, now).and(ladder::rungs(case, policy, now)).and(clocks)
}

/// What it has brought, for whoever reads it again.
pub fn told(case: &Case) -> Vec<Announcement> {
    let updates = told_by_clock(case);
    let update =
        |(key, at): (&PostKey, _)| Announcement { key: key.clone(), what: What::Update(at) };
    let clocks = deadlines::given(case).into_iter().chain(task_rounds::reminded(case));
    updates.map(update).chain(ladder::made(case)).chain(clocks).collect()
}

/// The update that is due by now; of several that were missed only the last.
pub fn update(case: &Case, conduct: &Conduct, now: Timestamp) -> Round {
    let every = conduct.updates.get(&case.team().severity());
    let since = case.team().severity_since();
    let (None, Some(every), Some(since)) = (case.closed_at(), every, since) else {
        return Round::default();
    };
    let Some(last) = last_mark(case.opened_at(), *every, now) else { return Round::default() };
    let next = Some(last + *every);
    // A milestone that was summed up after the mark said all that there was.
    let told = milestones(case).iter().any(|point| point.at >= last);
    if last <= since || told {
        return Round { due: Vec::new(), next };
    }
    let what = What::Update(point(case, last));
    Round { due: vec![Announcement { key: clock_key(last), what }], next }
}

/// The last multiple of `every` after the opening that is over, to the whole second.
fn last_mark(opened: Timestamp, every: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let (every, passed) = (every.as_secs(), now.as_second() - opened.as_second());
    let marks = passed.checked_div(every.max(1))?;
    let at = Timestamp::from_second(opened.as_second()).ok()?;
    Some(at + SignedDuration::from_secs(marks.max(0) * every.max(1)))
}

#[cfg(test)]
mod tests;
