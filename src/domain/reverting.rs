//! How a containment is taken back: the calls as CloudTrail names them, and which records are such.

use crate::domain::action::{Change, SideKind};
use crate::domain::trail_row::TrailRow;

/// A deny is attached, inline, or the boundary: whichever had room.
const OFF_A_DENY: [&str; 10] = [
    "DetachUserPolicy",
    "DeleteUserPolicy",
    "PutUserPolicy",
    "DeleteUserPermissionsBoundary",
    "PutUserPermissionsBoundary",
    "DetachRolePolicy",
    "DeleteRolePolicy",
    "PutRolePolicy",
    "DeleteRolePermissionsBoundary",
    "PutRolePermissionsBoundary",
];
const OFF_AN_INLINE_POLICY: [&str; 4] =
    ["DeleteUserPolicy", "PutUserPolicy", "DeleteRolePolicy", "PutRolePolicy"];

/// The names of the calls that can take the change back.
pub fn reverting_calls(change: &Change) -> &'static [&'static str] {
    match change {
        Change::Deny { .. } => &OFF_A_DENY,
        Change::RevokeSessions { .. } => &OFF_AN_INLINE_POLICY,
        Change::DeactivateKey { .. } => &["UpdateAccessKey"],
        Change::DeactivateCredential { credential } => match credential.kind {
            SideKind::ServiceSpecific => &["UpdateServiceSpecificCredential"],
            SideKind::SshKey => &["UpdateSSHPublicKey"],
            SideKind::SigningCertificate => &["UpdateSigningCertificate"],
        },
        Change::PutTrust { .. } => &["UpdateAssumeRolePolicy"],
        Change::Quarantine { .. } => &["UntagUser", "UntagRole"],
        Change::Resource { change } => change.reverting_calls(),
        Change::LiftDeny { .. }
        | Change::LiftQuarantine { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => &[],
    }
}

/// Whether a call on the same principal that CloudTrail recorded can have taken the change back: it
/// is about our policy or our credential, as far as the record names one.
pub fn can_revert(change: &Change, row: &TrailRow) -> bool {
    let called = |name: &str| reverting_calls(change).contains(&name);
    if !row.event_name.as_deref().is_some_and(called) {
        return false;
    }
    let is_about = |named: &Option<String>, ours: &[&str]| {
        named.as_deref().is_none_or(|named| ours.contains(&named))
    };
    match change {
        Change::Deny { policy_arn, inline_name } => {
            is_about(&row.target_policy, &[policy_arn, inline_name])
        }
        Change::RevokeSessions { inline_name, .. } => is_about(&row.target_policy, &[inline_name]),
        Change::DeactivateKey { key } => is_about(&row.target_key, &[key.reveal()]) && revives(row),
        Change::DeactivateCredential { credential } => {
            is_about(&row.target_key, &[&credential.id]) && revives(row)
        }
        Change::PutTrust { .. }
        | Change::Quarantine { .. }
        | Change::LiftQuarantine { .. }
        | Change::Resource { .. }
        | Change::LiftDeny { .. }
        | Change::SetBoundary { .. }
        | Change::ActivateKey { .. }
        | Change::ActivateCredential { .. }
        | Change::LiftRevocation { .. }
        | Change::MakeKey { .. }
        | Change::Delete { .. }
        | Change::DeleteResource => true,
    }
}

/// Whether a credential is not made inactive by it.
fn revives(row: &TrailRow) -> bool {
    row.target_status.as_deref() != Some("Inactive")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccessKeyId;

    const DENY_ALL: &str = "arn:aws:iam::aws:policy/AWSDenyAll";

    fn deny() -> Change {
        Change::Deny { policy_arn: DENY_ALL.to_owned(), inline_name: "KeyleakDeny-kl".to_owned() }
    }

    fn call(name: &str) -> TrailRow {
        TrailRow { event_name: Some(name.to_owned()), ..TrailRow::default() }
    }

    #[test]
    fn a_deny_is_taken_back_by_detaching_it_and_by_no_other_policy() {
        let detached = |policy: &str| TrailRow {
            target_policy: Some(policy.to_owned()),
            ..call("DetachRolePolicy")
        };
        assert!(can_revert(&deny(), &detached(DENY_ALL)));
        assert!(!can_revert(&deny(), &detached("arn:aws:iam::aws:policy/ReadOnlyAccess")));
        assert!(can_revert(&deny(), &call("DeleteUserPermissionsBoundary")), "it names none");
        assert!(!can_revert(&deny(), &call("AttachUserPolicy")));
    }

    #[test]
    fn a_key_is_revived_by_whoever_does_not_stop_it_too() {
        let key = AccessKeyId::parse("AKIAQNZGKIQY7QHDV7HP").unwrap();
        let change = Change::DeactivateKey { key: key.clone() };
        let update = |key: &str, status: &str| TrailRow {
            target_key: Some(key.to_owned()),
            target_status: Some(status.to_owned()),
            ..call("UpdateAccessKey")
        };
        assert!(can_revert(&change, &update(key.reveal(), "Active")));
        assert!(!can_revert(&change, &update(key.reveal(), "Inactive")));
        assert!(!can_revert(&change, &update("AKIAQNZGKIQYYYYYYYYY", "Active")));
    }

    #[test]
    fn who_may_assume_a_role_is_taken_back_by_changing_it_again() {
        let change = Change::PutTrust { document: "{}".to_owned() };
        assert!(can_revert(&change, &call("UpdateAssumeRolePolicy")));
        assert!(!can_revert(&change, &call("UpdateRole")));
    }
}
