//! Before anything is given back: whether another case still needs it, and leaving it to that one.

use crate::domain::action::Action;
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
    state.plan.kind == PlanKind::Undo || !action.contains()
}

/// Who a thing is left to instead of being given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heir {
    /// An open case, whose undo gives it back.
    Open(CaseId),
    /// A closed one, which left it in force and has no undo any more.
    Closed(CaseId),
    /// One whose journal does not say what it needs.
    Unreadable(CaseId),
}

/// The other cases that may stand on what this one stands on: those that are open, and those that
/// were when this one began. What stood before that is in this one's snapshot.
async fn beside(desk: &Desk, case: &Case) -> Result<Vec<Result<Case, CaseId>>, StepError> {
    let listed = desk.work.cases_since(case.opened_at()).await;
    let listed = listed.map_err(|error| LedgerError::Unreachable(error.0))?;
    let mut others = Vec::new();
    for listed in listed.into_iter().filter(|listed| listed.case != *case.id()) {
        match desk.ledger.find(&listed.case).await {
            Ok(found) => others.extend(found.map(Ok)),
            // Its own readers say what is wrong with it; here nothing is given back over it.
            Err(LedgerError::Tampered { case, .. }) => others.push(Err(case)),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(others)
}

/// The readable ones among them that need what this action would give back.
pub async fn who_needs(
    desk: &Desk,
    case: &Case,
    actions: &[&Action],
) -> Result<Vec<(CaseId, usize)>, StepError> {
    let others = beside(desk, case).await?;
    let needing = others.iter().flatten().flat_map(|other| {
        let needed = actions.iter().enumerate().filter(|(_, action)| needs(other, action));
        needed.map(|(index, _)| (other.id().clone(), index))
    });
    Ok(needing.collect())
}

/// Who this is left to instead of being given back now; none where nobody needs it.
pub async fn left_to(desk: &Desk, case: &Case, action: &Action) -> Result<Option<Heir>, StepError> {
    let others = beside(desk, case).await?;
    let mut heirs: Vec<&Case> = others.iter().flatten().filter(|one| needs(one, action)).collect();
    heirs.sort_by_key(|heir| heir.closed_at().is_some());
    if let Some(heir) = heirs.first() {
        let id = heir.id().clone();
        if heir.closed_at().is_some() {
            return Ok(Some(Heir::Closed(id)));
        }
        hand_over(desk, case.id(), heir, action).await?;
        return Ok(Some(Heir::Open(id)));
    }
    let unreadable = others.into_iter().find_map(Result::err);
    Ok(unreadable.map(Heir::Unreadable))
}

/// Writes into the other case what its undo has to give back, once. An undo of it that waits for
/// people was made without that, and is void.
async fn hand_over(
    desk: &Desk,
    from: &CaseId,
    to: &Case,
    action: &Action,
) -> Result<(), StepError> {
    let event = Event::HandedOver { from: from.clone(), action: action.clone() };
    let entry = Entry::own(desk.clock.now(), event);
    let judge = |other: &Case| {
        let known = other.closed_at().is_some() || has_been_handed(other, action, from);
        Ok::<_, StepError>((!known).then(|| entry.clone()))
    };
    desk.ledger.append(to.id(), judge).await?;
    let void = |other: &Case| {
        let waits = other.pending_plan().filter(|state| state.plan.kind == PlanKind::Undo)?;
        let why = "another case left more to this undo; press Undo again".to_owned();
        Some(Entry::own(desk.clock.now(), Event::Voided { plan: waits.plan.number, why }))
    };
    desk.ledger.append(to.id(), |other| Ok::<_, StepError>(void(other))).await?;
    Ok(())
}
