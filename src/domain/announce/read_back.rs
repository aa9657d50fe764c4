//! The message about a reading back that found something changed.

use super::{Announcement, What};
use crate::domain::case::Case;
use crate::domain::event::{Event, PostKey};
use crate::domain::plan::PlanKind;
use crate::domain::record::Record;

/// What a reading back found, and what becomes of it by the kind of the plan.
pub(super) fn found_changed(case: &Case, record: &Record) -> Option<Announcement> {
    let Event::ReadBack { plan, drifts, .. } = &record.event else { return None };
    let found: Vec<_> = drifts.iter().map(|drift| drift.what.as_str()).collect();
    let (number, found) = (plan.0, found.join("; "));
    let words = match case.plan(*plan)?.plan.kind {
        PlanKind::Containment | PlanKind::FollowUp => format!(
            "ALARM: the account is not as the plan left it: {found}. A plan to put it back waits \
             for approval; if the trail names the actor, I put it back without asking."
        ),
        PlanKind::Undo => format!(
            "The account is not as the undo (plan {number}) left it: {found}. I change nothing \
             about that: find out who did it, and set it right by hand."
        ),
        PlanKind::Eradication | PlanKind::Replacement => format!(
            "ALARM: what plan {number} did does not hold: {found}. I change nothing about that: \
             somebody must look."
        ),
    };
    let key = PostKey(format!("notice-{}", record.seq));
    (!drifts.is_empty()).then_some(Announcement { key, what: What::Notice(words) })
}
