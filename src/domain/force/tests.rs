//! What holds of a principal after our steps, and what of it somebody else has changed.

use super::*;
use crate::domain::differences::three_way;
use crate::domain::facts::KeyState;
use crate::domain::ids::AccessKeyId;
use crate::domain::revocation::Sessions;
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
    let change =
        Change::MakeKey { secret: "keyleak/a".to_owned(), region: None, beside: vec![old.clone()] };
    let made = Action { on: user("ci", "AIDA1"), change };
    let before = with(std::slice::from_ref(&old));
    let one = with(&[old.clone(), new.clone()]);
    assert_eq!(as_left(&before, &one, &[&made]), one);
    assert_ne!(as_left(&before, &one, &[]), one, "without the step it would be one");
    let two = with(&[old, new, other]);
    assert_eq!(as_left(&before, &two, &[&made]), before, "which one it was cannot be told");
}

/// The fields that are not as this step on the role left them, where the journal tells its form.
fn moved(change: Change, how: Option<&str>, now: &Photograph) -> Vec<String> {
    let action = Action { on: role("deploy", "AROA1"), change };
    let before = trusting(CLEANED);
    let left = as_left_so(&before, now, &[(&action, how)]);
    let said = three_way(&before, &left, now);
    said.iter().map(|said| said.split(": ").next().unwrap().to_owned()).collect()
}

#[test]
fn a_deny_that_is_gone_is_told_in_the_form_in_which_it_was_put() {
    let Change::Deny { policy_arn, inline_name } = crate::domain::sample::deny() else {
        panic!("the sample's deny")
    };
    let deny = || crate::domain::sample::deny();
    let gone = trusting(CLEANED);
    assert_eq!(moved(deny(), None, &gone), ["attached policies"]);
    assert_eq!(moved(deny(), Some(StepResult::INLINE), &gone), ["inline policies"]);
    assert_eq!(moved(deny(), Some(StepResult::AS_BOUNDARY), &gone), ["permissions boundary"]);

    let with_inline = |document: &str| {
        let mut role = gone.clone();
        role.inline.insert(inline_name.clone(), document.to_owned());
        role
    };
    let edited = with_inline(r#"{"Statement":[]}"#);
    assert_eq!(moved(deny(), Some(StepResult::INLINE), &edited), ["inline policies"]);
    let spaced = with_inline(&DENY_ALL_DOCUMENT.replace(':', ": "));
    assert_eq!(moved(deny(), Some(StepResult::INLINE), &spaced), [""; 0]);
    let mut there = gone;
    there.boundary = Some(policy_arn);
    for how in [None, Some(StepResult::INLINE), Some(StepResult::AS_BOUNDARY)] {
        assert_eq!(moved(deny(), how, &there), [""; 0], "{how:?}: the form that is there counts");
    }
}

#[test]
fn a_revocation_that_is_gone_or_ends_fewer_sessions_has_moved_and_a_wider_one_has_not() {
    let named = |ids: &[&str]| Sessions::Named {
        user_ids: ids.iter().map(|id| format!("AROA1:{id}")).collect(),
    };
    let inline_name = "KeyleakRevoke-kl-1".to_owned();
    let with = |sessions: Option<Sessions>| {
        let mut role = trusting(CLEANED);
        let document = sessions.map(|sessions| Revocation::at(sessions, at(9), at(9)).document());
        role.inline.extend(document.map(|document| (inline_name.clone(), document)));
        role
    };
    let fields = |now: Option<Sessions>| {
        let sessions = named(&["boto"]);
        let revoke =
            Change::RevokeSessions { sessions, until: at(9), inline_name: inline_name.clone() };
        moved(revoke, None, &with(now))
    };
    for moved_on in [None, Some(named(&["other"]))] {
        assert_eq!(fields(moved_on.clone()), ["inline policies"], "{moved_on:?}");
    }
    for stands in [named(&["boto"]), named(&["boto", "other"]), Sessions::Everyone] {
        assert_eq!(fields(Some(stands.clone())), [""; 0], "{stands:?}");
    }
}
