//! Which of the actor's things may go, and what keeps each of the others.

use super::*;
use crate::domain::event::Event;
use crate::domain::made_besides::MadeKind;
use crate::domain::plan::PlanKind;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::record::Actor;
use crate::domain::regular::RegularUse;
use crate::domain::resource::ResourceType;
use crate::domain::sample::{add, at, opened, photograph, plan, survey};
use crate::domain::snapshot::Own;
use std::collections::BTreeMap;

const ACCOUNT: &str = "029608264753";
const ARN: &str = "arn:aws:iam::029608264753:policy/all";

fn made(sure: bool) -> MadeBesides {
    MadeBesides {
        kind: MadeKind::Policy,
        name: "all".to_owned(),
        at: at(11),
        region: Some("us-east-1".to_owned()),
        account: Some(ACCOUNT.to_owned()),
        from: Some("203.0.113.66".to_owned()),
        sure,
    }
}

/// A case of a key that is exposed since second 10, and that is used nowhere day after day.
fn case() -> Case {
    let mut case = opened();
    let why = Some("first use unlike the others".to_owned());
    add(&mut case, Actor::Keyleak, Event::Exposed { since: Some(at(10)), why, event_id: None });
    let mut survey = survey(Vec::new());
    survey.regular = Some(RegularUse { sources: Vec::new(), more: 0, stray_calls: 0 });
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey: Box::new(survey) });
    case
}

fn rules(protected: &[&str], deny: &str) -> PlanRules {
    PlanRules {
        deny_policy_arn: deny.to_owned(),
        protected_arns: protected.iter().map(|arn| (*arn).to_owned()).collect(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
        isolation_groups: BTreeMap::new(),
        protected_roles: Vec::new(),
    }
}

fn group() -> PrincipalName {
    let name = made(true).resource().unwrap();
    ResourceName { of: ResourceType::Group, id: "ops".to_owned(), ..name }.key()
}

fn on(id: &str) -> Principal {
    let name = made(true).resource().unwrap().key().name;
    Principal { kind: PrincipalKind::Resource, name, id: id.to_owned(), arn: ARN.to_owned() }
}

fn policy(used_by: &[PrincipalName]) -> OfResource {
    let versions = BTreeMap::from([("v1".to_owned(), "{}".to_owned())]);
    let own = OfIam::Policy { description: None, default: "v1".to_owned(), versions };
    OfResource::Iam { thing: IamThing { own, used_by: used_by.to_vec() } }
}

fn now(used_by: &[PrincipalName]) -> Photograph {
    let now = photograph(&on("ANPA1"), Own::Resource(policy(used_by)));
    Photograph { created: Some(at(11)), ..now }
}

fn judged(now: &Photograph, going: &[PrincipalName]) -> Result<Step, String> {
    let rules = rules(&[], "arn:aws:iam::aws:policy/AWSDenyAll");
    step(&case(), &made(true), now, (&going.iter().cloned().collect(), &rules))
}

#[test]
fn a_policy_goes_with_all_who_have_it_and_stays_while_anybody_else_does() {
    let users = [PrincipalName::user("evil"), PrincipalName::role("evil"), group()];
    let goes = judged(&now(&users), &users).unwrap();
    assert_eq!(goes.action, Action { on: on("ANPA1"), change: Change::DeleteResource });
    assert_eq!(goes.action.sentence(), "DELETE policy all");
    assert!(!goes.action.reversible() && goes.action.taken_back().is_none());
    assert_eq!(goes.blast_radius[0], "user evil, deleted too");
    let said = judged(&now(&users), &users[..1]).unwrap_err();
    assert_eq!(said, "role evil, group ops uses it, and stays");
    assert!(judged(&now(&[]), &[]).is_ok(), "nobody has it");
}

#[test]
fn the_role_in_a_profile_of_the_actors_keeps_the_profile_from_nothing() {
    let used_by = vec![PrincipalName::role("deploy")];
    let thing = IamThing { own: OfIam::InstanceProfile, used_by };
    let own = Own::Resource(OfResource::Iam { thing });
    let goes = judged(&Photograph { own, ..now(&[]) }, &[]).unwrap();
    assert_eq!(goes.blast_radius, ["instances that run as role deploy by it"]);
}

#[test]
fn what_is_another_older_doubted_or_protected_is_left_alone() {
    let going = BTreeSet::new();
    let (awss, own) = ("arn:aws:iam::aws:policy/AWSDenyAll", "arn:aws:iam::029608264753:policy/d");
    let elsewhere = ARN.replace(ACCOUNT, "210987654321");
    for (sure, now, (protected, deny), why) in [
        (true, Photograph { created: Some(at(40)), ..now(&[]) }, (&[][..], awss), "is another"),
        (true, Photograph { created: Some(at(9)), ..now(&[]) }, (&[], awss), "is another"),
        (true, Photograph { created: None, ..now(&[]) }, (&[], awss), "since unknown"),
        (false, now(&[]), (&[], awss), "does not prove that the actor made it"),
        (true, now(&[]), (&[ARN], awss), "configuration protects it"),
        (true, Photograph { arn: elsewhere, ..now(&[]) }, (&[], awss), "another account"),
        (true, Photograph { arn: own.to_owned(), ..now(&[]) }, (&[], own), "it is the deny"),
    ] {
        let rules = rules(protected, deny);
        let said = step(&case(), &made(sure), &now, (&going, &rules)).unwrap_err();
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn who_came_to_use_it_after_the_snapshot_keeps_it() {
    let mut plan = plan(&opened(), PlanKind::Eradication);
    plan.steps = vec![judged(&now(&[]), &[]).unwrap()];
    let action = plan.steps[0].action.clone();
    assert_eq!(came_to_use(&plan, &action, &policy(&[])), None);
    let said = came_to_use(&plan, &action, &policy(&[PrincipalName::user("ana")]));
    assert_eq!(said.as_deref(), Some("user ana uses it since, and stays"));
}

#[test]
fn what_can_never_go_is_looked_at_last_however_much_of_it_there_is() {
    let anchor = |name: &str| MadeBesides {
        kind: MadeKind::TrustAnchor,
        name: name.to_owned(),
        ..made(true)
    };
    let mut all = vec![anchor("a"), anchor("b")];
    all.extend([made(false), made(true)]);
    let case = case();
    let turns = in_turn(&case, &all);
    assert_eq!(turns[..2], [&made(true), &made(false)], "the sure one, then the doubted one");
    let can_go: Vec<bool> = turns.iter().map(|one| never(&case, one).is_none()).collect();
    assert_eq!(can_go, [true, true, false, false]);
}
