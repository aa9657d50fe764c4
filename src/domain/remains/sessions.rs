//! Sessions that the actor minted: ended one by one, as long as they can be told from others.

use super::{Search, alive_steps};
use crate::domain::action::Change;
use crate::domain::case::Case;
use crate::domain::lineage::{Node, NodeKind};
use crate::domain::plan_state::StepState;
use crate::domain::principal::{PrincipalKind, PrincipalName};
use crate::domain::revocation::{MINTED_AFTER, Sessions};
use crate::domain::target::{Part, Target};
use jiff::Timestamp;
use std::collections::BTreeSet;

impl Search<'_> {
    /// A session of a principal that others may use too: only it is ended, by its own id.
    pub(super) fn look_at_session(&mut self, node: &Node, on: PrincipalName) {
        let made = node.made.unwrap_or_else(|| self.case.opened_at());
        let id = node.principal_id.clone().filter(|id| id.contains(':'));
        let Some(id) = id.filter(|_| node.kind != NodeKind::ServiceSession) else {
            // `GetSessionToken` and console sessions carry the user's own id, and those of a
            // service change by themselves: they cannot be told apart by an id.
            if !self.is_ended(&on, &Sessions::Everyone, made) {
                let part = Part::Sessions { sessions: Sessions::Everyone, until: made };
                let because = "the actor holds a session of it that has no id of its own";
                self.ask(Target::new(on, part, because));
            }
            return;
        };
        let one = Sessions::Named { user_ids: BTreeSet::from([id.clone()]) };
        if !self.is_ended(&on, &one, made) {
            let (ids, until) = self.sessions.entry(on).or_default();
            ids.insert(id);
            *until = (*until).max(Some(made));
        }
    }

    /// Sessions that were minted after the first were ended show that the actor keeps minting
    /// faster than the trail tells: then only time of issue ends them, and that hits others. Where
    /// even that was in vain, nobody can open another one until people give the role back.
    pub(super) fn take_sessions(&mut self) {
        self.is_sure = !self.is_likely;
        for (on, (user_ids, until)) in std::mem::take(&mut self.sessions) {
            let until = until.unwrap_or_else(|| self.case.opened_at());
            let again = |all: bool| {
                let mut before = revocations(self.case, &on);
                before.any(|((sessions, _), state)| {
                    let counts = !all || *sessions == Sessions::Everyone;
                    counts && state.ended_at.is_some_and(|ended| until > ended)
                })
            };
            if again(false) {
                if again(true) && on.kind == PrincipalKind::Role {
                    let because = "all its sessions were ended, and the actor opened new ones; \
                                   give it back once the case is contained";
                    self.ask(Target::new(on.clone(), Part::Closed, because));
                }
                let part = Part::Sessions { sessions: Sessions::Everyone, until };
                let because = "new sessions of it are minted faster than the trail shows them";
                self.ask(Target::new(on, part, because));
                continue;
            }
            let (alike, own): (BTreeSet<_>, BTreeSet<_>) =
                user_ids.into_iter().partition(|id| self.others.contains(id));
            let named = |user_ids| Part::Sessions { sessions: Sessions::Named { user_ids }, until };
            if !own.is_empty() {
                let because = "the actor minted these; others use it too, and go on";
                self.cover(Target::new(on.clone(), named(own), because));
            }
            if !alike.is_empty() {
                let because =
                    "the actor minted these; somebody else's have the same name, and end too";
                self.ask(Target::new(on, named(alike), because));
            }
        }
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
    let of_it = alive_steps(case).filter(|(action, _)| action.on.key() == *on);
    of_it.filter_map(|(action, state)| {
        let Change::RevokeSessions { sessions, until, .. } = &action.change else {
            return None;
        };
        Some(((sessions, *until), state))
    })
}
