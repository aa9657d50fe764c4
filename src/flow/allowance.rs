//! What a reading of the trail would scan: told before it begins, and above a limit allowed first.

use crate::domain::button::ButtonAction;
use crate::domain::case::Case;
use crate::domain::event::Event;
use crate::domain::ids::{CaseId, PersonId};
use crate::domain::other_log::OtherLog;
use crate::domain::query_cost::{QueryRun, size};
use crate::domain::record::Entry;
use crate::domain::scan::{Forecast, Scan, bytes_a_day, bytes_a_day_of};
use crate::domain::spending::Waiting;
use crate::domain::spending_step::SpendingStep;
use crate::domain::trail_row::TrailRow;
use crate::flow::decide::{self, Pressed};
use crate::flow::desk::{Bench, Desk};
use crate::flow::lane::{StepError, note};
use crate::flow::ledger::LedgerError;
use crate::flow::spoken::Speaker;
use crate::ports::trail::planned::Planned;
use crate::ports::trail::{Deeds, Trail, TrailError};
use jiff::SignedDuration;

/// What somebody allowed is begun at once; an allowance that was not used by then has lapsed.
const LAPSES_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// What nobody was asked about is told no more often, however often it is left out.
const LEFT_OUT_TOLD_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Allows a reading by the number of its record, as pressing the button on the card does.
pub async fn say(
    bench: &Bench<'_>,
    case: &CaseId,
    speaker: &Speaker,
    reading: u64,
) -> Result<String, LedgerError> {
    let pressed = Pressed {
        caller: speaker.caller.clone(),
        button: ButtonAction::AllowReading { case: case.clone(), seq: reading },
        place: None,
        delivery: speaker.delivery.clone(),
        reason: None,
    };
    let refused = decide::press(bench, &pressed).await?;
    Ok(refused.unwrap_or_else(|| {
        format!("Reading {reading} of case {case} is allowed, once, and begins now.")
    }))
}

/// Lets a reading pass, or says why it waits. Nothing of it is scanned before.
pub async fn pass(
    desk: &Desk,
    case: &Case,
    (trail, planned, asker): (&dyn Trail, Planned<'_>, &PersonId),
) -> Result<(), StepError> {
    let Some(forecast) = foreseen(desk, case, (trail, planned)).await? else {
        return Ok(());
    };
    if let Some(reason) = stopped(&forecast) {
        return Err(TrailError::TooCostly { reason }.into());
    }
    let scan = forecast.scan;
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
    let waits = case.spending().waits_as(&scan);
    let waits = waits.filter(|waiting| waiting.allowed.is_none());
    if waits.is_none_or(|waiting| waiting.scan.sql_sha256 != scan.sql_sha256) {
        let requester = asker.clone();
        step(desk, case, SpendingStep::Asked { scan, requester }).await?;
    }
    Err(why.into())
}

/// Why a reading of few days is not made; nothing where it may be. Nobody is asked to allow it,
/// since nobody waits for it: whatever needs it goes on without, and says so.
pub async fn refused(
    desk: &Desk,
    case: &Case,
    wanted: (&dyn Trail, Planned<'_>),
) -> Result<Option<String>, StepError> {
    let Some(forecast) = foreseen(desk, case, wanted).await? else {
        return Ok(None);
    };
    let scan = &forecast.scan;
    let above = scan.needs_allowance().then(|| {
        format!(
            "that would scan {}, more than the {} that one reading may by itself \
             (trail.athena.ask_above_gb)",
            scan.words(),
            size(scan.ask_above)
        )
    });
    Ok(above.or_else(|| stopped(&forecast)))
}

/// Looks for who took a change back. The watch does not wait for what would scan too much: people
/// are asked about the change then, as about any that the trail names nobody for.
pub async fn who_did(
    desk: &Desk,
    case: &Case,
    trail: &dyn Trail,
    deeds: &Deeds,
) -> Result<Vec<TrailRow>, StepError> {
    let why = match refused(desk, case, (trail, Planned::Deeds(deeds))).await? {
        Some(why) => why,
        None => match trail.who_did(deeds).await {
            Ok(found) => {
                desk.purse.add(case.id(), &found.cost);
                return Ok(found.rows);
            }
            Err(error @ TrailError::TooCostly { .. }) => error.to_string(),
            Err(error) => return Err(error.into()),
        },
    };
    let now = desk.clock.now();
    let step = Box::new(SpendingStep::NotTraced { why });
    let entry = Entry::own(now, Event::Spending { step });
    let is_due = |case: &Case| {
        let told_at = case.spending().not_traced_at;
        Ok::<_, StepError>(
            told_at.is_none_or(|at| at + LEFT_OUT_TOLD_EVERY <= now).then(|| entry.clone()),
        )
    };
    desk.ledger.append(case.id(), is_due).await?;
    Ok(Vec::new())
}

/// An allowance is for one try: one that came to nothing before it began is used up too.
pub async fn used_up(desk: &Desk, case: &Case, waiting: &Waiting) -> Result<(), StepError> {
    let sql_sha256 = waiting.scan.sql_sha256.clone();
    let step = Box::new(SpendingStep::Begun { sql_sha256 });
    let entry = Entry::own(desk.clock.now(), Event::Spending { step });
    let still_waits = |case: &Case| {
        let now = case.spending().allowed(&waiting.scan);
        Ok::<_, StepError>((now == waiting.allowed.as_ref()).then(|| entry.clone()))
    };
    desk.ledger.append(case.id(), still_waits).await?;
    Ok(())
}

async fn foreseen(
    desk: &Desk,
    case: &Case,
    (trail, planned): (&dyn Trail, Planned<'_>),
) -> Result<Option<Forecast>, StepError> {
    let a_day = match (other_log(trail, planned), planned) {
        (Some(log), _) => bytes_a_day_of(log, runs(case)),
        // It is asked of the case table, which is here, unless more rows belong to it.
        (None, Planned::Question { cut, .. }) if !cut.truncated => return Ok(None),
        (None, _) => bytes_a_day(runs(case)),
    };
    let forecast = trail.forecast(planned, a_day).await?;
    if let Some(forecast) = &forecast {
        desk.purse.add(case.id(), &forecast.cost);
    }
    Ok(forecast)
}

pub(super) fn other_log(trail: &dyn Trail, planned: Planned<'_>) -> Option<OtherLog> {
    let Planned::Question { question: id, .. } = planned else {
        return None;
    };
    let asked = trail.catalogue().iter().find(|question| question.id == id)?;
    OtherLog::from_slug(&asked.source)
}

/// What is stopped half-way is billed and answers nothing.
fn stopped(forecast: &Forecast) -> Option<String> {
    let limit = forecast.stopped_above?;
    Some(format!(
        "{}, and its workgroup stops a query above {}; raise that limit",
        forecast.scan.words(),
        size(limit)
    ))
}

/// Says before what a window or another log is about to cost; and what was asked for needs nobody
/// any more.
async fn within_the_limit(desk: &Desk, case: &Case, scan: Scan) -> Result<(), StepError> {
    if let Some(waiting) = case.spending().waits_as(&scan) {
        let sql_sha256 = waiting.scan.sql_sha256.clone();
        step(desk, case, SpendingStep::Begun { sql_sha256 }).await?;
    }
    let expected = case.spending().expected.as_ref();
    let is_told = expected.is_some_and(|told| told.sql_sha256 == scan.sql_sha256);
    if scan.question.is_none() && (!scan.is_window || is_told) {
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
