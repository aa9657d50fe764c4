//! One change that a person makes to what a plan holds: whom it leaves out or takes in, which way.

use crate::domain::ids::PersonId;
use crate::domain::principal::PrincipalName;
use crate::domain::way::Way;
use serde::{Deserialize, Serialize};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Adjustment {
    /// No plan of the case touches it.
    LeaveOut { on: PrincipalName },
    /// It is contained whole, although it existed before, or others use it.
    TakeIn { on: PrincipalName },
    /// What people said of it before counts no more.
    AsProposed { on: PrincipalName },
    /// The principal of the key is contained in this way.
    Choose { way: Way },
}

/// A change that a plan was made with, and whose it is: part of what is approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjusted {
    #[serde(flatten)]
    pub adjustment: Adjustment,
    pub by: PersonId,
    pub name: String,
    /// Why nothing came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub but: Option<String>,
}

impl Adjustment {
    /// As a sentence with somebody before it.
    pub fn words(&self) -> String {
        match self {
            Self::LeaveOut { on } => format!("left {on} out"),
            Self::TakeIn { on } => format!("took {on} in, whole"),
            Self::AsProposed { on } => format!("put {on} back to what was proposed"),
            Self::Choose { way } => format!("chose to {}", way.words()),
        }
    }
}

impl Adjusted {
    /// As a sentence.
    pub fn words(&self) -> String {
        let but = self.but.as_ref().map(|but| format!(", but {but}")).unwrap_or_default();
        format!("{} {}{but}", self.name, self.adjustment.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_kept_in_a_journal_under_a_stable_name() {
        let change = Adjustment::LeaveOut { on: PrincipalName::role("deploy") };
        let kept = serde_json::to_string(&change).unwrap();
        let on = r#"{"kind":"role","name":"deploy"}"#;
        assert_eq!(kept, format!(r#"{{"change":"leave_out","on":{on}}}"#));
        let way = Adjustment::Choose { way: Way::KeyAlone };
        let kept = serde_json::to_string(&way).unwrap();
        assert_eq!(kept, r#"{"change":"choose","way":"key_alone"}"#);
    }
}
