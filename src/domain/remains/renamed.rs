//! Users that the plans hold and that have another name by now, found by the id that stays.

use super::{Census, Search};
use crate::domain::action::{Action, Change};
use crate::domain::plan_state::PlanState;
use crate::domain::principal::PrincipalKind;
use crate::domain::target::{Part, Target};

impl Search<'_> {
    /// What is done to a user stays with it when it is renamed, but a step that came too late hit
    /// nobody, and nothing is read back or undone under a name that the user no longer has. So the
    /// same is done under the new name; the approval covers the user, whatever it is called.
    pub(super) fn renamed(&mut self, census: &Census<'_>) {
        let holding = self.case.standing_plans().flat_map(PlanState::holding_steps);
        let all: Vec<&Action> = holding.map(|(_, step, _)| &step.action).collect();
        for one in census.inhabitants.iter().filter(|one| one.name.kind == PrincipalKind::User) {
            let own: Vec<&Action> =
                all.iter().copied().filter(|action| action.on.id == one.id).collect();
            let mut late = own.iter().filter(|action| {
                let mut again = own.iter().filter(|other| other.change == action.change);
                !again.any(|other| other.on.name == one.name.name)
            });
            let is_whole = own.iter().any(|action| matches!(action.change, Change::Deny { .. }));
            for action in late.by_ref() {
                let Some(part) = part(&action.change, is_whole) else { continue };
                let because = format!(
                    "renamed: it was {} when the plan was made, and is the same user, {}",
                    action.on, one.id
                );
                let target = Target::new(one.name.clone(), part, &because);
                self.cover(Target { id: Some(one.id.clone()), ..target });
            }
        }
    }
}

/// What a change is about, where it is one that stops something of a user.
fn part(change: &Change, is_whole: bool) -> Option<Part> {
    match change {
        Change::Deny { .. } => Some(Part::Whole),
        Change::DeactivateKey { key } => (!is_whole).then(|| Part::Key(key.clone())),
        Change::DeactivateCredential { credential } => {
            (!is_whole).then(|| Part::Side(credential.clone()))
        }
        Change::RevokeSessions { .. }
        | Change::PutTrust { .. }
        | Change::Quarantine { .. }
        | Change::Resource { .. }
        | Change::LiftDeny { .. }
        | Change::LiftQuarantine { .. }
        | Change::LiftRevocation { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => None,
    }
}
