//! What is asked about again, and what people left and is said to be open.

use super::{contained, left, minted, said, user, whole};
use crate::domain::action::Change;
use crate::domain::adjustment::Adjustment;
use crate::domain::case::Case;
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::plan::{Plan, PlanKind};
use crate::domain::principal::PrincipalName;
use crate::domain::remains::Remains;
use crate::domain::sample::{self, adjust, at, plan, propose, run, step};
use crate::domain::target::Part;
use crate::domain::trust::of_nobody;

/// Role `deploy`, which is older, and whose trust the actor edited.
fn edited() -> Node {
    let arn = "arn:aws:iam::029608264753:role/deploy".to_owned();
    Node {
        arn: Some(arn.clone()),
        role_arn: Some(arn),
        via: "UpdateAssumeRolePolicy".to_owned(),
        made: Some(at(11)),
        older: true,
        ..minted(NodeKind::Role, "deploy")
    }
}

fn found(case: &Case) -> Remains {
    left(case, &[edited()], &[user("older", "AIDA4", 50)])
}

/// What the sweep asks about here, as a follow-up.
fn follow_up(case: &Case) -> Plan {
    let trust = Change::PutTrust { document: of_nobody() };
    let steps = vec![
        step(sample::role("deploy", "AROA1"), trust),
        step(sample::user("older", "AIDA4"), sample::deny()),
    ];
    Plan { steps, ..plan(case, PlanKind::FollowUp) }
}

#[test]
fn what_was_contained_and_given_back_by_an_undo_of_everything_is_asked_about_again() {
    let asked = [("role deploy".to_owned(), Part::Trust, false), whole("user older", false)];
    let mut case = contained();
    assert_eq!(said(&found(&case).asked), asked);
    let follow_up = follow_up(&case);
    run(&mut case, follow_up);
    assert_eq!(found(&case), Remains::default(), "both are held");

    let mut undo = plan(&case, PlanKind::Undo);
    undo.steps.iter_mut().for_each(|step| step.action = step.action.taken_back().unwrap());
    run(&mut case, undo);
    let again = plan(&case, PlanKind::Containment);
    run(&mut case, again);
    assert_eq!(said(&found(&case).asked), asked, "the new containment holds user ci alone");
}

#[test]
fn a_newcomer_that_was_left_out_is_an_open_end_and_no_question() {
    let mut case = contained();
    let first = follow_up(&case);
    propose(&mut case, first);
    let on = PrincipalName::user("older");
    adjust(&mut case, vec![Adjustment::LeaveOut { on: on.clone() }]);
    let left_out = found(&case);
    let asked = [("role deploy".to_owned(), Part::Trust, false)];
    assert_eq!(said(&left_out.asked), asked);
    let [end] = left_out.open_ends.as_slice() else { panic!("{left_out:?}") };
    assert!(end.contains("user older") && end.contains("left out by bob"), "{end}");

    adjust(&mut case, vec![Adjustment::AsProposed { on }]);
    let back = found(&case);
    assert_eq!((back.asked.len(), back.open_ends.len()), (2, 0), "asked again: {back:?}");
}
