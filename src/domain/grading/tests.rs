//! The ladder as people would say it: each rule, what a person says, and what no name can do.

use super::*;
use crate::domain::event::Event;
use crate::domain::facts::{Alert, Finding, KeyState, LastUse, Permissions};
use crate::domain::ids::AccessKeyId;
use crate::domain::lineage::Standing;
use crate::domain::record::Actor;
use crate::domain::sample::{self, add, at, minted, opened, person};
use crate::domain::team_step::TeamStep;

/// What becomes known of a case.
type Happens = fn(&mut Case);

fn found(case: &mut Case, finding: Finding) {
    add(case, Actor::Keyleak, Event::Found { finding });
}

fn surveyed(case: &mut Case, nodes: Vec<Node>) {
    let survey = Box::new(sample::survey(nodes));
    add(case, Actor::Keyleak, Event::Surveyed { survey });
}

fn says(case: &mut Case, severity: Option<Severity>) {
    let step = TeamStep::Graded { severity, reason: "it is our build system".to_owned() };
    let ana = Actor::Person { person: person("ana"), name: Some("Ana".to_owned()) };
    add(case, ana, Event::Team { step: Box::new(step) });
}

fn alert() -> Alert {
    let title = "<!channel> AcmePayroll".to_owned();
    Alert { source: "GuardDuty".to_owned(), title, severity: None, at: None }
}

fn last_use(days_before: i64) -> Finding {
    let at = at(0) - SignedDuration::from_hours(24 * days_before);
    Finding::LastUse(Fact::Known(LastUse { at: Some(at), service: None, region: None }))
}

#[test]
fn each_rule_of_the_ladder_gives_its_step() {
    let role = || Node { kind: NodeKind::RoleSession, ..minted(NodeKind::RoleSession, "s") };
    let elsewhere = || {
        let arn = Some("arn:aws:iam::111122223333:user/x".to_owned());
        Node { arn, ..minted(NodeKind::User, "arn:aws:iam::111122223333:user/x") }
    };
    let cases: [(&str, Severity, Happens); 9] = [
        ("nothing is known", Severity::P3, |_| {}),
        ("quarantined", Severity::P2, |case| {
            found(case, Finding::Quarantine(Fact::Known(Some("arn:…V3".to_owned()))));
        }),
        ("not quarantined", Severity::P3, |case| {
            found(case, Finding::Quarantine(Fact::Known(None)));
        }),
        ("AWS Health", Severity::P2, |case| {
            found(case, Finding::Health(Fact::Known(vec![alert()])));
        }),
        ("GuardDuty", Severity::P2, |case| {
            found(case, Finding::GuardDuty(Fact::Known(vec![alert()])));
        }),
        ("an administrator who is used", Severity::P1, |case| {
            found(case, Finding::GuardDuty(Fact::Known(vec![alert()])));
            let attached = vec!["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()];
            let all = Permissions { attached, ..Permissions::default() };
            found(case, Finding::Permissions(Fact::Known(all)));
        }),
        ("root has a key that may be it", Severity::P1, |case| {
            found(case, Finding::RootKeys(Fact::Known(true)));
        }),
        ("not used for long", Severity::P4, |case| found(case, last_use(91))),
        ("used lately", Severity::P3, |case| found(case, last_use(2))),
    ];
    for (what, severity, happens) in cases {
        let mut case = opened();
        happens(&mut case);
        assert_eq!(assess(&case).severity, severity, "{what}: {:?}", assess(&case));
        assert_eq!(case.team().severity(), severity, "{what}: folded");
    }
    for (node, severity) in [
        (minted(NodeKind::UserSession, "a"), Severity::P2),
        (role(), Severity::P1),
        (Node { certainty: Certainty::Likely, ..role() }, Severity::P3),
        (Node { older: true, ..role() }, Severity::P3),
        (Node { standing: Standing::Deleted, ..minted(NodeKind::User, "u") }, Severity::P2),
        (minted(NodeKind::ServiceSession, "svc"), Severity::P3),
    ] {
        let mut case = opened();
        surveyed(&mut case, vec![node.clone()]);
        assert_eq!(case.team().severity(), severity, "{node:?}");
    }
    let mut case = opened();
    let plan = sample::plan(&case, crate::domain::plan::PlanKind::Containment);
    sample::run(&mut case, plan);
    surveyed(&mut case, vec![elsewhere()]);
    assert_eq!(assess(&case).why, "the actor reached 1 other account");
}

#[test]
fn a_reason_names_nobody_and_nothing_that_an_actor_could_have_written() {
    let mut case = opened();
    found(&mut case, Finding::GuardDuty(Fact::Known(vec![alert()])));
    let named = Node { user_name: Some("<!channel>".to_owned()), ..minted(NodeKind::User, "evil") };
    surveyed(&mut case, vec![named]);
    for grade in case.team().grades() {
        for name in ["evil", "channel", "AcmePayroll"] {
            assert!(!grade.why.contains(name), "{grade:?}");
        }
    }
}

#[test]
fn an_inactive_key_that_was_not_used_for_long_is_stale_and_a_used_one_is_not() {
    let mut case = opened();
    let id = AccessKeyId::parse(sample::KEY).unwrap();
    let off = KeyState { id, active: false, created: None };
    found(&mut case, Finding::Keys(Fact::Known(vec![off])));
    assert_eq!(case.team().severity(), Severity::P3, "when it was used is not known");
    found(&mut case, last_use(100));
    assert_eq!(case.team().severity(), Severity::P4);
    surveyed(&mut case, vec![minted(NodeKind::UserSession, "a")]);
    assert_eq!(case.team().severity(), Severity::P2, "what grew from it says that it is used");
}

#[test]
fn what_a_person_says_holds_until_the_facts_get_worse() {
    let mut case = opened();
    says(&mut case, Some(Severity::P1));
    assert_eq!(case.team().severity(), Severity::P1, "raised");
    found(&mut case, Finding::Health(Fact::Known(vec![alert()])));
    assert_eq!(case.team().severity(), Severity::P1, "the facts are worse, and no worse than said");
    says(&mut case, Some(Severity::P4));
    assert_eq!(case.team().severity(), Severity::P4, "lowered");
    found(&mut case, last_use(2));
    assert_eq!(case.team().severity(), Severity::P4, "nothing worse came");
    surveyed(&mut case, vec![minted(NodeKind::RoleSession, "s")]);
    let last = case.team().grades().last().unwrap();
    assert_eq!((last.severity, &last.by), (Severity::P1, &None), "what came is worse");
    says(&mut case, Some(Severity::P2));
    says(&mut case, None);
    assert_eq!(case.team().severity(), Severity::P1, "left to the facts");
    let words: Vec<_> = case.team().grades().iter().map(|g| g.severity.word()).collect();
    assert_eq!(words, ["P3", "P1", "P4", "P1", "P2", "P1"], "all of it stays told");
}
