//! The catalogue of containments: what each does, how it is undone, and what it needs.

use crate::domain::ids::{AccessKeyId, UserName};
use serde::{Deserialize, Serialize};

/// The deny that is put on a user when AWS's managed one cannot be attached; small, because a
/// user's inline policies share 2,048 characters.
pub const DENY_ALL_DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#;

/// An IAM user by name and by the id that is never used again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UserRef {
    pub name: UserName,
    pub id: String,
}

/// One change to the account, with every argument it is made with.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Deny everything to the user: attach the policy, or put it inline where no more can be
    /// attached.
    DenyUser { user: UserRef, policy_arn: String, inline_name: String },
    /// Make an access key inactive.
    DeactivateKey { user: UserRef, key: AccessKeyId },
    /// Take the deny off again.
    LiftDeny { user: UserRef, policy_arn: String, inline_name: String },
    /// Make an access key active again.
    ActivateKey { user: UserRef, key: AccessKeyId },
}

impl Action {
    /// The user that the action changes.
    pub fn user(&self) -> &UserRef {
        match self {
            Self::DenyUser { user, .. }
            | Self::DeactivateKey { user, .. }
            | Self::LiftDeny { user, .. }
            | Self::ActivateKey { user, .. } => user,
        }
    }

    /// The step in words, for the card.
    pub fn sentence(&self) -> String {
        match self {
            Self::DenyUser { user, .. } => format!("Deny everything to user {}", user.name),
            Self::DeactivateKey { user, key } => {
                format!("Make key {key} of {} inactive", user.name)
            }
            Self::LiftDeny { user, .. } => format!("Lift the deny from user {}", user.name),
            Self::ActivateKey { user, key } => format!("Make key {key} of {} active", user.name),
        }
    }

    /// Whether it makes this key inactive.
    pub fn stops(&self, other: &AccessKeyId) -> bool {
        matches!(self, Self::DeactivateKey { key, .. } if key == other)
    }

    /// Whether this action undoes the other one.
    pub fn takes_back(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::LiftDeny { user, .. }, Self::DenyUser { user: denied, .. }) => user == denied,
            (Self::ActivateKey { key, .. }, Self::DeactivateKey { key: stopped, .. }) => {
                key == stopped
            }
            (
                Self::DenyUser { .. }
                | Self::DeactivateKey { .. }
                | Self::LiftDeny { .. }
                | Self::ActivateKey { .. },
                _,
            ) => false,
        }
    }

    /// What it does to whoever uses the user now.
    pub fn effect(&self) -> &'static str {
        match self {
            Self::DenyUser { .. } => {
                "stops the user, its keys and every session minted from them, lawful ones too"
            }
            Self::DeactivateKey { .. } => "stops everything that signs with this key",
            Self::LiftDeny { .. } => {
                "the user and its unexpired sessions work again, an actor's included"
            }
            Self::ActivateKey { .. } => "whoever holds this key can use it again",
        }
    }

    /// How it is taken back.
    pub fn undo_sentence(&self) -> &'static str {
        match self {
            Self::DenyUser { .. } => "detach the deny (or delete the inline one)",
            Self::DeactivateKey { .. } => "make the key active again",
            Self::LiftDeny { .. } => "propose containment again",
            Self::ActivateKey { .. } => "make the key inactive again",
        }
    }

    /// Whether the plan can be taken back without loss.
    pub fn reversible(&self) -> bool {
        match self {
            Self::DenyUser { .. }
            | Self::DeactivateKey { .. }
            | Self::LiftDeny { .. }
            | Self::ActivateKey { .. } => true,
        }
    }

    /// Denies run without a re-check: nothing may come between the approval and the deny.
    pub fn runs_unchecked(&self) -> bool {
        matches!(self, Self::DenyUser { .. })
    }

    /// The IAM actions that carrying it out calls.
    pub fn permissions(&self) -> &'static [&'static str] {
        match self {
            Self::DenyUser { .. } => &["iam:AttachUserPolicy", "iam:PutUserPolicy"],
            Self::DeactivateKey { .. } | Self::ActivateKey { .. } => &["iam:UpdateAccessKey"],
            Self::LiftDeny { .. } => &["iam:DetachUserPolicy", "iam:DeleteUserPolicy"],
        }
    }

    /// The same step as commands for a person, for when the bot cannot act.
    pub fn by_hand(&self) -> String {
        match self {
            Self::DenyUser { user, policy_arn, .. } => format!(
                "aws iam attach-user-policy --user-name {} --policy-arn {policy_arn}",
                user.name
            ),
            Self::LiftDeny { user, policy_arn, .. } => format!(
                "aws iam detach-user-policy --user-name {} --policy-arn {policy_arn}",
                user.name
            ),
            Self::DeactivateKey { user, key } => key_by_hand(user, key, "Inactive"),
            Self::ActivateKey { user, key } => key_by_hand(user, key, "Active"),
        }
    }
}

/// The id is masked: a card is no place for it, and the responder can list the user's keys.
fn key_by_hand(user: &UserRef, key: &AccessKeyId, status: &str) -> String {
    format!(
        "aws iam update-access-key --user-name {} --access-key-id <the one ending in {}> \
         --status {status}",
        user.name,
        key.last_four()
    )
}
