//! What is written down of what people ask for, and what is refused.

use super::*;
use crate::domain::action::Change;
use crate::domain::event::{Event, Phase};
use crate::domain::plan::{Plan, PlanKind, Step};
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::record::Actor;
use crate::domain::resource_change::ResourceChange;
use crate::domain::sample::{
    add, adjust, caller, deny, opened, own, person, plan, press, propose, role, run, step,
};
use jiff::SignedDuration;
use std::collections::BTreeMap;

fn rules() -> PlanRules {
    PlanRules {
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: Vec::new(),
        protected_roles: Vec::new(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
        isolation_groups: BTreeMap::new(),
    }
}

/// User `ci`, whose key leaked, has its key inactive, and nothing more.
fn standing() -> Case {
    let mut case = opened();
    case.facts.note(own("ci"));
    let mut first = plan(&case, PlanKind::Containment);
    first.steps.remove(0);
    run(&mut case, first);
    case
}

fn on() -> PrincipalName {
    PrincipalName::role("deploy")
}

fn take_in() -> Wanted {
    Wanted::TakeIn("role/deploy".to_owned())
}

fn say(case: &Case, wanted: Wanted) -> Result<Vec<Adjustment>, String> {
    asked(case, &rules(), &[wanted]).map_err(|refusal| refusal.to_string())
}

/// The next plan with these steps, as people shaped it.
fn next(case: &Case, steps: Vec<Step>) -> Plan {
    let adjusted = case.adjustments().adjusted();
    Plan { steps, adjusted, ..plan(case, PlanKind::FollowUp) }
}

fn denied(case: &mut Case, next: Plan) {
    let (plan, _) = propose(case, next);
    let bob = Actor::Person { person: person("bob"), name: None };
    add(case, bob, Event::Denied { plan, reason: None });
}

const ALREADY: &str = "that is how it is already";

#[test]
fn a_take_in_whose_plan_was_denied_may_be_said_again_and_one_that_waits_or_holds_not() {
    let mut case = standing();
    adjust(&mut case, vec![Adjustment::TakeIn { on: on() }]);
    assert!(case.is_being_remade() && !case.may_ask(), "nothing else is asked before it");
    assert_eq!(say(&case, take_in()), Err(ALREADY.to_owned()), "its plan is being made");
    let steps = || vec![step(role("deploy", "AROA1"), deny())];
    let mut waiting = case.clone();
    let with_it = next(&case, steps());
    propose(&mut waiting, with_it.clone());
    assert_eq!(say(&waiting, take_in()), Err(ALREADY.to_owned()));

    denied(&mut case, with_it);
    assert!(case.may_ask());
    assert_eq!(say(&case, take_in()), Ok(vec![Adjustment::TakeIn { on: on() }]));
    let other = next(&case, vec![step(role("other", "AROA2"), deny())]);
    propose(&mut case, other);
    assert!(say(&case, take_in()).is_ok(), "a question about others does not carry it out");

    let again = next(&case, steps());
    run(&mut case, again);
    assert_eq!(say(&case, take_in()), Err(ALREADY.to_owned()));
}

#[test]
fn a_way_whose_plan_was_denied_may_be_chosen_again() {
    let mut case = standing();
    let choose = || Wanted::Choose(Way::DenyAll);
    adjust(&mut case, vec![Adjustment::Choose { way: Way::KeyAlone }]);
    assert!(say(&case, Wanted::Choose(Way::KeyAlone)).is_err(), "the key is inactive");
    adjust(&mut case, vec![Adjustment::Choose { way: Way::DenyAll }]);
    assert_eq!(say(&case, choose()), Err(ALREADY.to_owned()), "its plan is being made");
    let harder = next(&case, vec![plan(&case, PlanKind::FollowUp).steps[0].clone()]);
    denied(&mut case, harder.clone());
    assert_eq!(say(&case, choose()), Ok(vec![Adjustment::Choose { way: Way::DenyAll }]));
    let again = next(&case, harder.steps);
    run(&mut case, again);
    assert_eq!(say(&case, choose()), Err(ALREADY.to_owned()));
}

#[test]
fn a_milder_way_is_not_there_while_a_plan_waits_with_a_deny() {
    let mut case = standing();
    adjust(&mut case, vec![Adjustment::Choose { way: Way::KeyAlone }]);
    let harder = next(&case, vec![plan(&case, PlanKind::FollowUp).steps[0].clone()]);
    propose(&mut case, harder);
    assert!(say(&case, Wanted::Choose(Way::KeyAlone)).is_ok());
}

#[test]
fn a_resource_is_stopped_or_left_out_and_never_denied() {
    let mut case = standing();
    let named = |text: &str| text.to_owned();
    let (name, id) = (named("loot"), named("loot"));
    let arn = named("arn:aws:lambda:eu-central-1:029608264753:function:loot");
    let function = Principal { kind: PrincipalKind::Resource, name, id, arn };
    let stop = Change::Resource { change: ResourceChange::StopFunction };
    let stopped = step(function.clone(), stop);
    let with_it = next(&case, vec![stopped, step(role("deploy", "AROA1"), deny())]);
    propose(&mut case, with_it);
    let said = say(&case, Wanted::TakeIn("resource/loot".to_owned())).unwrap_err();
    assert!(said.contains("is a resource") && said.contains("left out"), "{said}");
    let out = say(&case, Wanted::LeaveOut("resource/loot".to_owned()));
    let on = function.key();
    assert_eq!(out, Ok(vec![Adjustment::LeaveOut { on: on.clone() }]));
    let of_it = |case: &Case| meant(&candidates(case), "resource/loot").cloned().unwrap();
    assert!(!of_it(&case).may_be_whole());

    let mut older = case.clone();
    adjust(&mut older, vec![Adjustment::TakeIn { on: on.clone() }]);
    assert_eq!(of_it(&older).now, Extent::AsProposed, "an older journal may say so");
    adjust(&mut case, vec![Adjustment::LeaveOut { on: on.clone() }]);
    let back = say(&case, Wanted::TakeIn("resource/loot".to_owned()));
    assert_eq!(back, Ok(vec![Adjustment::AsProposed { on }]), "left out, it can be put back");
}

/// The form as it opens, sent without a tick changed, but for what is left out.
fn form(case: &Case, leave_out: &str) -> Picked {
    let state = adjustable(case).unwrap();
    let at =
        PlanAddress { case: case.id().clone(), plan: state.plan.number, hash: state.hash.clone() };
    let all = listed(case);
    let ticked = |extent: Extent| {
        let slugs = all.iter().filter(|one| !one.is_own && one.now >= extent);
        slugs.map(Candidate::slug).filter(|slug| slug != leave_out).collect()
    };
    Picked {
        at,
        shown: shown(&all),
        contained: ticked(Extent::AsProposed),
        whole: ticked(Extent::Whole),
        way: case.adjustments().way().map(|(way, _)| way),
    }
}

#[test]
fn a_form_that_says_again_what_was_lifted_does_not_put_it_in_force_again() {
    let mut case = standing();
    adjust(&mut case, vec![Adjustment::TakeIn { on: on() }]);
    adjust(&mut case, vec![Adjustment::Choose { way: Way::DenyAll }]);
    let own_deny = plan(&case, PlanKind::FollowUp).steps[0].clone();
    let taken = next(&case, vec![own_deny, step(role("deploy", "AROA1"), deny())]);
    run(&mut case, taken.clone());
    let at = |step| StepAddress { plan: taken.number, step };
    let mut undo = Plan { lifts: vec![at(0), at(1)], ..plan(&case, PlanKind::Undo) };
    undo.steps = taken.steps.clone();
    undo.steps.iter_mut().for_each(|step| step.action = step.action.taken_back().unwrap());
    run(&mut case, undo);

    let nothing = picked(&case, &rules(), &form(&case, ""));
    assert_eq!(nothing.map_err(|why| why.to_string()), Err(ALREADY.to_owned()));
    let out = picked(&case, &rules(), &form(&case, "role/deploy"));
    assert_eq!(out, Ok(vec![Adjustment::LeaveOut { on: on() }]));
    assert!(say(&case, take_in()).is_ok(), "in words it is meant");
    assert!(say(&case, Wanted::Choose(Way::DenyAll)).is_ok());
}

#[test]
fn no_question_of_ours_passes_for_the_answer_to_a_press() {
    let mut case = standing();
    assert!(case.may_ask());
    press(&mut case, Phase::Containment);
    assert!(!case.may_ask(), "the plan that was asked for comes first");
    let answer = plan(&case, PlanKind::FollowUp);
    run(&mut case, answer);
    assert!(case.may_ask());
}

#[test]
fn while_an_undo_waits_the_refusal_names_it_and_says_what_comes_first() {
    let mut case = standing();
    let policy =
        Policy { team: "T1".to_owned(), approvers: ["bob".to_owned()].into(), ..Policy::default() };
    let may = |case: &Case| policy.may_adjust(&caller("bob"), case).map_err(|why| why.to_string());
    assert_eq!(may(&case), Ok(()), "the control");
    let undo = plan(&case, PlanKind::Undo);
    let number = undo.number.0;
    propose(&mut case, undo);
    let why = format!(
        "plan {number} (an undo) waits for a decision: have it approved or denied first, then \
         change what is contained"
    );
    assert_eq!(may(&case), Err(why));
}
