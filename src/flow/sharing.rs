//! Before anything is given back: whether another case still needs it, and leaving it to that one.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::plan::PlanKind;
use crate::domain::plan_state::PlanState;
use crate::domain::record::Entry;
use crate::domain::sharing::{has_been_handed, needs};
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::flow::ledger::LedgerError;

/// Whether the step of this plan gives something back to whoever holds the principal.
pub fn gives_back(state: &PlanState, action: &Action) -> bool {
    state.plan.kind == PlanKind::Undo
        || matches!(
            action.change,
            Change::LiftDeny { .. }
                | Change::ActivateKey { .. }
                | Change::ActivateCredential { .. }
                | Change::LiftRevocation { .. }
        )
}

/// The other cases that may stand on what this one stands on: those that are open, and those that
/// were when this one began. What stood before that is in this one's snapshot.
pub async fn beside(desk: &Desk, case: &Case) -> Result<Vec<Case>, StepError> {
    let listed = desk.work.cases_since(case.opened_at()).await;
    let listed = listed.map_err(|error| LedgerError::Unreachable(error.0))?;
    let mut others = Vec::new();
    for listed in listed.iter().filter(|listed| listed.case != *case.id()) {
        others.extend(desk.ledger.find(&listed.case).await?);
    }
    Ok(others)
}

/// The case that this is left to instead of being given back now; none where nobody needs it.
pub async fn left_to(
    desk: &Desk,
    case: &Case,
    action: &Action,
) -> Result<Option<CaseId>, StepError> {
    let others = beside(desk, case).await?;
    let Some(heir) = others.iter().find(|other| needs(other, action)) else {
        return Ok(None);
    };
    if heir.closed_at().is_none() {
        hand_over(desk, case.id(), heir.id(), action).await?;
    }
    Ok(Some(heir.id().clone()))
}

/// Writes into the other case what its undo has to give back, once.
async fn hand_over(
    desk: &Desk,
    from: &CaseId,
    to: &CaseId,
    action: &Action,
) -> Result<(), StepError> {
    let event = Event::HandedOver { from: from.clone(), action: action.clone() };
    let entry = Entry::own(desk.clock.now(), event);
    let judge = |other: &Case| {
        let known = other.closed_at().is_some() || has_been_handed(other, action, from);
        Ok::<_, StepError>((!known).then(|| entry.clone()))
    };
    desk.ledger.append(to, judge).await?;
    Ok(())
}
