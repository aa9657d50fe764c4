//! When a key may be made, which wish a plan answers, and which key is ours.

use super::{explains, not_now, wanted};
use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::drift::Drift;
use crate::domain::event::Event;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::domain::plan::{Plan, PlanKind, PlanNumber};
use crate::domain::plan_state::PlanStatus;
use crate::domain::principal::PrincipalName;
use crate::domain::record::Actor;
use crate::domain::recovery_step::{RecoveryStep, Replacement};
use crate::domain::sample::{KEY, add, at, opened, person, plan, propose, run, step, user};
use jiff::SignedDuration;

fn bob() -> Actor {
    Actor::Person { person: person("bob"), name: Some("bob".to_owned()) }
}

fn done() -> Case {
    let mut case = opened();
    let containment = plan(&case, PlanKind::Containment);
    run(&mut case, containment);
    case
}

fn contained() -> Case {
    let mut case = done();
    add(&mut case, Actor::Keyleak, Event::Contained { plan: PlanNumber(1), as_of: at(50) });
    case
}

/// A plan that makes a key of user `heir`.
fn making(case: &Case) -> Plan {
    let (secret, region) = ("keyleak/kl-1/2/heir".to_owned(), Some("eu-west-1".to_owned()));
    let change = Change::MakeKey { secret, region, beside: vec![AccessKeyId::parse(KEY).unwrap()] };
    let steps = vec![step(user("heir", "AIDA2"), change)];
    Plan { steps, ..plan(case, PlanKind::Replacement) }
}

fn wish(case: &mut Case, with: Replacement, user: Option<&str>) {
    let user = user.map(|user| UserName(user.to_owned()));
    let step = RecoveryStep::Replaced { with, reason: "a vendor".to_owned(), user };
    add(case, bob(), Event::Recovery { step: Box::new(step) });
}

fn status(case: &Case) -> PlanStatus {
    case.plans().next_back().unwrap().status()
}

#[test]
fn no_key_is_made_unless_the_case_is_contained_and_stays_so_and_the_leaked_key_is_inactive() {
    let heir = PrincipalName::user("heir");
    let why = |case: &Case, active| not_now(case, &heir, active).unwrap_or_default();
    assert_eq!(not_now(&contained(), &heir, false), None, "the control");
    assert!(why(&opened(), false).contains("does not say \"contained\""));
    assert!(why(&done(), false).contains("does not say \"contained\""));
    let active = why(&contained(), true);
    assert!(active.contains("is active") && active.contains("replace key again"), "{active}");
    assert!(!active.contains(KEY), "{active}");

    let mut reverted = contained();
    let (plan_1, what) = (PlanNumber(1), "no longer denied".to_owned());
    let drifts = vec![Drift { plan: plan_1, step: Some(0), what, by: None }];
    add(&mut reverted, Actor::Keyleak, Event::ReadBack { plan: plan_1, check: 0, drifts });
    assert!(why(&reverted, false).contains("found reverted"));

    let mut undone = contained();
    let undo = plan(&undone, PlanKind::Undo);
    let (number, hash) = propose(&mut undone, undo);
    assert_eq!(not_now(&undone, &heir, false), None, "people may still deny it");
    add(&mut undone, bob(), Event::Approved { plan: number, hash });
    assert!(why(&undone, false).contains("being undone"));
}

#[test]
fn a_newer_wish_voids_the_plan_of_the_older_even_where_people_have_approved_that() {
    let newer =
        [(Replacement::Role, None), (Replacement::Key, None), (Replacement::Key, Some("other"))];
    for (with, user) in newer {
        for approved in [false, true] {
            let mut case = contained();
            wish(&mut case, Replacement::Key, Some("heir"));
            let plan = making(&case);
            let (number, hash) = propose(&mut case, plan);
            assert!(wanted(&case).is_none() && status(&case) == PlanStatus::Proposed);
            if approved {
                add(&mut case, bob(), Event::Approved { plan: number, hash });
            }
            wish(&mut case, with, user);
            assert_eq!(status(&case), PlanStatus::Voided, "{with:?} {user:?} {approved}");
            assert_eq!(wanted(&case).is_some(), with == Replacement::Key);
        }
    }
    let mut case = contained();
    wish(&mut case, Replacement::Key, Some("heir"));
    let plan = making(&case);
    run(&mut case, plan);
    wish(&mut case, Replacement::Role, None);
    assert_eq!(status(&case), PlanStatus::Done, "the control: what is made is made");
}

#[test]
fn a_plan_that_something_else_voided_is_made_again_and_one_that_people_denied_is_not() {
    let mut case = contained();
    wish(&mut case, Replacement::Key, Some("heir"));
    let first = making(&case);
    let (number, _) = propose(&mut case, first);
    let why = "plan 3 took its place".to_owned();
    add(&mut case, Actor::Keyleak, Event::Voided { plan: number, why });
    assert!(wanted(&case).is_some(), "the word still stands");
    let second = making(&case);
    let (number, _) = propose(&mut case, second);
    assert!(wanted(&case).is_none());
    add(&mut case, bob(), Event::Denied { plan: number, reason: None });
    assert!(wanted(&case).is_none(), "people have answered");
    let not_made = RecoveryStep::NotMade { why: "no".to_owned() };
    wish(&mut case, Replacement::Key, Some("heir"));
    add(&mut case, Actor::Keyleak, Event::Recovery { step: Box::new(not_made) });
    assert!(wanted(&case).is_none(), "and so has keyleak");
}

#[test]
fn a_key_is_ours_by_its_user_and_its_time_and_only_where_it_is_new() {
    let mut case = contained();
    let (old, new) = (AccessKeyId::parse(KEY), AccessKeyId::parse("AKIAQNZGKIQY56JQ0001"));
    let (old, new) = (old.unwrap(), new.unwrap());
    let heir = PrincipalName::user("heir");
    let ours = |case: &Case, of: &PrincipalName, key: &AccessKeyId, seconds: i64| {
        explains(case, of, (key, at(50) + SignedDuration::from_secs(seconds)))
    };
    let plan = making(&case);
    let (number, hash) = propose(&mut case, plan);
    add(&mut case, bob(), Event::Approved { plan: number, hash: hash.clone() });
    assert!(!ours(&case, &heir, &new, 1), "nothing was intended yet");
    let intent = Event::Intent { plan: number, step: 0, attempt: 1, plan_hash: hash };
    add(&mut case, Actor::Keyleak, intent);
    assert!(ours(&case, &heir, &new, 1), "it is on its way");
    assert!(!ours(&case, &PrincipalName::user("mona"), &new, 1));
    assert!(!ours(&case, &heir, &old, 1), "it was there before");
    assert!(!ours(&case, &heir, &new, 600) && !ours(&case, &heir, &new, -600));
}
