//! The part of the fold that is about what people change of a plan.

use crate::domain::adjustment::Adjustment;
use crate::domain::case::Case;
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::lifting::given_back;
use crate::domain::plan::{PlanKind, PlanNumber, StepAddress};
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::record::Record;

impl Case {
    /// What an undo has given back is in force no more, and the rest is, although the undo may fail
    /// half-way. One that is done has given back all the steps that it names.
    pub(super) fn lift(&mut self, undo: PlanNumber) -> Result<(), IllegalRecord> {
        let state = self.plan(undo).ok_or(IllegalRecord::NoSuchPlan(undo.0))?;
        let mut back = given_back(self, state);
        if state.status() == PlanStatus::Done {
            back.extend(&state.plan.lifts);
        }
        for at in back {
            let step = self.plan_state(at.plan)?.steps.get_mut(at.step as usize);
            step.ok_or(IllegalRecord::NoSuchAttempt)?.lifted = Some(undo);
        }
        Ok(())
    }

    /// Somebody wants a plan taken back, or these steps of it.
    pub(super) fn want_undo(
        &mut self,
        record: &Record,
        (plan, steps): (PlanNumber, &[StepAddress]),
    ) -> Result<(), IllegalRecord> {
        self.plan_state(plan)?;
        self.wanted_undo = Some(press(record)?);
        self.wanted_steps = steps.to_vec();
        Ok(())
    }

    /// A plan that waits is no longer what is asked, and its approvals count for nothing.
    pub(super) fn take_in_adjustments(
        &mut self,
        record: &Record,
        adjustments: &[Adjustment],
    ) -> Result<(), IllegalRecord> {
        let by = press(record)?;
        if self.plans.values().any(PlanState::is_under_way) {
            return Err(IllegalRecord::WrongState("free of approved plans"));
        }
        for adjustment in adjustments {
            self.adjustments.take_in(adjustment, &by);
        }
        let said: Vec<String> = adjustments.iter().map(Adjustment::words).collect();
        let mut is_wanted = adjustments.iter().any(|adjustment| match adjustment {
            Adjustment::TakeIn { .. } | Adjustment::Choose { .. } => true,
            Adjustment::LeaveOut { .. } | Adjustment::AsProposed { .. } => false,
        });
        for state in self.plans.values_mut() {
            if state.plan.kind.contains() && state.status() == PlanStatus::Proposed {
                state.voided = Some(format!("{} {}", by.name, said.join(", ")));
                is_wanted = true;
                if state.plan.kind == PlanKind::FollowUp {
                    self.adjustments.reshaped = Some(state.plan.number);
                }
            }
        }
        if is_wanted {
            self.outdated = Some(record.seq);
        }
        Ok(())
    }
}
