//! Whether an account is as a step leaves it, and how it would be if only our steps had changed it.

use crate::domain::action::{Action, Change, DENY_ALL_DOCUMENT, SideCredential};
use crate::domain::document::same_document;
use crate::domain::facts::Fact;
use crate::domain::made_key::made_among;
use crate::domain::revocation::Revocation;
use crate::domain::snapshot::{AttachedPolicy, Own, Photograph};
use crate::domain::step_result::StepResult;
use crate::domain::trust::of_nobody;
use jiff::Timestamp;

/// Whether the principal is as the action leaves it; `began` is when the attempt at it began.
pub fn holds(action: &Action, now: &Photograph, began: Timestamp) -> bool {
    match &action.change {
        Change::Deny { policy_arn, inline_name } => is_denied(now, policy_arn, inline_name),
        Change::LiftDeny { policy_arn, inline_name } => {
            !now.has_policy(policy_arn) && !now.inline.contains_key(inline_name)
        }
        Change::DeactivateKey { key } => now.key_state(key).is_none_or(|key| !key.active),
        Change::ActivateKey { key } => now.key_state(key).is_some_and(|key| key.active),
        Change::DeactivateCredential { credential } => {
            side_activity(now, credential).is_some_and(|active| !active)
        }
        Change::ActivateCredential { credential } => {
            side_activity(now, credential).is_some_and(|active| active)
        }
        Change::RevokeSessions { sessions, until, inline_name } => {
            let standing = now.inline.get(inline_name).and_then(|text| Revocation::read(text));
            standing.is_some_and(|standing| standing.ends(sessions, *until, began))
        }
        Change::LiftRevocation { inline_name } => !now.inline.contains_key(inline_name),
        Change::PutTrust { document } => {
            now.role().is_some_and(|role| same_document(&role.trust, document))
        }
        // Whatever its value: the organization asks for the tag alone.
        Change::Quarantine { tag, .. } => now.tags.contains_key(tag),
        Change::LiftQuarantine { tag } => !now.tags.contains_key(tag),
        Change::SetBoundary { boundary } => now.boundary == *boundary,
        // A principal that can be photographed is there.
        Change::Delete { .. } | Change::DeleteResource => false,
        // IAM does not tell whether a secret was kept; who makes the key looks that up itself.
        Change::MakeKey { .. } => false,
        Change::Resource { change } => now.resource().is_some_and(|now| change.holds(now)),
    }
}

/// Whether a containing step's end is met: it holds, or a trust policy that was only to lose some
/// lets nobody in by now. Two plans may ask for both, and neither is to undo the other for ever.
pub fn stands(action: &Action, now: &Photograph, began: Timestamp) -> bool {
    let sets_trust = matches!(action.change, Change::PutTrust { .. });
    let is_closed = || now.role().is_some_and(|role| same_document(&role.trust, &of_nobody()));
    holds(action, now, began) || (sets_trust && is_closed())
}

/// What is no longer as a containing step left it, in words; `None` when it holds.
pub fn no_longer(action: &Action, now: &Photograph, began: Timestamp) -> Option<String> {
    if !action.contains() || stands(action, now, began) {
        return None;
    }
    let on = &action.on;
    Some(match &action.change {
        Change::Deny { .. } => format!("the deny on {on} is gone"),
        Change::DeactivateKey { key } => format!("key {key} of {} is active again", on.name),
        Change::DeactivateCredential { credential } => format!(
            "{} {} of {} is active again, or can no longer be read",
            credential.kind.words(),
            credential.id,
            on.name
        ),
        Change::RevokeSessions { .. } => {
            format!("the inline policy that ends sessions of {on} is gone or was edited")
        }
        Change::PutTrust { .. } => format!("who may assume {on} was changed again"),
        Change::Quarantine { tag, .. } => format!("tag {tag} is off {on} again"),
        Change::Resource { change } => return change.no_longer(&on.to_string()),
        Change::LiftDeny { .. }
        | Change::LiftQuarantine { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => return None,
    })
}

/// The principal as the done steps left it: the snapshot with each of them applied. Keys that came
/// after the snapshot and were stopped too are the actor's, and stay stopped.
pub fn as_left(before: &Photograph, now: &Photograph, done: &[&Action]) -> Photograph {
    let done: Vec<_> = done.iter().map(|action| (*action, None)).collect();
    as_left_so(before, now, &done)
}

/// The principal as it was before, but for what these steps gave back: what another case had taken
/// by then is in no snapshot of this one.
pub fn given_back(before: &Photograph, steps: &[&Action]) -> Photograph {
    let mut given = before.clone();
    for action in steps.iter().filter(|action| action.on.key() == before.key()) {
        match (&action.change, &mut given.own) {
            (Change::LiftDeny { policy_arn, inline_name }, _) => {
                given.attached.retain(|policy| policy.arn != *policy_arn);
                given.inline.remove(inline_name);
            }
            (Change::ActivateKey { key }, Own::User(user)) => {
                let states = user.keys.iter_mut().filter(|state| state.id == *key);
                states.for_each(|state| state.active = true);
            }
            (_, Own::User(_) | Own::Role(_) | Own::Resource(_)) => {}
        }
    }
    given
}

/// The same where the journal tells of a step in which of its forms it was done.
pub fn as_left_so(
    before: &Photograph,
    now: &Photograph,
    done: &[(&Action, Option<&str>)],
) -> Photograph {
    let mut left = before.clone();
    for (action, how) in done.iter().filter(|(action, _)| action.on.key() == before.key()) {
        leave(&mut left, now, (action, *how));
    }
    left.sorted()
}

fn leave(left: &mut Photograph, now: &Photograph, (action, how): (&Action, Option<&str>)) {
    match &action.change {
        Change::Deny { policy_arn, inline_name } => {
            leave_denied(left, now, (policy_arn, inline_name, how));
        }
        Change::DeactivateKey { key } => {
            if let Own::User(user) = &mut left.own {
                match user.keys.iter_mut().find(|state| state.id == *key) {
                    Some(state) => state.active = false,
                    None => user.keys.extend(now.key_state(key).filter(|key| !key.active).cloned()),
                }
            }
        }
        Change::DeactivateCredential { credential } => {
            if let Own::User(user) = &mut left.own
                && let Fact::Known(states) = user.side_list(credential.kind)
            {
                match states.iter_mut().find(|state| state.credential == *credential) {
                    Some(state) => state.active = false,
                    None => states
                        .extend(now.side_state(credential).filter(|state| !state.active).cloned()),
                }
            }
        }
        Change::RevokeSessions { sessions, until, inline_name } => {
            // Only the step itself knew the time; any that ends no fewer sessions is taken for it.
            let ends = |text: &&String| {
                let standing = Revocation::read(text);
                standing.is_some_and(|found| found.ends(sessions, *until, Timestamp::MIN))
            };
            let own = || Revocation::at(sessions.clone(), *until, *until).document();
            let document = now.inline.get(inline_name).filter(ends).cloned();
            left.inline.insert(inline_name.clone(), document.unwrap_or_else(own));
        }
        Change::PutTrust { document } => {
            if let Own::Role(role) = &mut left.own {
                // IAM may hand the same document out in another layout.
                let trust = now.role().map(|role| &role.trust);
                let shown = trust.filter(|trust| same_document(trust, document));
                role.trust = shown.unwrap_or(document).clone();
            }
        }
        Change::Quarantine { tag, value } => {
            left.tags.entry(tag.clone()).or_insert_with(|| value.clone());
        }
        Change::Resource { change } => {
            if let Own::Resource(resource) = &mut left.own {
                change.leave(resource);
            }
        }
        Change::MakeKey { .. } => {
            if let Own::User(user) = &mut left.own {
                let made = made_among(action, now.keys());
                let is_known = |id| user.keys.iter().any(|key| key.id == id);
                let made = made.filter(|key| !is_known(key.id.clone())).cloned();
                user.keys.extend(made);
            }
        }
        Change::LiftDeny { .. }
        | Change::LiftQuarantine { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => {}
    }
}

/// In the form in which the deny is there now; where it is gone or was edited, in the form in which
/// it was put.
fn leave_denied(
    left: &mut Photograph,
    now: &Photograph,
    (policy_arn, inline_name, how): (&str, &str, Option<&str>),
) {
    if left.has_policy(policy_arn) {
        return;
    }
    let document = now.inline.get(inline_name);
    let inline = document.is_some() || how == Some(StepResult::INLINE);
    if is_by_boundary(now, policy_arn) {
        left.boundary = Some(policy_arn.to_owned());
    } else if inline && !now.has_policy(policy_arn) {
        let own = document.filter(|text| same_document(text, DENY_ALL_DOCUMENT));
        let own = own.map_or(DENY_ALL_DOCUMENT, String::as_str);
        left.inline.insert(inline_name.to_owned(), own.to_owned());
    } else if how == Some(StepResult::AS_BOUNDARY) && !now.has_policy(policy_arn) {
        left.boundary = Some(policy_arn.to_owned());
    } else {
        left.attached.push(AttachedPolicy {
            name: policy_arn.rsplit('/').next().unwrap_or_default().to_owned(),
            arn: policy_arn.to_owned(),
        });
    }
}

/// Whether the deny had no room but the boundary.
pub fn is_by_boundary(now: &Photograph, policy_arn: &str) -> bool {
    !now.has_policy(policy_arn) && now.boundary.as_deref() == Some(policy_arn)
}

fn is_denied(now: &Photograph, policy_arn: &str, inline_name: &str) -> bool {
    let denies = |document: &String| same_document(document, DENY_ALL_DOCUMENT);
    now.has_policy(policy_arn)
        || now.inline.get(inline_name).is_some_and(denies)
        || now.boundary.as_deref() == Some(policy_arn)
}

/// Whether a credential is active; none where IAM does not say.
fn side_activity(now: &Photograph, credential: &SideCredential) -> Option<bool> {
    if let Some(state) = now.side_state(credential) {
        return Some(state.active);
    }
    let Own::User(user) = &now.own else {
        return Some(false);
    };
    let list = user.clone().side_list(credential.kind).clone();
    // Listed without it, it is deleted: nothing is active any more.
    list.known().map(|_| false)
}

#[cfg(test)]
mod tests;
