//! When the trail is asked: for whose session the key is, for the questions of people, at the end.

use super::{Ask, Due, Timing, TrailState, at, soonest};
use crate::domain::case::Case;
use crate::domain::event::Phase;
use crate::domain::inquiry;
use crate::domain::spending::Waiting;
use jiff::Timestamp;

/// The trail is read again until it names a session key and what opened the session, less often
/// once it should have; when there is something to sweep for, the sweeps tell it.
pub(super) fn next_look_for_signer(
    case: &Case,
    timing: &Timing,
    swept_at: Option<Timestamp>,
    now: Timestamp,
) -> Due<Ask> {
    let asked = case.presses(Phase::Containment).last().map(|press| press.at);
    let waits = case.awaits_signer() && case.standing_containment().is_none();
    let Some(since) = asked.max(case.validated_at()).filter(|_| waits) else {
        return Due::Nothing;
    };
    match swept_at.or(case.last_survey_at()) {
        None => Due::Now(Ask::FindSigner),
        Some(last) if last < since => Due::Now(Ask::FindSigner),
        // By then it should have been there; it may still come with the next use of the key.
        Some(last) if last > since + timing.trail_complete_after => {
            at(last + timing.watch_every, now, Ask::FindSigner)
        }
        Some(last) => at(last + timing.survey_every, now, Ask::FindSigner),
    }
}

/// What a person allowed is read at once, the trail before other logs; where that fails before it
/// begins, with the next sweep.
pub(super) fn next_allowed(
    case: &Case,
    timing: &Timing,
    swept_at: Option<Timestamp>,
    now: Timestamp,
) -> Due<Ask> {
    let mut waiting: Vec<&Waiting> = case.spending().waiting.iter().collect();
    waiting.sort_by_key(|waiting| waiting.scan.question.is_some());
    let due = |waiting: &Waiting| {
        let press = waiting.allowed.as_ref()?;
        let ask = match waiting.scan.question.clone() {
            Some(question) => Ask::AllowedQuestion { question },
            None => Ask::Allowed,
        };
        Some(match swept_at.filter(|swept_at| *swept_at >= press.at) {
            None => Due::Now(ask),
            Some(swept_at) => at(swept_at + timing.survey_every, now, ask),
        })
    };
    soonest(waiting.into_iter().filter_map(due))
}

/// At once, and again until the trail has come past the last change or is not waited for any more.
pub(super) fn next_reconciliation(
    case: &Case,
    (closed, trail): (Timestamp, TrailState),
    timing: &Timing,
    now: Timestamp,
) -> Due<Ask> {
    if !case.awaits_reconciliation() {
        return Due::Nothing;
    }
    match trail.swept_at.filter(|tried_at| *tried_at >= closed) {
        None => Due::Now(Ask::Reconcile),
        Some(tried_at) => at(tried_at + timing.watch_every, now, Ask::Reconcile),
    }
}

pub(super) fn next_question(case: &Case) -> Due<Ask> {
    match inquiry::waiting(case).into_iter().next() {
        Some((asked, inquiry)) => Due::Now(Ask::Question { asked, inquiry }),
        None => Due::Nothing,
    }
}
