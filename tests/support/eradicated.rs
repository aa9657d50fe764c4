//! What the actor made is deleted for good, after two approvals and not before; on every ground.

use crate::bureau::{APPROVER, ASKER, Bureau, SECOND_APPROVER, is_contained, journal};
use crate::ground::{BACKDOOR, Ground, USER};
use crate::story;
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::event::Phase;
use keyleak::domain::ids::{CaseId, UserName};
use keyleak::domain::plan::PlanKind;
use keyleak::domain::plan_state::{PlanState, PlanStatus};
use keyleak::domain::principal::PrincipalName;
use keyleak::flow::photograph::photograph;
use keyleak::ports::cloud::CallClass;
use std::collections::BTreeSet;

/// Reports the key and contains everything, whatever is asked on the way.
pub(crate) async fn contained(bureau: &Bureau, ground: &Ground) -> CaseId {
    let case = bureau.report(&ground.key().access_key_id, ground.since).await;
    story::approve(bureau, &case, PlanKind::Containment).await;
    let mut answered = BTreeSet::new();
    loop {
        let next = |case: &Case| match is_contained(case) {
            Some(()) => Some(None),
            None => {
                let asked = case.pending_plan().filter(|state| state.plan.kind.contains());
                let asked = asked.filter(|state| !answered.contains(&state.plan.number));
                asked.map(|state| Some(address(state)))
            }
        };
        match bureau.wait(&case, "contained, or asked", next).await {
            None => return case,
            Some(asked) => {
                answered.insert(asked.plan);
                bureau.press(APPROVER, ButtonAction::Approve(asked)).await;
            }
        }
    }
}

/// Presses Eradication.
pub(crate) async fn press(bureau: &Bureau, case: &CaseId) {
    let phase = Phase::Eradication;
    bureau.press(ASKER, ButtonAction::Phase { case: case.clone(), phase }).await;
}

/// Waits for the plan that deletes, which names exactly these principals and two people.
pub(crate) async fn proposed(
    bureau: &Bureau,
    case: &CaseId,
    names: &[PrincipalName],
) -> PlanAddress {
    let pending = |case: &Case| {
        let state = case.pending_plan().filter(|s| s.plan.kind == PlanKind::Eradication)?;
        let steps = state.plan.steps.iter();
        let on: BTreeSet<_> = steps.map(|step| step.action.on.key()).collect();
        Some((address(state), on, state.plan.approvals_needed, state.plan.may_break_glass()))
    };
    let (at, on, needed, glass) = bureau.wait(case, "a plan that deletes", pending).await;
    let now = bureau.desk.ledger.load(case).await.expect("the case is readable");
    let expected = names.iter().cloned().collect();
    assert_eq!(on, expected, "what the actor made, and nothing else\n{}", journal(&now));
    assert_eq!((needed, glass), (2, false), "irreversible: two people, and no glass to break");
    at
}

/// Both approve; one of them is not enough.
pub(crate) async fn approved(bureau: &Bureau, ground: &Ground, at: &PlanAddress) {
    bureau.press(APPROVER, ButtonAction::Approve(at.clone())).await;
    ground.clock.sleep(ground.timing.survey_every.unsigned_abs()).await;
    let now = bureau.desk.ledger.load(&at.case).await.expect("the case is readable");
    let state = now.plan(at.plan).expect("the plan");
    assert_eq!(state.status(), PlanStatus::Proposed, "one approver is not enough");
    bureau.press(SECOND_APPROVER, ButtonAction::Approve(at.clone())).await;
}

/// Waits until everything was deleted and read back.
pub(crate) async fn deleted(bureau: &Bureau, at: &PlanAddress) -> Case {
    let read_back = |case: &Case| {
        let state = case.plan(at.plan)?;
        let done = state.status() == PlanStatus::Done && state.held_at.is_some();
        done.then(|| case.clone())
    };
    bureau.wait(&at.case, "deleted and read back", read_back).await
}

/// The user that the actor made is gone; the key's own user is there, its key inactive.
pub(crate) async fn only_the_actors_are_gone(ground: &Ground, case: &Case) {
    let gone = ground.lookup.user(&UserName(BACKDOOR.to_owned())).await;
    let gone = gone.map_err(|error| error.class);
    assert_eq!(gone.err(), Some(CallClass::NotFound), "{}", journal(case));
    let owner = photograph(ground.lookup.as_ref(), &PrincipalName::user(USER)).await;
    let owner = owner.expect("the key's own user is left alone");
    let kept = owner.keys().iter().find(|key| key.id.reveal() == ground.key().access_key_id);
    assert_eq!(kept.map(|key| key.active), Some(false), "kept, and inactive");
}

fn address(state: &PlanState) -> PlanAddress {
    PlanAddress { case: state.plan.case.clone(), plan: state.plan.number, hash: state.hash.clone() }
}
