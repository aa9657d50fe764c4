//! The steps that take done steps back to the snapshot; what was so before stays as it was.

use crate::domain::action::{Action, Change};
use crate::domain::force::is_by_boundary;
use crate::domain::plan::Step;
use crate::domain::snapshot::{Photograph, Snapshot};

/// In the reverse order of the done steps, each taken back once; what is gone needs no undoing.
pub fn undoing_steps(done: &[&Action], before: &Snapshot, now: &[Photograph]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for done in done.iter().rev() {
        let key = done.on.key();
        let now = now.iter().find(|photograph| photograph.key() == key);
        let (Some(before), Some(now)) = (before.of(&key), now) else {
            continue;
        };
        for (change, because) in undo(done, before, now) {
            let action = Action { on: done.on.clone(), change };
            if !steps.iter().any(|known| known.action == action) {
                steps.push(Step {
                    blast_radius: vec![action.on.to_string()],
                    action,
                    because: because.to_owned(),
                    provisional: false,
                });
            }
        }
    }
    steps
}

fn undo(done: &Action, before: &Photograph, now: &Photograph) -> Vec<(Change, &'static str)> {
    match &done.change {
        Change::Deny { policy_arn, .. } if before.has_policy(policy_arn) => Vec::new(),
        Change::Deny { policy_arn, inline_name } => {
            let lift = Change::LiftDeny {
                policy_arn: policy_arn.clone(),
                inline_name: inline_name.clone(),
            };
            let mut changes = vec![(lift, "the deny was not there before the plan")];
            if is_by_boundary(now, policy_arn) && !is_by_boundary(before, policy_arn) {
                let boundary = Change::SetBoundary { boundary: before.boundary.clone() };
                changes.push((boundary, "the boundary before the plan"));
            }
            changes
        }
        Change::DeactivateKey { key } => {
            let was_active = before.key_state(key).is_some_and(|key| key.active);
            let activate = Change::ActivateKey { key: key.clone() };
            was_active
                .then_some((activate, "the key was active before the plan"))
                .into_iter()
                .collect()
        }
        Change::DeactivateCredential { credential } => {
            let was_active = before.side_state(credential).is_some_and(|state| state.active);
            let activate = Change::ActivateCredential { credential: credential.clone() };
            let because = "the credential was active before the plan";
            was_active.then_some((activate, because)).into_iter().collect()
        }
        Change::RevokeSessions { inline_name, .. } => {
            let lift = Change::LiftRevocation { inline_name: inline_name.clone() };
            vec![(lift, "no session was revoked before the plan")]
        }
        Change::PutTrust { .. } => before
            .role()
            .map(|role| Change::PutTrust { document: role.trust.clone() })
            .map(|put| (put, "who could assume it before the plan, an actor's edit included"))
            .into_iter()
            .collect(),
        Change::LiftDeny { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::Delete { .. } => Vec::new(),
    }
}
