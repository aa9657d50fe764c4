//! What a reading of the trail would scan: told before it begins, and above a limit allowed first.

use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::PersonId;
use crate::domain::query_cost::{QueryRun, size};
use crate::domain::scan::{Scan, bytes_a_day};
use crate::domain::spending_step::SpendingStep;
use crate::flow::desk::Desk;
use crate::flow::lane::{StepError, note};
use crate::ports::trail::{SurveyRequest, Trail, TrailError};
use jiff::SignedDuration;

/// What somebody allowed is begun at once; an allowance that was not used by then has lapsed.
const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Lets a reading pass, or says why it waits. Nothing of it is scanned before.
pub async fn pass(
    desk: &Desk,
    case: &Case,
    (trail, request, asker): (&dyn Trail, &SurveyRequest, &PersonId),
) -> Result<(), StepError> {
    let a_day = bytes_a_day(runs(case));
    let Some(forecast) = trail.forecast(request, a_day).await? else {
        return Ok(());
    };
    desk.purse.add(case.id(), &forecast.cost);
    let scan = forecast.scan;
    if let Some(limit) = forecast.stopped_above {
        // What is stopped half-way is billed and answers nothing.
        let reason = format!(
            "{}, and its workgroup stops a query above {}; raise that limit",
            scan.words(),
            size(limit)
        );
        return Err(TrailError::TooCostly { reason }.into());
    }
    // Somebody may have allowed it since the case was read.
    let case = &desk.ledger.load(case.id()).await?;
    let allowed = case.spending().allowed(&scan);
    if !scan.needs_allowance() {
        return within_the_limit(desk, case, scan).await;
    }
    let sql_sha256 = scan.sql_sha256.clone();
    match allowed {
        Some(press) if press.at + LAPSES_AFTER > desk.clock.now() => {
            return step(desk, case, SpendingStep::Begun { sql_sha256 }).await;
        }
        Some(_) => step(desk, case, SpendingStep::Expired { sql_sha256 }).await?,
        None => {}
    }
    let why = TrailError::NotAllowed { scan: scan.words(), limit: size(scan.ask_above) };
    let waits = case.spending().not_allowed();
    if waits.is_none_or(|waiting| waiting.scan.sql_sha256 != scan.sql_sha256) {
        let requester = asker.clone();
        step(desk, case, SpendingStep::Asked { scan, requester }).await?;
    }
    Err(why.into())
}

/// Says before what a window is about to cost; and what was asked for needs nobody any more.
async fn within_the_limit(desk: &Desk, case: &Case, scan: Scan) -> Result<(), StepError> {
    if let Some(waiting) = &case.spending().waiting {
        let sql_sha256 = waiting.scan.sql_sha256.clone();
        step(desk, case, SpendingStep::Begun { sql_sha256 }).await?;
    }
    let expected = case.spending().expected.as_ref();
    let is_told = expected.is_some_and(|told| told.sql_sha256 == scan.sql_sha256);
    if !scan.is_window || is_told {
        return Ok(());
    }
    step(desk, case, SpendingStep::Expected { scan }).await
}

async fn step(desk: &Desk, case: &Case, step: SpendingStep) -> Result<(), StepError> {
    note(desk, case, Event::Spending { step: Box::new(step) }).await
}

/// What this case's own records tell of the queries that were run for it.
fn runs(case: &Case) -> impl Iterator<Item = &QueryRun> {
    case.records().iter().flat_map(|record| told(&record.event))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "two kinds of record tell of queries")]
fn told(event: &Event) -> &[QueryRun] {
    match event {
        Event::Surveyed { survey } => &survey.cost.executions,
        Event::Spending { step } => match step.as_ref() {
            SpendingStep::Read { cost } => &cost.executions,
            _ => &[],
        },
        _ => &[],
    }
}
