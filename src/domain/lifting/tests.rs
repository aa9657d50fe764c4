//! Single steps that are taken back: what goes together, what stays, and what is said of it.

use super::*;
use crate::domain::closed_roles::closed_to_everybody;
use crate::domain::event::Event;
use crate::domain::plan::{Plan, PlanNumber};
use crate::domain::plan_state::PlanStatus;
use crate::domain::record::Actor;
use crate::domain::report::{status_words, waiting};
use crate::domain::sample::{self, add, adjust, opened, own, person, plan, press, propose, run};
use crate::domain::sharing::needs;
use crate::domain::step_result::StepResult;
use crate::domain::trust::of_nobody;
use crate::domain::way::Way;

fn step(plan: u32, step: u32) -> StepAddress {
    StepAddress { plan: PlanNumber(plan), step }
}

/// A containment and a later one that put the same deny on again.
fn contained_twice() -> Case {
    let mut case = opened();
    let first = plan(&case, PlanKind::Containment);
    run(&mut case, first);
    let mut again = plan(&case, PlanKind::FollowUp);
    again.steps.truncate(1);
    run(&mut case, again);
    case
}

fn undo(case: &Case, lifts: Vec<StepAddress>) -> Plan {
    let mut undo = plan(case, PlanKind::Undo);
    undo.steps.truncate(lifts.len());
    for step in &mut undo.steps {
        step.action = step.action.taken_back().unwrap();
    }
    undo.lifts = lifts;
    undo
}

fn in_force(case: &Case) -> Vec<String> {
    liftable(case).into_iter().map(|(at, _)| at.words()).collect()
}

#[test]
fn two_denies_of_one_user_are_one_thing_in_the_account_and_go_together() {
    let case = contained_twice();
    assert_eq!(in_force(&case), ["1.1", "1.2"]);
    assert_eq!(together(&case, &[step(1, 0)]), [step(1, 0), step(2, 0)]);
    assert_eq!(together(&case, &[step(1, 1)]), [step(1, 1)]);
    assert_eq!(together(&case, &[]), []);
}

#[test]
fn a_step_that_was_taken_back_is_said_to_be_and_the_others_stand() {
    let mut case = contained_twice();
    let lifts = together(&case, &[step(1, 0)]);
    let undo = undo(&case, lifts);
    run(&mut case, undo);
    assert_eq!(in_force(&case), ["1.2"]);
    assert_eq!(case.standing_plans().count(), 2, "the rest is still read back");
    let on = PrincipalName::user("ci");
    let is_lifted = |case: &Case| {
        lifted(case).iter().any(|step| matches!(step.action.change, Change::Deny { .. }))
    };
    assert!(is_lifted(&case) && !crate::domain::remains::contained(&case).contains(&on));
    let said = status_words(&case);
    assert!(said.contains("TAKEN BACK, 1 step: Deny everything to user ci"), "{said}");
    let open = crate::domain::recovering::open(&case).join("; ");
    assert!(open.contains("1 of the containment's steps taken back"), "{open}");

    let again = plan(&case, PlanKind::FollowUp);
    run(&mut case, again);
    assert!(!is_lifted(&case), "put in force again");
}

#[test]
fn an_undo_of_everything_leaves_nothing_standing_and_nothing_lifted() {
    let mut case = contained_twice();
    let whole = undo(&case, Vec::new());
    let whole = Plan { steps: plan(&case, PlanKind::Undo).steps, ..whole };
    run(&mut case, whole);
    assert_eq!((in_force(&case), case.standing_plans().count()), (Vec::new(), 0));
    assert!(lifted(&case).is_empty());
}

#[test]
fn another_case_may_have_what_is_being_taken_back_here_and_nothing_else() {
    let mut case = contained_twice();
    let deny = liftable(&case)[0].1.action.clone();
    let key = liftable(&case)[1].1.action.clone();
    let back = |action: &Action| action.taken_back().unwrap();
    let undo = undo(&case, vec![step(1, 1)]);
    let hash = undo.hash();
    let number = undo.number;
    add(&mut case, Actor::Keyleak, Event::Proposed { plan: Box::new(undo), hash: hash.clone() });
    let bob = Actor::Person { person: person("bob"), name: None };
    add(&mut case, bob, Event::Approved { plan: number, hash });
    assert_eq!(case.plan(number).unwrap().status(), PlanStatus::Approved);
    assert!(needs(&case, &back(&deny)), "the deny is not part of that undo");
    assert!(needs(&case, &back(&key)), "under a deny nothing is given back");
    assert!(is_being_lifted(&case, step(1, 1)) && !is_being_lifted(&case, step(1, 0)));
}

/// A user's deny was taken back alone; its key was left inactive.
fn lifted_alone() -> (Case, Action) {
    let mut case = contained_twice();
    case.facts.note(own("ci"));
    let deny = liftable(&case)[0].1.action.clone();
    let lifts = together(&case, &[step(1, 0)]);
    let undo = undo(&case, lifts);
    run(&mut case, undo);
    (case, deny)
}

#[test]
fn what_was_lifted_does_not_come_back_with_a_change_about_somebody_else() {
    let (mut case, deny) = lifted_alone();
    let key = liftable(&case)[0].1.action.clone();
    assert!(stays_lifted(&case, &deny) && !stays_lifted(&case, &key), "the key is in force");
    adjust(&mut case, vec![Adjustment::TakeIn { on: PrincipalName::role("deploy") }]);
    adjust(&mut case, vec![Adjustment::LeaveOut { on: PrincipalName::user("ci") }]);
    assert!(stays_lifted(&case, &deny), "nobody asked for user ci");

    let mut asked = case.clone();
    adjust(&mut asked, vec![Adjustment::Choose { way: Way::DenyAll }]);
    adjust(&mut asked, vec![Adjustment::LeaveOut { on: PrincipalName::role("deploy") }]);
    assert!(!stays_lifted(&asked, &deny), "somebody did, whatever was said of others since");
    let mut asked = case.clone();
    adjust(&mut asked, vec![Adjustment::TakeIn { on: PrincipalName::user("ci") }]);
    assert!(!stays_lifted(&asked, &deny));
    press(&mut case, Phase::Containment);
    assert!(!stays_lifted(&case, &deny), "the button was pressed since");
}

#[test]
fn what_was_asked_for_before_it_was_lifted_counts_no_more() {
    let mut case = contained_twice();
    case.facts.note(own("ci"));
    press(&mut case, Phase::Containment);
    adjust(&mut case, vec![Adjustment::Choose { way: Way::DenyAll }]);
    let deny = liftable(&case)[0].1.action.clone();
    let lifts = together(&case, &[step(1, 0)]);
    let undo = undo(&case, lifts);
    run(&mut case, undo);
    assert!(stays_lifted(&case, &deny));
}

#[test]
fn a_role_that_was_edited_and_then_closed_is_given_back_by_the_step_that_its_line_names() {
    let mut case = opened();
    let role = || sample::role("deploy", "AROA1");
    let put = |document: String| sample::step(role(), Change::PutTrust { document });
    let mut edited = plan(&case, PlanKind::Containment);
    edited.steps = vec![put("{}".to_owned())];
    run(&mut case, edited);
    let mut closed = plan(&case, PlanKind::FollowUp);
    closed.steps = vec![put(of_nobody())];
    run(&mut case, closed);
    let told = closed_to_everybody(&case);
    assert!(told[0].contains("/keyleak undo 2.1"), "{told:?}");
    assert_eq!(in_force(&case), ["1.1"], "one thing in the account");

    let policy =
        Policy { team: "T1".to_owned(), approvers: ["bob".to_owned()].into(), ..Policy::default() };
    let may = |step| policy.may_lift(&sample::caller("bob"), &case, &[step]);
    assert!(may(step(2, 0)).is_ok() && may(step(1, 0)).is_ok());
    let refused = may(step(2, 1)).unwrap_err().to_string();
    assert!(refused.contains("2.2 is not in force"), "{refused}");
    assert_eq!(together(&case, &[step(2, 0)]), [step(1, 0), step(2, 0)]);
}

/// The undo is approved, and its steps come to these ends: done, or refused for good.
fn run_undo(case: &mut Case, undo: Plan, ends: &[bool]) {
    let (plan, hash) = propose(case, undo);
    let bob = Actor::Person { person: person("bob"), name: None };
    add(case, bob, Event::Approved { plan, hash: hash.clone() });
    for (step, is_done) in (0..).zip(ends) {
        let (attempt, plan_hash) = (1, hash.clone());
        add(case, Actor::Keyleak, Event::Intent { plan, step, attempt, plan_hash });
        let result = match is_done {
            true => StepResult::Done { changed: true, how: None, request_id: None },
            false => {
                StepResult::Failed { why: "denied".to_owned(), retryable: false, request_id: None }
            }
        };
        add(case, Actor::Keyleak, Event::Outcome { plan, step, attempt, result });
    }
}

#[test]
fn an_undo_that_failed_half_way_has_lifted_what_it_gave_back_and_leaves_the_rest_in_force() {
    let mut case = contained_twice();
    let mut whole = undo(&case, vec![step(1, 0), step(1, 1)]);
    whole.lifts = Vec::new();
    whole.steps.reverse();
    let again = Plan { steps: vec![whole.steps[1].clone()], ..whole.clone() };
    run_undo(&mut case, whole, &[true, false]);
    assert_eq!(in_force(&case), ["1.1"], "the key is given back, the deny is not");
    let key = lifted(&case)[0].action.clone();
    assert!(matches!(key.change, Change::DeactivateKey { .. }) && stays_lifted(&case, &key));
    let said = status_words(&case);
    assert!(said.contains("undo (plan 3) only partly done: 1 of 2 steps done, 1 failed"), "{said}");
    let waits = waiting(&case).join("\n");
    assert!(waits.contains("press Undo again for the rest"), "{waits}");

    let again = Plan { number: case.next_plan_number(), ..again };
    run_undo(&mut case, again, &[true]);
    assert_eq!((in_force(&case), case.standing_plans().count()), (Vec::new(), 0));
}

#[test]
fn a_deny_by_the_boundary_is_given_back_by_two_steps_and_not_by_one() {
    for (ends, left) in [([true, false], vec!["1.1", "1.2"]), ([true, true], vec!["1.2"])] {
        let mut case = contained_twice();
        let mut back = undo(&case, vec![step(1, 0)]);
        let boundary = Change::SetBoundary { boundary: None };
        back.steps.push(sample::step(sample::user("ci", "AIDA1"), boundary));
        back.lifts = together(&case, &back.lifts);
        run_undo(&mut case, back, &ends);
        assert_eq!(in_force(&case), left, "{ends:?}");
    }
}
