//! What the actor still holds after a containment: what the approval covers, what people must
//! decide, and what no step of ours can end.
//!
//! Needs: nothing of the actor's is overlooked, and nobody else is stopped for long. The trail
//! tells who made what, minutes late; IAM's inventory tells at once what there is, and not by
//! whom. An actor who makes users faster than the trail tells of them would never be caught by the
//! trail alone. So a user that is newer than what the trail tells is stopped on suspicion, while a
//! containment is under way, and released as soon as the trail names another maker. A role that is
//! newer is treated so only where it was made after the containment began and the actor has shown
//! itself since: roles are made all day by whoever deploys something, but an actor who is still
//! there makes the next one before the trail tells of the last. A key that is made on a user of
//! others is treated as such a role is.

use crate::domain::action::{Action, Change, SideCredential};
use crate::domain::case::Case;
use crate::domain::ids::{AccessKeyId, AccountId};
use crate::domain::joining::makes_good;
use crate::domain::lineage::{MadePrincipal, Node, NodeKind};
use crate::domain::plan::{PlanKind, PlanNumber, PlanRules, Step};
use crate::domain::plan_state::{PlanState, PlanStatus, StepState};
use crate::domain::principal::{Principal, PrincipalName, account_in};
use crate::domain::step_result::StepResult;
use crate::domain::target::{Part, Target};
use crate::domain::trust::of_nobody;
use jiff::Timestamp;
use nodes::{
    created, is_held, is_likely_held, is_services_own, is_since, named, principal_of, side_kind,
};
use std::collections::{BTreeMap, BTreeSet};
use strangers::Keys;

/// A user or role of the account, from IAM's own inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhabitant {
    pub name: PrincipalName,
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
    /// Principals that somebody outside the lineage made.
    pub made_by_others: &'a [MadePrincipal],
    pub keys: Keys<'a>,
    /// Sessions that somebody outside the lineage opened, as `aws:userid`.
    pub sessions_of_others: &'a BTreeSet<String>,
    /// Up to when the trail tells who made what.
    pub told_until: Timestamp,
    pub inhabitants: &'a [Inhabitant],
    /// The accounts that keyleak serves, with what people call them.
    pub served: &'a Served,
}

/// The accounts that keyleak serves, with what people call them.
pub type Served = BTreeMap<AccountId, Option<String>>;

/// A principal that was stopped on suspicion or a key of one, and who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    pub on: Principal,
    /// The one key that it is about; none where it is about all of the principal.
    pub key: Option<AccessKeyId>,
    pub by: String,
}

/// What is left after a containment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remains {
    /// The principals that the actor created.
    pub created: BTreeSet<PrincipalName>,
    /// The actor's, or suspected to be: the standing approval covers it.
    pub covered: Vec<Target>,
    /// It was there before, or nothing explains it: people must decide.
    pub asked: Vec<Target>,
    /// Those among the asked whom the actor surely reached since the exposure.
    pub sure: BTreeSet<PrincipalName>,
    pub cleared: Vec<Cleared>,
    /// What no step of ours ends by itself, in words.
    pub open_ends: Vec<String>,
}

/// The accounts that a lineage reaches into.
pub fn places(nodes: &[Node]) -> BTreeSet<AccountId> {
    nodes.iter().filter_map(place).filter_map(AccountId::parse).collect()
}

fn place(node: &Node) -> Option<&str> {
    node.arn.as_deref().or(node.role_arn.as_deref()).and_then(account_in)
}

/// Compares the lineage and the inventory with what the standing plans contain.
pub fn remains(case: &Case, census: &Census<'_>, rules: &PlanRules) -> Remains {
    let mut search = search(case, census);
    search.spare_protected(census.inhabitants, rules);
    search.left
}

fn search<'a>(case: &'a Case, census: &Census<'a>) -> Search<'a> {
    let created = created(case, census.nodes);
    let left = Remains {
        cleared: strangers::cleared(case, census),
        created: created.clone(),
        ..Remains::default()
    };
    let held = Held::of(case, census.inhabitants);
    let others = census.sessions_of_others;
    let sessions = BTreeMap::new();
    let served = census.served;
    let (is_likely, is_sure) = (false, false);
    let mut search = Search { case, held, others, served, sessions, is_likely, is_sure, left };
    census.nodes.iter().filter(|node| is_held(node)).for_each(|node| search.look_at(node));
    search.take_sessions();
    search.is_likely = true;
    census.nodes.iter().filter(|node| is_likely_held(node)).for_each(|node| search.look_at(node));
    search.take_sessions();
    search.is_likely = false;
    search.renamed(census);
    search.newcomers(census);
    search.new_keys(census);
    search
}

/// The principals that a done deny of a standing plan holds.
pub fn contained(case: &Case) -> BTreeSet<PrincipalName> {
    denied(case).map(Principal::key).collect()
}

/// Whether every step of the standing plans is done: by its own plan, or by another after it failed
/// there. A resource that could not be stopped is said beside the case, and holds up nothing.
pub fn all_made_good(case: &Case) -> bool {
    let done: Vec<&Action> = case
        .standing_plans()
        .flat_map(PlanState::done_steps)
        .map(|(_, step, _)| &step.action)
        .collect();
    case.standing_plans().all(|state| {
        let is_over = matches!(state.status(), PlanStatus::Done | PlanStatus::Partly);
        let good = |action: &Action| done.iter().any(|other| makes_good(other, action));
        let is_told = |step: &Step, state: &StepState| {
            let failed = matches!(state.result, Some(StepResult::Failed { .. }));
            failed && matches!(step.action.change, Change::Resource { .. })
        };
        let mut steps = state.all_steps();
        is_over && steps.all(|(_, step, state)| good(&step.action) || is_told(step, state))
    })
}

/// Whether a standing plan has done this very change, or is about to.
pub fn is_under_way(case: &Case, action: &Action) -> bool {
    alive_steps(case).any(|(known, _)| known == action)
}

/// Who is held by the standing plans, by immutable id.
struct Held<'a> {
    ids: BTreeSet<&'a str>,
    names: BTreeSet<PrincipalName>,
}

impl<'a> Held<'a> {
    fn of(case: &'a Case, inhabitants: &[Inhabitant]) -> Self {
        let ids: BTreeSet<&str> = denied(case).map(|on| on.id.as_str()).collect();
        // A principal that was deleted and made again under its name is another one.
        let present: BTreeMap<_, _> =
            inhabitants.iter().map(|one| (&one.name, one.id.as_str())).collect();
        let same =
            |name: &PrincipalName| present.get(name).is_none_or(|present| ids.contains(present));
        let names = denied(case).map(Principal::key).filter(same).collect();
        Self { ids, names }
    }

    fn holds(&self, node: &Node, on: &PrincipalName) -> bool {
        let id = node.principal_id.as_deref().map(|id| id.split(':').next().unwrap_or(id));
        let other = node.kind.is_principal() && node.principal_id.is_some();
        id.is_some_and(|id| self.ids.contains(id)) || (!other && self.names.contains(on))
    }
}

struct Search<'a> {
    case: &'a Case,
    held: Held<'a>,
    others: &'a BTreeSet<String>,
    served: &'a Served,
    /// Live sessions of principals that were there before, and when the last was minted.
    sessions: BTreeMap<PrincipalName, (BTreeSet<String>, Option<Timestamp>)>,
    /// Whether what is looked at is the actor's only by appearance: then nothing is covered, and
    /// what people leave is not held against the case.
    is_likely: bool,
    /// Whether what is looked at is surely the actor's, and taken since the exposure.
    is_sure: bool,
    left: Remains,
}

impl Search<'_> {
    fn look_at(&mut self, node: &Node) {
        self.is_sure = !self.is_likely && is_since(self.case, node) && !is_services_own(node);
        let place = place(node);
        if let (Some(place), Some(own)) = (place, self.case.account())
            && place != own.0
        {
            // No plan of this case can ask about it, so it is never passed over.
            self.left.open_ends.push(elsewhere::open_end(node, place, self.served));
            return;
        }
        let Some(on) = principal_of(node) else {
            self.leave_open(node, "its principal is not known");
            return;
        };
        if self.held.holds(node, &on) {
            self.close_for_good(node, on);
            return;
        }
        match node.kind {
            NodeKind::User if node.is_created() => {
                let because = "the trail shows that the actor made this user";
                self.cover(Target::new(on, Part::Whole, because));
            }
            NodeKind::Role if node.is_created() => {
                let because = "the trail shows that the actor made this role";
                self.cover(Target::new(on, Part::Whole, because));
            }
            NodeKind::User => {
                let because = "the actor set a password for it; it existed before";
                self.ask(Target::new(on, Part::Whole, because));
            }
            NodeKind::Role => {
                let because = "the actor changed who may assume it; it existed before";
                self.ask(Target::new(on, Part::Trust, because));
            }
            _ if self.left.created.contains(&on) => {}
            NodeKind::LongTermKey => self.look_at_key(node, on),
            NodeKind::ServiceCredential => {
                let kind = side_kind(node);
                let part = Part::Side(SideCredential { kind, id: node.id.clone() });
                self.cover_once(Target::new(on, part, "the trail shows that the actor made it"));
            }
            NodeKind::UserSession
            | NodeKind::FederatedUser
            | NodeKind::ConsoleSession
            | NodeKind::RoleSession
            | NodeKind::ServiceSession => self.look_at_session(node, on),
            // Its keys change with every call; it ends with the credential behind it.
            NodeKind::ForwardedSession => {}
        }
    }

    /// A role that was denied on suspicion, and that the trail shows the actor making: nobody may
    /// open a session of it any more.
    fn close_for_good(&mut self, node: &Node, on: PrincipalName) {
        if node.kind == NodeKind::Role && node.is_created() {
            let because = "the trail shows that the actor made this role";
            self.cover_once(Target::new(on, Part::Closed, because));
        }
    }

    fn look_at_key(&mut self, node: &Node, on: PrincipalName) {
        let Some(key) = AccessKeyId::from_record(&node.id) else {
            self.leave_open(node, "its id is not one IAM would take");
            return;
        };
        if node.is_switched_on() {
            let because = "the actor switched it on again; it existed before, and who has its \
                           secret no record tells";
            return self.ask(Target::new(on, Part::Key(key), because));
        }
        let because = "the trail shows that the actor minted it";
        self.cover_once(Target::new(on, Part::Key(key), because));
    }

    fn leave_open(&mut self, node: &Node, why: &str) {
        if !self.is_likely {
            self.left.open_ends.push(named(node, why));
        }
    }

    fn cover(&mut self, mut target: Target) {
        if self.is_left(&target) {
            return;
        }
        if self.is_likely {
            target.because = format!("{}, as it seems", target.because);
            self.ask(target);
        } else if !self.left.covered.contains(&target) {
            self.left.covered.push(target);
        }
    }

    fn cover_once(&mut self, target: Target) {
        if self.is_left(&target) {
            return;
        }
        let done = alive_steps(self.case)
            .any(|(action, _)| action.on.key() == target.on && answers(action, &target.part));
        if !done {
            self.cover(target);
        }
    }

    /// Asks once: what people denied stays as it is, and is an open end where the actor holds it.
    fn ask(&mut self, target: Target) {
        let done = alive_steps(self.case)
            .any(|(action, _)| action.on.key() == target.on && answers(action, &target.part));
        if self.is_left(&target) || done {
            return;
        }
        match self.answer(&target) {
            Some(PlanStatus::Denied) if self.is_likely => {}
            Some(PlanStatus::Denied) => {
                let left = format!("{}: {}; people decided to leave it", target.on, target.because);
                self.left.open_ends.push(left);
            }
            Some(_) => {}
            None => {
                if self.is_sure {
                    self.left.sure.insert(target.on.clone());
                }
                if !self.left.asked.contains(&target) {
                    self.left.asked.push(target);
                }
            }
        }
    }

    /// What became of the follow-up that asked about this, if one did.
    fn answer(&self, target: &Target) -> Option<PlanStatus> {
        let mut answers = asked_of_people(self.case).rev().filter(|state| {
            let mut steps = state.plan.steps.iter().map(|step| &step.action);
            steps.any(|action| action.on.key() == target.on && answers(action, &target.part))
        });
        answers.next().map(PlanState::status)
    }
}

/// The follow-ups by which people were asked, and what they decided counts still: what was carried
/// out and taken back with all the rest is to be asked again.
pub fn asked_of_people(case: &Case) -> impl DoubleEndedIterator<Item = &PlanState> {
    let standing: BTreeSet<PlanNumber> =
        case.standing_plans().map(|state| state.plan.number).collect();
    case.plans().filter(move |state| {
        let is_gone = matches!(state.status(), PlanStatus::Expired | PlanStatus::Voided);
        let is_taken_back = state.has_begun() && !standing.contains(&state.plan.number);
        state.plan.kind == PlanKind::FollowUp && !is_gone && !is_taken_back
    })
}

/// Steps of the standing plans that are done or about to be, and not taken back since.
fn alive_steps(case: &Case) -> impl Iterator<Item = (&Action, &StepState)> {
    case.standing_plans().flat_map(|state| {
        let taken_back = |index: u32, action: &Action| {
            let later = state.done_steps().filter(move |(other, _, _)| *other > index);
            later.into_iter().any(|(_, other, _)| other.action.takes_back(action))
        };
        state.all_steps().filter_map(move |(index, step, done)| {
            let failed = matches!(done.result, Some(StepResult::Failed { .. }));
            let alive = !failed && done.lifted.is_none() && !taken_back(index, &step.action);
            alive.then_some((&step.action, done))
        })
    })
}

fn denied(case: &Case) -> impl Iterator<Item = &Principal> {
    let steps = case.standing_plans().flat_map(PlanState::holding_steps);
    steps.filter_map(|(_, step, _)| {
        matches!(step.action.change, Change::Deny { .. }).then_some(&step.action.on)
    })
}

/// Whether an action of a plan is what a question about this part asks for.
fn answers(action: &Action, part: &Part) -> bool {
    let change = &action.change;
    match part {
        Part::Whole => matches!(change, Change::Deny { .. }),
        Part::Closed => *change == Change::PutTrust { document: of_nobody() },
        Part::Trust => matches!(change, Change::PutTrust { .. }),
        Part::Key(key) => action.stops(key),
        Part::Side(one) => *change == Change::DeactivateCredential { credential: one.clone() },
        Part::Sessions { sessions: wanted, until: seen } => matches!(
            change,
            Change::RevokeSessions { sessions, until, .. }
                if sessions.include(wanted) && until >= seen
        ),
    }
}

pub mod asked_for;
mod elsewhere;
pub mod foreseen;
pub mod nodes;
mod protected;
mod renamed;
mod sessions;
pub mod spared;
pub mod strangers;
#[cfg(test)]
mod tests;
