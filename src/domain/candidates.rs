//! The principals that a plan can leave out or take in: what grew from the key, who else uses them.
//!
//! What the actor made or holds is contained without asking anybody again; what is older, or used
//! by others, is listed and left, until somebody who knows it says otherwise. Nothing else can be
//! named: a plan never reaches a principal that the case knows nothing of.

use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::first_target::first_target;
use crate::domain::lineage::{Certainty, Node};
use crate::domain::plan::{PlanRules, protection};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::{PrincipalKind, PrincipalName, account_in};
use crate::domain::remains::nodes::{is_dead, principal_of, works};
use std::collections::BTreeMap;

/// So many sessions of others are named.
const OTHERS_SHOWN_MAX: usize = 3;

/// How much of a principal the plans of the case contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// Nothing of it.
    Nothing,
    /// What the plan names, or what the approval covers of it: its sessions, its new keys.
    AsProposed,
    /// All of it, whoever uses it.
    Whole,
}

/// A principal that people can decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub on: PrincipalName,
    /// As far as the trail tells it.
    pub arn: Option<String>,
    /// Without anybody's word.
    pub proposed: Extent,
    /// With what people have said.
    pub now: Extent,
    /// What it has to do with the key.
    pub why: String,
    /// Who else uses it.
    pub others: String,
    /// It is the key's own: how it is contained is a choice of its own.
    pub is_own: bool,
}

impl Candidate {
    /// How people type it, and how forms carry it.
    pub fn slug(&self) -> String {
        self.on.slug()
    }

    /// Whether there is more of it to contain than is proposed.
    pub fn may_be_whole(&self) -> bool {
        !self.is_own && !self.is_resource() && self.proposed < Extent::Whole
    }

    /// What the actor built signs nothing: it is stopped or left, and no deny is put on it.
    pub fn is_resource(&self) -> bool {
        self.on.kind == PrincipalKind::Resource
    }

    /// Why keyleak never touches it, if it does not.
    pub fn protection(&self, case: &Case, rules: &PlanRules) -> Option<&'static str> {
        protection(self.arn.as_deref()?, case.account()?, rules)
    }
}

/// All of them: first those of the plan that waits, then what grew from the key.
pub fn candidates(case: &Case) -> Vec<Candidate> {
    let own = first_target(case).ok().map(|target| target.on);
    let mut found: BTreeMap<PrincipalName, Candidate> = BTreeMap::new();
    let waiting = case.pending_plan().filter(|state| state.plan.kind.contains());
    for step in waiting.into_iter().flat_map(|state| &state.plan.steps) {
        let on = step.action.on.key();
        let taken_in = case.adjustments().is_taken_in(&on);
        let whole = matches!(step.action.change, Change::Deny { .. });
        let entry = found.entry(on.clone()).or_insert_with(|| Candidate {
            arn: Some(step.action.on.arn.clone()),
            proposed: Extent::AsProposed,
            now: Extent::AsProposed,
            why: step.because.clone(),
            others: String::new(),
            is_own: Some(&on) == own.as_ref(),
            on,
        });
        if whole && !taken_in {
            entry.proposed = Extent::Whole;
        }
    }
    let nodes = case.survey().map_or(&[][..], |(_, survey)| survey.nodes.as_slice());
    for node in nodes.iter().filter(|node| !is_dead(node) && is_here(case, node)) {
        if let Some(on) = principal_of(node).filter(|on| Some(on) != own.as_ref()) {
            let listed = found.entry(on.clone()).or_insert_with(|| from(node, on));
            note(listed, node, case);
        }
    }
    for (on, _) in case.adjustments().all_left_out().chain(case.adjustments().all_taken_in()) {
        found.entry(on.clone()).or_insert_with(|| Candidate {
            on: on.clone(),
            arn: None,
            proposed: Extent::AsProposed,
            now: Extent::AsProposed,
            why: "a plan named it".to_owned(),
            others: String::new(),
            is_own: false,
        });
    }
    let mut all: Vec<Candidate> = found.into_values().collect();
    all.iter_mut().for_each(|one| one.now = extent(case, one));
    all.sort_by_key(|one| (!one.is_own, std::cmp::Reverse(one.now), one.on.clone()));
    all
}

/// The one that somebody means: `role/NAME`, `user/NAME`, or a name that only one has.
pub fn meant<'a>(all: &'a [Candidate], said: &str) -> Option<&'a Candidate> {
    let exact = all.iter().find(|one| one.slug() == said);
    let mut named = all.iter().filter(|one| one.on.name == said);
    exact.or_else(|| named.next().filter(|_| named.next().is_none()))
}

/// Whether a plan has done something about it that holds, or is about to.
pub fn is_in_force(case: &Case, on: &PrincipalName) -> bool {
    let mut steps = case.standing_plans().flat_map(PlanState::holding_steps);
    steps.any(|(_, step, _)| step.action.contains() && step.action.on.key() == *on)
}

fn extent(case: &Case, one: &Candidate) -> Extent {
    let said = case.adjustments();
    if said.left_out(&one.on).is_some() {
        Extent::Nothing
    } else if said.is_taken_in(&one.on) && !one.is_resource() {
        Extent::Whole
    } else {
        one.proposed
    }
}

/// Names are not unique across accounts.
fn is_here(case: &Case, node: &Node) -> bool {
    let place = node.arn.as_deref().or(node.role_arn.as_deref()).and_then(account_in);
    match (place, case.account()) {
        (Some(place), Some(account)) => place == account.0,
        (None, _) | (_, None) => true,
    }
}

fn from(node: &Node, on: PrincipalName) -> Candidate {
    Candidate {
        on,
        arn: None,
        proposed: Extent::Nothing,
        now: Extent::Nothing,
        why: node.why.clone(),
        others: String::new(),
        is_own: false,
    }
}

/// What one more node tells of its principal.
fn note(listed: &mut Candidate, node: &Node, case: &Case) {
    let arn = match node.kind.is_principal() {
        true => node.arn.as_ref(),
        false => node.role_arn.as_ref(),
    };
    listed.arn = listed.arn.take().or_else(|| arn.cloned());
    let counts = works(node) && node.certainty == Certainty::Certain;
    let reached = match (counts, node.is_created()) {
        (true, true) => Extent::Whole,
        (true, false) => Extent::AsProposed,
        (false, _) => Extent::Nothing,
    };
    listed.proposed = listed.proposed.max(reached);
    if node.older && node.kind.is_principal() {
        let made = node.made.map_or_else(|| "before".to_owned(), |made| format!("at {made:.0}"));
        listed.why = format!("{}; made {made}, before the exposure", node.why);
    }
    if listed.others.is_empty() {
        listed.others = others(node, case);
    }
}

/// Who else uses it, as far as the trail tells.
fn others(node: &Node, case: &Case) -> String {
    let id = node.principal_id.as_deref().and_then(|id| id.split(':').next());
    let used = case.survey().map(|(_, survey)| &survey.used_by_others);
    let sessions = id.and_then(|id| used?.get(id)).map_or(&[][..], Vec::as_slice);
    if !sessions.is_empty() {
        let named: Vec<&str> = sessions.iter().take(OTHERS_SHOWN_MAX).map(String::as_str).collect();
        let more = match sessions.len().saturating_sub(OTHERS_SHOWN_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return format!("others use it: {}{more}", named.join(", "));
    }
    if !node.kind.is_principal() {
        return String::new();
    }
    let made = node.is_created() && !node.older && node.certainty == Certainty::Certain;
    let made = if made { "the actor made it; " } else { "" };
    match node.last {
        Some(last) => format!("{made}it signed {} calls, the last at {last:.0}", node.events),
        None => format!("{made}the trail shows no call of it"),
    }
}

#[cfg(test)]
mod tests;
