//! What people are told of how they work together.

use super::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::record::Record;
use crate::domain::report::team_words;

/// Who said how severe it is, and who took which role.
pub(super) fn about(case: &Case, record: &Record) -> Option<Announcement> {
    let Event::Team { step } = &record.event else { return None };
    let (what, why) = team_words(case, step);
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let words = format!("{} {what}{why}", record.actor_shown());
    let key = PostKey(format!("notice-{}", record.seq));
    Some(Announcement { key, what: What::Notice(words) })
}
