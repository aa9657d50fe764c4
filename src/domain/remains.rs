//! What the actor still holds after a containment: what the approval covers, what it cannot end.

use crate::domain::action::Action;
use crate::domain::case::{Case, PlanStatus};
use crate::domain::event::StepResult;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::domain::lineage::{Certainty, Node, NodeKind, Standing};
use crate::domain::plan::PlanKind;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// A user of the account, from IAM's own inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhabitant {
    pub name: UserName,
    pub arn: String,
    pub created: Option<Timestamp>,
}

/// Something the actor made since the exposure, which the standing approval covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gain {
    /// A user that the actor created: contained whole.
    User(UserName),
    /// A key that the actor minted on a user that was there before: only the key.
    Key { user: UserName, key: AccessKeyId },
}

/// What is left after a containment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remains {
    pub gains: BTreeSet<Gain>,
    /// New users that no record explains: people must decide.
    pub strangers: Vec<UserName>,
    /// What no step of ours can end, in words.
    pub open_ends: Vec<String>,
}

/// Compares the lineage and the inventory with what the standing plans contain.
pub fn remains(case: &Case, nodes: &[Node], inhabitants: &[Inhabitant]) -> Remains {
    let contained = contained_users(case);
    let stopped = stopped_keys(case);
    let mut left = Remains::default();
    let fresh = nodes.iter().filter(|node| {
        !node.older && node.certainty == Certainty::Certain && still_works(node.standing)
    });
    for node in fresh {
        let user = node.user_name.clone().map(UserName);
        let held = user.as_ref().is_some_and(|user| contained.contains(user));
        if held {
            continue;
        }
        match node.kind {
            NodeKind::User => left.gains.extend(user.map(Gain::User)),
            NodeKind::LongTermKey => {
                let key = AccessKeyId::from_record(&node.id);
                let gain = user.zip(key).filter(|(_, key)| !stopped.contains(key));
                left.gains.extend(gain.map(|(user, key)| Gain::Key { user, key }));
            }
            NodeKind::UserSession
            | NodeKind::FederatedUser
            | NodeKind::ConsoleSession
            | NodeKind::ForwardedSession
            | NodeKind::ServiceCredential
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::Role => left.open_ends.push(open_end(node)),
        }
    }
    explain_users(case, &contained, inhabitants, &mut left);
    left
}

/// The users that a done deny of a standing plan holds.
pub fn contained_users(case: &Case) -> BTreeSet<UserName> {
    let steps = case.standing_plans().flat_map(|state| state.done_steps());
    steps
        .filter_map(|(_, step, _)| match &step.action {
            Action::DenyUser { user, .. } => Some(user.name.clone()),
            Action::DeactivateKey { .. } | Action::LiftDeny { .. } | Action::ActivateKey { .. } => {
                None
            }
        })
        .collect()
}

/// The keys that a standing plan has made inactive, or is about to.
pub fn stopped_keys(case: &Case) -> BTreeSet<AccessKeyId> {
    let steps = case.standing_plans().flat_map(|state| state.all_steps());
    steps
        .filter_map(|(_, step, state)| match (&step.action, &state.result) {
            (Action::DeactivateKey { .. }, Some(StepResult::Failed { .. })) => None,
            (Action::DeactivateKey { key, .. }, _) => Some(key.clone()),
            (Action::DenyUser { .. } | Action::LiftDeny { .. } | Action::ActivateKey { .. }, _) => {
                None
            }
        })
        .collect()
}

fn still_works(standing: Standing) -> bool {
    matches!(standing, Standing::Live | Standing::Unknown)
}

fn open_end(node: &Node) -> String {
    let name = node.arn.as_deref().unwrap_or(&node.id);
    format!("{} {name} ({}), still {}", node.kind.word(), node.why, node.standing.word())
}

/// New users that neither the trail nor a plan explains; a denied follow-up explains them too.
fn explain_users(
    case: &Case,
    contained: &BTreeSet<UserName>,
    inhabitants: &[Inhabitant],
    left: &mut Remains,
) {
    let Some(since) = case.exposed_since() else {
        return;
    };
    let considered = considered_users(case);
    left.strangers = inhabitants
        .iter()
        .filter(|user| user.created.is_some_and(|created| created >= since))
        .filter(|user| !contained.contains(&user.name) && !considered.contains(&user.name))
        .filter(|user| !left.gains.contains(&Gain::User(user.name.clone())))
        .map(|user| user.name.clone())
        .collect();
}

/// The users of plans that people have seen and decided, or are deciding.
fn considered_users(case: &Case) -> BTreeSet<UserName> {
    let decided = case.plans().filter(|state| {
        state.plan.kind == PlanKind::FollowUp
            && !matches!(state.status(), PlanStatus::Expired | PlanStatus::Voided)
    });
    decided
        .flat_map(|state| state.plan.steps.iter().map(|step| step.action.user().name.clone()))
        .collect()
}
