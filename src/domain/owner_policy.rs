//! Whose word about a resource counts, and whether it may be given: its owner's, by the settings.

use crate::domain::case::Case;
use crate::domain::ids::PersonId;
use crate::domain::plan_state::PlanState;
use crate::domain::policy::{Choice, Policy, Wish, is_open};
use crate::domain::record::Press;
use crate::domain::refusal::Refusal;
use crate::domain::resource_owner::Word;

impl Policy {
    /// Whether this person's word counts as that of an owner of what the plan stops. They need not
    /// be an approver, and may have asked for the plan: it is theirs that is taken.
    pub fn may_agree(
        &self,
        Wish { caller, choice, now }: &Wish<'_>,
        case: &Case,
        state: &PlanState,
    ) -> Result<(), Refusal> {
        self.is_ours(caller)?;
        self.is_disinterested(caller, case)?;
        is_open(state, *now)?;
        let said = |presses: &[Press]| presses.iter().any(|press| press.by == *caller.person());
        let has_said = said(&state.agreed) || said(&state.approvals);
        match (choice, state.asks_owner(caller.person())) {
            (_, false) | (Choice::Deny, true) => Err(Refusal::NotApprover),
            (Choice::Approve, true) if has_said => Err(Refusal::AlreadyApproved),
            (Choice::Withdraw, true) if state.has_begun() => Err(Refusal::Begun),
            (Choice::Withdraw, true) if !has_said => Err(Refusal::NotApproved),
            (Choice::Approve | Choice::Withdraw, true) => Ok(()),
        }
    }

    /// Whose word about a resource with this owner tag counts: its owner's, where the settings name
    /// one who may decide at all, else one approver's more.
    pub fn owners_word(&self, case: &Case, tag: Option<&str>) -> Word {
        let Some(tag) = tag else {
            return Word::Another("it has no owner tag".to_owned());
        };
        match self.key_owners.get(tag) {
            None => Word::Another(format!("people.key_owners has nobody for its tag {tag}")),
            Some(user) if self.is_suspect(user) => {
                Word::Another("its owner is marked as a suspect".to_owned())
            }
            Some(user) if self.owns_key(user, case) => {
                Word::Another("its owner owns the key too".to_owned())
            }
            Some(user) => Word::Of(PersonId { team: self.team.clone(), user: user.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;
