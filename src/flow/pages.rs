//! Paging somebody about a plan that waits: written down before and after, so that it ends.

use crate::domain::agenda::Due;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ladder::{PAGES_MAX, next_page};
use crate::domain::page::Page;
use crate::domain::record::Entry;
use crate::domain::team_step::{PageOutcome, TeamStep};
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use jiff::Timestamp;

/// When there is something to do again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    Again,
    Later(Timestamp),
    Nothing,
}

/// Sends the page that is due. Who dies in between counts as having tried: the next one sends it
/// under the same key.
pub async fn page(desk: &Desk, case: &Case) -> Result<Paging, StepError> {
    let Some(pager) = &desk.pager else { return Ok(Paging::Nothing) };
    let policy = desk.policy();
    let due = match next_page(case, &policy, desk.clock.now()) {
        Due::Now(due) => due,
        Due::At(at) => return Ok(Paging::Later(at)),
        Due::Nothing => return Ok(Paging::Nothing),
    };
    let tried = step(TeamStep::PageTried { plan: due.plan, attempt: due.attempt });
    let entry = Entry::own(desk.clock.now(), tried);
    let still = |case: &Case| match next_page(case, &policy, entry.at) {
        Due::Now(now) if now == due => Ok(Some(entry.clone())),
        Due::Now(_) | Due::At(_) | Due::Nothing => Err(StepError::MovedOn),
    };
    let case = desk.ledger.append(case.id(), still).await?;
    let Some(state) = case.plan(due.plan) else { return Ok(Paging::Nothing) };
    let outcome = match pager.page(&Page::of(&case, state, &policy.team)).await {
        Ok(status) => PageOutcome::Sent { status },
        Err(error) => {
            let last = !error.retryable || due.attempt >= PAGES_MAX;
            PageOutcome::Failed { why: error.why, last }
        }
    };
    note(desk, &case, step(TeamStep::Paged { plan: due.plan, outcome })).await?;
    Ok(Paging::Again)
}

fn step(step: TeamStep) -> Event {
    Event::Team { step: Box::new(step) }
}
