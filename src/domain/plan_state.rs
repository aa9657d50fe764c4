//! Where a plan stands and what has happened to it, as the records tell.

use crate::domain::action::{Action, Change};
use crate::domain::drift::Drift;
use crate::domain::ids::PersonId;
use crate::domain::plan::{Plan, PlanNumber, Step};
use crate::domain::record::Press;
use crate::domain::resource_owner::ResourceOwner;
use crate::domain::snapshot::SnapshotRef;
use crate::domain::step_result::StepResult;
use jiff::{SignedDuration, Timestamp};

/// An actor that has not shown itself for so long is taken to be stopped, or slower than the trail.
pub const CHASE: SignedDuration = SignedDuration::from_secs(60);

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanStatus {
    Proposed,
    Approved,
    Executing,
    /// Every step is done.
    Done,
    /// Every step has an outcome, and some failed.
    Partly,
    Denied,
    Expired,
    Voided,
}

/// A plan and everything that has happened to it.
#[derive(Debug, Clone)]
pub struct PlanState {
    pub plan: Plan,
    pub hash: String,
    pub proposed: Press,
    pub approvals: Vec<Press>,
    /// Owners who agreed to what is done to their resource, and count for nothing else.
    pub agreed: Vec<Press>,
    pub denied: Option<(Press, Option<String>)>,
    pub expired: bool,
    /// Who let it run without enough approvals, and why; then who looked at that, and what for.
    pub glass: Option<(Press, String)>,
    pub glass_reviewed: Option<(Press, String)>,
    pub voided: Option<String>,
    /// Why no further principal is begun before which time, and who proved themselves all the same.
    pub capped: Option<(String, Timestamp)>,
    pub stepped_up: Option<Press>,
    /// Steps added for what the actor took after the approval, with their snapshots.
    pub covered: Vec<Step>,
    pub snapshots: Vec<SnapshotRef>,
    pub steps: Vec<StepState>,
    pub checks: Vec<Check>,
    pub reapplied: u32,
    /// How often steps were put back while the actor was being run down, and when it last showed.
    pub raced: u32,
    pub raced_at: Option<Timestamp>,
    /// When the actor was last seen to have gained something, or taken something back.
    pub shown_at: Option<Timestamp>,
    pub held_at: Option<Timestamp>,
    /// The watermark as of which it is contained, and when that was said.
    pub contained: Option<(Timestamp, Timestamp)>,
    /// What the actor holds that the plan cannot end.
    pub open_ends: Vec<String>,
    pub watch_ended: bool,
}

/// What has happened to one step.
#[derive(Debug, Clone, Default)]
pub struct StepState {
    pub attempts: u32,
    /// The attempt whose intent has no outcome yet.
    pub open_attempt: Option<u32>,
    /// When the first attempt began.
    pub first_began_at: Option<Timestamp>,
    /// When the last attempt began.
    pub began_at: Option<Timestamp>,
    pub result: Option<StepResult>,
    pub ended_at: Option<Timestamp>,
    /// The first attempt that changed something, whatever later attempts found.
    pub changed: bool,
    /// The undo by which people took it back, while something else may stay in force.
    pub lifted: Option<PlanNumber>,
}

/// One reading back of a plan's steps.
#[derive(Debug, Clone)]
pub struct Check {
    pub number: u32,
    pub at: Timestamp,
    pub drifts: Vec<Drift>,
}

impl StepState {
    /// Whether it is done, and was not taken back alone.
    pub fn is_in_force(&self) -> bool {
        matches!(self.result, Some(StepResult::Done { .. })) && self.lifted.is_none()
    }
}

impl PlanState {
    /// Whether this plan is one whose steps may still be added to under its approval.
    pub fn still_covers(&self) -> bool {
        let begun =
            matches!(self.status(), PlanStatus::Executing | PlanStatus::Done | PlanStatus::Partly);
        begun && self.contained.is_none() && self.plan.kind.contains()
    }

    /// Where the plan stands; derived, never stored.
    pub fn status(&self) -> PlanStatus {
        if self.has_begun() {
            return self.progress();
        }
        if self.denied.is_some() {
            PlanStatus::Denied
        } else if self.voided.is_some() {
            PlanStatus::Voided
        } else if self.expired {
            PlanStatus::Expired
        } else if self.is_approved() {
            PlanStatus::Approved
        } else {
            PlanStatus::Proposed
        }
    }

    /// Whether enough distinct people approved and each owner agreed, or one broke the glass.
    pub fn is_approved(&self) -> bool {
        let enough = self.approvals.len() as u32 >= self.plan.approvals_needed;
        (enough && self.owners_missing().next().is_none()) || self.glass.is_some()
    }

    /// The owners whose word the plan needs and does not have; an approval is their word too.
    pub fn owners_missing(&self) -> impl Iterator<Item = &ResourceOwner> {
        let has_said = |person: &PersonId| {
            self.approvals.iter().chain(&self.agreed).any(|press| press.by == *person)
        };
        let owners = self.plan.owners.iter();
        owners.filter(move |owner| owner.person().is_some_and(|person| !has_said(person)))
    }

    /// Whether the plan needs this person's word, as the owner of something that it stops.
    pub fn asks_owner(&self, person: &PersonId) -> bool {
        self.plan.owners.iter().any(|owner| owner.person() == Some(person))
    }

    /// Whether somebody broke the glass and nobody else has looked at that yet.
    pub fn awaits_review(&self) -> bool {
        self.glass.is_some() && self.glass_reviewed.is_none()
    }

    pub fn has_begun(&self) -> bool {
        self.steps.iter().any(|step| step.attempts > 0)
    }

    /// Whether a cap holds it up until somebody proves who they are, or time has passed.
    pub fn awaits_step_up(&self) -> Option<&(String, Timestamp)> {
        let open = !self.steps.iter().all(StepState::has_settled) && self.dead_because().is_none();
        self.capped.as_ref().filter(|_| self.stepped_up.is_none() && open)
    }

    /// Until when a cap holds up this step; a principal that was begun is not left half done.
    pub fn held_up(&self, step: &Step) -> Option<Timestamp> {
        let (_, until) = self.awaits_step_up()?;
        let on = &step.action.on;
        let begun =
            self.all_steps().any(|(_, other, state)| state.attempts > 0 && other.action.on == *on);
        (!begun).then_some(*until)
    }

    /// All steps: the approved ones, then those covered later.
    pub fn all_steps(&self) -> impl Iterator<Item = (u32, &Step, &StepState)> {
        let steps = self.plan.steps.iter().chain(&self.covered);
        steps.zip(&self.steps).enumerate().map(|(index, (step, state))| (index as u32, step, state))
    }

    pub fn step(&self, index: u32) -> Option<&Step> {
        let approved = self.plan.steps.len();
        let index = index as usize;
        self.plan.steps.get(index).or_else(|| self.covered.get(index.checked_sub(approved)?))
    }

    /// The steps that are in force.
    pub fn done_steps(&self) -> impl Iterator<Item = (u32, &Step, &StepState)> {
        self.all_steps().filter(|(_, _, state)| state.is_in_force())
    }

    /// The steps that are to hold: done, and not taken back by a later step of the same plan.
    pub fn holding_steps(&self) -> impl Iterator<Item = (u32, &Step, &StepState)> {
        let taken_back = |index: u32, step: &Step| {
            let later = self.done_steps().filter(move |(other, _, _)| *other > index);
            later.into_iter().any(|(_, other, _)| other.action.takes_back(&step.action))
        };
        self.done_steps().filter(move |(index, step, _)| !taken_back(*index, step))
    }

    /// Whether the plan has this very step, and no later one that takes it back or does again what
    /// it took back.
    pub fn stands_for(&self, action: &Action) -> bool {
        let steps: Vec<&Action> = self.all_steps().map(|(_, step, _)| &step.action).collect();
        let last = steps.iter().rposition(|known| *known == action);
        last.is_some_and(|last| {
            let mut later = steps.iter().skip(last + 1);
            !later.any(|other| other.takes_back(action) || action.takes_back(other))
        })
    }

    /// Whether a step of the plan ends these sessions together with others: two who look at the
    /// same time may not know as many, and the fewer would take the place of the more.
    pub fn ends_more(&self, action: &Action) -> bool {
        let Change::RevokeSessions { sessions: few, until: seen, inline_name } = &action.change
        else {
            return false;
        };
        self.all_steps().any(|(_, step, _)| {
            step.action.on == action.on
                && matches!(
                    &step.action.change,
                    Change::RevokeSessions { sessions, until, inline_name: name }
                        if name == inline_name && until >= seen && sessions.include(few)
                )
                && self.stands_for(&step.action)
        })
    }

    /// Whether the actor has just shown that it is still at work, so that what it takes back is
    /// put in force again at once.
    pub fn is_racing(&self, now: Timestamp) -> bool {
        self.contained.is_none() && self.raced_at.is_some_and(|at| at + CHASE > now)
    }

    /// When the first step came to an end.
    pub fn started_at(&self) -> Option<Timestamp> {
        self.steps.iter().filter_map(|step| step.ended_at).min()
    }

    /// When the last step came to an end, once all have that will.
    pub fn ended_at(&self) -> Option<Timestamp> {
        if self.voided.is_some() {
            return self.steps.iter().filter_map(|step| step.ended_at).max();
        }
        let ends: Option<Vec<_>> = self.steps.iter().map(|step| step.ended_at).collect();
        ends.and_then(|ends| ends.into_iter().max())
    }

    /// Whether it is decided and not carried out to its end.
    pub fn is_under_way(&self) -> bool {
        matches!(self.status(), PlanStatus::Approved | PlanStatus::Executing)
    }

    /// The last reading back, if it found something undone.
    pub fn reverted(&self) -> Option<&Check> {
        self.checks_since_end().last().filter(|check| !check.drifts.is_empty())
    }

    /// The checks since the last step ended; a re-applied step starts the schedule again.
    pub fn checks_since_end(&self) -> impl Iterator<Item = &Check> {
        let ended = self.ended_at();
        self.checks.iter().filter(move |check| ended.is_some_and(|ended| check.at >= ended))
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::action::{Action, Change};
    use crate::domain::case::Case;
    use crate::domain::event::Event;
    use crate::domain::ids::AccessKeyId;
    use crate::domain::plan::{PlanKind, PlanNumber};
    use crate::domain::record::Actor;
    use crate::domain::revocation::Sessions;
    use crate::domain::sample::{KEY, add, at, opened, plan, role, run, step, user};
    use crate::domain::snapshot::SnapshotRef;

    #[test]
    fn sessions_that_a_step_ends_with_others_need_no_step_of_their_own() {
        let mut case = opened();
        let contain = plan(&case, PlanKind::Containment);
        run(&mut case, contain);
        let ends = |ids: &[&str]| Action {
            on: role("deploy", "AROA1"),
            change: Change::RevokeSessions {
                sessions: Sessions::Named {
                    user_ids: ids.iter().map(|id| (*id).to_owned()).collect(),
                },
                until: at(11),
                inline_name: "KeyleakRevoke".to_owned(),
            },
        };
        let more =
            |case: &Case, ids: &[&str]| case.plan(PlanNumber(1)).unwrap().ends_more(&ends(ids));
        assert!(!more(&case, &["AROA1:a"]));
        let both = ends(&["AROA1:a", "AROA1:b"]);
        let steps = vec![step(both.on, both.change)];
        let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: super::Timestamp::MIN };
        let event = Event::Covered { plan: PlanNumber(1), steps, snapshot };
        add(&mut case, Actor::Keyleak, event);
        assert!(more(&case, &["AROA1:a"]) && !more(&case, &["AROA1:a", "AROA1:c"]));
    }

    #[test]
    fn a_step_that_was_taken_back_may_be_added_again_and_no_other() {
        let mut case = opened();
        let contain = plan(&case, PlanKind::Containment);
        run(&mut case, contain);
        let key = AccessKeyId::parse(KEY).unwrap();
        let on = || user("mona", "AIDA8");
        let stop = Action { on: on(), change: Change::DeactivateKey { key: key.clone() } };
        let give = Action { on: on(), change: Change::ActivateKey { key } };
        let mut seen = Vec::new();
        for next in [&stop, &give, &stop, &give] {
            let plan = PlanNumber(1);
            let stands = |action: &Action| case.plan(plan).unwrap().stands_for(action);
            seen.push((stands(&stop), stands(&give)));
            let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: super::Timestamp::MIN };
            let steps = vec![step(on(), next.change.clone())];
            add(&mut case, Actor::Keyleak, Event::Covered { plan, steps, snapshot });
        }
        assert_eq!(seen, [(false, false), (true, false), (false, true), (true, false)]);
    }
}
