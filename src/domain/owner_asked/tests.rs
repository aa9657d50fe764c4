//! The question to the owner: who is asked, whose answer counts, and what it does not do.

use super::*;
use crate::domain::conduct::Conduct;
use crate::domain::event::Event;
use crate::domain::facts::{Finding, LastUse};
use crate::domain::lineage::NodeKind;
use crate::domain::plan::PlanKind;
use crate::domain::record::{Actor, Entry};
use crate::domain::sample::{KEY, add, at, caller, minted, opened, own, person, plan, run, survey};
use crate::domain::severity::Severity;

fn policy() -> Policy {
    Policy {
        team: person("ana").team,
        key_owners: [("ci".to_owned(), "dan".to_owned())].into(),
        conduct: Conduct { ask_owner: true, ..Conduct::default() },
        ..Policy::default()
    }
}

fn validated() -> Case {
    let mut case = opened();
    add(&mut case, Actor::Keyleak, Event::Found { finding: own("ci") });
    let service = Some("s3".to_owned());
    let used = LastUse { at: Some(at(0)), service, region: Some("eu-west-1".to_owned()) };
    let finding = Finding::LastUse(Fact::Known(used));
    add(&mut case, Actor::Keyleak, Event::Found { finding });
    add(&mut case, Actor::Keyleak, Event::Validated);
    case
}

fn says(case: &mut Case, second: i64, said: OwnerAnswer) {
    let step = answer(&policy(), &caller("dan"), (&*case, said)).unwrap();
    let actor = Actor::Person { person: person("dan"), name: Some("Dan".to_owned()) };
    let event = Event::Team { step: Box::new(step) };
    let entry = Entry { at: at(second), actor, place: None, delivery: None, event };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

#[test]
fn the_owner_is_asked_once_validated_unless_nobody_knows_them_or_they_are_a_suspect() {
    let case = validated();
    assert_eq!(to_ask(&opened(), &policy()), None, "whose key it is is not known");
    assert_eq!(to_ask(&case, &policy()), Some("dan"));
    let unknown = Policy { key_owners: [].into(), ..policy() };
    assert_eq!(to_ask(&case, &unknown), None);
    let suspect = Policy { suspects: ["dan".to_owned()].into(), ..policy() };
    assert_eq!(to_ask(&case, &suspect), None, "who may be the actor is not warned");
    let off = Policy { conduct: Conduct::default(), ..policy() };
    assert_eq!(to_ask(&case, &off), None);
}

#[test]
fn the_question_says_what_the_answer_is_worth_and_holds_no_whole_key_id() {
    let said = lines(&validated()).join("\n");
    assert!(said.contains("AKIA…7WML") && !said.contains(KEY), "{said}");
    assert!(said.contains("service s3, region eu-west-1"), "{said}");
    assert!(said.contains("It approves nothing"), "{said}");
}

#[test]
fn only_the_owners_answer_counts_and_the_first_one_does() {
    let mut case = validated();
    for other in ["ana", "bob", ""] {
        let judged = answer(&policy(), &caller(other), (&case, OwnerAnswer::Yes));
        assert!(matches!(judged, Err(Refusal::NotNamed(_))), "{other}: {judged:?}");
    }
    assert_eq!(case.team().severity(), Severity::P3);
    says(&mut case, 50, OwnerAnswer::No);
    assert_eq!(case.team().severity(), Severity::P2, "somebody else used it");
    let containment = plan(&case, PlanKind::Containment);
    run(&mut case, containment);
    says(&mut case, 90, OwnerAnswer::Yes);
    assert_eq!(case.team().severity(), Severity::P2, "a later answer takes nothing back");
    let told = answers(&case);
    assert_eq!(told.len(), 2);
    assert!(told[0].ends_with("it was not me"), "{told:?}");
    let late =
        "it was me, after the containment had begun, a later answer that takes no other's place";
    assert!(told[1].ends_with(late), "{told:?}");
    assert_eq!(case.plans().next().unwrap().approvals.len(), 1, "bob's, and no word of dan's");
}

#[test]
fn a_yes_lowers_nothing() {
    let mut case = validated();
    let survey = Box::new(survey(vec![minted(NodeKind::UserSession, "a")]));
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey });
    says(&mut case, 50, OwnerAnswer::Yes);
    assert_eq!(case.team().severity(), Severity::P2, "whoever has the owner's Slack says it too");
}
