//! What the actor still holds after a containment: what the approval covers, what people must
//! decide, and what no step of ours can end.

use crate::domain::action::{Action, Change, SideCredential, SideKind};
use crate::domain::case::{Case, PlanStatus, StepState};
use crate::domain::event::StepResult;
use crate::domain::ids::AccessKeyId;
use crate::domain::lineage::{Certainty, Node, NodeKind, Standing};
use crate::domain::plan::PlanKind;
use crate::domain::principal::{PrincipalName, account_in};
use crate::domain::revocation::{MINTED_AFTER, Sessions};
use crate::domain::target::{Part, Target};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A user or role of the account, from IAM's own inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhabitant {
    pub name: PrincipalName,
    pub arn: String,
    pub created: Option<Timestamp>,
}

/// What is left after a containment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remains {
    /// The principals that the actor created.
    pub created: BTreeSet<PrincipalName>,
    /// Made by the actor: the standing approval covers it.
    pub covered: Vec<Target>,
    /// It was there before, or nothing explains it: people must decide.
    pub asked: Vec<Target>,
    /// What no step of ours can end, in words.
    pub open_ends: Vec<String>,
}

/// Compares the lineage and the inventory with what the standing plans contain.
pub fn remains(case: &Case, nodes: &[Node], inhabitants: &[Inhabitant]) -> Remains {
    let mut search = Search {
        case,
        contained: contained(case),
        sessions: BTreeMap::new(),
        left: Remains { created: created(nodes), ..Remains::default() },
    };
    nodes.iter().filter(|node| is_held(node)).for_each(|node| search.look_at(node));
    search.take_sessions();
    search.explain(inhabitants);
    search.left
}

/// The principals that a done deny of a standing plan holds.
pub fn contained(case: &Case) -> BTreeSet<PrincipalName> {
    let steps = case.standing_plans().flat_map(|state| state.done_steps());
    let denied = steps.filter(|(_, step, _)| matches!(step.action.change, Change::Deny { .. }));
    denied.map(|(_, step, _)| step.action.on.key()).collect()
}

/// The access keys that a standing plan has made inactive, or is about to.
pub fn stopped_keys(case: &Case) -> BTreeSet<AccessKeyId> {
    let key = |action: &Action| {
        if let Change::DeactivateKey { key } = &action.change { Some(key.clone()) } else { None }
    };
    pending_or_done(case).filter_map(|(action, _)| key(action)).collect()
}

/// Whether a standing plan has done this very change, or is about to.
pub fn is_under_way(case: &Case, action: &Action) -> bool {
    is_being_done(case, &action.on.key(), &action.change)
}

struct Search<'a> {
    case: &'a Case,
    contained: BTreeSet<PrincipalName>,
    /// Live sessions of principals that were there before, and when the last was minted.
    sessions: BTreeMap<PrincipalName, (BTreeSet<String>, Option<Timestamp>)>,
    left: Remains,
}

impl Search<'_> {
    fn look_at(&mut self, node: &Node) {
        let place = node.arn.as_deref().or(node.role_arn.as_deref()).and_then(account_in);
        if let (Some(place), Some(ours)) = (place, self.account())
            && place != ours
        {
            let why = format!("it is in account {place}, out of our reach; tell its owners");
            self.left.open_ends.push(open_end(node, &why));
            return;
        }
        let Some(on) = principal_of(node) else {
            self.left.open_ends.push(open_end(node, "its principal is not known"));
            return;
        };
        if self.contained.contains(&on) {
            return;
        }
        match node.kind {
            NodeKind::User | NodeKind::Role if node.is_created() => {
                self.cover(Target::new(on, Part::Whole, "the actor created it"));
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
                let credential =
                    SideCredential { kind: SideKind::ServiceSpecific, id: node.id.clone() };
                let stop = Change::DeactivateCredential { credential: credential.clone() };
                if !is_being_done(self.case, &on, &stop) {
                    let because = "the trail shows that the actor made it";
                    self.cover(Target::new(on, Part::Side(credential), because));
                }
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

    fn look_at_key(&mut self, node: &Node, on: PrincipalName) {
        let Some(key) = AccessKeyId::from_record(&node.id) else {
            self.left.open_ends.push(open_end(node, "its id is not one IAM would take"));
            return;
        };
        if !stopped_keys(self.case).contains(&key) {
            let because = "the trail shows that the actor minted it";
            self.cover(Target::new(on, Part::Key(key), because));
        }
    }

    /// A session of a principal that others may use too: only it is ended, by its own id.
    fn look_at_session(&mut self, node: &Node, on: PrincipalName) {
        let id = node.principal_id.clone().filter(|id| id.contains(':'));
        let id = id.filter(|_| node.kind != NodeKind::ServiceSession);
        let Some(id) = id else {
            // `GetSessionToken` and console sessions carry the user's own id, and those of a
            // service change by themselves: they cannot be told apart by an id.
            let until = node.made.unwrap_or_else(|| self.case.opened_at());
            if !self.is_ended(&on, &Sessions::Everyone, until) {
                let part = Part::Sessions { sessions: Sessions::Everyone, until };
                let because = "the actor holds a session of it that has no id of its own";
                self.ask(Target::new(on, part, because));
            }
            return;
        };
        let made = node.made.unwrap_or_else(|| self.case.opened_at());
        let one = Sessions::Named { user_ids: BTreeSet::from([id.clone()]) };
        if self.is_ended(&on, &one, made) {
            return;
        }
        let (ids, until) = self.sessions.entry(on).or_default();
        ids.insert(id);
        *until = (*until).max(Some(made));
    }

    /// Sessions that were minted after the first were ended show that the actor keeps minting
    /// faster than the trail tells: then only time of issue ends them, and that hits others.
    fn take_sessions(&mut self) {
        for (on, (user_ids, until)) in std::mem::take(&mut self.sessions) {
            let until = until.unwrap_or_else(|| self.case.opened_at());
            let ended_before = revocations(self.case, &on).filter_map(|(_, state)| state.ended_at);
            let chased = ended_before.min().is_some_and(|ended| until > ended);
            if chased {
                let part = Part::Sessions { sessions: Sessions::Everyone, until };
                let because = "new sessions of it are minted faster than the trail shows them";
                self.ask(Target::new(on, part, because));
            } else {
                let part = Part::Sessions { sessions: Sessions::Named { user_ids }, until };
                let because = "the actor minted these; others use it too, and go on";
                self.cover(Target::new(on, part, because));
            }
        }
    }

    /// New principals that neither the trail nor a plan explains; a denied follow-up explains
    /// them too.
    fn explain(&mut self, inhabitants: &[Inhabitant]) {
        let Some(since) = self.case.exposed_since() else {
            return;
        };
        let new = inhabitants
            .iter()
            .filter(|one| one.created.is_some_and(|created| created >= since))
            .filter(|one| !one.arn.contains("/aws-service-role/"))
            .filter(|one| {
                !self.contained.contains(&one.name) && !self.left.created.contains(&one.name)
            });
        for one in new.collect::<Vec<_>>() {
            let because = "likely: it is new since the exposure, and no record says who made it";
            self.ask(Target::new(one.name.clone(), Part::Whole, because));
        }
    }

    fn cover(&mut self, target: Target) {
        if !self.left.covered.contains(&target) {
            self.left.covered.push(target);
        }
    }

    /// Asks once: what people denied stays as it is, and is an open end where the actor holds it.
    fn ask(&mut self, target: Target) {
        let is_done =
            |action: &Action| action.on.key() == target.on && answers(action, &target.part);
        if pending_or_done(self.case).any(|(action, _)| is_done(action)) {
            return;
        }
        match self.answer(&target) {
            Some(PlanStatus::Denied) if !target.because.starts_with("likely") => {
                let left = format!("{}: {}; people decided to leave it", target.on, target.because);
                self.left.open_ends.push(left);
            }
            Some(_) => {}
            None if self.left.asked.contains(&target) => {}
            None => self.left.asked.push(target),
        }
    }

    /// What became of the follow-up that asked about this, if one did.
    fn answer(&self, target: &Target) -> Option<PlanStatus> {
        let follow_ups = self.case.plans().rev().filter(|state| {
            let is_gone = matches!(state.status(), PlanStatus::Expired | PlanStatus::Voided);
            state.plan.kind == PlanKind::FollowUp && !is_gone
        });
        let mut answers = follow_ups.filter(|state| {
            let mut steps = state.plan.steps.iter().map(|step| &step.action);
            steps.any(|action| action.on.key() == target.on && answers(action, &target.part))
        });
        answers.next().map(|state| state.status())
    }

    fn account(&self) -> Option<&str> {
        self.case.facts().account_known().map(|finding| finding.account.0.as_str())
    }

    /// Whether a step ends these sessions, minted then, or is about to.
    fn is_ended(&self, on: &PrincipalName, wanted: &Sessions, made: Timestamp) -> bool {
        revocations(self.case, on).any(|((sessions, until), state)| {
            let reach = state.began_at.map_or(until, |began| began.max(until)) + MINTED_AFTER;
            sessions.include(wanted) && made < reach
        })
    }
}

/// The revocations of a principal's sessions that are done or about to be.
fn revocations<'a>(
    case: &'a Case,
    on: &'a PrincipalName,
) -> impl Iterator<Item = ((&'a Sessions, Timestamp), &'a StepState)> {
    let of_it = pending_or_done(case).filter(|(action, _)| action.on.key() == *on);
    of_it.filter_map(|(action, state)| {
        let Change::RevokeSessions { sessions, until, .. } = &action.change else {
            return None;
        };
        Some(((sessions, *until), state))
    })
}

fn is_being_done(case: &Case, on: &PrincipalName, change: &Change) -> bool {
    pending_or_done(case).any(|(action, _)| action.on.key() == *on && action.change == *change)
}

fn pending_or_done(case: &Case) -> impl Iterator<Item = (&Action, &StepState)> {
    let steps = case.standing_plans().flat_map(|state| state.all_steps());
    let alive =
        steps.filter(|(_, _, state)| !matches!(state.result, Some(StepResult::Failed { .. })));
    alive.map(|(_, step, state)| (&step.action, state))
}

/// Whether an action of a plan is what a question about this part asks for.
fn answers(action: &Action, part: &Part) -> bool {
    let change = &action.change;
    match part {
        Part::Whole => matches!(change, Change::Deny { .. }),
        Part::Trust => matches!(change, Change::PutTrust { .. }),
        Part::Key(key) => *change == Change::DeactivateKey { key: key.clone() },
        Part::Side(one) => *change == Change::DeactivateCredential { credential: one.clone() },
        Part::Sessions { sessions: wanted, until: seen } => matches!(
            change,
            Change::RevokeSessions { sessions, until, .. }
                if sessions.include(wanted) && until >= seen
        ),
    }
}

/// The user or role whose policies a node obeys.
fn principal_of(node: &Node) -> Option<PrincipalName> {
    let role = || node.role_arn.as_deref().and_then(PrincipalName::of_arn);
    let user = || node.user_name.as_deref().map(PrincipalName::user);
    match node.kind {
        NodeKind::User | NodeKind::Role => node.arn.as_deref().and_then(PrincipalName::of_arn),
        NodeKind::RoleSession | NodeKind::ServiceSession => role(),
        NodeKind::ConsoleSession | NodeKind::ForwardedSession => role().or_else(user),
        NodeKind::LongTermKey
        | NodeKind::UserSession
        | NodeKind::FederatedUser
        | NodeKind::ServiceCredential => user(),
    }
}

/// The principals that the actor created.
fn created(nodes: &[Node]) -> BTreeSet<PrincipalName> {
    let created = nodes.iter().filter(|node| is_held(node) && node.is_created());
    created.filter_map(|node| node.arn.as_deref().and_then(PrincipalName::of_arn)).collect()
}

/// Whether the actor surely holds it and it still works. A principal that the actor opened counts
/// although it existed before.
fn is_held(node: &Node) -> bool {
    let opened = node.kind.is_principal() && !node.is_created();
    let works = matches!(node.standing, Standing::Live | Standing::Unknown);
    works && node.certainty == Certainty::Certain && (!node.older || opened)
}

fn open_end(node: &Node, why: &str) -> String {
    let name = node.arn.as_deref().unwrap_or(&node.id);
    format!("{} {name}, still {}: {why}", node.kind.word(), node.standing.word())
}
