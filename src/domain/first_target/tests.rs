//! What a containment begins with, for every kind of principal.

use super::first_target;
use crate::domain::by_people;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::facts::{Fact, Finding, LastUse, OwnerFinding};
use crate::domain::ids::UserName;
use crate::domain::record::Entry;
use crate::domain::revocation::Sessions;
use crate::domain::sample::{self, SESSION_KEY, at, opened, opened_for};
use crate::domain::signer::{Signer, SignerKind};
use crate::domain::target::Part;
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::029608264753:role/deploy";
/// What a card shows of one text.
const FIELD_MAX: usize = 200;

fn found(case: &mut Case, finding: Finding) {
    let entry = Entry::own(at(9), Event::Found { finding });
    case.apply(&entry.chained(case.id().clone(), case.last_record())).unwrap();
}

fn of_session() -> Case {
    opened_for(SESSION_KEY)
}

fn signer(kind: SignerKind, parent: Option<&str>) -> Signer {
    Signer { kind, parent_arn: parent.map(str::to_owned), ..sample::signer() }
}

fn signed_by(signer: Signer) -> Case {
    let mut case = of_session();
    found(&mut case, Finding::Signer(Fact::Known(signer)));
    case
}

fn named(id: &str) -> Sessions {
    Sessions::Named { user_ids: BTreeSet::from([id.to_owned()]) }
}

#[test]
fn a_session_of_a_user_is_ended_by_all_that_is_its_users() {
    let user = "arn:aws:iam::029608264753:user/ci";
    for kind in [SignerKind::UserSession, SignerKind::FederatedUser] {
        let target = first_target(&signed_by(signer(kind, Some(user)))).unwrap();
        assert_eq!((target.on.to_string().as_str(), &target.part), ("user ci", &Part::Whole));
    }
}

#[test]
fn of_a_role_as_few_sessions_are_ended_as_can_be_told_from_the_others() {
    let part = |signer: Signer| first_target(&signed_by(signer)).unwrap().part;
    let role = || signer(SignerKind::Role, Some(ROLE));
    let until = at(3);
    assert_eq!(part(role()), Part::Sessions { sessions: named("AROA1:boto"), until });
    let source_identity = Some("bob".to_owned());
    let unnamed = Signer { user_id: None, source_identity, ..role() };
    let sessions = Sessions::OfSource { identities: BTreeSet::from(["bob".to_owned()]) };
    assert_eq!(part(unnamed.clone()), Part::Sessions { sessions, until });
    let nothing = Signer { source_identity: None, ..unnamed };
    assert_eq!(part(nothing), Part::Sessions { sessions: Sessions::Everyone, until });
}

#[test]
fn what_serves_the_credentials_is_said_to_need_fresh_ones_and_each_text_fits_a_card() {
    let kinds = [
        (SignerKind::Instance, "replace-iam-instance-profile-association"),
        (SignerKind::Function, "deploy"),
        (SignerKind::Task, "stop"),
        (SignerKind::RolesAnywhere, "disable-trust-anchor"),
        (SignerKind::Role, "another session"),
    ];
    for (kind, wanted) in kinds {
        let target = first_target(&signed_by(signer(kind, Some(ROLE)))).unwrap();
        let texts = || target.besides.iter().chain([&target.because]);
        assert!(texts().any(|text| text.contains(wanted)), "{kind:?}: {target:?}");
        assert!(texts().all(|text| text.chars().count() <= FIELD_MAX), "{kind:?}: {target:?}");
    }
    let alike = Signer { alike: true, ..signer(SignerKind::Role, Some(ROLE)) };
    let target = first_target(&signed_by(alike)).unwrap();
    assert!(target.besides[0].contains("same name"), "{target:?}");
}

#[test]
fn root_and_identity_center_get_instructions_in_the_order_that_matters_and_no_step() {
    let why = first_target(&signed_by(signer(SignerKind::Root, None))).unwrap_err();
    for wanted in ["\n1. ", "arn:aws:iam::*:root", "assume-root", "Sign in as root", "1 hour"] {
        assert!(why.contains(wanted), "{wanted}: {why}");
    }
    let role = "arn:aws:iam::029608264753:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_x";
    let why = first_target(&signed_by(signer(SignerKind::IdentityCenter, Some(role)))).unwrap_err();
    let place = |text: &str| why.find(text).unwrap_or_else(|| panic!("{text}: {why}"));
    let (deny, sessions) = (place("service control policy"), place("Delete the person's active"));
    assert!(deny < sessions && sessions < place("Disable the user") && why.contains("12 hours"));
}

#[test]
fn whose_session_it_is_must_be_told_and_no_name_is_taken_for_it() {
    let mut case = of_session();
    assert!(first_target(&case).unwrap_err().contains("the trail is being read"));
    found(&mut case, Finding::Signer(Fact::Unknown("no record names it".to_owned())));
    let nameless = Signer { parent_id: None, ..signer(SignerKind::Role, Some(ROLE)) };
    assert!(first_target(&signed_by(nameless)).unwrap_err().contains("may be another"));
    let why = first_target(&case).unwrap_err();
    assert!(why.contains("no record names it") && why.contains("looks alike"), "{why}");
}

#[test]
fn a_long_term_key_of_root_is_refused_and_a_users_says_why_a_deny_comes_first() {
    let mut case = opened();
    found(&mut case, Finding::Owner(Fact::Unknown("no user".to_owned())));
    assert!(first_target(&case).unwrap_err().contains("owner is unknown"));
    found(&mut case, Finding::RootKeys(Fact::Known(false)));
    assert!(first_target(&case).unwrap_err().contains("not root's"));
    found(&mut case, Finding::RootKeys(Fact::Known(true)));
    let why = first_target(&case).unwrap_err();
    assert!(why.contains("may be one of them") && why.contains("If it is root's:"), "{why}");
    let root = signer(SignerKind::Root, None);
    found(&mut case, Finding::Signer(Fact::Known(root.clone())));
    assert_eq!(first_target(&case).unwrap_err(), by_people::root(&root.arn));

    let mut case = opened();
    let owner = OwnerFinding {
        user: UserName("ci".to_owned()),
        user_id: "AIDA1".to_owned(),
        arn: "arn:aws:iam::029608264753:user/ci".to_owned(),
        created: None,
        owner_tag: None,
    };
    found(&mut case, Finding::Owner(Fact::Known(owner)));
    let plainly = first_target(&case).unwrap().because;
    assert!(plainly.starts_with("a deny ends the key"), "{plainly}");
    let unused = LastUse { at: None, service: None, region: None };
    found(&mut case, Finding::LastUse(Fact::Known(unused)));
    assert!(first_target(&case).unwrap().because.starts_with("no use is known"));
    let policy = Some("AWSCompromisedKeyQuarantineV3".to_owned());
    found(&mut case, Finding::Quarantine(Fact::Known(policy)));
    let quarantined = first_target(&case).unwrap().because;
    assert!(quarantined.starts_with("AWS's quarantine"), "{quarantined}");
    assert!(quarantined.ends_with(&plainly) && quarantined.chars().count() <= FIELD_MAX);
}
