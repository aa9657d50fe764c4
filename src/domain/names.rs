//! What people are called: by the journal, which has heard their names.

use crate::domain::case::Case;
use crate::domain::ids::PersonId;

/// The first name that the journal knows a person by, else the Slack id.
pub fn name_of(case: &Case, person: &PersonId) -> String {
    let records = case.records().iter();
    let named = records
        .filter(|record| record.person() == Some(person))
        .map(|record| record.actor_shown())
        .find(|name| *name != person.user);
    named.unwrap_or_else(|| person.user.clone())
}
