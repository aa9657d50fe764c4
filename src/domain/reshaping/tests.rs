//! What a changed follow-up hands on, and what it does not.

use super::*;
use crate::domain::facts::Fact;
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::sample::{
    adjust, deny, opened, own, photograph, plan, propose, role, run, step,
};
use crate::domain::snapshot::{OfRole, Own};
use crate::domain::trust::of_nobody;
use crate::domain::way::Way;

fn ci() -> PrincipalName {
    PrincipalName::user("ci")
}

/// A follow-up waits that denies user `ci`, whose key leaked, and role `deploy`.
fn waiting() -> Case {
    let mut case = opened();
    case.facts.note(own("ci"));
    let first = plan(&case, PlanKind::Containment);
    run(&mut case, first);
    let mut asked = plan(&case, PlanKind::FollowUp);
    asked.steps.push(step(role("deploy", "AROA1"), deny()));
    propose(&mut case, asked);
    case
}

fn names(case: &Case) -> Vec<String> {
    taken_over(case, &ci()).iter().map(|step| step.action.on.to_string()).collect()
}

#[test]
fn a_milder_way_does_not_carry_the_harder_steps_on_whatever_is_said_next() {
    let mut case = waiting();
    adjust(&mut case, vec![Adjustment::LeaveOut { on: PrincipalName::user("nightly") }]);
    assert_eq!(names(&case), ["user ci", "user ci", "role deploy"]);
    assert!(!way_is_new(&case), "nobody chose");
    adjust(&mut case, vec![Adjustment::Choose { way: Way::KeyAlone }]);
    assert_eq!(names(&case), ["role deploy"]);
    adjust(&mut case, vec![Adjustment::LeaveOut { on: PrincipalName::role("deploy") }]);
    assert!(way_is_new(&case), "chosen before the last change, and no plan made with it yet");
    assert_eq!(names(&case), [""; 0]);
}

#[test]
fn a_way_that_the_follow_up_was_made_with_keeps_its_steps() {
    let mut case = waiting();
    adjust(&mut case, vec![Adjustment::Choose { way: Way::KeyAlone }]);
    let made = Plan {
        steps: vec![plan(&case, PlanKind::FollowUp).steps[1].clone()],
        adjusted: case.adjustments().adjusted(),
        ..plan(&case, PlanKind::FollowUp)
    };
    propose(&mut case, made);
    adjust(&mut case, vec![Adjustment::LeaveOut { on: PrincipalName::user("nightly") }]);
    assert!(!way_is_new(&case));
    assert_eq!(names(&case), ["user ci"]);
}

#[test]
fn a_role_that_is_to_be_closed_is_not_opened_by_an_edit_that_is_taken_over() {
    let trust = |document: &str| Change::PutTrust { document: document.to_owned() };
    let on = role("deploy", "AROA1");
    let trusting = |trust: &str| {
        let own = Own::Role(OfRole {
            trust: trust.to_owned(),
            description: None,
            session_seconds_max: 3600,
            instance_profiles: Fact::Known(Vec::new()),
        });
        photograph(&on, own)
    };
    let (cleaned, closing) = (step(on.clone(), trust("{}")), step(on.clone(), trust(&of_nobody())));
    let open = trusting(r#"{"Statement":[]}"#);
    assert!(is_needed(&cleaned, (&[], &open)));
    assert!(!is_needed(&cleaned, (&[closing], &open)), "one trust policy, one step");
    let other = step(role("other", "AROA2"), trust(&of_nobody()));
    assert!(is_needed(&cleaned, (&[other], &open)));
    assert!(!is_needed(&cleaned, (&[], &trusting(&of_nobody()))), "closed already");
    let again = step(role("deploy", "AROA3"), trust("{}"));
    assert!(!is_needed(&again, (&[], &open)), "another one by now");
}
