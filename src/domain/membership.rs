//! What AWS Organizations says of an account: one of ours with a name, or none of ours.

use serde::{Deserialize, Serialize};

/// What the organization says of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    Member(Member),
    /// None of the organization's accounts.
    Outside,
}

/// An account of the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub name: Option<String>,
    /// The address of the account's root user.
    pub email: Option<String>,
    /// As AWS calls it: `ACTIVE`, `SUSPENDED`, `PENDING_CLOSURE` and the like.
    pub state: Option<String>,
}
