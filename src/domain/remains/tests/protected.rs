//! What no plan may touch, and what of it is the actor's.

use super::*;
use crate::domain::lineage::Reach;

const BY_HAND: &str = "who may assume role deploy, which is protected: contain it by hand (the \
    actor changed who may assume it; it existed before)";

/// Role `deploy`, which is older, and whose trust was edited at a second.
fn edited(made: i64) -> Node {
    let arn = "arn:aws:iam::029608264753:role/deploy".to_owned();
    Node {
        arn: Some(arn.clone()),
        role_arn: Some(arn),
        via: "UpdateAssumeRolePolicy".to_owned(),
        made: Some(at(made)),
        older: true,
        ..minted(NodeKind::Role, "deploy")
    }
}

/// The same where these are protected.
fn left_of(nodes: &[Node], one: Inhabitant, protected: &[&str]) -> Remains {
    let inhabitants = [one];
    let census = Census {
        nodes,
        made_by_others: &[],
        keys: Keys::default(),
        sessions_of_others: &NOBODYS,
        told_until: at(100),
        inhabitants: &inhabitants,
        served: &ALONE,
    };
    remains(&contained(), &census, &rules(protected))
}

/// What is open of role `deploy`, which is protected; it is never asked about.
fn open_of(node: Node) -> Vec<String> {
    let deploy = role("deploy", "AROA1", -9);
    let arn = deploy.arn.clone();
    let found = left_of(&[node], deploy, &[&arn]);
    assert!(found.asked.is_empty() && found.covered.is_empty(), "{found:?}");
    found.open_ends
}

#[test]
fn a_protected_role_that_the_actor_opened_is_an_open_end() {
    assert_eq!(open_of(edited(11)), [BY_HAND]);
    let deploy = left_of(&[edited(11)], role("deploy", "AROA1", -9), &[]);
    assert_eq!(said(&deploy.asked), [("role deploy".to_owned(), Part::Trust, false)]);
    assert!(deploy.open_ends.is_empty(), "where nothing protects it, people are asked");
}

#[test]
fn what_may_be_lawful_of_a_protected_role_holds_up_no_case() {
    let none: [String; 0] = [];
    assert_eq!(open_of(edited(9)), none, "before the exposure");
    let again = Node { reopened: Some(at(12)), ..edited(9) };
    assert_eq!(open_of(again), [BY_HAND], "and once more since");
    assert_eq!(open_of(Node { certainty: Certainty::Likely, ..edited(11) }), none);
}

#[test]
fn a_protected_user_with_a_new_password_is_an_open_end() {
    let boss = user("boss", "AIDA9", -9);
    let arn = boss.arn.clone();
    let given = Node {
        via: "CreateLoginProfile".to_owned(),
        principal_id: None,
        older: true,
        ..node(NodeKind::User, &arn, "boss", "AIDA9")
    };
    let found = left_of(&[given], boss, &[&arn]);
    let because = "the actor set a password for it; it existed before";
    let end = format!("user boss, which is protected: contain it by hand ({because})");
    assert_eq!((found.asked, found.open_ends), (Vec::new(), vec![end]));
}

#[test]
fn sessions_of_a_role_that_aws_keeps_to_itself_are_open_unless_the_service_opened_them() {
    let arn = "arn:aws:iam::029608264753:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
    let linked = Inhabitant { arn: arn.to_owned(), ..role("AWSServiceRoleForX", "AROA7", -9) };
    let session = |kind| Node {
        role_arn: Some(arn.to_owned()),
        reach: Reach::SecondOrder,
        made: Some(at(11)),
        ..minted(kind, "ASIA7")
    };
    let open = |kind| left_of(&[session(kind)], linked.clone(), &[]).open_ends;
    assert_eq!(open(NodeKind::ServiceSession), Vec::<String>::new());
    let because = "the actor holds a session of it that has no id of its own";
    let end = format!(
        "sessions of role AWSServiceRoleForX, which is protected: contain it by hand ({because})"
    );
    assert_eq!(open(NodeKind::RoleSession), [end]);
}
