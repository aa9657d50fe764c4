//! Who may answer the impact questions, and when an answer counts.

use crate::domain::case::Case;
use crate::domain::impact::{ImpactAnswer, ImpactWord};
use crate::domain::impact_state::{answered, state};
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;

impl Policy {
    /// The answer that this person's word makes; a press is worth what stood on the card whose
    /// last record about the question is `seen`.
    pub fn may_answer(
        &self,
        caller: &Caller,
        case: &Case,
        (word, seen): (&ImpactWord, Option<u64>),
    ) -> Result<ImpactAnswer, Refusal> {
        self.is_disinterested_staff(caller, case)?;
        if seen.is_some_and(|seen| seen != state(case, word.question).seq) {
            return Err(Refusal::OldCard);
        }
        Ok(answered(case, word)?)
    }
}
