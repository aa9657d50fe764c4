//! Which of the actor's resources may go, and what keeps each of the others.

use super::*;
use crate::domain::event::Event;
use crate::domain::ids::AccountId;
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::record::Actor;
use crate::domain::regular::RegularUse;
use crate::domain::resource::ResourceType;
use crate::domain::resource_change::ResourceChange;
use crate::domain::resources_left::{Stands, not_stopped, standing};
use crate::domain::sample::{add, at, opened, photograph, plan, run, survey};
use crate::domain::snapshot::Own;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

const STOPPED: OfResource = OfResource::Function { reserved: Some(0) };
const RUNNING: OfResource = OfResource::Function { reserved: None };

fn made() -> MadeResource {
    MadeResource {
        type_name: Some(ResourceType::Function.type_name().to_owned()),
        name: "miner".to_owned(),
        region: "eu-west-1".to_owned(),
        made: true,
        service: "lambda.amazonaws.com".to_owned(),
        call: "CreateFunction20150331".to_owned(),
        by: "arn:aws:iam::029608264753:user/ci".to_owned(),
        from: Some("203.0.113.66".to_owned()),
        at: at(11),
        account: Some("029608264753".to_owned()),
        asked_for: None,
        sure: true,
    }
}

fn on() -> Principal {
    let name = made().containable().unwrap();
    let (key, arn) = (name.key(), name.arn());
    Principal { kind: key.kind, name: key.name, id: arn.clone(), arn }
}

/// A case of a key that is exposed since second 10, whose actor made the function.
fn case() -> Case {
    let mut case = opened();
    let why = Some("first use unlike the others".to_owned());
    add(&mut case, Actor::Keyleak, Event::Exposed { since: Some(at(10)), why, event_id: None });
    let mut survey = survey(Vec::new());
    survey.regular = Some(RegularUse { sources: Vec::new(), more: 0, stray_calls: 0 });
    survey.resources.all = vec![made()];
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey: Box::new(survey) });
    case
}

fn with(case: &mut Case, kind: PlanKind, change: Change) {
    let steps = vec![crate::domain::sample::step(on(), change)];
    let plan = plan(case, kind);
    run(case, Plan { steps, ..plan });
}

/// The same, and a step of the case has stopped it.
fn stopped() -> Case {
    let mut case = case();
    let change = Change::Resource { change: ResourceChange::StopFunction };
    with(&mut case, PlanKind::Containment, change);
    case
}

fn rules(protected: &[&str]) -> PlanRules {
    PlanRules {
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: protected.iter().map(|arn| (*arn).to_owned()).collect(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
        isolation_groups: BTreeMap::new(),
        protected_roles: Vec::new(),
    }
}

fn now(state: OfResource, created: Option<Timestamp>) -> Photograph {
    Photograph { created, ..photograph(&on(), Own::Resource(state)) }
}

fn why_not(case: &Case, made: &MadeResource, now: &Photograph) -> String {
    step(case, made, now, &rules(&[])).unwrap_err()
}

#[test]
fn what_a_step_of_the_case_keeps_stopped_goes_and_what_runs_is_left_alone() {
    let goes = step(&stopped(), &made(), &now(STOPPED, None), &rules(&[])).unwrap();
    assert_eq!(goes.action, Action { on: on(), change: Change::DeleteResource });
    assert!(goes.action.effect().contains("download its code first"), "{}", goes.action.effect());
    assert!(!goes.action.reversible());
    let running = why_not(&stopped(), &made(), &now(RUNNING, None));
    assert!(running.contains("no step of this case keeps it stopped"), "{running}");
    let by_others = why_not(&case(), &made(), &now(STOPPED, None));
    assert_eq!(by_others, running, "people stopped it, so it is theirs");
}

#[test]
fn what_may_be_older_or_somebody_elses_is_left_alone_with_the_reason() {
    let state = || now(STOPPED, None);
    for (made, reason) in [
        (MadeResource { made: false, ..made() }, "it was there before"),
        (MadeResource { sure: false, ..made() }, "does not prove"),
        (MadeResource { from: None, ..made() }, "used regularly"),
    ] {
        let why = why_not(&stopped(), &made, &state());
        assert!(why.contains(reason), "{reason}: {why}");
    }
    let older = why_not(&stopped(), &made(), &now(STOPPED, Some(at(9))));
    assert!(older.contains("existed before"), "{older}");
    let within = now(STOPPED, Some(at(11)));
    assert!(step(&stopped(), &made(), &within, &rules(&[])).is_ok(), "the control");
    let arn = on().arn;
    let kept = step(&stopped(), &made(), &state(), &rules(&[&arn])).unwrap_err();
    assert!(kept.starts_with("it is not touched"), "{kept}");
    let name = ResourceName {
        account: AccountId("111111111111".to_owned()),
        ..made().containable().unwrap()
    };
    let (key, arn) = (name.key(), name.arn());
    let other = Photograph { name: key.name, id: arn.clone(), arn, ..state() };
    let elsewhere = why_not(&stopped(), &made(), &other);
    assert!(elsewhere.contains("account 111111111111"), "{elsewhere}");
}

#[test]
fn what_runs_again_while_people_decided_is_kept() {
    let deletes = Action { on: on(), change: Change::DeleteResource };
    assert!(is_loose(&stopped(), &deletes, &RUNNING).is_some());
    assert_eq!(is_loose(&stopped(), &deletes, &STOPPED), None, "the control");
    let stops = Change::Resource { change: ResourceChange::StopFunction };
    let stops = Action { on: on(), change: stops };
    assert_eq!(is_loose(&stopped(), &stops, &RUNNING), None, "that is its own to say");
}

#[test]
fn what_was_deleted_is_said_to_be_and_nothing_is_asked_for_it_any_more() {
    let mut case = stopped();
    assert_eq!(standing(&case)[0].1, Stands::Stopped);
    with(&mut case, PlanKind::Eradication, Change::DeleteResource);
    assert_eq!(standing(&case)[0].1, Stands::Deleted);
    assert_eq!(not_stopped(&case), Vec::<String>::new());
    assert!(crate::domain::eradicating::deleted(&case).contains(&on()), "which undo leaves out");
}
