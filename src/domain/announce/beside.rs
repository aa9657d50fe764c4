//! What stands in the thread of a card, so that the card itself fits on a screen.

use super::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::ids::KeyKind;
use crate::domain::options::options;
use crate::domain::record::Record;

/// The key of the message that shows all that is known of the leaked key.
pub fn details_key() -> PostKey {
    PostKey("details".to_owned())
}

/// What a record owes the thread of a card.
pub(super) fn of(case: &Case, record: &Record, owed: &[Announcement]) -> Option<Announcement> {
    details(record, owed).or_else(|| ways(case, record))
}

/// All that is known of the key, once it was looked up for the first time.
fn details(record: &Record, owed: &[Announcement]) -> Option<Announcement> {
    let is_first = owed.iter().all(|owed| owed.what != What::Details);
    let is_known = matches!(record.event, Event::Validated) && is_first;
    is_known.then(|| Announcement { key: details_key(), what: What::Details })
}

/// Why a plan goes its way, where there are others.
fn ways(case: &Case, record: &Record) -> Option<Announcement> {
    let Event::Proposed { plan, .. } = &record.event else { return None };
    let is_session = case.opening().key.kind() == KeyKind::Session;
    let key = PostKey(format!("ways-{}", plan.number.0));
    options(plan, is_session).map(|_| Announcement { key, what: What::Ways(plan.number) })
}
