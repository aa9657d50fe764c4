//! Principals that nothing explains yet: suspected while the trail is behind, asked about after.

use super::{Census, Cleared, Inhabitant, Search, asked_of_people};
use crate::domain::action::{Action, Change};
use crate::domain::case::Case;
use crate::domain::ids::AccessKeyId;
use crate::domain::key_making;
use crate::domain::lineage::{Certainty, MadeKey, MadePrincipal};
use crate::domain::plan::Step;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::target::{Part, Target};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// What is known of access keys beside the lineage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keys<'a> {
    /// Active keys of users, where they were looked at.
    pub new: &'a [HeldKey],
    /// Keys that somebody outside the lineage made.
    pub by_others: &'a [MadeKey],
}

/// An active access key of a user, from IAM's own inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldKey {
    pub of: PrincipalName,
    pub key: AccessKeyId,
    pub created: Timestamp,
}

impl Search<'_> {
    /// Principals that were made since the exposure and that nothing explains yet.
    pub(super) fn newcomers(&mut self, census: &Census<'_>) {
        let (exposed, considered) = (self.case.exposed_since(), considered(self.case));
        let at_large = at_large_since(self.case, census.told_until);
        for one in census.inhabitants {
            let Some(created) = one.created else { continue };
            // Times are told in whole seconds, so what was made in that very second counts.
            let since = |start: Timestamp| created.as_second() >= start.as_second();
            let known = self.held.ids.contains(one.id.as_str())
                || considered.contains(&one.name)
                || self.left.created.contains(&one.name)
                || protects_itself(&one.arn)
                || census.made_by_others.iter().any(|made| is_same(made, one));
            let suspected = since(census.told_until)
                && match one.name.kind {
                    PrincipalKind::User => true,
                    PrincipalKind::Role | PrincipalKind::Resource => at_large.is_some_and(since),
                };
            match exposed.map(since) {
                _ if known => {}
                Some(true) | None if suspected => self.suspect(one.name.clone()),
                Some(true) if !since(census.told_until) => {
                    let because = "it is new since the exposure, and no record says who made it";
                    let target = Target::new(one.name.clone(), Part::Whole, because);
                    if !self.is_left(&target) {
                        self.left.asked.push(target);
                    }
                }
                Some(_) | None => {}
            }
        }
    }

    /// Keys of users that were there before, made since keyleak is at work against somebody who is
    /// still there. Keys are made lawfully all day, so before that nobody suspects one.
    pub(super) fn new_keys(&mut self, census: &Census<'_>) {
        let Some(began) = at_large_since(self.case, census.told_until) else { return };
        let since = began.max(census.told_until).as_second();
        for HeldKey { of, key, created } in census.keys.new {
            let is_known = self.held.names.contains(of)
                || key_making::explains(self.case, of, (key, *created))
                || census.keys.by_others.iter().any(|made| made.key == *key);
            if created.as_second() >= since && !is_known {
                let because = "made while the actor is at work, and the trail does not tell yet \
                               by whom; active again when it was somebody else";
                let part = Part::Key(key.clone());
                let target = Target { suspected: true, ..Target::new(of.clone(), part, because) };
                self.cover_once(target);
            }
        }
    }

    fn suspect(&mut self, on: PrincipalName) {
        let because = "made while the actor is at work, and the trail does not tell yet by whom; \
                       lifted when it was somebody else";
        let target = Target { suspected: true, ..Target::new(on, Part::Whole, because) };
        self.cover(target);
    }
}

/// Since when keyleak has been at work against somebody who is still there, as far as is known:
/// they gained something, or took something back, later than the trail tells.
pub fn at_large_since(case: &Case, told_until: Timestamp) -> Option<Timestamp> {
    let shown = case.standing_plans().filter_map(|state| state.shown_at).max()?;
    let began = case.standing_plans().filter_map(PlanState::started_at).min()?;
    (shown > told_until).then_some(began)
}

/// Whether a step rests on a suspicion alone: the trail does not show the actor making its target.
pub fn is_a_guess(case: &Case, step: &Step) -> bool {
    let nodes = case.survey().map_or(&[][..], |(_, note)| &note.nodes);
    let on = &step.action.on;
    let shown = nodes.iter().filter(|node| node.certainty == Certainty::Certain).any(|node| {
        let is_it = node.is_created() && node.principal_id.as_deref() == Some(on.id.as_str());
        let key = AccessKeyId::from_record(&node.id);
        is_it || key.is_some_and(|key| step.action.stops(&key))
    });
    step.provisional && !shown
}

/// What was stopped on suspicion and somebody else made.
pub(super) fn cleared(case: &Case, census: &Census<'_>) -> Vec<Cleared> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    let suspected = steps.filter(|(_, step, _)| step.provisional);
    suspected.filter_map(|(_, step, _)| whose(&step.action, census)).collect()
}

/// Who else made what this action stopped, as far as the trail tells.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is the first that stops a thing")]
fn whose(stopping: &Action, census: &Census<'_>) -> Option<Cleared> {
    let on = &stopping.on;
    match &stopping.change {
        Change::Deny { .. } => {
            let mut made = census.made_by_others.iter();
            let made = made.find(|made| made.id.as_deref() == Some(on.id.as_str()))?;
            Some(Cleared { on: on.clone(), key: None, by: made.by.clone() })
        }
        Change::DeactivateKey { key } => {
            let made = census.keys.by_others.iter().find(|made| made.key == *key)?;
            Some(Cleared { on: on.clone(), key: Some(key.clone()), by: made.by.clone() })
        }
        _ => None,
    }
}

fn is_same(made: &MadePrincipal, one: &Inhabitant) -> bool {
    match &made.id {
        Some(id) => *id == one.id,
        None => made.name == one.name,
    }
}

/// Roles that only AWS makes and changes.
fn protects_itself(arn: &str) -> bool {
    arn.contains(":role/aws-service-role/") || arn.contains(":role/aws-reserved/")
}

/// The principals of plans that people have seen and decided, or are deciding.
fn considered(case: &Case) -> BTreeSet<PrincipalName> {
    asked_of_people(case)
        .flat_map(|state| state.plan.steps.iter().map(|step| step.action.on.key()))
        .collect()
}
