//! What holds of two plans that want different things of one role.

use super::*;
use crate::domain::facts::KeyState;
use crate::domain::ids::AccessKeyId;
use crate::domain::sample::{at, photograph, role, user};
use crate::domain::snapshot::{OfRole, OfUser};

const CLEANED: &str = r#"{"Statement":[{"Effect":"Allow","Principal":{"AWS":"111111111111"},
    "Action":"sts:AssumeRole"}]}"#;

fn trusting(trust: &str) -> Photograph {
    let own = Own::Role(OfRole {
        trust: trust.to_owned(),
        description: None,
        session_seconds_max: 3600,
        instance_profiles: Fact::Known(Vec::new()),
    });
    photograph(&role("deploy", "AROA1"), own)
}

#[test]
fn a_role_that_is_closed_by_a_later_plan_is_not_said_to_be_changed_again() {
    let put = |document: &str| {
        let change = Change::PutTrust { document: document.to_owned() };
        Action { on: role("deploy", "AROA1"), change }
    };
    let closed = trusting(&of_nobody());
    assert_eq!(no_longer(&put(CLEANED), &closed, at(0)), None);
    assert_eq!(no_longer(&put(&of_nobody()), &closed, at(0)), None);
    assert!(!holds(&put(CLEANED), &closed, at(0)), "an undo tells the two apart");

    let open = trusting(&CLEANED.replace("111111111111", "*"));
    for wanted in [CLEANED, &of_nobody()] {
        let said = no_longer(&put(wanted), &open, at(0)).unwrap();
        assert_eq!(said, "who may assume role deploy was changed again");
    }
    let cleaned = trusting(CLEANED);
    assert!(no_longer(&put(&of_nobody()), &cleaned, at(0)).is_some(), "and not the other way");
    let deny = Action { on: user("ci", "AIDA1"), change: crate::domain::sample::deny() };
    assert!(no_longer(&deny, &closed, at(0)).is_some(), "no trust ends what a deny ends");
}

#[test]
fn a_key_that_keyleak_made_is_no_drift_and_a_key_beside_it_is() {
    let id = |last: &str| AccessKeyId::parse(&format!("AKIAQNZGKIQYYYYYY{last}")).unwrap();
    let with = |ids: &[AccessKeyId]| {
        let key = |id: &AccessKeyId| KeyState { id: id.clone(), active: true, created: None };
        let own = OfUser {
            keys: ids.iter().map(key).collect(),
            groups: Vec::new(),
            login_profile: Fact::Known(None),
            mfa_devices: Fact::Known(Vec::new()),
            service_credentials: Fact::Known(Vec::new()),
            ssh_keys: Fact::Known(Vec::new()),
            signing_certificates: Fact::Known(Vec::new()),
        };
        photograph(&user("ci", "AIDA1"), Own::User(own))
    };
    let (old, new, other) = (id("YYA"), id("YYB"), id("YYC"));
    let change = Change::MakeKey { secret: "keyleak/a".to_owned(), beside: vec![old.clone()] };
    let made = Action { on: user("ci", "AIDA1"), change };
    let before = with(std::slice::from_ref(&old));
    let one = with(&[old.clone(), new.clone()]);
    assert_eq!(as_left(&before, &one, &[&made]), one);
    assert_ne!(as_left(&before, &one, &[]), one, "without the step it would be one");
    let two = with(&[old, new, other]);
    assert_eq!(as_left(&before, &two, &[&made]), before, "which one it was cannot be told");
}
