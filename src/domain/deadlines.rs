//! The clocks of reporting duties that people started: when each stage is due, and who is reminded.
//!
//! They are timers and nothing else: no clock holds up or allows anything, and none ends by itself.

use crate::domain::announce::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::event::PostKey;
use crate::domain::regime::{Regime, Stage};
use crate::domain::round::Round;
use crate::domain::team::RunningClock;
use crate::domain::time_words::{span, utc};
use jiff::{SignedDuration, Timestamp};

const CLOCK: &str = "clock-";
/// Nobody needs to hear of it sooner than this before it is due.
const NOTICE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// One stage of a clock that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    at: Timestamp,
    due: Timestamp,
    stage: Stage,
    index: usize,
}

/// The reminder that is due for each clock; of several that were missed the last.
pub fn reminders(case: &Case, now: Timestamp) -> Round {
    if case.closed_at().is_some() {
        return Round::default();
    }
    let mut round = Round::default();
    for (regime, clock) in case.team().clocks() {
        let marks = marks(*regime, clock);
        let due = marks.iter().rev().find(|mark| mark.at <= now);
        let next = marks.iter().map(|mark| mark.at).filter(|at| *at > now).min();
        let due = due.map(|mark| reminder(*regime, clock, *mark)).into_iter().collect();
        round = round.and(Round { due, next });
    }
    round
}

/// The reminders that were given of clocks that still run, for whoever reads them again.
pub fn given(case: &Case) -> Vec<Announcement> {
    let of = |(regime, clock): (&Regime, &RunningClock)| {
        let (regime, clock) = (*regime, clock.clone());
        marks(regime, &clock).into_iter().map(move |mark| reminder(regime, &clock, mark))
    };
    let all = case.team().clocks().iter().flat_map(of);
    all.filter(|owed| case.room().posted.contains_key(&owed.key)).collect()
}

/// Before a stage is due, and when it is; a stage whose time was over at the start is told at once.
fn marks(regime: Regime, clock: &RunningClock) -> Vec<Mark> {
    let mut marks = Vec::new();
    for (index, stage) in regime.stages().iter().enumerate() {
        let due = stage.after.after(clock.since);
        let before = (due.duration_since(clock.since) / 4).min(NOTICE_MAX);
        for at in [due - before, due] {
            let at = at.max(clock.press.at);
            marks.push(Mark { at, due, stage: *stage, index });
        }
    }
    marks.sort_by_key(|mark| (mark.at, mark.due));
    marks
}

fn reminder(regime: Regime, clock: &RunningClock, mark: Mark) -> Announcement {
    let started = clock.press.seq;
    let is_over = mark.at >= mark.due;
    let when = if is_over { "over" } else { "soon" };
    let key = PostKey(format!("{CLOCK}{started}-{}-{when}", mark.index));
    let stage = mark.stage.what;
    let words = if is_over {
        format!("RUN OUT: {stage} was due at {}", utc(mark.due))
    } else {
        let left = span(mark.due.duration_since(mark.at));
        format!("{stage} is due at {}, which was in {left}", utc(mark.due))
    };
    let what = What::Legal(format!("{words}\n{}", regime.title()));
    Announcement { key, what }
}

#[cfg(test)]
mod tests;
