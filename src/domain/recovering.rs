//! What a recovery still waits for: a function of the case, for card, status, report and closing.

use crate::domain::case::Case;
use crate::domain::closed_roles::closed_to_everybody;
use crate::domain::lifting::lifted;
use crate::domain::losses::Loss;
use crate::domain::plan_state::PlanState;
use crate::domain::recovery::Item;
use crate::domain::remains::spared::left_out;
use crate::domain::resources_left::not_stopped;
use crate::domain::rotation;
use jiff::Timestamp;

/// How far the losses are worked through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub read: usize,
    pub rotated: usize,
    pub destroyed: usize,
    pub chosen: usize,
}

/// What is known of uses of the key since it was contained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// When the last step of the containment was done.
    pub contained_at: Timestamp,
    /// The last use that succeeded, at whatever time.
    pub last_success: Option<Timestamp>,
    /// Up to when the trail was told; none where it was not, or not wholly.
    pub told_until: Option<Timestamp>,
}

impl Silence {
    /// The last use after the containment. The trail tells whole seconds: what was in the very
    /// second of the last step is taken to be after it.
    pub fn broken_at(&self) -> Option<Timestamp> {
        self.last_success.filter(|used| used.as_second() >= self.contained_at.as_second())
    }
}

impl Tally {
    /// Whether something of it waits for a person.
    pub fn is_open(&self) -> bool {
        self.rotated < self.read || self.chosen < self.destroyed
    }

    /// As people say it; empty where nothing was lost.
    pub fn words(&self) -> Vec<String> {
        let rotated = format!("{} of {} rotated", self.rotated, self.read);
        let chosen = format!("{} of {} destroyed have a choice", self.chosen, self.destroyed);
        let told = [(self.read, rotated), (self.destroyed, chosen)];
        told.into_iter().filter(|(all, _)| *all > 0).map(|(_, words)| words).collect()
    }
}

/// The losses that count for the case, by their numbers.
pub fn items(case: &Case) -> impl Iterator<Item = &Item> {
    case.recovery().items(case.exposed_since())
}

/// How far the losses are worked through.
pub fn tally(case: &Case) -> Tally {
    let mut tally = Tally::default();
    for item in items(case) {
        let settled = usize::from(item.settled.is_some());
        match item.loss.kind.is_read() {
            true => (tally.read, tally.rotated) = (tally.read + 1, tally.rotated + settled),
            false => {
                (tally.destroyed, tally.chosen) = (tally.destroyed + 1, tally.chosen + settled);
            }
        }
    }
    tally
}

/// What the trail tells of the key since the containment; none where none stands.
pub fn silence(case: &Case) -> Option<Silence> {
    let contained_at = case.standing_plans().filter_map(PlanState::ended_at).max()?;
    let survey = case.survey().map(|(_, survey)| survey);
    Some(Silence {
        contained_at,
        last_success: survey.and_then(|survey| survey.last_success),
        told_until: survey.filter(|survey| !survey.truncated).and_then(|survey| survey.watermark),
    })
}

/// Whether somebody confirmed that all is well, and the key was not used since.
pub fn is_confirmed(case: &Case) -> bool {
    let used = silence(case).and_then(|silence| silence.broken_at());
    case.recovery().confirmed().is_some_and(|(_, known)| used.is_none() || *known == used)
}

/// What is not done, in words; nothing of an actor's choosing is in them.
pub fn open(case: &Case) -> Vec<String> {
    let tally = tally(case);
    let mut open = Vec::new();
    if tally.rotated < tally.read {
        let left = tally.read - tally.rotated;
        open.push(format!("{left} of {} that the actor read not rotated", tally.read));
    }
    if tally.chosen < tally.destroyed {
        let left = tally.destroyed - tally.chosen;
        open.push(format!("{left} of {} destroyed without a choice", tally.destroyed));
    }
    let running = not_stopped(case).len();
    if running > 0 {
        open.push(format!("{running} of what the actor made or changed not stopped"));
    }
    let left = left_out(case).len();
    if left > 0 {
        open.push(format!("{left} left out of the containment by people"));
    }
    let lifted = lifted(case).len();
    if lifted > 0 {
        open.push(format!("{lifted} of the containment's steps taken back, and the others not"));
    }
    open.extend(closed_to_everybody(case));
    if case.recovery().has_more() {
        open.push("more losses in the cut of the trail than the case lists".to_owned());
    }
    let contained = |state: &PlanState| state.plan.kind.contains() && state.has_begun();
    if case.standing_containment().is_none() && case.plans().any(contained) {
        open.push("the containment was undone, so the leaked key may work again".to_owned());
    }
    open.extend(rotation::open(case).map(str::to_owned));
    if silence(case).is_some() && !is_confirmed(case) {
        let again = case.recovery().confirmed().is_some();
        open.push(match again {
            true => "the key was used again after the recovery was confirmed".to_owned(),
            false => "not confirmed by the key's owner or an approver".to_owned(),
        });
    }
    open
}

/// A loss as one line; the name is the actor's to choose.
pub fn line(loss: &Loss) -> String {
    let service = loss.service.trim_end_matches(".amazonaws.com");
    let name = if loss.name.is_empty() { "(the record names nothing)" } else { &loss.name };
    let more = if loss.names_more() { " and whatever else the call named" } else { "" };
    let region = loss.region.as_deref().unwrap_or("an unknown region");
    match loss.kind.is_read() {
        true => format!("{} {name}{more} ({service}, {region})", loss.kind.words()),
        false => format!("{service} {}: {name}{more} ({region})", loss.call),
    }
}

#[cfg(test)]
mod tests;
