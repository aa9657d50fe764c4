//! What of an answer is offered, and what is said of the rest: cells are the actor's to write.

use super::*;
use crate::domain::adjusting::asked;
use crate::domain::adjustment::Adjustment;
use crate::domain::event::Event;
use crate::domain::facts::{AccountFinding, Fact, Finding};
use crate::domain::ids::AccountId;
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::plan::PlanKind;
use crate::domain::record::Actor;
use crate::domain::sample::{self, KEY, add, own};
use crate::domain::wanted::Wanted;
use jiff::SignedDuration;

const ACCOUNT: &str = "029608264753";
const USER_KEY: &str = "AKIAQNZGKIQY56JQ7AAA";

fn rules() -> PlanRules {
    PlanRules {
        deny_policy_arn: "arn:aws:iam::aws:policy/AWSDenyAll".to_owned(),
        protected_arns: vec![format!("arn:aws:iam::{ACCOUNT}:role/break-glass")],
        protected_roles: Vec::new(),
        approvals_reversible: 1,
        approvals_resources: 1,
        approvals_irreversible: 2,
        expires_after: SignedDuration::from_hours(1),
        isolation_groups: std::collections::BTreeMap::default(),
    }
}

fn session(role: &str) -> Node {
    let mut node = sample::minted(NodeKind::RoleSession, &format!("ASIA{role}"));
    node.role_arn = Some(format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
    node
}

/// The key of a user that was there before.
fn key_of(user: &str) -> Node {
    let mut node = sample::minted(NodeKind::LongTermKey, USER_KEY);
    node.user_name = Some(user.to_owned());
    node.older = true;
    node
}

/// A case of user ci's key, which holds sessions of two roles and a key of another user.
fn case() -> Case {
    let mut case = sample::opened();
    let account = AccountFinding {
        account: AccountId(ACCOUNT.to_owned()),
        from_id: None,
        confirmed: true,
        ours: true,
        canary: false,
        name: None,
        organization: None,
    };
    let account = Finding::Account(Fact::Known(account));
    for finding in [account, own("ci")] {
        add(&mut case, Actor::Keyleak, Event::Found { finding });
    }
    let nodes = vec![session("deploy"), session("break-glass"), key_of("nightly")];
    let survey = Box::new(sample::survey(nodes));
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey });
    case
}

fn slugs(offers: &Offers) -> Vec<String> {
    offers.offered.iter().map(Candidate::slug).collect()
}

#[test]
fn what_the_case_lists_is_offered_by_arn_session_key_and_name_and_each_once() {
    let case = case();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
    let assumed = format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/boto");
    for cells in [vec![role.as_str()], vec![&assumed], vec!["deploy"], vec![&role, &assumed]] {
        let found = offers(&case, &rules(), cells.iter().copied());
        assert_eq!(slugs(&found), ["role/deploy"], "{cells:?}");
        assert_eq!(found.said, [""; 0], "{cells:?}");
    }
    let found = offers(&case, &rules(), [USER_KEY]);
    assert_eq!(slugs(&found), ["user/nightly"], "{found:?}");
    // What is offered can be asked for.
    for slug in ["role/deploy", "user/nightly"] {
        let wanted = [Wanted::TakeIn(slug.to_owned())];
        let on = PrincipalName::of_slug(slug).unwrap();
        assert_eq!(asked(&case, &rules(), &wanted), Ok(vec![Adjustment::TakeIn { on }]));
    }
}

#[test]
fn what_no_plan_can_hold_is_said_and_not_offered() {
    let case = case();
    let abroad = "arn:aws:iam::999999999999:role/deploy".to_owned();
    let protected = format!("arn:aws:sts::{ACCOUNT}:assumed-role/break-glass/x");
    let stranger = format!("arn:aws:iam::{ACCOUNT}:user/payroll");
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    for (cell, said) in [
        (sample::SESSION_KEY, "end with their role or user and never alone: ASIA…7WML"),
        (abroad.as_str(), "role deploy of account 999999999999"),
        (&protected, "role break-glass, which is not touched: configuration protects it"),
        (&stranger, "user payroll, which is not listed"),
        (&root, "root, whom no policy"),
        ("AKIAQNZGKIQY56JQ7ZZZ", "key AKIA…7ZZZ, of which the case does not tell whose"),
    ] {
        let found = offers(&case, &rules(), [cell]);
        assert_eq!(slugs(&found), [""; 0], "{cell}");
        assert_eq!(found.said.len(), 1, "{cell}: {found:?}");
        assert!(found.said[0].contains(said), "{said}: {found:?}");
    }
}

#[test]
fn what_names_nothing_and_what_the_plan_begins_with_is_passed_over() {
    let case = case();
    let user = format!("arn:aws:iam::{ACCOUNT}:user/ci");
    let odd = ["", "-", "AKIA", "s3.amazonaws.com", "nobody", "arn:aws:s3:::bucket", "role/deploy"];
    let cells = odd.iter().copied().chain([KEY, user.as_str(), "ci"]);
    let found = offers(&case, &rules(), cells);
    assert_eq!(found, Offers::default());
    let service = format!("arn:aws:cognito-idp::{ACCOUNT}:role/deploy");
    assert_eq!(offers(&case, &rules(), [service.as_str()]), Offers::default());
}

#[test]
fn what_is_contained_whole_is_said_and_what_somebody_left_out_is_offered_again() {
    let mut case = case();
    let plan = sample::plan(&case, PlanKind::Containment);
    sample::propose(&mut case, plan);
    let on = || PrincipalName::role("deploy");
    sample::adjust(&mut case, vec![Adjustment::TakeIn { on: on() }]);
    let found = offers(&case, &rules(), ["deploy"]);
    assert_eq!(slugs(&found), [""; 0]);
    assert!(found.said[0].ends_with("approved: role deploy"), "{found:?}");
    sample::adjust(&mut case, vec![Adjustment::LeaveOut { on: on() }]);
    assert_eq!(slugs(&offers(&case, &rules(), ["deploy"])), ["role/deploy"]);
}

#[test]
fn buttons_and_names_are_few_and_the_rest_is_counted() {
    let mut case = case();
    let names: Vec<String> = (0..12).map(|n| format!("r{n}")).collect();
    let nodes = names.iter().map(|name| session(name)).collect();
    let survey = Box::new(sample::survey(nodes));
    add(&mut case, Actor::Keyleak, Event::Surveyed { survey });
    let arns: Vec<String> =
        names.iter().map(|name| format!("arn:aws:iam::{ACCOUNT}:role/{name}")).collect();
    let found = offers(&case, &rules(), arns.iter().map(String::as_str));
    assert_eq!(found.offered.len(), OFFERED_MAX);
    assert_eq!(found.said.len(), 1);
    let said = &found.said[0];
    assert!(said.contains("take-in: role/r5, role/r6, role/r7 and 4 more"), "{said}");
}
