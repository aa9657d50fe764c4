//! Since when the key is exposed: taken over from the trail, or as a person says.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::exposure::ExposureFinding;
use crate::domain::record::Entry;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::ports::trail::Survey;

/// Takes over what the trail tells, where nothing better is known, and bounds the lineage by it.
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

/// An approval rests on the time that it was given for, but never on one that leaves out what the
/// trail had not told yet.
fn is_news(case: &Case, found: &ExposureFinding) -> bool {
    let known = case.exposure();
    let moved_back = known.is_moved_back_by(found.since);
    moved_back || (known.is_bettered_by(found.since) && !case.exposure_is_settled())
}
