//! Roles that are stopped before the trail tells whose they are.

use super::{ALONE, NOBODYS, carry_out, contained, left, role, rules, said, then, whole};
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::lineage::{Certainty, MadePrincipal, Node, NodeKind};
use crate::domain::plan::{PlanNumber, Step};
use crate::domain::principal::{Principal, PrincipalName};
use crate::domain::reading::SurveyNote;
use crate::domain::remains::strangers::Keys;
use crate::domain::remains::{Census, remains};
use crate::domain::sample::{self, at, minted};
use crate::domain::sharing::needs;
use crate::domain::snapshot::SnapshotRef;
use crate::domain::target::Part;

/// The same case, in which this principal was denied at second 20, on suspicion or for certain.
fn denied(on: Principal, provisional: bool) -> Case {
    let mut case = contained();
    let deny = Change::Deny {
        policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        inline_name: "KeyleakDeny".to_owned(),
    };
    let step = Step {
        action: Action { on, change: deny },
        blast_radius: Vec::new(),
        because: String::new(),
        provisional,
    };
    let snapshot = SnapshotRef { sha256: "00".to_owned(), taken_at: at(20) };
    let plan = PlanNumber(1);
    then(&mut case, Event::Covered { plan, steps: vec![step], snapshot });
    carry_out(&mut case, plan, 2);
    case
}

/// Role `evil` (AROA1) was denied on suspicion.
fn suspecting() -> Case {
    denied(sample::role("evil", "AROA1"), true)
}

#[test]
fn a_role_is_suspected_while_the_actor_was_seen_later_than_the_trail_tells_and_no_longer() {
    let inhabitants = [role("new", "AROA3", 21), role("earlier", "AROA4", 19)];
    let found = |case: &Case, told_until: i64, made_by_others: &[MadePrincipal]| {
        let told_until = at(told_until);
        let (nodes, sessions_of_others) = (&[][..], &NOBODYS);
        let census = Census {
            nodes,
            made_by_others,
            keys: Keys::default(),
            sessions_of_others,
            told_until,
            inhabitants: &inhabitants,
            served: &ALONE,
        };
        said(&remains(case, &census, &rules(&[])).covered)
    };
    let seen = denied(sample::user("made", "AIDA7"), false);
    assert_eq!(found(&seen, 18, &[]), [whole("role new", true)]);
    assert_eq!(found(&seen, 20, &[]), [], "the trail has passed what the actor did last");
    assert_eq!(found(&contained(), 18, &[]), [], "the actor did not show itself");
    assert_eq!(found(&suspecting(), 18, &[]), [], "a suspicion does not feed itself");
    let (name, id) = (PrincipalName::role("new"), Some("AROA3".to_owned()));
    let made = MadePrincipal { name, id, by: "cdk".to_owned() };
    assert_eq!(found(&seen, 18, &[made]), []);
}

#[test]
fn a_role_that_was_denied_on_suspicion_is_closed_once_the_trail_shows_whose_it_is() {
    let made = Node {
        arn: Some("arn:aws:iam::029608264753:role/evil".to_owned()),
        principal_id: Some("AROA1".to_owned()),
        via: "CreateRole".to_owned(),
        made: Some(at(19)),
        ..minted(NodeKind::Role, "evil")
    };
    let closed = [("role evil".to_owned(), Part::Closed, false)];
    let found = left(&suspecting(), std::slice::from_ref(&made), &[]);
    assert_eq!((said(&found.covered), found.asked.len()), (closed.to_vec(), 0));
    let likely = Node { certainty: Certainty::Likely, ..made };
    let found = left(&suspecting(), &[likely], &[]);
    assert_eq!((found.covered.len(), said(&found.asked)), (0, closed.to_vec()));
}

#[test]
fn what_a_case_suspects_it_needs_until_its_own_trail_names_another_maker() {
    let evil = sample::user("evil", "AIDA8");
    let mut case = denied(evil.clone(), true);
    let lift = Change::LiftDeny {
        policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        inline_name: "KeyleakDeny-of-another".to_owned(),
    };
    let lift = |on| Action { on, change: lift.clone() };
    assert!(needs(&case, &lift(evil.clone())));
    assert!(!needs(&case, &lift(sample::user("evil", "AIDA9"))), "another of that name");
    let (name, id) = (PrincipalName::user("evil"), Some("AIDA8".to_owned()));
    let made_by_others = vec![MadePrincipal { name, id, by: "ops".to_owned() }];
    let survey = Box::new(SurveyNote { made_by_others, ..sample::survey(Vec::new()) });
    then(&mut case, Event::Surveyed { survey });
    assert!(!needs(&case, &lift(evil)));
}
