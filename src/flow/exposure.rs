//! Since when the key is exposed: taken over from the trail, or as a person says.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::exposure::{Basis, ExposureFinding};
use crate::domain::ids::CaseId;
use crate::domain::policy::Refusal;
use crate::domain::proof::Caller;
use crate::domain::record::{Actor, Entry, Place};
use crate::flow::desk::{Bench, Desk};
use crate::flow::lane::StepError;
use crate::flow::ledger::{LedgerError, NotAppended};
use crate::ports::trail::Survey;
use jiff::{SignedDuration, Timestamp};

/// CloudTrail's event history is kept for 90 days; nobody remembers an exposure of years ago.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(24 * 366 * 2);

/// A time of exposure that a person gives, or says to be unknown.
#[derive(Debug, Clone)]
pub struct Correction {
    pub caller: Caller,
    pub since: Option<Timestamp>,
    pub place: Option<Place>,
    pub delivery: Option<String>,
}

/// Takes over what the trail tells, where nothing better is known and no plan rests on it yet.
pub async fn settle_by(desk: &Desk, case: &Case, survey: &mut Survey) -> Result<Case, StepError> {
    let case = settle(desk, case, &survey.exposure).await?;
    if let Some(since) = case.exposed_since() {
        survey.lineage.flag_older_than(since);
    }
    Ok(case)
}

/// Takes a finding over where nothing better is known.
pub async fn settle(desk: &Desk, case: &Case, found: &ExposureFinding) -> Result<Case, StepError> {
    let event = Event::Exposed {
        since: found.since,
        why: Some(found.why.clone()),
        event_id: found.event_id.clone(),
    };
    let entry = Entry::own(desk.clock.now(), event);
    let judge = |case: &Case| Ok::<_, StepError>(is_news(case, found).then(|| entry.clone()));
    Ok(desk.ledger.append(case.id(), judge).await?)
}

fn is_news(case: &Case, found: &ExposureFinding) -> bool {
    let better = match &case.exposure().basis {
        Basis::Nothing => true,
        Basis::Trail { .. } => found.since.is_some() && case.exposed_since().is_none(),
        Basis::Person(_) => false,
    };
    better && !case.exposure_is_settled()
}

/// Writes a person's correction down; the answer is for that person alone.
pub async fn correct(
    bench: &Bench<'_>,
    case: &CaseId,
    correction: &Correction,
) -> Result<String, LedgerError> {
    let now = bench.clock.now();
    if let Some(wrong) = correction.since.and_then(|since| out_of_range(since, now)) {
        return Ok(format!("Not done: {wrong}."));
    }
    let entry = Entry {
        at: now,
        actor: Actor::of(&correction.caller),
        place: correction.place.clone(),
        delivery: correction.delivery.clone(),
        event: Event::Exposed { since: correction.since, why: None, event_id: None },
    };
    let seen =
        |case: &Case| correction.delivery.as_ref().is_some_and(|delivery| case.has_seen(delivery));
    let judge = |case: &Case| {
        if seen(case) {
            return Ok(None);
        }
        bench.policy.may_correct(&correction.caller, case)?;
        Ok::<_, Refusal>(Some(entry.clone()))
    };
    match bench.ledger.append(case, judge).await {
        Ok(case) => Ok(said(&case)),
        Err(NotAppended::Judged(refusal)) => Ok(format!("Not done: {refusal}.")),
        Err(NotAppended::Illegal(illegal)) => Ok(format!("Nothing was done: {illegal}.")),
        Err(NotAppended::Ledger(error)) => Err(error),
    }
}

fn out_of_range(since: Timestamp, now: Timestamp) -> Option<&'static str> {
    if since > now {
        return Some("that time is still to come; times are UTC unless they say otherwise");
    }
    (since < now - AGE_MAX).then_some("that is more than two years ago; is the year right?")
}

fn said(case: &Case) -> String {
    let since = case.exposed_since().map_or_else(
        || "is not known, so all that grew from the key counts".to_owned(),
        |since| format!("is {since}; what was made before it is listed and left alone"),
    );
    let plan = if case.outdated().is_some() { " The plan is being made again." } else { "" };
    format!("The time of exposure of case {} {since}.{plan}", case.id())
}
