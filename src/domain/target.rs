//! What is to be contained, before anybody has looked how it stands: a principal, or a part of one.

use crate::domain::action::SideCredential;
use crate::domain::ids::AccessKeyId;
use crate::domain::principal::PrincipalName;
use crate::domain::revocation::Sessions;
use jiff::Timestamp;

/// A principal and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub on: PrincipalName,
    pub part: Part,
    pub because: String,
    /// The immutable id that it must have, where the trail tells it: a name may be another's now.
    pub id: Option<String>,
    /// What the steps do besides, for those who approve them.
    pub besides: Vec<String>,
    /// On a suspicion that the trail cannot confirm yet.
    pub suspected: bool,
}

/// How much of a principal is to be contained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Everything, whoever uses it.
    Whole,
    Key(AccessKeyId),
    Side(SideCredential),
    /// Sessions that were seen minted up to a time.
    Sessions {
        sessions: Sessions,
        until: Timestamp,
    },
    /// That anybody may open a session of the role.
    Closed,
    /// Whom the role's trust policy lets in from outside.
    Trust,
}

impl Target {
    pub fn new(on: PrincipalName, part: Part, because: &str) -> Self {
        let because = because.to_owned();
        Self { on, part, because, id: None, besides: Vec::new(), suspected: false }
    }

    /// What of whom it is about.
    pub fn words(&self) -> String {
        let on = &self.on;
        match &self.part {
            Part::Whole => on.to_string(),
            Part::Key(key) => format!("key {key} of {on}"),
            Part::Side(_) => format!("a new credential of {on}"),
            Part::Sessions { .. } => format!("sessions of {on}"),
            Part::Closed | Part::Trust => format!("who may assume {on}"),
        }
    }
}
