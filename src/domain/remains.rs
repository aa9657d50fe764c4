//! What the actor still holds after a containment: what the approval covers, what it cannot end.
//!
//! Needs: nothing of the actor's is overlooked, and nobody else's user is stopped for long. The
//! trail tells who made what, minutes late; IAM's inventory tells at once what there is, and not
//! by whom. An actor who makes users faster than the trail tells of them would never be caught by
//! the trail alone. So a user that is newer than what the trail tells is stopped on suspicion,
//! while a containment is under way, and released as soon as the trail names another maker.

use crate::domain::action::{Action, UserRef};
use crate::domain::case::Case;
use crate::domain::ids::{AccessKeyId, UserName};
use crate::domain::lineage::{Certainty, MadeUser, Node, NodeKind, Standing};
use crate::domain::plan::{PlanKind, PlanRules, is_protected};
use crate::domain::plan_state::{PlanState, PlanStatus};
use crate::domain::step_result::StepResult;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A user of the account, from IAM's own inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhabitant {
    pub name: UserName,
    /// The id that is never used again.
    pub id: String,
    pub arn: String,
    pub created: Option<Timestamp>,
}

/// What is known of the account at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Census<'a> {
    /// The lineage of the key, from the trail.
    pub nodes: &'a [Node],
    /// Users that somebody outside the lineage made.
    pub made_by_others: &'a [MadeUser],
    /// Up to when the trail tells who made what.
    pub told_until: Timestamp,
    pub inhabitants: &'a [Inhabitant],
}

/// Something the actor took, which the standing approval covers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gain {
    /// A user that the actor created: contained whole.
    User(UserName),
    /// A user that is newer than what the trail tells: contained on suspicion.
    Newcomer(UserName),
    /// A key that the actor minted on a user that was there before: only the key.
    Key { user: UserName, key: AccessKeyId },
}

/// A user that was stopped on suspicion, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    pub user: UserRef,
    pub by: String,
}

/// What is left after a containment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remains {
    pub gains: BTreeSet<Gain>,
    /// Users about whom people must decide: new ones that no record explains, and older ones that
    /// the actor has sessions of.
    pub undecided: BTreeSet<UserName>,
    pub cleared: Vec<Cleared>,
    /// What no step of ours ends by itself, in words.
    pub open_ends: Vec<String>,
}

/// Who is held by the standing plans, by immutable id.
struct Held<'a> {
    ids: BTreeSet<String>,
    names: BTreeSet<UserName>,
    present: BTreeMap<&'a UserName, &'a Inhabitant>,
}

/// Compares the lineage and the inventory with what the standing plans contain.
pub fn remains(case: &Case, census: &Census<'_>, rules: &PlanRules) -> Remains {
    let held = Held::of(case, census.inhabitants);
    let stopped = stopped_keys(case);
    let considered = considered_users(case);
    let mut left = Remains { cleared: cleared(case, census.made_by_others), ..Remains::default() };
    let fresh = census.nodes.iter().filter(|node| {
        !node.older && node.certainty == Certainty::Certain && still_works(node.standing)
    });
    for node in fresh.filter(|node| !held.holds(node)) {
        let user = node.user_name.clone().map(UserName);
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
            | NodeKind::ServiceCredential => {
                left.open_ends.push(open_end(node));
                // Only a deny on its user ends it, and the user was there before the actor.
                let user = user.filter(|user| held.present.contains_key(user));
                left.undecided.extend(user.filter(|user| !considered.contains(user)));
            }
            NodeKind::ForwardedSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession
            | NodeKind::Role => left.open_ends.push(open_end(node)),
        }
    }
    // A user that is contained whole needs no step for one of its keys.
    let whole = |user: &UserName| left.gains.contains(&Gain::User(user.clone()));
    let twice = |gain: &&Gain| matches!(gain, Gain::Key { user, .. } if whole(user));
    left.gains = left.gains.iter().filter(|gain| !twice(gain)).cloned().collect();
    newcomers(case, census, (&held, &considered), &mut left);
    spare_protected(census.inhabitants, rules, &mut left);
    left
}

/// The users that a done deny of a standing plan holds.
pub fn contained_users(case: &Case) -> BTreeSet<UserName> {
    denied(case).map(|user| user.name).collect()
}

/// The keys that a standing plan has made inactive, or is about to.
pub fn stopped_keys(case: &Case) -> BTreeSet<AccessKeyId> {
    let steps = case.standing_plans().flat_map(|state| state.all_steps());
    let mut stopped = BTreeSet::new();
    for (_, step, state) in steps {
        match (&step.action, &state.result) {
            (Action::DeactivateKey { .. }, Some(StepResult::Failed { .. })) => {}
            (Action::DeactivateKey { key, .. }, _) => {
                stopped.insert(key.clone());
            }
            (Action::ActivateKey { key, .. }, _) => {
                stopped.remove(key);
            }
            (Action::DenyUser { .. } | Action::LiftDeny { .. }, _) => {}
        }
    }
    stopped
}

impl<'a> Held<'a> {
    fn of(case: &Case, inhabitants: &'a [Inhabitant]) -> Self {
        let present = inhabitants.iter().map(|user| (&user.name, user)).collect();
        let mut held = Self { ids: BTreeSet::new(), names: BTreeSet::new(), present };
        for user in denied(case) {
            held.ids.insert(user.id);
            held.names.insert(user.name);
        }
        // A user that was deleted and made again under its name is another user.
        let same = |name: &UserName| {
            held.present.get(name).is_none_or(|present| held.ids.contains(&present.id))
        };
        let names = held.names.iter().filter(|name| same(name)).cloned().collect();
        held.names = names;
        held
    }

    fn holds(&self, node: &Node) -> bool {
        let by_id = node.principal_id.as_ref().is_some_and(|id| self.ids.contains(id));
        let name = node.user_name.clone().map(UserName);
        let other = node.kind == NodeKind::User && node.principal_id.is_some();
        by_id || (!other && name.is_some_and(|name| self.names.contains(&name)))
    }
}

fn denied(case: &Case) -> impl Iterator<Item = UserRef> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    steps.filter_map(|(_, step, _)| match &step.action {
        Action::DenyUser { user, .. } => Some(user.clone()),
        Action::DeactivateKey { .. } | Action::LiftDeny { .. } | Action::ActivateKey { .. } => None,
    })
}

fn still_works(standing: Standing) -> bool {
    matches!(standing, Standing::Live | Standing::Unknown)
}

fn open_end(node: &Node) -> String {
    let name = node.arn.as_deref().unwrap_or(&node.id);
    format!("{} {name} ({}), still {}", node.kind.word(), node.why, node.standing.word())
}

/// Users that were made since the exposure and that nothing explains yet.
fn newcomers(
    case: &Case,
    census: &Census<'_>,
    (held, considered): (&Held<'_>, &BTreeSet<UserName>),
    left: &mut Remains,
) {
    let exposed = case.exposed_since();
    for user in census.inhabitants {
        let Some(created) = user.created else { continue };
        // Times are told in whole seconds, so what was made in that very second counts.
        let since = |start: Timestamp| created.as_second() >= start.as_second();
        let untold = since(census.told_until);
        let known = held.ids.contains(&user.id)
            || considered.contains(&user.name)
            || left.gains.contains(&Gain::User(user.name.clone()))
            || census.made_by_others.iter().any(|made| is_same(made, user));
        match exposed.map(since) {
            _ if known => {}
            Some(false) => {}
            Some(true) | None if untold => {
                left.gains.insert(Gain::Newcomer(user.name.clone()));
            }
            Some(true) => {
                left.undecided.insert(user.name.clone());
            }
            None => {}
        }
    }
}

fn is_same(made: &MadeUser, user: &Inhabitant) -> bool {
    match &made.id {
        Some(id) => *id == user.id,
        None => made.name == user.name.0,
    }
}

/// What is protected by configuration is left to people, and said to be open.
fn spare_protected(inhabitants: &[Inhabitant], rules: &PlanRules, left: &mut Remains) {
    let protected: BTreeSet<&UserName> = inhabitants
        .iter()
        .filter(|user| is_protected(&user.arn, rules))
        .map(|user| &user.name)
        .collect();
    left.undecided.retain(|user| !protected.contains(user));
    let of = |gain: &Gain| match gain {
        Gain::User(user) | Gain::Newcomer(user) | Gain::Key { user, .. } => user.clone(),
    };
    let (spared, rest) =
        std::mem::take(&mut left.gains).into_iter().partition(|gain| protected.contains(&of(gain)));
    left.gains = rest;
    left.open_ends.extend(BTreeSet::into_iter(spared).map(|gain| match gain {
        Gain::User(user) | Gain::Newcomer(user) => {
            format!("the new user {user}, which is protected: contain it by hand")
        }
        Gain::Key { user, key } => {
            format!("key {key} of {user}, which is protected: make the key inactive by hand")
        }
    }));
}

/// Users that were stopped on suspicion and that somebody else made.
fn cleared(case: &Case, made_by_others: &[MadeUser]) -> Vec<Cleared> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    let suspected = steps.filter(|(_, step, _)| step.provisional);
    suspected
        .filter_map(|(_, step, _)| match &step.action {
            Action::DenyUser { user, .. } => {
                let mut makers = made_by_others.iter();
                let made = makers.find(|made| made.id.as_deref() == Some(user.id.as_str()))?;
                Some(Cleared { user: user.clone(), by: made.by.clone() })
            }
            Action::DeactivateKey { .. } | Action::LiftDeny { .. } | Action::ActivateKey { .. } => {
                None
            }
        })
        .collect()
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

#[cfg(test)]
mod tests;
