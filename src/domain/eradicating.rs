//! Eradication: which users and roles the actor made and may be deleted for good, and when.

pub mod resources;
pub mod things;

use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::containing::{blast_radius, deny_name};
use crate::domain::event::Phase;
use crate::domain::facts::Fact;
use crate::domain::force::holds;
use crate::domain::ids::AccountId;
use crate::domain::lineage::{Certainty, Node, NodeKind};
use crate::domain::plan::{PlanKind, PlanRules, Step, protection};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{Principal, PrincipalName, account_in};
use crate::domain::resting::{Shaky, shaky};
use crate::domain::snapshot::{Own, Photograph};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A user or role that the trail shows the actor making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub name: PrincipalName,
    /// The id that is never used again (`AIDA…`, `AROA…`).
    pub id: String,
    pub because: String,
}

/// Whether somebody pressed Eradication and has neither a plan nor a reason yet.
pub fn is_wanted(case: &Case) -> bool {
    let pressed = case.presses(Phase::Eradication).last().map(|press| press.seq);
    let plans = case.plans().filter(|state| state.plan.kind == PlanKind::Eradication);
    let proposed = plans.map(|state| state.proposed.seq).max();
    pressed > proposed.max(case.not_eradicated().map(|(seq, _)| seq))
}

/// Why nothing may be deleted while the case is as it is; none where something may.
pub fn not_yet(case: &Case) -> Option<&'static str> {
    shaky(case).map(|why| match why {
        Shaky::NotContained => {
            "the case is not contained, and whoever still acts makes again what is deleted; \
             press Eradication again once it says \"contained\""
        }
        Shaky::Reverted => "the containment was found reverted; put it back first",
        Shaky::BeingUndone => "the containment is being undone",
    })
}

/// The users and roles of the account that the trail shows the actor making since the key is
/// exposed, for certain; never the key's own user.
pub fn made_by_actor(case: &Case) -> Vec<Made> {
    let nodes = case.survey().map(|(_, survey)| survey.nodes.as_slice()).unwrap_or_default();
    let owner = case.facts().owner_known().map(|owner| owner.arn.as_str());
    let is_owner = |node: &&Node| node.arn.is_some() && node.arn.as_deref() == owner;
    let made = nodes.iter().filter(|node| !is_owner(node)).filter_map(|node| {
        let by = match node.kind {
            NodeKind::User => "CreateUser",
            NodeKind::Role => "CreateRole",
            NodeKind::LongTermKey
            | NodeKind::UserSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::FederatedUser
            | NodeKind::ConsoleSession
            | NodeKind::ForwardedSession
            | NodeKind::ServiceCredential => return None,
        };
        let sure = node.certainty == Certainty::Certain && !node.older && node.via == by;
        let since = case.exposed_since().is_none_or(|since| node.made >= Some(since));
        let name = PrincipalName::of_arn(node.arn.as_deref()?)?;
        let id = node.principal_id.clone()?;
        let because = format!("the actor made it, by {by}, after the key was exposed");
        (sure && since).then_some(Made { name, id, because })
    });
    made.collect()
}

/// The step that deletes what was made, as it stands now; or why it is left alone.
pub fn step(case: &Case, made: &Made, now: &Photograph, rules: &PlanRules) -> Result<Step, String> {
    let name = &made.name;
    let account = account_in(&now.arn).unwrap_or_default();
    let account = case.account().cloned().unwrap_or_else(|| AccountId(account.to_owned()));
    if let Some(why) = protection(&now.arn, &account, rules) {
        return Err(format!("{name} is not touched: {why}"));
    }
    if now.id != made.id {
        return Err(format!("{name} is another one than the actor made, with the id {}", now.id));
    }
    if is_older(case, now) {
        return Err(format!("{name} existed before the key was exposed"));
    }
    if let Some(what) = unread(now) {
        return Err(format!("{name} could not be made again: {what} cannot be read"));
    }
    let (policy_arn, inline_name) = (rules.deny_in(&account.0), deny_name(case.id()));
    let on = now.principal();
    let deny = Change::Deny { policy_arn: policy_arn.clone(), inline_name: inline_name.clone() };
    if !holds(&Action { on: on.clone(), change: deny }, now, Timestamp::MIN) {
        return Err(format!("{name} is not denied now, so it might act while it is deleted"));
    }
    Ok(Step {
        action: Action { on, change: Change::Delete { policy_arn, inline_name } },
        blast_radius: blast_radius(now),
        because: made.because.clone(),
        provisional: false,
    })
}

/// Everything that was deleted, by ids that are never used again.
pub fn deleted(case: &Case) -> BTreeSet<Principal> {
    let plans = case.plans().filter(|state| state.plan.kind == PlanKind::Eradication);
    let steps = plans.flat_map(PlanState::done_steps);
    steps.map(|(_, step, _)| step.action.on.clone()).collect()
}

/// IAM tells whole seconds.
fn is_older(case: &Case, now: &Photograph) -> bool {
    let second = |at: Timestamp| at.as_second();
    match (now.created, case.exposed_since()) {
        (Some(created), Some(since)) => second(created) < second(since),
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

/// What of the principal is not known, so that a snapshot would not tell what is lost.
fn unread(now: &Photograph) -> Option<&'static str> {
    let unknown = |is_unknown: bool, what| is_unknown.then_some(what);
    match &now.own {
        Own::User(user) => unknown(is_unknown(&user.login_profile), "the login profile")
            .or_else(|| unknown(is_unknown(&user.mfa_devices), "MFA"))
            .or_else(|| unknown(is_unknown(&user.service_credentials), "service credentials"))
            .or_else(|| unknown(is_unknown(&user.ssh_keys), "SSH keys"))
            .or_else(|| unknown(is_unknown(&user.signing_certificates), "certificates")),
        Own::Role(role) => unknown(is_unknown(&role.instance_profiles), "instance profiles"),
        Own::Resource(_) => None,
    }
}

fn is_unknown<T>(fact: &Fact<T>) -> bool {
    fact.known().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::lineage::NodeKind;
    use crate::domain::record::Entry;
    use crate::domain::sample::{at, minted, opened, survey};
    use crate::domain::snapshot::{AttachedPolicy, OfRole};
    use jiff::SignedDuration;
    use std::collections::BTreeMap;

    const ARN: &str = "arn:aws:iam::029608264753:role/evil";
    const DENY: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

    fn role() -> Node {
        Node {
            arn: Some(ARN.to_owned()),
            principal_id: Some("AROA1".to_owned()),
            via: "CreateRole".to_owned(),
            made: Some(at(11)),
            ..minted(NodeKind::Role, ARN)
        }
    }

    /// A case of a key that is exposed since second 10, with this lineage.
    fn case(nodes: Vec<Node>) -> Case {
        let mut case = opened();
        let survey = survey(nodes);
        let why = Some("first use unlike the others".to_owned());
        for event in [
            Event::Exposed { since: Some(at(10)), why, event_id: None },
            Event::Surveyed { survey: Box::new(survey) },
        ] {
            let record = Entry::own(at(20), event).chained(case.id().clone(), case.last_record());
            case.apply(&record).unwrap();
        }
        case
    }

    fn now() -> Photograph {
        Photograph {
            name: "evil".to_owned(),
            id: "AROA1".to_owned(),
            arn: ARN.to_owned(),
            path: "/".to_owned(),
            created: Some(at(11)),
            boundary: None,
            tags: BTreeMap::new(),
            attached: vec![AttachedPolicy { name: "deny".to_owned(), arn: DENY.to_owned() }],
            inline: BTreeMap::new(),
            own: Own::Role(OfRole {
                trust: "{}".to_owned(),
                description: None,
                session_seconds_max: 3_600,
                instance_profiles: Fact::Known(Vec::new()),
            }),
        }
    }

    fn judged(now: &Photograph, protected: &[&str]) -> Result<Step, String> {
        let case = case(vec![role()]);
        let rules = PlanRules {
            deny_policy_arn: DENY.to_owned(),
            protected_arns: protected.iter().map(|arn| (*arn).to_owned()).collect(),
            protected_roles: Vec::new(),
            approvals_reversible: 1,
            approvals_resources: 1,
            approvals_irreversible: 2,
            expires_after: SignedDuration::from_hours(1),
            isolation_groups: std::collections::BTreeMap::new(),
        };
        let made = made_by_actor(&case);
        step(&case, &made[0], now, &rules)
    }

    #[test]
    fn only_what_the_actor_made_for_certain_and_since_then_is_a_candidate() {
        assert_eq!(made_by_actor(&case(vec![role()])).len(), 1);
        for other in [
            Node { older: true, ..role() },
            Node { made: Some(at(9)), ..role() },
            Node { made: None, ..role() },
            Node { certainty: Certainty::Likely, ..role() },
            Node { via: "UpdateAssumeRolePolicy".to_owned(), ..role() },
            Node { principal_id: None, ..role() },
            Node { kind: NodeKind::RoleSession, ..role() },
        ] {
            assert_eq!(made_by_actor(&case(vec![other.clone()])), Vec::new(), "{other:?}");
        }
    }

    #[test]
    fn what_is_deleted_cannot_be_given_back() {
        let step = judged(&now(), &[]).unwrap();
        assert!(!step.action.reversible() && step.action.taken_back().is_none());
        assert_eq!(step.action.undo_sentence(), "cannot be undone");
    }

    #[test]
    fn a_principal_that_is_another_older_free_unread_or_protected_is_left_alone() {
        let unread = Own::Role(OfRole {
            instance_profiles: Fact::Unknown("denied".to_owned()),
            ..now().role().unwrap().clone()
        });
        for (now, protected, why) in [
            (Photograph { id: "AROA2".to_owned(), ..now() }, &[][..], "another one"),
            (Photograph { created: Some(at(9)), ..now() }, &[], "before the key was exposed"),
            (Photograph { created: None, ..now() }, &[], "before the key was exposed"),
            (Photograph { attached: Vec::new(), ..now() }, &[], "not denied now"),
            (Photograph { own: unread, ..now() }, &[], "cannot be read"),
            (now(), &[ARN], "configuration protects it"),
        ] {
            let said = judged(&now, protected).unwrap_err();
            assert!(said.contains(why), "{said}");
        }
    }
}
