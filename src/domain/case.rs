//! A case: one exposed key, one channel, one journal; nothing here that the journal does not say.

use crate::domain::adjustments::Adjustments;
use crate::domain::brake::Brake;
use crate::domain::event::{Opening, Phase};
use crate::domain::exposure::{Basis, Exposure};
use crate::domain::facts::Facts;
use crate::domain::ids::{AccountId, CaseId, KeyKind, PersonId};
use crate::domain::impact::ImpactAnswer;
use crate::domain::plan::{PlanKind, PlanNumber, StepAddress};
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::reading::{AnswerNote, SurveyNote};
use crate::domain::reconciliation::Reconciliation;
use crate::domain::record::{Press, Record};
use crate::domain::recovery::Recovery;
use crate::domain::room::Room;
use crate::domain::spending::Spending;
use crate::domain::team::Team;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    /// Why nothing is deleted, and the record that said so.
    pub(super) not_eradicated: Option<(u64, String)>,
    /// The record that took a proposal's time of exposure from under it; it is to be made again.
    pub(super) outdated: Option<u64>,
    /// The record in which the trail told last who signs with the key.
    pub(super) signer_told: Option<u64>,
    pub(super) wanted_undo: Option<Press>,
    /// The steps that it is to take back; all of them where it names none.
    pub(super) wanted_steps: Vec<StepAddress>,
    pub(super) adjustments: Adjustments,
    pub(super) survey: Option<(u64, SurveyNote)>,
    pub(super) survey_failed: Option<(u64, String)>,
    pub(super) last_survey_at: Option<Timestamp>,
    pub(super) spending: Spending,
    pub(super) answers: Vec<(u64, AnswerNote)>,
    pub(super) questions_failed: Vec<(u64, String, String)>,
    /// The questions that people asked by their ids, beside those of the phases.
    pub(super) inquiries: Vec<(Press, Vec<String>)>,
    pub(super) cancelled: BTreeSet<u64>,
    pub(super) questions_done: BTreeSet<u64>,
    pub(super) recovery: Recovery,
    pub(super) impact_answers: Vec<(Press, ImpactAnswer)>,
    pub(super) team: Team,
    pub(super) closed_at: Option<Timestamp>,
    /// What AWS's own log said of the closed case, or why it was not asked.
    pub(super) reconciled: Option<Result<Reconciliation, String>>,
    pub(super) report_sha256: Option<String>,
    pub(super) archived: bool,
    pub(super) brake: Option<Brake>,
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

    /// The account that the case is about: once something was changed it is the account of that
    /// plan, whatever validation finds out later; before, it is as validation told.
    pub fn account(&self) -> Option<&AccountId> {
        let begun = self.plans.values().rev().find(|state| state.has_begun());
        let begun = begun.map(|state| &state.plan.account);
        begun.or_else(|| self.facts.account_known().map(|finding| &finding.account))
    }

    /// Whether a validation is complete that was not asked for again since.
    pub fn validated(&self) -> bool {
        self.validated_at.is_some_and(|at| self.last_press(Phase::Validation) < Some(at))
    }

    /// When the last validation was complete.
    pub fn validated_at(&self) -> Option<Timestamp> {
        self.time_of(self.validated_at?)
    }

    fn time_of(&self, seq: u64) -> Option<Timestamp> {
        let index = usize::try_from(seq).ok()?.checked_sub(1)?;
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

    /// The record that said why nothing is deleted, and its words.
    pub fn not_eradicated(&self) -> Option<(u64, &str)> {
        self.not_eradicated.as_ref().map(|(seq, why)| (*seq, why.as_str()))
    }

    /// When it was last found that there is nothing to propose.
    pub fn not_proposed_at(&self) -> Option<Timestamp> {
        self.not_proposed.as_ref().and_then(|(seq, _)| self.time_of(*seq))
    }

    /// The record that made a proposal outdated, while there is no newer one.
    pub fn outdated(&self) -> Option<u64> {
        self.outdated
    }

    /// Whether a plan is no longer what is asked, and the next one is not made yet.
    pub fn is_being_remade(&self) -> bool {
        let said = self.not_proposed().map(|(seq, _)| seq);
        self.outdated.is_some_and(|changed| Some(changed) > said)
    }

    /// Whether people may be asked about what is found now: no other question waits, and nothing
    /// that they have just changed or asked for would be answered by another.
    pub fn may_ask(&self) -> bool {
        let (pressed, answered) = self.pressed_and_answered();
        self.pending_plan().is_none() && !self.is_being_remade() && pressed <= answered
    }

    /// The last record that asks for a containment, and the last that proposes something or says
    /// why not; 0 where there is none.
    pub fn pressed_and_answered(&self) -> (u64, u64) {
        let pressed = self.presses(Phase::Containment).last().map(|press| press.seq);
        let pressed = pressed.max(self.outdated()).max(self.signer_told());
        let answered = self.plans().map(|state| state.proposed.seq).max();
        let answered = answered.max(self.not_proposed().map(|(seq, _)| seq));
        (pressed.unwrap_or(0), answered.unwrap_or(0))
    }

    /// Whether only the trail can tell whose key it is, and it has not yet, or not what opened the
    /// session: records come out of order.
    pub fn awaits_signer(&self) -> bool {
        let elsewhere = self.facts.account_known().is_some_and(|a| a.canary || !a.ours);
        let is_session = self.opening.key.kind() == KeyKind::Session;
        let is_told = self.facts.signer_known().is_some_and(|signer| signer.via.is_some());
        is_session && !elsewhere && !is_told
    }

    /// The record in which the trail told whose key it is, while there is no plan: what was said
    /// to be missing is there now.
    pub fn signer_told(&self) -> Option<u64> {
        self.signer_told.filter(|_| self.plans.is_empty())
    }

    /// The undo that somebody asked for and that has no plan yet.
    pub fn wanted_undo(&self) -> Option<&Press> {
        self.wanted_undo.as_ref()
    }

    /// The steps that it is to take back; all of them where it names none.
    pub fn wanted_steps(&self) -> &[StepAddress] {
        &self.wanted_steps
    }

    /// What people have changed of what the plans hold.
    pub fn adjustments(&self) -> &Adjustments {
        &self.adjustments
    }

    pub fn survey(&self) -> Option<(u64, &SurveyNote)> {
        self.survey.as_ref().map(|(seq, note)| (*seq, note))
    }

    pub fn survey_failed(&self) -> Option<(u64, &str)> {
        self.survey_failed.as_ref().map(|(seq, why)| (*seq, why.as_str()))
    }

    /// Whether the trail was read for this case, or could not be.
    pub fn was_looked_at(&self) -> bool {
        let told = matches!(self.exposure.basis, Basis::Trail { .. });
        told || self.survey.is_some() || self.survey_failed.is_some()
    }

    /// When the trail was last read, or could not be.
    pub fn last_survey_at(&self) -> Option<Timestamp> {
        self.last_survey_at
    }

    /// What reading the trail in Athena has cost so far.
    pub fn spending(&self) -> &Spending {
        &self.spending
    }

    pub fn answers(&self) -> &[(u64, AnswerNote)] {
        &self.answers
    }

    pub fn questions_failed(&self) -> &[(u64, String, String)] {
        &self.questions_failed
    }

    /// The questions that people asked by their ids, oldest first.
    pub fn inquiries(&self) -> &[(Press, Vec<String>)] {
        &self.inquiries
    }

    pub fn is_cancelled(&self, asked: u64) -> bool {
        self.cancelled.contains(&asked)
    }

    /// Whether every question of this press has its answer, or the reason why not.
    pub fn is_answered(&self, asked: u64) -> bool {
        self.questions_done.contains(&asked)
    }

    /// What was found lost, and what people did about it.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// What people answered to the impact questions, oldest first; the last of each counts.
    pub fn impact_answers(&self) -> &[(Press, ImpactAnswer)] {
        &self.impact_answers
    }

    /// How severe it is, and who does what.
    pub fn team(&self) -> &Team {
        &self.team
    }

    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }

    /// What AWS's own log said of the closed case, or why it was not asked.
    pub fn reconciled(&self) -> Option<&Result<Reconciliation, String>> {
        self.reconciled.as_ref()
    }

    /// Whether the case is closed and AWS's own log is still to be asked; the report waits for it.
    pub fn awaits_reconciliation(&self) -> bool {
        self.closed_at.is_some() && self.reconciled.is_none()
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
            .filter(|state| state.plan.kind == PlanKind::Undo && state.plan.lifts.is_empty())
            .filter(|state| matches!(state.status(), PlanStatus::Done))
            .map(|state| state.plan.number)
            .max();
        self.plans.values().filter(move |state| {
            state.plan.kind.contains()
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
        let undoes = |state: &PlanState| state.plan.kind == PlanKind::Undo && state.is_under_way();
        self.plans.values().any(undoes)
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
