//! Who signs with the exposed key: every kind of principal, and none by its looks.

use super::{ACCOUNT, KEY, OWNER, as_role, assume, at, call, role_arn};
use crate::domain::growth::{Bounds, grow};
use crate::domain::signer::{Behind, Signer, SignerKind};
use crate::domain::trail_row::Sighting;

const SESSION: &str = "ASIAAAAAAAAAAAAAAA22";
const INSTANCE: &str = "i-0a1b2c3d4e5f60718";

fn signer(sightings: &[Sighting], key_id: &str) -> Option<Signer> {
    let bounds = Bounds { key_id, exposed_since: None, as_of: at(59).parse().unwrap() };
    grow(sightings, bounds).signer
}

fn kind(sightings: &[Sighting]) -> Option<SignerKind> {
    signer(sightings, SESSION).map(|signer| signer.kind)
}

/// A call of the session as the identity shows it.
fn used(kind: &str, arn: &str, issuer: Option<&str>) -> Sighting {
    Sighting {
        identity_type: Some(kind.to_owned()),
        identity_arn: Some(arn.to_owned()),
        issuer_arn: issuer.map(str::to_owned),
        session_start: Some(at(1)),
        user_name: None,
        ..call("", SESSION, 3)
    }
}

/// A service opens a session of a role, named as it pleases.
fn by_service(service: &str, session: &str) -> Sighting {
    Sighting {
        identity_type: Some("AWSService".to_owned()),
        identity_arn: None,
        access_key_id: None,
        principal_id: None,
        user_name: None,
        invoked_by: Some(service.to_owned()),
        session_name: Some(session.to_owned()),
        minted_principal_id: Some(format!("AROAapp:{session}")),
        ..assume("", "app", SESSION, 1)
    }
}

#[test]
fn every_kind_of_principal_is_recognised_by_a_record_that_names_the_key() {
    let federated = format!("arn:aws:sts::{ACCOUNT}:federated-user/help");
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let reserved =
        role_arn("aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_Admin_0a1b2c3d");
    let session = format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/x");
    let anywhere = Sighting {
        event_name: Some("CreateSession".to_owned()),
        ..by_service("rolesanywhere.amazonaws.com", "4f2a")
    };
    let cases = [
        (used("IAMUser", OWNER, None), SignerKind::UserSession),
        (used("FederatedUser", &federated, Some(OWNER)), SignerKind::FederatedUser),
        (used("FederatedUser", &federated, Some(&root)), SignerKind::Root),
        (used("AssumedRole", &session, Some(&role_arn("app"))), SignerKind::Role),
        (used("AssumedRole", &session, Some(&reserved)), SignerKind::IdentityCenter),
        (used("IdentityCenterUser", "", None), SignerKind::IdentityCenter),
        (used("Root", &root, None), SignerKind::Root),
        (assume(KEY, "app", SESSION, 1), SignerKind::Role),
        (by_service("ec2.amazonaws.com", INSTANCE), SignerKind::Instance),
        (by_service("lambda.amazonaws.com", "thumbnails"), SignerKind::Function),
        (by_service("ecs-tasks.amazonaws.com", "0a1b2c3d"), SignerKind::Task),
        (by_service("glue.amazonaws.com", "job"), SignerKind::Service),
        (anywhere, SignerKind::RolesAnywhere),
    ];
    for (seen, wanted) in cases {
        assert_eq!(kind(std::slice::from_ref(&seen)), Some(wanted), "{seen:?}");
    }
}

#[test]
fn how_a_session_or_role_is_named_tells_nothing() {
    let named = |session: &str| Sighting {
        session_name: Some(session.to_owned()),
        minted_arn: Some(format!("arn:aws:sts::{ACCOUNT}:assumed-role/app/{session}")),
        ..assume(KEY, "app", SESSION, 1)
    };
    assert_eq!(kind(&[named(INSTANCE)]), Some(SignerKind::Role), "anybody may call it so");
    let alike = role_arn("AWSReservedSSO_Admin_0a1b2c3d");
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0a1b2c3d/bob");
    let seen = used("AssumedRole", &arn, Some(&alike));
    assert_eq!(kind(&[seen]), Some(SignerKind::Role), "it has not the path that AWS reserves");
}

#[test]
fn a_trail_that_names_other_sessions_of_the_same_role_and_name_tells_nobody() {
    let others = "ASIAAAAAAAAAAAAAAA33";
    let seen = [assume(KEY, "app", others, 1), as_role("", "app", others, 2)];
    assert_eq!(signer(&seen, SESSION), None);
    let own = [seen.as_slice(), &[as_role("", "app", SESSION, 3)]].concat();
    assert_eq!(kind(&own), Some(SignerKind::Role), "now a record names it");
}

#[test]
fn the_long_term_key_is_found_through_every_link_and_its_absence_is_explained() {
    let one = "ASIAAAAAAAAAAAAAAA33";
    let chain = [
        assume(KEY, "one", one, 1),
        Sighting { minted_key: Some(SESSION.to_owned()), ..as_role("AssumeRole", "one", one, 2) },
        as_role("", "two", SESSION, 3),
    ];
    let found = signer(&chain, SESSION).unwrap();
    let Behind::Key { key, arn, likely: false } = &found.behind else { panic!("{found:?}") };
    assert_eq!((key.reveal(), arn.as_deref()), (KEY, Some(OWNER)));
    assert_eq!(found.user_id.as_deref(), Some("AROAtwo:s"));
    assert_eq!(found.parent_id.as_deref(), Some("AROAtwo"));
    let broken = signer(&chain[1..], SESSION).unwrap();
    let Behind::NoKey(why) = &broken.behind else { panic!("{broken:?}") };
    assert!(why.contains("AssumeRole"), "{why}");
    let alone = signer(&chain[2..], SESSION).unwrap();
    let Behind::NoKey(why) = &alone.behind else { panic!("{alone:?}") };
    assert!(why.contains("no record that was delivered"), "{why}");
}

#[test]
fn a_long_term_key_of_root_is_recognised_and_one_of_a_user_is_the_users() {
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let seen = Sighting {
        identity_type: Some("Root".to_owned()),
        identity_arn: Some(root.clone()),
        ..call("", KEY, 1)
    };
    let found = signer(&[seen], KEY).unwrap();
    assert_eq!((found.kind, found.parent_arn), (SignerKind::Root, None));
    let found = signer(&[call("", KEY, 1)], KEY).unwrap();
    assert_eq!((found.kind, found.parent_arn.as_deref()), (SignerKind::User, Some(OWNER)));
}
