//! What is left after a containment, one question at a time.

use crate::domain::action::{Action, Change, SideKind};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::lineage::{Certainty, MadePrincipal, Node, NodeKind};
use crate::domain::plan::{PlanKind, PlanNumber, PlanRules, Step};
use crate::domain::principal::PrincipalName;
use crate::domain::record::{Actor, Entry};
use crate::domain::remains::{Census, Inhabitant, Keys, Remains, Served, remains};
use crate::domain::revocation::Sessions;
use crate::domain::sample::{self, at, minted, opened, person, plan};
use crate::domain::snapshot::SnapshotRef;
use crate::domain::step_result::StepResult;
use crate::domain::target::{Part, Target};
use jiff::SignedDuration;
use std::collections::BTreeSet;

mod abroad;
mod keys;

fn rules(protected: &[&str]) -> PlanRules {
    PlanRules {
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: protected.iter().map(|arn| (*arn).to_owned()).collect(),
        protected_roles: Vec::new(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
        isolation_groups: std::collections::BTreeMap::new(),
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
        name: PrincipalName::user(name),
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

fn role(name: &str, id: &str, created: i64) -> Inhabitant {
    Inhabitant {
        name: PrincipalName::role(name),
        arn: format!("arn:aws:iam::029608264753:role/{name}"),
        ..user(name, id, created)
    }
}

/// Nobody else opened a session, unless a test says otherwise.
static NOBODYS: BTreeSet<String> = BTreeSet::new();

/// No account beside the case's own is served, unless a test says otherwise.
static ALONE: Served = Served::new();

/// The trail tells up to second 100, unless a test says otherwise.
fn left(case: &Case, nodes: &[Node], inhabitants: &[Inhabitant]) -> Remains {
    let census = Census {
        nodes,
        made_by_others: &[],
        keys: Keys::default(),
        sessions_of_others: &NOBODYS,
        told_until: at(100),
        inhabitants,
        served: &ALONE,
    };
    remains(case, &census, &rules(&[]))
}

/// Who is to be contained, how much of them, and whether on suspicion.
fn said(targets: &[Target]) -> Vec<(String, Part, bool)> {
    let one = |target: &Target| (target.on.to_string(), target.part.clone(), target.suspected);
    targets.iter().map(one).collect()
}

fn whole(who: &str, suspected: bool) -> (String, Part, bool) {
    (who.to_owned(), Part::Whole, suspected)
}

fn hr() -> MadePrincipal {
    let (name, id) = (PrincipalName::user("hr"), Some("AIDA6".to_owned()));
    MadePrincipal { name, id, by: "ops".to_owned() }
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
fn an_uploaded_key_or_certificate_is_switched_off_as_what_it_is() {
    let calls =
        ["UploadSSHPublicKey", "UploadSigningCertificate", "CreateServiceSpecificCredential"];
    let kinds = calls.map(|call| {
        let made = node(NodeKind::ServiceCredential, "APKAI0000000000000001", "deploy", "AIDA9");
        let made = Node { via: call.to_owned(), ..made };
        let found = left(&contained(), &[made], &[user("deploy", "AIDA9", -9)]);
        match &found.covered[..] {
            [Target { part: Part::Side(one), .. }] => one.kind,
            other => panic!("{call}: {other:?}"),
        }
    });
    let wanted = [SideKind::SshKey, SideKind::SigningCertificate, SideKind::ServiceSpecific];
    assert_eq!(kinds, wanted);
}

#[test]
fn a_user_made_again_under_a_denied_name_is_another_user() {
    let made = Node { via: "CreateUser".to_owned(), ..node(NodeKind::User, "arn", "ci", "AIDA2") };
    let nodes = [made];
    let found = left(&contained(), &nodes, &[user("ci", "AIDA2", 30)]);
    assert_eq!(said(&found.covered), [whole("user ci", false)], "{found:?}");
}

#[test]
fn a_user_newer_than_the_trail_is_stopped_on_suspicion_and_an_older_one_is_asked_about() {
    let found = left(&contained(), &[], &[user("new", "AIDA3", 101), user("older", "AIDA4", 50)]);
    assert_eq!(said(&found.covered), [whole("user new", true)]);
    assert_eq!(said(&found.asked), [whole("user older", false)]);
    let lawful = left(&contained(), &[], &[user("lawful", "AIDA5", 9)]);
    assert_eq!(lawful, Remains::default(), "it was there before the exposure");
}

#[test]
fn nobody_is_suspected_whom_somebody_else_made() {
    let inhabitants = [user("hr", "AIDA6", 101)];
    let census = Census {
        nodes: &[],
        made_by_others: &[hr()],
        keys: Keys::default(),
        sessions_of_others: &NOBODYS,
        told_until: at(100),
        inhabitants: &inhabitants,
        served: &ALONE,
    };
    assert_eq!(remains(&contained(), &census, &rules(&[])), Remains::default());
}

#[test]
fn who_was_stopped_on_suspicion_is_cleared_once_the_trail_names_another_maker() {
    let mut case = contained();
    let stopped = sample::user("hr", "AIDA6");
    let deny = Change::Deny {
        policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        inline_name: "KeyleakDeny".to_owned(),
    };
    let step = Step {
        action: Action { on: stopped.clone(), change: deny },
        blast_radius: Vec::new(),
        because: String::new(),
        provisional: true,
    };
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(20) };
    let plan = PlanNumber(1);
    then(&mut case, Event::Covered { plan, steps: vec![step], snapshot });
    carry_out(&mut case, plan, 2);
    let census = Census {
        nodes: &[],
        made_by_others: &[hr()],
        keys: Keys::default(),
        sessions_of_others: &NOBODYS,
        told_until: at(100),
        inhabitants: &[],
        served: &ALONE,
    };
    let found = remains(&case, &census, &rules(&[]));
    assert_eq!(found.cleared.len(), 1, "{found:?}");
    assert_eq!((&found.cleared[0].on, found.cleared[0].by.as_str()), (&stopped, "ops"));
}

#[test]
fn a_protected_user_is_left_to_people_and_keeps_the_case_open() {
    let nodes = [node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0002", "bot", "AIDA7")];
    let inhabitants = [user("bot", "AIDA7", -9)];
    let census = Census {
        nodes: &nodes,
        made_by_others: &[],
        keys: Keys::default(),
        sessions_of_others: &NOBODYS,
        told_until: at(100),
        inhabitants: &inhabitants,
        served: &ALONE,
    };
    let found = remains(&contained(), &census, &rules(&[&inhabitants[0].arn]));
    assert!(found.covered.is_empty(), "{found:?}");
    assert!(found.open_ends[0].contains("protected") && found.open_ends[0].contains("by hand"));
}

#[test]
fn a_path_of_its_own_choice_does_not_protect_a_user() {
    let mut reserved = user("sly", "AIDA8", 101);
    reserved.arn = "arn:aws:iam::029608264753:user/aws-reserved/sly".to_owned();
    let found = left(&contained(), &[], &[reserved]);
    assert_eq!(said(&found.covered), [whole("user sly", true)], "{found:?}");
}

#[test]
fn a_session_of_an_older_user_has_no_id_of_its_own_so_people_decide_about_all_of_them() {
    let nodes = [node(NodeKind::UserSession, "ASIA2", "alice", "AIDA9")];
    let found = left(&contained(), &nodes, &[user("alice", "AIDA9", -9)]);
    let part = Part::Sessions { sessions: Sessions::Everyone, until: at(11) };
    assert_eq!(said(&found.asked), [("user alice".to_owned(), part, false)]);
    assert!(found.covered.is_empty(), "{found:?}");
}

/// A session of role `deploy`, minted at a second.
fn session(name: &str, made: i64) -> Node {
    Node {
        arn: Some(format!("arn:aws:sts::029608264753:assumed-role/deploy/{name}")),
        principal_id: Some(format!("AROA1:{name}")),
        role_arn: Some("arn:aws:iam::029608264753:role/deploy".to_owned()),
        made: Some(at(made)),
        ..minted(NodeKind::RoleSession, &format!("ASIA{name}"))
    }
}

fn named(ids: &[&str]) -> Sessions {
    Sessions::Named { user_ids: ids.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>() }
}

#[test]
fn sessions_of_a_role_that_others_use_are_ended_by_their_own_ids() {
    let nodes = [session("evil", 11), session("worse", 12)];
    let found = left(&contained(), &nodes, &[]);
    let sessions = named(&["AROA1:evil", "AROA1:worse"]);
    let part = Part::Sessions { sessions, until: at(12) };
    assert_eq!(said(&found.covered), [("role deploy".to_owned(), part, false)]);
    assert!(found.asked.is_empty() && found.open_ends.is_empty(), "{found:?}");
    let older = Node { older: true, ..session("lawful", 2) };
    assert_eq!(left(&contained(), &[older], &[]), Remains::default(), "minted before the exposure");
}

#[test]
fn a_session_with_the_name_of_somebody_elses_is_asked_about() {
    let nodes = [session("ci", 11), session("evil", 12)];
    let sessions_of_others = BTreeSet::from(["AROA1:ci".to_owned()]);
    let census = Census {
        nodes: &nodes,
        made_by_others: &[],
        keys: Keys::default(),
        sessions_of_others: &sessions_of_others,
        told_until: at(100),
        inhabitants: &[],
        served: &ALONE,
    };
    let found = remains(&contained(), &census, &rules(&[]));
    let part = |id| Part::Sessions { sessions: named(&[id]), until: at(12) };
    assert_eq!(said(&found.covered), [("role deploy".to_owned(), part("AROA1:evil"), false)]);
    assert_eq!(said(&found.asked), [("role deploy".to_owned(), part("AROA1:ci"), false)]);
}

#[test]
fn what_is_only_likely_the_actors_is_asked_about_and_never_taken_unasked() {
    let likely = |node| Node { certainty: Certainty::Likely, ..node };
    let made = Node { via: "CreateUser".to_owned(), ..node(NodeKind::User, "n", "evil", "AIDA7") };
    let nodes = [likely(session("evil", 11)), likely(made)];
    let found = left(&contained(), &nodes, &[]);
    let part = Part::Sessions { sessions: named(&["AROA1:evil"]), until: at(11) };
    let session = ("role deploy".to_owned(), part, false);
    assert_eq!(said(&found.asked), [whole("user evil", false), session]);
    assert!(found.covered.is_empty() && found.open_ends.is_empty(), "{found:?}");
}

#[test]
fn what_was_ended_needs_no_more_and_who_keeps_minting_is_asked_about() {
    let mut case = contained();
    let change = Change::RevokeSessions {
        sessions: named(&["AROA1:evil"]),
        until: at(11),
        inline_name: "KeyleakRevoke".to_owned(),
    };
    let step = Step {
        action: Action { on: sample::role("deploy", "AROA1"), change },
        blast_radius: Vec::new(),
        because: String::new(),
        provisional: false,
    };
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(20) };
    let plan = PlanNumber(1);
    let event = Event::Covered { plan, steps: vec![step.clone()], snapshot: snapshot.clone() };
    then(&mut case, event);
    carry_out(&mut case, plan, 2);
    assert_eq!(left(&case, &[session("evil", 11)], &[]), Remains::default());
    let found = left(&case, &[session("evil", 11), session("again", 60)], &[]);
    let part = Part::Sessions { sessions: Sessions::Everyone, until: at(60) };
    assert_eq!(said(&found.asked), [("role deploy".to_owned(), part.clone(), false)]);
    let everyone = Change::RevokeSessions {
        sessions: Sessions::Everyone,
        until: at(60),
        inline_name: "KeyleakRevoke".to_owned(),
    };
    let step =
        Step { action: Action { on: sample::role("deploy", "AROA1"), change: everyone }, ..step };
    then(&mut case, Event::Covered { plan, steps: vec![step], snapshot });
    carry_out(&mut case, plan, 3);
    assert_eq!(left(&case, &[session("again", 60)], &[]), Remains::default());
    let found = left(&case, &[session("and-again", 160)], &[]);
    let all = Part::Sessions { sessions: Sessions::Everyone, until: at(160) };
    let asked = [Part::Closed, all].map(|part| ("role deploy".to_owned(), part, false));
    assert_eq!(said(&found.asked), asked, "and nobody opens another one");
}

#[test]
fn a_role_the_actor_made_is_contained_whole_and_one_it_opened_is_asked_about() {
    let role = |name: &str| Node {
        arn: Some(format!("arn:aws:iam::029608264753:role/{name}")),
        role_arn: Some(format!("arn:aws:iam::029608264753:role/{name}")),
        via: "CreateRole".to_owned(),
        made: Some(at(11)),
        ..minted(NodeKind::Role, name)
    };
    let opened = Node { older: true, via: "UpdateAssumeRolePolicy".to_owned(), ..role("deploy") };
    let found = left(&contained(), &[role("evil"), opened], &[]);
    assert_eq!(said(&found.covered), [whole("role evil", false)]);
    assert_eq!(said(&found.asked), [("role deploy".to_owned(), Part::Trust, false)]);
}

#[test]
fn new_roles_wait_for_the_trail_and_are_asked_about_when_it_explains_nothing() {
    assert_eq!(left(&contained(), &[], &[role("new", "AROA3", 101)]), Remains::default());
    let found = left(&contained(), &[], &[role("older", "AROA4", 50)]);
    assert_eq!(said(&found.asked), [whole("role older", false)]);
    let linked = "arn:aws:iam::029608264753:role/aws-service-role/x/AWSServiceRoleForX".to_owned();
    let linked = Inhabitant { arn: linked, ..role("AWSServiceRoleForX", "AROA5", 50) };
    assert_eq!(left(&contained(), &[], &[linked]), Remains::default());
}

mod asked_again;
mod foreseen;
mod new_keys;
mod protected;
mod resources;
mod suspicion;
