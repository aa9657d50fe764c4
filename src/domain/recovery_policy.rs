//! Who may say what in a recovery: responders and approvers settle, the owner may confirm.

use crate::domain::case::Case;
use crate::domain::hardening::checklist;
use crate::domain::measure::Measure;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::recovering::{is_confirmed, silence};
use crate::domain::recovery::Item;
use crate::domain::recovery_step::Remedy;
use crate::domain::refusal::Refusal;
use crate::domain::tier::Tier;
use jiff::Timestamp;

impl Policy {
    /// Whether this person may say what becomes of losses, or of the key.
    pub fn may_recover(&self, caller: &Caller, case: &Case) -> Result<(), Refusal> {
        self.is_disinterested_staff(caller, case)
    }

    /// Whether this person's word settles the loss, as it was on the card whose record is `seq`.
    pub fn may_settle(
        &self,
        caller: &Caller,
        case: &Case,
        (number, seq, remedy): (u32, u64, Remedy),
    ) -> Result<(), Refusal> {
        self.may_recover(caller, case)?;
        let item = known(case, number)?;
        match &item.settled {
            Some((press, before)) => Err(Refusal::AlreadySettled {
                loss: number,
                by: press.name.clone(),
                remedy: before.words(),
            }),
            None if item.seq != seq || !remedy.fits(item.loss.kind) => Err(Refusal::OldCard),
            None => Ok(()),
        }
    }

    /// Whether this person's word checks a measure of the checklist off.
    pub fn may_harden(
        &self,
        caller: &Caller,
        case: &Case,
        measure: Measure,
    ) -> Result<(), Refusal> {
        self.may_recover(caller, case)?;
        match case.recovery().hardened(measure) {
            Some(press) => Err(Refusal::AlreadyHardened { by: press.name.clone() }),
            None if checklist(case).iter().all(|item| item.measure != measure) => {
                Err(Refusal::OldCard)
            }
            None => Ok(()),
        }
    }

    /// Whether this person may say who sees to a loss.
    pub fn may_name_owner(&self, caller: &Caller, case: &Case, number: u32) -> Result<(), Refusal> {
        self.may_recover(caller, case)?;
        known(case, number).map(drop)
    }

    /// Whether this person may confirm the recovery, having seen this last use of the key after
    /// the containment. The owner may: they know whether the workload runs.
    pub fn may_confirm(
        &self,
        caller: &Caller,
        case: &Case,
        seen: Option<Timestamp>,
    ) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        self.is_member(caller)?;
        self.is_among_us(caller, case)?;
        let owns = self.owns_key(&caller.person().user, case);
        if !owns && self.is_approver(caller, Tier::Contain).is_err() {
            return Err(Refusal::NeitherOwner);
        }
        self.is_no_suspect(caller)?;
        let silence = silence(case).ok_or(Refusal::NeverContained)?;
        if is_confirmed(case) {
            return Err(Refusal::AlreadyConfirmed);
        }
        let now = silence.broken_at().map(Timestamp::as_second);
        if now == seen.map(Timestamp::as_second) { Ok(()) } else { Err(Refusal::OldCard) }
    }
}

fn known(case: &Case, number: u32) -> Result<&Item, Refusal> {
    case.recovery().item(number).ok_or(Refusal::NoSuchLoss(number))
}
