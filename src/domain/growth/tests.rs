//! What a lineage must name, and what it must not be fooled by.

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

fn launch(key: &str, hosts: &str, minute: u32) -> Sighting {
    Sighting { resources: Some(hosts.to_owned()), ..call("RunInstances", key, minute) }
}

fn on_host(role: &str, host: &str, key: &str, minute: u32) -> Sighting {
    Sighting {
        identity_arn: Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{host}")),
        ..as_role("", role, key, minute)
    }
}

#[test]
fn credentials_of_an_instance_the_actor_started_belong_though_the_role_was_there_before() {
    let lineage = lineage(&[
        launch(KEY, "i-0aaaaaaaaaaaaaaa1 i-0bbbbbbbbbbbbbbb2", 1),
        on_host("ops", "i-0bbbbbbbbbbbbbbb2", "ASIAAAAAAAAAAAAAAA22", 3),
        on_host("ops", "i-0ccccccccccccccc3", "ASIAAAAAAAAAAAAAAA33", 3),
    ]);
    assert_eq!(ids(&lineage), ["ASIAAAAAAAAAAAAAAA22"]);
    let own = &lineage.nodes[0];
    assert_eq!((own.kind, own.certainty), (NodeKind::ServiceSession, Certainty::Certain));
    assert!(own.why.contains("started (RunInstances)"), "{}", own.why);
    assert_eq!(lineage.second_order().count(), 1);
}

#[test]
fn an_instance_that_ran_before_is_the_actors_only_from_its_address_after_it_went_in() {
    let host = "i-0aaaaaaaaaaaaaaa1";
    let enter = Sighting { resources: Some(host.to_owned()), ..call("SendCommand", KEY, 5) };
    let home = |key: &str, minute| Sighting {
        addresses: Some("198.51.100.7".to_owned()),
        ..on_host("ops", host, key, minute)
    };
    let lineage = lineage(&[
        on_host("ops", host, "ASIAAAAAAAAAAAAAAA22", 2),
        enter,
        home("ASIAAAAAAAAAAAAAAA33", 6),
        on_host("ops", host, "ASIAAAAAAAAAAAAAAA44", 7),
    ]);
    assert_eq!(ids(&lineage), ["ASIAAAAAAAAAAAAAAA44"]);
    assert_eq!(lineage.nodes[0].certainty, Certainty::Likely);
}

#[test]
fn a_session_whose_key_the_record_hides_is_found_by_its_name_and_start() {
    let hidden = Sighting { minted_key: None, ..assume(KEY, "ops", "", 3) };
    let own = as_role("", "ops", "ASIAAAAAAAAAAAAAAA22", 3);
    let later = as_role("", "ops", "ASIAAAAAAAAAAAAAAA33", 4);
    let lineage = lineage(&[hidden, own, later]);
    assert_eq!(ids(&lineage), ["ASIAAAAAAAAAAAAAAA22"]);
    assert_eq!(lineage.credentials().count(), 1);
}

#[test]
fn two_sessions_of_one_name_and_second_are_told_apart_by_who_opened_them() {
    let others = assume("AKIASOMEBODYELSE0002", "ops", "ASIAAAAAAAAAAAAAAA33", 3);
    let lineage = lineage(&[
        assume(KEY, "ops", "ASIAAAAAAAAAAAAAAA22", 3),
        others,
        as_role("", "ops", "ASIAAAAAAAAAAAAAAA22", 3),
        as_role("", "ops", "ASIAAAAAAAAAAAAAAA33", 3),
    ]);
    assert_eq!(ids(&lineage), ["ASIAAAAAAAAAAAAAAA22"]);
}

#[test]
fn a_federated_session_is_followed_into_the_console() {
    let federated = "arn:aws:sts::111122223333:federated-user/mallory";
    let as_federated = |name: &str, minute| Sighting {
        identity_type: Some("FederatedUser".to_owned()),
        identity_arn: Some(federated.to_owned()),
        principal_id: Some("111122223333:mallory".to_owned()),
        access_key_id: Some("ASIAAAAAAAAAAAAAAA22".to_owned()),
        ..call(name, "ASIAAAAAAAAAAAAAAA22", minute)
    };
    let mint = Sighting {
        minted_key: Some("ASIAAAAAAAAAAAAAAA22".to_owned()),
        minted_arn: Some(federated.to_owned()),
        ..call("GetFederationToken", KEY, 1)
    };
    let console = |key: &str, minute| Sighting {
        session_start: Some(at(6)),
        from_console: Some(1),
        access_key_id: Some(key.to_owned()),
        ..as_federated("", minute)
    };
    let sign_in = Sighting {
        console_result: Some("Success".to_owned()),
        access_key_id: None,
        ..as_federated("ConsoleLogin", 6)
    };
    let records = [
        mint,
        as_federated("GetSigninToken", 5),
        sign_in,
        console("ASIAAAAAAAAAAAAAAA33", 7),
        console("ASIAAAAAAAAAAAAAAA44", 8),
    ];
    let lineage_of = lineage(&records);
    let session = node(&lineage_of, &format!("{federated}@{}", at(6)));
    assert_eq!((session.kind, session.events), (NodeKind::ConsoleSession, 3));
    assert_eq!(session.certainty, Certainty::Certain);
    assert_eq!(session.keys, ["ASIAAAAAAAAAAAAAAA33", "ASIAAAAAAAAAAAAAAA44"]);
    let without_token: Vec<Sighting> = records
        .iter()
        .filter(|seen| seen.event_name.as_deref() != Some("GetSigninToken"))
        .cloned()
        .collect();
    let guessed = lineage(&without_token);
    assert_eq!(node(&guessed, &session.id).certainty, Certainty::Likely);
}

#[test]
fn a_switch_of_roles_belongs_to_the_console_session_it_came_from() {
    let target = "arn:aws:sts::444455556666:assumed-role/admin/mallory";
    let switch = |from: &str, minute| Sighting {
        event_name: Some("SwitchRole".to_owned()),
        identity_type: Some("AssumedRole".to_owned()),
        identity_arn: Some(target.to_owned()),
        access_key_id: None,
        console_result: Some("Success".to_owned()),
        origin_arn: Some(from.to_owned()),
        ..call("SwitchRole", "", minute)
    };
    let mallory = format!("arn:aws:iam::{ACCOUNT}:user/mallory");
    let lineage = lineage(&[
        create_user(KEY, "mallory", "AIDAM", 5),
        switch(&mallory, 9),
        switch("arn:aws:iam::111122223333:user/somebody", 12),
    ]);
    let id = format!("{target}@{}", at(9));
    assert_eq!(ids(&lineage), [mallory.as_str(), id.as_str()]);
    assert_eq!(node(&lineage, &id).certainty, Certainty::Certain);
}

#[test]
fn whoever_the_actors_own_provider_vouches_for_belongs() {
    let provider = "arn:aws:iam::111122223333:saml-provider/evil";
    let made =
        Sighting { origin_arn: Some(provider.to_owned()), ..call("CreateSAMLProvider", KEY, 2) };
    let enter = |through: &str, key: &str| Sighting {
        event_name: Some("AssumeRoleWithSAML".to_owned()),
        identity_type: Some("SAMLUser".to_owned()),
        identity_arn: None,
        access_key_id: None,
        origin_arn: Some(through.to_owned()),
        ..assume("", "ops", key, 4)
    };
    let lineage = lineage(&[
        made,
        enter(provider, "ASIAAAAAAAAAAAAAAA22"),
        enter("arn:aws:iam::111122223333:saml-provider/corporate", "ASIAAAAAAAAAAAAAAA33"),
    ]);
    assert_eq!(ids(&lineage), ["ASIAAAAAAAAAAAAAAA22"]);
    assert_eq!(lineage.second_order().count(), 1);
}

#[test]
fn a_caller_of_whom_another_account_knows_only_the_id_is_likely() {
    let abroad = Sighting {
        identity_type: Some("AWSAccount".to_owned()),
        identity_arn: None,
        access_key_id: None,
        recipient_account: Some("444455556666".to_owned()),
        ..assume("", "visitor", "ASIAAAAAAAAAAAAAAA22", 4)
    };
    let stranger = Sighting { principal_id: Some("AIDASTRANGER".to_owned()), ..abroad.clone() };
    let stranger = Sighting { minted_key: Some("ASIAAAAAAAAAAAAAAA33".to_owned()), ..stranger };
    let lineage = lineage(&[call("", KEY, 1), abroad, stranger]);
    assert_eq!(ids(&lineage), ["ASIAAAAAAAAAAAAAAA22"]);
    assert_eq!(lineage.nodes[0].certainty, Certainty::Likely);
}

#[test]
fn a_session_is_walked_back_step_by_step_to_a_key_or_a_sign_in() {
    let behind = |records: &[Sighting]| -> Vec<(String, String)> {
        let chain = lineage(records).behind;
        chain.into_iter().map(|origin| (origin.id, origin.via)).collect()
    };
    let (one, two) = ("ASIAAAAAAAAAAAAAAA22", "ASIAAAAAAAAAAAAAAA33");
    let chain = [
        assume("AKIABEHIND0000000002", "one", one, 1),
        assume(one, "two", two, 2),
        assume(two, "three", KEY, 3),
    ];
    let pair = |id: &str, via: &str| (id.to_owned(), via.to_owned());
    assert_eq!(
        behind(&chain),
        [
            pair(two, "AssumeRole"),
            pair(one, "AssumeRole"),
            pair("AKIABEHIND0000000002", "AssumeRole"),
        ]
    );
    let console = Sighting {
        session_start: Some(at(2)),
        from_console: Some(1),
        ..as_user("", "boss", "AIDABOSS", 3)
    };
    let console = Sighting { access_key_id: Some(KEY.to_owned()), ..console };
    let id = format!("arn:aws:iam::{ACCOUNT}:user/boss@{}", at(2));
    assert_eq!(behind(&[console]), [pair(&id, "ConsoleLogin")]);
    let host = "i-0aaaaaaaaaaaaaaa1";
    let started = [launch("AKIALAUNCHER00000002", host, 1), on_host("ops", host, KEY, 4)];
    assert_eq!(behind(&started), [pair("AKIALAUNCHER00000002", "RunInstances")]);
    let loops = [assume(KEY, "one", two, 1), assume(two, "one", KEY, 2)];
    assert_eq!(behind(&loops), [pair(two, "AssumeRole")]);
}

#[test]
fn changes_of_the_key_its_owner_and_what_it_made_are_looked_for() {
    let subject = Subject::of(&lineage(&[
        call("", KEY, 1),
        create_role(KEY, "implant", 4),
        create_user(KEY, "mallory", "AIDAM", 5),
    ]));
    for target in [KEY, "ci", "implant", "mallory"] {
        assert!(subject.targets.iter().any(|known| known == target), "{target}");
    }
    assert_eq!(subject.accounts, [ACCOUNT]);
}
