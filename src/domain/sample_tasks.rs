//! Tasks of a case for the tests of the domain, and what people say of them.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::record::Actor;
use crate::domain::sample::{add, at, person};
use crate::domain::task::Task;
use crate::domain::team_step::TeamStep;
use jiff::{SignedDuration, Timestamp};

pub(crate) fn by(user: &str) -> Actor {
    Actor::Person { person: person(user), name: Some(user.to_owned()) }
}

pub(crate) fn say(case: &mut Case, who: &str, step: TeamStep) -> u64 {
    add(case, by(who), Event::Team { step: Box::new(step) });
    case.seq()
}

/// So many minutes after the sample's records are written.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    at(50) + SignedDuration::from_mins(minutes)
}

/// Ana has the task, due in so many minutes.
pub(crate) fn given(case: &mut Case, task: Task, minutes: i64) -> u64 {
    let due = Some(minute(minutes));
    say(case, "bob", TeamStep::TaskGiven { task, person: person("ana"), due })
}
