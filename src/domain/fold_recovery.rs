//! The part of the fold that is about recovery: losses get their numbers, people settle them.

use crate::domain::case::Case;
use crate::domain::fold::{IllegalRecord, press};
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::PlanStatus;
use crate::domain::record::{Press, Record};
use crate::domain::recovery::{Item, Rotation};
use crate::domain::recovery_step::{RecoveryStep, Replacement};

impl Case {
    pub(super) fn take_in_recovery(
        &mut self,
        record: &Record,
        step: &RecoveryStep,
    ) -> Result<(), IllegalRecord> {
        match step {
            RecoveryStep::Found { .. } => self.take_in_losses(record, step)?,
            RecoveryStep::Settled { loss, remedy } => {
                let press = press(record)?;
                let told = self.survey.as_ref().and_then(|(_, survey)| survey.watermark);
                let item = self.loss(*loss)?;
                if item.settled.is_some() || !remedy.fits(item.loss.kind) {
                    return Err(IllegalRecord::WrongState("a loss that is open to that"));
                }
                item.settled = Some((press, *remedy));
                item.told = told;
                item.seq = record.seq;
            }
            RecoveryStep::Owned { loss, owner } => {
                press(record)?;
                self.loss(*loss)?.owner = Some(owner.clone());
            }
            RecoveryStep::Replaced { with, reason, user } => {
                let by = press(record)?;
                self.void_replacements(&by, *with);
                self.recovery.replacement = Some((by, *with, reason.clone()));
                self.recovery.replacement_for.clone_from(user);
            }
            RecoveryStep::NotMade { why } => {
                self.recovery.not_made = Some((record.seq, why.clone()));
            }
            RecoveryStep::RotationSeen { asked, new, old } => {
                let (at, asked, new, old) = (record.at, *asked, new.clone(), old.clone());
                self.recovery.rotation = Some(Rotation { at, asked, new, old });
            }
            RecoveryStep::Hardened { measure } => {
                let press = press(record)?;
                if self.recovery.hardened.contains_key(measure) {
                    return Err(IllegalRecord::WrongState("a measure that is not in place yet"));
                }
                self.recovery.hardened.insert(*measure, press);
            }
            RecoveryStep::Confirmed { used_after, .. } => {
                self.recovery.confirmed = Some((press(record)?, *used_after));
            }
        }
        Ok(())
    }

    /// A plan that waits is no longer what is asked, and its approvals count for nothing.
    fn void_replacements(&mut self, by: &Press, with: Replacement) {
        for state in self.plans.values_mut() {
            let waits = matches!(state.status(), PlanStatus::Proposed | PlanStatus::Approved);
            if state.plan.kind == PlanKind::Replacement && waits {
                state.voided = Some(format!("{} asked for {} since", by.name, with.words()));
            }
        }
    }

    fn take_in_losses(
        &mut self,
        record: &Record,
        step: &RecoveryStep,
    ) -> Result<(), IllegalRecord> {
        let RecoveryStep::Found { losses, again, more, .. } = step else { return Ok(()) };
        for again in again {
            let item = self.loss(again.loss)?;
            item.loss.last = item.loss.last.max(again.at);
            if item.settled.take().is_some() {
                item.reopened = Some(again.at);
            }
            item.seq = record.seq;
        }
        for loss in losses {
            let number = self.recovery.items.len() as u32 + 1;
            let (loss, seq) = (loss.clone(), record.seq);
            let (owner, settled, told, reopened) = (None, None, None, None);
            let item = Item { number, loss, owner, settled, told, reopened, seq };
            self.recovery.items.push(item);
        }
        self.recovery.more |= more;
        Ok(())
    }

    fn loss(&mut self, number: u32) -> Result<&mut Item, IllegalRecord> {
        let index = usize::try_from(number).unwrap_or_default().checked_sub(1);
        let item = index.and_then(|index| self.recovery.items.get_mut(index));
        item.ok_or(IllegalRecord::NoSuchLoss(number))
    }
}
