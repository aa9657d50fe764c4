//! Hosts, providers, console sessions and hidden keys in a lineage, and the way back from it.

use super::{
    ACCOUNT, KEY, as_role, as_user, assume, at, call, create_role, create_user, ids, lineage, node,
    role_arn, sign_in,
};
use crate::domain::lineage::{Certainty, NodeKind, Reach, Subject};
use crate::domain::trail_row::Sighting;

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

#[test]
fn a_federated_user_whose_mint_was_not_seen_is_stopped_with_the_user_behind_it() {
    let user = format!("arn:aws:iam::{ACCOUNT}:user/svc");
    let federated = Sighting {
        identity_type: Some("FederatedUser".to_owned()),
        identity_arn: Some(format!("arn:aws:sts::{ACCOUNT}:federated-user/desk")),
        principal_id: Some(format!("{ACCOUNT}:desk")),
        user_name: None,
        session_start: Some(at(6)),
        issuer_arn: Some(user.clone()),
        issuer_principal_id: Some("AIDASVC".to_owned()),
        ..call("ListBuckets", "ASIAFEDERATEDUSER234", 7)
    };
    let lineage = lineage(&[create_user(KEY, "svc", "AIDASVC", 5), federated]);
    let found = node(&lineage, "ASIAFEDERATEDUSER234");
    assert_eq!(found.kind, NodeKind::FederatedUser);
    assert_eq!(found.user_name.as_deref(), Some("svc"));
    assert_eq!(found.why, format!("acts as {user}, which the actor created"));
}

/// Found from the key in one step, while who made the role is found in two.
#[test]
fn a_role_that_the_actor_made_and_opened_is_its_own_whoever_is_found_first() {
    let session = "ASIAAAAAAAAAAAAAAA22";
    let opened = Sighting {
        target_role: Some("implant".to_owned()),
        ..call("UpdateAssumeRolePolicy", KEY, 5)
    };
    let made = Sighting {
        target_role: Some("implant".to_owned()),
        minted_arn: Some(role_arn("implant")),
        minted_principal_id: Some("AROAimplant".to_owned()),
        ..as_role("CreateRole", "one", session, 2)
    };
    let used = as_role("", "implant", "ASIAAAAAAAAAAAAAAA33", 6);
    let role = role_arn("implant");
    let whole = lineage(&[opened.clone(), assume(KEY, "one", session, 1), made, used.clone()]);
    assert!(node(&whole, &role).is_created() && !node(&whole, &role).older, "{whole:?}");
    assert_eq!(node(&whole, "ASIAAAAAAAAAAAAAAA33").certainty, Certainty::Certain);
    // The control: nobody was seen making it.
    let opened = lineage(&[opened, assume(KEY, "one", session, 1), used]);
    assert!(node(&opened, &role).older && !node(&opened, &role).is_created());
}

#[test]
fn a_user_that_the_actor_made_is_followed_under_the_name_it_was_given_later() {
    let made = create_user(KEY, "mallory", "AIDAM", 5);
    let key = "AKIAAAAAAAAAAAAAAA77";
    let own = |name: &str, id: &str| Sighting {
        access_key_id: Some(key.to_owned()),
        ..as_user("", name, id, 8)
    };
    let session = Sighting {
        access_key_id: Some("ASIAAAAAAAAAAAAAAA88".to_owned()),
        session_start: Some("2026-08-01T10:06:01Z".to_owned()),
        from_console: Some(1),
        ..as_user("", "backup", "AIDAM", 7)
    };
    let later = Sighting {
        event_name: Some("CreateUser".to_owned()),
        ..Sighting { principal_id: Some("AIDAM".to_owned()), ..create_user("", "next", "AIDAN", 8) }
    };
    let later = Sighting {
        access_key_id: session.access_key_id.clone(),
        session_start: session.session_start.clone(),
        identity_arn: session.identity_arn.clone(),
        ..later
    };
    let sign_in = sign_in("backup", "AIDAM", 6, "Success");
    let found = lineage(&[made.clone(), sign_in, session, later, own("backup", "AIDAM")]);
    let console = format!("arn:aws:iam::{ACCOUNT}:user/backup@2026-08-01T10:06:01Z");
    assert_eq!(node(&found, &console).user_name.as_deref(), Some("backup"));
    assert_eq!(node(&found, key).reach, Reach::SecondOrder);
    let next = node(&found, &format!("arn:aws:iam::{ACCOUNT}:user/next"));
    assert_eq!(next.minted_by.as_deref(), Some(console.as_str()));
    // Negative control: another user who has such a name is somebody else.
    let other = lineage(&[made, own("backup", "AIDAOTHER")]);
    assert!(!ids(&other).contains(&key), "{:?}", ids(&other));
}
