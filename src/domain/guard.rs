//! The organization's guard: a service control policy that denies everything to bearers of a tag.
//!
//! What an administrator of the account undoes in the seconds before IAM settles, it cannot undo
//! here: nobody in the account but keyleak may set the tag, or take it off.

/// Whether the guard can be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Guard {
    /// None is configured for this account.
    None,
    /// It was tried a moment ago: bearers of this tag are denied, and nobody else may set it.
    InForce { tag: String },
    /// It is configured, and what it must refuse was not refused.
    NotInForce { why: String },
}

impl Guard {
    /// The tag to set, where setting it stops its bearer.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Self::InForce { tag } => Some(tag),
            Self::None | Self::NotInForce { .. } => None,
        }
    }

    /// What a deny without the tag has to say of it.
    pub fn missing(&self) -> Option<String> {
        match self {
            Self::NotInForce { why } => Some(format!(
                "an administrator can take it off again until IAM settles: the organization's \
                 service control policy is not in force ({why})"
            )),
            Self::None | Self::InForce { .. } => None,
        }
    }
}
