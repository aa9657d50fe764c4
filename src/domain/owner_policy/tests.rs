//! Without the word of its owner nothing that was there before is stopped, and who gives it.

use super::*;
use crate::domain::action::Change;
use crate::domain::event::Event;
use crate::domain::ids::AccountId;
use crate::domain::made_resources::{MadeResource, MadeResources};
use crate::domain::owners_asked::{asked_first, owners_of};
use crate::domain::plan::{Plan, PlanKind, Step};
use crate::domain::policy::recorded;
use crate::domain::principal::Principal;
use crate::domain::reading::SurveyNote;
use crate::domain::record::Actor;
use crate::domain::regular::RegularUse;
use crate::domain::resource::{OfResource, ResourceName, ResourceType};
use crate::domain::resource_change::ResourceChange;
use crate::domain::resource_owner::{ResourceOwner, needs_another};
use crate::domain::sample::{self, add, at, caller, opened, own, person, photograph, propose};
use crate::domain::snapshot::Own;
use std::collections::{BTreeMap, BTreeSet};

fn function() -> ResourceName {
    let account = AccountId("029608264753".to_owned());
    let (of, region) = (ResourceType::Function, "eu-west-1".to_owned());
    ResourceName { of, account, region, id: "invoices".to_owned() }
}

/// A case in which the trail shows that the actor changed the function, or made it.
fn case(made: bool) -> Case {
    let mut case = opened();
    let why = Some("first use unlike the others".to_owned());
    let exposed = Event::Exposed { since: Some(at(2)), why, event_id: None };
    add(&mut case, Actor::Keyleak, exposed);
    let one = MadeResource {
        type_name: Some(function().of.type_name().to_owned()),
        name: function().id,
        region: function().region,
        made,
        service: "lambda.amazonaws.com".to_owned(),
        call: "UpdateFunctionCode20150331v2".to_owned(),
        by: "arn:aws:iam::029608264753:user/ci".to_owned(),
        from: Some("203.0.113.66".to_owned()),
        at: at(3),
        account: Some(function().account.0),
        asked_for: None,
        sure: true,
    };
    let resources = MadeResources { all: vec![one], more: false };
    let regular = Some(RegularUse { sources: Vec::new(), more: 0, stray_calls: 0 });
    let survey = SurveyNote { resources, regular, ..sample::survey(Vec::new()) };
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey: Box::new(survey) });
    case
}

fn policy() -> Policy {
    let set = |users: &[&str]| users.iter().map(|user| (*user).to_owned()).collect::<BTreeSet<_>>();
    let owners = [("finance", "olga"), ("web", "bob"), ("deploy", "dan"), ("shady", "sal")];
    Policy {
        team: "T1".to_owned(),
        approvers: set(&["ana", "bob", "cyn"]),
        suspects: set(&["sal"]),
        sql_askers: BTreeSet::new(),
        key_owners: owners.map(|(tag, user)| (tag.to_owned(), user.to_owned())).into(),
        ..Policy::default()
    }
}

fn owners(case: &Case, tag: Option<&str>) -> Vec<ResourceOwner> {
    let (name, arn) = (function().key(), function().arn());
    let on = Principal { kind: name.kind, name: name.name, id: arn.clone(), arn };
    let stop = Change::Resource { change: ResourceChange::StopFunction };
    let state = OfResource::Function { reserved: None };
    let mut before = photograph(&on, Own::Resource(state));
    before.tags = tag.map(|tag| ("owner".to_owned(), tag.to_owned())).into_iter().collect();
    let steps = [sample::step(on, stop)];
    let photographs = BTreeMap::from([(function().key(), Some(before))]);
    owners_of(case, (&policy(), "owner"), &steps, &photographs)
}

/// A follow-up that stops the function, which ana asked for.
fn asked(case: &mut Case, tag: &str) -> Plan {
    let owners = owners(case, Some(tag));
    let (name, arn) = (function().key(), function().arn());
    let on = Principal { kind: name.kind, name: name.name, id: arn.clone(), arn };
    let change = Change::Resource { change: ResourceChange::StopFunction };
    let steps: Vec<Step> = vec![sample::step(on, change)];
    let plan = Plan { steps, owners, ..sample::plan(case, PlanKind::FollowUp) };
    propose(case, plan.clone());
    plan
}

fn decide(case: &Case, user: &str, choice: Choice) -> (Result<(), Refusal>, Result<(), Refusal>) {
    let caller = caller(user);
    let wish = Wish { caller: &caller, choice, now: at(60) };
    let state = case.pending_plan().unwrap();
    (policy().may_decide(&wish, case, state), policy().may_agree(&wish, case, state))
}

fn approve(case: &mut Case, user: &str, plan: &Plan) {
    let by = Actor::Person { person: person(user), name: None };
    add(case, by, Event::Approved { plan: plan.number, hash: plan.hash() });
}

fn agree(case: &mut Case, user: &str, plan: &Plan) {
    let by = Actor::Person { person: person(user), name: None };
    add(case, by, Event::OwnerAgreed { plan: plan.number, hash: plan.hash() });
}

fn runs(case: &Case, plan: &Plan) -> bool {
    let is_approved = case.plan(plan.number).unwrap().is_approved();
    assert_eq!(recorded(case, plan.number).is_some(), is_approved, "one answer from both");
    is_approved
}

#[test]
fn what_was_there_before_is_not_stopped_without_its_owners_word() {
    let mut one = case(false);
    let plan = asked(&mut one, "finance");
    approve(&mut one, "cyn", &plan);
    assert!(!runs(&one, &plan), "one approval was enough, but for the owner");
    let missing: Vec<_> = one.plan(plan.number).unwrap().owners_missing().collect();
    assert_eq!(missing[0].person(), Some(&person("olga")));
    agree(&mut one, "olga", &plan);
    assert!(runs(&one, &plan));

    let mut other = case(false);
    let plan = Plan { owners: Vec::new(), ..asked(&mut other, "finance") };
    let plan = Plan { number: other.next_plan_number(), ..plan };
    propose(&mut other, plan.clone());
    approve(&mut other, "cyn", &plan);
    assert!(runs(&other, &plan), "the control: without an owner it runs");
}

#[test]
fn an_owner_who_is_no_approver_counts_as_owner_alone_and_one_who_is_counts_as_both() {
    let mut one = case(false);
    let plan = asked(&mut one, "finance");
    let (decides, agrees) = decide(&one, "olga", Choice::Approve);
    assert!(matches!(decides, Err(Refusal::NotApprover)) && agrees.is_ok());
    let (_, stranger) = decide(&one, "cyn", Choice::Approve);
    assert!(matches!(stranger, Err(Refusal::NotApprover)), "not theirs: {stranger:?}");
    agree(&mut one, "olga", &plan);
    assert!(!runs(&one, &plan), "an approver is still needed");
    let (_, again) = decide(&one, "olga", Choice::Approve);
    assert!(matches!(again, Err(Refusal::AlreadyApproved)));
    assert!(decide(&one, "olga", Choice::Withdraw).1.is_ok());
    let by = Actor::Person { person: person("olga"), name: None };
    add(&mut one, by, Event::Withdrawn { plan: plan.number });
    approve(&mut one, "cyn", &plan);
    assert!(!runs(&one, &plan), "she took her word back");

    let mut other = case(false);
    let plan = asked(&mut other, "web");
    approve(&mut other, "bob", &plan);
    assert!(runs(&other, &plan), "bob owns it and approves");
}

#[test]
fn an_owner_who_asked_for_the_plan_agrees_and_does_not_approve_it() {
    let mut case = case(false);
    let mut plan = asked(&mut case, "finance");
    plan.number = case.next_plan_number();
    plan.requested_by = person("olga");
    propose(&mut case, plan.clone());
    assert!(decide(&case, "olga", Choice::Approve).1.is_ok());
    agree(&mut case, "olga", &plan);
    assert!(!runs(&case, &plan));
    approve(&mut case, "cyn", &plan);
    assert!(runs(&case, &plan));
}

#[test]
fn where_no_owner_can_be_asked_one_approver_more_is_and_of_the_actors_own_nobody() {
    let mut one = case(false);
    add(&mut one, Actor::Keyleak, Event::Found { finding: own("deploy") });
    let tags = [
        (None, "no owner tag"),
        (Some("stranger"), "people.key_owners has nobody for its tag stranger"),
        (Some("deploy"), "owns the key too"),
        (Some("shady"), "suspect"),
    ];
    for (tag, why) in tags {
        let owners = owners(&one, tag);
        assert!(needs_another(&owners) && owners[0].words().contains(why), "{owners:?}");
    }
    assert!(!needs_another(&owners(&one, Some("finance"))), "the control: she is asked");
    assert_eq!(owners(&case(true), Some("finance")), [], "the actor made it");
}

#[test]
fn an_emergency_needs_no_owner_and_a_plan_without_owners_reads_and_hashes_as_before() {
    let mut one = case(false);
    let plan = asked(&mut one, "finance");
    let glass =
        Event::GlassBroken { plan: plan.number, hash: plan.hash(), reason: "it mines".to_owned() };
    add(&mut one, Actor::Person { person: person("bob"), name: None }, glass);
    assert!(runs(&one, &plan));
    let bare = serde_json::to_value(sample::plan(&one, PlanKind::FollowUp)).unwrap();
    assert!(bare.get("owners").is_none(), "the hash of an old plan stays");
    assert_eq!(serde_json::from_value::<Plan>(bare).unwrap().owners, []);
}

#[test]
fn what_takes_from_owners_waits_in_a_plan_of_its_own_until_the_rest_is_done() {
    let mut case = case(false);
    let plan = asked(&mut case, "finance");
    let stop = plan.steps[0].clone();
    let deny = sample::step(sample::user("ci", "AIDA1"), sample::deny());
    let mixed = vec![deny.clone(), stop.clone()];
    let (first, owners) = asked_first(mixed, plan.owners.clone());
    assert_eq!((first, owners), (vec![deny.clone()], Vec::new()), "no owner holds up the deny");
    let (then, owners) = asked_first(vec![stop.clone()], plan.owners.clone());
    assert_eq!((then, owners), (vec![stop.clone()], plan.owners), "the control: hers alone");
    let (all, _) = asked_first(vec![deny.clone(), stop.clone()], Vec::new());
    assert_eq!(all, [deny, stop], "and nobody's goes with the rest");
}
