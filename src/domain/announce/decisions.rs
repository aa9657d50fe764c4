//! What people decided that no card shows, in plain words.

use crate::domain::adjustment::Adjustment;
use crate::domain::event::Event;
use crate::domain::record::Record;
use crate::domain::time_words::utc;

/// What people decided that no card shows: a denial, a withdrawal, a review, and whatever came
/// past Slack.
#[expect(clippy::wildcard_enum_match_arm, reason = "only decisions are told here")]
pub(super) fn words(record: &Record) -> Option<String> {
    let who = record.actor_shown();
    let from = || record.proof().map(|by| format!(", {by}")).unwrap_or_default();
    let what = match &record.event {
        Event::Denied { plan, reason } => {
            let reason = reason.as_deref().unwrap_or("no reason given");
            return Some(format!("{who} denied plan {}{}: {reason}", plan.0, from()));
        }
        Event::GlassReviewed { plan, verdict } => {
            return Some(format!("{who} reviewed the break-glass of plan {}: {verdict}", plan.0));
        }
        Event::Approved { plan, .. } => format!("approved plan {}", plan.0),
        Event::OwnerAgreed { plan, .. } => {
            format!("agreed to plan {} as the owner of what it stops", plan.0)
        }
        Event::Withdrawn { plan } => {
            let (number, at, from) = (plan.0, utc(record.at), from());
            return Some(format!("{who} took the approval of plan {number} back at {at}{from}."));
        }
        Event::UndoWanted { plan, .. } => format!("asked to undo plan {}", plan.0),
        Event::Adjusted { adjustments } => {
            let said: Vec<String> = adjustments.iter().map(Adjustment::words).collect();
            let (said, from) = (said.join(", "), from());
            return Some(format!("{who} {said}{from}. What waited for approval is void."));
        }
        _ => return None,
    };
    Some(format!("{who} {what} at {}, {}.", utc(record.at), record.proof()?))
}
