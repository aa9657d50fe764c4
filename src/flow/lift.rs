//! Asking for single steps of a containment to be taken back: judged like the undo of the whole.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::plan::StepAddress;
use crate::domain::policy::Policy;
use crate::domain::proof::Caller;
use crate::domain::refusal::Refusal;
use crate::flow::desk::Bench;
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::{self, Speaker};

/// What was said about an undo that was asked for in words.
pub async fn say(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    steps: &[StepAddress],
) -> Result<String, LedgerError> {
    let judge = |case: &Case| wanted(&bench.policy(), &speaker.caller, (case, steps));
    let said = |_: &Case| {
        "The undo is being prepared; its plan comes into the channel, and needs its approvals."
            .to_owned()
    };
    spoken::decide(bench, case, (speaker, "undo"), judge, said).await
}

/// The event that the wish means, or why it is refused.
pub fn wanted(
    policy: &Policy,
    caller: &Caller,
    (case, steps): (&Case, &[StepAddress]),
) -> Result<Event, Refusal> {
    policy.may_lift(caller, case, steps)?;
    let standing = case.standing_containment().ok_or(Refusal::OldCard)?;
    Ok(Event::UndoWanted { plan: standing.plan.number, steps: steps.to_vec() })
}
