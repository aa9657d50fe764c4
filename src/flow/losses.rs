//! What a reading of the trail shows as lost is written down, in records that a table takes.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::losses::Bounds;
use crate::domain::record::Entry;
use crate::flow::desk::Desk;
use crate::flow::lane::StepError;
use crate::ports::trail::{Survey, Trail};

/// Notes what the actor read and destroyed that no record names yet, and gives the case after it.
pub async fn note(
    desk: &Desk,
    case: &Case,
    trail: &dyn Trail,
    survey: &Survey,
) -> Result<Case, StepError> {
    let since = case.exposed_since();
    let mut losses = trail.losses(&survey.cut, Bounds::new(&survey.lineage, since)).await?;
    // The newest records are what a cut leaves out.
    losses.more |= survey.truncated;
    let news = |case: &Case| {
        let of = (since, survey.cut.sha256.as_str());
        let step = case.recovery().news(&losses, of).map(Box::new);
        step.map(|step| Entry::own(desk.clock.now(), Event::Recovery { step }))
    };
    let mut case = case.clone();
    while news(&case).is_some() {
        let next = |case: &Case| Ok::<_, StepError>(news(case));
        case = desk.ledger.append(case.id(), next).await?;
    }
    Ok(case)
}
