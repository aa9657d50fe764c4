//! Keys of users that were there before, made while the actor is at work.

use super::{ALONE, NOBODYS, carry_out, contained, said, then};
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::AccessKeyId;
use crate::domain::lineage::{MadeKey, Node, NodeKind};
use crate::domain::plan::{PlanNumber, Step};
use crate::domain::principal::{Principal, PrincipalName};
use crate::domain::remains::strangers::is_a_guess;
use crate::domain::remains::strangers::{HeldKey, Keys};
use crate::domain::remains::{Census, Remains, remains};
use crate::domain::sample::{self, at, minted};
use crate::domain::sharing::needs;
use crate::domain::snapshot::SnapshotRef;
use crate::domain::target::Part;

const NEW: &str = "AKIAQQQQQQQQQQQQNEW2";

fn key(id: &str) -> AccessKeyId {
    AccessKeyId::parse(id).unwrap()
}

fn held(created: i64) -> HeldKey {
    HeldKey { of: PrincipalName::user("mona"), key: key(NEW), created: at(created) }
}

fn by(who: &str) -> MadeKey {
    MadeKey { key: key(NEW), by: who.to_owned() }
}

/// What is left while the trail tells up to second 18.
fn left(case: &Case, new: &[HeldKey], by_others: &[MadeKey]) -> Remains {
    let census = Census {
        nodes: &[],
        made_by_others: &[],
        keys: Keys { new, by_others },
        sessions_of_others: &NOBODYS,
        told_until: at(18),
        inhabitants: &[],
        served: &ALONE,
    };
    remains(case, &census, &super::rules(&[]))
}

fn covered(case: &mut Case, on: Principal, change: Change, provisional: bool) {
    let action = Action { on, change };
    let step = Step { action, blast_radius: Vec::new(), because: String::new(), provisional };
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(20) };
    let plan = PlanNumber(1);
    then(case, Event::Covered { plan, steps: vec![step], snapshot });
    let last = case.plan(plan).unwrap().all_steps().count() as u32 - 1;
    carry_out(case, plan, last);
}

/// The same case in which the actor showed itself at second 20.
fn at_large() -> Case {
    let mut case = contained();
    let deny = Change::Deny { policy_arn: "arn:deny".to_owned(), inline_name: "deny".to_owned() };
    covered(&mut case, sample::user("made", "AIDA7"), deny, false);
    case
}

/// And in which the new key was stopped on suspicion.
fn suspecting() -> Case {
    let mut case = at_large();
    let stop = Change::DeactivateKey { key: key(NEW) };
    covered(&mut case, sample::user("mona", "AIDA8"), stop, true);
    case
}

#[test]
fn it_is_suspected_while_the_actor_was_seen_later_than_the_trail_tells_and_no_longer() {
    let suspected = [("user mona".to_owned(), Part::Key(key(NEW)), true)];
    assert_eq!(said(&left(&at_large(), &[held(20)], &[]).covered), suspected);
    assert_eq!(said(&left(&at_large(), &[held(17)], &[]).covered), [], "the trail has told of it");
    assert_eq!(said(&left(&contained(), &[held(20)], &[]).covered), [], "the actor is not seen");
    assert_eq!(said(&left(&at_large(), &[held(20)], &[by("ops")]).covered), [], "it is another's");
    let of = PrincipalName::user("made");
    let denied = HeldKey { of, ..held(20) };
    assert_eq!(said(&left(&at_large(), &[denied], &[]).covered), [], "a deny is on its user");
    assert_eq!(said(&left(&suspecting(), &[held(20)], &[]).covered), [], "it is stopped already");
}

#[test]
fn it_shows_nothing_of_the_actor() {
    let mut case = contained();
    let stop = Change::DeactivateKey { key: key(NEW) };
    covered(&mut case, sample::user("mona", "AIDA8"), stop, true);
    assert_eq!(case.plan(PlanNumber(1)).unwrap().shown_at, None);
    assert!(at_large().plan(PlanNumber(1)).unwrap().shown_at.is_some(), "the control");
}

#[test]
fn it_is_given_back_when_the_trail_names_somebody_else() {
    let cleared = left(&suspecting(), &[], &[by("ops")]).cleared;
    let [one] = cleared.as_slice() else { panic!("{cleared:?}") };
    assert_eq!((one.on.name.as_str(), &one.key, one.by.as_str()), ("mona", &Some(key(NEW)), "ops"));
    assert_eq!(left(&suspecting(), &[], &[]).cleared, []);
}

#[test]
fn until_then_no_other_case_gives_it_back_and_once_it_is_the_actors_it_is_fought_over() {
    let mut case = suspecting();
    let back = Change::ActivateKey { key: key(NEW) };
    let back = Action { on: sample::user("mona", "AIDA8"), change: back };
    assert!(needs(&case, &back));
    let step = case.plan(PlanNumber(1)).unwrap().covered.last().cloned().unwrap();
    assert!(is_a_guess(&case, &step));
    let surveyed = |nodes, keys_by_others| Event::Surveyed {
        survey: Box::new(crate::domain::reading::SurveyNote {
            keys_by_others,
            ..sample::survey(nodes)
        }),
    };
    let node = Node { id: NEW.to_owned(), ..minted(NodeKind::LongTermKey, NEW) };
    then(&mut case, surveyed(vec![node], Vec::new()));
    assert!(!is_a_guess(&case, &step) && needs(&case, &back));
    then(&mut case, surveyed(Vec::new(), vec![by("ops")]));
    assert!(!needs(&case, &back));
}
