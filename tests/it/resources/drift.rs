//! After a drift: what is nobody's is put back first, and owners are asked about the rest.

use super::*;
use crate::ground::USER;
use keyleak::domain::plan::Step;
use keyleak::domain::principal::PrincipalName;
use keyleak::sim::attacker::{Attacker, Operation};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_drift_no_owner_holds_up_the_deny_and_what_is_the_owners_is_asked_about_next() {
    let mut town = town(96).await;
    town.ground.key_owners = BTreeMap::from([("finance".to_owned(), OWNER.to_owned())]);
    let code = ResourceCall::UpdateFunctionCode { function: INVOICES.to_owned() };
    town.steals(code).await;
    let bureau = Bureau::open(&town.ground).await;
    let case = bureau.report(&town.ground.key().access_key_id, town.ground.since).await;
    story::approve(&bureau, &case, PlanKind::Containment).await;
    let at = story::approve(&bureau, &case, PlanKind::FollowUp).await;
    bureau.press(OWNER, ButtonAction::Approve(at)).await;
    bureau.wait(&case, "contained", is_contained).await;

    // Somebody of the house takes both back between two looks.
    let policy_arn = town.ground.deny_policy_arn.clone();
    let off = Operation::DetachPolicy { from: PrincipalName::user(USER), policy_arn };
    let function = OfResource::Function { reserved: Some(7) };
    town.cloud.add_resource((ResourceType::Function, INVOICES), function, "finance");
    assert!(town.office.call(&town.colleague, &off).await.worked());
    let asked = |case: &Case| {
        let state = case.pending_plan().filter(|state| state.plan.kind == PlanKind::FollowUp)?;
        let on = |step: &Step| step.action.on.key();
        Some((story::address(state), state.plan.steps.iter().map(on).collect::<Vec<_>>()))
    };
    let (at, on) = bureau.wait(&case, "the deny is proposed again", asked).await;
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert!(on.contains(&PrincipalName::user(USER)), "{on:?}\n{}", journal(&now));
    let invoices = named(ResourceType::Function, INVOICES).key();
    assert!(!on.contains(&invoices), "{on:?}");
    bureau.press(APPROVER, ButtonAction::Approve(at.clone())).await;
    let next = |case: &Case| asked(case).filter(|(other, _)| other.plan != at.plan);
    let (_, on) = bureau.wait(&case, "the owner is asked", next).await;
    assert_eq!(on, [invoices]);
    let now = bureau.desk.ledger.load(&case).await.unwrap();
    assert_eq!(now.plan(at.plan).unwrap().status(), PlanStatus::Done, "{}", journal(&now));
    assert!(now.pending_plan().unwrap().owners_missing().next().is_some());
    bureau.close().await;
}
