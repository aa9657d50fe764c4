//! The catalogue of changes to an account: what each does, how it is undone, and what it needs.

use crate::domain::ids::AccessKeyId;
use crate::domain::principal::{Principal, PrincipalKind};
use crate::domain::resource::ResourceName;
use crate::domain::resource_change::ResourceChange;
use crate::domain::resource_end::{lost, rights};
use crate::domain::revocation::Sessions;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The deny that is put on a principal when AWS's managed one cannot be attached; small, because
/// a user's inline policies share 2,048 characters.
pub const DENY_ALL_DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// A long-term credential of a user besides its access keys.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SideCredential {
    pub kind: SideKind,
    pub id: String,
}

/// What a long-term credential besides the access keys is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideKind {
    /// `CodeCommit`, Keyspaces and Bedrock API keys.
    ServiceSpecific,
    SshKey,
    SigningCertificate,
}

/// One change to one principal or resource, with every argument it is made with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Action {
    pub on: Principal,
    #[serde(flatten)]
    pub change: Change,
}

/// What is changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Change {
    /// Deny everything: attach the policy; put it inline where no more can be attached; make it
    /// the boundary where there is no room inline either. Nothing is detached for it.
    Deny { policy_arn: String, inline_name: String },
    /// Make an access key inactive.
    DeactivateKey { key: AccessKeyId },
    /// Make another long-term credential inactive.
    DeactivateCredential { credential: SideCredential },
    /// Deny everything to sessions that are already open, and to no others. Covers what was
    /// minted up to `until`, and up to half a minute after the step begins.
    RevokeSessions { sessions: Sessions, until: Timestamp, inline_name: String },
    /// Let only those assume a role whom this document lets.
    PutTrust { document: String },
    /// Put the tag on to whose bearers the organization denies everything, and which nobody but
    /// keyleak may take off.
    Quarantine { tag: String, value: String },
    /// Take that tag off.
    LiftQuarantine { tag: String },
    /// Take the deny off again, in whichever form it is there.
    LiftDeny { policy_arn: String, inline_name: String },
    /// Make this policy the boundary, or leave none.
    SetBoundary { boundary: Option<String> },
    /// Make an access key active again.
    ActivateKey { key: AccessKeyId },
    /// Make another long-term credential active again.
    ActivateCredential { credential: SideCredential },
    /// Let sessions that were revoked work again, where they have not expired.
    LiftRevocation { inline_name: String },
    /// Delete the principal with everything that hangs on it, for ever. The deny, in whichever
    /// form it is there, goes last: until then the principal may do nothing.
    Delete { policy_arn: String, inline_name: String },
    /// Delete the resource for ever, where nobody uses it any more.
    DeleteResource,
    /// What is changed of a resource.
    Resource { change: ResourceChange },
    /// Make a new access key, whose secret goes into this secret of Secrets Manager and nowhere
    /// else; `beside` are the keys that the user has already.
    MakeKey {
        secret: String,
        /// Where Secrets Manager has it; the bot's own region.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
        beside: Vec<AccessKeyId>,
    },
}

impl SideKind {
    pub const ALL: [Self; 3] = [Self::ServiceSpecific, Self::SshKey, Self::SigningCertificate];

    pub fn words(self) -> &'static str {
        match self {
            Self::ServiceSpecific => "service-specific credential",
            Self::SshKey => "SSH key",
            Self::SigningCertificate => "signing certificate",
        }
    }
}

impl Action {
    /// The step in words, for the card.
    pub fn sentence(&self) -> String {
        let on = &self.on;
        match &self.change {
            Change::Deny { .. } => format!("Deny everything to {on}"),
            Change::DeactivateKey { key } => format!("Make key {key} of {} inactive", on.name),
            Change::DeactivateCredential { credential } => {
                format!(
                    "Make {} {} of {} inactive",
                    credential.kind.words(),
                    credential.id,
                    on.name
                )
            }
            Change::RevokeSessions { sessions, .. } => {
                format!("End {} of {on}", sessions.words())
            }
            Change::PutTrust { .. } => format!("Set who may assume {on}"),
            Change::Quarantine { tag, .. } => {
                format!("Put tag {tag} on {on}: the organization denies everything to it")
            }
            Change::LiftQuarantine { tag } => format!("Take tag {tag} off {on}"),
            Change::LiftDeny { .. } => format!("Lift the deny from {on}"),
            Change::SetBoundary { boundary: Some(arn) } => {
                format!("Make {arn} the permissions boundary of {on}")
            }
            Change::SetBoundary { boundary: None } => {
                format!("Take the permissions boundary off {on}")
            }
            Change::ActivateKey { key } => format!("Make key {key} of {} active", on.name),
            Change::ActivateCredential { credential } => {
                format!("Make {} {} of {} active", credential.kind.words(), credential.id, on.name)
            }
            Change::LiftRevocation { .. } => format!("Let revoked sessions of {on} work again"),
            Change::Delete { .. } => format!("DELETE {on} with everything that hangs on it"),
            Change::DeleteResource => format!("DELETE {}", ResourceName::words(&on.key())),
            Change::Resource { change } => change.sentence(&ResourceName::words(&on.key())),
            Change::MakeKey { secret, region, .. } => {
                let place = region.as_ref().map(|region| format!(" in {region}"));
                let place = place.unwrap_or_default();
                format!("Make a new access key of {on}, its secret into {secret}{place} alone")
            }
        }
    }

    /// What it does to whoever uses the principal now.
    pub fn effect(&self) -> &'static str {
        match &self.change {
            Change::Deny { .. } | Change::Quarantine { .. } => match self.on.kind {
                PrincipalKind::User => {
                    "stops the user, its keys and every session minted from them, lawful ones too"
                }
                PrincipalKind::Role | PrincipalKind::Resource => {
                    "stops the role, every session of it, lawful ones too"
                }
            },
            Change::DeactivateKey { .. } => "stops everything that signs with this key",
            Change::DeactivateCredential { .. } => "stops everything that uses this credential",
            Change::RevokeSessions { sessions, .. } => sessions.effect(),
            Change::PutTrust { .. } => {
                "whoever it does not name can no longer assume the role; open sessions go on"
            }
            Change::LiftDeny { .. } | Change::LiftQuarantine { .. } => {
                "the principal and its unexpired sessions work again, an actor's included"
            }
            Change::SetBoundary { .. } => "limits what the principal's policies can grant",
            Change::ActivateKey { .. } => "whoever holds this key can use it again",
            Change::ActivateCredential { .. } => "whoever holds this credential can use it again",
            Change::LiftRevocation { .. } => {
                "sessions that have not expired work again, an actor's included"
            }
            Change::DeleteResource => lost(&self.on),
            Change::Delete { .. } => match self.on.kind {
                PrincipalKind::User => {
                    "the user, its id, keys, password, MFA and other credentials are lost for \
                     ever; policies and groups can be made again by hand from the snapshot"
                }
                PrincipalKind::Role | PrincipalKind::Resource => {
                    "the role and its id are lost for ever; trust, policies and profiles can be \
                     made again by hand from the snapshot"
                }
            },
            Change::Resource { change } => change.effect(),
            Change::MakeKey { .. } => "whoever may read the secret can sign as the user",
        }
    }

    /// How it is taken back.
    pub fn undo_sentence(&self) -> &'static str {
        match &self.change {
            Change::Deny { .. } => {
                "detach the deny (or delete the inline one, or put the old boundary back)"
            }
            Change::DeactivateKey { .. } => "make the key active again",
            Change::DeactivateCredential { .. } => "make the credential active again",
            Change::RevokeSessions { .. } => "delete the inline deny; who re-assumed is unaffected",
            Change::PutTrust { .. } => "put the old trust document back",
            Change::Quarantine { .. } => "take the tag off",
            Change::LiftDeny { .. } | Change::LiftQuarantine { .. } => "propose containment again",
            Change::SetBoundary { .. } => "put the old boundary back",
            Change::ActivateKey { .. } => "make the key inactive again",
            Change::ActivateCredential { .. } => "make the credential inactive again",
            Change::LiftRevocation { .. } => "propose containment again",
            Change::Delete { .. } | Change::DeleteResource => "cannot be undone",
            Change::Resource { change } => change.undo_sentence(),
            Change::MakeKey { .. } => {
                "by people, once no workload uses it: delete the new key (aws iam \
                 delete-access-key), then the secret (aws secretsmanager delete-secret, which \
                 leaves days to take that back)"
            }
        }
    }

    /// Whether it can be taken back without loss.
    pub fn reversible(&self) -> bool {
        match &self.change {
            Change::Deny { .. }
            | Change::DeactivateKey { .. }
            | Change::DeactivateCredential { .. }
            | Change::RevokeSessions { .. }
            | Change::PutTrust { .. }
            | Change::Quarantine { .. }
            | Change::LiftQuarantine { .. }
            | Change::LiftDeny { .. }
            | Change::SetBoundary { .. }
            | Change::ActivateKey { .. }
            | Change::ActivateCredential { .. }
            | Change::LiftRevocation { .. }
            | Change::MakeKey { .. }
            | Change::Resource { .. } => true,
            Change::Delete { .. } | Change::DeleteResource => false,
        }
    }

    /// Whether it takes something away from whoever holds the principal.
    pub fn contains(&self) -> bool {
        match &self.change {
            Change::Deny { .. }
            | Change::DeactivateKey { .. }
            | Change::DeactivateCredential { .. }
            | Change::RevokeSessions { .. }
            | Change::PutTrust { .. }
            | Change::Quarantine { .. }
            | Change::Delete { .. }
            | Change::DeleteResource => true,
            Change::LiftDeny { .. }
            | Change::LiftQuarantine { .. }
            | Change::SetBoundary { .. }
            | Change::ActivateKey { .. }
            | Change::ActivateCredential { .. }
            | Change::LiftRevocation { .. }
            | Change::MakeKey { .. } => false,
            Change::Resource { change } => change.contains(),
        }
    }

    /// Whether it makes this key inactive.
    pub fn stops(&self, other: &AccessKeyId) -> bool {
        matches!(&self.change, Change::DeactivateKey { key } if key == other)
    }

    /// What undoes it, where that needs no snapshot.
    pub fn taken_back(&self) -> Option<Self> {
        let change = match self.change.clone() {
            Change::Deny { policy_arn, inline_name } => {
                Change::LiftDeny { policy_arn, inline_name }
            }
            Change::DeactivateKey { key } => Change::ActivateKey { key },
            Change::DeactivateCredential { credential } => {
                Change::ActivateCredential { credential }
            }
            Change::RevokeSessions { inline_name, .. } => Change::LiftRevocation { inline_name },
            Change::Quarantine { tag, .. } => Change::LiftQuarantine { tag },
            Change::LiftQuarantine { .. }
            | Change::PutTrust { .. }
            | Change::LiftDeny { .. }
            | Change::SetBoundary { .. }
            | Change::ActivateKey { .. }
            | Change::ActivateCredential { .. }
            | Change::LiftRevocation { .. }
            | Change::Delete { .. }
            | Change::MakeKey { .. }
            | Change::DeleteResource
            | Change::Resource { .. } => return None,
        };
        Some(Self { on: self.on.clone(), change })
    }

    /// Whether this action undoes the other one.
    pub fn takes_back(&self, other: &Self) -> bool {
        self.on.is_same(&other.on)
            && other.taken_back().is_some_and(|undo| undo.change == self.change)
    }

    /// Denies run without a re-check of what they end: little comes between approval and deny.
    pub fn runs_unchecked(&self) -> bool {
        matches!(
            self.change,
            Change::Quarantine { .. } | Change::Deny { .. } | Change::RevokeSessions { .. }
        )
    }

    /// The IAM actions that carrying it out calls.
    pub fn permissions(&self) -> &'static [&'static str] {
        let by_kind = |of_user, of_role| match self.on.kind {
            PrincipalKind::User => of_user,
            PrincipalKind::Role | PrincipalKind::Resource => of_role,
        };
        match &self.change {
            Change::Deny { .. } => by_kind(DENY_USER, DENY_ROLE),
            Change::LiftDeny { .. } => by_kind(LIFT_USER, LIFT_ROLE),
            Change::DeactivateKey { .. } | Change::ActivateKey { .. } => &["iam:UpdateAccessKey"],
            Change::DeactivateCredential { credential }
            | Change::ActivateCredential { credential } => match credential.kind {
                SideKind::ServiceSpecific => &["iam:UpdateServiceSpecificCredential"],
                SideKind::SshKey => &["iam:UpdateSSHPublicKey"],
                SideKind::SigningCertificate => &["iam:UpdateSigningCertificate"],
            },
            Change::RevokeSessions { .. } => {
                by_kind(&["iam:PutUserPolicy"], &["iam:PutRolePolicy"])
            }
            Change::LiftRevocation { .. } => {
                by_kind(&["iam:DeleteUserPolicy"], &["iam:DeleteRolePolicy"])
            }
            Change::PutTrust { .. } => &["iam:UpdateAssumeRolePolicy"],
            Change::Quarantine { .. } => by_kind(&["iam:TagUser"], &["iam:TagRole"]),
            Change::LiftQuarantine { .. } => by_kind(&["iam:UntagUser"], &["iam:UntagRole"]),
            Change::SetBoundary { boundary: Some(_) } => {
                by_kind(&["iam:PutUserPermissionsBoundary"], &["iam:PutRolePermissionsBoundary"])
            }
            Change::SetBoundary { boundary: None } => by_kind(
                &["iam:DeleteUserPermissionsBoundary"],
                &["iam:DeleteRolePermissionsBoundary"],
            ),
            Change::Delete { .. } => by_kind(DELETE_USER, DELETE_ROLE),
            Change::DeleteResource => {
                ResourceName::about(&self.on).map_or(&[], |name| rights(name.of))
            }
            Change::Resource { change } => change.permissions(),
            Change::MakeKey { .. } => MAKE_KEY,
        }
    }
}

const DENY_USER: &[&str] =
    &["iam:AttachUserPolicy", "iam:PutUserPolicy", "iam:PutUserPermissionsBoundary"];
const DENY_ROLE: &[&str] =
    &["iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"];
const LIFT_USER: &[&str] = &["iam:DetachUserPolicy", "iam:DeleteUserPolicy"];
const LIFT_ROLE: &[&str] = &["iam:DetachRolePolicy", "iam:DeleteRolePolicy"];
/// A secret is there before the key is; what an attempt that was cut off made goes again.
const MAKE_KEY: &[&str] = &[
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:GetAccessKeyLastUsed",
    "iam:ListAccessKeys",
    "secretsmanager:CreateSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
];
/// What there is has to be listed, then each of it goes by its own call.
const DELETE_USER: &[&str] = &[
    "iam:DeleteUser",
    "iam:DeleteLoginProfile",
    "iam:DeleteAccessKey",
    "iam:DeleteSigningCertificate",
    "iam:DeleteSSHPublicKey",
    "iam:DeleteServiceSpecificCredential",
    "iam:DeactivateMFADevice",
    "iam:DeleteVirtualMFADevice",
    "iam:DeleteUserPolicy",
    "iam:DetachUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:DeleteUserPermissionsBoundary",
    "iam:ListAccessKeys",
    "iam:ListSigningCertificates",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListMFADevices",
    "iam:ListUserPolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:GetSSHPublicKey",
    "iam:GetUserPolicy",
];
const DELETE_ROLE: &[&str] = &[
    "iam:DeleteRole",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies",
    "iam:GetRolePolicy",
];
