//! Principals that nothing explains yet: suspected while the trail is behind, asked about after.

use super::{Census, Cleared, Inhabitant, Search, asked_of_people};
use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::lineage::MadePrincipal;
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::target::{Part, Target};
use jiff::Timestamp;
use std::collections::BTreeSet;

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

/// Principals that were stopped on suspicion and that somebody else made.
pub(super) fn cleared(case: &Case, made_by_others: &[MadePrincipal]) -> Vec<Cleared> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    let suspected = steps.filter(|(_, step, _)| step.provisional);
    let denies = suspected.filter(|(_, s, _)| matches!(s.action.change, Change::Deny { .. }));
    denies
        .filter_map(|(_, step, _)| {
            let on = &step.action.on;
            let made =
                made_by_others.iter().find(|made| made.id.as_deref() == Some(on.id.as_str()))?;
            Some(Cleared { on: on.clone(), by: made.by.clone() })
        })
        .collect()
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
