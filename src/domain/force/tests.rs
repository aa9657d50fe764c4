//! What holds of two plans that want different things of one role.

use super::*;
use crate::domain::sample::{at, photograph, role, user};
use crate::domain::snapshot::OfRole;

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
