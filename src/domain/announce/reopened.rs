//! What the new channel of a case that is taken up again has from the start.

use super::beside::details_key;
use super::{Announcement, What, card_key, plan_key};
use crate::domain::case::Case;
use crate::domain::event::PostKey;
use crate::domain::record::Record;

/// Plans whose cards are put there again; the report has all.
const PLANS_MAX: usize = 5;

/// The card, who took the case up and why, the story so far, and the plans that changed something:
/// what the earlier channel was owed besides is no news any more.
pub(super) fn owed(case: &Case, (record, reason): (&Record, &str)) -> Vec<Announcement> {
    let keyed =
        |name: &str, what| Announcement { key: PostKey(format!("{name}-{}", record.seq)), what };
    let words = format!(
        "{} took case {} up again: {reason}\nIts earlier channel is archived; the journal goes on, \
         and the report has all of it.",
        record.actor_shown(),
        case.id(),
    );
    let plans = case.plans().filter(|state| state.has_begun() && state.proposed.at < record.at);
    let mut plans: Vec<_> = plans.map(|state| state.plan.number).collect();
    let older = plans.len().saturating_sub(PLANS_MAX);
    let card = Announcement { key: card_key(), what: What::Card };
    let details = Announcement { key: details_key(), what: What::Details };
    let first = [
        card,
        details,
        keyed("reopened", What::Notice(words)),
        keyed("summary", What::Summary(record.seq)),
    ];
    let plans = plans.drain(older..);
    let plans =
        plans.map(|number| Announcement { key: plan_key(number), what: What::Plan(number) });
    first.into_iter().chain(plans).collect()
}
