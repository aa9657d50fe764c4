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

/// Of so many owners a card or a sentence tells; the whole plan and the report name all.
const OWNERS_SHOWN_MAX: usize = 5;

/// Whose word is needed, as far as there is room, and how many more.
pub fn owners_shown<'a>(owners: impl Iterator<Item = &'a ResourceOwner>) -> Vec<String> {
    let mut said: Vec<String> = owners.map(ResourceOwner::words).collect();
    let more = said.len().saturating_sub(OWNERS_SHOWN_MAX);
    said.truncate(OWNERS_SHOWN_MAX);
    if more > 0 {
        said.push(format!("that of {more} more; `keyleak status` with the case names all"));
    }
    said
}

/// Whether the owner of something is asked, and not known, so that one approver more stands in.
pub fn needs_another(owners: &[ResourceOwner]) -> bool {
    owners.iter().any(|owner| owner.person().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;
    use crate::domain::plan::{Plan, PlanKind};
    use crate::domain::report::status_words;
    use crate::domain::resource::ResourceType;
    use crate::domain::sample::{opened, person, plan, propose};

    fn owner(number: usize) -> ResourceOwner {
        let (of, region) = (ResourceType::Function, "eu-west-1".to_owned());
        let account = AccountId("029608264753".to_owned());
        let resource = ResourceName { of, account, region, id: format!("f{number}") };
        ResourceOwner { resource, tag: None, word: Word::Of(person("olga")) }
    }

    #[test]
    fn of_many_owners_five_are_told_and_how_many_more_there_are() {
        let all: Vec<_> = (0..45).map(owner).collect();
        let said = owners_shown(all.iter());
        assert_eq!(said.len(), 6);
        assert!(said[5].starts_with("that of 40 more"), "{said:?}");
        assert_eq!(owners_shown(all[..5].iter()).len(), 5, "no more are none");

        let mut case = opened();
        let asked = Plan { owners: all, ..plan(&case, PlanKind::FollowUp) };
        propose(&mut case, asked);
        let status = status_words(&case);
        assert_eq!(status.matches("who owns function").count(), 5, "{status}");
    }
}
