//! The part of the fold that is about plans: decisions on them, and their execution.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::exposure::{Basis, Exposure};
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::plan::{Plan, PlanKind, Step};
use crate::domain::plan_state::{Check, PlanState, PlanStatus, StepState};
use crate::domain::principal::PrincipalKind;
use crate::domain::record::{Press, Record};
use crate::domain::step_result::StepResult;
use jiff::Timestamp;

/// A step that fails in a way that may pass is tried this often before a person must look.
const ATTEMPTS_MAX: u32 = 5;

impl Case {
    #[expect(clippy::wildcard_enum_match_arm, reason = "take_in sends only decisions")]
    /// A proposal, or what people decided about one.
    pub(super) fn take_in_decision(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        match &record.event {
            Event::Proposed { plan, hash } => self.take_in_proposal(record, plan, hash)?,
            Event::Approved { plan, hash } => {
                let approval = press(record)?;
                let state = self.plan_state(*plan)?;
                state.approve(hash, approval, record.proof().is_some())?;
            }
            Event::OwnerAgreed { plan, hash } => {
                let word = press(record)?;
                self.plan_state(*plan)?.agree(hash, word)?;
            }
            Event::Denied { plan, reason } => {
                let denial = press(record)?;
                let state = self.plan_state(*plan)?;
                state.must_be_open()?;
                state.denied = Some((denial, reason.clone()));
            }
            Event::Withdrawn { plan } => {
                let person = record.person().ok_or(IllegalRecord::NotAPerson)?;
                self.plan_state(*plan)?.withdraw(person)?;
            }
            Event::Expired { plan } => {
                let state = self.plan_state(*plan)?;
                if state.status() != PlanStatus::Proposed {
                    return Err(IllegalRecord::WrongState("waiting for approval"));
                }
                state.expired = true;
            }
            Event::GlassBroken { plan, hash, reason } => {
                let breaker = press(record)?;
                let state = self.plan_state(*plan)?;
                judge_glass(state, hash)?;
                state.glass = Some((breaker, reason.clone()));
            }
            Event::GlassReviewed { plan, verdict } => {
                let reviewer = press(record)?;
                let state = self.plan_state(*plan)?;
                if !state.awaits_review() {
                    return Err(IllegalRecord::WrongState("waiting for a review"));
                }
                if state.glass.as_ref().is_some_and(|(breaker, _)| breaker.by == reviewer.by) {
                    return Err(IllegalRecord::OwnGlass);
                }
                state.glass_reviewed = Some((reviewer, verdict.clone()));
            }
            Event::Voided { plan, why } => self.plan_state(*plan)?.voided = Some(why.clone()),
            Event::Covered { plan, steps, snapshot } => {
                let state = self.plan_state(*plan)?;
                if !state.is_approved() || state.contained.is_some() {
                    return Err(IllegalRecord::WrongState("approved and still containing"));
                }
                if steps.iter().any(|step| step.provisional) {
                    state.raced_at = Some(record.at);
                }
                // A role or a key that is only suspected shows nothing: both are made all day.
                // Neither does a resource, which the trail tells of long after it was made.
                let shows = |step: &Step| {
                    let kind = step.action.on.kind;
                    let is_key = matches!(step.action.change, Change::DeactivateKey { .. });
                    let guess = step.provisional && (kind == PrincipalKind::Role || is_key);
                    step.action.contains() && !guess && kind != PrincipalKind::Resource
                };
                if steps.iter().any(shows) {
                    state.shown_at = Some(record.at);
                }
                state.steps.extend(steps.iter().map(|_| StepState::default()));
                state.covered.extend(steps.iter().cloned());
                state.snapshots.push(snapshot.clone());
            }
            _ => {}
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "take_in sends only execution")]
    /// Intents, outcomes and what was read back.
    pub(super) fn take_in_execution(&mut self, record: &Record) -> Result<(), IllegalRecord> {
        match &record.event {
            Event::Capped { plan, why, until } => {
                let state = self.plan_state(*plan)?;
                if !state.is_approved() || state.stepped_up.is_some() {
                    return Err(IllegalRecord::WrongState("approved without a proof"));
                }
                state.capped = Some((why.clone(), *until));
            }
            Event::Intent { plan, step, attempt, plan_hash } => {
                let state = self.plan_state(*plan)?;
                if state.hash != *plan_hash {
                    return Err(IllegalRecord::OtherHash);
                }
                state.begin_step(*step, *attempt, record.at)?;
            }
            Event::Outcome { plan, step, attempt, result } => {
                let state = self.plan_state(*plan)?;
                state.end_step(*step, *attempt, result, record)?;
                if state.plan.kind == PlanKind::Undo {
                    if state.status() == PlanStatus::Done {
                        // Whoever asked for it again meanwhile has it.
                        self.wanted_undo = None;
                    }
                    self.lift(*plan)?;
                }
            }
            Event::ReadBack { plan, check, drifts } => {
                let check = Check { number: *check, at: record.at, drifts: drifts.clone() };
                self.plan_state(*plan)?.checks.push(check);
            }
            Event::Reapply { plan, steps, racing, .. } => {
                let state = self.plan_state(*plan)?;
                if *racing {
                    state.raced += 1;
                    state.raced_at = Some(record.at);
                } else {
                    state.reapplied += 1;
                }
                state.shown_at = Some(record.at);
                state.held_at = None;
                for index in steps {
                    let step = state.steps.get_mut(*index as usize);
                    let step = step.ok_or(IllegalRecord::NoSuchAttempt)?;
                    step.result = None;
                    step.ended_at = None;
                }
            }
            Event::Held { plan } => self.plan_state(*plan)?.held_at = Some(record.at),
            Event::Contained { plan, as_of } => {
                self.plan_state(*plan)?.contained = Some((*as_of, record.at));
            }
            Event::OpenEnds { plan, ends } => {
                self.plan_state(*plan)?.open_ends = ends.clone();
            }
            Event::WatchEnded { plan } => self.plan_state(*plan)?.watch_ended = true,
            _ => {}
        }
        Ok(())
    }

    /// A time of exposure; plans that were made with another one are no longer what is asked. What
    /// is approved stands, and stops more where the trail shows that the actor came earlier.
    pub(super) fn take_in_exposure(
        &mut self,
        record: &Record,
        since: Option<Timestamp>,
        why: Option<&str>,
    ) -> Result<(), IllegalRecord> {
        let moved_back = why.is_some() && self.exposure.is_moved_back_by(since);
        if self.exposure_is_settled() && !moved_back {
            return Err(IllegalRecord::WrongState("free of approved containments"));
        }
        let basis = match why {
            Some(_) if matches!(self.exposure.basis, Basis::Person(_)) => {
                return Err(IllegalRecord::WrongState("without a time that a person gave"));
            }
            Some(why) => Basis::Trail { why: why.to_owned() },
            None => Basis::Person(press(record)?),
        };
        self.exposure = Exposure { since, basis };
        for state in self.plans.values_mut() {
            let outdated = state.plan.exposed_since != since && state.plan.kind != PlanKind::Undo;
            if outdated && state.status() == PlanStatus::Proposed {
                state.voided = Some("the time of exposure was changed".to_owned());
                // The sweep asks again by itself about what it still finds.
                if state.plan.kind == PlanKind::Containment {
                    self.outdated = Some(record.seq);
                }
            }
        }
        Ok(())
    }

    fn take_in_proposal(
        &mut self,
        record: &Record,
        plan: &Plan,
        hash: &str,
    ) -> Result<(), IllegalRecord> {
        if plan.hash() != hash || plan.case != self.id {
            return Err(IllegalRecord::OtherHash);
        }
        if plan.number != self.next_plan_number() {
            return Err(IllegalRecord::NoSuchPlan(plan.number.0));
        }
        let requested_by = plan.requested_by.clone();
        let proposed =
            Press { seq: record.seq, at: record.at, name: record.actor_shown(), by: requested_by };
        for other in self.plans.values_mut() {
            if matches!(other.status(), PlanStatus::Proposed) {
                other.voided = Some(format!("plan {} took its place", plan.number.0));
            }
        }
        self.wanted_undo = None;
        self.not_proposed = None;
        self.outdated = None;
        self.adjustments.reshaped = None;
        self.plans.insert(plan.number, PlanState::new(plan.clone(), hash.to_owned(), proposed));
        Ok(())
    }
}

impl PlanState {
    fn new(plan: Plan, hash: String, proposed: Press) -> Self {
        Self {
            snapshots: vec![plan.snapshot.clone()],
            steps: plan.steps.iter().map(|_| StepState::default()).collect(),
            plan,
            hash,
            proposed,
            approvals: Vec::new(),
            agreed: Vec::new(),
            denied: None,
            expired: false,
            glass: None,
            glass_reviewed: None,
            voided: None,
            capped: None,
            stepped_up: None,
            covered: Vec::new(),
            checks: Vec::new(),
            reapplied: 0,
            raced: 0,
            raced_at: None,
            shown_at: None,
            held_at: None,
            contained: None,
            open_ends: Vec::new(),
            watch_ended: false,
        }
    }

    /// Why the plan can no longer be approved, if it cannot.
    pub fn dead_because(&self) -> Option<String> {
        match self.status() {
            PlanStatus::Denied => Some("it was denied".to_owned()),
            PlanStatus::Expired => Some(self.plan.kind.expired().to_owned()),
            PlanStatus::Voided => {
                Some(format!("it was voided: {}", self.voided.clone().unwrap_or_default()))
            }
            PlanStatus::Proposed
            | PlanStatus::Approved
            | PlanStatus::Executing
            | PlanStatus::Done
            | PlanStatus::Partly => None,
        }
    }

    /// Where a plan stands that has begun.
    pub(super) fn progress(&self) -> PlanStatus {
        let ended = self.steps.iter().all(StepState::has_settled);
        let failed =
            self.steps.iter().any(|step| matches!(step.result, Some(StepResult::Failed { .. })));
        match (ended, failed) {
            (true, true) => PlanStatus::Partly,
            (true, false) => PlanStatus::Done,
            (false, _) if self.voided.is_some() => PlanStatus::Partly,
            (false, _) => PlanStatus::Executing,
        }
    }

    /// A decision on a plan counts until its execution starts.
    pub(super) fn must_be_open(&self) -> Result<(), IllegalRecord> {
        match self.status() {
            PlanStatus::Proposed | PlanStatus::Approved => Ok(()),
            PlanStatus::Executing
            | PlanStatus::Done
            | PlanStatus::Partly
            | PlanStatus::Denied
            | PlanStatus::Expired
            | PlanStatus::Voided => Err(IllegalRecord::WrongState("open to decisions")),
        }
    }

    fn begin_step(&mut self, index: u32, attempt: u32, at: Timestamp) -> Result<(), IllegalRecord> {
        let approved = self.is_approved() && self.denied.is_none();
        if !approved || (self.voided.is_some() && !self.has_begun()) {
            return Err(IllegalRecord::WrongState("approved"));
        }
        let step = self.steps.get_mut(index as usize).ok_or(IllegalRecord::NoSuchAttempt)?;
        if step.result.is_some() && !step.may_be_retried() || attempt != step.attempts + 1 {
            return Err(IllegalRecord::NoSuchAttempt);
        }
        step.attempts = attempt;
        step.open_attempt = Some(attempt);
        step.first_began_at.get_or_insert(at);
        step.began_at = Some(at);
        step.result = None;
        Ok(())
    }

    fn end_step(
        &mut self,
        index: u32,
        attempt: u32,
        result: &StepResult,
        record: &Record,
    ) -> Result<(), IllegalRecord> {
        let step = self.steps.get_mut(index as usize).ok_or(IllegalRecord::NoSuchAttempt)?;
        if step.open_attempt != Some(attempt) {
            return Err(IllegalRecord::NoSuchAttempt);
        }
        step.open_attempt = None;
        step.changed |= matches!(result, StepResult::Done { changed: true, .. });
        step.result = Some(result.clone());
        step.ended_at = Some(record.at);
        Ok(())
    }
}

impl StepState {
    /// A failed step may be tried again; a done one only after it was found reverted.
    pub fn may_be_retried(&self) -> bool {
        matches!(self.result, Some(StepResult::Failed { retryable: true, .. }))
    }

    /// Whether it failed and the bot will try it again by itself.
    pub fn awaits_retry(&self) -> bool {
        self.may_be_retried() && self.attempts < ATTEMPTS_MAX
    }

    /// Whether its result is the last one that this approval leads to.
    pub fn has_settled(&self) -> bool {
        self.result.is_some() && !self.awaits_retry()
    }
}

/// Whether the plan may run on one person's word: waiting, and nothing in it is for ever.
fn judge_glass(state: &PlanState, hash: &str) -> Result<(), IllegalRecord> {
    if state.hash != hash {
        return Err(IllegalRecord::OtherHash);
    }
    if state.status() != PlanStatus::Proposed {
        return Err(IllegalRecord::WrongState("waiting for approval"));
    }
    match state.plan.may_break_glass() {
        true => Ok(()),
        false => Err(IllegalRecord::WrongState("a containment that can be undone")),
    }
}
