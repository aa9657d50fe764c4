//! What the actor holds in another account than the case's.

use super::*;
use crate::domain::facts::{AccountFinding, Fact, Finding};
use crate::domain::ids::AccountId;

/// What is left of these in account 999999999999, where it is served or not.
fn left_abroad(nodes: &[Node], served: &Served) -> Remains {
    let census = Census {
        nodes,
        made_by_others: &[],
        keys: Keys::default(),
        sessions_of_others: &NOBODYS,
        told_until: at(100),
        inhabitants: &[],
        served,
    };
    remains(&contained(), &census, &rules(&[]))
}

fn abroad(node: Node, resource: &str) -> Node {
    Node { arn: Some(format!("arn:aws:iam::999999999999:{resource}")), ..node }
}

#[test]
fn what_lies_in_another_account_is_said_to_be_open() {
    let session = abroad(session("evil", 11), "assumed-role/deploy/evil");
    let likely = Node { certainty: Certainty::Likely, id: "ASIA2".to_owned(), ..session.clone() };
    let found = left_abroad(&[session, likely], &ALONE);
    assert_eq!(found.open_ends.len(), 2, "what is only likely is not passed over: {found:?}");
    assert!(found.open_ends.iter().all(|end| end.contains("account 999999999999, out of our")));
    assert!(found.open_ends[1].contains("as it seems"), "{found:?}");
    assert!(found.covered.is_empty() && found.asked.is_empty());
}

#[test]
fn where_the_other_account_is_served_the_way_on_is_said() {
    let served = Served::from([(AccountId("999999999999".to_owned()), Some("prod".to_owned()))]);
    let key = node(NodeKind::LongTermKey, "AKIAQNZGKIQY56JQ0001", "evil", "AIDA9");
    let session = abroad(session("evil", 11), "assumed-role/deploy/evil");
    let found = left_abroad(&[abroad(key, "user/evil"), session], &served);
    let [key, session] = found.open_ends.as_slice() else { panic!("{found:?}") };
    assert!(key.contains("999999999999 (prod)") && key.contains("open a case for AKIA…0001"));
    assert!(session.contains("999999999999 (prod)") && session.contains("revoke it there by hand"));
    assert!(found.covered.is_empty() && found.asked.is_empty());
}

#[test]
fn a_user_that_the_actor_made_elsewhere_explains_none_of_the_same_name_here() {
    let made =
        Node { via: "CreateUser".to_owned(), ..node(NodeKind::User, "arn", "evil", "AIDA2") };
    let census = |node: &Node| {
        let inhabitants = [user("evil", "AIDA3", 50)];
        left(&contained(), std::slice::from_ref(node), &inhabitants)
    };
    assert!(census(&made).asked.is_empty(), "here the actor's own user of that name is known");
    let elsewhere = census(&abroad(made, "user/evil"));
    assert_eq!(said(&elsewhere.asked), [whole("user evil", false)], "{elsewhere:?}");
    assert!(elsewhere.covered.is_empty() && elsewhere.created.is_empty());
}

#[test]
fn once_something_was_changed_validation_takes_the_case_to_no_other_account() {
    let found = |case: &mut Case| {
        let account = AccountId("999999999999".to_owned());
        let found = AccountFinding {
            account,
            from_id: None,
            confirmed: true,
            ours: true,
            canary: false,
            name: None,
            organization: None,
        };
        then(case, Event::Found { finding: Finding::Account(Fact::Known(found)) });
        case.account().unwrap().0.clone()
    };
    assert_eq!(found(&mut opened()), "999999999999", "before, validation tells");
    assert_eq!(found(&mut contained()), "029608264753", "there its plan was carried out");
}
