//! What is said where the trail is not read, because that would scan too much.

use super::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::names::name_of;
use crate::domain::query_cost::size;
use crate::domain::record::Record;
use crate::domain::spending_step::SpendingStep;

/// Rings the approvers, since nobody looks for the actor meanwhile; and tells who allowed it.
pub(super) fn about(case: &Case, record: &Record) -> Option<Announcement> {
    let Event::Spending { step } = &record.event else { return None };
    let (name, what) = match step.as_ref() {
        SpendingStep::Asked { scan, requester } => {
            if scan.question.is_some() {
                // Why it has no answer is said in its place; no containment waits for it.
                return None;
            }
            let words = format!(
                "NOT LOOKED AT: the trail is not read. That would scan {}, which is more than the \
                 {} that one reading may scan by itself. An approver other than {} lets it with \
                 Allow this reading on the card, or /keyleak allow {}. Until then nobody sees \
                 there what else the actor holds, and nothing is called contained; what is \
                 approved is carried out.",
                scan.words(),
                size(scan.ask_above),
                name_of(case, requester),
                record.seq
            );
            ("alarm", What::Alarm(words))
        }
        SpendingStep::Allowed { .. } => {
            let who = record.actor_shown();
            ("notice", What::Notice(format!("{who} allowed that reading, once.")))
        }
        SpendingStep::NotTraced { why } => {
            let words = format!(
                "Nobody looked for who took a change back: {why}. The watch goes on; people are \
                 asked about each change that was taken back."
            );
            ("notice", What::Notice(words))
        }
        SpendingStep::Read { .. }
        | SpendingStep::Expected { .. }
        | SpendingStep::Begun { .. }
        | SpendingStep::Expired { .. } => return None,
    };
    Some(Announcement { key: PostKey(format!("{name}-{}", record.seq)), what })
}
