//! What is left after a containment, one question at a time.

use crate::domain::action::{Action, UserRef};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::UserName;
use crate::domain::lineage::{MadeUser, Node, NodeKind};
use crate::domain::plan::{PlanKind, PlanNumber, PlanRules, Step};
use crate::domain::record::{Actor, Entry};
use crate::domain::remains::{Census, Gain, Inhabitant, Remains, remains};
use crate::domain::sample::{at, minted, opened, person, plan};
use crate::domain::snapshot::SnapshotRef;
use crate::domain::step_result::StepResult;
use jiff::SignedDuration;

fn rules(protected: &[&str]) -> PlanRules {
    PlanRules {
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: protected.iter().map(|arn| (*arn).to_owned()).collect(),
        approvals_reversible: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
    }
}

fn then(case: &mut Case, event: Event) {
    let record = Entry::own(at(20), event).chained(case.id().clone(), case.last_record());
    case.apply(&record).unwrap();
}

fn carry_out(case: &mut Case, plan: PlanNumber, step: u32) {
    let plan_hash = case.plan(plan).unwrap().hash.clone();
    then(case, Event::Intent { plan, step, attempt: 1, plan_hash });
    let result = StepResult::Done { changed: true, how: None, request_id: None };
    then(case, Event::Outcome { plan, step, attempt: 1, result });
}

/// User `ci` (AIDA1) is denied and its key is inactive; exposed at second 10.
fn contained() -> Case {
    let mut case = opened();
    let why = Some("first use unlike the others".to_owned());
    then(&mut case, Event::Exposed { since: Some(at(10)), why, event_id: None });
    let proposed = plan(&case, PlanKind::Containment);
    let (number, hash) = (proposed.number, proposed.hash());
    then(&mut case, Event::Proposed { plan: Box::new(proposed), hash: hash.clone() });
    let actor = Actor::Person { person: person("bob"), name: None };
    let event = Event::Approved { plan: number, hash };
    let entry = Entry { at: at(19), actor, place: None, delivery: None, event };
    let record = entry.chained(case.id().clone(), case.last_record());
    case.apply(&record).unwrap();
    carry_out(&mut case, number, 0);
    carry_out(&mut case, number, 1);
    case
}

fn user(name: &str, id: &str, created: i64) -> Inhabitant {
    Inhabitant {
        name: UserName(name.to_owned()),
        id: id.to_owned(),
        arn: format!("arn:aws:iam::029608264753:user/{name}"),
        created: Some(at(created)),
    }
}

fn node(kind: NodeKind, id: &str, of: &str, principal: &str) -> Node {
    Node {
        arn: Some(format!("arn:aws:iam::029608264753:user/{of}")),
        principal_id: Some(principal.to_owned()),
        user_name: Some(of.to_owned()),
        via: "a call".to_owned(),
        made: Some(at(11)),
        ..minted(kind, id)
    }
}

/// The trail tells up to second 100, unless a test says otherwise.
fn left(case: &Case, nodes: &[Node], inhabitants: &[Inhabitant]) -> Remains {
    let census = Census { nodes, made_by_others: &[], told_until: at(100), inhabitants };
    remains(case, &census, &rules(&[]))
}

fn name(user: &str) -> UserName {
    UserName(user.to_owned())
}

#[test]
fn sessions_and_keys_of_a_denied_user_are_no_remains() {
    let nodes = [
        node(NodeKind::UserSession, "ASIA1", "ci", "AIDA1"),
        node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0001", "ci", "AIDA1"),
        node(NodeKind::ServiceCredential, "ACCA1", "ci", "AIDA1"),
    ];
    assert_eq!(left(&contained(), &nodes, &[user("ci", "AIDA1", -9)]), Remains::default());
}

#[test]
fn a_user_made_again_under_a_denied_name_is_another_user() {
    let nodes = [node(NodeKind::User, "arn", "ci", "AIDA2")];
    let found = left(&contained(), &nodes, &[user("ci", "AIDA2", 30)]);
    assert!(found.gains.contains(&Gain::User(name("ci"))), "{found:?}");
}

#[test]
fn a_user_newer_than_the_trail_is_stopped_on_suspicion_and_an_older_one_is_asked_about() {
    let found = left(&contained(), &[], &[user("new", "AIDA3", 101), user("older", "AIDA4", 50)]);
    assert_eq!(found.gains.into_iter().collect::<Vec<_>>(), [Gain::Newcomer(name("new"))]);
    assert_eq!(found.undecided.into_iter().collect::<Vec<_>>(), [name("older")]);
    let lawful = left(&contained(), &[], &[user("lawful", "AIDA5", 9)]);
    assert_eq!(lawful, Remains::default(), "it was there before the exposure");
}

#[test]
fn nobody_is_suspected_whom_somebody_else_made() {
    let made =
        MadeUser { name: "hr".to_owned(), id: Some("AIDA6".to_owned()), by: "ops".to_owned() };
    let inhabitants = [user("hr", "AIDA6", 101)];
    let census = Census {
        nodes: &[],
        made_by_others: &[made],
        told_until: at(100),
        inhabitants: &inhabitants,
    };
    assert_eq!(remains(&contained(), &census, &rules(&[])), Remains::default());
}

#[test]
fn who_was_stopped_on_suspicion_is_cleared_once_the_trail_names_another_maker() {
    let mut case = contained();
    let stopped = UserRef { name: name("hr"), id: "AIDA6".to_owned() };
    let deny = Action::DenyUser {
        user: stopped.clone(),
        policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        inline_name: "KeyleakDeny".to_owned(),
    };
    let step =
        Step { action: deny, blast_radius: Vec::new(), because: String::new(), provisional: true };
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(20) };
    let plan = PlanNumber(1);
    then(&mut case, Event::Covered { plan, steps: vec![step], snapshot });
    carry_out(&mut case, plan, 2);
    let made =
        MadeUser { name: "hr".to_owned(), id: Some("AIDA6".to_owned()), by: "ops".to_owned() };
    let census =
        Census { nodes: &[], made_by_others: &[made], told_until: at(100), inhabitants: &[] };
    let found = remains(&case, &census, &rules(&[]));
    assert_eq!(found.cleared.len(), 1, "{found:?}");
    assert_eq!((&found.cleared[0].user, found.cleared[0].by.as_str()), (&stopped, "ops"));
}

#[test]
fn a_protected_user_is_left_to_people_and_keeps_the_case_open() {
    let nodes = [node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0002", "bot", "AIDA7")];
    let inhabitants = [user("bot", "AIDA7", -9)];
    let census = Census {
        nodes: &nodes,
        made_by_others: &[],
        told_until: at(100),
        inhabitants: &inhabitants,
    };
    let found = remains(&contained(), &census, &rules(&[&inhabitants[0].arn]));
    assert!(found.gains.is_empty(), "{found:?}");
    assert!(found.open_ends[0].contains("protected") && found.open_ends[0].contains("by hand"));
}

#[test]
fn a_path_of_its_own_choice_does_not_protect_a_user() {
    let mut reserved = user("sly", "AIDA8", 101);
    reserved.arn = "arn:aws:iam::029608264753:user/aws-reserved/sly".to_owned();
    let found = left(&contained(), &[], &[reserved]);
    assert!(found.gains.contains(&Gain::Newcomer(name("sly"))), "{found:?}");
}

#[test]
fn a_session_of_an_older_user_is_open_until_people_decide_about_the_user() {
    let nodes = [node(NodeKind::UserSession, "ASIA2", "alice", "AIDA9")];
    let found = left(&contained(), &nodes, &[user("alice", "AIDA9", -9)]);
    assert_eq!(found.open_ends.len(), 1);
    assert_eq!(found.undecided.into_iter().collect::<Vec<_>>(), [name("alice")]);
}
