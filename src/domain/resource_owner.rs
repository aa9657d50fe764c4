//! Whose word a plan needs besides its approvals: who owns a resource that was there before.

use crate::domain::ids::PersonId;
use crate::domain::resource::ResourceName;
use serde::{Deserialize, Serialize};

/// A resource of a plan that may be somebody's, and whose word counts for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceOwner {
    pub resource: ResourceName,
    /// The value of its owner tag, as the snapshot has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    pub word: Word,
}

/// Who has to agree to a step on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    /// Its owner, by the settings.
    Of(PersonId),
    /// One approver more, because of this.
    Another(String),
}

impl ResourceOwner {
    /// Its owner, where somebody is known whose word counts.
    pub fn person(&self) -> Option<&PersonId> {
        match &self.word {
            Word::Of(person) => Some(person),
            Word::Another(_) => None,
        }
    }

    /// Whose word it needs, for a list.
    pub fn words(&self) -> String {
        let Self { resource, tag, word } = self;
        match word {
            Word::Of(person) => format!(
                "the word of {}, who owns {resource} (owner tag {})",
                person.user,
                tag.as_deref().unwrap_or("none")
            ),
            Word::Another(why) => {
                format!("one approver more in place of the owner of {resource}: {why}")
            }
        }
    }
}

/// Whether the owner of something is asked, and not known, so that one approver more stands in.
pub fn needs_another(owners: &[ResourceOwner]) -> bool {
    owners.iter().any(|owner| owner.person().is_none())
}
