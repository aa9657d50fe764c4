//! Who may let a reading of the trail scan more than it may by itself.

use crate::domain::case::Case;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::domain::spending_step::SpendingStep;
use crate::domain::tier::Tier;

impl Policy {
    /// What the word of this person is worth about the reading that record `seq` asked for: an
    /// approver's, and not of whoever it is read for.
    pub fn may_allow_reading(
        &self,
        caller: &Caller,
        case: &Case,
        seq: u64,
    ) -> Result<SpendingStep, Refusal> {
        self.is_approver(caller, Tier::Read)?;
        self.is_disinterested(caller, case)?;
        let mut waiting = case.spending().not_allowed();
        // Nothing is asked any more once the case is closed.
        let waiting = waiting.find(|one| one.seq == seq && case.closed_at().is_none());
        let waiting = waiting.ok_or(Refusal::NoReading)?;
        if self.is_own(caller, &waiting.requester) {
            return Err(Refusal::OwnReading);
        }
        Ok(SpendingStep::Allowed { sql_sha256: waiting.scan.sql_sha256.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::record::Actor;
    use crate::domain::sample::{add, caller, opened, person, scan};
    use std::collections::BTreeSet;

    #[test]
    fn an_approver_allows_the_reading_on_the_card_and_nobody_what_they_asked_for_themselves() {
        let mut case = opened();
        let policy = Policy {
            team: person("ana").team,
            approvers: ["ana", "bob", "eve"].map(str::to_owned).into(),
            suspects: BTreeSet::from(["eve".to_owned()]),
            ..Policy::default()
        };
        let judged =
            |case: &Case, user: &str, seq| policy.may_allow_reading(&caller(user), case, seq);
        assert_eq!(judged(&case, "bob", 1), Err(Refusal::NoReading));
        let asked = SpendingStep::Asked { scan: scan("a"), requester: person("ana") };
        add(&mut case, Actor::Keyleak, Event::Spending { step: Box::new(asked) });
        let seq = case.seq();
        let allowed = SpendingStep::Allowed { sql_sha256: "a".to_owned() };
        assert_eq!(judged(&case, "bob", seq), Ok(allowed));
        assert_eq!(judged(&case, "ana", seq), Err(Refusal::OwnReading));
        assert_eq!(judged(&case, "eve", seq), Err(Refusal::Suspect));
        assert_eq!(judged(&case, "zoe", seq), Err(Refusal::NotApprover));
        assert_eq!(judged(&case, "bob", seq - 1), Err(Refusal::NoReading));
        add(
            &mut case,
            Actor::Person { person: person("ana"), name: None },
            Event::Closed { reason: None },
        );
        assert_eq!(judged(&case, "bob", seq), Err(Refusal::NoReading));
    }
}
