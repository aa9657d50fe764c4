//! What two cases hold alike (one deny, one key, one trust) is given back by the last of them.

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::CaseId;
use crate::domain::lifting::is_being_lifted;
use crate::domain::makers;
use crate::domain::plan::{PlanKind, StepAddress};
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::step_result::StepResult;

/// Whether a case still needs what this action would give back: it stands on the same principal,
/// and not on a suspicion that its own trail has cleared. Under a deny nothing of the principal is
/// given back. What is being undone needs nothing any more.
pub fn needs(case: &Case, back: &Action) -> bool {
    let is_whole = |state: &PlanState| {
        state.plan.kind == PlanKind::Undo && state.is_under_way() && state.plan.lifts.is_empty()
    };
    if case.plans().any(is_whole) {
        return false;
    }
    let mut steps = case.standing_plans().flat_map(|state| {
        let plan = state.plan.number;
        state.all_steps().map(move |(step, what, done)| (StepAddress { plan, step }, what, done))
    });
    steps.any(|(at, step, done)| {
        let failed = matches!(done.result, Some(StepResult::Failed { .. }));
        let lifted = done.lifted.is_some() || is_being_lifted(case, at);
        let stands = !failed && !lifted && step.action.on == back.on;
        let cleared = step.provisional && is_others(case, &step.action);
        stands && !cleared && holds_down(&step.action.change, &back.change)
    })
}

/// Whether the case's own trail names somebody else as the maker of what this stopped.
fn is_others(case: &Case, stopping: &Action) -> bool {
    case.survey().is_some_and(|(_, note)| makers::is_others(stopping, note.of_others()))
}

/// Whether the one change has to be gone before the other may be made.
fn holds_down(held: &Change, back: &Change) -> bool {
    match (held, back) {
        // An inline policy that ends sessions has the name of its own case.
        (_, Change::LiftRevocation { .. }) => false,
        (Change::Deny { .. }, _)
        | (Change::PutTrust { .. }, Change::PutTrust { .. })
        | (Change::Quarantine { .. }, Change::LiftQuarantine { .. }) => true,
        (Change::DeactivateKey { key }, Change::ActivateKey { key: other }) => key == other,
        (
            Change::DeactivateCredential { credential },
            Change::ActivateCredential { credential: other },
        ) => credential == other,
        // What was there before a later case has the deny of an earlier one in it.
        (Change::Resource { change: held }, Change::Resource { change: back }) => {
            back.takes_off(held)
        }
        _ => false,
    }
}

/// What this case's undo gives back for others: they were undone while it still needed it.
pub fn handed_over(case: &Case) -> Vec<(&CaseId, &Action)> {
    let undone = case.plans().filter(|state| {
        let is_whole = state.plan.kind == PlanKind::Undo && state.plan.lifts.is_empty();
        is_whole && matches!(state.status(), PlanStatus::Done)
    });
    // An older one was part of that undo.
    let after = undone.map(|state| state.proposed.seq).max();
    let records = case.records().iter().filter(|record| Some(record.seq) > after);
    let left = records.filter_map(|record| {
        let Event::HandedOver { from, action } = &record.event else { return None };
        let is_back = |state: &PlanState| {
            let is_later = state.plan.kind == PlanKind::Undo && state.proposed.seq > record.seq;
            is_later && state.done_steps().any(|(_, step, _)| step.action == *action)
        };
        (!case.plans().any(is_back)).then_some((from, action))
    });
    left.collect()
}

/// Whether another case has left just this to the case already.
pub fn has_been_handed(case: &Case, what: &Action, from: &CaseId) -> bool {
    handed_over(case).into_iter().any(|(by, action)| by == from && action == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::bucket_policy::BucketDeny;
    use crate::domain::ids::AccessKeyId;
    use crate::domain::resource_change::ResourceChange;
    use crate::domain::sample::KEY;

    fn deny() -> Change {
        let policy_arn = "arn:aws:iam::aws:policy/AWSDenyAll".to_owned();
        Change::Deny { policy_arn, inline_name: "KeyleakDeny-a".to_owned() }
    }

    fn lift() -> Change {
        let policy_arn = "arn:aws:iam::aws:policy/AWSDenyAll".to_owned();
        Change::LiftDeny { policy_arn, inline_name: "KeyleakDeny-b".to_owned() }
    }

    fn resource(change: ResourceChange) -> Change {
        Change::Resource { change }
    }

    #[test]
    fn under_a_deny_nothing_is_given_back_but_what_only_the_other_case_has() {
        let key = AccessKeyId::parse(KEY).unwrap();
        assert!(holds_down(&deny(), &lift()));
        assert!(holds_down(&deny(), &Change::ActivateKey { key }));
        assert!(holds_down(&deny(), &Change::SetBoundary { boundary: None }));
        let own = Change::LiftRevocation { inline_name: "KeyleakRevoke-b".to_owned() };
        assert!(!holds_down(&deny(), &own));
    }

    #[test]
    fn a_key_holds_down_itself_and_no_deny() {
        let key = AccessKeyId::parse(KEY).unwrap();
        let other = AccessKeyId::parse("AKIAQNZGKIQYYYYYYYYY").unwrap();
        let held = Change::DeactivateKey { key: key.clone() };
        assert!(holds_down(&held, &Change::ActivateKey { key }));
        assert!(!holds_down(&held, &Change::ActivateKey { key: other }));
        assert!(!holds_down(&held, &lift()));
    }
    #[test]
    fn a_bucket_that_two_cases_closed_is_opened_by_neither_for_the_other() {
        let bucket = "arn:aws:s3:::loot";
        let deny = |case: &str| BucketDeny::new(&CaseId(case.to_owned()), bucket, Vec::new());
        let closed = |by: &str| resource(ResourceChange::CloseBucket { deny: deny(by) });
        let back = |document| resource(ResourceChange::PutBucketPolicy { document });
        assert!(holds_down(&closed("kl-2"), &back(None)), "the first would open it for the second");
        let with_the_first = deny("kl-1").added_to(None);
        assert!(!holds_down(&closed("kl-1"), &back(with_the_first.clone())), "its deny stays");
        assert!(holds_down(&closed("kl-2"), &back(with_the_first)));
    }

    #[test]
    fn an_instance_or_function_that_two_cases_stopped_stays_stopped() {
        let isolated = resource(ResourceChange::Isolate { group: "sg-0".to_owned() });
        let groups =
            |group: &str| resource(ResourceChange::PutGroups { groups: vec![group.into()] });
        assert!(
            holds_down(&isolated, &groups("sg-web")) && !holds_down(&isolated, &groups("sg-0"))
        );
        let stopped = resource(ResourceChange::StopFunction);
        let reserved = |reserved| resource(ResourceChange::PutConcurrency { reserved });
        assert!(holds_down(&stopped, &reserved(None)) && !holds_down(&stopped, &reserved(Some(0))));
        assert!(!holds_down(&stopped, &stopped), "what contains takes nothing back");
    }
}
