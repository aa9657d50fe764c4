//! A case: one exposed key, one channel, one journal; nothing here that the journal does not say.

use crate::domain::brake::Brake;
use crate::domain::event::{Drift, Opening, Phase, StepResult};
use crate::domain::exposure::Exposure;
use crate::domain::facts::Facts;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::plan::{Plan, PlanKind, PlanNumber, Step};
use crate::domain::reading::{AnswerNote, SurveyNote};
use crate::domain::record::{Press, Record};
use crate::domain::room::Room;
use crate::domain::snapshot::SnapshotRef;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An actor that has not shown itself for so long is taken to be stopped, or slower than the trail.
pub const CHASE: SignedDuration = SignedDuration::from_secs(60);

/// A case as its journal tells it; made by folding records, in `domain::fold`.
#[derive(Debug, Clone)]
pub struct Case {
    pub(super) id: CaseId,
    pub(super) opening: Opening,
    pub(super) opened_by: PersonId,
    pub(super) opened_at: Timestamp,
    pub(super) records: Vec<Arc<Record>>,
    pub(super) deliveries: BTreeSet<String>,
    pub(super) room: Room,
    pub(super) facts: Facts,
    /// When the last validation was complete, and when one was last asked for.
    pub(super) validated_at: Option<u64>,
    pub(super) phases: BTreeMap<Phase, Vec<Press>>,
    pub(super) exposure: Exposure,
    pub(super) plans: BTreeMap<PlanNumber, PlanState>,
    /// Why there is no plan, and the record that said so.
    pub(super) not_proposed: Option<(u64, String)>,
    /// The record that took a proposal's time of exposure from under it; it is to be made again.
    pub(super) outdated: Option<u64>,
    pub(super) wanted_undo: Option<Press>,
    pub(super) survey: Option<(u64, SurveyNote)>,
    pub(super) survey_failed: Option<(u64, String)>,
    pub(super) last_survey_at: Option<Timestamp>,
    pub(super) answers: Vec<(u64, AnswerNote)>,
    pub(super) questions_failed: Vec<(u64, String, String)>,
    pub(super) cancelled: BTreeSet<u64>,
    pub(super) questions_done: BTreeSet<u64>,
    pub(super) closed_at: Option<Timestamp>,
    pub(super) report_sha256: Option<String>,
    pub(super) archived: bool,
    pub(super) brake: Option<Brake>,
}

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
    pub denied: Option<(Press, Option<String>)>,
    pub expired: bool,
    /// Who let it run without enough approvals, and why; then who looked at that, and what for.
    pub glass: Option<(Press, String)>,
    pub glass_reviewed: Option<(Press, String)>,
    pub voided: Option<String>,
    /// Steps added for what the actor took after the approval, with their snapshots.
    pub covered: Vec<Step>,
    pub snapshots: Vec<SnapshotRef>,
    pub steps: Vec<StepState>,
    pub checks: Vec<Check>,
    pub reapplied: u32,
    /// How often steps were put back while the actor was being run down, and when it last showed.
    pub raced: u32,
    pub raced_at: Option<Timestamp>,
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
    pub result: Option<StepResult>,
    pub ended_at: Option<Timestamp>,
    /// The first attempt that changed something, whatever later attempts found.
    pub changed: bool,
}

/// One reading back of a plan's steps.
#[derive(Debug, Clone)]
pub struct Check {
    pub number: u32,
    pub at: Timestamp,
    pub drifts: Vec<Drift>,
}

impl Case {
    pub fn id(&self) -> &CaseId {
        &self.id
    }

    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    pub fn opened_by(&self) -> &PersonId {
        &self.opened_by
    }

    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// The records in order; the case is nothing but these.
    pub fn records(&self) -> &[Arc<Record>] {
        &self.records
    }

    pub fn last_record(&self) -> Option<&Record> {
        self.records.last().map(Arc::as_ref)
    }

    /// How many records the case has; the sequence number of the last one.
    pub fn seq(&self) -> u64 {
        self.records.len() as u64
    }

    /// The newest record that bears on what is to be done about the key; what was concluded from
    /// the records up to it still holds, however much was said since.
    pub fn substance(&self) -> u64 {
        let newest = self.records.iter().rev().find(|record| !record.event.is_talk());
        newest.map_or(0, |record| record.seq)
    }

    /// Whether this Slack delivery already has its outcome in the journal.
    pub fn has_seen(&self, delivery: &str) -> bool {
        self.deliveries.contains(delivery)
    }

    pub fn room(&self) -> &Room {
        &self.room
    }

    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Whether a validation is complete that was not asked for again since.
    pub fn validated(&self) -> bool {
        self.validated_at.is_some_and(|at| self.last_press(Phase::Validation) < Some(at))
    }

    /// When the last validation was complete.
    pub fn validated_at(&self) -> Option<Timestamp> {
        let index = usize::try_from(self.validated_at?).ok()?.checked_sub(1)?;
        self.records.get(index).map(|record| record.at)
    }

    pub fn presses(&self, phase: Phase) -> &[Press] {
        self.phases.get(&phase).map_or(&[], Vec::as_slice)
    }

    pub fn exposed_since(&self) -> Option<Timestamp> {
        self.exposure.since
    }

    /// Since when the key is exposed, and how that is known.
    pub fn exposure(&self) -> &Exposure {
        &self.exposure
    }

    /// Whether a plan rests on the time of exposure that people have approved, or carried out.
    pub fn exposure_is_settled(&self) -> bool {
        let approved = |state: &PlanState| state.status() == PlanStatus::Approved;
        self.standing_containment().is_some() || self.plans.values().any(approved)
    }

    pub fn plans(&self) -> impl DoubleEndedIterator<Item = &PlanState> {
        self.plans.values()
    }

    pub fn plan(&self, number: PlanNumber) -> Option<&PlanState> {
        self.plans.get(&number)
    }

    pub fn next_plan_number(&self) -> PlanNumber {
        PlanNumber(self.plans.len() as u32 + 1)
    }

    pub fn not_proposed(&self) -> Option<(u64, &str)> {
        self.not_proposed.as_ref().map(|(seq, why)| (*seq, why.as_str()))
    }

    /// The record that made a proposal outdated, while there is no newer one.
    pub fn outdated(&self) -> Option<u64> {
        self.outdated
    }

    /// The undo that somebody asked for and that has no plan yet.
    pub fn wanted_undo(&self) -> Option<&Press> {
        self.wanted_undo.as_ref()
    }

    pub fn survey(&self) -> Option<(u64, &SurveyNote)> {
        self.survey.as_ref().map(|(seq, note)| (*seq, note))
    }

    pub fn survey_failed(&self) -> Option<(u64, &str)> {
        self.survey_failed.as_ref().map(|(seq, why)| (*seq, why.as_str()))
    }

    /// When the trail was last read, or could not be.
    pub fn last_survey_at(&self) -> Option<Timestamp> {
        self.last_survey_at
    }

    pub fn answers(&self) -> &[(u64, AnswerNote)] {
        &self.answers
    }

    pub fn questions_failed(&self) -> &[(u64, String, String)] {
        &self.questions_failed
    }

    pub fn is_cancelled(&self, asked: u64) -> bool {
        self.cancelled.contains(&asked)
    }

    /// Whether every question of this press has its answer, or the reason why not.
    pub fn is_answered(&self, asked: u64) -> bool {
        self.questions_done.contains(&asked)
    }

    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }

    pub fn report_sha256(&self) -> Option<&str> {
        self.report_sha256.as_deref()
    }

    /// The brake as this case last heard of it.
    pub fn brake(&self) -> Option<&Brake> {
        self.brake.as_ref()
    }

    /// Whether the brake is on: then no step begins.
    pub fn is_frozen(&self) -> bool {
        self.brake.as_ref().is_some_and(|brake| brake.frozen)
    }

    pub fn is_archived(&self) -> bool {
        self.archived
    }

    /// The plan that waits for approval, if one does.
    pub fn pending_plan(&self) -> Option<&PlanState> {
        self.plans.values().rev().find(|state| state.status() == PlanStatus::Proposed)
    }

    /// The containments and follow-ups that were carried out and not undone since, oldest first.
    pub fn standing_plans(&self) -> impl DoubleEndedIterator<Item = &PlanState> {
        let undone = self
            .plans
            .values()
            .filter(|state| state.plan.kind == PlanKind::Undo)
            .filter(|state| matches!(state.status(), PlanStatus::Done))
            .map(|state| state.plan.number)
            .max();
        self.plans.values().filter(move |state| {
            state.plan.kind != PlanKind::Undo
                && state.has_begun()
                && undone.is_none_or(|undone| state.plan.number > undone)
        })
    }

    /// The plan under whose approval the case is being contained, if one is.
    pub fn covering_plan(&self) -> Option<PlanNumber> {
        let standing = self.standing_containment().filter(|state| state.still_covers());
        standing.map(|state| state.plan.number)
    }

    /// Whether people have decided to take the containment back, and it is under way: what is then
    /// found lifted was lifted by us.
    pub fn is_being_undone(&self) -> bool {
        let under_way = |state: &PlanState| {
            matches!(state.status(), PlanStatus::Approved | PlanStatus::Executing)
        };
        self.plans.values().any(|state| state.plan.kind == PlanKind::Undo && under_way(state))
    }

    /// The newest of the standing plans: it is read back for all of them.
    pub fn standing_containment(&self) -> Option<&PlanState> {
        self.standing_plans().next_back()
    }

    /// The record of the last press of a phase's button.
    pub(super) fn last_press(&self, phase: Phase) -> Option<u64> {
        self.presses(phase).last().map(|press| press.seq)
    }
}

impl PlanState {
    /// Whether this plan is one whose steps may still be added to under its approval.
    pub fn still_covers(&self) -> bool {
        let begun =
            matches!(self.status(), PlanStatus::Executing | PlanStatus::Done | PlanStatus::Partly);
        begun && self.contained.is_none() && self.plan.kind != PlanKind::Undo
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

    /// Whether enough distinct people approved, or one broke the glass.
    pub fn is_approved(&self) -> bool {
        self.approvals.len() as u32 >= self.plan.approvals_needed || self.glass.is_some()
    }

    /// Whether somebody broke the glass and nobody else has looked at that yet.
    pub fn awaits_review(&self) -> bool {
        self.glass.is_some() && self.glass_reviewed.is_none()
    }

    pub fn has_begun(&self) -> bool {
        self.steps.iter().any(|step| step.attempts > 0)
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
        self.all_steps()
            .filter(|(_, _, state)| matches!(state.result, Some(StepResult::Done { .. })))
    }

    /// The steps that are to hold: done, and not taken back by a later step of the same plan.
    pub fn holding_steps(&self) -> impl Iterator<Item = (u32, &Step, &StepState)> {
        let taken_back = |index: u32, step: &Step| {
            let later = self.done_steps().filter(move |(other, _, _)| *other > index);
            later.into_iter().any(|(_, other, _)| other.action.takes_back(&step.action))
        };
        self.done_steps().filter(move |(index, step, _)| !taken_back(*index, step))
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

    /// The checks since the last step ended; a re-applied step starts the schedule again.
    pub fn checks_since_end(&self) -> impl Iterator<Item = &Check> {
        let ended = self.ended_at();
        self.checks.iter().filter(move |check| ended.is_some_and(|ended| check.at >= ended))
    }
}
