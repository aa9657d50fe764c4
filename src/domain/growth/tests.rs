//! What a lineage must name, and what it must not be fooled by.

mod indirect;
mod renames;
mod signer;

use super::{Bounds, grow};
use crate::domain::lineage::{Certainty, Lineage, Node, NodeKind, Standing, Subject};
use crate::domain::trail_row::Sighting;

const KEY: &str = "AKIAZZZZLEAKEDKEY234";
const ACCOUNT: &str = "111122223333";
const OWNER: &str = "arn:aws:iam::111122223333:user/ci";

fn at(minute: u32) -> String {
    format!("2026-08-01T10:{minute:02}:00Z")
}

/// A call signed by a key of the owner.
fn call(name: &str, key: &str, minute: u32) -> Sighting {
    Sighting {
        event_name: (!name.is_empty()).then(|| name.to_owned()),
        identity_type: Some("IAMUser".to_owned()),
        principal_id: Some("AIDAOWNER".to_owned()),
        identity_arn: Some(OWNER.to_owned()),
        identity_account: Some(ACCOUNT.to_owned()),
        user_name: Some("ci".to_owned()),
        access_key_id: Some(key.to_owned()),
        recipient_account: Some(ACCOUNT.to_owned()),
        addresses: Some("203.0.113.9".to_owned()),
        events: Some(1),
        first_time: at(minute),
        last_time: at(minute),
        ..Sighting::default()
    }
}

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{name}")
}

fn assume(key: &str, role: &str, child: &str, minute: u32) -> Sighting {
    Sighting {
        target_role: Some(role_arn(role)),
        minted_key: Some(child.to_owned()),
        minted_arn: Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/s")),
        minted_expires: Some("Aug 1, 2026, 11:00:00 AM".to_owned()),
        ..call("AssumeRole", key, minute)
    }
}

/// A call a role's session made.
fn as_role(name: &str, role: &str, key: &str, minute: u32) -> Sighting {
    Sighting {
        identity_type: Some("AssumedRole".to_owned()),
        principal_id: Some(format!("AROA{role}:s")),
        identity_arn: Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/s")),
        user_name: None,
        session_start: Some(at(minute)),
        issuer_arn: Some(role_arn(role)),
        issuer_principal_id: Some(format!("AROA{role}")),
        ..call(name, key, minute)
    }
}

fn create_role(key: &str, role: &str, minute: u32) -> Sighting {
    Sighting {
        target_role: Some(role.to_owned()),
        minted_arn: Some(role_arn(role)),
        minted_principal_id: Some(format!("AROA{role}")),
        ..call("CreateRole", key, minute)
    }
}

fn create_user(key: &str, user: &str, id: &str, minute: u32) -> Sighting {
    Sighting {
        target_user: Some(user.to_owned()),
        minted_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/{user}")),
        minted_principal_id: Some(id.to_owned()),
        ..call("CreateUser", key, minute)
    }
}

fn as_user(name: &str, user: &str, id: &str, minute: u32) -> Sighting {
    Sighting {
        identity_arn: Some(format!("arn:aws:iam::{ACCOUNT}:user/{user}")),
        principal_id: Some(id.to_owned()),
        user_name: Some(user.to_owned()),
        access_key_id: None,
        ..call(name, "", minute)
    }
}

fn sign_in(user: &str, id: &str, minute: u32, result: &str) -> Sighting {
    Sighting {
        console_result: Some(result.to_owned()),
        ..as_user("ConsoleLogin", user, id, minute)
    }
}

fn lineage(sightings: &[Sighting]) -> Lineage {
    let bounds = Bounds {
        key_id: KEY,
        exposed_since: Some(at(0).parse().unwrap()),
        as_of: at(59).parse().unwrap(),
    };
    grow(sightings, bounds)
}

fn node<'l>(lineage: &'l Lineage, id: &str) -> &'l Node {
    let found = lineage.nodes.iter().find(|node| node.id == id);
    found.unwrap_or_else(|| panic!("no {id} in {:#?}", lineage.nodes))
}

fn ids(lineage: &Lineage) -> Vec<&str> {
    lineage.nodes.iter().map(|node| node.id.as_str()).collect()
}

#[test]
fn chained_sessions_are_followed_and_an_unused_one_is_listed() {
    let lineage = lineage(&[
        assume(KEY, "one", "ASIAAAAAAAAAAAAAAA22", 1),
        as_role("AssumeRole", "one", "ASIAAAAAAAAAAAAAAA22", 2),
        Sighting {
            minted_key: Some("ASIAAAAAAAAAAAAAAA33".to_owned()),
            target_role: Some(role_arn("two")),
            ..as_role("AssumeRole", "one", "ASIAAAAAAAAAAAAAAA22", 3)
        },
    ]);
    let deep = node(&lineage, "ASIAAAAAAAAAAAAAAA33");
    assert_eq!((deep.events, deep.depth), (0, 2));
    assert_eq!(deep.minted_by.as_deref(), Some("ASIAAAAAAAAAAAAAAA22"));
    assert_eq!(deep.certainty, Certainty::Certain);
    assert_eq!(lineage.credentials().count(), 2);
    assert_eq!(node(&lineage, "ASIAAAAAAAAAAAAAAA22").standing, Standing::Live);
}

#[test]
fn sessions_that_mint_each_other_end() {
    let a = "ASIAAAAAAAAAAAAAAA22";
    let b = "ASIAAAAAAAAAAAAAAA33";
    let lineage = lineage(&[
        assume(KEY, "one", a, 1),
        assume(a, "two", b, 2),
        assume(b, "one", a, 3),
        assume(b, "one", KEY, 4),
    ]);
    assert_eq!(ids(&lineage), [a, b]);
}

#[test]
fn a_key_that_differs_in_two_characters_is_another_key() {
    let other = "AKIAZZZZLEAKEDKEY243";
    let lineage = lineage(&[call("", KEY, 1), assume(other, "one", "ASIAAAAAAAAAAAAAAA22", 1)]);
    assert!(lineage.nodes.is_empty());
}

#[test]
fn what_was_made_before_the_exposure_is_older() {
    let before = Sighting {
        first_time: "2026-07-01T10:00:00Z".to_owned(),
        ..assume(KEY, "one", "ASIAAAAAAAAAAAAAAA22", 1)
    };
    let lineage = lineage(&[before, assume(KEY, "one", "ASIAAAAAAAAAAAAAAA33", 1)]);
    assert!(node(&lineage, "ASIAAAAAAAAAAAAAAA22").older);
    assert!(!node(&lineage, "ASIAAAAAAAAAAAAAAA33").older);
}

#[test]
fn instance_credentials_are_reached_through_the_role_the_actor_created() {
    let service = Sighting {
        identity_type: Some("AWSService".to_owned()),
        identity_arn: None,
        principal_id: None,
        identity_account: None,
        access_key_id: None,
        user_name: None,
        invoked_by: Some("ec2.amazonaws.com".to_owned()),
        minted_arn: None,
        ..assume("", "implant", "ASIAAAAAAAAAAAAAAA44", 5)
    };
    let lineage = lineage(&[
        create_role(KEY, "implant", 4),
        service.clone(),
        Sighting { target_role: Some(role_arn("other")), ..service },
        as_role("", "implant", "ASIAAAAAAAAAAAAAAA44", 6),
    ]);
    let instance = node(&lineage, "ASIAAAAAAAAAAAAAAA44");
    assert_eq!((instance.kind, instance.events), (NodeKind::ServiceSession, 1));
    assert_eq!(instance.minted_by.as_deref(), Some("ec2.amazonaws.com"));
    assert_eq!(lineage.credentials().count(), 0);
    assert_eq!(lineage.second_order().count(), 1);
    assert_eq!(lineage.principals().count(), 1);
}

#[test]
fn a_service_session_on_a_role_that_was_there_before_is_not_the_actors() {
    let lineage = lineage(&[call("", KEY, 1), as_role("", "ops", "ASIAAAAAAAAAAAAAAA44", 6)]);
    assert!(lineage.nodes.is_empty());
}

#[test]
fn a_sign_in_of_a_created_user_belongs_though_it_has_no_key_id() {
    let session = Sighting {
        access_key_id: Some("ASIAAAAAAAAAAAAAAA55".to_owned()),
        session_start: Some("2026-08-01T10:06:01Z".to_owned()),
        from_console: Some(1),
        ..as_user("", "mallory", "AIDAM", 7)
    };
    let from_console = Sighting {
        event_name: Some("CreateAccessKey".to_owned()),
        minted_key: Some("AKIAAAAAAAAAAAAAAA66".to_owned()),
        target_user: Some("mallory".to_owned()),
        ..session.clone()
    };
    let lineage = lineage(&[
        create_user(KEY, "mallory", "AIDAM", 5),
        sign_in("mallory", "AIDAM", 5, "Failure"),
        sign_in("mallory", "AIDAM", 6, "Success"),
        session,
        from_console,
    ]);
    let id = format!("arn:aws:iam::{ACCOUNT}:user/mallory@2026-08-01T10:06:01Z");
    let console = node(&lineage, &id);
    assert_eq!((console.kind, console.events), (NodeKind::ConsoleSession, 3));
    let key = node(&lineage, "AKIAAAAAAAAAAAAAAA66");
    assert_eq!(key.minted_by.as_deref(), Some(id.as_str()));
    assert_eq!(lineage.nodes.len(), 3);
    assert!(Subject::of(&lineage).sessions.contains(&id));
}

#[test]
fn the_owners_own_sign_in_belongs_only_from_an_address_of_the_key() {
    let home = Sighting {
        addresses: Some("198.51.100.7".to_owned()),
        ..sign_in("ci", "AIDAOWNER", 2, "Success")
    };
    assert!(lineage(&[call("", KEY, 1), home]).nodes.is_empty());
    let lineage = lineage(&[call("", KEY, 1), sign_in("ci", "AIDAOWNER", 2, "Success")]);
    assert_eq!(lineage.nodes.len(), 1);
    assert_eq!(lineage.nodes[0].certainty, Certainty::Likely);
}

#[test]
fn work_a_service_does_for_the_key_is_likely_and_work_it_does_at_other_times_is_not() {
    let forwarded = |key: &str, minute: u32| Sighting {
        access_key_id: Some(key.to_owned()),
        invoked_by: Some("kms.amazonaws.com".to_owned()),
        session_start: Some(at(minute)),
        ..call("", key, minute)
    };
    let lineage = lineage(&[
        call("", KEY, 10),
        call("", KEY, 12),
        forwarded("ASIAAAAAAAAAAAAAAA22", 11),
        forwarded("ASIAAAAAAAAAAAAAAA33", 12),
        forwarded("ASIAAAAAAAAAAAAAAA44", 30),
    ]);
    assert_eq!(ids(&lineage), [format!("{OWNER} via kms.amazonaws.com")]);
    assert_eq!((lineage.nodes[0].events, lineage.nodes[0].certainty), (2, Certainty::Likely));
    assert_eq!(lineage.forwarded.len(), 2);
}

#[test]
fn another_user_of_the_same_name_is_another_user() {
    let recreated = as_user("", "mallory", "AIDASECOND", 20);
    let recreated =
        Sighting { access_key_id: Some("AKIAAAAAAAAAAAAAAA77".to_owned()), ..recreated };
    let lineage = lineage(&[create_user(KEY, "mallory", "AIDAFIRST", 5), recreated]);
    assert_eq!(ids(&lineage), [format!("arn:aws:iam::{ACCOUNT}:user/mallory")]);
}

#[test]
fn a_user_made_again_under_its_name_is_listed_twice() {
    let delete = Sighting { target_user: Some("m".to_owned()), ..call("DeleteUser", KEY, 6) };
    let lineage = lineage(&[
        create_user(KEY, "m", "AIDAFIRST", 5),
        delete,
        create_user(KEY, "m", "AIDASECOND", 7),
    ]);
    let standings: Vec<_> = lineage.principals().map(|node| node.standing).collect();
    assert_eq!(standings, [Standing::Deleted, Standing::Live]);
}

#[test]
fn a_key_switched_off_and_on_again_is_live() {
    let child = "AKIAAAAAAAAAAAAAAA66";
    let made = Sighting {
        minted_key: Some(child.to_owned()),
        target_user: Some("ci".to_owned()),
        ..call("CreateAccessKey", KEY, 1)
    };
    let set = |status: &str, minute: u32| Sighting {
        target_key: Some(child.to_owned()),
        target_status: Some(status.to_owned()),
        ..call("UpdateAccessKey", KEY, minute)
    };
    let off = lineage(&[made.clone(), set("Inactive", 2)]);
    assert_eq!(node(&off, child).standing, Standing::Inactive);
    let on = lineage(&[made, set("Active", 3), set("Inactive", 2)]);
    assert_eq!(node(&on, child).standing, Standing::Live);
}

#[test]
fn a_password_set_on_an_old_user_makes_its_later_sign_ins_likely() {
    let password =
        Sighting { target_user: Some("boss".to_owned()), ..call("UpdateLoginProfile", KEY, 5) };
    let lineage = lineage(&[
        sign_in("boss", "AIDABOSS", 4, "Success"),
        password,
        sign_in("boss", "AIDABOSS", 6, "Success"),
    ]);
    let boss = node(&lineage, &format!("arn:aws:iam::{ACCOUNT}:user/boss"));
    assert!(boss.older && !boss.is_created());
    let consoles = lineage.nodes.iter().filter(|node| node.kind == NodeKind::ConsoleSession);
    let consoles: Vec<_> = consoles.map(|node| (node.made.unwrap(), node.certainty)).collect();
    assert_eq!(consoles, [(at(6).parse().unwrap(), Certainty::Likely)]);
}

#[test]
fn masked_ids_link_nothing() {
    let masked = "AKIA****************";
    let lineage =
        lineage(&[assume(KEY, "one", masked, 1), assume(masked, "two", "ASIAAAAAAAAAAAAAAA22", 2)]);
    assert!(lineage.nodes.is_empty());
}

#[test]
fn a_session_is_walked_back_to_the_key_behind_it() {
    let lineage = lineage(&[assume("AKIABEHIND0000000002", "one", KEY, 1)]);
    assert_eq!(lineage.minted_by.as_deref(), Some("AKIABEHIND0000000002"));
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let mut sightings = vec![
        create_role(KEY, "implant", 1),
        as_role("", "implant", "ASIAAAAAAAAAAAAAAA44", 3),
        assume(KEY, "implant", "ASIAAAAAAAAAAAAAAA55", 2),
        create_user(KEY, "mallory", "AIDAM", 5),
        sign_in("mallory", "AIDAM", 6, "Success"),
    ];
    let forwards = lineage(&sightings);
    sightings.reverse();
    assert_eq!(lineage(&sightings), forwards);
    assert_eq!(forwards.nodes.len(), 5);
}

#[test]
fn a_role_that_is_opened_more_than_once_is_listed_once_with_the_last_time() {
    let opened = |second| Sighting {
        target_role: Some("deploy".to_owned()),
        ..call("UpdateAssumeRolePolicy", KEY, second)
    };
    let times = |seconds: &[u32]| -> Vec<bool> {
        let sightings: Vec<_> = seconds.iter().map(|second| opened(*second)).collect();
        let lineage = lineage(&sightings);
        lineage.nodes.iter().map(|node| node.reopened > node.made).collect()
    };
    assert_eq!((times(&[2]), times(&[2, 7])), (vec![false], vec![true]));
}

#[test]
fn a_role_that_the_actor_made_elsewhere_hides_none_of_the_same_name_that_it_opened_here() {
    let named = |account: &str| format!("arn:aws:iam::{account}:role/deploy");
    let made = |account: &str| Sighting {
        target_role: Some("deploy".to_owned()),
        minted_arn: Some(named(account)),
        recipient_account: Some(account.to_owned()),
        ..call("CreateRole", KEY, 1)
    };
    let opened = Sighting {
        target_role: Some("deploy".to_owned()),
        ..call("UpdateAssumeRolePolicy", KEY, 2)
    };
    let roles = |account: &str| -> Vec<String> {
        let lineage = lineage(&[made(account), opened.clone()]);
        lineage.nodes.iter().map(|node| node.id.clone()).collect()
    };
    assert_eq!(roles(ACCOUNT), [named(ACCOUNT)], "the role that the actor made is listed once");
    assert_eq!(roles("999999999999"), [named("999999999999"), named(ACCOUNT)]);
}
