//! Which principals are listed, ticked or not, and what is said of each.

use super::*;
use crate::domain::adjustment::Adjustment;
use crate::domain::event::Event;
use crate::domain::facts::{AccountFinding, Fact, Finding};
use crate::domain::ids::AccountId;
use crate::domain::lineage::{NodeKind, Standing};
use crate::domain::record::{Actor, Entry, Press};
use crate::domain::sample::{self, at, person};

const ACCOUNT: &str = "029608264753";

fn principal(kind: NodeKind, name: &str, via: &str) -> Node {
    let word = if kind == NodeKind::User { "user" } else { "role" };
    let mut node = sample::minted(kind, name);
    node.arn = Some(format!("arn:aws:iam::{ACCOUNT}:{word}/{name}"));
    node.principal_id = Some(format!("ID-{name}"));
    node.via = via.to_owned();
    node
}

fn session(role: &str) -> Node {
    let mut node = sample::minted(NodeKind::RoleSession, "ASIA1");
    node.role_arn = Some(format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
    node.principal_id = Some(format!("ID-{role}:boto"));
    node
}

fn case(nodes: Vec<Node>, others: &[(&str, &[&str])]) -> Case {
    let mut case = sample::opened();
    let mut survey = sample::survey(nodes);
    survey.used_by_others = others
        .iter()
        .map(|(id, names)| ((*id).to_owned(), names.iter().map(|n| (*n).to_owned()).collect()))
        .collect();
    let entry = Entry {
        at: at(30),
        actor: Actor::Keyleak,
        place: None,
        delivery: None,
        event: Event::Surveyed { survey: Box::new(survey) },
    };
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
    case
}

fn listed(case: &Case) -> Vec<(String, Extent)> {
    candidates(case).into_iter().map(|one| (one.slug(), one.now)).collect()
}

#[test]
fn the_actors_own_is_ticked_the_shared_by_sessions_and_the_older_not_at_all() {
    let mut older = principal(NodeKind::User, "nightly", "CreateUser");
    older.older = true;
    let mut gone = principal(NodeKind::User, "gone", "CreateUser");
    gone.standing = Standing::Deleted;
    let mut likely = principal(NodeKind::User, "perhaps", "CreateUser");
    likely.certainty = Certainty::Likely;
    let made = principal(NodeKind::User, "backdoor", "CreateUser");
    let others: (&str, &[&str]) = ("ID-deploy", &["a", "b", "c", "d"]);
    let case = case(vec![made, older, gone, likely, session("deploy")], &[others]);
    assert_eq!(
        listed(&case),
        [
            ("user/backdoor".to_owned(), Extent::Whole),
            ("role/deploy".to_owned(), Extent::AsProposed),
            ("user/nightly".to_owned(), Extent::Nothing),
            ("user/perhaps".to_owned(), Extent::Nothing),
        ]
    );
    let all = candidates(&case);
    let of = |name: &str| meant(&all, name).unwrap();
    assert_eq!(of("deploy").others, "others use it: a, b, c and 1 more");
    assert!(of("user/nightly").why.contains("before the exposure"), "{:?}", of("nightly"));
    assert!(of("role/deploy").may_be_whole() && !of("backdoor").may_be_whole());
    assert_eq!(meant(&all, "somebody"), None);
}

#[test]
fn what_people_said_moves_the_tick_and_what_was_proposed_stays_known() {
    let mut case = case(vec![session("deploy")], &[]);
    let by = Press { seq: 2, at: at(1), by: person("bob"), name: "bob".to_owned() };
    let on = PrincipalName::role("deploy");
    for (said, now) in [
        (Adjustment::LeaveOut { on: on.clone() }, Extent::Nothing),
        (Adjustment::TakeIn { on: on.clone() }, Extent::Whole),
        (Adjustment::AsProposed { on: on.clone() }, Extent::AsProposed),
    ] {
        case.adjustments.take_in(&said, &by);
        let all = candidates(&case);
        assert_eq!((all[0].now, all[0].proposed), (now, Extent::AsProposed), "{said:?}");
    }
}

#[test]
fn a_name_that_two_have_means_nobody_and_another_accounts_is_not_listed() {
    let mut abroad = principal(NodeKind::Role, "abroad", "UpdateAssumeRolePolicy");
    abroad.arn = Some("arn:aws:iam::999999999999:role/abroad".to_owned());
    let two = [principal(NodeKind::User, "x", "CreateUser"), session("x"), abroad];
    let mut case = case(two.to_vec(), &[]);
    case.facts.note(Finding::Account(Fact::Known(AccountFinding {
        account: AccountId(ACCOUNT.to_owned()),
        from_id: None,
        confirmed: true,
        ours: true,
        canary: false,
        name: None,
        organization: None,
    })));
    let all = candidates(&case);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(meant(&all, "x"), None);
    assert_eq!(meant(&all, "role/x").map(|one| one.on.clone()), Some(PrincipalName::role("x")));
}
