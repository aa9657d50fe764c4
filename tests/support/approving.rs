//! People who approve whatever they are asked, until a case says that it is contained.

use crate::bureau::{APPROVER, Bureau, caller};
use jiff::{SignedDuration, Timestamp};
use keyleak::domain::button::{ButtonAction, PlanAddress};
use keyleak::domain::case::Case;
use keyleak::domain::event::Event;
use keyleak::domain::ids::CaseId;
use keyleak::domain::plan::PlanKind;
use keyleak::flow::decide::{Pressed, press};
use std::time::Duration;

/// Waits for the plan that contains, and approves it.
pub(crate) async fn approve_containment(bureau: &Bureau, case: &CaseId) {
    let proposed = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::Containment)?;
        Some(PlanAddress {
            case: state.plan.case.clone(),
            plan: state.plan.number,
            hash: state.hash.clone(),
        })
    };
    let at = bureau.wait(case, "a plan is proposed", proposed).await;
    bureau.press(APPROVER, ButtonAction::Approve(at)).await;
}

/// Approves whatever is asked, as a person would, until the case says "contained"; since when.
pub(crate) async fn contained(
    bureau: &Bureau,
    case: &CaseId,
    patience: SignedDuration,
) -> Option<Timestamp> {
    let clock = bureau.desk.clock;
    let deadline = clock.now() + patience;
    while clock.now() < deadline {
        let now = bureau.desk.ledger.load(case).await.expect("the case is readable");
        let mut records = now.records().iter();
        let said = records.find(|record| matches!(record.event, Event::Contained { .. }));
        if let Some(record) = said {
            return Some(record.at);
        }
        if let Some(state) = now.pending_plan() {
            let at = PlanAddress {
                case: case.clone(),
                plan: state.plan.number,
                hash: state.hash.clone(),
            };
            let button = ButtonAction::Approve(at);
            let caller = caller(APPROVER);
            let pressed = Pressed { caller, button, place: None, delivery: None, reason: None };
            // A plan that was overtaken meanwhile is proposed again, and approved then.
            press(&bureau.desk.bench(), &pressed).await.expect("it is recorded");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    None
}
