//! What the journal holds of a recovery: what was found lost, and what people did about it.

use crate::domain::facts::{Fact, LastUse};
use crate::domain::ids::{AccessKeyId, UserName};
use crate::domain::losses::{Loss, LossKind};
use crate::domain::measure::Measure;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a person says became of a loss, or is to become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// The secret was changed, and the old one is worth nothing.
    Rotate,
    /// It comes back from a backup.
    Restore,
    /// It is made anew.
    Rebuild,
    /// It is not needed.
    Drop,
}

/// What takes the place of the exposed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replacement {
    /// Credentials that expire by themselves.
    Role,
    /// Another long-term key, in Secrets Manager.
    Key,
}

/// A loss that the actor caused once more, after what an earlier record knew of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    pub loss: u32,
    pub at: Timestamp,
}

/// When a key was last used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    pub key: AccessKeyId,
    pub last: LastUse,
}

/// One step of a recovery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum RecoveryStep {
    /// What a cut of the trail shows as lost that no earlier record names; they get the next
    /// numbers, in this order.
    Found {
        cut_sha256: String,
        losses: Vec<Loss>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        again: Vec<Again>,
        /// How many the same reading found, of which the records after this one hold the rest.
        in_all: u32,
        /// There is more than the case keeps.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        more: bool,
    },
    /// A person says what became of a loss.
    Settled { loss: u32, remedy: Remedy },
    /// A person says who is to see to a loss.
    Owned { loss: u32, owner: String },
    /// A person says what takes the place of the key, and why.
    Replaced {
        with: Replacement,
        reason: String,
        /// Whose key it is to be, where that is not the leaked key's user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<UserName>,
    },
    /// Why keyleak makes no key, after a person asked for one.
    NotMade { why: String },
    /// What IAM tells of the uses of the new key and of the old, for the press that asked.
    RotationSeen { asked: u64, new: Fact<KeyUse>, old: Fact<LastUse> },
    /// A person says that a measure of the hardening checklist is in place.
    Hardened { measure: Measure },
    /// A person says that the workload runs and the old key is silent.
    Confirmed {
        /// The last use of the key with success after the containment that the trail shows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        used_after: Option<Timestamp>,
        /// Up to when the trail was read then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told_until: Option<Timestamp>,
    },
}

impl Remedy {
    /// Whether it can be said of such a loss.
    pub fn fits(self, kind: LossKind) -> bool {
        (self == Self::Rotate) == kind.is_read()
    }

    /// What happens to the thing.
    pub fn words(self) -> &'static str {
        match self {
            Self::Rotate => "rotated",
            Self::Restore => "restore",
            Self::Rebuild => "rebuild",
            Self::Drop => "drop",
        }
    }
}

impl Replacement {
    pub fn words(self) -> &'static str {
        match self {
            Self::Role => "a role",
            Self::Key => "a new key",
        }
    }
}
