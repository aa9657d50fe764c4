//! How people work together on a case, as its journal tells it: severity over time, and roles.

use crate::domain::cause::Cause;
use crate::domain::ids::PersonId;
use crate::domain::plan::PlanNumber;
use crate::domain::record::Press;
use crate::domain::regime::Regime;
use crate::domain::severity::Severity;
use crate::domain::task::Task;
use crate::domain::team_step::{OwnerAnswer, Role};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// How severe the case was from a record on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    pub seq: u64,
    pub at: Timestamp,
    pub severity: Severity,
    /// In words that name nobody and nothing, unless a person said them.
    pub why: String,
    /// Who said it; nobody where it follows from the facts.
    pub by: Option<String>,
}

/// What a person said of the severity, and what the facts made of it then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SaidGrade {
    pub(super) press: Press,
    pub(super) severity: Severity,
    pub(super) reason: String,
    pub(super) derived: Severity,
}

/// Severity and roles so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Team {
    pub(super) grades: Vec<Grade>,
    pub(super) said: Option<SaidGrade>,
    pub(super) roles: BTreeMap<Role, (PersonId, Press)>,
    pub(super) pages: BTreeMap<PlanNumber, Pages>,
    pub(super) owner_said: Vec<(Press, OwnerAnswer)>,
    pub(super) clocks: BTreeMap<Regime, RunningClock>,
    pub(super) cause: Option<NamedCause>,
    pub(super) given: BTreeMap<Task, Given>,
    pub(super) done: BTreeMap<Task, Press>,
}

/// Somebody has a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub owner: PersonId,
    /// By whose word, and when.
    pub press: Press,
    pub due: Option<Timestamp>,
}

/// The clock of a reporting duty that people started and nobody stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningClock {
    pub press: Press,
    /// Since when its time runs.
    pub since: Timestamp,
    pub reason: String,
}

/// What let the key out, by somebody's word; the last one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCause {
    pub press: Press,
    pub cause: Cause,
    pub reason: String,
}

/// The pages about one plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pages {
    pub tried: u32,
    /// When the last of them was.
    pub at: Timestamp,
    /// It was taken, or is not tried again.
    pub over: bool,
}

impl Team {
    /// How severe the case was over time, oldest first.
    pub fn grades(&self) -> &[Grade] {
        &self.grades
    }

    /// How severe it is now; a case that is not graded yet is no worse than it was reported.
    pub fn severity(&self) -> Severity {
        self.grades.last().map_or(Severity::P3, |grade| grade.severity)
    }

    /// Since when it is as severe as now, whatever the reason.
    pub fn severity_since(&self) -> Option<Timestamp> {
        let now = self.severity();
        let same = self.grades.iter().rev().take_while(|grade| grade.severity == now);
        same.last().map(|grade| grade.at)
    }

    /// The pages about a plan, once there was one.
    pub fn pages(&self, plan: PlanNumber) -> Option<&Pages> {
        self.pages.get(&plan)
    }

    /// What the key's owner answered, oldest first; the first counts.
    pub fn owner_said(&self) -> &[(Press, OwnerAnswer)] {
        &self.owner_said
    }

    /// The clocks that run.
    pub fn clocks(&self) -> &BTreeMap<Regime, RunningClock> {
        &self.clocks
    }

    /// What let the key out, once somebody has said it.
    pub fn cause(&self) -> Option<&NamedCause> {
        self.cause.as_ref()
    }

    /// Who had the task last, whatever became of it.
    pub fn task_given(&self, task: Task) -> Option<&Given> {
        self.given.get(&task)
    }

    /// Who says that it is done.
    pub fn task_done(&self, task: Task) -> Option<&Press> {
        self.done.get(&task)
    }

    /// Who has the role by somebody's word, and by whose.
    pub fn role(&self, role: Role) -> Option<&(PersonId, Press)> {
        self.roles.get(&role)
    }
}
